"""The steps of the tour: what each does, what is waited for, and the sentence about it. They do what a person could do
in the page."""

import functools
import os

from .. import picture
from ..process import until
from .actions import Refused
from .story import WAIT_S, Story


class Step:
    """:param focus: called for side -> {"user", "room"} to look at"""

    def __init__(self, title, sentence, act, focus):
        self.title = title
        self.sentence = sentence
        self.act = act
        self.focus = focus


class Acts(Story):
    """What is done in each step; what it shows is there when the method returns."""

    def found(self):
        answer = self.here.actions.carry_out(
            "room.create",
            {
                "type": "channel",
                "name": "Harbour",
                "topic": "Who sails today?",
                "creator": self.alice,
                "members": [self.bob],
            },
        )
        self.room = answer["matrix_room_id"]
        self.invitation(self.here, self.bob, "pending")
        self.invitation(self.there, self.bob, "pending")

    def write_while_invited(self):
        self.says(self.alice, "Welcome aboard, Bob. You can read this as soon as you join.")

    def bob_accepts(self):
        self.accept(self.bob)
        self.shown(self.there, "what was said before", historical=True, sender=self.alice)

    def talk(self):
        self.do(self.bob, "typing", {"user": self.bob, "typing": True})
        until(lambda: self.site.changes.get(("typing", "A", self.room)), WAIT_S, "A to see that Bob types")
        first = self.says(self.bob, "Here I am. Is the sea calm over there?")
        self.shown(self.here, "Bob's message", event_id=first)
        second = self.says(self.alice, "Calm as a mirror.", reply_to=first)
        self.shown(self.there, "Alice's answer", event_id=second)
        return first, second

    def edit_and_react(self):
        message = self.says(self.alice, "We leave at nine")
        self.shown(self.there, "the message", event_id=message)
        self.do(self.alice, "message.edit", {"sender": self.alice, "message": message, "text": "We leave at ten"})
        self.shown(self.there, "the edit", event_id=message, text="We leave at ten")
        self.do(self.bob, "reaction.add", {"user": self.bob, "message": message, "key": "👍"})
        until(
            lambda: any(each.get("reactions") for each in self.here.book.entries(self.room)),
            WAIT_S,
            "the reaction at A",
        )

    def read(self):
        message = self.says(self.alice, "Do you read me?")
        self.shown(self.there, "the question", event_id=message)
        self.do(self.bob, "read", {"user": self.bob, "message": message})
        until(
            lambda: self.here.book.room(self.room)["readers"].get(self.bob, {}).get("event_id") == message,
            WAIT_S,
            "Bob's receipt at A",
        )

    def rename(self):
        self.do(self.alice, "room.set_name", {"by": self.alice, "name": "Harbour at dawn"})
        for side in (self.here, self.there):
            until(
                lambda side=side: side.book.room(self.room)["name"] == "Harbour at dawn",
                WAIT_S,
                f"the new name at {side.name}",
            )

    def send_picture(self):
        path = os.path.join(self.site.directory, "ferry.png")
        picture.write(path)
        with open(path, "rb") as opened:
            sent = self.here.actions.send_file(self.room, self.alice, "ferry.png", "image/png", opened)
        self.shown(self.there, "the picture", event_id=sent["event_id"])

    def carol_rejects(self):
        self.invite(self.carol, "pending")
        self.invitation(self.there, self.carol, "pending")
        self.do(self.carol, "invite.answer", {"user": self.carol, "accept": False, "reason": "seasick today"})
        self.invitation(self.here, self.carol, "rejected")

    def dave_is_uninvited(self):
        self.acting["B"] = self.dave
        self.invite(self.dave, "pending")
        self.invitation(self.there, self.dave, "pending")
        self.do(self.alice, "invite.revoke", {"by": self.alice, "user": self.dave})
        self.invitation(self.here, self.dave, "revoked")
        self.invitation(self.there, self.dave, "revoked")

    def server_goes_down(self):
        self.acting["B"] = self.bob
        self.site.switch(False)
        message = self.says(self.alice, "Bob, are you still there?")
        until(
            lambda: any(
                each.get("event_id") == message
                and any(way["state"] == "delayed" for way in each.get("servers", {}).values())
                for each in self.here.book.entries(self.room)
            ),
            WAIT_S,
            "the message to be delayed",
        )
        self.invite(self.carol, "sending")
        until(
            lambda: any(
                each["state"] == "sending" and each["last_fault"]
                for each in self.here.book.room(self.room)["invitations"]
            ),
            WAIT_S,
            "the reason why the invitation waits",
        )

    def write_while_down(self):
        self.do(self.bob, "message.send", {"sender": self.bob, "text": "I am, but my broker is not"})

    def server_comes_back(self):
        self.site.switch(True)
        self.invitation(self.here, self.carol, "pending")
        self.shown(self.here, "Bob's message", text="I am, but my broker is not")
        until(
            lambda: (
                not any(
                    way["state"] == "delayed"
                    for each in self.here.book.entries(self.room)
                    for way in each.get("servers", {}).values()
                )
            ),
            WAIT_S,
            "everything to be delivered",
        )

    def moderator(self):
        self.invitation(self.there, self.carol, "pending")
        self.accept(self.carol)
        self.do(self.alice, "member.set_role", {"by": self.alice, "user": self.carol, "role": "moderator"})
        for side in (self.here, self.there):
            self.member(side, self.carol, role="moderator")

    def dave_misbehaves(self):
        self.invite(self.dave, "pending")
        self.invitation(self.there, self.dave, "pending")
        self.accept(self.dave)
        message = self.says(self.dave, "Buy my boat! Buy my boat! Buy my boat!")
        self.shown(self.here, "Dave's message", event_id=message)
        self.do(self.carol, "message.delete", {"by": self.carol, "message": message, "reason": "advertising"})
        until(
            lambda: any(each.get("deleted") for each in self.here.book.entries(self.room)), WAIT_S, "the deletion at A"
        )

    def ban(self):
        self.acting["B"] = self.dave
        self.do(
            self.alice,
            "member.ban",
            {"by": self.alice, "user": self.dave, "reason": "advertising, again", "redact_events": True},
        )
        for side in (self.here, self.there):
            self.banned(side, self.dave)
        until(lambda: self.dave in self.there.book.room(self.room)["gone"], WAIT_S, "the room to leave Dave's list")
        try:
            self.do(self.alice, "invite.send", {"by": self.alice, "user": self.dave})
        except Refused as refused:
            if refused.code == "forbidden":
                return
            raise
        raise RuntimeError("Dave could be invited in spite of his ban")

    def unban(self):
        self.acting["B"] = self.bob
        self.do(self.alice, "member.unban", {"by": self.alice, "user": self.dave})
        for side in (self.here, self.there):
            self.banned(side, self.dave, False)

    def bob_leaves(self):
        self.do(self.bob, "member.leave", {"user": self.bob, "reason": "time for lunch"})
        self.shown(self.here, "that Bob has left", what="left", target=self.bob)


