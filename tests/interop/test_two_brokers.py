"""Two brokers with each other: the same list as with Synapse."""

from harness.case import PATIENCE_S, InteropCase
from harness.front import Front
from knock_scenarios import KnockScenarios
from scenarios import GapScenarios, Scenarios


class AgainstCauseway(KnockScenarios, Scenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version=None)
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


class GapsWithCauseway(GapScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.their_front, cls.our_front = Front(cls.authority), Front(cls.authority)
        cls.addClassCleanup(cls.their_front.close)
        cls.addClassCleanup(cls.our_front.close)
        cls.theirs = cls.start_causeway("theirs", public_port=cls.their_front.port)
        cls.their_front.target_port = cls.theirs.broker.port
        cls.ours = cls.start_causeway("ours", public_port=cls.our_front.port)
        cls.our_front.target_port = cls.ours.broker.port
