"""Frames and values of the contract. No socket, no thread."""

from dataclasses import dataclass, field
from typing import Optional

import msgpack

from .errors import CommandError

MAGIC = b"CW1"
VERSION = 1
# The four frames of a message together. The broker answers a larger one with ERROR too_large; one over 64 MiB would
# cut the connection.
MESSAGE_BYTES_MAX = 1_048_576
ID_BYTES_MAX = 128
REASON_BYTES_MAX = 1_024

HELLO, WELCOME, COMMAND, RESULT, EVENT = b"H", b"W", b"C", b"R", b"E"
ACK, NACK, CREDIT, PING, PONG = b"A", b"N", b"K", b"P", b"O"
SEEK, BYE, ERROR = b"S", b"B", b"X"


@dataclass(frozen=True)
class CurveKeys:
    """Z85 keys: the broker's public key and our own pair."""

    server_key: str
    public_key: str
    secret_key: str


@dataclass
class Event:
    """A notification. Durable ones have `stream` and `cursor` and come again until they are acknowledged."""

    name: str
    body: dict
    stream: Optional[int] = None
    cursor: Optional[int] = None
    size: int = 0
    traceparent: Optional[str] = None  # of the command it follows from, if that had one
    _client: object = field(default=None, repr=False, compare=False)

    @property
    def durable(self):
        return self.cursor is not None

    def ack(self, rooms=None, messages=None):
        """This event, and all before it of its stream, are done with.

        `rooms` and `messages` tell what the chat server calls things from now on: {matrix id: own id}.
        """
        self._client.ack(self, rooms=rooms, messages=messages)

    def nack(self, permanent=False, reason=""):
        """Permanent: put it aside and go on. Otherwise it comes again after a while, and so does what follows it."""
        self._client.nack(self, permanent=permanent, reason=reason)


def encode(verb, header=None, body=None):
    """The four frames of a message."""
    packed = b"" if body is None else msgpack.packb(body, use_bin_type=True)
    return [MAGIC, verb, msgpack.packb(header or {}, use_bin_type=True), packed]


def checked_id(command_id):
    """An idempotency key that fits into a header: the broker cannot answer one that does not, and the caller would
    wait."""
    size = len(command_id.encode())
    if not 1 <= size <= ID_BYTES_MAX:
        raise CommandError("bad_frame", detail=f"the id of a command has 1 to {ID_BYTES_MAX} bytes, not {size}")
    return command_id


def cut(text, bytes_max):
    """The text cut to so many bytes of UTF-8, between two characters."""
    return text.encode()[:bytes_max].decode(errors="ignore")


def size_of(frames):
    """Bytes of a message as its bound counts them."""
    return sum(len(frame) for frame in frames)


def decode(frames):
    """(verb, header, raw body), or None for what is no message of the contract."""
    if len(frames) != 4 or frames[0] != MAGIC or len(frames[1]) != 1:
        return None
    try:
        header = unpack(frames[2])
    except (ValueError, msgpack.exceptions.UnpackException):
        return None
    return frames[1], header, frames[3]


def unpack(raw):
    """A map; empty for no bytes."""
    if not raw:
        return {}
    value = msgpack.unpackb(raw, raw=False, strict_map_key=False)
    if not isinstance(value, dict):
        raise ValueError("not a map")
    return value


def checked(name, frames):
    """The frames of a message, where the broker takes it."""
    size = size_of(frames)
    if size > MESSAGE_BYTES_MAX:
        raise CommandError("too_large", detail=f"{name} has {size} bytes, a message may have {MESSAGE_BYTES_MAX}")
    return frames
