"""Messages that the socket has not taken yet."""

from collections import deque

import zmq

# What may wait for a broker that does not read. Commands are none of it: they wait as calls, within the broker's command credit.
MESSAGES_MAX = 10_000
BYTES_MAX = 16 * 1024 * 1024


def take(socket, frames):
    """Hands a message to the socket. False: it has no room, or no connection; nothing of the message was taken."""
    try:
        socket.send(frames[0], zmq.DONTWAIT | zmq.SNDMORE)
    except zmq.Again:
        return False
    for index, part in enumerate(frames[1:], 2):
        try:
            socket.send(part, zmq.DONTWAIT | (zmq.SNDMORE if index < len(frames) else 0))
        except zmq.Again:
            pass  # the connection ended between two parts: libzmq drops the message, and a HELLO follows on the next one
    return True


class Unsent:
    """A bounded queue: what comes while something waits goes behind it. It belongs to one connection; the next one begins without it."""

    def __init__(self, messages_max=MESSAGES_MAX, bytes_max=BYTES_MAX):
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._messages = deque()
        self._bytes = 0

    def __len__(self):
        return len(self._messages)

    def send(self, socket, frames):
        """Sends, or keeps for `flush`. False: the queue is at its bound, the message is nowhere."""
        if not self._messages and take(socket, frames):
            return True
        size = sum(len(part) for part in frames)
        if len(self._messages) >= self._messages_max or self._bytes + size > self._bytes_max:
            return False
        self._messages.append((frames, size))
        self._bytes += size
        return True

    def flush(self, socket):
        """Sends what waits, as far as the socket takes it. True: nothing waits any more."""
        while self._messages and take(socket, self._messages[0][0]):
            self._bytes -= self._messages.popleft()[1]
        return not self._messages

    def clear(self):
        self._messages.clear()
        self._bytes = 0
