"""Servers that are away, or killed, in the middle of what people do: invitations, edits, deletions, reactions. Whoever runs the other
homeserver; each case says what the chat user and what the Matrix user sees. Of bans and roles see moderation_scenarios.py."""

import contextlib
import threading

from harness.case import PATIENCE_S
from moderation_scenarios import REFUSED, ModerationBase
from scenarios import Conversation

_THUMB = "\N{THUMBS UP SIGN}"


class OutageBase(ModerationBase):
    def ours_is_killed(self):
        """A case that fails while our broker is away leaves it running for the cases after it."""
        self.ours.kill_server()
        self.addCleanup(lambda: self.ours.broker.process.is_running() or self.ours.start_server())


class InvitationOutageScenarios(OutageBase):
    def _invitation(self, room, user):
        """The invitation as the chat user sees it when they look."""
        listed, = self.ours.chat.command("query.invitations", {"room": room, "user": user})["invitations"]
        return listed

    def _until_it_says_why_it_waits(self, room, by, user):
        self.until(lambda: self._invitation(room, user)["last_fault"], "the word why it waits")
        told = self._invitation(room, user)
        self.assertEqual((told["direction"], told["state"], told["by"]), ("outgoing", "sending", by))
        self.assertTrue(told["last_fault"].startswith("peer_unreachable"), told)

    def test_an_invitation_that_cannot_be_sent_says_why_and_outlives_our_broker(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        self.stop_theirs(kill=True)
        room = self.ours.create_direct(alice, bob)
        self.until_state(room, bob, "sending")
        self._until_it_says_why_it_waits(room, alice, bob)
        self.kill_ours()
        self._until_it_says_why_it_waits(room, alice, bob)
        self.ours.send(room, alice, "for when you come")
        self.theirs.start_server()
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.until_state(room, bob, "pending")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["for when you come"], "what was said before he came")
        self.assertEqual([self.states(room, bob).count(state) for state in ("pending", "accepted")], [1, 1])

    def test_our_broker_is_killed_between_invitations_and_their_answers(self):
        alice, bob, bill = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        room = self.ours.create_channel(alice, [bob, bill])
        for user in (bob, bill):
            self.until(lambda user=user: self.theirs.has_invitation(room, user), f"the invitation of {user}")
            self.until_state(room, user, "pending")
        self.kill_ours()
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.kill_ours()
        self.theirs.reject(room, bill)
        self.until_state(room, bill, "rejected")
        self.assertFalse(self.theirs.has_invitation(room, bill))
        self.until_equal(lambda: self.ours.members(room, alice), {alice, bob}, "the members here")
        self.assertEqual((self.states(room, bob).count("accepted"), self.states(room, bill).count("rejected")), (1, 1))
        self._talk_in(room, alice, bob)

    def test_an_invitation_of_theirs_outlives_a_crash_of_both(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice, by=bob)
        self.theirs.send(room, bob, "are you coming?")
        self.stop_theirs(kill=True)
        self.kill_ours()
        self.assertTrue(self.ours.has_invitation(room, alice))
        self.theirs.start_server()
        self.ours.accept(room, alice)
        self.until(lambda: {alice, bob} <= self.theirs.members(room, bob), "both members there")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["are you coming?"], "what he has said")
        self.ours.send(room, alice, "here I am")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["here I am"], "the answer there")
        self.assertEqual(len(self.ours.chat.find("invitation.received", matrix_room_id=room)), 1)

    def test_who_is_invited_while_our_broker_is_away_is_invited_when_it_is_back(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [])
        self.ours_is_killed()
        self.is_not_reached(room, bob, alice)
        self.ours.start_server()
        invited = []

        def is_invited():
            if not invited:
                with contextlib.suppress(*REFUSED):
                    self.theirs.invite(room, bob, alice)
                    invited.append(alice)
            return self.ours.has_invitation(room, alice)
        self.until(is_invited, "the invitation to reach us")
        self.ours.accept(room, alice)
        self._talk_in(room, alice, bob)
        self.assertEqual(len(self.ours.chat.find("invitation.received", matrix_room_id=room)), 1)


