"""Files of messages, fetched through the side's broker and kept for the page."""

import collections
import os
import re
import threading

from ..chat_server import CommandError, CommandTimeout

KEPT_MAX = 50  # files; the oldest make room
BYTES_MAX = 16 * 1024 * 1024  # of one file that is shown
FETCH_S = 60
MXC = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}/[A-Za-z0-9_-]{1,255}")
# Shown in the page; everything else is only to be saved, whatever its sender says it is.
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class TooLarge(Exception):
    """The file has more than BYTES_MAX."""


class _Bounded:
    """A file that refuses to become larger than BYTES_MAX."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._size = 0

    def write(self, part):
        self._size += len(part)
        if self._size > BYTES_MAX:
            raise TooLarge
        self._file.write(part)

    def close(self):
        self._file.close()


class Files:
    """:param folder: where they are kept"""

    def __init__(self, chat, folder):
        self._chat = chat
        self._folder = folder
        os.makedirs(folder, exist_ok=True)
        self._kept = collections.OrderedDict()  # mxc -> (path, content type)
        self._number = 0
        self._lock = threading.Lock()  # one after another: a page asks for each of them once

    def get(self, mxc):
        """(bytes, content type) of `server/media_id`; None: it cannot be had."""
        if not MXC.fullmatch(mxc):
            return None
        with self._lock:
            if mxc not in self._kept and not self._fetch(mxc):
                return None
            path, content_type = self._kept[mxc]
            with open(path, "rb") as kept:
                return kept.read(), content_type if content_type in PICTURES else "application/octet-stream"

    def _fetch(self, mxc):
        self._number += 1
        path = os.path.join(self._folder, str(self._number))
        target = _Bounded(path)
        try:
            known = self._chat.download("mxc://" + mxc, target, timeout=FETCH_S)
        except (CommandError, CommandTimeout, EOFError, TooLarge):
            os.unlink(path)
            return False
        finally:
            target.close()
        self._kept[mxc] = (path, known.content_type)
        while len(self._kept) > KEPT_MAX:
            os.unlink(self._kept.popitem(last=False)[1][0])
        return True
