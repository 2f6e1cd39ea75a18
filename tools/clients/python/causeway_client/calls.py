"""Commands without a RESULT: sent within the broker's credit, and once more on the next connection."""

import logging
import threading
import time
from collections import OrderedDict, deque

from . import files, protocol
from .connection import Part
from .errors import CommandError, CommandTimeout

log = logging.getLogger("causeway_client")

BUSY_INTERVAL_S = 0.1
# Commands that may wait here; one more is refused at once.
COMMANDS_MAX = 10_000
BUSY_CODES = ("credit_exceeded", "overloaded", "stopping")


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


class Calls(Part):
    def __init__(self, connection):
        # Fields the broker does not know, as (command, field): misspelt, or the broker is older than the caller. Each is logged once.
        self.ignored = deque(maxlen=100)
        self._connection = connection

        # The connection's thread's own.
        self._calls = OrderedDict()
        self._sent = {}
        self._busy_until = None
        self._blocked = False  # a command found the socket full

    def __len__(self):
        return len(self._calls)

    def run(self, name, body, command_id, timeout, traceparent):
        """Any thread: sends a command and waits for its answer. See Client.command."""
        header = {"id": command_id, "command": name, **({"traceparent": traceparent} if traceparent else {})}
        packed = protocol.checked(name, protocol.encode(protocol.COMMAND, header, body))
        size = len(packed[3])
        if name == "media.get":  # the part it asks for counts too
            size += body.get("length", files.PART_BYTES_MAX)
        holder = {}
        ready = threading.Event()

        def start():
            holder["call"] = self._begin(command_id, name, packed, size)
            ready.set()
            self._send()

        deadline = time.monotonic() + timeout
        self._connection.post(start)
        while not ready.wait(0.5):
            if self._connection.is_closed:
                raise CommandError("stopping", detail="the client is closed")
        call = holder["call"]
        if not call.done.wait(max(0.0, deadline - time.monotonic())):
            self._connection.post(lambda: self._abandon(command_id, call))
            raise CommandTimeout(name, command_id)
        if call.error:
            raise call.error
        return call.answer

    # -- the connection's thread --------------------------------------------------------------------------------------

    def greeted(self, header):
        self._sent.clear()
        self._busy_until = None

    def connected(self):
        self._send()

    def lost(self):
        self._blocked = False

    def refused(self, command_id, error):
        self._end(command_id, error=error)

    def needs_room(self):
        return self._blocked

    def has_room(self):
        if self._blocked:
            self._send()

    def tick(self, now):
        if self._busy_until and now >= self._busy_until:
            self._busy_until = None
            self._send()

    def ended(self):
        for call in self._calls.values():
            call.error = CommandError("stopping", detail="the client is closed")
            call.done.set()

    def answered(self, header, raw):
        """A RESULT."""
        body = protocol.unpack(raw)
        command_id = header["id"]
        if header.get("ignored"):
            self._note_ignored(command_id, header["ignored"])
        if header["ok"]:
            self._end(command_id, answer=body)
        elif body["code"] in BUSY_CODES:
            self._sent.pop(command_id, None)
            self._busy_until = time.monotonic() + BUSY_INTERVAL_S
        else:
            error = CommandError(body["code"], body.get("message", ""), body.get("detail", ""), bool(body.get("retryable")))
            self._end(command_id, error=error)

    def _begin(self, command_id, name, packed, size):
        call = self._calls.get(command_id)
        if call is not None:
            call.waiters += 1
            return call
        call = _Call(name, packed, size)
        if len(self._calls) >= COMMANDS_MAX:
            call.error = CommandError("overloaded", detail=f"{COMMANDS_MAX} commands wait for the broker", retryable=True)
            call.done.set()
        else:
            self._calls[command_id] = call
        return call

    def _send(self):
        self._blocked = False
        welcome = self._connection.welcome
        if not welcome or self._busy_until:
            return
        credit = welcome["command_credit"]
        for command_id, call in self._calls.items():
            if len(self._sent) >= credit["messages"]:
                return
            if command_id in self._sent:
                continue
            if self._sent and sum(self._sent.values()) + call.size > credit["bytes"]:
                return
            # One that is not taken stays here, so that none overtakes it, and it is not sent at all when nobody waits for it any more.
            if not self._connection.send_now(call.body):
                self._blocked = not self._connection.begins_anew
                return
            self._sent[command_id] = call.size

    def _note_ignored(self, command_id, fields):
        call = self._calls.get(command_id)
        if call is None:
            return  # a second RESULT, of a command that was repeated: the first one said it
        for field in fields:
            told = (call.name, field)
            if told not in self.ignored:
                self.ignored.append(told)
                log.warning("the broker does not know the field %s of %s, and did without it", field, told[0])

    def _end(self, command_id, answer=None, error=None):
        self._sent.pop(command_id, None)
        call = self._calls.pop(command_id, None)
        if call:
            call.answer = answer
            call.error = error
            call.done.set()
        self._send()

    def _abandon(self, command_id, call):
        call.waiters -= 1
        if call.waiters == 0 and self._calls.get(command_id) is call:
            self._end(command_id)
