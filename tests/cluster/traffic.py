"""People of two homeservers who talk for as long as a chapter lasts, and the ledger of what they were answered and shown."""

import collections
import threading
import time

import paths  # noqa: F401 - first: it finds what follows
import ledger as book
from causeway_client import CommandError, CommandTimeout
from causeway_demo.process import until
from checker import Checker

ROOM_VERSION = "11"
PATIENCE_S = 180
# What becomes true by itself when all are there; the other promises hold at every moment.
EVENTUAL = ("acknowledged", "answered")
# Promises whose breach makes two histories of one.
FORKS = ("order", "one_event", "transaction")


def counts_of(ledger, problems):
    """{acknowledged, lost, duplicated, forked}: commands, commands and readers, showings too many, broken promises of one history.

    :param problems: what the checker has found."""
    shown = {reader: collections.Counter(each.event_id for each in told) for reader, told in ledger.shown.items()}
    found = {"acknowledged": 0, "lost": 0, "duplicated": 0, "forked": 0}
    for command in ledger.commands:
        if not command.event_id:
            continue
        found["acknowledged"] += 1
        for reader in command.readers:
            times = shown.get(reader, {}).get(command.event_id, 0)
            found["lost"] += times == 0
            found["duplicated"] += max(0, times - 1)
    found["forked"] = sum(each.promise in FORKS for each in problems)
    return found


class Speaker(threading.Thread):
    """Says one message after the other; each third is edited. What is refused for the moment is said again under the same id."""

    def __init__(self, chapter, side, reader, room, user):
        super().__init__(daemon=True)
        self.failure = None
        self.commands = []
        self._chapter, self._side, self._reader, self._room, self._user = chapter, side, reader, room, user
        self._stopped = threading.Event()

    def run(self):
        try:
            while not self._stopped.is_set():
                text = f"{self._chapter.name} {len(self.commands)} {self._user}"
                said = self._say(text, text, "message.send")
                if said.event_id and len(self.commands) % 3 == 0:
                    self._say(f"{text} edited", text, "message.edit")
        except Exception as why:  # told by the chapter
            self.failure = why

    def stop(self):
        self._stopped.set()

    def _say(self, text, message, name):
        command = book.Command(f"say {text}"[:128], name, self._room, self._user, text, (self._reader.server_name,))
        self._chapter.ledger.begin(command)
        self.commands.append((command, message))
        command.event_id = self.carry_out(command, message)
        self._chapter.answered(self._side)
        return command

    def carry_out(self, command, message):
        """Event id, however often it has to be asked for."""
        body = {"room": command.room, "sender": command.sender, "text": command.text, "message": message}
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._side.chat.command(command.name, body, command.id, PATIENCE_S)["event_id"]
            except CommandError as refusal:
                if not refusal.retryable or time.monotonic() > deadline:
                    command.refused = refusal.code
                    raise


class Chapter:
    """Some rooms with a speaker of each side in each of them. A ledger is of one chapter: what was judged need not be kept.

    :param doors: the Recorders before both brokers.
    """

    def __init__(self, name, ours, theirs, users, doors):
        self.name = name
        self.ledger = book.Ledger(ROOM_VERSION)
        for door in doors:
            door.write_to(self.ledger)
        self.times = []  # when ours was answered
        self._sides = (ours, theirs)
        self.rooms = self.ledger.rooms = set()
        self._speakers = []
        self._found = []
        for mine, other in users:
            room = ours.create_group(mine, [other])
            self.rooms.add(room)
            until(lambda room=room, other=other: theirs.has_invitation(room, other), PATIENCE_S, f"the invitation of {other}")
            theirs.accept(room, other)
            ours.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=other, state="accepted")
            self._speakers += [Speaker(self, ours, theirs, room, mine), Speaker(self, theirs, ours, room, other)]
        for each in self._speakers:
            each.start()

    @property
    def acknowledged(self):
        return sum(bool(each.event_id) for each in list(self.ledger.commands))

    def answered(self, side):
        if side is self._sides[0]:
            self.times.append(time.monotonic())

    def check_alive(self):
        for each in self._speakers:
            if each.failure:
                raise each.failure

    def wait_for_answers(self, count):
        """Of our chat server, from now on."""
        wanted = len(self.times) + count

        def are_there():
            self.check_alive()
            return len(self.times) >= wanted
        until(are_there, PATIENCE_S, f"{count} answers to our chat server")

    def wait_for_events(self, count):
        """Acknowledged ones of the whole chapter."""
        def are_there():
            self.check_alive()
            return self.acknowledged >= count
        until(are_there, max(PATIENCE_S, count), f"{count} acknowledged events", 0.1)

    def longest_pause(self, since):
        """Seconds between two answers to our chat server, of those that ended after `since`."""
        times = list(self.times)
        late = [each for each in times if each >= since]
        early = [each for each in times if each < since][-1:] or late[:1]
        return max((b - a for a, b in zip(early + late, late)), default=0.0)

    def finish(self):
        """All stop, and some ask again what they were answered; returns the problems that are left when all had time to arrive."""
        for each in self._speakers:
            each.stop()
        for each in self._speakers:
            each.join(PATIENCE_S)
        self.check_alive()
        for each in self._speakers:
            for command, message in each.commands[-3:]:
                try:
                    self.ledger.again.append((command.id, each.carry_out(command, message)))
                except CommandTimeout as why:
                    raise RuntimeError(f"{command.id} is not answered again") from why
        try:
            # The checker reads every byte of every transaction: it is asked when all that was acknowledged is there.
            until(lambda: counts_of(self._read_ledger(), [])["lost"] == 0, PATIENCE_S, "all messages", 0.3)
            until(lambda: not any(each.promise in EVENTUAL for each in self._problems()), PATIENCE_S, "all that was answered", 3)
        except TimeoutError:
            self._problems()  # what is missing is a problem, and is told as such
        return self._found

    def _problems(self):
        self._found = Checker(self._read_ledger()).problems()
        return self._found

    def _read_ledger(self):
        for side in self._sides:
            shown = [each for each in side.chat.seen if each.body.get("matrix_room_id") in self.rooms]
            book.read_notifications(self.ledger, side.server_name, shown, [])
        return self.ledger
