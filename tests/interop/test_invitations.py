"""Invitations of people whose server does not know the version of the room, and answers that cross: a real Synapse and another broker."""

import threading
import uuid

from harness.case import PATIENCE_S, InteropCase
from moderation_scenarios import ModerationBase

VERSIONS = [str(number) for number in range(1, 13)]


class RefoundingScenarios:
    """Rooms of `ours` begin in version 12. The people of `theirs` are on a server of before version 11, those of `others` on a new one."""

    known = "10"

    def make(self, kind="dm", text="hello?"):
        """A room of one of ours and one of theirs with a message in it. Returns (own id, inviter, invited, event id of the message)."""
        alice, bob = self.ours.user("alice" + uuid.uuid4().hex[:6]), self.theirs.user("bob" + uuid.uuid4().hex[:6])
        own = "r" + uuid.uuid4().hex[:8]
        more = {"name": "a channel"} if kind == "channel" else {}
        made = self.ours.chat.create_room(kind, alice, [bob], room=own, **more)
        self.assertEqual(made["room_version"], "12")
        return own, alice, bob, self.ours.chat.send(own, alice, text, message=own + "-1")

    def founded_again(self, own, version=None):
        """Matrix id of the room since it has the version that both know."""
        return self.ours.chat.wait_for("room.refounded", seconds=90, room=own, room_version=version or self.known).body["matrix_room_id"]

    def view(self, own):
        return self.ours.chat.command("query.room", {"room": own}, timeout=90)

    def until_state(self, own, user, state):
        def states():
            return [each["state"] for each in self.view(own)["invitations"] if each["user"] == user]
        self.until_equal(states, [state], f"the invitation of {user} to be {state}")

    def test_room_is_founded_again_in_the_best_version_both_know(self):
        own, alice, bob, said = self.make()
        room = self.founded_again(own)
        self.ours.chat.send(own, alice, "are you there?", message=own + "-2")
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation")
        self.until_state(own, bob, "pending")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["hello?", "are you there?"], "what was said before he came")
        self.until_state(own, bob, "accepted")
        self.theirs.send(room, bob, "yes")
        self.assertEqual(self.ours.chat.wait_for("message.received", room=own, sender=bob).body["text"], "yes")
        # All names the chat server has go on: its own, the event's, the room's.
        self.ours.chat.command("message.edit", {"room": own, "sender": alice, "message": said, "text": "hello!"})
        self.ours.chat.delete(own, alice, own + "-2")
        self.until_equal(lambda: self.theirs.shown(room, bob, alice), ["hello!"], "the edit and the deletion")
        first = self.ours.chat.find("room.refounded", room=own)[0].body
        self.assertEqual(first["server"], self.theirs.server_name)
        self.ours.chat.send(first["previous_matrix_room_id"], alice, "by the room's first name")
        self.until(lambda: "by the room's first name" in self.theirs.texts(room, bob, alice), "the message")
        # People see one room that nobody has left.
        view = self.view(own)
        self.assertEqual((view["matrix_room_id"], view["room_version"], view["type"]), (room, self.known, "dm"))
        self.assertEqual([each.body["kind"] for each in self.ours.chat.find("system.message", room=own)], ["created", "invited", "joined"])
        self.assertEqual([each.body["membership"] for each in self.ours.chat.find("member.changed", room=own)], ["invite", "join"])
        self.assertEqual(self.ours.chat.find("room.removed_for", room=own), [])
        everywhere = self.ours.chat.command("query.invitations", {"user": bob})["invitations"]
        self.assertEqual([(each["matrix_room_id"], each["state"]) for each in everywhere], [(room, "accepted")])

    def test_channel_keeps_its_members_roles_and_topic(self):
        own, alice, bob, _ = self.make("channel")
        ann = self.ours.user("ann" + uuid.uuid4().hex[:6])
        room = self.founded_again(own)
        self.ours.chat.invite(own, alice, ann)
        self.ours.chat.answer(own, ann, accept=True)
        self.ours.chat.command("member.set_role", {"room": own, "by": alice, "user": ann, "role": "moderator"})
        self.until_state(own, bob, "pending")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, ann, bob}, "the members")
        self.assertEqual(self.theirs.level_of(room, bob, alice), 100)
        self.assertEqual(self.theirs.level_of(room, bob, ann), 50)

    def test_it_survives_our_restart_at_any_moment(self):
        for pause_s in (0, 0.05, 0.3):
            with self.subTest(pause_s=pause_s):
                own, alice, bob, _ = self.make()
                threading.Event().wait(pause_s)  # nothing is waited for: it may be in any step
                self.ours.kill_server()
                self.ours.start_server()
                self.ours.send(own, alice, "after the restart")
                room = self.founded_again(own)
                self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation")
                self.theirs.accept(room, bob)
                self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["hello?", "after the restart"], "all messages, once and in order")
                self.until_state(own, bob, "accepted")

    def test_messages_sent_all_the_while_keep_their_order(self):
        own, alice, bob, _ = self.make()
        sent = ["hello?"]
        while not self.ours.chat.find("room.refounded", room=own, room_version=self.known) or len(sent) < 20:
            sent.append(f"message {len(sent)}")
            self.ours.chat.send(own, alice, sent[-1])
        room = self.founded_again(own)
        self.until_state(own, bob, "pending")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), sent, "all messages, once and in order")

    def test_two_people_of_the_old_server_are_invited_anew(self):
        alice, people = self.ours.user("alice" + uuid.uuid4().hex[:6]), [self.theirs.user(name + uuid.uuid4().hex[:6]) for name in ("bob", "carol")]
        own = "r" + uuid.uuid4().hex[:8]
        self.ours.chat.create_room("group_dm", alice, people, room=own)
        room = self.founded_again(own)
        for user in people:
            self.until(lambda user=user: self.theirs.has_invitation(room, user), "the invitation")
            self.theirs.accept(room, user)
        self.until_equal(lambda: self.theirs.members(room, people[0]), {alice, *people}, "the members")

    def test_room_that_somebody_else_has_seen_stays_and_the_invitation_fails(self):
        alice, bob, dave = self.ours.user("alice" + uuid.uuid4().hex[:6]), self.theirs.user("bob" + uuid.uuid4().hex[:6]), self.others.user("dave")
        own = "r" + uuid.uuid4().hex[:8]
        room = self.ours.chat.create_room("channel", alice, [dave], room=own, name="a channel")["matrix_room_id"]
        self.until_state(own, dave, "pending")
        self.ours.chat.invite(own, alice, bob)
        told = self.ours.chat.wait_for("invitation.changed", seconds=60, room=own, user=bob, state="failed").body
        self.assertEqual(told["last_fault"].partition(":")[0], "incompatible_room_version")
        self.assertIn(f"{self.theirs.server_name} does not know room version 12", told["reason"])
        self.assertIn(f"{dave} has seen it already", told["reason"])
        self.others.accept(room, dave)

        def invitations():
            return {each["user"]: each["state"] for each in self.view(own)["invitations"]}
        self.until_equal(invitations, {bob: "failed", dave: "accepted"}, "one invitation to fail alone")
        self.assertEqual(self.view(own)["matrix_room_id"], room)


