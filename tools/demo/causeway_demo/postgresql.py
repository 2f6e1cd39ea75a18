"""A PostgreSQL server of one's own: in a folder, on a socket in it, gone when it is stopped. For brokers whose store is a database."""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

START_S = 60


def _program(name):
    """Debian keeps the programs of each version apart, and out of PATH; the newest is taken."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4])) or [shutil.which(name)]
    if not found[-1]:
        raise RuntimeError(f"there is no {name}: install PostgreSQL (apt-get install postgresql)")
    return found[-1]


def _somebody_else():
    """The server refuses to run as root: (user id, group id), or None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return user.pw_uid, user.pw_gid
        except KeyError:
            continue
    raise RuntimeError("there is no user postgres and none called nobody to run PostgreSQL as")


class PostgreSQL:
    """`synced` False: commits are not flushed to the disk, for tests that look at no failure of the machine."""

    def __init__(self, synced=True):
        self.synced = synced
        self.folder = None
        self.process = None
        self.databases = 0

    def start(self):
        self.folder = tempfile.mkdtemp(prefix="cw-pg-")
        user = _somebody_else()
        if user:
            os.chown(self.folder, *user)
        subprocess.run([_program("initdb"), "-D", self._data(), "-A", "trust", "-U", "causeway", "--no-sync", "-E", "UTF8", "--locale=C"],
                       check=True, **self._how())
        return self.serve()

    @property
    def is_serving(self):
        return self.process is not None and self.process.poll() is None

    def serve(self):
        """Serves what is in the folder, again after `crash`; nothing, where it does so already."""
        if self.is_serving:
            return self
        settings = ["listen_addresses=", f"fsync={'on' if self.synced else 'off'}"]
        self.process = subprocess.Popen([_program("postgres"), "-D", self._data(), "-k", self.folder,
                                         *[word for one in settings for word in ("-c", one)]], **self._how())
        until = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start in {self.folder}")
            time.sleep(0.1)  # it says nothing when it is ready
        return self

    def crash(self):
        """Ends it without a word to anybody, as far as that can be done without leaving its sessions behind."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def _data(self):
        return os.path.join(self.folder, "data")

    def _how(self):
        user = _somebody_else()
        how = {"user": user[0], "group": user[1], "extra_groups": []} if user else {}
        return {**how, "cwd": self.folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

    def _answers(self):
        return subprocess.run([_program("pg_isready"), "-q", "-h", self.folder], check=False).returncode == 0

    def url(self, database="postgres"):
        return f"postgresql:///{database}?user=causeway&host={urllib.parse.quote(self.folder, safe='')}"

    def make_database(self, name=None):
        """A new, empty one. Returns its URL."""
        self.databases += 1
        name = name or f"store{self.databases}"
        subprocess.run([_program("createdb"), "-h", self.folder, "-U", "causeway", name], check=True)
        return self.url(name)

    def ask(self, url, sql):
        """What psql says to a statement, without a frame."""
        return subprocess.run([_program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql, url], check=True, capture_output=True,
                              text=True).stdout.strip()

    def cpu_s(self):
        """CPU seconds of the server and its sessions so far, those that have ended included."""
        ticks = os.sysconf("SC_CLK_TCK")
        total = 0.0
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf8", errors="replace") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            pid, parent = int(path.split("/")[2]), int(fields[1])
            if pid == self.process.pid:
                total += sum(int(fields[n]) for n in (11, 12, 13, 14)) / ticks
            elif parent == self.process.pid:
                total += sum(int(fields[n]) for n in (11, 12)) / ticks
        return total

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
