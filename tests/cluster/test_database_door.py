"""The door before a database, with a server of the test behind it that says back what it hears."""

import os
import shutil
import socket
import tempfile
import threading
import unittest

import paths  # noqa: F401 - first: it finds what follows
from causeway_demo.process import until
from database_door import SOCKET_NAME, TO_DATABASE, TO_NODE, DatabaseDoor

SECONDS = 20
MOMENT = 0.2  # in which nothing may come
COMMIT = b"P\0\0\0\x2bSET LOCAL statement_timeout = 0\0\0B...P\0COMMIT\0\0"


class Door(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cw-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.heard = []  # all bytes that have come to the server
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(os.path.join(self.folder, SOCKET_NAME))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()
        self.door = DatabaseDoor(os.path.join(self.folder, "door"), self.folder)
        self.addCleanup(self.door.close)

    def accept(self):
        while True:
            try:
                each, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.echo, args=(each,), daemon=True).start()

    def echo(self, connection):
        with connection:
            while data := connection.recv(65536):
                self.heard.append(data)
                try:
                    connection.sendall(data)
                except OSError:
                    return
            self.heard.append(b"")

    def connect(self):
        node = socket.socket(socket.AF_UNIX)
        self.addCleanup(node.close)
        node.settimeout(SECONDS)
        node.connect(os.path.join(self.folder, "door", SOCKET_NAME))
        return node

    def nothing_comes_to(self, node):
        node.settimeout(MOMENT)
        with self.assertRaises(TimeoutError):
            node.recv(1)
        node.settimeout(SECONDS)

    def test_the_url_leads_through_the_door(self):
        self.assertEqual(self.door.url("postgresql:///store1?user=causeway&host=%2Ftmp%2Fx"),
                         "postgresql:///store1?user=causeway&host=" + self.folder.replace("/", "%2F") + "%2Fdoor")

    def test_bytes_pass_both_ways(self):
        node = self.connect()
        node.sendall(b"hello")
        self.assertEqual(node.recv(5), b"hello")

    def test_what_is_held_comes_later_and_whole(self):
        for way, is_heard in ((TO_DATABASE, False), (TO_NODE, True)):
            with self.subTest(way):
                self.heard.clear()
                node = self.connect()
                node.sendall(b"1")
                self.assertEqual(node.recv(1), b"1")
                self.door.hold(way)
                node.sendall(b"2")
                self.nothing_comes_to(node)
                self.assertEqual(b"".join(self.heard), b"12" if is_heard else b"1")
                self.door.release()
                self.assertEqual(node.recv(1), b"2")

    def test_the_database_has_the_commit_whose_answer_is_cut(self):
        node = self.connect()
        cut = []
        waiting = threading.Thread(target=lambda: cut.append(self.door.cut_after_commit(SECONDS)))
        waiting.start()
        until(lambda: self.door.waits_for_commit, SECONDS, "the door to wait for a commit")
        node.sendall(b"P\0COMMIT\0")  # of nobody who owns the store: it is let through
        self.assertEqual(node.recv(100), b"P\0COMMIT\0")
        node.sendall(COMMIT)
        waiting.join(SECONDS)
        self.assertEqual(cut, [True])
        self.assertEqual(node.recv(100), b"")
        until(lambda: COMMIT in b"".join(self.heard), SECONDS, "the commit to reach the database")

    def test_without_a_commit_nothing_is_cut(self):
        self.assertFalse(self.door.cut_after_commit(MOMENT))
