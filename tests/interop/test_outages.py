"""Either side is away, or killed, in the middle: a broker with a real Synapse, and two brokers."""

from harness.case import PATIENCE_S, InteropCase
from harness.synapse import ClientError
from outage_scenarios import ChangeOutageScenarios, InvitationOutageScenarios


class OutagesWithSynapse(InvitationOutageScenarios, ChangeOutageScenarios, InteropCase):
    takes_long = True  # a Synapse is started eight times
    room_version = "11"  # of all rooms, on both sides

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)

    def is_not_reached(self, room, bob, alice):
        """A Matrix user is told at once, and nobody is invited."""
        with self.assertRaises(ClientError):
            self.theirs.invite(room, bob, alice)
        self.assertEqual(self.theirs.members(room, bob), {bob})
        self.assertIsNone(self.theirs.membership(room, bob, alice))


class OutagesWithSynapseInVersion10(OutagesWithSynapse):
    room_version = "10"


class OutagesWithSynapseInVersion12(OutagesWithSynapse):
    room_version = "12"


class OutagesWithCauseway(InvitationOutageScenarios, ChangeOutageScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")

    def is_not_reached(self, room, bob, alice):
        """The user of a chat server is told why it waits; it goes by itself later."""
        self.theirs.invite(room, bob, alice)
        self.until(lambda: any(each["last_fault"].startswith("peer_unreachable") and each["state"] == "sending"
                               for each in self.theirs.chat.command("query.invitations", {"room": room, "user": alice})["invitations"]),
                   "the word why it waits", seconds=PATIENCE_S)
