"""Two brokers with each other: the same list as with Synapse."""

import threading

from harness.case import PATIENCE_S, InteropCase
from knock_scenarios import KnockScenarios
from large_room_scenarios import LargeRoomScenarios
from scenarios import Conversation, DismissalScenarios, GapScenarios, Scenarios, TypingScenarios


class AgainstCauseway(KnockScenarios, DismissalScenarios, TypingScenarios, Scenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Some tests invite the same user again and again.
        cls.theirs = cls.start_causeway("theirs", room_version=None, settings={"invitation": {"inbound_per_user_burst": 200}})
        cls.ours = cls.start_causeway("ours", room_version=None)

    def until_they_see_the_rejection(self, room, inviter, rejecter):
        self.theirs.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=rejecter, state="rejected")

    def until_they_know_of_the_rejection(self, room, user):
        """Told, not found by asking: that would take ten minutes."""
        told = self.theirs.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=user, direction="knock", state="rejected").body
        self.assertEqual((told["reason"], self.theirs.is_knocking(room, user)), ("full", False))

    def test_they_take_their_knock_back(self):
        alice, bob, room = self._ours_with_their_knock()
        self.theirs.retract_knock(room, bob)
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="knock_retracted", actor=bob)
        self.assertFalse(self.ours.sees_knock(room, alice, bob))

    # -- one writer of an invitation's row

    def test_who_is_revoked_and_invited_again_at_once_is_invited_every_time(self):
        """Just when the revocation is confirmed; and without waiting for that."""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [])
        for number in range(15):
            with self.subTest(number):
                seen = len(self.states(room, bob))
                self.ours.invite(room, alice, bob)
                self.until(lambda: "pending" in self.states(room, bob)[seen:], "the invitation to be taken")
                self.ours.revoke(room, alice, bob)
                if number % 3:
                    self.until(lambda: "revoked" in self.states(room, bob)[seen:], "the revocation to be confirmed", seconds=PATIENCE_S)
                again = len(self.states(room, bob))
                self.ours.invite(room, alice, bob)
                self.until(lambda: "pending" in self.states(room, bob)[again:], "the next invitation to be taken")
                self.until(lambda: self.theirs.has_invitation(room, bob), "the next invitation to be there")
                after = len(self.states(room, bob))
                self.ours.revoke(room, alice, bob)
                self.until(lambda: "revoked" in self.states(room, bob)[after:], "the end of it")
                self.until(lambda: not self.theirs.has_invitation(room, bob), "the end of it there")
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the last invitation to be there")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")

    def test_the_second_of_them_is_invited_to_a_room_they_are_in_and_talks(self):
        alice, bob, bill = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "his invitation")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.ours.send(room, alice, "before the second")
        self.ours.invite(room, alice, bill)
        told = self.theirs.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=bill)
        self.assertEqual(told.body["name"], "a channel")
        self.theirs.accept(room, bill)
        self.until_state(room, bill, "accepted")
        self.theirs.send(room, bill, "from the second")
        self.until_equal(lambda: self.ours.texts(room, alice, bill), ["from the second"], "his message here")
        self.assertEqual(len(self.theirs.chat.find("invitation.received", matrix_room_id=room, user=bill)), 1)
        self.assertEqual(self.theirs.members(room, bob), {alice, bob, bill})

    # -- a dm that gets a third person

    def test_a_third_person_in_a_dm_makes_it_a_group_dm_and_the_chat_server_is_told(self):
        talk = Conversation(self)
        third = self.theirs.user(self.fresh("cyd"))
        self.assertEqual(self.ours.chat.command("query.room", {"room": talk.room})["type"], "dm")
        answer = self.ours.chat.command("invite.send", {"room": talk.room, "by": talk.alice, "user": third})
        self.assertEqual((answer["state"], answer["type"]), ("sending", "group_dm"))
        self.assertEqual(self.ours.chat.command("query.room", {"room": talk.room})["type"], "group_dm")
        self.until(lambda: self.theirs.has_invitation(talk.room, third), "the third to be invited")

    def test_whoever_left_a_dm_is_invited_to_it_again(self):
        talk = Conversation(self)
        self.theirs.leave(talk.room, talk.bob)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=talk.room, user=talk.bob, membership="leave")
        answer = self.ours.chat.command("invite.send", {"room": talk.room, "by": talk.alice, "user": talk.bob})
        self.assertEqual((answer["state"], answer["type"]), ("sending", "dm"))


class StartsWithCauseway(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")

    def test_an_invitation_right_after_the_start_is_taken_at_the_first_attempt(self):
        alice, bob = self.ours.user("alice"), self.theirs.user("bob")
        self.ours.stop_server()
        made = []
        creating = threading.Thread(target=lambda: made.append(self.ours.create_direct(alice, bob)))  # as soon as somebody answers
        creating.start()
        self.ours.start_server()  # by the main thread: a process ends with the thread that began it
        creating.join()
        room, = made
        self.ours.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=bob, state="pending")
        faults = [each.body["last_fault"] for each in self.ours.chat.find("invitation.changed", matrix_room_id=room) if each.body["last_fault"]]
        self.assertEqual(faults, [])


class GapsWithCauseway(GapScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_causeway_behind_front("theirs")
        cls.ours, cls.our_front = cls.start_causeway_behind_front("ours")


class LargeRoomsWithCauseway(LargeRoomScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", settings={"room": {"omit_members_above": 2}})
        cls.ours = cls.start_causeway("ours", settings={"room": {"omit_members_above": 2}})
