"""The client: one background thread owns the socket, everybody else talks to that thread."""

import logging
import os
import threading
import time
import uuid
from collections import OrderedDict, deque

import zmq
import zmq.utils.monitor

from . import files, protocol, unsent
from .errors import CausewayError, CommandError, CommandTimeout, ConnectionRefused
from .protocol import Event

log = logging.getLogger("causeway_client")

HELLO_INTERVAL_S = 1.0
BUSY_INTERVAL_S = 0.1
TICK_MS = 100
# One ACK frame answers for all events acknowledged meanwhile. The broker writes ACKs every 50 ms, so nobody waits for it.
ACK_INTERVAL_S = 0.02
# Commands that may wait here; one more is refused at once.
COMMANDS_MAX = 10_000
# ACKs with bindings kept per stream, for events that come again because the connection broke before the broker had read them.
BOUND_ACKS_MAX = 1_000
# What was handed over at the end may take so long to leave.
CLOSING_S = 0.2
BUSY_CODES = ("credit_exceeded", "overloaded", "stopping")


def _checked(name, frames):
    """The frames of a message, where the broker takes it."""
    size = protocol.size_of(frames)
    if size > protocol.MESSAGE_BYTES_MAX:
        raise CommandError("too_large", detail=f"{name} has {size} bytes, a message may have {protocol.MESSAGE_BYTES_MAX}")
    return frames


class _Call:
    """A command without a RESULT."""

    def __init__(self, name, body, size):
        self.name = name
        self.body = body
        self.size = size
        self.done = threading.Event()
        self.answer = None
        self.error = None
        self.waiters = 1


class _Stream:
    """How far one durable stream got."""

    def __init__(self):
        self.seen = 0  # highest cursor handed out
        self.finished = 0  # highest acknowledged by the application
        self.asked = deque()  # (is_seek, cursor): without an answer; events that come meanwhile are void
        self.bound = OrderedDict()  # cursor -> ACK with bindings that the broker may not have read


