"""`user.deactivate` of one of ours who is just coming into a room of theirs. Of one who is in, see test_switching.py."""

import threading

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S, InteropCase
from scenarios import ScenarioBase


class DeactivatedJoinerScenarios(ScenarioBase):
    """`their_front` stands before `theirs`."""

    def test_who_is_deactivated_while_they_join_leaves_when_the_join_ends(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_public(bob, self.fresh("square"))
        ended = []

        def join():
            try:
                ended.append(self.ours.join(room, alice, [self.theirs.server_name]))
            except CommandError as refused:
                ended.append(refused.code)
        joining = threading.Thread(target=join, daemon=True)
        with self.their_front.holding("/send_join/"):
            joining.start()
            self.until(lambda: self.their_front.held > 0, "the join to be under way")
            self.ours.chat.command("user.deactivate", {"user": alice})
            self.assertEqual(self.theirs.members(room, bob), {bob})
        joining.join()
        self.assertEqual(len(ended), 1)
        # The Matrix user sees them come and go; the chat server is told that nobody of its own is there.
        self.until_equal(lambda: self.theirs.membership(room, bob, alice), "leave", "the Matrix user to see them leave")
        self.assertEqual(self.theirs.members(room, bob), {bob})
        gone = self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=alice).body
        self.assertEqual(gone["cause"], "left")
        with self.assertRaises(CommandError) as refused:
            self.ours.join(room, alice, [self.theirs.server_name])
        self.assertEqual(refused.exception.code, "user_deactivated")


class DeactivatedJoinersWithSynapse(DeactivatedJoinerScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_synapse_behind_front("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class DeactivatedJoinersWithSynapseInVersion10(DeactivatedJoinersWithSynapse):
    room_version = "10"


class DeactivatedJoinersWithSynapseInVersion12(DeactivatedJoinersWithSynapse):
    room_version = "12"


class DeactivatedJoinersWithCauseway(DeactivatedJoinerScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.their_front = cls.start_causeway_behind_front("theirs")
        cls.ours = cls.start_causeway("ours")
