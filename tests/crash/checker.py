"""Says which promises of the brokers a ledger breaks. It knows no process and no time: a ledger in, problems out."""

import collections
import dataclasses
import itertools
import json
import os
import re

from harness import ROOT, matrix
from ledger import BAN, EDIT, JOIN, MESSAGE

# Each promise by its name, as it stands in the test's messages.
PROMISES = {
    "acknowledged": "what was acknowledged to a chat server is shown to every reader of the room, once",
    "answered": "a PDU that was answered with 200 is shown, once",
    "unasked": "nothing is shown that nobody asked for, or that was refused",
    "order": "messages of a room have one order for all readers, and of one sender that of their commands; no edit comes before its message",
    "one_event": "a command makes one event, however often it is repeated",
    "transaction": "a transaction id always has the same bytes, and a PDU goes under one id only",
    "invitations": "an invitation changes its state as the table says, and nobody misses a change",
    "receipts": "a read marker that was acknowledged is kept, and none goes back",
    "banned": "nothing of a banned user is shown",
}


@dataclasses.dataclass(frozen=True)
class Problem:
    promise: str
    what: str

    def __str__(self):
        return f"{self.promise}: {self.what} ({PROMISES[self.promise]})"


def invitation_table():
    """{(direction, from, to)} as the contract prints it; a new invitation comes from ""."""
    with open(os.path.join(ROOT, "messages", "chat", "CONTRACT.md"), encoding="utf8") as text:
        printed = re.search(r"<!-- printed: invitations -->\n(.*?)<!-- /printed -->", text.read(), re.S)[1]
    found = set()
    for line in printed.splitlines()[2:]:
        direction, come_from, to = [cell.strip() for cell in line.split("|")[1:4]]
        found |= {(direction, "" if each == "(new)" else each, to) for each in come_from.split(", ")}
    return found