class Client:
    """A connection to the broker, kept alive.

    It reconnects and introduces itself again by itself, repeats commands that have no answer (same id: the broker runs
    each once) and drops events that were handed out before. Every method may be called from any thread.

    endpoint: e.g. "ipc:///run/causeway/chat.sock" or "tcp://127.0.0.1:7411"
    peer, client: our name and software, for the broker's operator; with CURVE the name is that of the key
    streams: wanted durable streams; None: all; []: none, commands only
    credit_messages, credit_bytes: events that may wait here; at least 1 MiB, the largest event
    curve: protocol.CurveKeys, or None
    """

    def __init__(self, endpoint, peer="chat", *, client="causeway-client-python", streams=None, credit_messages=1000,
                 credit_bytes=16 * 1024 * 1024, curve=None, context=None):
        self.endpoint = endpoint
        self.peer = peer
        self._client_name = client
        self._wanted = streams
        self._credit_messages = credit_messages
        self._credit_bytes = credit_bytes
        self._curve = curve
        self._context = context or zmq.Context()
        self._own_context = context is None

        self._lock = threading.Condition()
        self._jobs = deque()
        self._events = deque()  # guarded by _lock
        self._void = {}  # streams with a NACK or SEEK that the I/O thread has not seen yet: how many; guarded by _lock
        self._welcome = None
        self._refusal = None
        self._closing = False
        self._closed = False
        self.errors = deque(maxlen=100)  # ERRORs that belong to no command: (code, detail)
        # Fields the broker does not know, as (command, field): misspelt, or the broker is older than the caller. Each is logged once.
        self.ignored = deque(maxlen=100)

        # The I/O thread's own.
        self._calls = OrderedDict()
        self._sent = {}
        self._streams = {}
        self._busy_until = None
        self._unsent = unsent.Unsent()
        self._blocked = False  # a command found the socket full
        self._begin_anew = False  # the queue is at its bound
        self._acks = {}  # stream -> cursor: not sent yet
        self._acks_due = 0.0
        self._consumed_messages = 0
        self._consumed_bytes = 0

        self._handlers = {}
        self._default_handler = None
        self._dispatcher = None
        self._iterating = False

        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._run, name="causeway-client", daemon=True)
        self._thread.start()

    # -- life ---------------------------------------------------------------------------------------------------------

    def __enter__(self):
        self.wait_connected()
        return self

    def __exit__(self, *_):
        self.close()

    def wait_connected(self, timeout=30.0):
        """Waits for WELCOME; returns its header. Raises ConnectionRefused, CommandTimeout.

        A broker that is stopping or short of room is greeted again until `timeout`.
        """
        with self._lock:
            self._lock.wait_for(lambda: self._welcome or (self._refusal and not self._refusal.retryable) or self._closed, timeout)
            if self._welcome:
                return dict(self._welcome)
            if self._refusal:
                raise self._refusal
        raise CommandTimeout("HELLO", self.endpoint)

    def close(self):
        """Says BYE and ends the threads. Commands still open raise CommandError "stopping"."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._lock.notify_all()
            self._wake()
        self._thread.join()
        if self._dispatcher and self._dispatcher is not threading.current_thread():
            self._dispatcher.join()
        os.close(self._wake_read)
        os.close(self._wake_write)
        if self._own_context:
            self._context.term()

    @property
    def open_commands(self):
        """Commands that wait for their RESULT."""
        return len(self._calls)

    @property
    def unsent(self):
        """Messages that wait, in order, since the broker reads nothing; commands are none of them."""
        return len(self._unsent)

    # -- commands -----------------------------------------------------------------------------------------------------

    def command(self, name, body, id=None, timeout=30.0, traceparent=None):
        """Sends a command, waits for its RESULT and returns the answer's map.

        `id` is the idempotency key (1..128 bytes); without one a fresh one is made. The command is repeated under the
        same id while the connection breaks and while the broker is short of room. The EVENTs that follow from it have
        the trace of `traceparent` (W3C trace context).
        Raises CommandError (the broker's refusal; before anything is sent "too_large", "bad_frame" for an id that does not fit, and
        "overloaded" when COMMANDS_MAX wait here),
        CommandTimeout (repeat it with the id the exception has).
        """
        command_id = protocol.checked_id(self.new_id() if id is None else id)
        header = {"id": command_id, "command": name, **({"traceparent": traceparent} if traceparent else {})}
        packed = _checked(name, protocol.encode(protocol.COMMAND, header, body))
        size = len(packed[3])
        if name == "media.get":  # the part it asks for counts too
            size += body.get("length", files.PART_BYTES_MAX)
        holder = {}
        ready = threading.Event()

        def start():
            call = self._calls.get(command_id)
            if call is None:
                call = _Call(name, packed, size)
                if len(self._calls) >= COMMANDS_MAX:
                    call.error = CommandError("overloaded", detail=f"{COMMANDS_MAX} commands wait for the broker", retryable=True)
                    call.done.set()
                else:
                    self._calls[command_id] = call
            else:
                call.waiters += 1
            holder["call"] = call
            ready.set()
            self._send_calls()

        deadline = time.monotonic() + timeout
        self._post(start)
        while not ready.wait(0.5):
            if self._closed:
                raise CommandError("stopping", detail="the client is closed")
        call = holder["call"]
        if not call.done.wait(max(0.0, deadline - time.monotonic())):
            self._post(lambda: self._abandon(command_id, call))
            raise CommandTimeout(name, command_id)
        if call.error:
            raise call.error
        return call.answer

    def send_ephemeral(self, name, body):
        """A command that needs no result (`typing`, `read`, `presence`): no id, lost without a connection, and with an entry in
        `errors` while a broker reads nothing.

        :raises CommandError: too_large: more than 1 MiB, not sent
        """
        frames = _checked(name, protocol.encode(protocol.COMMAND, {"command": name}, body))

        def send():
            if self._welcome and not self._unsent.send(self._socket, frames):
                self._note_error("overloaded", f"{name} dropped: {len(self._unsent)} messages wait for the broker")

        self._post(send)

    def typing(self, room, user, typing=True):
        """The ephemeral command of this name."""
        self.send_ephemeral("typing", {"room": room, "user": user, "typing": typing})

    def upload(self, source, upload_id=None, content_type=None, file_name=None, timeout=60.0):
        """Puts a file into the broker's media store and returns its mxc URI.

        `source` is a path, or a seekable file opened for bytes. With the same `upload_id` (1..255 bytes) an upload that broke off
        goes on where it was, and a repeated one has the same mxc. `timeout` is for each part.
        Raises CommandError ("too_large": media.upload_bytes_max), CommandTimeout.
        """
        return files.upload(self, source, upload_id, content_type, file_name, timeout)

    def download(self, mxc, target, timeout=300.0):
        """Writes a file of any server to `target`, a path or a file opened for bytes; returns files.Downloaded.

        The first part of another server's file comes when the broker has fetched all of it. `timeout` is for each part.
        Raises CommandError ("not_found": its server has no such file), CommandTimeout.
        """
        return files.download(self, mxc, target, timeout)

    @staticmethod
    def new_id():
        return uuid.uuid4().hex

    # -- events -------------------------------------------------------------------------------------------------------

    def next_event(self, timeout=None):
        """The next event, in order per stream; None when none comes in time or the client is closed."""
        with self._lock:
            self._lock.wait_for(lambda: self._events or self._closing, timeout)
            if not self._events:
                return None
            event = self._events.popleft()
        self._post(lambda: self._consumed(1, event.size))
        return event

    def events(self, timeout=None, auto_ack=True):
        """Iterates over events; ends when none comes within `timeout` seconds, or when the client is closed.

        An event is acknowledged when the next one is asked for (`auto_ack`), so the one being worked on when a process
        dies comes again. An event acknowledged or refused by hand is left alone.
        """
        if self._dispatcher:
            raise CausewayError("events() and on() cannot be used together")
        self._iterating = True
        while True:
            event = self.next_event(timeout)
            if event is None:
                return
            yield event
            if auto_ack and event.durable and not getattr(event, "_settled", False):
                self.ack(event)

    def on(self, name, handler):
        """Calls `handler(event)` for events of this name, "*" for all others, on one background thread, in order.

        It is acknowledged when the handler returns; when it raises, the event comes again after a while. Events nobody
        handles are acknowledged.
        """
        if self._iterating:
            raise CausewayError("events() and on() cannot be used together")
        if name == "*":
            self._default_handler = handler
        else:
            self._handlers[name] = handler
        if self._dispatcher is None:
            self._dispatcher = threading.Thread(target=self._dispatch, name="causeway-events", daemon=True)
            self._dispatcher.start()
        return handler

    def ack(self, event, rooms=None, messages=None):
        """See Event.ack."""
        if not event.durable:
            return
        bind = {key: value for key, value in (("rooms", rooms), ("messages", messages)) if value}
        header = {"stream": event.stream, "cursor": event.cursor}
        packed = _checked("ACK", protocol.encode(protocol.ACK, header, {"bind": bind} if bind else None))
        event._settled = True

        def send():
            stream = self._stream(event.stream)
            stream.finished = max(stream.finished, event.cursor)
            if bind:
                stream.bound[event.cursor] = packed
                if len(stream.bound) > BOUND_ACKS_MAX:
                    stream.bound.popitem(last=False)
            self._acknowledge(event.stream, event.cursor)

        self._post(send)

    def nack(self, event, permanent=False, reason=""):
        """See Event.nack."""
        if not event.durable:
            return
        event._settled = True
        header = {"stream": event.stream, "cursor": event.cursor, "permanent": permanent,
                  "reason": protocol.cut(reason, protocol.REASON_BYTES_MAX)}
        if not permanent:
            self._void_queued(event.stream)

        def send():
            stream = self._stream(event.stream)
            if not permanent:
                self._end_void(event.stream)
                if self._welcome:
                    stream.asked.append((False, event.cursor))
                else:
                    stream.seen = min(stream.seen, event.cursor - 1)
            if self._welcome:
                self._send_acks()
                self._send(protocol.encode(protocol.NACK, header))

        self._post(send)

    def seek(self, stream, cursor):
        """Events of `stream` after `cursor` come (again). What waits here of that stream is dropped."""

        self._void_queued(stream)

        def send():
            self._end_void(stream)
            if not self._welcome:
                # After a reconnect the broker goes on after the last ACK.
                state = self._stream(stream)
                state.seen = min(state.seen, state.finished)
                return
            self._stream(stream).asked.append((True, cursor))
            self._send_acks()
            self._send(protocol.encode(protocol.SEEK, {"stream": stream, "cursor": cursor}))

        self._post(send)

    def _dispatch(self):
        while True:
            event = self.next_event()
            if event is None:
                return
            handler = self._handlers.get(event.name, self._default_handler)
            try:
                if handler:
                    handler(event)
            except Exception as error:  # the handler is the application's: it may raise anything
                log.exception("handler of %s failed", event.name)
                if not getattr(event, "_settled", False):
                    self.nack(event, reason=str(error))
                continue
            if not getattr(event, "_settled", False):
                self.ack(event)

    # -- the I/O thread; it alone touches the sockets -----------------------------------------------------------------

    def _post(self, job):
        with self._lock:
            if self._closed:
                return
            self._jobs.append(job)
            self._wake()

    def _wake(self):
        try:
            os.write(self._wake_write, b"x")
        except BlockingIOError:
            pass  # full: it wakes anyway

    def _run(self):
        self._socket = self._monitor = None
        self._open_socket()
        try:
            while not self._closing:
                self._poll()
            self._run_jobs()
            self._say_bye()
        finally:
            self._close_socket(linger=200)
            self._finish()

    def _say_bye(self):
        if not self._welcome:
            return
        self._send_acks()
        self._send(protocol.encode(protocol.BYE, {"reason": "closing"}))
        deadline = time.monotonic() + CLOSING_S
        while not self._unsent.flush(self._socket) and time.monotonic() < deadline:
            self._socket.poll(10, zmq.POLLOUT)

    def _timeout_ms(self):
        if not self._acks or self._unsent:
            return TICK_MS
        return max(0, min(TICK_MS, round((self._acks_due - time.monotonic()) * 1000)))

    def _poll(self):
        poller = zmq.Poller()
        # Asked for only while something waits: a socket with room is always ready.
        poller.register(self._socket, zmq.POLLIN | (zmq.POLLOUT if self._unsent or self._blocked else 0))
        poller.register(self._monitor, zmq.POLLIN)
        poller.register(self._wake_read, zmq.POLLIN)
        ready = dict(poller.poll(self._timeout_ms()))
        if self._wake_read in ready:
            try:
                os.read(self._wake_read, 4096)
            except BlockingIOError:
                pass
        self._run_jobs()
        if self._monitor in ready:
            self._read_monitor()
        socket = self._socket
        while socket is self._socket:
            try:
                frames = socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                break
            message = protocol.decode(frames)
            if message:
                self._last_heard = time.monotonic()
                self._handle(*message)
        self._flush()
        self._tick()

    def _run_jobs(self):
        with self._lock:
            jobs, self._jobs = self._jobs, deque()
        for job in jobs:
            job()

    def _open_socket(self):
        self._close_socket(linger=0)
        socket = self._context.socket(zmq.DEALER)
        socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing piles up for a broker that is away
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 5000)
        socket.setsockopt(zmq.MAXMSGSIZE, 2 * 1024 * 1024)
        if self._curve:
            socket.curve_serverkey = self._curve.server_key.encode()
            socket.curve_publickey = self._curve.public_key.encode()
            socket.curve_secretkey = self._curve.secret_key.encode()
        self._monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        socket.connect(self.endpoint)
        self._socket = socket
        self._last_heard = time.monotonic()
        self._last_ping = self._last_heard
        self._hello_sent = 0.0
        self._begin_anew = False
        self._set_welcome(None)

    def _close_socket(self, linger):
        if self._socket is None:
            return
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=linger)
        self._socket = None

    def _read_monitor(self):
        """A DEALER reconnects by itself, as a stranger to the broker: each new connection needs a HELLO."""
        while True:
            try:
                event = zmq.utils.monitor.recv_monitor_message(self._monitor, zmq.DONTWAIT)
            except zmq.Again:
                return
            self._set_welcome(None)
            if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._hello()

    def _hello(self):
        self._hello_sent = time.monotonic()
        self._unsent.clear()  # of a connection that is no more
        with self._lock:
            waiting = len(self._events)
            waiting_bytes = sum(event.size for event in self._events)
        self._consumed_messages = self._consumed_bytes = 0
        header = {
            "versions": [protocol.VERSION],
            "client": self._client_name,
            "peer": self.peer,
            "credit": {
                "messages": max(0, self._credit_messages - waiting),
                "bytes": max(0, self._credit_bytes - waiting_bytes),
            },
        }
        if self._wanted is not None:
            header["streams"] = list(self._wanted)
        # Not kept: it is repeated until there is a WELCOME, and a second one would begin anew.
        unsent.take(self._socket, protocol.encode(protocol.HELLO, header))

    def _tick(self):
        now = time.monotonic()
        if self._begin_anew:
            self._open_socket()
        if not self._welcome:
            if now - self._hello_sent >= HELLO_INTERVAL_S:
                self._hello()
            return
        if now - self._last_heard >= self._welcome["peer_timeout_ms"] / 1000:
            self._open_socket()
        elif now - self._last_ping >= self._welcome["heartbeat_ms"] / 1000:
            self._last_ping = now
            self._send(protocol.encode(protocol.PING, {}))
        if self._busy_until and now >= self._busy_until:
            self._busy_until = None
            self._send_calls()

    def _send(self, frames):
        """In order, behind what waits. At the bound nothing is left out: the connection begins anew, and what matters is repeated then."""
        if self._begin_anew or self._unsent.send(self._socket, frames):
            return
        self._begin_anew = True
        self._note_error("overloaded", f"{len(self._unsent)} messages wait for a broker that reads nothing: the connection begins anew")

    def _flush(self):
        if not self._unsent.flush(self._socket):
            return
        if self._acks and time.monotonic() >= self._acks_due:
            self._send_acks()
        if self._blocked:
            self._send_calls()

    def _note_error(self, code, detail):
        with self._lock:
            self.errors.append((code, detail))
            self._lock.notify_all()

    def _handle(self, verb, header, raw):
        try:
            body = protocol.unpack(raw) if verb in (protocol.RESULT, protocol.EVENT, protocol.ERROR) else {}
            if verb == protocol.WELCOME:
                self._welcomed(header)
            elif verb == protocol.RESULT:
                self._answered(header, body)
            elif verb == protocol.EVENT:
                self._happened(header, body, len(raw))
            elif verb == protocol.PING:
                self._send(protocol.encode(protocol.PONG, header))
            elif verb == protocol.SEEK:
                self._positioned(header["stream"], header["cursor"], header["granted"])
            elif verb == protocol.ERROR:
                self._refused(header, body)
            elif verb == protocol.BYE:
                self._open_socket()
        except (KeyError, TypeError, ValueError) as error:
            log.warning("broken frame %r from the broker: %s", verb, error)

    def _welcomed(self, header):
        # A WELCOME without these is broken, and is said to be so here rather than at its first use.
        _ = header["command_credit"]["messages"], header["command_credit"]["bytes"]
        _ = header["heartbeat_ms"], header["peer_timeout_ms"]
        self._sent.clear()
        self._busy_until = None
        self._last_ping = time.monotonic()
        for number, stream in self._streams.items():
            known = header.get("acked", {}).get(str(number), 0)
            stream.bound = OrderedDict((cursor, ack) for cursor, ack in stream.bound.items() if cursor > known)
            for is_seek, cursor in stream.asked:  # what waited was dropped; all after the last ACK comes again
                stream.seen = min(stream.seen, stream.finished if is_seek else cursor - 1)
            stream.asked.clear()
        self._set_welcome(header)
        self._send_calls()

    def _set_welcome(self, header):
        with self._lock:
            self._welcome = header
            if header:
                self._refusal = None
            self._lock.notify_all()
        if not header:  # what waited was for that connection; events without an ACK come again, commands are repeated
            self._unsent.clear()
            self._acks.clear()
            self._blocked = False

    def _refused(self, header, body):
        code = body["code"]
        if code == "hello_required":
            self._set_welcome(None)
            return self._hello()
        error = (code, body.get("message", ""), body.get("detail", ""), bool(body.get("retryable")))
        if "id" in header:
            return self._end_call(header["id"], error=CommandError(*error))
        self._note_error(code, body.get("detail", ""))
        with self._lock:
            if not self._welcome:
                self._refusal = ConnectionRefused(*error)
            self._lock.notify_all()

    # commands

    def _send_calls(self):
        self._blocked = False
        if not self._welcome or self._busy_until:
            return
        credit = self._welcome["command_credit"]
        for command_id, call in self._calls.items():
            if len(self._sent) >= credit["messages"]:
                return
            if command_id in self._sent:
                continue
            if self._sent and sum(self._sent.values()) + call.size > credit["bytes"]:
                return
            # One that is not taken stays here, so that none overtakes it, and it is not sent at all when nobody waits for it any more.
            if self._begin_anew or self._unsent or not unsent.take(self._socket, call.body):
                self._blocked = not self._begin_anew
                return
            self._sent[command_id] = call.size

    def _answered(self, header, body):
        command_id = header["id"]
        if header.get("ignored"):
            self._note_ignored(command_id, header["ignored"])
        if header["ok"]:
            return self._end_call(command_id, answer=body)
        if body["code"] in BUSY_CODES:
            self._sent.pop(command_id, None)
            self._busy_until = time.monotonic() + BUSY_INTERVAL_S
            return None
        error = CommandError(body["code"], body.get("message", ""), body.get("detail", ""), bool(body.get("retryable")))
        return self._end_call(command_id, error=error)

    def _note_ignored(self, command_id, fields):
        call = self._calls.get(command_id)
        if call is None:
            return  # a second RESULT, of a command that was repeated: the first one said it
        for field in fields:
            told = (call.name, field)
            if told not in self.ignored:
                self.ignored.append(told)
                log.warning("the broker does not know the field %s of %s, and did without it", field, told[0])

    def _end_call(self, command_id, answer=None, error=None):
        self._sent.pop(command_id, None)
        call = self._calls.pop(command_id, None)
        if call:
            call.answer = answer
            call.error = error
            call.done.set()
        self._send_calls()

    def _abandon(self, command_id, call):
        call.waiters -= 1
        if call.waiters == 0 and self._calls.get(command_id) is call:
            self._end_call(command_id)

    # events

    def _stream(self, number):
        return self._streams.setdefault(number, _Stream())

    def _happened(self, header, body, size):
        number, cursor = header.get("stream"), header.get("cursor")
        if cursor is not None:
            stream = self._stream(number)
            if stream.asked:
                return self._consumed(1, size)  # on its way before the NACK or SEEK
            if cursor <= stream.seen:
                # Handed out before. Where the application is done with it, the broker only missed the ACK.
                if cursor <= stream.finished:
                    self._acknowledge(number, cursor)
                return self._consumed(1, size)
            stream.seen = cursor
        event = Event(header["event"], body, number, cursor, size, header.get("traceparent"))
        event._client = self
        with self._lock:
            void = number in self._void
            if not void:
                self._events.append(event)
                self._lock.notify_all()
        if void:
            self._consumed(1, size)

    def _acknowledge(self, number, cursor):
        """With the next frame of ACKs; at once where it has bindings, which hold for the next command."""
        if not self._welcome:
            return
        bound = self._stream(number).bound.get(cursor)
        if bound:
            if self._acks.get(number, cursor + 1) <= cursor:
                del self._acks[number]
            return self._send(bound)
        if not self._acks:
            self._acks_due = time.monotonic() + ACK_INTERVAL_S
        self._acks[number] = max(cursor, self._acks.get(number, 0))

    def _send_acks(self):
        for number, cursor in self._acks.items():
            self._send(protocol.encode(protocol.ACK, {"stream": number, "cursor": cursor}))
        self._acks.clear()

    def _positioned(self, number, cursor, granted):
        """The broker's answer to a NACK or SEEK: events are of the new pass from here on."""
        stream = self._stream(number)
        if not stream.asked:
            return
        is_seek, _ = stream.asked.popleft()
        stream.seen = cursor if granted else min(stream.seen, stream.finished)
        if granted and is_seek:
            stream.finished = cursor

    def _consumed(self, messages, size):
        """Credit goes back when half of it is used up: few CREDIT frames, never a stop."""
        self._consumed_messages += messages
        self._consumed_bytes += size
        enough = self._consumed_messages * 2 >= self._credit_messages or self._consumed_bytes * 2 >= self._credit_bytes
        if not self._welcome or not enough:
            return
        self._send(protocol.encode(protocol.CREDIT, {"messages": self._consumed_messages, "bytes": self._consumed_bytes}))
        self._consumed_messages = self._consumed_bytes = 0

    def _void_queued(self, stream):
        """From here on the application gets no event of the pass it has refused, not even one that is just coming in."""
        with self._lock:
            self._void[stream] = self._void.get(stream, 0) + 1
            dropped = [event for event in self._events if event.stream == stream]
            self._events = deque(event for event in self._events if event.stream != stream)
        if dropped:
            size = sum(event.size for event in dropped)
            self._post(lambda: self._consumed(len(dropped), size))

    def _end_void(self, stream):
        """The I/O thread takes over: `asked` of the stream says what is void."""
        with self._lock:
            self._void[stream] -= 1
            if not self._void[stream]:
                del self._void[stream]

    def _finish(self):
        with self._lock:
            self._closed = True
            self._jobs.clear()
            self._lock.notify_all()
        for call in self._calls.values():
            call.error = CommandError("stopping", detail="the client is closed")
            call.done.set()
