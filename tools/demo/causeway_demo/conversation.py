"""The conversation the demo plays, and the account of it."""

import filecmp
import os
import threading

from . import picture
from .screen import short


class Account:
    """What is owed: (message, reader) pairs that were acknowledged and whose reader is or becomes a member."""

    def __init__(self):
        self._owed = []  # (reader's chat server, reader, matrix room id, event id)
        self._lock = threading.Lock()
        self.invitations = {"accepted": 0, "rejected": 0, "revoked": 0}

    def owe(self, server, reader, room, event_id):
        with self._lock:
            self._owed.append((server, reader, room, event_id))

    def missing(self):
        """How many owed pairs have not arrived yet."""
        return sum(1 for server, _, room, event_id in self._owed if self._count(server, room, event_id) == 0)

    @staticmethod
    def _count(server, room, event_id):
        return len(server.find("message.received", matrix_room_id=room, event_id=event_id))

    def summary(self):
        counts = [self._count(server, room, event_id) for server, _, room, event_id in self._owed]
        delivered = sum(1 for count in counts if count > 0)
        return {"owed": len(counts), "delivered": delivered, "lost": len(counts) - delivered,
                "duplicated": sum(count - 1 for count in counts if count > 1), "invitations": self.invitations}


def in_order(user, count):
    """Texts of a burst, as they are sent."""
    return [f"{short(user)}'s number {number + 1}" for number in range(count)]


def play(screen, here, there, domain_here, domain_there, folder, burst=20):
    """Alice is at `here`; Bob, Carol and Dave are at `there`; a picture lies in `folder`. Returns the Account.

    :raises TimeoutError, CommandError: the conversation did not go as it must.
    """
    account = Account()
    alice, bob, carol, dave = (f"@{name}:{domain}" for name, domain in (
        ("alice", domain_here), ("bob", domain_there), ("carol", domain_there), ("dave", domain_there)))
    for server, user, name in ((here, alice, "Alice"), (there, bob, "Bob"), (there, carol, "Carol"), (there, dave, "Dave")):
        server.command("user.profile", {"user": user, "display_name": name})

    def says(server, room, user, text, reader=None, reader_server=None):
        event_id = server.send(room, user, text)
        if reader:
            account.owe(reader_server, reader, room, event_id)

    def direct_message(with_whom, opening):
        screen.does("A", "alice", f"opens a direct message with {with_whom}")
        room = here.create_room("dm", alice, [with_whom])["matrix_room_id"]
        here.wait_for("invitation.changed", user=with_whom, matrix_room_id=room, state="pending")
        there.wait_for("invitation.received", user=with_whom, matrix_room_id=room)
        screen.does("A", "alice", f"writes while it is pending: {opening}")
        return room

    screen.title("1. An invitation is accepted")
    room = direct_message(bob, "hello Bob, are you there?")
    says(here, room, alice, "hello Bob, are you there?", bob, there)
    says(here, room, alice, "no hurry", bob, there)
    screen.does("B", "bob", "accepts")
    there.answer(room, bob, accept=True)
    here.wait_for("invitation.changed", user=bob, matrix_room_id=room, state="accepted")
    account.invitations["accepted"] += 1
    there.wait_until(lambda: len(there.messages(room)) >= 2, 30, "the messages from before Bob joined")

    screen.title("2. They talk")
    for user, text in ((bob, "here I am"), (alice, "good to see you"), (bob, "how is the weather over there?"),
                       (alice, "federated, with a chance of backfill")):
        mine, theirs, reader = (here, there, bob) if user == alice else (there, here, alice)
        screen.does("A" if user == alice else "B", short(user), f"writes: {text}")
        before = len(theirs.messages(room))
        says(mine, room, user, text, reader, theirs)
        theirs.wait_until(lambda b=before, s=theirs: len(s.messages(room)) > b, 30, f"'{text}'")

    screen.title("3. A picture")
    path = os.path.join(folder, "ferry.png")
    picture.write(path)
    screen.does("A", "alice", "sends ferry.png")
    mxc, sent = here.send_file(room, alice, path)
    account.owe(there, bob, room, sent["event_id"])
    told = there.wait_for("message.received", matrix_room_id=room, event_id=sent["event_id"]).body
    known = there.download(told["file"]["mxc"], path + ".received")
    same = filecmp.cmp(path, path + ".received", shallow=False)
    screen.sees("B", f"   {known.file_name}, {known.content_type}, {known.total_bytes} bytes, {'as it was sent' if same else 'ALTERED'}")
    if not same:
        raise RuntimeError(f"{mxc} is not what was sent")

    screen.title(f"4. Both write {burst} messages at once")
    screen.hold(True)
    failures = []

    def burst_of(server, user, reader, reader_server):
        try:
            for number in in_order(user, burst):
                says(server, room, user, number, reader, reader_server)
        except Exception as why:  # to the thread that waits below
            failures.append(why)
    threads = [threading.Thread(target=burst_of, args=each) for each in ((here, alice, bob, there), (there, bob, alice, here))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    there.wait_until(lambda: account.missing() == 0, 60, lambda: f"{account.missing()} messages under way")
    screen.hold(False)
    for side, server, user in (("A", here, bob), ("B", there, alice)):
        read = [text for text in server.messages(room, user) if "number" in text]
        screen.sees(side, f"<- {len(read)} messages of {short(user)}, {'in order' if read == in_order(user, burst) else 'out of order'}")

    screen.title("5. An invitation is rejected")
    room = direct_message(carol, "would you join us, Carol?")
    says(here, room, alice, "would you join us, Carol?")
    screen.does("B", "carol", "rejects")
    there.answer(room, carol, accept=False, reason="not today")
    here.wait_for("invitation.changed", user=carol, matrix_room_id=room, state="rejected")
    account.invitations["rejected"] += 1

    screen.title("6. An invitation is revoked")
    room = direct_message(dave, "Dave, this one was not for you")
    says(here, room, alice, "Dave, this one was not for you")
    screen.does("A", "alice", "revokes it")
    here.revoke(room, alice, dave)
    here.wait_for("invitation.changed", user=dave, matrix_room_id=room, state="revoked")
    there.wait_for("invitation.changed", user=dave, matrix_room_id=room, state="revoked")
    account.invitations["revoked"] += 1
    return account
