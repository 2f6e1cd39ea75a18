"""Rocket.Chat's federation package and the Node.js it needs, fetched from npm once and kept outside the tree."""

import hashlib
import os
import platform
import shutil
import subprocess

from . import kept

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rocketchat")
# Version of the package -> its name in package.json.
PACKAGES = {"0.8.0": "@rocket.chat/federation-sdk", "0.6.3": "federation-sdk-0.6"}
_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64"}
_FETCH_S = 600


class Unavailable(Exception):
    """The package cannot be had on this machine; the reason is for a person."""


class Environment:
    """`node` runs scripts, `modules` is where they find the package (NODE_PATH)."""

    def __init__(self, folder):
        self.modules = os.path.join(folder, "node_modules")
        architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
        self.node = os.path.join(self.modules, f"node-linux-{architecture}", "bin", "node")


def environment():
    """Made under ~/.cache/causeway at the first call (about half a minute, 220 MB).

    :raises Unavailable: no npm, no network, no Node.js for this processor.
    """
    # Other versions are another folder, so nothing has to be cleaned up or compared.
    with open(os.path.join(FOLDER, "package-lock.json"), "rb") as lock:
        versions = hashlib.sha256(lock.read()).hexdigest()[:12]
    folder = kept.folder(f"rocketchat-{versions}-{platform.machine()}")
    found = Environment(folder)
    with kept.fetched_once(folder) as wanted:
        if wanted:
            _fetch(folder, found)
    return found


def _fetch(folder, wanted):
    npm = shutil.which("npm")
    if not npm:
        raise Unavailable("Rocket.Chat's package needs npm: tools/install installs it")
    print(f"interop: installing Rocket.Chat's federation package from npm into {folder} (once)", flush=True)
    os.makedirs(folder, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(FOLDER, name), folder)
    # The lock has versions and hashes; scripts of packages are not run, and TypeScript, which it names as a peer, is not needed.
    _run([npm, "ci", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    if not os.access(wanted.node, os.X_OK):
        raise Unavailable(f"npm has no Node.js for {platform.machine()}")
    _run([wanted.node, "--version"], folder)


def _run(command, folder):
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_FETCH_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise Unavailable(f"{' '.join(command[:2])}: {why}") from why
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["no output"]
        raise Unavailable(f"Rocket.Chat's package could not be installed: {' '.join(lines[:3])}")
