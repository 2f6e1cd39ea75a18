"""Roles, in rooms of either side: a broker with a real Synapse, and two brokers."""

from drift_scenarios import DriftScenarios, ServiceUserScenarios
from harness.case import InteropCase
from moderation_scenarios import CrossedModerationScenarios, LostLevelScenarios, RoleScenarios


class RolesWithSynapse(RoleScenarios, InteropCase):
    room_version = "11"  # of all rooms, on both sides

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class RolesWithSynapseInVersion10(RolesWithSynapse):
    room_version = "10"


class RolesWithSynapseInVersion12(RolesWithSynapse):
    room_version = "12"


class RolesWithCauseway(RoleScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class RolesWithCausewayInVersion12(RolesWithCauseway):
    room_version = "12"


class CrossedWithSynapse(LostLevelScenarios, CrossedModerationScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_synapse_behind_front("synapse", room_version=cls.room_version)
        cls.ours, cls.our_front = cls.start_causeway_behind_front("ours", room_version=cls.room_version)


class CrossedWithSynapseInVersion10(CrossedWithSynapse):
    room_version = "10"


class CrossedWithSynapseInVersion12(CrossedWithSynapse):
    room_version = "12"


class CrossedWithCauseway(LostLevelScenarios, CrossedModerationScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_causeway_behind_front("theirs", room_version="12")
        cls.ours, cls.our_front = cls.start_causeway_behind_front("ours", room_version="12")


DRIFT = {"room": {"permission_drift": "report"}}
SERVICE = {"room": {"service_user": "rooms"}}


class DriftWithSynapse(DriftScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings=DRIFT)


class DriftWithSynapseInVersion10(DriftWithSynapse):
    room_version = "10"


class DriftWithSynapseInVersion12(DriftWithSynapse):
    room_version = "12"


class DriftWithCauseway(DriftScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version="12")
        cls.ours = cls.start_causeway("ours", room_version="12", settings=DRIFT)


class ServiceUserWithSynapse(ServiceUserScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings=SERVICE)


class ServiceUserWithSynapseInVersion10(ServiceUserWithSynapse):
    room_version = "10"


class ServiceUserWithSynapseInVersion12(ServiceUserWithSynapse):
    room_version = "12"
    level_there = None


class ServiceUserWithCauseway(ServiceUserScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours", settings=SERVICE)
