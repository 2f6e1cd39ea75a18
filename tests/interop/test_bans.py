"""Bans, kicks and what becomes of those concerned: a broker with a real Synapse, and two brokers."""

from harness.case import InteropCase
from moderation_scenarios import BanScenarios


class BansWithSynapse(BanScenarios, InteropCase):
    room_version = "11"  # of all rooms, on both sides

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)

    def until_no_invitation(self, room, user):
        self.assertTrue(self.ours.has_invitation(room, user))


class BansWithSynapseInVersion10(BansWithSynapse):
    room_version = "10"


class BansWithSynapseInVersion12(BansWithSynapse):
    room_version = "12"


class BansWithCauseway(BanScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class BansWithCausewayInVersion12(BansWithCauseway):
    room_version = "12"
