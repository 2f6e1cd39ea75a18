"""A broker and a real Synapse."""

from harness.case import InteropCase
from knock_scenarios import KnockScenarios
from large_room_scenarios import LargeRoomScenarios
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


class LargeRoomsWithSynapse(LargeRoomScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings={"room": {"omit_members_above": 2}})


class LargeRoomsWithSynapseInVersion10(LargeRoomsWithSynapse):
    room_version = "10"


class LargeRoomsWithSynapseInVersion12(LargeRoomsWithSynapse):
    room_version = "12"
