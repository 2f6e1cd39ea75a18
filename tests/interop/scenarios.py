"""What two people on two homeservers can expect, whoever runs the other one. `ours` is a broker with its chat server;
`theirs` is a Synapse or another broker; both are sides of harness/sides.py."""

import contextlib
import itertools
import threading

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S
from harness.synapse import ClientError

_numbers = itertools.count(1)


class Conversation:
    """A direct message both have joined, made by our side."""

    def __init__(self, case):
        self.case = case
        self.alice = case.ours.user(case.fresh("alice"))
        self.bob = case.theirs.user(case.fresh("bob"))
        self.room = case.ours.create_direct(self.alice, self.bob)
        case.until(lambda: case.theirs.has_invitation(self.room, self.bob), "the invitation to reach them")
        case.theirs.accept(self.room, self.bob)
        case.until_state(self.room, self.bob, "accepted")

    def read_by_bob(self):
        return self.case.theirs.texts(self.room, self.bob, self.alice)

    def read_by_alice(self):
        return self.case.ours.texts(self.room, self.alice, self.bob)


class ScenarioBase:
    """Mixed into an InteropCase that sets `ours` and `theirs`."""

    def fresh(self, name):
        """A user name of its own for every case: the servers are shared."""
        return f"{name}{next(_numbers)}"

    def until_state(self, room, user, state, seconds=PATIENCE_S):
        """Waits for the invitation of `user` to have that state at our side."""
        return self.ours.chat.wait_for("invitation.changed", seconds, matrix_room_id=room, user=user, state=state)

    def states(self, room, user):
        return [each.body["state"] for each in self.ours.chat.find("invitation.changed", matrix_room_id=room, user=user)]

    def stop_theirs(self, kill=False):
        """A case that fails while their server is away leaves it running for the cases after it."""
        self.addCleanup(self._have_theirs_running)
        (self.theirs.kill_server if kill else self.theirs.stop_server)()

    def _have_theirs_running(self):
        if not self.theirs.processes[0].is_running():
            self.theirs.start_server()

    def until_they_reach_us(self, room, bob):
        """After our server was away. A Synapse that has failed tries again when it has something new and its pause is over."""
        def is_heard():
            text = f"are you back {next(_numbers)}?"
            self.theirs.send(room, bob, text)
            with contextlib.suppress(TimeoutError):
                return self.ours.chat.wait_for("message.received", 2, matrix_room_id=room, text=text)
            return None
        self.until(is_heard, "a message of theirs after the outage")

    def _talk_in(self, room, alice, bob):
        self.until(lambda: {alice, bob} <= self.theirs.members(room, bob), "both members there")
        self.ours.send(room, alice, "from here")
        self.theirs.send(room, bob, "from there")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["from here"], "our message there")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["from there"], "their message here")


