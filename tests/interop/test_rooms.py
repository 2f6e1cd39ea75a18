"""Rooms that change, are removed and go on as others: a broker with a real Synapse, and two brokers."""

from harness.case import InteropCase
from room_scenarios import DirectScenarios, FalseSuccessorScenarios, RemoveScenarios, SettingsScenarios, UpgradeScenarios


class _WithSynapse(InteropCase):
    room_version = "11"  # of all rooms, on both sides

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class _WithCauseway(InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class RoomSettingsWithSynapse(SettingsScenarios, _WithSynapse):
    pass


class RoomSettingsWithSynapseInVersion10(SettingsScenarios, _WithSynapse):
    room_version = "10"


class RoomSettingsWithSynapseInVersion12(SettingsScenarios, _WithSynapse):
    room_version = "12"


class RoomSettingsWithCauseway(SettingsScenarios, _WithCauseway):
    room_version = "12"


class RoomRemoveWithSynapse(RemoveScenarios, _WithSynapse):
    pass


class RoomRemoveWithSynapseInVersion10(RemoveScenarios, _WithSynapse):
    room_version = "10"


class RoomRemoveWithSynapseInVersion12(RemoveScenarios, _WithSynapse):
    room_version = "12"


class RoomRemoveWithCauseway(RemoveScenarios, _WithCauseway):
    pass


class _SynapseLetsIn(UpgradeScenarios):
    """Its upgraded rooms are as closed as they were."""

    def let_in(self, room, bob, *users):
        for user in users:
            self.theirs.invite(room, bob, user)


class RoomUpgradeWithSynapse(_SynapseLetsIn, _WithSynapse):
    pass


class RoomUpgradeWithSynapseFromVersion10(_SynapseLetsIn, _WithSynapse):
    room_version = "10"
    next_version = "11"


class RoomUpgradeWithSynapseWithinVersion12(_SynapseLetsIn, _WithSynapse):
    room_version = "12"


class RoomUpgradeWithCauseway(UpgradeScenarios, _WithCauseway):
    pass


class RoomUpgradeFalselyWithSynapse(FalseSuccessorScenarios, _WithSynapse):
    pass


class DirectReuseWithSynapse(DirectScenarios, _WithSynapse):
    pass


class DirectsAndSuccessorsWithSynapseInVersion10(DirectScenarios, FalseSuccessorScenarios, _WithSynapse):
    room_version = "10"


class DirectsAndSuccessorsWithSynapseInVersion12(DirectScenarios, FalseSuccessorScenarios, _WithSynapse):
    room_version = "12"


class DirectReuseWithCauseway(DirectScenarios, _WithCauseway):
    room_version = "12"
