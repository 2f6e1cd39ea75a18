"""Two brokers with each other: the same list as with Synapse."""

from harness.case import PATIENCE_S, InteropCase
from harness.front import Front
from scenarios import GapScenarios, Scenarios


class AgainstCauseway(Scenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")

    def until_they_see_the_rejection(self, room, inviter, rejecter):
        self.theirs.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=rejecter, state="rejected")


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
