"""A broker and a real Synapse."""

from harness.case import InteropCase
from knock_scenarios import KnockScenarios
from scenarios import DismissalScenarios, GapScenarios, Scenarios, TypingScenarios


def rejection_arrives_at_synapse(case, room, inviter, rejecter):
    case.until_equal(lambda: case.theirs.synapse.user(inviter[1:].split(":")[0]).members(room).get(rejecter), "leave",
                     "the rejection to arrive there")


class AgainstSynapse(KnockScenarios, DismissalScenarios, TypingScenarios, Scenarios, InteropCase):
    room_version = "11"  # of all rooms, on both sides

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings={"invitation": {"knock_check_s": 1}})

    def until_they_see_the_rejection(self, room, inviter, rejecter):
        rejection_arrives_at_synapse(self, room, inviter, rejecter)

    def until_they_know_of_the_rejection(self, room, user):
        """Synapse hears of it and believes nobody: for its user the knock stays open."""
        self.assertTrue(self.theirs.is_knocking(room, user))


class AgainstSynapseInVersion10(AgainstSynapse):
    room_version = "10"


class AgainstSynapseInVersion12(AgainstSynapse):
    room_version = "12"


class GapsWithSynapse(GapScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_synapse_behind_front("synapse", room_version=cls.room_version)
        cls.ours, cls.our_front = cls.start_causeway_behind_front("ours", room_version=cls.room_version)


class GapsWithSynapseInVersion10(GapsWithSynapse):
    room_version = "10"


class GapsWithSynapseInVersion12(GapsWithSynapse):
    room_version = "12"


class LargeRoomsWithSynapse(InteropCase):
    """Every room of more than two members counts as large."""

    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings={"room": {"omit_members_above": 2}})

    def test_we_join_without_members_and_they_follow(self):
        founder, others = self.theirs.user("founder"), [self.theirs.user(f"other{number}") for number in range(4)]
        alice = self.ours.user("alice")
        room = self.theirs.create_channel(founder, others)
        for other in others:
            self.theirs.accept(room, other)
        self.theirs.invite(room, founder, alice)
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=alice)
        self.ours.accept(room, alice)
        created = self.ours.chat.wait_for("room.created", matrix_room_id=room)
        self.assertTrue(created.body["more_members"])
        self.ours.chat.wait_for("room.members", matrix_room_id=room, complete=True)
        self.assertEqual(self.ours.members(room, alice), {founder, alice, *others})
        self.ours.send(room, alice, "all here?")
        self.until_equal(lambda: self.theirs.texts(room, others[0], alice), ["all here?"], "our message at theirs")
        self.theirs.send(room, others[1], "all here")
        self.until_equal(lambda: self.ours.texts(room, alice, others[1]), ["all here"], "their message here")

    def test_they_join_ours_without_members_and_know_them_soon(self):
        bob, (alice, *others) = self.theirs.user("bob"), [self.ours.user(f"ours{number}") for number in range(5)]
        room = self.ours.create_channel(alice, [*others, bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, bob, *others}, "all members to be known there")
        self.ours.send(room, others[2], "do you know me?")
        self.until_equal(lambda: self.theirs.texts(room, bob, others[2]), ["do you know me?"], "our message at theirs")
        self.theirs.send(room, bob, "I do")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["I do"], "their message here")


class LargeRoomsWithSynapseInVersion10(LargeRoomsWithSynapse):
    room_version = "10"


class LargeRoomsWithSynapseInVersion12(LargeRoomsWithSynapse):
    room_version = "12"