# Title, what is done, what one sees, and the commands without which a broker cannot play it.
STEPS = [
    (
        "An invitation",
        Acts.found,
        "Alice makes a channel and invites Bob. Her side shows the invitation as it comes along: sending "
        "while Bob's server has not taken it, then pending. Bob's side offers him to accept or reject it.",
        (),
    ),
    (
        "The room is open at once",
        Acts.write_while_invited,
        "Nobody waits for Bob: Alice writes, and her broker keeps the message until he can read it.",
        (),
    ),
    (
        "Bob accepts",
        Acts.bob_accepts,
        "His side joins the room and fetches what was said before. Both panels now list two members, and the "
        "invitation is accepted.",
        (),
    ),
    (
        "They talk",
        Acts.talk,
        "Bob's typing shows at Alice's side, his message arrives, and Alice answers that very message. Below "
        "each of your own messages stands how far it has come.",
        (),
    ),
    (
        "An edit and a reaction",
        Acts.edit_and_react,
        "Alice corrects her message: it changes at both sides, marked as edited. Bob reacts to it.",
        (),
    ),
    (
        "Who has read it",
        Acts.read,
        "Bob has the room open, so his side tells that he has read it. Alice sees by whom her message was "
        "read, and when.",
        ("read", "query.read_positions", "federation.configure"),
    ),
    (
        "Another name",
        Acts.rename,
        "Alice renames the channel, and it has the new name on both sides.",
        ("room.set_name",),
    ),
    (
        "A picture",
        Acts.send_picture,
        "The file goes to the broker's store; Bob's broker fetches it from there when his side shows it.",
        (),
    ),
    (
        "An invitation is rejected",
        Acts.carol_rejects,
        "Carol says no, with a reason. The room goes on; Alice sees who declined and why, and may ask again.",
        (),
    ),
    (
        "An invitation is revoked",
        Acts.dave_is_uninvited,
        "Alice takes back what she sent to Dave: it first waits for his server to confirm that, then it is "
        "revoked on both sides.",
        (),
    ),
    (
        "Server B goes down",
        Acts.server_goes_down,
        "Its broker is stopped. Alice's message is safe on her broker's disk and shows as delayed; her new "
        "invitation to Carol stays at sending, with the attempts made and the reason.",
        (),
    ),
    (
        "Bob writes all the same",
        Acts.write_while_down,
        "His chat server keeps the message until its own broker is back.",
        (),
    ),
    (
        "Server B comes back",
        Acts.server_comes_back,
        "What waited is delivered, on both sides, and Carol's invitation becomes pending. Nothing "
        "was lost, and nobody had to repeat anything.",
        (),
    ),
    (
        "A moderator",
        Acts.moderator,
        "Carol joins, and Alice makes her a moderator: both panels show the role, as every Matrix server sees it.",
        (),
    ),
    (
        "A message is deleted",
        Acts.dave_misbehaves,
        "Dave joins and advertises. Carol may delete that now, and it is gone on both sides, with her reason.",
        (),
    ),
    (
        "A ban",
        Acts.ban,
        "Alice bans Dave. The room leaves his list at once; her panel lists him as banned, by whom, when and "
        "why. Inviting him now is refused before anything is sent.",
        (),
    ),
    (
        "The ban is lifted",
        Acts.unban,
        "Dave is off the list and could be invited again.",
        (),
    ),
    (
        "Bob leaves",
        Acts.bob_leaves,
        "Both sides see it, with his reason. Now it is your turn: every button works.",
        (),
    ),
]


def steps(site):
    """The steps in order, for one playing of the tour."""
    acts = Acts(site)
    known = set.intersection(*(set(side.features) for side in site.sides.values()))
    return [
        Step(title, sentence, functools.partial(act, acts), acts.focus)
        for title, act, sentence, needs in STEPS
        if known >= set(needs)
    ]
