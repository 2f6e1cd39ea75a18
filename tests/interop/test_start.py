"""What an operator sees who starts a broker with something wrong, and a chat server when it stops."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from causeway_demo.broker import Broker, find_binary, to_toml
from causeway_demo.process import free_port
from harness.case import InteropCase
from harness.raw_edge import RawEdge


class Starting(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="cw-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.directory, name)

    def written(self, name="causeway.toml", **tables):
        base = {"node": {"server_name": "a.example", "data_dir": self.file("data")},
                "edge": {"chat_endpoints": [f"ipc://{self.file('chat.sock')}"], "admin_endpoint": f"ipc://{self.file('admin.sock')}"},
                "gateway": {"listen": [f"127.0.0.1:{free_port()}"], "plain_http": True}}
        for table, values in tables.items():
            base.setdefault(table, {}).update(values)
        with open(self.file(name), "w", encoding="utf8") as out:
            out.write(to_toml(base))
        return self.file(name)

    def run_program(self, program, *arguments, **environment):
        done = subprocess.run([find_binary(program), *arguments], capture_output=True, text=True, timeout=120, check=False,
                              stdin=subprocess.DEVNULL, env={**os.environ, **environment})
        return done.returncode, done.stdout + done.stderr

    def refused(self, *arguments, **environment):
        """What causewayd says that ends at once, its configuration being wrong."""
        code, said = self.run_program("causewayd", *arguments, **environment)
        self.assertEqual(code, 2, said)
        return said

    def test_a_high_water_mark_below_the_credit_is_refused_with_its_line(self):
        file = self.written(edge={"high_water_mark": 100})
        self.assertRegex(self.refused("--config", file), rf"{file}:\d+: edge.high_water_mark: 100 is less than edge.event_credit_max")
        code, said = self.run_program("causeway", "config", "check", file)
        self.assertEqual(code, 1)
        self.assertIn("Raise it to at least 11000", said)

    def test_a_named_file_that_is_not_there_is_refused(self):
        self.assertIn(f"{self.file('absent.toml')}: there is no such file", self.refused("--config", self.file("absent.toml")))
        # Also where the environment would say enough for a start with the defaults.
        self.assertIn("there is no such file", self.refused("--config", self.file("absent.toml"), CAUSEWAY_NODE__SERVER_NAME="a.example", CAUSEWAY_GATEWAY__PLAIN_HTTP="true"))

    def test_a_file_name_that_is_empty_is_no_wish_for_the_defaults(self):
        code, said = self.run_program("causewayd", "--config", "")
        self.assertNotEqual(code, 0)
        self.assertIn("needs the name of a file", said)

    def does_not_start(self, file):
        """What causewayd says that ends for another reason than its configuration."""
        code, said = self.run_program("causewayd", "--config", file)
        self.assertEqual(code, 1, said)
        self.assertNotIn("defect of Causeway", said)
        return said

    def test_a_port_in_use_is_told_as_such(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            said = self.does_not_start(self.written(gateway={"listen": [f"127.0.0.1:{port}"]}))
        self.assertIn(f"address_in_use: gateway.listen: '127.0.0.1:{port}'", said)
        self.assertIn("Another process has the port or socket", said)

    def test_a_socket_in_use_is_told_as_such(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.file("chat.sock"))
            other.listen()
            said = self.does_not_start(self.written())
        self.assertIn("address_in_use", said)
        self.assertIn("chat.sock: another process listens there", said)
        self.assertNotIn("id is taken", said)

    def test_a_damaged_store_is_told_as_such(self):
        os.makedirs(self.file("data"))
        with open(self.file("data/store.db"), "wb") as out:
            out.write(b"x" * 100_000)
        said = self.does_not_start(self.written(store={"path": self.file("data/store.db"), "new_beside_key": True}))
        self.assertIn("store_damaged: " + self.file("data/store.db"), said)
        self.assertIn("restore the last backup", said)
        self.assertNotIn("disk", said)

    def test_an_address_that_no_interface_has_is_told_as_such(self):
        said = self.does_not_start(self.written(gateway={"listen": [f"192.0.2.1:{free_port()}"]}))
        self.assertIn("no interface of this machine has that address", said)

    @unittest.skipIf(os.path.exists("/etc/causeway/causeway.toml"), "this machine has a configuration")
    def test_without_a_file_it_says_where_it_looked(self):
        self.assertIn("there is no /etc/causeway/causeway.toml", self.refused())


class ChangedSettings(InteropCase):
    """A broker whose store is in use, and what its operator changes then."""

    def broker(self, name, **settings):
        return Broker(name, os.path.join(self.directory, name), self.authority, settings=settings)

    def change(self, broker, **tables):
        """The same configuration with these values."""
        path = os.path.join(broker.directory, "conf.d")
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "10-change.toml"), "w", encoding="utf8") as out:
            out.write(to_toml(tables))

    def use(self, broker):
        edge = RawEdge(broker.chat_endpoint).hello("chat")
        self.assertTrue(edge.command("k1", "room.create", {"room": "r1", "type": "channel", "name": "x", "creator": "alice", "members": []})[0])
        return edge

    def refusal(self, broker):
        with self.assertRaises(RuntimeError) as caught:
            broker.start()
        return str(caught.exception)

    def test_rooms_do_not_change_their_streams(self):
        broker = self.broker("s", edge={"streams": 2}).start()
        self.addCleanup(broker.stop)
        self.use(broker).close()
        broker.stop()
        self.change(broker, edge={"streams": 4})
        said = self.refusal(broker)
        self.assertIn("edge.streams is 4, but the store", said)
        self.assertIn("was made with 2", said)
        self.assertIn("Set it back to 2", said)
        checked = subprocess.run([find_binary("causeway"), "config", "check", os.path.join(broker.directory, "causeway.toml")], capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 1)
        self.assertIn("10-change.toml:2: edge.streams: is 4", checked.stderr)
        self.change(broker, edge={"streams": 2})
        broker.start()
        self.use(broker).close()

    def test_a_broker_does_not_change_its_name(self):
        broker = self.broker("n").start()
        self.addCleanup(broker.stop)
        self.use(broker).close()
        broker.stop()
        self.change(broker, node={"server_name": "localhost:1"})
        self.assertIn(f'holds rooms and users of "{broker.server_name}"', self.refusal(broker))

    def test_a_store_nobody_has_used_takes_another_name(self):
        broker = self.broker("e").start()
        self.addCleanup(broker.stop)
        broker.stop()
        self.change(broker, node={"server_name": "localhost:1"})
        broker.start()

    def test_a_certificate_for_another_name_is_in_the_log(self):
        broker = self.broker("c", node={"server_name": "other.example"}).start()
        self.addCleanup(broker.stop)
        log = broker.process.tail(100)
        self.assertIn('not for "other.example"', log)

    def test_a_chat_server_is_told_that_the_broker_stops(self):
        broker = self.broker("b").start()
        self.addCleanup(broker.stop)
        edge = self.use(broker)
        self.addCleanup(edge.close)
        self.assertEqual(broker.stop(), 0)
        bye = edge.expect(b"B")
        self.assertIsNotNone(bye, "no BYE")
        self.assertEqual(bye[1], {"reason": "stopping"})

    def test_the_readiness_line_names_the_file_that_was_read(self):
        broker = self.broker("r").start()
        self.addCleanup(broker.stop)
        self.assertIn(f"config={os.path.join(broker.directory, 'causeway.toml')}", broker.process.tail(100))