class InvitationScenarios(ScenarioBase):
    """Invitations, what follows them, and what is said meanwhile."""

    # -- 1

    def test_messages_sent_while_the_invitation_is_pending_are_there_after_the_join_and_both_then_talk(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.until_state(room, bob, "pending")
        pending = [f"while pending {number}" for number in range(5)]
        for text in pending:
            self.ours.send(room, alice, text)
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), pending, "what was said before he joined")

        said = {alice: [f"from here {number}" for number in range(100)], bob: [f"from there {number}" for number in range(100)]}
        self._say_at_once(room, said, {alice: self.ours, bob: self.theirs})
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), pending + said[alice], "a hundred messages there")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), said[bob], "a hundred messages here")
        self.assertEqual(self.ours.chat.duplicates(), [])

    def _say_at_once(self, room, said, sides):
        """Each user says his lines in order, all at the same time."""
        failures = []

        def say(user, texts):
            try:
                for text in texts:
                    sides[user].send(room, user, text)
            except Exception as why:  # shown by the case, not lost in a thread
                failures.append(why)
        threads = [threading.Thread(target=say, args=each) for each in said.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    # -- 2

    def test_their_invitation_is_accepted_and_history_is_delivered_marked_historical(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=alice, by=bob, type="dm")
        before = [f"before {number}" for number in range(5)]
        for text in before:
            self.theirs.send(room, bob, text)
        self.ours.accept(room, alice)
        self.until_equal(lambda: self.ours.texts(room, alice, bob), before, "the history")
        self.assertEqual([each.body["historical"] for each in self.ours.chat.find("message.received", matrix_room_id=room)],
                         [True] * len(before))
        self.theirs.send(room, bob, "after")
        told = self.ours.chat.wait_for("message.received", matrix_room_id=room, text="after")
        self.assertFalse(told.body["historical"])
        self.ours.send(room, alice, "an answer")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["an answer"], "the answer")
        self.assertEqual(self.ours.chat.duplicates(), [])

    # -- 3

    def test_they_reject_our_invitation(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.reject(room, bob)
        self.until_state(room, bob, "rejected")
        self.assertFalse(self.theirs.has_invitation(room, bob))
        self.assertEqual(self.ours.members(room, alice), {alice})

    def test_we_reject_their_invitation(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.ours.reject(room, alice)
        self.until_state(room, alice, "rejected")
        self.assertFalse(self.ours.has_invitation(room, alice))
        self.until_they_see_the_rejection(room, bob, alice)

    def test_we_revoke_our_invitation(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.ours.revoke(room, alice, bob)
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to disappear there")
        self.until_state(room, bob, "revoked")

    def test_they_revoke_their_invitation(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.theirs.revoke(room, bob, alice)
        self.until_state(room, alice, "revoked")
        self.assertFalse(self.ours.has_invitation(room, alice))

    def test_two_of_us_who_are_invited_at_the_same_moment_are_both_in_at_once(self):
        alice, carol, bob = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("carol")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [alice, carol])
        for user in (alice, carol):
            self.until(lambda user=user: self.ours.has_invitation(room, user), "the invitation to reach us")
        threads = [threading.Thread(target=self.ours.accept, args=(room, user)) for user in (alice, carol)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first, second = sorted(self.until_state(room, user, "accepted").arrived for user in (alice, carol))
        self.assertLess(second - first, 9, "the second has waited for the pause before another attempt, which is ten seconds")
        self.until(lambda: {alice, carol, bob} <= set(self.theirs.members(room, bob)), "all three there")

    def test_a_rejected_user_can_be_invited_again(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.reject(room, bob)
        self.until_state(room, bob, "rejected")
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the second invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.ours.send(room, alice, "welcome")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["welcome"], "a message after the second invitation")

    # -- 4

    def test_one_of_a_channel_rejects_and_nobody_else_notices(self):
        anna, adam = self.ours.user(self.fresh("anna")), self.ours.user(self.fresh("adam"))
        bob, bill = self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        room = self.ours.create_channel(anna, [adam, bob, bill])
        for user in (bob, bill):
            self.until(lambda user=user: self.theirs.has_invitation(room, user), f"the invitation of {user}")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.theirs.reject(room, bill)
        self.until_state(room, bill, "rejected")
        self.ours.send(room, anna, "from anna")
        self.ours.send(room, adam, "from adam")
        self.theirs.send(room, bob, "from bob")
        self.until_equal(lambda: self.theirs.texts(room, bob, anna), ["from anna"], "anna's message")
        self.until_equal(lambda: self.theirs.texts(room, bob, adam), ["from adam"], "adam's message")
        self.until_equal(lambda: self.ours.texts(room, anna, bob), ["from bob"], "bob's message")
        everybody = {anna, adam, bob}
        self.until_equal(lambda: self.ours.members(room, anna), everybody, "the members here")
        self.until_equal(lambda: self.theirs.members(room, bob), everybody, "the members there")
        self.assertEqual(self.states(room, bob)[-1], "accepted")


class OutageScenarios(ScenarioBase):
    """A server is away, or killed in the middle."""

    # -- 5

    def test_what_is_sent_while_their_server_is_stopped_arrives_when_it_starts(self):
        talk = Conversation(self)
        carol = self.theirs.user(self.fresh("carol"))
        self.stop_theirs()
        texts = [f"into the dark {number}" for number in range(50)]
        for text in texts:
            self.ours.send(talk.room, talk.alice, text)
        second = self.ours.create_direct(talk.alice, carol)
        self.until_state(second, carol, "sending")
        self.assertNotIn("pending", self.states(second, carol))
        self.theirs.start_server()
        self.until_equal(talk.read_by_bob, texts, "fifty messages after the restart")
        self.until(lambda: self.theirs.has_invitation(second, carol), "the invitation after the restart")
        self.until_state(second, carol, "pending")
        self.theirs.accept(second, carol)
        self.until_state(second, carol, "accepted")

    def test_a_revocation_reaches_a_server_that_was_stopped(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.until_state(room, bob, "pending")
        self.stop_theirs()
        self.ours.revoke(room, alice, bob)
        self.until_state(room, bob, "revoked_unconfirmed")
        self.theirs.start_server()
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to disappear there")
        self.until_state(room, bob, "revoked")

    # -- 6

    def test_nothing_acknowledged_is_lost_or_doubled_when_our_broker_is_killed_in_the_middle(self):
        talk = Conversation(self)
        said = {talk.alice: [f"from here {number}" for number in range(60)],
                talk.bob: [f"from there {number}" for number in range(60)]}
        traffic = threading.Thread(target=self._say_at_once,
                                   args=(talk.room, said, {talk.alice: self.ours, talk.bob: self.theirs}))
        traffic.start()
        self.until(lambda: len(talk.read_by_bob()) >= 10 and len(talk.read_by_alice()) >= 10, "traffic in both directions")
        self.ours.kill_server()
        self.ours.start_server()
        traffic.join()
        self.until_equal(talk.read_by_bob, said[talk.alice], "everything from here, once and in order")
        self.until_equal(talk.read_by_alice, said[talk.bob], "everything from there, once and in order")
        self.assertEqual(self.ours.chat.duplicates(), [])


class DeletionScenarios(ScenarioBase):
    def test_what_they_delete_is_deleted_here(self):
        talk = Conversation(self)
        for text in ("stays", "regrets"):
            self.theirs.send(talk.room, talk.bob, text)
        self.until_equal(talk.read_by_alice, ["stays", "regrets"], "both messages")
        told = self.ours.chat.find("message.received", text="regrets", matrix_room_id=talk.room)[0]
        self.theirs.delete(talk.room, talk.bob, talk.bob, "regrets", "a slip")
        deleted = self.ours.chat.wait_for("message.deleted", PATIENCE_S, matrix_room_id=talk.room).body
        self.assertEqual({key: deleted[key] for key in ("event_id", "by", "reason", "message")},
                         {"event_id": told.body["event_id"], "by": talk.bob, "reason": "a slip", "message": ""})
        self.assertEqual(talk.read_by_alice(), ["stays"])

    def test_what_we_delete_is_deleted_there(self):
        talk = Conversation(self)
        for text in ("stays", "regrets"):
            self.ours.send(talk.room, talk.alice, text)
        self.until_equal(talk.read_by_bob, ["stays", "regrets"], "both messages")
        self.ours.delete(talk.room, talk.alice, talk.alice, "regrets", "a slip")
        self.until_equal(talk.read_by_bob, ["stays"], "the deletion there")
        self.assertEqual(self.ours.chat.find("message.deleted", matrix_room_id=talk.room), [])

    def test_their_moderator_deletes_what_we_said_and_we_may_not_answer_in_kind(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [alice])
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        self.ours.accept(room, alice)
        self.ours.send(room, alice, "off topic")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["off topic"], "our message there")
        self.theirs.delete(room, bob, alice, "off topic")
        self.ours.chat.wait_for("message.deleted", PATIENCE_S, matrix_room_id=room, by=bob, message=f"{room} {alice} off topic")
        self.theirs.send(room, bob, "stay on topic")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["stay on topic"], "his message here")
        with self.assertRaises(CommandError) as refusal:
            self.ours.delete(room, alice, bob, "stay on topic")
        self.assertEqual(refusal.exception.code, "forbidden")

    def test_what_was_deleted_before_we_joined_is_not_told(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        for text in ("first", "regrets", "last"):
            self.theirs.send(room, bob, text)
        self.theirs.delete(room, bob, bob, "regrets")
        self.ours.accept(room, alice)
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["first", "last"], "the history")
        self.assertNotIn("regrets", repr([each for each in self.ours.chat.seen if each.body.get("matrix_room_id") == room]))

    def test_a_joiner_is_served_our_deleted_message_without_its_content(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        for text in ("first", "regrets", "last"):
            self.ours.send(room, alice, text)
        self.ours.delete(room, alice, alice, "regrets")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["first", "last"], "the history there")


class JoinScenarios(ScenarioBase):
    """Joining without an invitation."""

    def test_we_join_their_public_channel_by_its_alias(self):
        alice, bob, name = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("square")
        room = self.theirs.create_public(bob, name)
        answer = self.ours.chat.join(f"#{name}:{self.theirs.server_name}", alice)
        self.assertEqual((answer["matrix_room_id"], answer["state"]), (room, "joined"))
        created = self.ours.chat.wait_for("room.created", PATIENCE_S, matrix_room_id=room).body
        self.assertEqual((created["name"], set(created["members"])), (name, {alice, bob}))
        # The latest step of a join takes the place of those that were not sent yet: at least one is seen.
        self.until(lambda: self.ours.chat.ephemeral("join.progress", matrix_room_id=room), "a word of how far the join has come")
        for step in self.ours.chat.ephemeral("join.progress", matrix_room_id=room):
            self.assertEqual(step["server"], self.theirs.server_name)
            self.assertIn(step["phase"], ("asking", "receiving", "verifying", "members"))
        self._talk_in(room, alice, bob)
        self.assertEqual(self.ours.chat.join(room, alice), answer)  # a member already

    def test_a_second_of_us_joins_where_the_first_is(self):
        alice, adam, bob = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("adam")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_public(bob, self.fresh("square"))
        self.ours.join(room, alice, [self.theirs.server_name])
        self.ours.join(room, adam)
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, adam, bob}, "the members there")

    def test_they_join_our_public_channel_by_its_alias(self):
        alice, bob, name = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("square")
        room = self.ours.create_public(alice, name)
        self.assertEqual(self.theirs.join(f"#{name}:{self.ours.server_name}", bob), room)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, membership="join")
        self._talk_in(room, alice, bob)

    def test_what_we_may_not_join_or_cannot_find_is_refused_with_the_reason(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        private = self.theirs.create_channel(bob, [])
        there = self.theirs.server_name
        for room, via, code in ((f"#nothing:{there}", (), "not_found"), (private, [there], "forbidden"), ("!unknown:" + there, (), "not_found"),
                                ("!unknown:localhost:1", (), "peer_unreachable"), ("#nothing:localhost:1", (), "peer_unreachable")):
            with self.subTest(room=room), self.assertRaises(CommandError) as refusal:
                self.ours.join(room, alice, via)
            self.assertEqual(refusal.exception.code, code, refusal.exception)
        self.assertEqual(self.ours.chat.find("room.created", matrix_room_id=private), [])

    def test_they_join_our_restricted_channel_through_us(self):
        alice, bob, bill = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        name = self.fresh("club")
        club = self.ours.create_public(alice, name)
        self.theirs.join(f"#{name}:{self.ours.server_name}", bob)
        room = self.ours.create_restricted(alice, club)
        self.theirs.join(room, bob, [self.ours.server_name])
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, membership="join")
        self._talk_in(room, alice, bob)
        with self.assertRaises((CommandError, ClientError)):  # who is not in the club
            self.theirs.join(room, bill, [self.ours.server_name])
        self.assertEqual(self.ours.members(room, alice), {alice, bob})

    def test_we_join_their_restricted_channel_through_them(self):
        alice, adam, bob = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("adam")), self.theirs.user(self.fresh("bob"))
        club = self.theirs.create_public(bob, self.fresh("club"))
        room = self.theirs.create_restricted(bob, club)
        there = self.theirs.server_name
        with self.assertRaises(CommandError) as refusal:
            self.ours.join(room, alice, [there])
        self.assertEqual(refusal.exception.code, "forbidden", refusal.exception)
        self.ours.join(club, alice, [there])
        self.ours.join(room, alice, [there])
        self._talk_in(room, alice, bob)
        # We are in both rooms now, but none of us may invite: they are asked again.
        with self.assertRaises(CommandError) as refusal:
            self.ours.join(room, adam)
        self.assertEqual(refusal.exception.code, "forbidden", refusal.exception)
        self.ours.join(club, adam)
        self.until(lambda: adam in self.theirs.members(club, bob), "them to see him in the club")
        self.ours.join(room, adam)
        self.assertEqual(self.theirs.members(room, bob), {alice, adam, bob})
        self.ours.send(room, adam, "let in by you")
        self.until(lambda: "let in by you" in self.theirs.texts(room, bob, adam), "his message there")