class ChangeOutageScenarios(OutageBase):
    """Of what was said, and when it has arrived."""

    def _talk(self):
        """A conversation in which each has said three things that the other has read."""
        talk = Conversation(self)
        ours, theirs = ["one", "two", "three"], ["uno", "due", "tre"]
        for text in ours:
            self.ours.send(talk.room, talk.alice, text)
        for text in theirs:
            self.theirs.send(talk.room, talk.bob, text)
        self.until_equal(talk.read_by_bob, ours, "our messages there")
        self.until_equal(talk.read_by_alice, theirs, "their messages here")
        return talk

    def _they_change(self, talk):
        """Bob edits, deletes and reacts, and takes another reaction back."""
        self.theirs.edit(talk.room, talk.bob, "uno", "uno, better")
        self.theirs.delete(talk.room, talk.bob, talk.bob, "due", "a slip")
        for key in ("gone", _THUMB):
            self.theirs.react(talk.room, talk.bob, talk.alice, "one", key)
        self.theirs.take_back_reaction(talk.room, talk.bob, talk.alice, "one", "gone")

    def _until_their_changes_are_seen(self, talk):
        """Here, each once."""
        self.until_they_reach_us(talk.room, talk.bob)
        self.until_equal(lambda: self.ours.shown(talk.room, talk.alice, talk.bob)[:2], ["uno, better", "tre"], "the edit and the deletion here")
        self.until_equal(lambda: self.ours.reactions(talk.room, talk.alice, talk.alice, "one"), {(talk.bob, _THUMB)}, "the reaction here")
        self.assertEqual([each.body["text"] for each in self.ours.chat.find("message.edited", matrix_room_id=talk.room)], ["uno, better"])
        self.assertEqual([(each.body["by"], each.body["reason"]) for each in self.ours.chat.find("message.deleted", matrix_room_id=talk.room)],
                         [(talk.bob, "a slip")])
        self.assertEqual(len(self.ours.chat.find("reaction.added", matrix_room_id=talk.room, key=_THUMB)), 1)
        self.assertEqual(self.ours.chat.duplicates(), [])

    def test_what_we_change_while_their_server_is_away_is_seen_there_when_it_is_back(self):
        talk = self._talk()
        self.stop_theirs(kill=True)
        self.ours.edit(talk.room, talk.alice, "one", "one, better")
        self.ours.react(talk.room, talk.alice, talk.bob, "tre", _THUMB)
        self.ours.react(talk.room, talk.alice, talk.bob, "tre", "gone")
        self.kill_ours()
        self.ours.edit(talk.room, talk.alice, "one", "one, best")
        self.ours.delete(talk.room, talk.alice, talk.alice, "two", "a slip")
        self.ours.take_back_reaction(talk.room, talk.alice, talk.bob, "tre", "gone")
        self.ours.send(talk.room, talk.alice, "that is all")  # behind it
        self.theirs.start_server()
        self.until_equal(lambda: self.theirs.shown(talk.room, talk.bob, talk.alice), ["one, best", "three", "that is all"], "the changes there")
        self.until_equal(lambda: self.theirs.reactions(talk.room, talk.bob, talk.bob, "tre"), {(talk.alice, _THUMB)}, "the reactions there")
        self.assertEqual([each.name for each in self.ours.chat.seen if each.body.get("matrix_room_id") == talk.room
                          and each.name in ("message.edited", "message.deleted", "reaction.added", "reaction.removed")], [])

    def test_what_they_change_while_our_broker_is_away_is_seen_here_when_it_is_back(self):
        talk = self._talk()
        self.ours_is_killed()
        self._they_change(talk)
        self.ours.start_server()
        self._until_their_changes_are_seen(talk)

    def test_what_they_change_just_before_their_server_is_killed_is_seen_here(self):
        talk = self._talk()
        self._they_change(talk)
        self.stop_theirs(kill=True)
        self.theirs.start_server()
        self._until_their_changes_are_seen(talk)

    def test_our_changes_go_on_where_a_broker_that_was_killed_has_left_them(self):
        talk = Conversation(self)
        texts = [f"line {number}" for number in range(45)]
        for text in texts:
            self.ours.send(talk.room, talk.alice, text)
        self.until_equal(talk.read_by_bob, texts, "what is to be changed there")
        failures, is_under_way = [], threading.Event()

        def change(number, text):
            if number % 3 == 0:
                self.ours.edit(talk.room, talk.alice, text, text + ", better")
            elif number % 3 == 1:
                self.ours.delete(talk.room, talk.alice, talk.alice, text)
            else:
                self.ours.react(talk.room, talk.alice, talk.alice, text, _THUMB)

        def change_all():
            try:
                for number, text in enumerate(texts):
                    change(number, text)  # repeated under its id until it is answered
                    if number == 9:
                        is_under_way.set()
            except Exception as why:  # shown by the case, not lost in a thread
                failures.append(why)
            is_under_way.set()
        changing = threading.Thread(target=change_all)
        changing.start()
        is_under_way.wait(PATIENCE_S)
        self.kill_ours()
        changing.join()
        self.assertEqual(failures, [])
        left = [text if number % 3 else text + ", better" for number, text in enumerate(texts) if number % 3 != 1]
        self.until_equal(lambda: self.theirs.shown(talk.room, talk.bob, talk.alice), left, "all changes there")
        for text in texts[2::3]:
            self.until_equal(lambda text=text: self.theirs.reactions(talk.room, talk.bob, talk.alice, text), {(talk.alice, _THUMB)},
                             f"the reaction to {text} there")

    def test_nothing_acknowledged_is_lost_or_doubled_when_their_server_is_killed_in_the_middle(self):
        talk = Conversation(self)
        ours, theirs = [f"from here {number}" for number in range(60)], [f"from there {number}" for number in range(5)]
        failures, is_under_way = [], threading.Event()

        def say():
            try:
                for number, text in enumerate(ours):
                    self.ours.send(talk.room, talk.alice, text)
                    if number == 9:
                        is_under_way.set()
            except Exception as why:  # shown by the case, not lost in a thread
                failures.append(why)
            is_under_way.set()
        for text in theirs:
            self.theirs.send(talk.room, talk.bob, text)
        saying = threading.Thread(target=say)
        saying.start()
        is_under_way.wait(PATIENCE_S)
        self.stop_theirs(kill=True)
        self.theirs.start_server()
        saying.join()
        self.assertEqual(failures, [])
        self.until_equal(talk.read_by_bob, ours, "everything from here, once and in order")
        self.until_they_reach_us(talk.room, talk.bob)
        self.until_equal(lambda: talk.read_by_alice()[:len(theirs)], theirs, "everything from there, once and in order")
        self.assertEqual(self.ours.chat.duplicates(), [])

    def test_the_chat_user_is_told_who_delays_what_they_say_and_when_it_has_come_through(self):
        talk = Conversation(self)
        self.stop_theirs()
        for text in ("are you there?", "hello?"):
            self.ours.send(talk.room, talk.alice, text)
        delayed = self.ours.chat.wait_for("delivery.changed", PATIENCE_S, matrix_room_id=talk.room, state="delayed").body
        self.assertEqual((delayed["server"], delayed["message"]), (self.theirs.server_name, f"{talk.room} {talk.alice} are you there?"))
        self.assertTrue(delayed["reason"].startswith("peer_unreachable"), delayed)
        self.kill_ours()
        self.theirs.start_server()
        delivered = self.ours.chat.wait_for("delivery.changed", PATIENCE_S, matrix_room_id=talk.room, state="delivered").body
        self.assertEqual((delivered["server"], delivered["message"]), (delayed["server"], delayed["message"]))
        self.assertGreaterEqual(delivered["ts"], delayed["ts"])
        self.until_equal(talk.read_by_bob, ["are you there?", "hello?"], "both messages there")
        told = [each.body["state"] for each in self.ours.chat.find("delivery.changed", matrix_room_id=talk.room)]
        self.assertEqual(told, ["delayed", "delivered"])
