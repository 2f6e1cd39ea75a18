"""Who knocks, and what he gets for an answer: the part of scenarios.py about rooms that let nobody in unasked."""

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S


class KnockScenarios:
    """Mixed into a class with Scenarios."""

    def _knock_state(self, room, user, state):
        return self.ours.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=user, direction="knock", state=state)

    def _ours_with_their_knock(self):
        """(alice, bob, room): bob knocks at alice's channel, which he knows by its alias."""
        alice, bob, name = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("lodge")
        room = self.ours.create_knocked_at(alice, name)
        self.assertEqual(self.theirs.knock(f"#{name}:{self.ours.server_name}", bob, reason="let me in"), room)
        return alice, bob, room

    def _theirs_with_our_knock(self):
        """(alice, bob, room): alice knocks at bob's channel."""
        alice, bob, name = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("lodge")
        room = self.theirs.create_knocked_at(bob, name)
        answer = self.ours.chat.knock(f"#{name}:{self.theirs.server_name}", alice, reason="let me in")
        self.assertEqual((answer["matrix_room_id"], answer["state"]), (room, "pending"))
        self.until(lambda: self.theirs.sees_knock(room, bob, alice), "our knock there")
        return alice, bob, room

    def _let_in(self, room, alice, bob):
        """Bob invites alice, who joins by herself. Returns what was told of her knock."""
        self.theirs.invite(room, bob, alice)
        told = self._knock_state(room, alice, "accepted").body
        self.ours.chat.wait_for("room.created", PATIENCE_S, matrix_room_id=room)
        return told

    # -- at ours

    def test_they_knock_at_our_channel_and_are_let_in(self):
        alice, bob, room = self._ours_with_their_knock()
        told = self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, membership="knock").body
        self.assertEqual((told["reason"], told["by"], told["previous_membership"]), ("let me in", bob, "leave"))
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="knocked", actor=bob)
        self.assertTrue(self.ours.sees_knock(room, alice, bob))
        self.assertEqual(self.ours.members(room, alice), {alice})
        self.assertTrue(self.theirs.is_knocking(room, bob))
        self.ours.invite(room, alice, bob)
        self.until_state(room, bob, "pending")
        self.theirs.follow_invitation(room, bob)
        self.until_state(room, bob, "accepted")
        self._talk_in(room, alice, bob)

    def test_they_knock_at_our_channel_are_turned_away_and_knock_again(self):
        alice, bob, room = self._ours_with_their_knock()
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, membership="knock")
        self.ours.reject_knock(room, alice, bob, "full")
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="knock_rejected", actor=alice, target=bob, reason="full")
        self.assertFalse(self.ours.sees_knock(room, alice, bob))
        with self.assertRaises(CommandError) as refusal:
            self.ours.reject_knock(room, alice, bob)
        self.assertEqual(refusal.exception.code, "conflict")
        self.until_they_know_of_the_rejection(room, bob)
        self.theirs.knock(room, bob, [self.ours.server_name], "please")
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, membership="knock", reason="please")

    def test_they_may_not_knock_at_a_channel_that_only_invites(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [])
        with self.assertRaises(Exception) as refusal:
            self.theirs.knock(room, bob, [self.ours.server_name])
        self.assertIn(getattr(refusal.exception, "code", None) or getattr(refusal.exception, "errcode", None), ("forbidden", "M_FORBIDDEN"))
        self.assertEqual(self.ours.chat.find("member.changed", matrix_room_id=room, user=bob), [])

    # -- at theirs

    def test_we_knock_at_their_channel_and_join_when_we_are_let_in(self):
        alice, bob, room = self._theirs_with_our_knock()
        self.assertTrue(self.ours.is_knocking(room, alice))
        told = self._let_in(room, alice, bob)
        self.assertEqual(told["by"], bob)
        self._talk_in(room, alice, bob)
        self.assertFalse(self.ours.is_knocking(room, alice))
        self.assertEqual(self.ours.chat.find("invitation.received", matrix_room_id=room), [])

    def test_we_knock_at_their_channel_and_are_turned_away(self):
        alice, bob, room = self._theirs_with_our_knock()
        self.theirs.reject_knock(room, bob, alice, "full")
        self._knock_state(room, alice, "rejected")
        self.assertFalse(self.ours.is_knocking(room, alice))
        self.assertEqual(self.ours.knock(room, alice, [self.theirs.server_name]), room)
        self.until(lambda: self.theirs.sees_knock(room, bob, alice), "our second knock there")

    def test_we_take_our_knock_back(self):
        alice, bob, room = self._theirs_with_our_knock()
        self.ours.retract_knock(room, alice)
        self._knock_state(room, alice, "revoked")
        self.until(lambda: not self.theirs.sees_knock(room, bob, alice), "our knock to be gone there")
        # An invitation after that is one like any other.
        self.theirs.invite(room, bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        self.assertEqual(self.theirs.members(room, bob), {bob})

    def test_our_knock_outlives_our_broker(self):
        alice, bob, room = self._theirs_with_our_knock()
        self.ours.kill_server()
        self.ours.start_server()
        self.assertTrue(self.ours.is_knocking(room, alice))
        self._let_in(room, alice, bob)
        self._talk_in(room, alice, bob)

    def test_our_knock_waits_for_a_server_that_is_stopped(self):
        alice, bob, name = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("lodge")
        room = self.theirs.create_knocked_at(bob, name)
        self.stop_theirs()
        self.assertEqual(self.ours.chat.knock(room, alice, [self.theirs.server_name])["state"], "sending")
        self.theirs.start_server()
        self._knock_state(room, alice, "pending")
        self.assertTrue(self.theirs.sees_knock(room, bob, alice))

    def test_a_second_of_us_knocks_where_the_first_is(self):
        alice, bob, room = self._theirs_with_our_knock()
        self._let_in(room, alice, bob)
        adam, anna = self.ours.user(self.fresh("adam")), self.ours.user(self.fresh("anna"))
        for user in (adam, anna):
            self.ours.knock(room, user)
            self.until(lambda user=user: self.theirs.sees_knock(room, bob, user), "the second knock there")
        self.theirs.invite(room, bob, adam)
        self.theirs.reject_knock(room, bob, anna)
        self._knock_state(room, adam, "accepted")
        self._knock_state(room, anna, "rejected")
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, adam, bob}, "the members there")
        self.assertEqual(self.ours.chat.find("invitation.received", matrix_room_id=room), [])

    def test_where_we_may_not_knock_or_nothing_is_we_are_refused_with_the_reason(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        private = self.theirs.create_channel(bob, [])
        there = self.theirs.server_name
        for room, via, code in ((f"#nothing:{there}", (), "not_found"), (private, [there], "forbidden"), ("!unknown:" + there, (), "not_found"),
                                ("#nothing:localhost:1", (), "peer_unreachable")):
            with self.subTest(room=room), self.assertRaises(CommandError) as refusal:
                self.ours.knock(room, alice, via)
            self.assertEqual(refusal.exception.code, code, refusal.exception)
        self.assertFalse(self.ours.is_knocking(private, alice))

    # -- among ourselves

    def test_one_of_us_knocks_at_a_channel_of_another_and_joins_when_let_in(self):
        alice, adam, anna = (self.ours.user(self.fresh(name)) for name in ("alice", "adam", "anna"))
        name = self.fresh("lodge")
        room = self.ours.create_knocked_at(alice, name)
        for user in (adam, anna):
            self.ours.knock(f"#{name}:{self.ours.server_name}", user, reason="let me in")
            self._knock_state(room, user, "pending")
        self.ours.reject_knock(room, alice, anna)
        self._knock_state(room, anna, "rejected")
        self.ours.invite(room, alice, adam)
        self._knock_state(room, adam, "accepted")
        self.until_equal(lambda: self.ours.members(room, alice), {alice, adam}, "the members")
        self.ours.knock(room, anna)
        self.ours.retract_knock(room, anna)
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="knock_retracted", actor=anna)
