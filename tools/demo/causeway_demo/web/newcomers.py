"""Users whom the broker has not been told of, and for whom other servers ask: which of them exist is a rule of this
chat server. A real one looks into its directory, at a verified mail domain say."""

import collections
import fnmatch
import threading

from .actions import Refused
from .timeline import now_ms

ASKED_MAX = 20  # questions that are shown
NAMES_MAX = 20
NAME_LENGTH_MAX = 100
COME_MAX = 20  # users who come into being so


class Newcomers:
    """:param on_asked: called with the localpart of each user who was asked for, and whether they exist"""

    def __init__(self, on_asked):
        self._on_asked = on_asked
        self._lock = threading.Lock()
        self._names = []
        self._asked = collections.deque(maxlen=ASKED_MAX)  # the latest first
        self._come = set()

    def welcome(self, names):
        """From now on those exist: localparts, or beginnings of them with a * behind.

        :raises Refused
        """
        if not isinstance(names, list) or len(names) > NAMES_MAX or not all(_is_name(each) for each in names):
            raise Refused("bad_body", f"names are at most {NAMES_MAX} texts of 1 to {NAME_LENGTH_MAX} characters")
        with self._lock:
            self._names = list(names)

    def answer(self, question):
        """The rest of `answer.user` to an `ask.user`."""
        localpart = question["localpart"]
        with self._lock:
            exists = any(fnmatch.fnmatchcase(localpart, each) for each in self._names)
            exists = exists and (localpart in self._come or len(self._come) < COME_MAX)
            if exists:
                self._come.add(localpart)
            self._asked.appendleft({"user": question["user"], "exists": exists, "ts": now_ms()})
        self._on_asked(localpart, exists)
        return {"exists": True, "display_name": localpart.capitalize()} if exists else {"exists": False}

    def document(self):
        """What the page shows: the rule, and the questions of late."""
        with self._lock:
            return {"names": list(self._names), "asked": list(self._asked)}


def _is_name(text):
    if not isinstance(text, str) or not 0 < len(text) <= NAME_LENGTH_MAX:
        return False
    # A [ or ? would be a pattern too, and is in no localpart.
    return not set(text) & set("[]?") and "*" not in text[:-1]
