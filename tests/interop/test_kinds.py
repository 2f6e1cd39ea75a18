"""Kinds of rooms: a broker with a real Synapse, and two brokers."""

from harness.case import PATIENCE_S, InteropCase
from kind_scenarios import KindScenarios


class KindsWithSynapse(KindScenarios, InteropCase):
    room_version = "11"  # of all rooms, on both sides
    # Synapse sends no members with an invitation, so a group looks like a direct message until one of ours is in it.
    seen_before = {"group_dm": "dm"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)

    def shows_a_direct_invitation(self, room, user):
        """Matrix clients put it with the direct messages by that word of the invitation."""
        events = self.theirs.synapse.user(user[1:].split(":")[0]).rooms()["invite"][room]["invite_state"]["events"]
        own, = (each for each in events if each["type"] == "m.room.member" and each["state_key"] == user)
        self.assertIs(own["content"].get("is_direct"), True)


class KindsWithSynapseInVersion10(KindsWithSynapse):
    room_version = "10"


class KindsWithSynapseInVersion12(KindsWithSynapse):
    room_version = "12"


class KindsWithCauseway(KindScenarios, InteropCase):
    seen_before = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version="12")
        cls.ours = cls.start_causeway("ours", room_version="12")

    def shows_a_direct_invitation(self, room, user):
        self.theirs.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=user, type="group_dm")
