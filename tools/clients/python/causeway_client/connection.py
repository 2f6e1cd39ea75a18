"""The connection: one background thread owns the socket, everybody else hands it jobs."""

import logging
import os
import threading
import time
from collections import deque

import zmq
import zmq.utils.monitor

from . import protocol, unsent
from .errors import CommandError, CommandTimeout, ConnectionRefused

log = logging.getLogger("causeway_client")

HELLO_INTERVAL_S = 1.0
TICK_MS = 100
# What was handed over at the end may take so long to leave.
CLOSING_S = 0.2


class Part:
    """What a connection carries. All of it is called on the connection's thread."""

    def greet(self, header):
        """Adds its own to the header of a HELLO."""

    def greeted(self, header):
        """A WELCOME has come; what was under way on an earlier connection is void. Nothing may be sent yet."""

    def connected(self):
        """From now on it may send."""

    def lost(self):
        """Nothing may be sent until there is the next WELCOME."""

    def refused(self, command_id, error):
        """The broker refuses a command with ERROR."""

    def has_room(self):
        """All that waited has left: it may send more."""

    def needs_room(self):
        """Whether it waits for `has_room`."""
        return False

    def due_in(self):
        """Seconds until it wants `has_room` at the latest, while nothing waits; None: it does not."""
        return None

    def tick(self, now):
        """At least every TICK_MS while there is a connection."""

    def leaving(self):
        """The last that may be sent; a BYE follows."""

    def ended(self):
        """There will be no connection again."""