class Checker:
    def __init__(self, ledger):
        self._ledger = ledger
        self._by_text = {each.text: each for each in ledger.commands}
        self._banned_ever = {(each.room, each.sender) for shown in ledger.shown.values() for each in shown if each.kind == BAN}
        self._messages = {reader: [each for each in shown if each.kind in (MESSAGE, EDIT)] for reader, shown in ledger.shown.items()}

    def problems(self):
        """All of them, those of one promise together."""
        found = []
        for promise in PROMISES:
            found += [Problem(promise, what) for what in getattr(self, f"_{promise}")()]
        return found

    # -- each promise: sentences of what breaks it

    def _count(self, reader, event_id):
        return sum(each.event_id == event_id for each in self._messages.get(reader, ()))

    def _acknowledged(self):
        for command in self._ledger.commands:
            if not command.event_id or (command.room, command.sender) in self._banned_ever:
                continue
            for reader in command.readers:
                times = self._count(reader, command.event_id)
                if times != 1:
                    yield f"{command.name} {command.text} is {command.event_id}, which {reader} was shown {times} times"

    def _pdus(self, transaction):
        """(event id, PDU) of what is a message or an edit."""
        for pdu in json.loads(transaction.body).get("pdus", ()):
            if pdu["type"] == "m.room.message" and self._ledger.is_about(pdu["room_id"]):
                yield matrix.event_id(pdu, self._ledger.room_version), pdu

    def _answered(self):
        answered = {}
        for transaction in self._ledger.transactions:
            if transaction.status == 200:
                answered.update({(transaction.receiver, event_id): pdu for event_id, pdu in self._pdus(transaction)
                                 if event_id not in transaction.refused})
        for (reader, event_id), pdu in answered.items():
            times = self._count(reader, event_id)
            if times != 1 and (pdu["room_id"], pdu["sender"]) not in self._banned_ever:
                yield f"{event_id} of {pdu['sender']} was answered with 200 and shown to {reader} {times} times"

    def _unasked(self):
        for reader, messages in self._messages.items():
            for each in messages:
                command = self._by_text.get(each.text)
                if not command or (command.room, command.sender) != (each.room, each.sender):
                    yield f"{reader} was shown {each.text!r} of {each.sender} in {each.room}, {each.event_id}"
                elif command.refused:
                    yield f"{reader} was shown {each.text}, {each.event_id}, which was refused: {command.refused}"

    def _order(self):
        # Edits have no place among messages: the broker tells one when it has found what it changes.
        sequences = collections.defaultdict(dict)  # room -> whose order -> event ids
        for command in self._ledger.commands:
            if command.event_id and command.name == "message.send":
                sequences[command.room].setdefault(f"the commands of {command.sender}", []).append(command.event_id)
        for reader, messages in self._messages.items():
            for each in messages:
                if each.kind == MESSAGE:
                    sequences[each.room].setdefault(reader, []).append(each.event_id)
                elif each.target not in sequences[each.room].get(reader, ()):
                    yield f"{reader} was shown {each.event_id}, an edit, before the message {each.target}"
        for room, orders in sequences.items():
            for (one, left), (other, right) in itertools.combinations(orders.items(), 2):
                place = {event_id: at for at, event_id in enumerate(right)}
                common = [event_id for event_id in left if event_id in place]
                for before, after in itertools.pairwise(common):
                    if place[before] > place[after]:
                        yield f"in {room} {before} is before {after} for {one}, and behind it for {other}"

    def _one_event(self):
        events = collections.defaultdict(set)  # text of the command -> event ids
        by_id = {each.id: each for each in self._ledger.commands}
        for command in self._ledger.commands:
            events[command.text] |= {command.event_id} - {""}
        for command_id, event_id in self._ledger.again:
            events[by_id[command_id].text].add(event_id)
        for each in itertools.chain(*self._messages.values()):
            events[each.text].add(each.event_id)
        for transaction in self._ledger.transactions:
            for event_id, pdu in self._pdus(transaction):
                content = pdu["content"].get("m.new_content", pdu["content"])
                events[content.get("body")].add(event_id)
        for text, ids in events.items():
            if len(ids) > 1:
                yield f"{text} is {' and '.join(sorted(ids))}"

    def _transaction(self):
        bodies, ids = collections.defaultdict(set), collections.defaultdict(set)
        for each in self._ledger.transactions:
            bodies[each.sender, each.receiver, each.id].add(each.body)
            for event_id, _ in self._pdus(each):
                ids[each.sender, each.receiver, event_id].add(each.id)
        for (sender, receiver, name), different in bodies.items():
            if len(different) > 1:
                yield f"{name} from {sender} to {receiver} had {len(different)} different bodies"
        for (sender, receiver, event_id), names in ids.items():
            if len(names) > 1:
                yield f"{event_id} went from {sender} to {receiver} as part of {' and '.join(sorted(names))}"

    def _invitations(self):
        table = invitation_table()
        for reader, changes in self._ledger.changes.items():
            states = {}
            for each in changes:
                whose = f"the invitation of {each.user} to {each.room} ({each.direction}), as {reader} was told,"
                known = states.get((each.room, each.user, each.direction), "")
                if each.previous not in (known, ""):  # a new one takes the place of any other
                    yield f"{whose} was {known or 'not there'} and went from {each.previous} to {each.state}"
                elif each.state != each.previous and (each.direction, each.previous, each.state) not in table:
                    yield f"{whose} went from {each.previous or 'nothing'} to {each.state}"
                states[each.room, each.user, each.direction] = each.state

    def _receipts(self):
        place = {}  # event id -> (room and sender, number)
        for command in self._ledger.commands:
            if command.event_id:
                place[command.event_id] = (command.room, command.sender), len(place)
        for reader, receipts in self._ledger.receipts.items():
            furthest = {}  # of which marker, in whose messages -> (number, event id)
            for each in receipts:
                if each.event_id not in place:
                    continue  # a message of somebody who is no part of this ledger
                line, number = place[each.event_id]
                marker = (each.room, each.user, each.thread, line)
                before = furthest.get(marker, (-1, ""))
                if number < before[0]:
                    yield f"{reader} was told that {each.user} has read up to {each.event_id} in {each.room}, after {before[1]}"
                furthest[marker] = max(before, (number, each.event_id))

        acknowledged = {}  # of a user at their broker -> (number, event id)
        for reader, each in self._ledger.read:
            if each.event_id not in place:
                continue  # its author has not been answered
            line, number = place[each.event_id]
            whose = (reader, each.room, each.user, line)
            acknowledged[whose] = max(acknowledged.get(whose, (-1, "")), (number, each.event_id))
        for (reader, room, user, line), (number, event_id) in acknowledged.items():
            if reader not in self._ledger.positions:
                continue  # nobody has asked yet
            kept = [place[each.event_id] for each in self._ledger.positions[reader] if (each.room, each.user) == (room, user) and each.event_id in place]
            if not any(where == line and at >= number for where, at in kept):
                yield f"{reader} has acknowledged that {user} has read up to {event_id} in {room}, and does not know it"

    def _banned(self):
        for reader, shown in self._ledger.shown.items():
            banned = set()
            for each in shown:
                who = (each.room, each.sender)
                if each.kind == BAN:
                    banned.add(who)
                elif each.kind == JOIN:
                    banned.discard(who)
                elif who in banned:
                    yield f"{reader} was shown {each.event_id} of {each.sender}, who is banned from {each.room}"
