"""The client under test: a program that speaks JSON lines, driven from here."""

import base64
import json
import os
import select
import subprocess

BYTES = "$bytes"


class Refused(Exception):
    """The client told its caller of a fault. `kind` is refused, timeout or other."""

    def __init__(self, told):
        super().__init__(str(told))
        self.kind = told.get("kind")
        self.code = told.get("code")
        self.detail = told.get("detail", "")
        self.retryable = told.get("retryable")
        self.id = told.get("id")


class Reply:
    """What the driver answers to one request; not there yet."""

    def __init__(self, request):
        self.request = request
        self.told = None

    @property
    def done(self):
        return self.told is not None

    @property
    def result(self):
        """:raises Refused: the client reported a fault."""
        if "error" in self.told:
            raise Refused(self.told["error"])
        return decoded(self.told["result"])


def encoded(value):
    """JSON knows no bytes: {"$bytes": base64}."""
    if isinstance(value, bytes):
        return {BYTES: base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: encoded(each) for key, each in value.items()}
    return [encoded(each) for each in value] if isinstance(value, list) else value


def decoded(value):
    if isinstance(value, dict):
        if set(value) == {BYTES}:
            return base64.b64decode(value[BYTES])
        return {key: decoded(each) for key, each in value.items()}
    return [decoded(each) for each in value] if isinstance(value, list) else value


class Driver:
    """One process; its standard error is that of the kit, or a file."""

    def __init__(self, command, environment=None, errors=None):
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, bufsize=0
        )
        for pipe in (self._process.stdin, self._process.stdout):
            os.set_blocking(pipe.fileno(), False)
        self._open = {}
        self._received = b""
        self._last = 0
        self.ended = False

    def fileno(self):
        return self._process.stdout.fileno()

    def ask(self, what, **more):
        self._last += 1
        reply = Reply(what)
        self._open[self._last] = reply
        self._write((json.dumps({"n": self._last, "do": what, **encoded(more)}) + "\n").encode())
        return reply

    def _write(self, raw):
        """Reads meanwhile: a driver that cannot answer does not read either."""
        to = self._process.stdin.fileno()
        while raw and not self.ended:
            try:
                raw = raw[os.write(to, raw) :]
            except BlockingIOError:
                select.select([self.fileno()], [to], [])
                self.read()
            except BrokenPipeError:
                self.ended = True

    def read(self):
        """Takes what the driver has said meanwhile."""
        while True:
            try:
                chunk = os.read(self.fileno(), 1 << 20)
            except BlockingIOError:
                return
            if not chunk:
                self.ended = True
                return
            self._received += chunk
            *lines, self._received = self._received.split(b"\n")
            for line in lines:
                told = json.loads(line)
                self._open.pop(told["n"]).told = told

    def end(self, seconds=60):
        """Exit code when its standard input has ended; None: it had to be killed."""
        self._process.stdin.close()
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = None
        self._process.stdout.close()
        return code

    def kill(self):
        self._process.kill()
        self._process.wait()
