"""Asks the broker what a room is like whenever something in it has changed: the contextual panel shows answers of
queries, not guesses."""

import threading

from ..chat_server import CommandError, CommandTimeout

ANSWER_S = 10
KNOWS_S = 60  # asked once, while everything starts
# An invitation in one of these states waits for another server: how often it was tried and when it is tried again no
# notification tells.
WAITING = ("sending", "revoked_unconfirmed")
LOOK_AGAIN_S = 1.0


class Asker:
    """One thread, which asks for one room after another.

    :param is_up: whether the broker can be asked; what changed meanwhile is asked for later
    :param knows: whether the broker knows a command, by its name
    """

    def __init__(self, chat, book, is_up, knows):
        self._chat = chat
        self._book = book
        self._is_up = is_up
        self._knows = knows
        self._changed = threading.Condition()
        self._rooms = {}  # in the order they changed; as many as the book has at most
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)

    def start(self):
        self._thread.start()

    def close(self):
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(ANSWER_S + 5)

    def look_again(self, room):
        with self._changed:
            self._rooms[room] = True
            self._changed.notify_all()

    def _run(self):
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or (self._rooms and self._is_up()), LOOK_AGAIN_S)
                if self._closed:
                    return
                rooms, self._rooms = (self._rooms, {}) if self._is_up() else ({}, self._rooms)
            for room in rooms:
                self._ask(room)
            if not rooms:
                self._ask_for_waiting()

    def _ask_for_waiting(self):
        for room in self._book.rooms() if self._is_up() else ():
            document = self._book.room(room) or {"invitations": ()}
            if any(each["state"] in WAITING for each in document["invitations"]):
                self._ask(room)

    def _ask(self, room):
        try:
            view = self._answer("query.room", room)
            invitations = self._answer("query.invitations", room)
            banned = self._answer("query.banned", room) if view else None
            readers = self._readers(room) if view else None
        except CommandTimeout:
            self.look_again(room)  # the broker is away
            return
        self._book.looked(
            room, view, invitations["invitations"] if invitations else [], banned and banned["banned"], readers
        )

    def _answer(self, query, room):
        """None: it is refused, as of a room none of ours has been in."""
        try:
            return self._chat.command(query, {"room": room}, timeout=ANSWER_S)
        except CommandError:
            return None

    def _readers(self, room):
        """Of query.read_positions: user -> how far they have read and when."""
        if not self._knows("query.read_positions"):
            return None
        answer = self._answer("query.read_positions", room)
        if not answer:
            return None
        return {
            each["user"]: {
                "event_id": each.get("event_id") or each.get("message"),
                "ts": each["ts"],
                **({"private": True} if each.get("private") else {}),
            }
            for each in answer["positions"]
        }


def knows(chat, command):
    """Whether the broker knows a command: an empty body is refused in another way than an unknown name.

    :raises CommandTimeout: it did not answer
    """
    try:
        chat.command(command, {}, timeout=KNOWS_S)
    except CommandError as refused:
        return refused.code != "unknown_command"
    return True
