"""The packages under test, each set built on the release of Debian it is for."""

import glob
import os
import shutil
import subprocess

from clean_root import LOGS, ROOT, ROOTS, SUITES, CleanRoot, Unavailable

BUILD = os.path.join(ROOT, "build", "package")  # of the release of this machine
BUILD_PATIENCE_S = 3 * 3600
_found = {}


def release_of_this_machine():
    with open("/etc/os-release", encoding="utf8") as text:
        values = dict(line.rstrip("\n").replace('"', "").split("=", 1) for line in text if "=" in line)
    return values.get("VERSION_ID", "") if values.get("ID") == "debian" else ""


def packages(release):
    """The folder with the packages for a release: of $CAUSEWAY_PACKAGES where it has some, else built here and now."""
    if release not in _found:
        _found[release] = _given(release) or _build(release)
    return _found[release]


def named(folder, name):
    """The one package of that name in the folder."""
    matching = glob.glob(os.path.join(folder, f"{name}_*.deb"))
    if len(matching) != 1:
        raise AssertionError(f"{folder} has {len(matching)} packages {name}, not one")
    return matching[0]


def _given(release):
    folder = os.environ.get("CAUSEWAY_PACKAGES")
    found = glob.glob(os.path.join(folder, f"*+deb{release}_*.deb")) if folder else []
    if not found:
        return None
    made = os.path.join(ROOTS, f"packages-{release}")
    shutil.rmtree(made, ignore_errors=True)
    os.makedirs(made)
    for each in found:
        shutil.copy(each, made)
    return made


def _build(release):
    made = os.path.join(ROOTS, f"packages-{release}")
    shutil.rmtree(made, ignore_errors=True)
    os.makedirs(made)
    os.makedirs(LOGS, exist_ok=True)
    if release == release_of_this_machine():
        log_file = os.path.join(LOGS, f"build-{release}.log")
        with open(log_file, "wb") as log:
            code = subprocess.run([os.path.join(ROOT, "tools", "package"), made], stdout=log, stderr=subprocess.STDOUT,
                                  stdin=subprocess.DEVNULL, timeout=BUILD_PATIENCE_S, check=False).returncode
        if code != 0:
            raise AssertionError(f"tools/package failed, see {log_file}")
        return made
    # In a root of that release, which is kept: the next time only what changed is compiled.
    kept = os.path.join(ROOTS, f"build-{SUITES[release]}")
    root = CleanRoot(release, "build", made)
    _copy_sources(root.path("/src"))
    os.makedirs(kept, exist_ok=True)
    root.run("apt-get update -qq; mkdir -p /src/build; exec /src/tools/package /made", "build",
             [f"--bind={kept}:/src/build", f"--bind={made}:/made"])
    root.remove()
    return made


def _copy_sources(to):
    """What git knows, and what it does not know yet, with its times."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True,
                            check=False)
    if listed.returncode != 0:
        raise Unavailable("the sources are no git repository: which files belong to them is not known")
    for name in listed.stdout.decode().split("\0"):
        path = os.path.join(ROOT, name)
        if name and os.path.isfile(path):
            os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
            shutil.copy2(path, os.path.join(to, name))
