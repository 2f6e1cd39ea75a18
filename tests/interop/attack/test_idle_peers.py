"""Connections of the chat edge that take streams and grant nothing: the chat server still hears of all its rooms."""

from harness.case import InteropCase
from harness.raw_edge import RawEdge

STREAMS = 4


class ZeroCredit(InteropCase):
    def test_three_connections_without_credit_do_not_keep_rooms_silent(self):
        ours = self.start_causeway("ours", settings={"edge": {"streams": STREAMS, "peer_timeout_ms": 600_000}})
        alice = ours.user("alice")
        for _ in range(3):
            idle = RawEdge(ours.broker.chat_endpoint)
            self.addCleanup(idle.close)
            idle.send(b"H", {"versions": [1], "client": "interop test", "peer": "idle", "credit": {"messages": 0, "bytes": 0}})
            self.assertIsNotNone(idle.expect(b"W"))
        # So many rooms that each stream has some.
        for _ in range(4 * STREAMS):
            room = ours.create_channel(alice, [])
            ours.chat.command("invite.send", {"room": room, "by": alice, "user": "@nobody:localhost:1"})
            ours.chat.wait_for("invitation.changed", matrix_room_id=room)
