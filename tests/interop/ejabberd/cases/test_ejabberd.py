"""Rooms of ours, joined through ejabberd's Matrix gateway."""

import unittest

from ejabberd.server import ROOT, Ejabberd
from ejabberd.xmpp import Client
from harness.case import PATIENCE_S, InteropCase


class AgainstEjabberd(InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        if not ROOT:
            raise unittest.SkipTest("started by tests/interop/ejabberd/run")
        super().setUpClass()
        cls.theirs = Ejabberd(cls.authority, cls.own_address())
        cls.watched.append(cls.theirs.process)
        cls.addClassCleanup(cls.theirs.stop)
        cls.theirs.start()
        cls.theirs.register("xena", "not secret")
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, address=cls.own_address())
        cls.xena = f"@xena:{cls.theirs.server_name}"

    def setUp(self):
        self.client = Client(self.theirs.client_port, self.theirs.server_name, "xena", "not secret")
        self.addCleanup(self.client.close)

    def test_a_channel_of_ours_is_joined_and_both_talk(self):
        alice = self.ours.user("alice")
        room = self.ours.create_channel(alice, [self.xena])
        there = self.client.wait_for_invitation(PATIENCE_S)
        self.client.join(there, "xena", PATIENCE_S)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=self.xena, membership="join")
        for number in range(20):
            self.ours.send(room, alice, f"from here {number}")
            self.client.hear(there, f"from here {number}", PATIENCE_S)
            self.client.say(there, f"from there {number}")
        self.until_equal(lambda: self.ours.texts(room, alice, self.xena), [f"from there {number}" for number in range(20)], "what she said, here")


class AgainstEjabberdInVersion10(AgainstEjabberd):
    room_version = "10"
