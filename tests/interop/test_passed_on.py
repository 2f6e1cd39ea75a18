"""Three nodes over one database, and a homeserver and a chat server that know one of them, which stands by: it passes both on, whoever serves."""

import ssl
import time
import urllib.request

from causeway_demo.balancer import Balancer
from causeway_demo.process import free_port
from test_nodes import DRAINED_S, KILLED_S, MESSAGES, NodesCase

PASSES_ON = 2  # the place of the node that the homeserver knows


class WayToTheServingNode(Balancer):
    """Of chat servers. A node that stands by and passes them on is ready as well, and says so."""

    def is_ready(self, node):
        return super().is_ready(node) and not self.passes_on(node)

    def passes_on(self, node):
        return "is asked by way of this one" in self.health(node, "/healthz?verbose")[1]


class PassedOnCase(NodesCase):
    names = ("one", "two", "three")

    @classmethod
    def make_balancer(cls):
        cls.https, cls.chat_ports = ({name: free_port() for name in cls.names} for _ in range(2))
        return WayToTheServingNode(1)

    @classmethod
    def public_port(cls):
        return cls.https[cls.names[PASSES_ON]]

    @classmethod
    def ports_of(cls, name):
        return cls.chat_ports[name], cls.https[name], free_port()

    @classmethod
    def further_edge(cls):
        return {"gateway_endpoints": [f"tcp://127.0.0.1:{free_port()}"]}

    def setUp(self):
        """One or two serves; three stands by, leaves its turn to them, and passes requests on."""
        super().setUp()
        if self.active == PASSES_ON:
            self.drain(self.nodes[PASSES_ON], "--wait")
            self.active = self.until(lambda: [place for place in range(PASSES_ON) if self.balancer.is_ready(place)], "a node that serves")[0]
        elif self.state_of("three") != "drained":
            self.drain(self.nodes[PASSES_ON])
        self.waiting = 1 - self.active
        self.until(lambda: self.is_passing_on(PASSES_ON), self.nodes[PASSES_ON].process.tail)
        self.until(lambda: self.state_of("three") == "drained", "the row of the node that passes requests on")

    def is_passing_on(self, place):
        """Its HTTPS port answers, and it is not the one that serves. A question waits there for a node that serves."""
        if self.balancer.is_ready(place):
            return False
        trust = ssl.create_default_context(cafile=self.authority.ca_file)
        try:
            with urllib.request.urlopen(f"https://localhost:{self.https[self.names[place]]}/_matrix/federation/v1/version", timeout=10,
                                        context=trust) as answer:
                return answer.status == 200
        except OSError:
            return False

    def another_serves(self):
        return any(self.balancer.is_ready(place) for place in range(len(self.nodes)) if place != self.active)

    def state_of(self, name, node=None):
        """Of its process that lives: one that was killed while it stood by leaves a row as it was."""
        return next((row["state"] for row in self.living(node) if row["name"] == name), "")

    def living(self, node=None):
        return [row for row in self.status(node) if row["lease_left_ms"] > 0 and row["state"] not in ("left", "dead")]

    @staticmethod
    def kill(node):
        began = time.monotonic()
        node.kill()
        return began

    def drain_and_wait(self, node):
        began = time.monotonic()
        self.drain(node, "--wait")
        return began

    def give_the_turn_to_the_one_that_passes_on(self):
        self.drain(self.nodes[self.waiting])
        self.causeway(self.nodes[PASSES_ON], "undrain", "--reason", "its turn")
        self.until(lambda: self.state_of("three") == "standby", "the node that passes on to take its turn again")

    def kill_the_one_that_passes_on(self, _):
        three = self.nodes[PASSES_ON]
        began = self.kill(three)
        self.stand_by(three)
        return began


