"""Three nodes over one database and a homeserver that knows one of them, which stands by: it passes on what it is asked, whoever serves."""

import socket
import ssl
import time
import urllib.request

from causeway_demo.balancer import ANSWER_S, Balancer
from causeway_demo.process import free_port
from test_nodes import DRAINED_S, KILLED_S, NodesCase

PASSES_ON = 2  # the place of the node that the homeserver knows


class WayToTheServingNode(Balancer):
    """Of chat servers. A node that stands by and passes requests on is ready as well, but no chat server can connect to it."""

    def is_ready(self, node):
        return super().is_ready(node) and self.takes_chat_servers(node)

    def takes_chat_servers(self, node):
        try:
            with socket.create_connection(("127.0.0.1", self._nodes[node][1][0]), timeout=ANSWER_S):
                return True
        except OSError:
            return False


class PassedOn(NodesCase):
    names = ("one", "two", "three")

    @classmethod
    def make_balancer(cls):
        cls.https = {name: free_port() for name in cls.names}
        return WayToTheServingNode(1)

    @classmethod
    def public_port(cls):
        return cls.https[cls.names[PASSES_ON]]

    @classmethod
    def ports_of(cls, name):
        return free_port(), cls.https[name], free_port()

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
        if self.balancer.takes_chat_servers(place):
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
        def drain(node):
            began = time.monotonic()
            self.drain(node, "--wait")
            return began
        drained = self.fail_over(drain, DRAINED_S)
        self.assertTrue(self.is_passing_on(PASSES_ON))
        self.until(lambda: self.is_passing_on(self.nodes.index(drained)), drained.process.tail)  # it stands by as well
        self.causeway(drained, "undrain", "--reason", "it runs")

    def test_the_node_that_passed_requests_on_takes_its_turn(self):
        """Its port is closed for a moment, and is its own then."""
        self.drain(self.nodes[self.waiting])
        self.causeway(self.nodes[PASSES_ON], "undrain", "--reason", "its turn")
        self.until(lambda: self.state_of("three") == "standby", "the node that passes requests on to take its turn again")
        killed = self.fail_over(self.kill, KILLED_S)
        self.assertTrue(self.balancer.is_ready(PASSES_ON))
        self.causeway(self.nodes[self.waiting], "undrain", "--reason", "it runs")
        self.stand_by(killed)

    def test_the_node_that_passes_requests_on_is_killed_and_started_again(self):
        """What it had passed on is repeated by the server that asked."""
        def kill_it(_):
            three = self.nodes[PASSES_ON]
            began = time.monotonic()
            three.kill()
            self.stand_by(three)
            return began
        self.fail_over(kill_it, KILLED_S, lambda: self.is_passing_on(PASSES_ON))
