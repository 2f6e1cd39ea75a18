"""A broker and a real Synapse."""

from harness.case import InteropCase
from harness.front import Front
from scenarios import GapScenarios, Scenarios


def rejection_arrives_at_synapse(case, room, inviter, rejecter):
    case.until_equal(lambda: case.theirs.synapse.user(inviter[1:].split(":")[0]).members(room).get(rejecter), "leave",
                     "the rejection to arrive there")


class AgainstSynapse(Scenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse")
        cls.ours = cls.start_causeway("ours")

    def until_they_see_the_rejection(self, room, inviter, rejecter):
        rejection_arrives_at_synapse(self, room, inviter, rejecter)


class GapsWithSynapse(GapScenarios, InteropCase):
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
