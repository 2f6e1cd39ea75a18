"""Which kind a room is for either side: direct message, group, channel, whoever makes it and whoever comes later."""

from harness.case import PATIENCE_S
from scenarios import Conversation, ScenarioBase


class KindScenarios(ScenarioBase):
    def kind(self, room):
        return self.ours.chat.command("query.room", {"room": room})["type"]

    def invited(self, room, *users):
        for user in users:
            self.until(lambda user=user: self.theirs.has_invitation(room, user), f"the invitation of {user} to reach them")

    def test_a_group_of_ours_is_one_conversation_of_all_of_them(self):
        alice, adam = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("adam"))
        bob, bill = self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        room = self.ours.create_group(alice, [adam, bob, bill])
        self.assertEqual(self.kind(room), "group_dm")
        self.invited(room, bob, bill)
        self.shows_a_direct_invitation(room, bob)
        for user in (bob, bill):
            self.theirs.accept(room, user)
            self.until_state(room, user, "accepted")
        everybody = {alice, adam, bob, bill}
        self.until_equal(lambda: self.theirs.members(room, bob), everybody, "the members there")
        self.until_equal(lambda: self.ours.members(room, alice), everybody, "the members here")
        for side, user in ((self.ours, alice), (self.ours, adam), (self.theirs, bob), (self.theirs, bill)):
            side.send(room, user, f"hello from {user}")
        for user in (alice, adam):
            self.until_equal(lambda user=user: self.theirs.texts(room, bob, user), [f"hello from {user}"], "what ours say, there")
        for user in (bob, bill):
            self.until_equal(lambda user=user: self.ours.texts(room, alice, user), [f"hello from {user}"], "what theirs say, here")
        # Who is named in it may invite the next one, as in a direct message.
        ben = self.theirs.user(self.fresh("ben"))
        self.theirs.invite(room, bob, ben)
        self.theirs.accept(room, ben)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=ben, membership="join")
        self.assertEqual(self.kind(room), "group_dm")

    def test_the_kinds_of_their_rooms_are_known_here_before_and_after_the_join(self):
        alice, adam = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("adam"))
        bob, bill = self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        public = self.theirs.create_public(bob, self.fresh("square"))
        self.theirs.invite(public, bob, alice)
        for kind, room in (("dm", self.theirs.create_direct(bob, alice)), ("group_dm", self.theirs.create_group(bob, [bill, alice, adam])),
                           ("channel", self.theirs.create_channel(bob, [alice])), ("channel", public)):
            with self.subTest(kind=kind, room=room):
                told = self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice).body
                self.assertEqual((told["by"], told["type"]), (bob, self.seen_before.get(kind, kind)))
                self.ours.accept(room, alice)
                self.assertEqual(self.ours.chat.wait_for("room.created", PATIENCE_S, matrix_room_id=room).body["type"], kind)
                self.assertEqual(self.kind(room), kind)
                self._talk_in(room, alice, bob)

    def test_a_third_person_of_ours_makes_a_dm_a_group_whoever_invites_them(self):
        for inviter in ("alice", "bob"):
            with self.subTest(inviter=inviter):
                talk = Conversation(self)
                adam = self.ours.user(self.fresh("adam"))
                if inviter == "alice":
                    self.ours.invite(talk.room, talk.alice, adam)
                else:
                    self.theirs.invite(talk.room, talk.bob, adam)
                    self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=talk.room, user=adam, by=talk.bob)
                self.until_equal(lambda talk=talk: self.kind(talk.room), "group_dm", "the dm to be a group")
                self.ours.accept(talk.room, adam)
                self.until_equal(lambda talk=talk, adam=adam: self.theirs.members(talk.room, talk.bob), {talk.alice, talk.bob, adam}, "the three of them there")
                self.ours.send(talk.room, adam, "hello both")
                self.until_equal(lambda talk=talk, adam=adam: self.theirs.texts(talk.room, talk.bob, adam), ["hello both"], "the third to be read there")

    def test_a_third_person_makes_a_dm_a_group_whoever_invites_them(self):
        for inviter in ("alice", "bob"):
            with self.subTest(inviter=inviter):
                talk = Conversation(self)
                cyd = self.theirs.user(self.fresh("cyd"))
                self.assertEqual(self.kind(talk.room), "dm")
                side, user = (self.ours, talk.alice) if inviter == "alice" else (self.theirs, talk.bob)
                side.invite(talk.room, user, cyd)
                self.invited(talk.room, cyd)
                self.until_equal(lambda talk=talk: self.kind(talk.room), "group_dm", "the dm to be a group")
                self.theirs.accept(talk.room, cyd)
                self.until_equal(lambda talk=talk, cyd=cyd: self.ours.members(talk.room, talk.alice), {talk.alice, talk.bob, cyd}, "the three of them")
                self.ours.send(talk.room, talk.alice, "welcome")
                self.until_equal(lambda talk=talk, cyd=cyd: self.theirs.texts(talk.room, cyd, talk.alice), ["welcome"], "the third to read it")
