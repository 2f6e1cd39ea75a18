"""The client, as an application sees it: a connection, its commands and its streams."""

import logging
import threading
import uuid

from . import files, protocol
from .calls import Calls
from .connection import Connection
from .errors import CausewayError
from .streams import Streams

log = logging.getLogger("causeway_client")


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
        self._connection = Connection(endpoint, {"client": client, "peer": peer}, curve, context, threading.Condition())
        self._streams = Streams(self._connection, self, streams, credit_messages, credit_bytes)
        self._calls = Calls(self._connection)

        self._handlers = {}
        self._default_handler = None
        self._dispatcher = None
        self._iterating = False

        self._connection.start((self._streams, self._calls), {
            protocol.RESULT: self._calls.answered,
            protocol.EVENT: self._streams.happened,
            protocol.SEEK: self._streams.positioned,
        })

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
        return self._connection.wait_connected(timeout)

    def close(self):
        """Says BYE and ends the threads. Commands still open raise CommandError "stopping"."""
        if not self._connection.begin_close():
            return
        if self._dispatcher and self._dispatcher is not threading.current_thread():
            self._dispatcher.join()
        self._connection.release()

    @property
    def open_commands(self):
        """Commands that wait for their RESULT."""
        return len(self._calls)

    @property
    def unsent(self):
        """Messages that wait, in order, since the broker reads nothing; commands are none of them."""
        return self._connection.unsent_count

    @property
    def errors(self):
        """ERRORs that belong to no command, the latest 100: (code, detail)."""
        return self._connection.errors

    @property
    def ignored(self):
        """Fields the broker does not know, as (command, field), the latest 100: misspelt, or the broker is older than the caller."""
        return self._calls.ignored

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
        return self._calls.run(name, body, command_id, timeout, traceparent)

    def send_ephemeral(self, name, body):
        """A command that needs no result (`typing`, `read`, `presence`): no id, lost without a connection, and with an entry in
        `errors` while a broker reads nothing.

        :raises CommandError: too_large: more than 1 MiB, not sent
        """
        frames = protocol.checked(name, protocol.encode(protocol.COMMAND, {"command": name}, body))

        def send():
            if self._connection.welcome and not self._connection.send_or_drop(frames):
                self._connection.note_error("overloaded", f"{name} dropped: {self.unsent} messages wait for the broker")

        self._connection.post(send)

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
        return self._streams.next_event(timeout)

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
        if event.durable:
            self._streams.ack(event, rooms, messages)

    def nack(self, event, permanent=False, reason=""):
        """See Event.nack."""
        if event.durable:
            self._streams.nack(event, permanent, reason)

    def seek(self, stream, cursor):
        """Events of `stream` after `cursor` come (again). What waits here of that stream is dropped."""
        self._streams.seek(stream, cursor)

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