class RefoundingWithSynapse(RefoundingScenarios, InteropCase):
    """A real Synapse that does not know versions 11 and 12, as to invitations."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version="10", unknown_versions=("11", "12"))
        cls.ours = cls.start_causeway("ours", room_version="12")
        cls.others = cls.start_causeway("others", room_version="12")


class RefoundingWithCauseway(RefoundingScenarios, InteropCase):
    """A broker behind a door that refuses invitations as a homeserver of before version 11 does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.front = cls.start_causeway_behind_front("theirs")
        cls.ours = cls.start_causeway("ours", room_version="12")
        cls.others = cls.start_causeway("others", room_version="12")

    def setUp(self):
        self.front.unknown_versions = {"11", "12"}
        self.front.refused.clear()

    def test_room_goes_back_to_the_version_it_had_where_none_is_known(self):
        self.front.unknown_versions = set(VERSIONS)
        own, alice, bob, _ = self.make()
        told = self.ours.chat.wait_for("invitation.changed", seconds=90, room=own, user=bob, state="failed").body
        self.assertEqual(told["last_fault"].partition(":")[0], "incompatible_room_version")
        self.assertEqual(self.front.refused, ["12", "11", "10", "9", "8", "7", "6"])
        view = self.view(own)
        self.assertEqual(view["room_version"], "12")
        self.assertEqual([(each["user"], each["state"]) for each in view["invitations"]], [(bob, "failed")])
        self.ours.chat.send(own, alice, "nobody there")
        # And once the server is of today it can be invited.
        self.front.unknown_versions = set()
        self.ours.chat.invite(own, alice, bob)
        room = view["matrix_room_id"]
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["hello?", "nobody there"], "all messages")

    def test_invitation_is_revoked_while_the_room_is_founded_again(self):
        own, alice, bob, _ = self.make()
        state = self.ours.chat.revoke(own, alice, bob)["state"]
        self.assertIn(state, ("revoked", "revoked_unconfirmed"))
        self.until_state(own, bob, "revoked")
        room = self.view(own)["matrix_room_id"]
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the end of the invitation")
        self.ours.chat.send(own, alice, "alone")


