"""What a chat server is told of a button before somebody presses it: `query.can` and the command say the same, with the same code."""

import uuid

from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from scenarios import Scenarios

COMMANDS = {"invite": "invite.send", "kick": "member.kick", "ban": "member.ban", "unban": "member.unban", "set_role": "member.set_role"}
DENIED = "denied.invalid"


class Beforehand(InteropCase):
    """alice owns each room, ben owns it with her where version 11 lets him; dave is a member, frank one who may not federate, eve is outside."""

    fresh = Scenarios.fresh
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)
        cls.ours.chat.command("federation.configure", {"deny": [DENIED]})

    def command(self, name, body):
        return self.ours.chat.command(name, body)

    def refusal(self, name, body):
        """Code of the fault; None: it was carried out."""
        try:
            self.command(name, body)
        except CommandError as why:
            return why.code
        return None

    def setUp(self):
        super().setUp()
        self.alice, self.ben, self.dave, self.eve, self.frank = (
            self.ours.user(self.fresh(each)) for each in ("alice", "ben", "dave", "eve", "frank"))

    def room(self, **more):
        """Where all are, but eve and whom a case is about."""
        self.command("user.may_federate", {"user": self.frank})  # he may come in
        room = self.ours.chat.create_room("channel", self.alice, [self.ben, self.dave, self.frank], **more)["matrix_room_id"]
        self.command("member.set_role", {"room": room, "by": self.alice, "user": self.ben, "role": "owner"})
        self.command("user.may_federate", {"user": self.frank, "may": False})
        return room

    # Whom something is done to. Each returns their name.

    def unknown(self, _room):
        return self.fresh("ghost")

    def unknown_by_matrix_id(self, _room):
        return f"@{self.fresh('ghost')}:{self.ours.server_name}"

    def deactivated(self, _room):
        user = self.ours.user(self.fresh("gone"))
        self.command("user.deactivate", {"user": user})
        return user

    def kept_at_home(self, _room):
        user = self.ours.user(self.fresh("home"))
        self.command("user.may_federate", {"user": user, "may": False})
        return user

    def somebody(self, _room):
        return self.ours.user(self.fresh("sam"))

    def owner(self, _room):
        return self.alice

    def other_owner(self, _room):
        return self.ben

    def member(self, _room):
        return self.dave

    def invited(self, room):
        user = self.somebody(room)
        self.command("invite.send", {"room": room, "by": self.alice, "user": user})
        return user

    def banned(self, room):
        user = self.somebody(room)
        self.command("member.ban", {"room": room, "by": self.alice, "user": user})
        return user

    def knocking(self, room):
        user = self.somebody(room)
        self.command("room.knock", {"room": room, "user": user})
        return user

    def elsewhere(self, _room):
        return f"@{self.fresh('bob')}:away.invalid"

    def elsewhere_and_invited(self, room):
        user = self.elsewhere(room)
        self.command("invite.send", {"room": room, "by": self.alice, "user": user})
        return user

    def elsewhere_and_banned(self, room):
        user = self.elsewhere(room)
        self.command("member.ban", {"room": room, "by": self.alice, "user": user})
        return user

    def elsewhere_and_denied(self, _room):
        return f"@bob:{DENIED}"

    def misspelt(self, _room):
        return "@b ob:away.invalid"

    def no_user(self, _room):
        return "bob@example.org"

    TARGETS = ("unknown", "unknown_by_matrix_id", "deactivated", "kept_at_home", "somebody", "owner", "other_owner", "member", "invited", "banned",
               "knocking", "elsewhere", "elsewhere_and_invited", "elsewhere_and_banned", "elsewhere_and_denied", "misspelt", "no_user")

    def compare(self, who, action, name, body, **more):
        """What was said beforehand, and what the command said. @returns whether it was carried out"""
        question = {"room": body["room"], "user": who, "action": action, **more}
        try:
            said = self.command("query.can", question)
        except CommandError as why:  # what names nobody names nobody to either
            said = {"verdict": "refused", "code": why.code}
        code = self.refusal(name, body)
        told = (said["verdict"] in ("yes", "irreversible"), said.get("code"))
        self.assertEqual(told, (code is None, code), f"{name} {body}: {said}")
        return code is None

    def test_whoever_asks_about_whomever_hears_what_the_command_would_answer(self):
        people = [getattr(self, each) for each in ("alice", "ben", "dave", "eve", "frank")]
        for action, name in COMMANDS.items():
            for target in self.TARGETS:
                with self.subTest(action=action, target=target):
                    self._all_ask(people, action, name, target)

    def _all_ask(self, people, action, name, target, **more):
        room = user = None
        for who in people:
            if room is None:
                room = self.room(visibility="knock", **more)
                user = getattr(self, target)(room)
            role = {"role": "moderator"} if action == "set_role" else {}
            if self.compare(who, action, name, {"room": room, "by": who, "user": user, **role}, target=user, **role):
                room = None

    def test_a_room_that_does_not_federate_takes_whoever_may_not_federate_and_nobody_else(self):
        for target in ("kept_at_home", "elsewhere", "elsewhere_and_denied", "unknown", "deactivated"):
            with self.subTest(target=target):
                self._all_ask([self.alice, self.dave, self.frank], "invite", "invite.send", target, federated=False)

    def test_nobody_of_another_server_is_invited_while_federation_is_off(self):
        self.command("federation.configure", {"enabled": False})
        self.addCleanup(self.command, "federation.configure", {"enabled": True})
        for target in ("elsewhere", "somebody"):
            with self.subTest(target=target):
                self._all_ask([self.alice], "invite", "invite.send", target)

    def test_what_is_done_to_nobody_is_told_beforehand_too(self):
        room = self.room()
        self.command("member.set_role", {"room": room, "by": self.alice, "user": self.frank, "role": "muted"})
        for who in (self.eve, self.frank, self.dave, self.ben):
            text = {"room": room, "message": uuid.uuid4().hex, "text": "hello"}
            self.compare(who, "send", "message.send", {**text, "sender": who})
            for action, name, field, value in (("set_name", "room.set_name", "name", self.fresh("Lobby")),
                                               ("set_topic", "room.set_topic", "topic", self.fresh("News")),
                                               ("set_avatar", "room.set_avatar", "avatar", f"mxc://a.example/{uuid.uuid4().hex}")):
                self.compare(who, action, name, {"room": room, "by": who, field: value})
            written = self.command("message.send", {**text, "message": uuid.uuid4().hex, "sender": self.alice})["event_id"]
            self.compare(who, "react", "reaction.add", {"room": room, "user": who, "message": written, "key": "+1"})
            self.compare(who, "delete_others", "message.delete", {"room": room, "by": who, "message": written}, target=self.alice)
        for who in (self.dave, self.alice, self.alice):
            self.compare(who, "upgrade", "room.upgrade", {"room": room, "by": who})

    def test_who_may_not_call_everybody_is_told_so_and_writes_all_the_same(self):
        room = self.room()
        said = self.command("query.can", {"room": room, "user": self.dave, "action": "mention_room"})
        self.assertEqual((said["verdict"], said.get("code")), ("no", None))
        self.command("message.send", {"room": room, "sender": self.dave, "message": uuid.uuid4().hex, "text": "all!", "mentions": ["@room"]})


class BeforehandInVersion12(Beforehand):
    """alice has made the room: nobody is her like."""

    room_version = "12"
