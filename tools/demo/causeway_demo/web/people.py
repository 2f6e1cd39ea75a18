"""What one chat server knows of people, ours and others: their names and pictures, whether they are there, and how far
a join of theirs has come."""

import collections
import threading

PEOPLE_MAX = 500  # those heard of first make room


class People:
    """:param side: "A" or "B"
    :param changes: gets the documents ("person", side, user) and ("joining", side, user)
    """

    def __init__(self, side, changes):
        self._side = side
        self._changes = changes
        self._lock = threading.Lock()
        self._people = collections.OrderedDict()  # user -> document: name, avatar, state, status

    def is_called(self, user, name, avatar):
        """None: as before."""
        self._know(user, name=name, avatar=avatar)

    def is_there(self, user, state, status):
        self._know(user, state=state, status=status)

    def _know(self, user, **told):
        with self._lock:
            self._people[user] = {
                **self._people.get(user, {}),
                **{key: value for key, value in told.items() if value is not None},
            }
            self._changes.put(("person", self._side, user), self._people[user])
            while len(self._people) > PEOPLE_MAX:
                self._changes.put(("person", self._side, self._people.popitem(last=False)[0]), None)

    def joins(self, user, progress):
        """How far the join of one of ours has come, as `join.progress` tells it; None: it has ended."""
        told = progress and {key: progress[key] for key in ("phase", "server", "done", "total")}
        self._changes.put(("joining", self._side, user), told)
