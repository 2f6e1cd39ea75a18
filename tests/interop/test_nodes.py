"""Two nodes over one database: one serves, the other stands by and takes its place when it is killed, sleeps, is stopped, or drained."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from causeway_client import CommandError
from causeway_demo.balancer import Balancer
from causeway_demo.broker import Broker, find_binary
from causeway_demo.postgresql import PostgreSQL
from causeway_demo.process import free_port
from harness.case import PATIENCE_S, InteropCase
from harness.sides import CausewaySide
from scenarios import Conversation, ScenarioBase

MESSAGES = 200
# From the end of one node to the readiness of the other: what is promised (2 s, 8 s, 1 s, printed as failover_s) and what a build with
# sanitizers on a busy machine takes beside it. Beyond that somebody waits for something else than the failover.
SLACK_S = 25
KILLED_S, ASLEEP_S, STOPPED_S, DRAINED_S = 2 + SLACK_S, 8 + SLACK_S, 1 + SLACK_S, 1 + SLACK_S
NEEDED_S = 10  # a drained node takes a place that has been free for so long
REPLACED = 75  # exit status of a node that finds itself replaced


class NodesCase(ScenarioBase, InteropCase):
    """Nodes over one database, with a balancer before them."""

    quiet = True
    names = ("one", "two")
    has_one_socket = False  # for both nodes

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = PostgreSQL(synced=False).start()
        cls.addClassCleanup(cls.database.stop)
        cls.url = cls.database.make_database()
        cls.balancer = cls.make_balancer()
        cls.addClassCleanup(cls.balancer.close)
        cls.nodes = [cls.make_node(name) for name in cls.names]
        cls.theirs = cls.make_theirs()
        cls.ours = CausewaySide(cls.nodes[0], "chat-ours")
        for node in cls.nodes:
            cls.watched.append(node.process)
            cls.addClassCleanup(node.stop)
        cls.nodes[0].start()
        for node in cls.nodes[1:]:
            cls.share_key(node)
            cls.stand_by(node)
        cls.ours.chat.connect()
        cls.addClassCleanup(cls.ours.chat.close)

    @classmethod
    def make_theirs(cls):
        return cls.start_causeway("theirs")

    @classmethod
    def make_balancer(cls):
        return Balancer(2)

    @classmethod
    def public_port(cls):
        """Where other servers connect."""
        return cls.balancer.ports[1]

    @classmethod
    def ports_of(cls, _):
        """For the chat server, other servers and the health check."""
        return free_port(), free_port(), free_port()

    @classmethod
    def further_edge(cls):
        """Of a node's table `edge`."""
        return {"admin_endpoint": cls.socket()} if cls.has_one_socket else {}

    @classmethod
    def further_settings(cls):
        """Further tables of a node."""
        return {}

    @classmethod
    def make_node(cls, name, standby=True):
        chat, https, health = cls.ports_of(name)
        node = Broker(name, os.path.join(cls.directory, name), cls.authority, port=https, public_port=cls.public_port(), settings={
            "node": {"name": name, "standby": standby},
            "edge": {"chat_endpoints": [f"tcp://127.0.0.1:{chat}"], **cls.further_edge()},
            "admin": {"web_listen": f"127.0.0.1:{health}"},
            "federation": {"room_version": "11"},
            "store": {"engine": "postgresql", "url": cls.url},
            **cls.further_settings()})
        if cls.has_one_socket:
            node.admin_endpoint = cls.socket()
        node.chat_endpoint = f"tcp://127.0.0.1:{cls.balancer.ports[0]}"
        cls.balancer.add(health, [chat, https])
        return node

    @classmethod
    def socket(cls):
        return f"ipc://{cls.directory}/admin.sock"

    @classmethod
    def share_key(cls, node):
        """All nodes sign with one key."""
        shutil.copy2(*(os.path.join(each.directory, "data", "signing.key") for each in (cls.nodes[0], node)))

    @staticmethod
    def stand_by(node):
        node.process.start_and_wait("N761", 60)

    def setUp(self):
        super().setUp()
        self.active = self.until(lambda: [place for place in range(len(self.nodes)) if self.balancer.is_ready(place)], "a node that serves")[0]
        self.waiting = 1 - self.active

    @staticmethod
    def causeway(node, *words, code=0):
        """What the command says, as JSON where it does; of one that fails, its complaint."""
        done = subprocess.run([find_binary("causeway"), "--socket", node.admin_endpoint, "--json", *words],
                              capture_output=True, text=True, timeout=90, check=False)
        if done.returncode != code:
            raise AssertionError(f"causeway {' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if code == 0 else done.stdout + done.stderr

    def status(self, node=None):
        return self.causeway(node or self.nodes[self.active], "cluster", "status")["nodes"]

    def state_of(self, name, node=None):
        """Of its newest process."""
        return next((row["state"] for row in self.status(node) if row["name"] == name and row["state"] not in ("left", "dead")), "")

    def drain(self, node, *how):
        return self.causeway(node, "drain", *how, "--reason", "new kernel")

    def another_serves(self):
        return self.balancer.is_ready(self.waiting)

    def say(self, talk, text):
        """As a chat server does: what is refused for the store is sent again, under the same id."""
        while True:
            try:
                return self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "message": f"{talk.room} {text}",
                                                               "text": text}, command_id=f"{talk.room} {text}", timeout=2 * PATIENCE_S)
            except CommandError as refusal:
                if not refusal.retryable:
                    raise

    def fail_over(self, end, bound_s, is_over=None):
        """Messages go on in both directions while `end` ends the active node, and all of them arrive, once and in order.

        :param is_over: whether what `end` has begun is; default: another node serves.

        :returns: the node that was active.
        """
        talk = Conversation(self)
        ours, theirs = ([f"{word} {number}" for number in range(MESSAGES)] for word in ("number", "answer"))
        failed = []

        def talk_on(say, texts):
            try:
                for text in texts:
                    say(text)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(why)
        speakers = [threading.Thread(target=talk_on, args=(lambda text: self.say(talk, text), ours), daemon=True),
                    threading.Thread(target=talk_on, args=(lambda text: self.theirs.send(talk.room, talk.bob, text), theirs), daemon=True)]
        for each in speakers:
            each.start()
        self.until(lambda: len(talk.read_by_bob()) >= MESSAGES // 4 or failed, "messages to go on")
        began = end(self.nodes[self.active])
        self.until(is_over or self.another_serves, "another node to serve")
        took = time.monotonic() - began
        print(f"failover_s={took:.2f} ", end="", flush=True)
        for each in speakers:
            each.join(4 * PATIENCE_S)
        self.assertEqual(([each.is_alive() for each in speakers], failed), ([False, False], []))
        self.until_equal(talk.read_by_bob, ours, "ours there, once, in order", 2 * PATIENCE_S)
        self.until_equal(talk.read_by_alice, theirs, "theirs here, once, in order", 2 * PATIENCE_S)
        self.assertLess(took, bound_s)
        return self.nodes[self.active]


class NodesOfTwoBuilds(NodesCase):
    """The tables become those of the next build, which only adds to them: by hand, as it would do it."""

    def sql(self, statement):
        return self.database.ask(self.url, statement)

    def mark(self, version, serves_from):
        for name, value in (("schema_version", version), ("serves_from", serves_from)):
            self.sql(f"UPDATE meta SET value = '{value}' WHERE name = '{name}'")

    def test_a_node_serves_the_tables_of_the_next_build_until_the_upgrade_is_finished(self):
        version = int(self.sql("SELECT convert_from(value, 'UTF8') FROM meta WHERE name = 'schema_version'"))

        def upgrade_and_kill(node):
            self.sql("ALTER TABLE outbox ADD COLUMN shade bigint NOT NULL DEFAULT 7")
            self.mark(version + 1, version)
            began = time.monotonic()
            node.kill()
            return began
        killed = self.fail_over(upgrade_and_kill, KILLED_S)
        follower = self.nodes[self.waiting]
        told = self.causeway(follower, "cluster", "status")
        self.assertEqual((told["schema"], told["serves_from"], told["upgrade_due"]), (version + 1, version, True))
        self.assertIn(f"upgrade {follower.name} (Causeway ", told["upgrade"])
        self.assertIn("finish the upgrade there", self.causeway(follower, "cluster", "upgrade", "--finish", "--reason", "early", code=1))
        self.stand_by(killed)
        self.until(lambda: self.state_of(killed.name, killed) == "standby", "the socket of the node that stands by")
        self.assertIn("ask the node that serves", self.causeway(killed, "cluster", "upgrade", "--finish", "--reason", "early", code=1))
        self.assertEqual(killed.stop(), 0)
        self.mark(version + 1, version + 1)  # the next build has finished
        with self.assertRaisesRegex(RuntimeError, "install the newer Causeway"):
            self.stand_by(killed)


class OneSocketOfTwoNodes(NodesCase):
    """Both on one machine, with one `edge.admin_endpoint`: it is that of the node that serves."""

    has_one_socket = True

    def check_socket(self, follower):
        self.until(lambda: self.balancer.is_ready(self.nodes.index(follower)), "the other node to serve")
        for node in self.nodes:
            self.assertTrue(node.process.is_running() or node.process.ended_with == -signal.SIGKILL, node.process.tail())
        self.until(lambda: self.state_of(follower.name, follower) == "active", "the socket of the node that serves")
        self.causeway(follower, "rooms")  # which one that stands by refuses

    def test_the_active_node_is_drained_and_the_other_one_gets_its_socket(self):
        active, waiting = self.nodes[self.active], self.nodes[self.waiting]
        self.assertEqual(self.drain(active, "--wait")["serves"], waiting.name)
        self.check_socket(waiting)
        self.assertEqual(self.state_of(active.name), "drained")
        self.assertEqual(active.stop(), 0)
        self.stand_by(active)

    def test_the_active_node_is_killed_and_the_other_one_gets_its_socket(self):
        active, waiting = self.nodes[self.active], self.nodes[self.waiting]
        active.kill()
        self.check_socket(waiting)
        self.stand_by(active)
        self.check_socket(waiting)


class TwoNodes(NodesCase):
    def test_the_standby_says_that_it_waits_and_the_active_one_lists_both(self):
        self.assertEqual(self.balancer.health(self.waiting, "/livez")[0], 200)
        self.assertEqual(self.balancer.health(self.waiting, "/readyz")[0], 503)
        self.assertIn(f"node {self.nodes[self.active].name} serves", self.balancer.health(self.waiting, "/healthz?verbose")[1])
        rows = {row["name"]: row for row in self.status() if row["state"] in ("active", "standby")}
        names = [self.nodes[place].name for place in (self.active, self.waiting)]
        self.assertEqual([(rows[name]["state"], rows[name]["shards"], rows[name]["lease_left_ms"] > 0) for name in names],
                         [("active", 256, True), ("standby", 0, True)])
        self.assertGreater(rows[names[0]]["epoch"], 0)

    def test_a_node_without_the_key_does_not_stand_by(self):
        stranger = self.make_node(self.fresh("stranger"))
        with self.assertRaisesRegex(RuntimeError, "signing key .* is not there"):
            self.stand_by(stranger)

    def test_a_node_with_another_key_does_not_stand_by(self):
        stranger = self.make_node(self.fresh("stranger"))
        shutil.copy2(os.path.join(self.theirs.broker.directory, "data", "signing.key"), os.path.join(stranger.directory, "data", "signing.key"))
        with self.assertRaisesRegex(RuntimeError, "but the node that serves signs with"):
            self.stand_by(stranger)

    def test_the_active_node_is_killed_and_the_standby_serves(self):
        def kill(node):
            began = time.monotonic()
            node.kill()
            return began
        killed = self.fail_over(kill, KILLED_S)
        self.stand_by(killed)

    def test_the_active_node_sleeps_and_is_refused_when_it_wakes_up(self):
        awake = []

        def wake_up(node):
            """When the other one serves, or would never."""
            deadline = time.monotonic() + 2 * PATIENCE_S
            while not self.balancer.is_ready(self.waiting) and time.monotonic() < deadline:
                time.sleep(0.1)  # it has to be asked
            os.kill(node.process.pid, signal.SIGCONT)

        def put_to_sleep(node):
            began = time.monotonic()
            os.kill(node.process.pid, signal.SIGSTOP)
            awake.append(threading.Thread(target=wake_up, args=(node,), daemon=True))
            awake[0].start()
            return began
        sleeper = self.fail_over(put_to_sleep, ASLEEP_S)
        awake[0].join()
        self.until(lambda: not sleeper.process.is_running(), "the sleeper to find out that it was replaced")
        self.assertEqual(sleeper.stop(), REPLACED, sleeper.process.tail())
        self.assertIn("N762 ", sleeper.process.tail())
        self.stand_by(sleeper)

    def test_the_active_node_is_stopped_and_the_standby_follows_at_once(self):
        def stop(node):
            self.assertEqual(node.stop(), 0)
            return time.monotonic()
        stopped = self.fail_over(stop, STOPPED_S)
        self.stand_by(stopped)

    def test_a_standby_takes_over_what_was_changed_in_its_configuration(self):
        waiting = self.nodes[self.waiting]
        for name, wanted in ((waiting.name, f"{waiting.name}-renamed"), (f"{waiting.name}-renamed", waiting.name)):
            with open(waiting.config_file, encoding="utf8") as file:
                text = file.read()
            with open(waiting.config_file, "w", encoding="utf8") as file:
                file.write(text.replace(f'name = "{name}"', f'name = "{wanted}"'))
            os.kill(waiting.process.pid, signal.SIGHUP)
            self.until(lambda wanted=wanted: self.state_of(wanted) == "standby", "the new name in the row of the node that stands by")
        self.assertTrue(waiting.process.is_running(), waiting.process.tail())

    # -- drained

    def undrain(self, node):
        self.causeway(node, "undrain", "--reason", "it runs")
        # It has no store to keep it in: who did it, and why, stands in the log.
        self.until(lambda: re.search(r"N767 .*node\.undrain.*it runs.*done", node.process.tail()), node.process.tail)
        self.until(lambda: self.state_of(node.name, node) == "standby", "the drained node to take its turn again")

    def test_the_active_node_is_drained_under_load_and_the_standby_follows_at_once(self):
        told = []

        def drain(node):
            began = time.monotonic()
            told.append(self.drain(node, "--wait"))
            return began
        drained = self.fail_over(drain, DRAINED_S)
        follower = self.nodes[self.waiting]
        print(f"drain_gap_ms={told[0]['gap_ms']} ", end="", flush=True)
        self.assertEqual((told[0]["served"], told[0]["serves"]), (True, follower.name))
        self.assertTrue(drained.process.is_running(), drained.process.tail())
        rows = {row["name"]: row for row in self.status(drained) if row["state"] in ("active", "drained", "standby")}
        self.assertEqual([(rows[each.name]["state"], rows[each.name]["may_stop"]) for each in (follower, drained)],
                         [("active", "no: nobody stands by"), ("drained", "yes")])
        terms = self.causeway(drained, "cluster", "history")["terms"]
        self.assertEqual([(row["name"], row["why"], row["until_ts"] == 0) for row in terms[:2]],
                         [(follower.name, "", True), (drained.name, "it was drained: new kernel", False)])
        self.assertLess(terms[0]["gap_ms"], 1000 * DRAINED_S)
        self.assertIn(f"node {follower.name} serves", self.causeway(drained, "rooms", code=1))
        self.assertEqual(self.balancer.health(self.active, "/readyz")[0], 503)
        self.undrain(drained)
        self.assertIn("there is nothing to undo", self.causeway(follower, "undrain", "--reason", "none", code=1))

    def test_a_node_without_a_standby_is_not_drained_and_goes_on(self):
        active, waiting = self.nodes[self.active], self.nodes[self.waiting]
        self.assertEqual(waiting.stop(), 0)
        try:
            self.assertIn("no other node stands by", self.causeway(active, "drain", "--reason", "by mistake", code=1))
            self.assertTrue(self.balancer.is_ready(self.active))
            self.assertEqual(next(row["may_stop"] for row in self.status() if row["state"] == "active"), "no: nobody stands by")
        finally:
            self.stand_by(waiting)

    def test_the_only_node_left_serves_although_it_was_drained(self):
        active, waiting = self.nodes[self.active], self.nodes[self.waiting]
        self.assertFalse(self.drain(waiting)["served"])
        self.until(lambda: self.state_of(waiting.name) == "drained", "the row of the drained node")
        self.assertIn("no other node stands by", self.causeway(active, "drain", "--reason", "the last one", code=1))
        began = time.monotonic()
        active.kill()
        self.until(lambda: self.balancer.is_ready(self.waiting), "the drained node to serve", 3 * NEEDED_S)
        self.assertGreater(time.monotonic() - began, NEEDED_S)
        self.stand_by(active)
