"""What the two chat servers asked for, were answered and were shown, and what went between the brokers: all that the checker knows. Nothing of
it is read from a broker's store, since a promise is about what others have seen."""

import dataclasses
import threading

MESSAGE, EDIT, BAN, JOIN = "message", "edit", "ban", "join"


@dataclasses.dataclass
class Command:
    """One that makes an event. Its text names it: no other command has that text."""
    id: str
    name: str  # message.send or message.edit
    room: str
    sender: str
    text: str
    readers: tuple  # those who have to be shown what it makes
    event_id: str = ""  # of the RESULT; empty: there is none
    refused: str = ""  # code of the RESULT; empty: it is not refused


@dataclasses.dataclass
class Shown:
    """One durable notification a reader was told. Of a ban and a join `sender` is whom it is about."""
    kind: str
    room: str
    event_id: str
    sender: str
    text: str = ""
    target: str = ""  # of an edit: the event id of its message


@dataclasses.dataclass
class Transaction:
    """One attempt of PUT /send, as it stood at the receiver's door."""
    sender: str  # server names
    receiver: str
    id: str
    body: bytes
    status: int = 0  # 0: nobody has answered
    refused: tuple = ()  # event ids with an error in the answer


@dataclasses.dataclass
class Change:
    """Of an invitation, as a reader was told."""
    room: str
    user: str
    direction: str
    previous: str  # empty: it is a new one
    state: str


@dataclasses.dataclass
class Receipt:
    room: str
    user: str
    thread: str
    event_id: str


class Ledger:
    """A reader is a chat server, named by its homeserver's name.

    :param room_version: of all rooms in it, as event ids depend on it.
    """

    def __init__(self, room_version="11"):
        self.room_version = room_version
        self.commands = []  # in the order in which each sender asked
        self.again = []  # (command id, event id): RESULTs of commands that were repeated when all was over
        self.shown = {}  # reader -> [Shown] in order; so the next two
        self.changes = {}
        self.receipts = {}
        self.read = []  # (reader, Receipt): acknowledged to the chat server of who has read
        self.positions = {}  # reader -> [Receipt]: the markers of a room as its broker has them
        self.transactions = []
        self.rooms = None  # all of them
        self._lock = threading.Lock()

    def is_about(self, room):
        """A ledger that is one of several has its own rooms: what the others do is not judged by it."""
        return self.rooms is None or room in self.rooms

    def begin(self, command):
        with self._lock:
            self.commands.append(command)
        return command

    def arrive(self, transaction):
        with self._lock:
            self.transactions.append(transaction)
        return transaction


def read_notifications(ledger, reader, notifications, ephemeral):
    """Puts down what a chat server was told, in place of what is there of that reader.

    :param notifications: durable ones in order, each with `name` and `body`.
    :param ephemeral: bodies of `receipt`, in order.
    """
    shown, changes = [], []
    for each in notifications:
        body = each.body
        room = body.get("matrix_room_id", "")
        if each.name == "message.received":
            shown.append(Shown(MESSAGE, room, body["event_id"], body["sender"], body["text"]))
        elif each.name == "message.edited":
            shown.append(Shown(EDIT, room, body["edit_event_id"], body["sender"], body["text"], body["event_id"]))
        elif each.name == "member.changed" and body["membership"] in (BAN, JOIN):
            shown.append(Shown(body["membership"], room, body["event_id"], body["user"]))
        elif each.name == "invitation.received":
            changes.append(Change(room, body["user"], "incoming", "", "pending"))
        elif each.name == "invitation.changed":
            changes.append(Change(room, body["user"], body["direction"], body["previous_state"], body["state"]))
    ledger.shown[reader] = shown
    ledger.changes[reader] = changes
    ledger.receipts[reader] = [Receipt(body["matrix_room_id"], body["user"], body.get("thread", ""), body["event_id"]) for body in ephemeral]
