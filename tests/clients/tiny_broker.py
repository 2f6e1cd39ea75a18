"""A broker with just enough of the contract to test a client against: one thread, everything in memory, faults on demand."""

import threading
from collections import deque

import msgpack
import zmq


# What is waited for happens at once; on a busy machine a process may stand still for a while.
PATIENCE_S = 90


class TinyBroker:
    """Echoes commands; sends the events it was given. `script` may change how a frame is answered."""

    def __init__(self, endpoint="tcp://127.0.0.1:*", curve_secret=None, heartbeat_ms=200, peer_timeout_ms=60_000, command_credit=4):
        self.context = zmq.Context()
        self.curve_secret = curve_secret
        self.welcome = {
            "version": 1, "broker": "tiny", "server_name": "a.example", "streams": 1, "acked": {}, "heads": {},
            "command_credit": {"messages": command_credit, "bytes": 1 << 20},
            "heartbeat_ms": heartbeat_ms, "peer_timeout_ms": peer_timeout_ms,
        }
        self.lock = threading.Condition()
        self.jobs = deque()
        self.frames = []  # (verb, header, body) as received, in order
        self.peers = {}  # routing id -> credit left
        self.results = {}  # command id -> (ok, body)
        self.executed = []  # command ids, in order
        self.events = []  # (cursor, name, body)
        self.position = {}  # routing id -> next index of events
        self.acked = 0
        self.script = None  # callable(broker, routing_id, verb, header, body) -> True: handled
        self.mute = False
        self.socket = None
        self._bind(endpoint)
        self.stopping = False
        self.reads = threading.Event()  # cleared: it is stopped, and the pipes fill
        self.reads.set()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _bind(self, endpoint):
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.linger = 0
        if self.curve_secret:
            self.socket.curve_server = True
            self.socket.curve_secretkey = self.curve_secret
        while True:
            try:
                self.socket.bind(endpoint)
                break
            except zmq.ZMQError as error:  # a socket just closed leaves its address a moment later
                if error.errno != zmq.EADDRINUSE:
                    raise
                self.socket.poll(10)
        self.endpoint = self.socket.last_endpoint.decode().rstrip("\0")

    # any thread

    def do(self, job):
        """Runs `job()` on the broker's thread and waits for it."""
        done = threading.Event()

        def run():
            job()
            done.set()

        with self.lock:
            self.jobs.append(run)
        assert done.wait(PATIENCE_S)

    def forget_everybody(self):
        """As after a restart: connections stay, nobody is known."""
        self.do(lambda: (self.peers.clear(), self.position.clear()))

    def restart(self):
        """The process dies and comes back at the same address."""

        def job():
            self.socket.close()
            self.peers.clear()
            self.position.clear()
            self._bind(self.endpoint)

        self.do(job)

    def notify(self, name, body, ephemeral=False):
        def job():
            if ephemeral:
                for peer in self.peers:
                    self._send(peer, b"E", {"event": name}, body)
            else:
                self.events.append((len(self.events) + 1, name, body))
                self._pump()

        self.do(job)

    def wait_for(self, condition, timeout=PATIENCE_S):
        with self.lock:
            assert self.lock.wait_for(lambda: condition(self), timeout), "it did not happen"

    def seen(self, verb):
        return [(header, body) for what, header, body in self.frames if what == verb]

    def close(self):
        self.stopping = True
        self.reads.set()
        self.thread.join()
        self.context.term()

    # the broker's thread

    def _run(self):
        while not self.stopping:
            self.reads.wait()
            ready = self.socket.poll(10)
            with self.lock:
                while self.jobs:
                    self.jobs.popleft()()
                for _ in range(100 if ready else 0):  # then others have a turn
                    if not self.socket.poll(0):
                        break
                    self._receive()
                self.lock.notify_all()
        self.socket.close()

    def _receive(self):
        peer, magic, verb, raw_header, raw_body = self.socket.recv_multipart()
        assert magic == b"CW1"
        header = msgpack.unpackb(raw_header)
        body = msgpack.unpackb(raw_body) if raw_body else None
        self.frames.append((verb, header, body))
        if self.mute or (self.script and self.script(self, peer, verb, header, body)):
            return
        if verb == b"H":
            self.peers[peer] = dict(header["credit"])
            self.position[peer] = self.acked
            self._send(peer, b"W", self.welcome)
        elif peer not in self.peers:
            self._error(peer, "hello_required")
            return
        elif verb == b"C":
            self.command(peer, header, body)
        elif verb == b"K":
            self.peers[peer]["messages"] += header["messages"]
            self.peers[peer]["bytes"] += header["bytes"]
        elif verb == b"A":
            self.acked = max(self.acked, header["cursor"])
        elif verb == b"N":
            if not header["permanent"]:
                self.position[peer] = header["cursor"] - 1
                self._send(peer, b"S", {"stream": 0, "cursor": header["cursor"] - 1, "granted": True})
        elif verb == b"S":
            if 0 <= header["cursor"] <= len(self.events):
                self.position[peer] = header["cursor"]
                self._send(peer, b"S", {"stream": 0, "cursor": header["cursor"], "granted": True})
            else:
                self._error(peer, "cursor_out_of_range", {"stream": header["stream"]})
                self.position[peer] = self.acked
                self._send(peer, b"S", {"stream": 0, "cursor": self.acked, "granted": False})
        elif verb == b"P":
            self._send(peer, b"O", header)
        elif verb == b"B":
            del self.peers[peer], self.position[peer]
        self._pump()

    def command(self, peer, header, body):
        if "id" not in header:
            return
        repeated = header["id"] in self.results
        if not repeated:
            self.executed.append(header["id"])
            self.results[header["id"]] = (True, {"echo": body, "command": header["command"]})
        ok, answer = self.results[header["id"]]
        self._send(peer, b"R", {"id": header["id"], "ok": ok, "repeated": repeated}, answer)

    def refuse(self, peer, command_id, code, retryable=False):
        body = {"code": code, "message": "m", "detail": "d", "retryable": retryable}
        self._send(peer, b"R", {"id": command_id, "ok": False}, body)

    def _pump(self):
        for peer, credit in self.peers.items():
            while self.position[peer] < len(self.events):
                cursor, name, body = self.events[self.position[peer]]
                size = len(msgpack.packb(body))
                if credit["messages"] < 1 or credit["bytes"] < size:
                    break
                credit["messages"] -= 1
                credit["bytes"] -= size
                self._send(peer, b"E", {"stream": 0, "cursor": cursor, "event": name}, body)
                self.position[peer] += 1

    def _error(self, peer, code, header=None):
        self._send(peer, b"X", header or {}, {"code": code, "message": "", "detail": "", "retryable": False})

    def _send(self, peer, verb, header, body=None):
        self.socket.send_multipart([peer, b"CW1", verb, msgpack.packb(header), b"" if body is None else msgpack.packb(body)])
