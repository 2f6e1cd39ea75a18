"""Events on their way to the application, and how far it has got with each durable stream."""

import time
from collections import OrderedDict, deque

from . import protocol
from .connection import Part
from .protocol import Event

# One ACK frame answers for all events acknowledged meanwhile. The broker writes ACKs every 50 ms, so nobody waits for it.
ACK_INTERVAL_S = 0.02
# ACKs with bindings kept per stream, for events that come again because the connection broke before the broker had read them.
BOUND_ACKS_MAX = 1_000


class _Stream:
    """How far one durable stream got."""

    def __init__(self):
        self.seen = 0  # highest cursor handed out
        self.finished = 0  # highest acknowledged by the application
        self.asked = deque()  # (is_seek, cursor): without an answer; events that come meanwhile are void
        self.bound = OrderedDict()  # cursor -> ACK with bindings that the broker may not have read


class Streams(Part):
    """client: what events call `ack` and `nack` of; wanted: see Client, `streams`"""

    def __init__(self, connection, client, wanted, credit_messages, credit_bytes):
        self._connection = connection
        self._client = client
        self._wanted = wanted
        self._credit_messages = credit_messages
        self._credit_bytes = credit_bytes
        self._lock = connection.lock
        self._events = deque()  # guarded by _lock
        self._void = {}  # streams with a NACK or SEEK that the thread has not seen yet: how many; guarded by _lock

        # The connection's thread's own.
        self._streams = {}
        self._acks = {}  # stream -> cursor: not sent yet
        self._acks_due = 0.0
        self._consumed_messages = 0
        self._consumed_bytes = 0

    # -- any thread ---------------------------------------------------------------------------------------------------

    def next_event(self, timeout):
        """See Client.next_event."""
        with self._lock:
            self._lock.wait_for(lambda: self._events or self._connection.is_closing, timeout)
            if not self._events:
                return None
            event = self._events.popleft()
        self._connection.post(lambda: self._consumed(1, event.size))
        return event

    def ack(self, event, rooms, messages):
        """See Event.ack. @pre it is durable"""
        bind = {key: value for key, value in (("rooms", rooms), ("messages", messages)) if value}
        header = {"stream": event.stream, "cursor": event.cursor}
        packed = protocol.checked("ACK", protocol.encode(protocol.ACK, header, {"bind": bind} if bind else None))
        event._settled = True

        def send():
            stream = self._stream(event.stream)
            stream.finished = max(stream.finished, event.cursor)
            if bind:
                stream.bound[event.cursor] = packed
                if len(stream.bound) > BOUND_ACKS_MAX:
                    stream.bound.popitem(last=False)
            self._acknowledge(event.stream, event.cursor)

        self._connection.post(send)

    def nack(self, event, permanent, reason):
        """See Event.nack. @pre it is durable"""
        event._settled = True
        header = {"stream": event.stream, "cursor": event.cursor, "permanent": permanent,
                  "reason": protocol.cut(reason, protocol.REASON_BYTES_MAX)}
        if not permanent:
            self._void_queued(event.stream)

        def send():
            stream = self._stream(event.stream)
            connected = self._connection.welcome
            if not permanent:
                self._end_void(event.stream)
                if connected:
                    stream.asked.append((False, event.cursor))
                else:
                    stream.seen = min(stream.seen, event.cursor - 1)
            if connected:
                self._send_acks()
                self._connection.send(protocol.encode(protocol.NACK, header))

        self._connection.post(send)

    def seek(self, stream, cursor):
        """See Client.seek."""
        self._void_queued(stream)

        def send():
            self._end_void(stream)
            if not self._connection.welcome:
                # After a reconnect the broker goes on after the last ACK.
                state = self._stream(stream)
                state.seen = min(state.seen, state.finished)
                return
            self._stream(stream).asked.append((True, cursor))
            self._send_acks()
            self._connection.send(protocol.encode(protocol.SEEK, {"stream": stream, "cursor": cursor}))

        self._connection.post(send)

    def _void_queued(self, stream):
        """From here on the application gets no event of the pass it has refused, not even one that is just coming in."""
        with self._lock:
            self._void[stream] = self._void.get(stream, 0) + 1
            dropped = [event for event in self._events if event.stream == stream]
            self._events = deque(event for event in self._events if event.stream != stream)
        if dropped:
            size = sum(event.size for event in dropped)
            self._connection.post(lambda: self._consumed(len(dropped), size))

    # -- the connection's thread --------------------------------------------------------------------------------------

    def greet(self, header):
        with self._lock:
            waiting = len(self._events)
            waiting_bytes = sum(event.size for event in self._events)
        self._consumed_messages = self._consumed_bytes = 0
        header["credit"] = {
            "messages": max(0, self._credit_messages - waiting),
            "bytes": max(0, self._credit_bytes - waiting_bytes),
        }
        if self._wanted is not None:
            header["streams"] = list(self._wanted)

    def greeted(self, header):
        for number, stream in self._streams.items():
            known = header.get("acked", {}).get(str(number), 0)
            stream.bound = OrderedDict((cursor, ack) for cursor, ack in stream.bound.items() if cursor > known)
            for is_seek, cursor in stream.asked:  # what waited was dropped; all after the last ACK comes again
                stream.seen = min(stream.seen, stream.finished if is_seek else cursor - 1)
            stream.asked.clear()

    def lost(self):
        self._acks.clear()

    def due_in(self):
        return self._acks_due - time.monotonic() if self._acks else None

    def has_room(self):
        if self._acks and time.monotonic() >= self._acks_due:
            self._send_acks()

    def leaving(self):
        self._send_acks()

    def happened(self, header, raw):
        """An EVENT."""
        body, size = protocol.unpack(raw), len(raw)
        number, cursor = header.get("stream"), header.get("cursor")
        if cursor is not None:
            stream = self._stream(number)
            if stream.asked:
                self._consumed(1, size)  # on its way before the NACK or SEEK
                return
            if cursor <= stream.seen:
                # Handed out before. Where the application is done with it, the broker only missed the ACK.
                if cursor <= stream.finished:
                    self._acknowledge(number, cursor)
                self._consumed(1, size)
                return
            stream.seen = cursor
        event = Event(header["event"], body, number, cursor, size, header.get("traceparent"))
        event._client = self._client
        with self._lock:
            void = number in self._void
            if not void:
                self._events.append(event)
                self._lock.notify_all()
        if void:
            self._consumed(1, size)

    def positioned(self, header, _raw):
        """A SEEK, the broker's answer to a NACK or SEEK: events are of the new pass from here on."""
        cursor, granted = header["cursor"], header["granted"]
        stream = self._stream(header["stream"])
        if not stream.asked:
            return
        is_seek, _ = stream.asked.popleft()
        stream.seen = cursor if granted else min(stream.seen, stream.finished)
        if granted and is_seek:
            stream.finished = cursor

    def _stream(self, number):
        return self._streams.setdefault(number, _Stream())

    def _acknowledge(self, number, cursor):
        """With the next frame of ACKs; at once where it has bindings, which hold for the next command."""
        if not self._connection.welcome:
            return
        bound = self._stream(number).bound.get(cursor)
        if bound:
            if self._acks.get(number, cursor + 1) <= cursor:
                del self._acks[number]
            self._connection.send(bound)
            return
        if not self._acks:
            self._acks_due = time.monotonic() + ACK_INTERVAL_S
        self._acks[number] = max(cursor, self._acks.get(number, 0))

    def _send_acks(self):
        for number, cursor in self._acks.items():
            self._connection.send(protocol.encode(protocol.ACK, {"stream": number, "cursor": cursor}))
        self._acks.clear()

    def _consumed(self, messages, size):
        """Credit goes back when half of it is used up: few CREDIT frames, never a stop."""
        self._consumed_messages += messages
        self._consumed_bytes += size
        enough = self._consumed_messages * 2 >= self._credit_messages or self._consumed_bytes * 2 >= self._credit_bytes
        if not self._connection.welcome or not enough:
            return
        used = {"messages": self._consumed_messages, "bytes": self._consumed_bytes}
        self._connection.send(protocol.encode(protocol.CREDIT, used))
        self._consumed_messages = self._consumed_bytes = 0

    def _end_void(self, stream):
        """The thread takes over: `asked` of the stream says what is void."""
        with self._lock:
            self._void[stream] -= 1
            if not self._void[stream]:
                del self._void[stream]
