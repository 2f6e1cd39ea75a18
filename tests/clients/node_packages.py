"""Node.js and the packages of the Node client, from npm by its lock file, once, into the build folder."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import unittest

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CLIENT = os.path.join(ROOT, "tools", "clients", "node")
INSTALL_S = 600
NODE_MIN = 18  # that of Debian 12


def packages():
    """(node, folder of the packages).

    :raises unittest.SkipTest: they cannot be had; AssertionError with CAUSEWAY_CI, as .ci/run sets it
    """
    node = shutil.which("node")
    with open(os.path.join(CLIENT, "package-lock.json"), "rb") as lock:
        folder = os.path.join(ROOT, "build", "node-" + hashlib.sha256(lock.read()).hexdigest()[:12])
    complete = os.path.join(folder, "complete")
    why = _too_old(node)
    if not why and not os.path.exists(complete):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "lock"), "w", encoding="utf8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several suites ask at the same time
            why = None if os.path.exists(complete) else _install(folder, complete)
    if why:
        why = f"THE NODE CLIENT IS NOT TESTED: {why}"
        print(why, flush=True)
        if os.environ.get("CAUSEWAY_CI"):
            raise AssertionError(why)
        raise unittest.SkipTest(why)
    return node, os.path.join(folder, "node_modules")


def _too_old(node):
    if not node:
        return "node is not installed: tools/install does it"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return None if int(version[1:].split(".")[0]) >= NODE_MIN else f"{node} is {version}, it needs {NODE_MIN}"


def _install(folder, complete):
    """Why it was not possible; nothing: it was."""
    npm = shutil.which("npm")
    if not npm:
        return "npm is not installed: tools/install does it"
    print(f"node client: installing its packages from npm into {folder} (once)", flush=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(CLIENT, name), folder)
    try:
        # The lock has versions and hashes; scripts of packages are not run: zeromq brings its library built.
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode:
        return " ".join((done.stderr or done.stdout).split()[:40])
    with open(complete, "w", encoding="utf8"):
        return None
