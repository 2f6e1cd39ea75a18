"""The door between the nodes: what goes through it, and what it holds back."""

import socket
import unittest

import paths  # noqa: F401 - first: it finds what follows
from node_door import TO_SERVING, TO_STANDBY, NodeDoor

HELD_S = 0.3  # what does not come within it is held


class Doors(unittest.TestCase):
    def setUp(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.door = NodeDoor(listener.getsockname()[1])
        self.addCleanup(self.door.close)
        host, port = self.door.address.removeprefix("tcp://").split(":")
        self.standby = socket.create_connection((host, int(port)))
        self.addCleanup(self.standby.close)
        self.serving, _ = listener.accept()
        self.addCleanup(self.serving.close)

    def read(self, end, is_held=False):
        end.settimeout(HELD_S if is_held else 30)
        return end.recv(100)

    def is_held(self, end):
        try:
            self.read(end, is_held=True)
        except TimeoutError:
            return True
        return False

    def test_both_ways_go_through(self):
        self.standby.sendall(b"asked")
        self.assertEqual(self.read(self.serving), b"asked")
        self.serving.sendall(b"answered")
        self.assertEqual(self.read(self.standby), b"answered")

    def test_one_way_is_held_and_the_other_goes_on(self):
        for way, said, heard in ((TO_SERVING, self.standby, self.serving), (TO_STANDBY, self.serving, self.standby)):
            self.door.hold(way)
            said.sendall(b"late")
            heard.sendall(b"at once")
            self.assertEqual(self.read(said), b"at once")
            self.assertTrue(self.is_held(heard))
            self.door.release()
            self.assertEqual(self.read(heard), b"late")

    def test_an_end_is_held_like_a_word(self):
        self.door.hold(TO_SERVING)
        self.standby.close()
        self.assertTrue(self.is_held(self.serving))
        self.door.release()
        self.assertEqual(self.read(self.serving), b"")
