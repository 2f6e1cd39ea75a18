"""What the page shows, as documents under keys, and the bounded log of their changes that viewers follow."""

import collections
import itertools
import json
import secrets
import threading

# A viewer that is further behind than this is told `gap` and everything anew: what is kept for viewers is bounded for
# all of them together.
KEPT_MAX = 2_000


class Changes:
    """Documents: key (a tuple of texts) -> JSON. Each change has a number; a viewer is nothing but the last number it
    has had.

    :param kept: changes that a viewer may be behind
    """

    def __init__(self, kept=KEPT_MAX):
        self._run = secrets.token_hex(4)  # numbers of another run mean nothing here
        self._documents = {}  # key -> JSON text
        self.kept = kept
        self._log = collections.deque(maxlen=kept)  # (key, JSON text or None), the latest has `_number`
        self._number = 0
        self._changed = threading.Condition()
        self._at_first = None

    def once_followed(self, action):
        """Calls `action` when the first viewer comes."""
        self._at_first = action

    def put(self, key, value):
        """Makes `value` the document of `key`; None takes it away. Nothing is told where it is that already."""
        text = None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        with self._changed:
            if self._documents.get(key) == text:
                return
            if text is None:
                del self._documents[key]
            else:
                self._documents[key] = text
            self._number += 1
            self._log.append((key, text))
            self._changed.notify_all()

    def get(self, key):
        """The document, or None."""
        with self._changed:
            text = self._documents.get(key)
        return None if text is None else json.loads(text)

    def everything(self):
        """(number, JSON text of a list of [key, document])"""
        action, self._at_first = self._at_first, None
        if action:
            action()
        with self._changed:
            return self._number, _as_list(self._documents.items())

    def after(self, number, seconds, is_open=lambda: True):
        """(number, JSON text of a list of [key, document or null]) of what has changed after `number`, of each key the
        latest. Waits for it at most `seconds` and while `is_open()`, and is (number, None) when nothing came. None:
        that far back nothing is kept."""
        with self._changed:
            self._changed.wait_for(lambda: self._number != number or not is_open(), seconds)
            if self._number == number:
                return number, None
            missed = self._number - number
            if missed < 0 or missed > len(self._log):
                return None
            latest = dict(itertools.islice(self._log, len(self._log) - missed, None))
            return self._number, _as_list(latest.items())

    def wake(self):
        """Whoever waits looks again whether it is still open."""
        with self._changed:
            self._changed.notify_all()

    def id_of(self, number):
        """The number as the `id:` of a server-sent event."""
        return f"{self._run}-{number}"

    def number_of(self, event_id):
        """The reverse; None where it is no id of this run."""
        run, _, digits = event_id.partition("-")
        return int(digits) if run == self._run and digits.isascii() and digits.isdigit() and len(digits) < 16 else None


def _as_list(items):
    return "[" + ",".join(f"[{json.dumps(key)},{text or 'null'}]" for key, text in items) + "]"
