"""The broker's side: a ROUTER that does what a scenario says, and by itself only what every broker does."""

import errno

import msgpack
import zmq

MAGIC = b"CW1"
HELLO, WELCOME, COMMAND, RESULT, EVENT = b"H", b"W", b"C", b"R", b"E"
ACK, NACK, CREDIT, SEEK, PING, PONG, BYE, ERROR = b"A", b"N", b"K", b"S", b"P", b"O", b"B", b"X"


class Frame:
    """A message of the peer."""

    def __init__(self, peer, verb, header, body, size):
        self.peer = peer
        self.verb = verb
        self.header = header
        self.body = body
        self.size = size  # of the body, in bytes

    def __repr__(self):
        return f"{self.verb.decode()} {self.header} {str(self.body)[:200]}"


class Broker:
    """Answers HELLO and PING, keeps events and their credit, remembers ACKs; commands are the scenario's. One peer at
    a time: a client that opens a new connection is a new peer, and the old one is forgotten.

    `greets`, `answers_pings`, `reads`, `takes_acks`, `answers_seeks`: False, and it no longer does.
    """

    def __init__(
        self,
        endpoint,
        heartbeat_ms=60_000,
        peer_timeout_ms=60_000,
        command_credit=(1_000, 1 << 24),
        streams=1,
        keys=None,
    ):
        self._context = zmq.Context()
        self._address = endpoint
        self._keys = keys
        self.header = {
            "version": 1,
            "broker": "conformance kit",
            "server_name": "a.example",
            "streams": streams,
            "acked": {str(n): 0 for n in range(streams)},
            "heads": {str(n): 0 for n in range(streams)},
            "command_credit": {"messages": command_credit[0], "bytes": command_credit[1]},
            "heartbeat_ms": heartbeat_ms,
            "peer_timeout_ms": peer_timeout_ms,
        }
        self.greets = self.answers_pings = self.reads = self.takes_acks = self.answers_seeks = True
        self.frames = []  # everything that came, in order
        self.peer = None
        self.credit = {"messages": 0, "bytes": 0}
        self.granted = {"messages": 0, "bytes": 0}  # by HELLO and CREDIT since the last HELLO
        self.sent_events = 0  # since the last HELLO
        self.events = {n: [] for n in range(streams)}  # stream -> [(cursor, name, body, header)]
        self.position = {}  # stream -> index of the next one to send
        self.acked = {n: 0 for n in range(streams)}
        self.aside = set()  # (stream, cursor) of dead letters
        self.socket = None
        self.bind()

    def bind(self):
        self.socket = self._context.socket(zmq.ROUTER)
        self.socket.linger = 0
        self.socket.router_mandatory = True
        if self._keys:
            self.socket.curve_server = True
            self.socket.curve_secretkey = self._keys
        while True:
            try:
                self.socket.bind(self._address)
                break
            except zmq.ZMQError as error:  # a socket just closed leaves its address a moment later
                if error.errno != errno.EADDRINUSE:
                    raise
                self.socket.poll(10)
        self._address = self.endpoint = self.socket.last_endpoint.decode().rstrip("\0")

    def die(self):
        """The process is gone: whatever was on its way is lost, and nobody listens."""
        self.socket.close()
        self.socket = None
        self.forget()

    def restart(self):
        """It dies and comes back at the same address."""
        self.die()
        self.bind()

    def forget(self):
        """Connections stay, nobody is known."""
        self.peer = None

    def close(self):
        if self.socket:
            self.socket.close()
        self._context.term()

    # -- what it says

    def send(self, verb, header, body=None, peer=None):
        """Bytes stand for themselves in both places."""
        parts = [
            part if isinstance(part, bytes) else msgpack.packb(part) for part in (header, b"" if body is None else body)
        ]
        self.send_raw(MAGIC, verb, *parts, peer=peer)

    def send_raw(self, *frames, peer=None):
        try:
            self.socket.send_multipart([peer or self.peer, *frames], zmq.DONTWAIT)
        except zmq.ZMQError as error:
            if error.errno not in (errno.EHOSTUNREACH, errno.EAGAIN):  # the peer has gone: what is sent to it is lost
                raise

    def welcome(self, peer, **more):
        self.send(
            WELCOME, {**self.header, "acked": {str(n): cursor for n, cursor in self.acked.items()}, **more}, peer=peer
        )

    def error(self, code, header=None, peer=None, retryable=False):
        fault = {"code": code, "message": "what to do", "detail": "what was wrong", "retryable": retryable}
        self.send(ERROR, header or {}, fault, peer=peer)

    def result(self, command, body=None, **header):
        self.send(RESULT, {"id": command.header["id"], "ok": True, **header}, {} if body is None else body)

    def refuse(self, command, code, retryable=False, detail="what was wrong"):
        fault = {"code": code, "message": "what to do", "detail": detail, "retryable": retryable}
        self.send(RESULT, {"id": command.header["id"], "ok": False}, fault)

    def notify(self, name, body, stream=0, **header):
        """A durable event; returns its cursor. `header`: what its header has besides."""
        cursor = len(self.events[stream]) + 1
        self.events[stream].append((cursor, name, body, header))
        self.header["heads"][str(stream)] = cursor
        self.pump()
        return cursor

    def pump(self):
        """Sends what the credit allows, in order."""
        if self.peer is None:
            return
        for stream, events in self.events.items():
            while self.position[stream] < len(events):
                cursor, name, body, header = events[self.position[stream]]
                packed = msgpack.packb(body)
                if self.credit["messages"] < 1 or self.credit["bytes"] < len(packed):
                    break
                self.position[stream] += 1
                if (stream, cursor) in self.aside:
                    continue
                self.credit["messages"] -= 1
                self.credit["bytes"] -= len(packed)
                self.sent_events += 1
                self.send(EVENT, {"stream": stream, "cursor": cursor, "event": name, **header}, packed)

    # -- what it hears

    def receive(self):
        """Takes one message that is there. None: there is none."""
        try:
            peer, *parts = self.socket.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return None
        assert len(parts) == 4 and parts[0] == MAGIC and len(parts[1]) == 1, f"no message of the contract: {parts}"
        assert sum(map(len, parts)) <= 1_048_576, "a message over the contract's bound"
        assert len(parts[2]) <= 16_384, "a header over the contract's bound"
        header = msgpack.unpackb(parts[2]) if parts[2] else {}
        frame = Frame(peer, parts[1], header, msgpack.unpackb(parts[3]) if parts[3] else None, len(parts[3]))
        self.frames.append(frame)
        self._take(frame)
        return frame

    def _take(self, frame):
        if frame.verb == HELLO:
            if self.greets:
                self.greet(frame)
            return
        if frame.peer != self.peer:
            if self.greets and frame.verb != BYE:
                self.error("hello_required", peer=frame.peer)
            return
        if frame.verb == PING and self.answers_pings:
            self.send(PONG, frame.header)
        elif frame.verb == CREDIT:
            for kind in self.credit:
                self.credit[kind] += frame.header[kind]
                self.granted[kind] += frame.header[kind]
            self.pump()
        elif frame.verb == ACK and self.takes_acks:
            stream = frame.header["stream"]
            self.acked[stream] = max(self.acked[stream], frame.header["cursor"])
        elif frame.verb == NACK and frame.header["permanent"]:
            self.aside.add((frame.header["stream"], frame.header["cursor"]))
        elif frame.verb == NACK and self.answers_seeks:
            self.go_to(frame.header["stream"], frame.header["cursor"] - 1)
        elif frame.verb == SEEK and self.answers_seeks:
            self.seek(frame.header["stream"], frame.header["cursor"])
        elif frame.verb == BYE:
            self.forget()

    def greet(self, frame, **more):
        self.peer = frame.peer
        self.credit, self.granted, self.sent_events = dict(frame.header["credit"]), dict(frame.header["credit"]), 0
        self.position = dict(self.acked)  # cursors here rise one by one
        self.welcome(frame.peer, **more)
        self.pump()

    def seek(self, stream, cursor):
        if 0 <= cursor <= len(self.events[stream]):
            return self.go_to(stream, cursor)
        self.error("cursor_out_of_range", {"stream": stream})
        return self.go_to(stream, self.acked[stream], granted=False)

    def go_to(self, stream, cursor, granted=True):
        self.position[stream] = cursor
        self.send(SEEK, {"stream": stream, "cursor": cursor, "granted": granted})
        self.pump()

    def seen(self, verb):
        return [frame for frame in self.frames if frame.verb == verb]

    def commands(self):
        """Those that came, each id once, in order: a client that was greeted twice repeats what it has open."""
        first = {}
        for frame in self.seen(COMMAND):
            first.setdefault(frame.header.get("id", id(frame)), frame)
        return list(first.values())
