"""Roles, in rooms of either side: a broker with a real Synapse, and two brokers."""

from drift_scenarios import DriftScenarios, ServiceUserScenarios
from harness.case import InteropCase
from harness.front import Front
from moderation_scenarios import LostLevelScenarios, RoleScenarios


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


class LostRolesWithSynapse(LostLevelScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.their_front, cls.our_front = Front(cls.authority), Front(cls.authority)
        cls.addClassCleanup(cls.their_front.close)
        cls.addClassCleanup(cls.our_front.close)
        cls.theirs = cls.start_synapse("synapse", public_port=cls.their_front.port)
        cls.their_front.target_port = cls.theirs.synapse.federation_port
        cls.ours = cls.start_causeway("ours", public_port=cls.our_front.port)
        cls.our_front.target_port = cls.ours.broker.port


class LostRolesWithCauseway(LostLevelScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.their_front, cls.our_front = Front(cls.authority), Front(cls.authority)
        cls.addClassCleanup(cls.their_front.close)
        cls.addClassCleanup(cls.our_front.close)
        cls.theirs = cls.start_causeway("theirs", public_port=cls.their_front.port, room_version="12")
        cls.their_front.target_port = cls.theirs.broker.port
        cls.ours = cls.start_causeway("ours", public_port=cls.our_front.port, room_version="12")
        cls.our_front.target_port = cls.ours.broker.port


DRIFT = {"room": {"permission_drift": "report"}}
SERVICE = {"room": {"service_user": "rooms"}}


class DriftWithSynapse(DriftScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse")
        cls.ours = cls.start_causeway("ours", settings=DRIFT)


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


class ServiceUserWithSynapseInVersion12(ServiceUserWithSynapse):
    room_version = "12"
    level_there = None


class ServiceUserWithCauseway(ServiceUserScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours", settings=SERVICE)