class PassedOn(PassedOnCase):
    """What other servers ask; the chat server knows the way to the node that serves."""

    def test_the_status_names_who_passes_requests_on_and_so_does_the_health_check(self):
        rows = {row["name"]: row["endpoints"].split() for row in self.living()}
        active, others = self.nodes[self.active].name, {node.name for node in self.nodes} - {self.nodes[self.active].name}
        self.assertTrue(any(word.startswith("gateway=tcp://") for word in rows[active]), rows)
        self.assertNotIn("forwards", rows[active])
        self.until(lambda: all("forwards" in row["endpoints"].split() for row in self.living() if row["name"] in others),
                   "the rows of those that stand by")
        for place, is_ready in ((self.waiting, 200), (PASSES_ON, 503)):  # the latter is drained
            self.until(lambda place=place: "is asked by way of this one" in self.balancer.health(place, "/healthz?verbose")[1],
                       self.nodes[place].process.tail)
            self.assertIn(f"node {active} serves", self.balancer.health(place, "/healthz?verbose")[1])
            self.assertEqual(self.balancer.health(place, "/readyz")[0], is_ready)
        gateways = self.causeway(self.nodes[self.active], "edge")["peers"]
        self.assertIn("node three", [row["peer"] for row in gateways], gateways)

    def test_the_serving_node_is_killed_while_a_server_speaks_to_the_one_that_stands_by(self):
        killed = self.fail_over(self.kill, KILLED_S)
        self.assertTrue(self.is_passing_on(PASSES_ON))  # to the other one now
        self.stand_by(killed)

    def test_the_serving_node_is_drained_while_a_server_speaks_to_the_one_that_stands_by(self):
        drained = self.fail_over(self.drain_and_wait, DRAINED_S)
        self.assertTrue(self.is_passing_on(PASSES_ON))
        self.until(lambda: self.is_passing_on(self.nodes.index(drained)), drained.process.tail)  # it stands by as well
        self.causeway(drained, "undrain", "--reason", "it runs")

    def test_the_node_that_passed_requests_on_takes_its_turn(self):
        """Its port is closed for a moment, and is its own then."""
        self.give_the_turn_to_the_one_that_passes_on()
        killed = self.fail_over(self.kill, KILLED_S)
        self.assertTrue(self.balancer.is_ready(PASSES_ON))
        self.causeway(self.nodes[self.waiting], "undrain", "--reason", "it runs")
        self.stand_by(killed)

    def test_the_node_that_passes_requests_on_is_killed_and_started_again(self):
        """What it had passed on is repeated by the server that asked."""
        self.fail_over(self.kill_the_one_that_passes_on, KILLED_S, lambda: self.is_passing_on(PASSES_ON))


class ChatPassedOn(PassedOnCase):
    """The chat server knows the node that stands by, and no other; so does the homeserver."""

    @classmethod
    def make_node(cls, name, standby=True):
        node = super().make_node(name, standby)
        node.chat_endpoint = f"tcp://127.0.0.1:{cls.chat_ports[cls.names[PASSES_ON]]}"
        return node

    def setUp(self):
        super().setUp()
        self.acknowledged = []
        self.until(self.is_connected, self.nodes[PASSES_ON].process.tail)

    def is_connected(self):
        """As the node that serves sees it."""
        return any(row["peer"] == "chat-ours" for row in self.causeway(self.nodes[self.active], "edge")["peers"])

    def say(self, talk, text):
        answer = super().say(talk, text)
        self.acknowledged.append(answer["event_id"])
        return answer

    def fail_over(self, end, bound_s, is_over=None):
        """And what was acknowledged is what the other server has: as often, and each an event of its own."""
        name = self.nodes[self.active].name
        self.assertIn(f"chat=tcp://127.0.0.1:{self.chat_ports[name]}",
                      next(row["endpoints"] for row in self.living() if row["name"] == name).split())
        self.acknowledged.clear()
        ended = super().fail_over(end, bound_s, is_over)
        told = {each.body["event_id"] for each in self.theirs.chat.find("message.received")}
        self.assertEqual((len(self.acknowledged), len(set(self.acknowledged)), set(self.acknowledged) - told), (MESSAGES, MESSAGES, set()))
        self.assertEqual((self.ours.chat.duplicates(), self.theirs.chat.duplicates()), ([], []))
        return ended

    def test_the_serving_node_is_killed_while_a_chat_server_speaks_to_the_one_that_stands_by(self):
        killed = self.fail_over(self.kill, KILLED_S)
        self.stand_by(killed)

    def test_the_serving_node_is_drained_while_a_chat_server_speaks_to_the_one_that_stands_by(self):
        drained = self.fail_over(self.drain_and_wait, DRAINED_S)
        self.causeway(drained, "undrain", "--reason", "it runs")

    def test_the_node_that_passed_a_chat_server_on_takes_its_turn(self):
        """The chat server is told to connect again, to the same port."""
        self.give_the_turn_to_the_one_that_passes_on()
        killed = self.fail_over(self.kill, KILLED_S)
        self.assertTrue(self.balancer.is_ready(PASSES_ON))
        self.causeway(self.nodes[self.waiting], "undrain", "--reason", "it runs")
        self.stand_by(killed)

    def test_the_node_that_passes_a_chat_server_on_is_killed_and_started_again(self):
        """What had no RESULT is repeated, and what had no ACK comes again."""
        self.fail_over(self.kill_the_one_that_passes_on, KILLED_S, lambda: self.balancer.passes_on(PASSES_ON))
