"""The chat edge spoken by hand, to say what no client library would: frames `CW1 | verb | header | body`."""

import msgpack
import zmq

MAGIC = b"CW1"
# What is waited for comes at once; on a busy machine a process may stand still for a while.
PATIENCE_S = 90


class RawEdge:
    """One DEALER. `hello` first, unless that is what is tested."""

    def __init__(self, endpoint):
        self._socket = zmq.Context.instance().socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(endpoint)

    def close(self):
        self._socket.close()

    def send_frames(self, *frames):
        self._socket.send_multipart(frames)

    def send(self, verb, header, body=b""):
        self.send_frames(MAGIC, verb, msgpack.packb(header), body if isinstance(body, bytes) else msgpack.packb(body))

    def receive(self, seconds=PATIENCE_S):
        """(verb, header, body) of the next message, or None when nothing comes in time."""
        if not self._socket.poll(int(seconds * 1000)):
            return None
        magic, verb, header, body = self._socket.recv_multipart()
        assert magic == MAGIC
        return verb, msgpack.unpackb(header) if header else {}, msgpack.unpackb(body) if body else {}

    def expect(self, verb, seconds=PATIENCE_S):
        """The next message of that verb; others (PING, EVENT) are passed over."""
        while True:
            message = self.receive(seconds)
            if message is None or message[0] == verb:
                return message

    def hello(self, peer):
        self.send(b"H", {"versions": [1], "client": "interop test", "peer": peer, "streams": [],
                         "credit": {"messages": 0, "bytes": 0}})
        assert self.expect(b"W"), "no WELCOME"
        return self

    def command(self, command_id, name, body):
        """(ok, body of the RESULT)"""
        self.send(b"C", {"id": command_id, "command": name}, body)
        result = self.expect(b"R")
        assert result, f"no RESULT for {name}"
        return result[1]["ok"], result[2]