class Connection:
    """A socket that is kept connected and greeted, and repeats nothing by itself: `parts` do.

    introduction: who we are, for the header of each HELLO
    lock: guards `welcome`, `refusal`, `is_closing`, `is_closed`, `errors`; is notified when one of them changes
    """

    def __init__(self, endpoint, introduction, curve, context, lock):
        self.endpoint = endpoint
        self._introduction = introduction
        self._curve = curve
        self._context = context or zmq.Context()
        self._own_context = context is None
        self.lock = lock
        self.welcome = None
        self.refusal = None
        self.is_closing = False
        self.is_closed = False
        self.errors = deque(maxlen=100)
        self._jobs = deque()
        self._parts = ()
        self._handlers = {}

        # The thread's own.
        self._unsent = unsent.Unsent()
        self._begin_anew = False  # the queue is at its bound
        self._socket = self._monitor = None

        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._thread = threading.Thread(target=self._run, name="causeway-client", daemon=True)

    # -- any thread ---------------------------------------------------------------------------------------------------

    def start(self, parts, handlers):
        """parts: asked in this order; handlers: verb -> function(header, body, bytes of the body)"""
        self._parts = parts
        self._handlers = handlers
        self._thread.start()

    def wait_connected(self, timeout):
        """The header of the WELCOME. Raises ConnectionRefused, CommandTimeout."""
        with self.lock:
            self.lock.wait_for(lambda: self.welcome or (self.refusal and not self.refusal.retryable) or self.is_closed, timeout)
            if self.welcome:
                return dict(self.welcome)
            if self.refusal:
                raise self.refusal
        raise CommandTimeout("HELLO", self.endpoint)

    def post(self, job):
        """Runs it on the thread, in order; never, when that has ended."""
        with self.lock:
            if self.is_closed:
                return
            self._jobs.append(job)
            self._wake()

    def begin_close(self):
        """False: somebody else has begun."""
        with self.lock:
            if self.is_closing:
                return False
            self.is_closing = True
            self.lock.notify_all()
            self._wake()
        self._thread.join()
        return True

    def release(self):
        """After `begin_close`, when nobody posts any more."""
        os.close(self._wake_read)
        os.close(self._wake_write)
        if self._own_context:
            self._context.term()

    def note_error(self, code, detail):
        with self.lock:
            self.errors.append((code, detail))
            self.lock.notify_all()

    @property
    def unsent_count(self):
        return len(self._unsent)

    def _wake(self):
        try:
            os.write(self._wake_write, b"x")
        except BlockingIOError:
            pass  # full: it wakes anyway

    # -- its thread ---------------------------------------------------------------------------------------------------

    def send(self, frames):
        """In order, behind what waits. At the bound nothing is left out: the connection begins anew, and what matters is repeated then."""
        if self._begin_anew or self._unsent.send(self._socket, frames):
            return
        self._begin_anew = True
        self.note_error("overloaded", f"{len(self._unsent)} messages wait for a broker that reads nothing: the connection begins anew")

    def send_or_drop(self, frames):
        """The same for what may be lost. False: the queue is at its bound."""
        return self._unsent.send(self._socket, frames)

    def send_now(self, frames):
        """Sends what must not wait here. False: there is no room."""
        return not self._begin_anew and not self._unsent and unsent.take(self._socket, frames)

    @property
    def begins_anew(self):
        return self._begin_anew

    def _run(self):
        self._open_socket()
        try:
            while not self.is_closing:
                self._poll()
            self._run_jobs()
            self._say_bye()
        finally:
            self._close_socket(linger=200)
            self._finish()

    def _say_bye(self):
        if not self.welcome:
            return
        for part in self._parts:
            part.leaving()
        self.send(protocol.encode(protocol.BYE, {"reason": "closing"}))
        deadline = time.monotonic() + CLOSING_S
        while not self._unsent.flush(self._socket) and time.monotonic() < deadline:
            self._socket.poll(10, zmq.POLLOUT)

    def _finish(self):
        with self.lock:
            self.is_closed = True
            self._jobs.clear()
            self.lock.notify_all()
        for part in self._parts:
            part.ended()

    def _timeout_ms(self):
        due = [] if self._unsent else [seconds for seconds in (part.due_in() for part in self._parts) if seconds is not None]
        return max(0, min([TICK_MS, *(round(seconds * 1000) for seconds in due)]))

    def _poll(self):
        poller = zmq.Poller()
        # Asked for only while something waits: a socket with room is always ready.
        waits = self._unsent or any(part.needs_room() for part in self._parts)
        poller.register(self._socket, zmq.POLLIN | (zmq.POLLOUT if waits else 0))
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
        with self.lock:
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
        header = {"versions": [protocol.VERSION], **self._introduction}
        for part in self._parts:
            part.greet(header)
        # Not kept: it is repeated until there is a WELCOME, and a second one would begin anew.
        unsent.take(self._socket, protocol.encode(protocol.HELLO, header))

    def _flush(self):
        if self._unsent.flush(self._socket):
            for part in self._parts:
                part.has_room()

    def _tick(self):
        now = time.monotonic()
        if self._begin_anew:
            self._open_socket()
        if not self.welcome:
            if now - self._hello_sent >= HELLO_INTERVAL_S:
                self._hello()
            return
        if now - self._last_heard >= self.welcome["peer_timeout_ms"] / 1000:
            self._open_socket()
        elif now - self._last_ping >= self.welcome["heartbeat_ms"] / 1000:
            self._last_ping = now
            self.send(protocol.encode(protocol.PING, {}))
        for part in self._parts:
            part.tick(now)

    def _handle(self, verb, header, raw):
        try:
            if verb == protocol.WELCOME:
                self._welcomed(header)
            elif verb == protocol.PING:
                self.send(protocol.encode(protocol.PONG, header))
            elif verb == protocol.ERROR:
                self._refused(header, protocol.unpack(raw))
            elif verb == protocol.BYE:
                self._open_socket()
            elif verb in self._handlers:
                self._handlers[verb](header, raw)
        except (KeyError, TypeError, ValueError) as error:
            log.warning("broken frame %r from the broker: %s", verb, error)

    def _welcomed(self, header):
        # A WELCOME without these is broken, and is said to be so here rather than at its first use.
        _ = header["command_credit"]["messages"], header["command_credit"]["bytes"]
        _ = header["heartbeat_ms"], header["peer_timeout_ms"]
        self._last_ping = time.monotonic()
        for part in self._parts:
            part.greeted(header)
        self._set_welcome(header)
        for part in self._parts:
            part.connected()

    def _set_welcome(self, header):
        with self.lock:
            self.welcome = header
            if header:
                self.refusal = None
            self.lock.notify_all()
        if not header:  # what waited was for that connection; events without an ACK come again, commands are repeated
            self._unsent.clear()
            for part in self._parts:
                part.lost()

    def _refused(self, header, body):
        code = body["code"]
        if code == "hello_required":
            self._set_welcome(None)
            self._hello()
            return
        error = (code, body.get("message", ""), body.get("detail", ""), bool(body.get("retryable")))
        if "id" in header:
            for part in self._parts:
                part.refused(header["id"], CommandError(*error))
            return
        self.note_error(code, body.get("detail", ""))
        with self.lock:
            if not self.welcome:
                self.refusal = ConnectionRefused(*error)
            self.lock.notify_all()
