"""A child process with a log file, started, watched and ended with deadlines."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time


_drawn = set()


def free_port():
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago; no port twice.

    Where CAUSEWAY_PORTS is set (`first-last`) one of those: runs beside each other then never draw the same.
    """
    first, _, last = os.environ.get("CAUSEWAY_PORTS", "").partition("-")
    while True:
        port = random.randint(int(first), int(last)) if first else 0
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            port = probe.getsockname()[1]
            if port not in _drawn:
                _drawn.add(port)
                return port


def free_address(port):
    """A loopback address other than 127.0.0.1 on whose `port` nobody listened a moment ago."""
    while True:
        address = f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((address, port))
            return address


# Whoever waits for something is not to keep busy whom it waits for.
PAUSE_S_MAX = 0.25


def until(condition, seconds, what, pause=0.02):
    """Polls `condition` until it is true and returns its value. Between two looks `pause` seconds pass at least, as long as a look takes, and
    a tenth of the time waited so far; PAUSE_S_MAX at most.

    :raises TimeoutError: after `seconds`, naming `what` was waited for.
    """
    begun = time.monotonic()
    while True:
        looked = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        if now > begun + seconds:
            raise TimeoutError(f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(max(pause, min(PAUSE_S_MAX, max(now - looked, (now - begun) / 10))))


class Process:
    """One child; its standard output and error go to `log_file`, appended over restarts. `environment` is what its next start gets."""

    def __init__(self, name, command, log_file, directory=None, environment=None):
        self.name = name
        self.command = command
        self.log_file = log_file
        self._directory = directory
        self.environment = {**os.environ, **(environment or {})}
        self._child = None

    @property
    def pid(self):
        return self._child.pid

    @property
    def ended_with(self):
        """The exit code; negative: the signal that ended it. None: it runs, or never has."""
        return self._child.poll() if self._child else None

    def is_running(self):
        return self._child is not None and self._child.poll() is None

    def start(self):
        with open(self.log_file, "ab") as log:
            # Nothing outlives who started it, not even when that one is killed.
            self._child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command], stdout=log, stderr=subprocess.STDOUT, 
                                           stdin=subprocess.DEVNULL, cwd=self._directory, env=self.environment,
                                           start_new_session=True)

    def wait_for_output(self, text, seconds):
        """Waits until the log has `text` after what it had at the start of this call's process; returns that line."""
        def line():
            if not self.is_running():
                raise RuntimeError(f"{self.name} ended with {self._child.returncode} at its start:\n{self.tail()}")
            with open(self.log_file, "rb") as log:
                log.seek(self._log_begin)
                for candidate in log.read().decode("utf8", "replace").splitlines():
                    if text in candidate:
                        return candidate
            return None
        return until(line, seconds, lambda: f"'{text}' from {self.name}; its log ends with:\n{self.tail()}")

    def start_and_wait(self, text, seconds):
        self._log_begin = os.path.getsize(self.log_file) if os.path.exists(self.log_file) else 0
        self.start()
        return self.wait_for_output(text, seconds)

    def stop(self, seconds=90):
        """SIGTERM, and SIGKILL after `seconds`: a broker itself waits 20 s for open work. Returns the exit code; negative: the signal that ended it."""
        if self._child is None:
            return None
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._child.returncode

    def kill(self):
        """SIGKILL: what a crash or a power cut looks like to the others."""
        if self.is_running():
            self._child.kill()
            self._child.wait()

    def tail(self, lines=40):
        """The end of its log."""
        try:
            with open(self.log_file, "rb") as log:
                log.seek(max(0, os.path.getsize(self.log_file) - 64 * 1024))
                return "\n".join(log.read().decode("utf8", "replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"
