"""Clean roots of Debian, made by debootstrap from the mirror this machine is configured for, and machines booted from them."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOTS = os.path.join(ROOT, "build", "roots")
LOGS = os.path.join(ROOT, "build", "results", "package")
SUITES = {"12": "bookworm", "13": "trixie"}
TOOLS = {"debootstrap": "debootstrap", "lintian": "lintian", "systemd-nspawn": "systemd-container", "systemd-analyze": "systemd"}
PATIENCE_S = 90


class Unavailable(Exception):
    """What is missing on this machine, in words."""


def install_tools():
    """:raises Unavailable: not root, or not to be had"""
    if os.geteuid() != 0:
        raise Unavailable("the package tests need root: they make and boot clean roots")
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if missing:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=False, env=environment)
    missing = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    if missing:
        raise Unavailable(f"cannot be installed: {' '.join(missing)}")


def mirror():
    """Where apt on this machine gets Debian from."""
    said = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)", "Created-By: Packages"],
                          capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        uri, origin, label = line.split("|")
        if (origin, label) == ("Debian", "Debian"):
            return uri
    raise Unavailable("apt of this machine has no source of Debian; `apt-get update` first")


def base(release):
    """The folder of a minimal system, made once and only copied from then on."""
    suite = SUITES[release]
    folder = os.path.join(ROOTS, suite)
    if os.path.isdir(folder):
        return folder
    os.makedirs(ROOTS, exist_ok=True)
    os.makedirs(LOGS, exist_ok=True)
    making = folder + ".making"
    shutil.rmtree(making, ignore_errors=True)
    log_file = os.path.join(LOGS, f"debootstrap-{suite}.log")
    with open(log_file, "wb") as log:
        code = subprocess.run(["debootstrap", "--variant=minbase", suite, making, mirror()], stdout=log, stderr=subprocess.STDOUT,
                              check=False).returncode
    if code != 0:
        raise Unavailable(f"debootstrap of {suite} failed, see {log_file}")
    os.rename(making, folder)
    return folder


class CleanRoot:
    """A copy of a minimal system, for one test. `share` is seen in it as /packages."""

    def __init__(self, release, name, share):
        self.release = release
        self.folder = os.path.join(ROOTS, f"{SUITES[release]}-{name}")
        self.share = share
        self.remove()
        subprocess.run(["cp", "-a", "--reflink=auto", base(release), self.folder], check=True)
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")  # an installer writes it, debootstrap does not

    def path(self, name):
        return os.path.join(self.folder, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf8") as out:
            out.write(text)
        os.chmod(self.path(name), mode)

    def run(self, command, log, binds=()):
        """Runs a line of shell in the root, with the network of this machine. Returns what it printed.

        :raises AssertionError: with the end of it, where it failed
        """
        os.makedirs(LOGS, exist_ok=True)
        log_file = os.path.join(LOGS, f"{SUITES[self.release]}-{log}.log")
        with open(log_file, "wb") as out:
            code = subprocess.run([*self._nspawn(), *binds, "--pipe", "-E", "DEBIAN_FRONTEND=noninteractive", "sh", "-ec", command],
                                  stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False).returncode
        with open(log_file, encoding="utf8", errors="replace") as said:
            text = said.read()
        if code != 0:
            raise AssertionError(f"{command}: ended with {code}, see {log_file}:\n{text[-3000:]}")
        return text

    def install(self, *packages):
        return self.run("apt-get update -qq; apt-get install -y --no-install-recommends " + " ".join(packages), "install")

    def boot(self):
        return Machine(self, [*self._nspawn(), "--private-network", "--boot"])

    def remove(self):
        if os.path.isdir(self.folder):
            subprocess.run(["rm", "-rf", "--one-file-system", self.folder], check=True)

    def _nspawn(self):
        return ["systemd-nspawn", "--quiet", "--directory", self.folder, "--register=no", "--keep-unit", "--resolv-conf=copy-host",
                f"--bind-ro={self.share}:/packages"]


class Machine:
    """systemd as process 1 of a root, with a loopback device and no other network."""

    def __init__(self, root, command):
        os.makedirs(LOGS, exist_ok=True)
        self.log_file = os.path.join(LOGS, f"{SUITES[root.release]}-boot.log")
        with open(self.log_file, "wb") as log:
            # Nothing outlives who started it.
            self._nspawn = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL)
        self._init = None
        deadline = time.monotonic() + PATIENCE_S
        while self._init is None or self.run("systemctl is-system-running")[1].strip() not in ("running", "degraded"):
            if time.monotonic() > deadline or self._nspawn.poll() is not None:
                self.stop()
                raise AssertionError(f"{root.folder} does not boot, see {self.log_file}")
            self._init = self._init or self._find_init()
            time.sleep(0.1)

    def _find_init(self):
        with contextlib.suppress(OSError):
            with open(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children", encoding="ascii") as children:
                for child in children.read().split():
                    with open(f"/proc/{child}/comm", encoding="ascii") as name:
                        if name.read().strip() == "systemd":
                            return int(child)
        return None

    def run(self, command):
        """(exit code, what it printed) of a line of shell in the machine."""
        if self._init is None:
            return 1, ""
        done = subprocess.run(["nsenter", "--target", str(self._init), "--all", "sh", "-c", command], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=PATIENCE_S,
                              check=False, env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                                                "DEBIAN_FRONTEND": "noninteractive"})
        return done.returncode, done.stdout

    def stop(self):
        if self._init is not None and self._nspawn.poll() is None:
            os.kill(self._init, signal.SIGRTMIN + 4)  # systemd(1): halt.target without a bus
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._nspawn.wait(30)
        if self._nspawn.poll() is None:
            self._nspawn.kill()
        self._nspawn.wait()