class PresenceScenarios(ScenarioBase):
    """Who is there, and what he is doing."""

    def test_who_leaves_is_gone_on_the_other_side(self):
        talk = Conversation(self)
        self.theirs.leave(talk.room, talk.bob)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=talk.room, user=talk.bob, membership="leave")
        self.until_equal(lambda: self.ours.members(talk.room, talk.alice), {talk.alice}, "the members here")

    def test_typing_is_seen_on_both_sides(self):
        talk = Conversation(self)
        self.ours.set_typing(talk.room, talk.alice, True)
        self.until(lambda: self.theirs.sees_typing(talk.room, talk.bob, talk.alice), "our typing there")
        self.theirs.set_typing(talk.room, talk.bob, True)
        self.until(lambda: self.ours.sees_typing(talk.room, talk.alice, talk.bob), "their typing here")


class DismissalScenarios(ScenarioBase):
    """An invitation can always be dismissed. A class of its own says what `until_they_see_the_rejection` is."""

    def test_an_invitation_is_rejected_while_its_server_is_away_and_that_hears_of_it_later(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.stop_theirs()
        self.ours.reject(room, alice)
        # For the chat user it is over at once, and stays so.
        self.until_state(room, alice, "rejected")
        self.assertFalse(self.ours.has_invitation(room, alice))
        self.ours.kill_server()
        self.ours.start_server()
        self.assertFalse(self.ours.has_invitation(room, alice))
        self.theirs.start_server()
        self.until_they_see_the_rejection(room, bob, alice)
        self.assertEqual(self.states(room, alice)[-1], "rejected")

    def test_why_somebody_says_no_is_seen_by_who_has_invited_them(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [alice])
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.ours.reject(room, alice, "no time")
        self.until_they_see_the_rejection(room, bob, alice)
        self.until_equal(lambda: self.theirs.reason_of(room, bob, alice), "no time", "the reason there")
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.reject(room, bob, "no time either")
        self.assertEqual(self.until_state(room, bob, "rejected").body["reason"], "no time either")
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="rejected", actor=bob, target=bob, reason="no time either")


