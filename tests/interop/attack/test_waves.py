"""A wave of dead servers, refusing and hanging: told once, written together, tried in turn, in nobody's way.

Counted, not timed.
"""

import contextlib
import socket
import struct
import threading

from causeway_demo.process import until
from hostile.case import HostileCase

CROWD = 60  # half of it refuses connections, half takes them and says nothing


class SilentPort:
    """Takes connections, counts them, says nothing."""

    def __init__(self, port):
        self.accepted = 0
        self._open = []
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.listen(64)
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        with contextlib.suppress(OSError):
            while True:
                self._open.append(self._socket.accept()[0])
                self.accepted += 1

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        for each in [self._socket, *self._open]:
            each.close()


def commits_in(log_file):
    """Transactions in a write-ahead log of SQLite not begun anew: frames that name the size of the database."""
    with open(log_file, "rb") as log:
        header = log.read(32)
        page_size, = struct.unpack(">I", header[8:12])
        salt, count = header[16:24], 0
        while len(frame := log.read(24)) == 24 and frame[8:16] == salt:
            count += struct.unpack(">I", frame[4:8])[0] != 0
            log.seek(page_size, 1)
        return count


class Waves(HostileCase):
    alone = True
    settings = {
        "federation": {"retry_delay_ms_min": 1_000, "retry_delay_ms_max": 60_000},
        "gateway": {"connect_timeout_ms": 1_000},
        "store": {"checkpoint_pages": 1_000_000},  # every commit of the test stays in the log
    }

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.room = cls.honest.found_room()
        crowd = [cls.play() for _ in range(CROWD)]
        for number, server in enumerate(crowd):
            cls.room.join_of(server, f"m{number}")
        cls.names = {server.server_name for server in crowd}
        cls.alice = cls.ours.user("alice")
        assert cls.honest.invite(cls.room, cls.alice)[0] == 200
        cls.chat.wait_for("invitation.received", matrix_room_id=cls.room.room_id, user=cls.alice)
        cls.chat.answer(cls.room.room_id, cls.alice, accept=True)
        cls.ours.send(cls.room.room_id, cls.alice, "while all live")
        for server in crowd:
            until(lambda s=server: s.received_pdus, 120, "the crowd's first message", 0.02)
        ends = [threading.Thread(target=server.close) for server in crowd]
        for each in ends:
            each.start()
        for each in ends:
            each.join()
        cls.silent = [SilentPort(server.port) for server in crowd[::2]]
        for each in cls.silent:
            cls.addClassCleanup(each.close)

    def told(self, state):
        """Servers of all notifications of that state, one entry for each time; and the number of notifications."""
        found = self.chat.find("delivery.changed", state=state)
        servers = []
        for each in found:
            servers += [each.body["server"], *(more["server"] for more in each.body.get("more_servers", []))]
        return servers, len(found)

    def commits(self):
        return commits_in(f"{self.ours.broker.directory}/data/store.db-wal")

    def heard(self, text):
        return any(pdu["content"].get("body") == text for pdu in list(self.honest.received_pdus))

    def test_a_wave_is_told_once_written_together_and_in_nobodys_way(self):
        self.ours.send(self.room.room_id, self.alice, "into the wave")
        self.until(lambda: self.heard("into the wave"), "the message at the honest server")
        before = self.commits()
        self.until(lambda: len(self.told("delayed")[0]) >= CROWD, "the whole wave to be told")
        # Each failure by itself would be a commit; the second attempts of those that refuse are among them.
        self.assertLess(self.commits() - before, CROWD // 2)
        for number in range(5):
            self.ours.send(self.room.room_id, self.alice, f"behind it {number}")
            self.until(lambda n=number: self.heard(f"behind it {n}"), "a message at the honest server")
        servers, notifications = self.told("delayed")
        self.assertEqual(sorted(servers), sorted(self.names))  # each once, also after further messages
        self.assertLessEqual(notifications, CROWD // 4)
        self.assertEqual(len({each.body["event_id"] for each in self.chat.find("delivery.changed")}), 1)
        failures = {row["server_name"]: row["failures"] for row in self.inspect("servers")["servers"]}
        for each in self.silent:
            self.assertLessEqual(each.accepted, 2 + max(failures.values()))