class RefusingSynapse(ModerationBase, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", settings={"block_non_admin_invites": True})
        cls.ours = cls.start_causeway("ours")

    def test_an_invitation_that_their_server_refuses_fails_at_once_in_its_words(self):
        alice, bob = self.people()
        room = self.ours.create_channel(alice, [bob])
        told = self.until_state(room, bob, "failed").body
        self.assertEqual(told["last_fault"].partition(":")[0], "peer_refused")
        self.assertIn("does not accept room invites", told["reason"])
        self.assertFalse(self.theirs.has_invitation(room, bob))
        self.assertNotIn("pending", self.states(room, bob))
        self.assertEqual(self.ours.members(room, alice), {alice})
        # The room is as it was, and so is the outcome when somebody tries again.
        self.ours.send(room, alice, "alone")
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.states(room, bob).count("failed") == 2, "the second refusal")


class CrossedAnswerScenarios(ModerationBase):
    """Both sides stand behind fronts: what they say at the same moment reaches the other later."""

    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours, cls.our_front = cls.start_causeway_behind_front("ours", room_version=cls.room_version)

    def test_a_yes_that_crosses_its_revocation_counts_in_a_public_room_and_a_kick_is_the_way_out(self):
        alice, bob, ben = self.people("bob", "ben")
        name = self.fresh("square")
        room = self.ours.create_public(alice, name)
        self.theirs.join(f"#{name}:{self.ours.server_name}", ben)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=ben, membership="join")
        self.ours.invite(room, alice, bob)
        self.until_state(room, bob, "pending")
        self.ours.send(room, alice, "he is invited")  # behind the invite: the room there has it
        self.until(lambda: "he is invited" in self.theirs.texts(room, ben, alice), "the invite in the room there")
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        with self.our_front.holding("/v1/send/"), self.their_front.holding("/v1/send/"):
            self.ours.revoke(room, alice, bob)
            self.until_state(room, bob, "revoked_unconfirmed")
            self.theirs.accept(room, bob)
            self.until(lambda: self.our_front.held and self.their_front.held, "both words to be under way")
        told = self.until_state(room, bob, "accepted").body
        self.assertIn(told["previous_state"], ("revoked_unconfirmed", "revoked"))
        self.until_equal(lambda: self.ours.members(room, alice), {alice, bob, ben}, "the members here")
        self.until_equal(lambda: self.theirs.members(room, ben), {alice, bob, ben}, "the members there")
        self.theirs.send(room, bob, "here I am")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["here I am"], "his message here")
        self.ours.kick(room, alice, bob, "not you")
        self.until_shown(room, "kicked", alice, bob, "not you")
        self.until(lambda: not self.theirs.is_in(room, bob), "him to be out there")
        self.assertEqual(self.states(room, bob)[-1], "accepted")


class CrossedAnswersWithSynapse(CrossedAnswerScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_synapse_behind_front("synapse", room_version=cls.room_version)


class CrossedAnswersWithSynapseInVersion10(CrossedAnswersWithSynapse):
    room_version = "10"


class CrossedAnswersWithSynapseInVersion12(CrossedAnswersWithSynapse):
    room_version = "12"


class CrossedAnswersWithCauseway(CrossedAnswerScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_causeway_behind_front("theirs")
