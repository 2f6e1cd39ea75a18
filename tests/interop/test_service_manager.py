"""What a service manager hears of causewayd (sd_notify, watchdog): a real socket in the place of systemd's."""

import os
import signal
import socket

from causeway_demo.broker import Broker
from causeway_demo.process import Process
from harness.case import InteropCase

WATCHDOG_USEC = 800_000


class ServiceManager(InteropCase):
    def setUp(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.settimeout(120)

    def start(self, name, address, **environment):
        """A broker that was told to tell `address` how it is."""
        self.socket.bind(address)
        broker = Broker(name, os.path.join(self.directory, name), self.authority)
        process = broker.process
        broker.process = Process(name, process.command, process.log_file,
                                 environment={"NOTIFY_SOCKET": address.replace("\0", "@", 1), **environment})
        self.watched.append(broker.process)
        self.addCleanup(broker.stop)
        return broker.start()

    def heard(self):
        """The next message, as a dictionary of its fields."""
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def next_but_watchdog(self):
        while (message := self.heard()) == {"WATCHDOG": "1"}:
            pass
        return message

    def test_it_hears_of_start_life_reload_and_end(self):
        broker = self.start("watched", os.path.join(self.directory, "notify.sock"), WATCHDOG_USEC=str(WATCHDOG_USEC))
        self.assertEqual(self.heard(), {"READY": "1", "STATUS": f"Serves {broker.server_name}"})
        for _ in range(5):
            self.assertEqual(self.heard(), {"WATCHDOG": "1"})
        os.kill(broker.process.pid, signal.SIGHUP)
        self.assertEqual(self.next_but_watchdog()["RELOADING"], "1")
        self.assertEqual(self.next_but_watchdog()["READY"], "1")
        os.kill(broker.process.pid, signal.SIGTERM)
        self.assertEqual(self.next_but_watchdog()["STOPPING"], "1")
        self.assertEqual(broker.stop(), 0)

    def test_a_configuration_that_cannot_be_used_is_told_and_changes_nothing(self):
        broker = self.start("reloaded", f"\0{self.directory}/notify")  # an abstract socket
        self.assertEqual(self.heard()["READY"], "1")
        with open(os.path.join(broker.directory, "causeway.toml"), "a", encoding="utf8") as text:
            text.write("\n[nonsense]\nkey = 1\n")
        os.kill(broker.process.pid, signal.SIGHUP)
        self.assertEqual(self.heard()["RELOADING"], "1")
        self.assertIn("stays as it was", self.heard()["STATUS"])

    def test_no_sign_of_life_is_given_for_a_watchdog_of_another_process(self):
        broker = self.start("others", os.path.join(self.directory, "others.sock"), WATCHDOG_USEC="200000", WATCHDOG_PID="1")
        self.assertEqual(self.heard()["READY"], "1")
        os.kill(broker.process.pid, signal.SIGTERM)
        self.assertEqual(self.heard()["STOPPING"], "1")
