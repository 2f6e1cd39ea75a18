"""Real brokers on loopback, and the chat server of one that is not the client's, which is spoken by hand: a fault of
one of the client libraries must show in that library alone."""

import os
import signal
import sys

import msgpack
import zmq

from . import broker as chat

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "demo"))

from causeway_demo.broker import Broker  # noqa: E402
from causeway_demo.certificates import Authority  # noqa: E402
from causeway_demo.process import free_port  # noqa: E402, F401  for what else listens on loopback

# Beside those of tests/python_suite.py, and below those the kernel gives to connections.
os.environ.setdefault("CAUSEWAY_PORTS", "32000-32700")


class Node:
    """One causewayd with its data in `directory`; nodes of one `Authority` talk to each other."""

    def __init__(self, name, directory, authority, more=""):
        """:param more: TOML that is added to its configuration."""
        self.name = name
        self._broker = Broker(name, os.path.join(directory, name), authority)
        self.endpoint, self.server_name = self._broker.chat_endpoint, self._broker.server_name
        added = os.path.join(self._broker.directory, "conf.d")
        os.makedirs(added)
        with open(os.path.join(added, "10-more.toml"), "w", encoding="utf8") as out:
            out.write(more)

    def start(self):
        self._broker.start()
        return self

    def stop(self):
        """It says BYE and ends. Returns its exit code."""
        if self._broker.process.is_running():
            self.go_on()
        return self._broker.stop()

    def kill(self):
        self._broker.kill()

    def stand_still(self):
        """It reads nothing until `go_on`."""
        os.kill(self._broker.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self._broker.process.pid, signal.SIGCONT)

    def log(self):
        return self._broker.process.tail(20)


class Neighbour:
    """The chat server of another node: one DEALER that acknowledges whatever comes. It moves in `turn`, which a Stage
    calls while it waits."""

    def __init__(self, stage, node):
        self._stage = stage
        self.node = node
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(node.endpoint)
        self._results = {}
        self._commands = 0
        self.is_welcome = False
        self.events = []  # (name, body)
        self._send(chat.HELLO, {"versions": [1], "peer": "neighbour", "credit": {"messages": 10_000, "bytes": 1 << 24}})

    def close(self):
        self.socket.close()

    def _send(self, verb, header, body=None):
        packed = b"" if body is None else msgpack.packb(body)
        self.socket.send_multipart([chat.MAGIC, verb, msgpack.packb(header), packed])

    def turn(self):
        """Takes what has come."""
        while self.socket.poll(0):
            _, verb, *parts = self.socket.recv_multipart()
            header, body = (msgpack.unpackb(part) if part else {} for part in parts)
            if verb == chat.WELCOME:
                self.is_welcome = True
            elif verb == chat.PING:
                self._send(chat.PONG, header)
            elif verb == chat.RESULT:
                self._results[header["id"]] = header["ok"], body
            elif verb == chat.EVENT:
                self.events.append((header["event"], body))
                if "cursor" in header:
                    self._send(chat.ACK, {"stream": header["stream"], "cursor": header["cursor"]})

    def command(self, name, body):
        self._commands += 1
        command_id = f"{name} {self._commands}"
        self._send(chat.COMMAND, {"id": command_id, "command": name}, body)
        ok, answer = self._stage.until(lambda: self._results.get(command_id), f"the neighbour's {name} is answered")
        assert ok, f"the neighbour's {name} is refused: {answer}"
        return answer

    def typing(self, body):
        self._send(chat.COMMAND, {"command": "typing"}, body)

    def told(self, name):
        """Bodies of the events of this name, in order."""
        return [body for event, body in self.events if event == name]


class Nodes:
    """Those of one scenario, with an authority they trust."""

    def __init__(self, directory):
        self._directory = directory
        self._authority = Authority(os.path.join(self._directory, "tls"))
        self._neighbours = []
        self.all = []

    def start(self, name, more=""):
        node = Node(name, self._directory, self._authority, more)
        self.all.append(node)
        return node.start()

    def start_neighbour(self, stage):
        node = self.start("theirs")
        neighbour = Neighbour(stage, node)
        self._neighbours.append(neighbour)
        stage.until(lambda: neighbour.is_welcome, "WELCOME of the other node")
        return neighbour

    def turn(self):
        for neighbour in self._neighbours:
            neighbour.turn()

    def sockets(self):
        return [neighbour.socket for neighbour in self._neighbours]

    def logs(self):
        return "".join(f"\n--- the log of {node.name} ends with\n{node.log()}" for node in self.all)

    def close(self):
        """Exit codes of those that did not end as they should, by name."""
        for neighbour in self._neighbours:
            neighbour.close()
        codes = {node.name: node.stop() for node in self.all}
        return {name: code for name, code in codes.items() if code}
