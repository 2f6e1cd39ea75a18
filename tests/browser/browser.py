"""Chromium, from Debian, and axe-core, from npm: what looks at the pages as a person does, the demo's and the
inspector's. Both are installed for these tests alone, when they run."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
# The fonts: without them reactions are boxes in the screenshots.
PACKAGES = ["chromium", "chromium-driver", "fonts-noto-color-emoji"]
INSTALL_S = 600


def chromium():
    """(chromedriver, chromium)

    :raises unittest.SkipTest: they cannot be had; AssertionError with CAUSEWAY_CI, as .ci/run sets it
    """
    why = _once("chromium", lambda: None if _programs() else _install_packages())
    if why or not _programs():
        _cannot(why or "the packages are installed, and the programs are not there")
    return _programs()


def axe():
    """axe-core's script, as text.

    :raises unittest.SkipTest, AssertionError: as chromium()
    """
    with open(os.path.join(HERE, "package-lock.json"), "rb") as lock:
        folder = os.path.join(ROOT, "build", "browser-" + hashlib.sha256(lock.read()).hexdigest()[:12])
    script = os.path.join(folder, "node_modules", "axe-core", "axe.min.js")
    why = _once("axe", lambda: None if os.path.exists(script) else _install_axe(folder))
    if why:
        _cannot(why)
    with open(script, encoding="utf8") as text:
        return text.read()


def fetch():
    """Both, ahead of the tests; where one cannot be had the tests say so."""
    for what in (chromium, axe):
        try:
            what()
        except (unittest.SkipTest, AssertionError):
            pass  # said already


def _programs():
    found = shutil.which("chromedriver"), shutil.which("chromium")
    return found if all(found) else None


def _once(what, install):
    """`install`, by one process at a time."""
    os.makedirs(os.path.join(ROOT, "build"), exist_ok=True)
    with open(os.path.join(ROOT, "build", f"browser-{what}.lock"), "w", encoding="utf8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return install()


def _install_packages():
    """Why it was not possible; nothing: it was."""
    if not shutil.which("apt-get"):
        return "chromium and chromedriver are not installed, and this is no Debian"
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    print(f"browser: installing {' '.join(PACKAGES)} for the tests of the pages (once)", flush=True)
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    return _run([*apt, "update"], ROOT) or _run([*apt, "install", "-y", "--no-install-recommends", *PACKAGES], ROOT)


def _install_axe(folder):
    npm = shutil.which("npm")
    if not npm:
        return "npm is not installed: tools/install does it"
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(HERE, name), folder)
    return _run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _run(command, folder):
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return (
        " ".join((done.stderr or done.stdout).split()[:40]) or f"{command[0]} ended with {done.returncode}"
        if done.returncode
        else None
    )


def _cannot(why):
    why = f"THE PAGES ARE NOT TESTED: {why}"
    print(why, flush=True)
    if os.environ.get("CAUSEWAY_CI"):
        raise AssertionError(why)
    raise unittest.SkipTest(why)


if __name__ == "__main__":
    fetch()
