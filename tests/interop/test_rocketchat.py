"""A broker and Rocket.Chat's own federation package."""

from harness.case import InteropCase
from rocketchat_scenarios import RocketChatScenarios


class AgainstRocketChat(RocketChatScenarios, InteropCase):
    peer = {}  # options of the peer
    room_version = "11"  # of all rooms, on both sides

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_rocketchat("rocketchat", room_version=cls.room_version, **cls.peer)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, address=cls.own_address())

    def test_a_joiner_is_served_our_deleted_message_without_its_content(self):
        self.skipTest("the package refuses every redacted m.room.message it fetches, and with it what follows")


class AgainstRocketChatInVersion10(AgainstRocketChat):
    room_version = "10"


class AgainstRocketChatThatDemandsOrigin(AgainstRocketChat):
    """As it was until August 2026."""
    peer = {"demands_origin": True}


class AgainstOldRocketChat(AgainstRocketChat):
    """Its rooms are of version 10."""
    peer = {"package_version": "0.6.3"}
    room_version = "10"
