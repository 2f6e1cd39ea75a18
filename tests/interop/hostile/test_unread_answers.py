"""Clients that ask for much and read nothing, or a byte now and then: what is held for them is bounded, they are cut off, and others are served."""

import concurrent.futures
import io
import json
import socket
import ssl
import threading
import time
import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase

WINDOW_S = 10  # over which the pace of reading is measured


class ReadingCase(HostileCase):
    """A room with much to ask for, and clients by hand."""
    alone = True

    # What one server may be answered per second is not what these tests are about.
    settings = {"federation": {"inbound_requests_per_second": 10_000, "inbound_answers_mib_burst": 10_000}, "gateway": {"answers_mib": 64, "answers_per_peer_mib": 16}}

    full = None  # a room with 100 events of 60 KiB

    def setUp(self):
        super().setUp()
        if not self.full:
            shared = self.share()
            pdus = [shared.room.say("x" * 60_000)[1] for _ in range(100)]
            for part in range(0, 100, 25):
                self.verdicts(self.honest, pdus[part:part + 25])
            self.hears_honest(shared)
            type(self).full = shared

    # -- clients by hand

    def connection(self, receive_bytes=4096, address="127.0.0.1"):
        """A TLS connection from that address, whose socket takes little unread."""
        plain = socket.socket()
        plain.bind((address, 0))
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        plain.settimeout(120)
        plain.connect(("127.0.0.1", self.ours.broker.port))
        trust = ssl.create_default_context(cafile=self.authority.ca_file)
        made = trust.wrap_socket(plain, server_hostname="localhost")
        self.addCleanup(made.close)
        return made

    def question(self, method, uri, server, body=None):
        """A signed request as it goes over the wire."""
        header = server.key.authorization(method, uri, server.server_name, self.ours.server_name, body)
        text = b"" if body is None else matrix.canonical(body)
        return (f"{method} {uri} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {header}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\n\r\n").encode() + text

    def backfill(self, server, limit=100):
        return self.question("GET", f"{FEDERATION}/v1/backfill/{quote(self.full.room_id)}?v={quote(self.full.room.head)}&limit={limit}", server)

    def asks(self):
        """Every question with a large answer about the room."""
        room, head = quote(self.full.room_id), quote(self.full.room.head)
        yield "GET", f"{FEDERATION}/v1/backfill/{room}?v={head}&limit=100", None
        yield "GET", f"{FEDERATION}/v1/state/{room}?event_id={head}", None
        yield "GET", f"{FEDERATION}/v1/state_ids/{room}?event_id={head}", None
        yield "GET", f"{FEDERATION}/v1/event_auth/{room}/{head}", None
        yield "GET", f"{FEDERATION}/v1/hierarchy/{room}", None
        yield "POST", f"{FEDERATION}/v1/get_missing_events/{room}", {"earliest_events": [], "latest_events": [self.full.room.head], "limit": 100}

    def most_memory_while(self, act):
        """MiB above what it was before, at most, while `act` runs and until the broker is at rest: what was asked is answered or refused by then."""
        before, most, done = self.memory_mib(), [0], threading.Event()

        def watch():
            while not done.wait(0.02):
                most[0] = max(most[0], self.memory_mib())
        watching = threading.Thread(target=watch)
        watching.start()
        try:
            act()
            self.rest()
        finally:
            done.set()
            watching.join()
        return most[0] - before

    def rest(self):
        """Returns when the broker has used no processor for half a second."""
        last = [self.processor_ticks(), time.monotonic()]

        def rests():
            now = self.processor_ticks()
            if now - last[0] > 1:
                last[:] = [now, time.monotonic()]
            return time.monotonic() - last[1] > 0.5
        self.until(rests, "the broker to rest")

    def processor_ticks(self):
        with open(f"/proc/{self.ours.broker.process.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def length_of(self, connection):
        """Reads the head of an answer; returns the length of its body."""
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        return int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")).split(b":")[1])


# Each with a broker of its own: memory that was freed before would hide what is held.

class UnreadHistory(ReadingCase):
    def test_a_hundred_and_fifty_connections_that_ask_for_history_and_do_not_read(self):
        connections = [self.connection() for _ in range(150)]

        def act():
            for connection in connections:
                connection.sendall(self.backfill(self.hostile))
            # Others are answered meanwhile: small questions at once, transactions too.
            for _ in range(5):
                self.assertEqual(self.honest.get_event(self.full.room.state["m.room.create", ""])[0], 200)
                self.hears_honest(self.full)
        self.assertLess(self.most_memory_while(act), 120)


class UnreadByHalfShutConnections(ReadingCase):
    def test_a_shut_half_is_no_reason_to_hold_an_answer_for_ever(self):
        connections = [self.connection() for _ in range(40)]

        def act():
            for connection in connections:
                connection.sendall(self.backfill(self.hostile))
                socket.socket.shutdown(connection, socket.SHUT_WR)  # of TCP, beneath TLS
            self.hears_honest(self.full)
        self.assertLess(self.most_memory_while(act), 120)


class UnreadByManyServers(ReadingCase):
    def test_every_question_with_a_large_answer_from_many_names_and_pipelined(self):
        servers = [self.hostile, self.honest]
        for each in [self.play() for _ in range(4)]:
            self.full.room.join_of(each, self.fresh("member"))
            self.verdicts(each, [self.full.room.events[self.full.room.head]])
            servers.append(each)
        connections = []

        def act():
            for server in servers:
                for ask in self.asks():
                    for _ in range(8):
                        connection = self.connection(address=f"127.0.3.{len(connections) % 250 + 1}")
                        connections.append(connection)
                        connection.sendall(self.question(*ask[:2], server, ask[2]) * 5)
            for _ in range(5):
                self.hears_honest(self.full)
        self.assertLess(self.most_memory_while(act), 150)


class UnreadFiles(ReadingCase):
    def test_files_nobody_reads_take_one_part_each(self):
        mxc = self.chat.upload(io.BytesIO(uuid.uuid4().bytes * 200_000), content_type="image/png")  # 3 MB
        media_id = mxc.rsplit("/", 1)[1]
        connections = [self.connection(address="127.0.3.1") for _ in range(100)]  # the honest server is somewhere else

        def act():
            for connection in connections:
                connection.sendall(self.question("GET", f"{FEDERATION}/v1/media/download/{media_id}", self.hostile))
            self.hears_honest(self.full)
            status, _ = self.honest.request("GET", f"{FEDERATION}/v1/event/{quote(self.full.room.head)}")
            self.assertEqual(status, 200)
        self.assertLess(self.most_memory_while(act), 100)


class SlowReaders(ReadingCase):
    def cut_off(self):
        """How often the log has said so."""
        return self.ours.broker.process.tail(100_000).count("read too slowly")

    def test_who_does_not_read_is_cut_off_and_said_to_be_so_once(self):
        before = self.cut_off()
        connections = [self.connection() for _ in range(8)]
        for connection in connections:
            connection.sendall(self.backfill(self.hostile))
        begun = time.monotonic()
        self.until(lambda: self.cut_off() > before, "the line in the log")
        self.assertGreater(time.monotonic() - begun, WINDOW_S / 2)
        self.assertLessEqual(self.cut_off() - before, 2)

    def test_a_byte_now_and_then_is_not_reading(self):
        connection = self.connection()
        connection.sendall(self.backfill(self.hostile))
        length, got, begun = self.length_of(connection), 0, time.monotonic()
        while time.monotonic() - begun < WINDOW_S * 3:
            got += len(connection.recv(1))
            time.sleep(0.2)  # the pace of the client
        try:
            while part := connection.recv(65_536):
                got += len(part)
        except OSError:
            pass
        self.assertLess(got, length)

    def test_a_slow_but_honest_reader_gets_all_of_it(self):
        connection = self.connection(16_384)
        connection.sendall(self.backfill(self.honest))
        length, got = self.length_of(connection), 0
        self.assertGreater(length, 1_000_000)
        while got < length:
            part = connection.recv(16_384)
            self.assertTrue(part, f"{got} of {length} bytes")
            got += len(part)
            time.sleep(0.1)  # 160 KB a second: this is the pace of the client, nothing is waited for


class AnswerBudget(HostileCase):
    settings = {"federation": {"inbound_answers_mib_per_second": 1, "inbound_answers_mib_burst": 4}}

    def test_a_server_that_has_had_much_is_put_off_and_others_are_not(self):
        shared = self.share()
        pdus = [shared.room.say("x" * 60_000)[1] for _ in range(50)]
        for part in range(0, 50, 25):
            self.verdicts(self.honest, pdus[part:part + 25])
        uri = f"{FEDERATION}/v1/backfill/{quote(shared.room_id)}?v={quote(shared.room.head)}&limit=100"
        self.assertEqual(self.hostile.request("GET", uri)[0], 200)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # faster than its share comes back
            answers = list(pool.map(lambda _: self.hostile.request("GET", uri), range(24)))
        self.assertEqual({status for status, _ in answers}, {200, 429})
        self.assertEqual(self.honest.request("GET", uri)[0], 200)
        # Events are taken from it all the same.
        event_id, event = shared.room.message("still heard", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.until(lambda: self.hostile.request("GET", uri)[0] == 200, "its turn again")
        self.hears_honest(shared)

    def test_history_comes_in_answers_of_bounded_size_and_completely(self):
        shared = self.share()
        said = [shared.room.say("x" * 60_000) for _ in range(50)]
        for part in range(0, 50, 25):
            self.verdicts(self.honest, [event for _, event in said[part:part + 25]])
        got, start = set(), shared.room.head
        while said[0][0] not in got:
            status, answer = self.honest.request("GET", f"{FEDERATION}/v1/backfill/{quote(shared.room_id)}?v={quote(start)}&limit=100")
            if status == 429:
                continue
            self.assertEqual(status, 200, answer)
            self.assertLess(len(json.dumps(answer)), 2_300_000)
            ids = [matrix.event_id(event, "11") for event in answer["pdus"]]
            self.assertGreater(set(ids) - got, set())
            got |= set(ids)
            start = ids[-1]
        self.assertLessEqual({event_id for event_id, _ in said}, got)
