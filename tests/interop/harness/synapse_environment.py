"""A Python environment with the pinned Synapse, made once and kept."""

import os
import subprocess
import sys

from . import kept

VERSION = "1.163.2"


class Unavailable(Exception):
    """Synapse cannot be had on this machine; the reason is for a person."""


def python():
    """Path of the Python that can run Synapse. Made under ~/.cache/causeway at the first call (about half a minute).

    :raises Unavailable: no network, no wheel for this Python, no room.
    """
    # The wheel depends on the interpreter, so does the folder.
    folder = kept.folder(f"synapse-{VERSION}-py{sys.version_info[0]}.{sys.version_info[1]}")
    interpreter = os.path.join(folder, "bin", "python")
    with kept.fetched_once(folder) as wanted:
        if wanted:
            _fetch(folder, interpreter)
    return interpreter


def _fetch(folder, interpreter):
    print(f"interop: installing matrix-synapse {VERSION} from PyPI into {folder} (once)", flush=True)
    for command in ([sys.executable, "-m", "venv", "--clear", folder],
                    [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                     f"matrix-synapse=={VERSION}"],
                    [interpreter, "-c", "import synapse.app.homeserver"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        except (OSError, subprocess.TimeoutExpired) as why:
            raise Unavailable(f"{' '.join(command[:4])}: {why}") from why
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
            raise Unavailable(f"matrix-synapse {VERSION} could not be installed: {lines[-1]}")