class TypingScenarios(ScenarioBase):
    """Beside that of PresenceScenarios, which every peer plays."""

    def test_who_stops_typing_is_seen_to_stop_on_both_sides(self):
        talk = Conversation(self)
        self.ours.set_typing(talk.room, talk.alice, True)
        self.until(lambda: self.theirs.sees_typing(talk.room, talk.bob, talk.alice), "our typing there")
        self.ours.set_typing(talk.room, talk.alice, False)
        self.until(lambda: self.theirs.sees_pause(talk.room, talk.bob, talk.alice), "the end of it there")
        self.theirs.set_typing(talk.room, talk.bob, True)
        self.until(lambda: self.ours.sees_typing(talk.room, talk.alice, talk.bob), "their typing here")
        self.theirs.set_typing(talk.room, talk.bob, False)
        self.until(lambda: self.ours.sees_pause(talk.room, talk.alice, talk.bob), "the end of it here")


class Scenarios(InvitationScenarios, OutageScenarios, DeletionScenarios, JoinScenarios, PresenceScenarios):
    """All of them."""


class GapScenarios(ScenarioBase):
    """7: what was pushed is lost on the way and has to be fetched. Both sides stand behind fronts."""

    def _lose(self, front, count, say, last):
        """`count` messages are swallowed by `front`, then one gets through."""
        front.swallowed, front.swallows_transactions = 0, True
        texts = [f"lost {number}" for number in range(count)]
        try:
            for text in texts:
                say(text)
            self.until(lambda: front.swallowed >= count, lambda: f"{count} messages to get lost; {front.swallowed} are")
        finally:
            front.swallows_transactions = False
        say(last)
        return texts + [last]

    def _lose_one(self, front, say, text):
        """Said, and swallowed by `front`."""
        front.swallowed, front.swallows_transactions = 0, True
        try:
            say(text)
            self.until(lambda: front.swallowed, f"{text} to get lost")
        finally:
            front.swallows_transactions = False

    def test_what_is_done_to_a_message_of_theirs_that_got_lost_finds_it(self):
        talk = Conversation(self)

        def say(text):
            self.theirs.send(talk.room, talk.bob, text)
        self._lose_one(self.our_front, say, "lost")
        self.theirs.edit(talk.room, talk.bob, "lost", "found")
        self.theirs.react(talk.room, talk.bob, talk.bob, "lost", "yes")
        self.until_equal(lambda: self.ours.shown(talk.room, talk.alice, talk.bob), ["found"], "the message here, as it is now")
        self.until_equal(lambda: self.ours.reactions(talk.room, talk.alice, talk.bob, "lost"), {(talk.bob, "yes")}, "the reaction here")
        self._lose_one(self.our_front, say, "regrets")
        self.theirs.delete(talk.room, talk.bob, talk.bob, "regrets")
        say("behind it")
        self.until_equal(lambda: self.ours.shown(talk.room, talk.alice, talk.bob), ["found", "behind it"], "what is left here")
        self.assertEqual(self.ours.chat.duplicates(), [])

    def test_what_is_done_to_a_message_of_ours_that_got_lost_finds_it(self):
        talk = Conversation(self)

        def say(text):
            self.ours.send(talk.room, talk.alice, text)
        self._lose_one(self.their_front, say, "lost")
        self.ours.edit(talk.room, talk.alice, "lost", "found")
        self.ours.react(talk.room, talk.alice, talk.alice, "lost", "yes")
        self.until_equal(lambda: self.theirs.shown(talk.room, talk.bob, talk.alice), ["found"], "the message there, as it is now")
        self.until_equal(lambda: self.theirs.reactions(talk.room, talk.bob, talk.alice, "lost"), {(talk.alice, "yes")}, "the reaction there")
        self._lose_one(self.their_front, say, "regrets")
        self.ours.delete(talk.room, talk.alice, talk.alice, "regrets")
        say("behind it")
        self.until_equal(lambda: self.theirs.shown(talk.room, talk.bob, talk.alice), ["found", "behind it"], "what is left there")

    def test_they_fall_behind_a_gap_and_we_fill_it(self):
        talk = Conversation(self)
        said = self._lose(self.their_front, 5, lambda text: self.ours.send(talk.room, talk.alice, text), "found")
        self.until_equal(talk.read_by_bob, said, "the gap to be filled there")

    def test_we_fall_behind_a_gap_and_they_fill_it(self):
        talk = Conversation(self)
        said = self._lose(self.our_front, 5, lambda text: self.theirs.send(talk.room, talk.bob, text), "found")
        self.until_equal(talk.read_by_alice, said, "the gap to be filled here, in order")
        self.assertEqual(self.ours.chat.duplicates(), [])

    def test_they_fall_behind_a_gap_larger_than_one_answer_and_we_fill_it(self):
        talk = Conversation(self)
        said = self._lose(self.their_front, 40, lambda text: self.ours.send(talk.room, talk.alice, text), "found")
        self.until_equal(talk.read_by_bob, said, "the gap to be filled there")

    def test_we_fall_behind_a_gap_larger_than_one_answer_and_they_fill_it(self):
        talk = Conversation(self)
        said = self._lose(self.our_front, 40, lambda text: self.theirs.send(talk.room, talk.bob, text), "found")
        self.until_equal(talk.read_by_alice, said, "the gap to be filled here, in order")
        self.assertEqual(self.ours.chat.duplicates(), [])
