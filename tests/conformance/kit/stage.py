"""A scenario's stage: one client, the broker it talks to (the kit's own, or real ones), and a clock that only ends what
does not happen. One thread, nothing sleeps."""

import os
import shutil
import tempfile
import time

import zmq

from . import broker as chat
from .driver import Driver
from .node import Nodes

# Whatever is waited for happens within a second on an idle machine.
PATIENCE_S = float(os.environ.get("CONFORMANCE_PATIENCE_S", "90"))


class Stage:
    """Both sides move only while something is waited for: `until`, and what calls it."""

    def __init__(self, command, environment=None, errors=None):
        self.directory = tempfile.mkdtemp(prefix="cw-")
        self.broker = None
        self.nodes = None
        self.driver = Driver(command, environment, errors)
        self._pings = 0
        self._greeted = 0  # HELLOs until it was connected
        self.features = set(self.answer(self.driver.ask("describe"))["features"])

    def start_broker(self, **options):
        self.broker = chat.Broker(f"ipc://{self.directory}/chat.sock", **options)
        return self.broker

    def start_node(self, more=""):
        """A causewayd in place of the kit's broker. `more`: of its configuration, as TOML."""
        self.nodes = Nodes(self.directory)
        return self.nodes.start("ours", more)

    def close(self):
        """:raises AssertionError: the client or a node did not end by itself."""
        code = self.driver.end()
        wrong = self._close_brokers()
        assert code == 0, f"the driver ended with {code}" if code is not None else "the driver did not end"
        assert not wrong, f"a node did not end well: {wrong}"

    def abandon(self):
        """What the logs of the nodes end with."""
        logs = self.nodes.logs() if self.nodes else ""
        self.driver.kill()
        self._close_brokers()
        return logs

    def _close_brokers(self):
        if self.broker:
            self.broker.close()
        wrong = self.nodes.close() if self.nodes else {}
        shutil.rmtree(self.directory, ignore_errors=True)
        return wrong

    # -- time

    def until(self, condition, what, seconds=PATIENCE_S, look_again_s=1.0):
        """Plays on until `condition()` is true; returns that. It is looked at whenever something happens."""
        deadline = time.monotonic() + seconds
        while True:
            self.driver.read()
            while self.broker and self.broker.socket and self.broker.reads and self.broker.receive():
                pass
            if self.nodes:
                self.nodes.turn()
            value = condition()
            if value:
                return value
            assert not self.driver.ended, f"the driver has ended while this was waited for: {what}"
            left = deadline - time.monotonic()
            assert left > 0, f"this did not happen in {seconds} s: {what}; the last frames: {self.last_frames()}"
            poller = zmq.Poller()
            poller.register(self.driver.fileno(), zmq.POLLIN)
            if self.broker and self.broker.socket and self.broker.reads:
                poller.register(self.broker.socket, zmq.POLLIN)
            for socket in self.nodes.sockets() if self.nodes else []:
                poller.register(socket, zmq.POLLIN)
            poller.poll(min(left, look_again_s) * 1000)

    def last_frames(self):
        return self.broker.frames[-8:] if self.broker else []

    def pass_time(self, seconds):
        """For scenarios whose subject is that something lasts."""
        deadline = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= deadline, "time passes", seconds + PATIENCE_S, seconds)

    # -- the client

    def ask(self, what, **more):
        return self.driver.ask(what, **more)

    def answer(self, reply):
        self.until(lambda: reply.done, f"the driver answers {reply.request}")
        return reply.result

    def do(self, what, **more):
        return self.answer(self.ask(what, **more))

    def open(self, **options):
        options.setdefault("peer", "rc1")
        options.setdefault("endpoint", (self.broker or self.nodes.all[0]).endpoint)
        self.do("open", **options)

    def connect(self, **options):
        """A client that has its WELCOME."""
        self.open(**options)
        self.do("connected", timeout_ms=90_000)
        # HELLO is repeated each second: on a busy machine there may be more than one.
        self._greeted = len(self.broker.seen(chat.HELLO)) if self.broker else 0

    def is_still_greeted(self):
        """The connection is the one of `connect`: the client has not said HELLO since."""
        greeted = len(self.broker.seen(chat.HELLO))
        assert greeted == self._greeted, f"HELLO {greeted} times, {self._greeted} until it was connected"

    def command(self, name, body=None, **more):
        """A Reply: the RESULT is the scenario's."""
        more.setdefault("timeout_ms", 60_000)
        return self.ask("command", name=name, body=body or {}, **more)

    def begin(self, count, name="query.room", **more):
        """`count` commands k0, k1, ... with bodies that tell them apart, one after another; their Replies."""
        open_before = self.do("state")["open_commands"]
        replies = []
        for number in range(count):
            replies.append(self.command(name, {"room": f"r{number}"}, id=f"k{number}", **more))
            self.until_state(
                lambda state, n=number: state["open_commands"] >= open_before + n + 1, "the command is begun"
            )
        return replies

    def until_state(self, condition, what):
        """`condition` gets {open_commands, unsent, errors: {count, last}, ignored}."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition(state := self.do("state")):
            assert time.monotonic() < deadline, f"this did not become so: {what}; it is {state}"
        return state

    def next_event(self):
        event = self.do("next", timeout_ms=60_000)["event"]
        assert event, "no event"
        return event

    def no_event(self):
        """Whatever the broker has sent so far, there is nothing for the application."""
        self.settle()
        event = self.do("next", timeout_ms=0)["event"]
        assert event is None, f"an event too many: {event}"

    # -- the wire

    def settle(self):
        """The client has taken what was sent so far, and what it said to it is here. Not so what its user asked for just
        now: another thread may have that."""
        self._pings += 1
        t = self._pings
        self.broker.send(chat.PING, {"t": t})
        self.until(lambda: any(frame.header == {"t": t} for frame in self.broker.seen(chat.PONG)), "PONG")

    def expect(self, verb, count=1, what=None):
        """The `count`-th message with this verb, counted from the beginning."""
        self.until(lambda: len(self.broker.seen(verb)) >= count, what or f"{count} times verb {verb.decode()}")
        return self.broker.seen(verb)[count - 1]

    def expect_command(self, count=1):
        self.until(lambda: len(self.broker.commands()) >= count, f"{count} commands come")
        return self.broker.commands()[count - 1]

    def new_hello(self, job):
        """Does `job()`, and waits for the WELCOME that follows. Returns the HELLO."""
        before = len(self.broker.seen(chat.HELLO))
        job()
        self.until(lambda: len(self.broker.seen(chat.HELLO)) > before and self.broker.peer, "HELLO again")
        return self.broker.seen(chat.HELLO)[-1]
