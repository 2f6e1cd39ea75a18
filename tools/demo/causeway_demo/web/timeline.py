"""What one room of one chat server shows, in order: messages and system messages, as documents for the page."""

import collections
import time

ENTRIES_MAX = 200  # of a room; the oldest make room
REACTIONS_MAX = 50  # keys of a message


def now_ms():
    return int(time.time() * 1000)


class Timeline:
    """Entries by their ids: an event id, or of what this chat server's users write the id the chat server gave.

    :param publish: called with (entry id, entry or None for one that is gone)
    """

    def __init__(self, publish):
        self._publish = publish
        self._entries = collections.OrderedDict()
        self._id_of = {}  # event id -> entry id

    def entry(self, entry_or_event_id):
        """The entry, or None."""
        return self._entries.get(self._id_of.get(entry_or_event_id, entry_or_event_id))

    def entries(self):
        return list(self._entries.values())

    def add(self, entry_id, **fields):
        """A new entry; one that is there already stays as it is. What was written before our users came is placed by
        its time, all else by arrival."""
        if self.entry(entry_id):
            return
        entry = {"id": entry_id, "order": fields["ts"] if fields.get("historical") else now_ms(), **fields}
        self._entries[entry_id] = entry
        if fields.get("event_id"):
            self._id_of[fields["event_id"]] = entry_id
        self._publish(entry_id, entry)
        while len(self._entries) > ENTRIES_MAX:
            gone, old = self._entries.popitem(last=False)
            self._id_of.pop(old.get("event_id"), None)
            self._id_of.pop(old.get("own_id"), None)
            self._publish(gone, None)

    def take(self, entries):
        """Those of another timeline, as they are."""
        for entry in entries:
            self._entries[entry["id"]] = entry
            for other in (entry.get("event_id"), entry.get("own_id")):
                if other:
                    self._id_of[other] = entry["id"]
            self._publish(entry["id"], entry)

    def change(self, entry_or_event_id, **fields):
        """Changes fields of an entry, if it is there."""
        entry = self.entry(entry_or_event_id)
        if not entry:
            return
        entry.update(fields)
        if fields.get("event_id"):
            self._id_of[fields["event_id"]] = entry["id"]
        self._publish(entry["id"], entry)

    def binds(self, entry_or_event_id, own_id):
        """From now on the message has that id too; one it had before means it no longer."""
        entry = self.entry(entry_or_event_id)
        if not entry:
            return
        self._id_of.pop(entry.get("own_id"), None)
        self._id_of[own_id] = entry["id"]
        self.change(entry["id"], own_id=own_id)

    def delete(self, message, by, reason, ts):
        """A deleted message keeps its place and loses what it said."""
        self.change(
            message, deleted={"by": by, "reason": reason, "ts": ts}, text="", html="", file=None, reactions={}, edited=None
        )

    def react(self, message, key, user, event_id):
        """One user, one message and one key are one reaction."""
        entry = self.entry(message)
        if not entry or entry.get("deleted"):
            return
        reactions = {each: list(users) for each, users in entry.get("reactions", {}).items()}
        if key not in reactions and len(reactions) >= REACTIONS_MAX:
            return
        others = [each for each in reactions.get(key, []) if each["user"] != user]
        reactions[key] = others + [{"user": user, "event_id": event_id}]
        self.change(message, reactions=reactions)

    def take_back(self, message, key, user):
        entry = self.entry(message)
        if not entry:
            return
        reactions = {
            each: [one for one in users if each != key or one["user"] != user]
            for each, users in entry.get("reactions", {}).items()
        }
        self.change(message, reactions={each: users for each, users in reactions.items() if users})

    def on_the_way(self, message, server, state, reason, ts):
        """How far a message has come on its way to another server."""
        entry = self.entry(message)
        if entry:
            self.change(
                message, servers={**entry.get("servers", {}), server: {"state": state, "reason": reason, "ts": ts}}
            )
