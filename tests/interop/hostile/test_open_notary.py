"""Whoever asks us for other servers' keys without saying who he is gets what is kept: nobody is asked for his sake, nothing grows."""

import concurrent.futures
import json
import socket
import time
import uuid

from harness import matrix
from harness.fake_homeserver import quote

from .case import HostileCase

QUERY = "/_matrix/key/v2/query"


class Listener:
    """Counts connections at a port of the machine; says nothing."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.name = f"localhost:{self._socket.getsockname()[1]}"

    def connections(self):
        count = 0
        while True:
            try:
                self._socket.accept()[0].close()
                count += 1
            except BlockingIOError:
                return count

    def close(self):
        self._socket.close()


class NotaryCase(HostileCase):

    def remote_servers(self):
        return self.inspect("actors", "--filter", "remote_server")["total"]

    def ask(self, names):
        return self.hostile.raw("POST", QUERY, matrix.canonical({"server_keys": {name: {} for name in names}}))

    def listener(self):
        made = Listener()
        self.addCleanup(made.close)
        return made

    def known(self, padding=None):
        """A server whose keys are kept here, which is gone by now."""
        server = self.play()
        if padding:
            server.lies["key"] = lambda honest, *_: (200, padding(server, dict(honest[1])))
        self.assertEqual(server.send([])[0], 200)
        return server


class OpenNotary(NotaryCase):
    # How often one address may ask is another test.
    settings = {"federation": {"notary_requests_burst": 5_000, "inbound_requests_burst": 500}}

    # -- strangers

    def test_a_hundred_questions_for_ten_thousand_names_make_no_actor_and_no_connection(self):
        self.share()
        trap = self.listener()
        actors, memory = self.remote_servers(), self.memory_mib()
        word = uuid.uuid4().hex[:8]
        for number in range(100):
            names = [f"{word}-{number}-{each}.example" for each in range(95)]
            inside = [trap.name, "127.0.0.1:22", "10.0.0.1", "169.254.169.254", "[::1]:8448"]
            status, answer = self.ask(names + inside)
            self.assertEqual((status, answer), (200, {"server_keys": []}))
            self.assertEqual(self.hostile.raw("GET", f"{QUERY}/{quote(trap.name)}"), (200, {"server_keys": []}))
        self.assertEqual(self.remote_servers(), actors)
        self.assertEqual(trap.connections(), 0)
        self.assertLess(self.memory_mib() - memory, 20)

    def test_what_is_kept_is_told_to_anybody_by_both_forms(self):
        server = self.known()
        server.close()
        for answer in (self.hostile.raw("GET", f"{QUERY}/{quote(server.server_name)}"), self.ask([server.server_name])):
            self.assertEqual(answer[0], 200)
            (document,) = answer[1]["server_keys"]
            matrix.verify(document, document["signatures"][server.server_name][server.key.key_id], server.key.public)
            self.assertIn(self.ours.server_name, document["signatures"])

    def test_a_wrong_signature_makes_a_stranger(self):
        trap = self.listener()
        uri = f"{QUERY}/{quote(trap.name)}"
        forged = matrix.Key("somebody else").authorization("GET", uri, self.hostile.server_name, self.ours.server_name)
        self.assertEqual(self.hostile.raw("GET", uri, None, forged), (200, {"server_keys": []}))
        self.assertEqual(trap.connections(), 0)

    # -- servers that say who they are

    def test_for_a_server_that_says_who_it_is_keys_are_fetched(self):
        new = self.play()
        status, answer = self.hostile.request("GET", f"{QUERY}/{quote(new.server_name)}")
        self.assertEqual((status, [each["server_name"] for each in answer["server_keys"]]), (200, [new.server_name]))
        other = self.play()
        status, answer = self.hostile.request("POST", QUERY, {"server_keys": {other.server_name: {}}})
        self.assertEqual((status, [each["server_name"] for each in answer["server_keys"]]), (200, [other.server_name]))

    def test_also_then_no_more_than_its_share_is_asked(self):
        statuses = []
        for number in range(20):  # 2,000 names at addresses nobody is led to
            names = [f"10.{number}.{each}.1:8448" for each in range(100)]
            statuses.append(self.honest.request("POST", QUERY, {"server_keys": {name: {} for name in names}})[0])
        self.assertEqual(set(statuses), {200, 429})
        self.assertLess(self.inspect("actors", "--filter", "10.")["total"], 1_000)  # a burst of 500, and what came since

    # -- padded documents

    def test_padded_documents_are_not_kept_and_their_keys_work(self):
        def in_the_document(server, document):
            document.pop("signatures")
            return server.key.sign_json({**document, "padding": "x" * 40_000}, server.server_name)

        def beside_the_signature(server, document):
            signatures = {server.server_name: {**document["signatures"][server.server_name], **{f"ed25519:pad{n}": "x" * 1000 for n in range(20)}},
                          "other.example": {"ed25519:x": "x" * 10_000}}
            return {**document, "signatures": signatures, "unsigned": {"padding": "x" * 10_000}}
        for padding in (in_the_document, beside_the_signature):
            with self.subTest(padding.__name__):
                server = self.known(padding)
                status, answer = self.ask([server.server_name])
                self.assertEqual(status, 200)
                self.assertLess(len(json.dumps(answer)), 2_000)
                if padding is beside_the_signature:
                    (document,) = answer["server_keys"]
                    matrix.verify(document, document["signatures"][server.server_name][server.key.key_id], server.key.public)


class UnreadNotary(NotaryCase):
    alone = True  # what lies unread grows while the machine is busy with others
    settings = {"federation": {"notary_requests_burst": 5_000}, "gateway": {"answers_per_peer_mib": 16}}

    def test_three_hundred_unread_questions_about_padded_documents_leave_memory_alone(self):
        def fill(server, document):
            document.pop("signatures")
            old = {f"ed25519:old{n}": {"expired_ts": 1, "key": server.key.public} for n in range(90)}
            return server.key.sign_json({**document, "old_verify_keys": old, "padding": "x" * 2_000}, server.server_name)
        names = [self.known(fill).server_name for _ in range(36)]
        before, connections = self.memory_mib(), []
        for _ in range(300):
            connection = socket.create_connection(("127.0.0.1", self.ours.broker.port))
            connections.append(connection)
            self.addCleanup(connection.close)
        trust = self.hostile._trust
        body = matrix.canonical({"server_keys": {name: {} for name in names}})
        text = f"POST {QUERY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

        def ask(connection):
            secure = trust.wrap_socket(connection, server_hostname="localhost")
            self.addCleanup(secure.close)
            secure.sendall(text)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, connections))
        most = 0
        until = time.monotonic() + 3
        while time.monotonic() < until:
            most = max(most, self.memory_mib())
        self.assertLess(most - before, 90)  # of which 300 TLS connections take a third
        self.assertEqual(self.ask(names)[0], 200)


class NotaryLimits(HostileCase):
    settings = {"federation": {"notary_requests_per_second": 1}}

    def test_one_address_asks_so_much_and_no_more(self):
        self.assertEqual(self.hostile.raw("GET", f"{QUERY}/nobody.example"), (200, {"server_keys": []}))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.hostile.raw("GET", f"{QUERY}/nobody.example"), range(120)))
        self.assertEqual({status for status, _ in answers}, {200, 429})
        self.refused(next(answer for answer in answers if answer[0] == 429), 429, "M_LIMIT_EXCEEDED")
        # Nothing else is refused to it.
        self.assertEqual(self.hostile.raw("GET", "/_matrix/key/v2/server")[0], 200)
        self.hears_honest(self.share())


class NoNotary(HostileCase):
    settings = {"federation": {"notary": "none"}}

    def test_a_server_that_is_no_notary_does_not_know_the_question(self):
        for answer in (self.hostile.raw("GET", f"{QUERY}/{quote(self.honest.server_name)}"), self.honest.request("GET", f"{QUERY}/{quote(self.honest.server_name)}"),
                       self.hostile.raw("POST", QUERY, b'{"server_keys":{}}')):
            self.refused(answer, 404, "M_UNRECOGNIZED")


class CachedNotary(HostileCase):
    settings = {"federation": {"notary": "cached"}}

    def test_also_who_says_who_he_is_gets_only_what_is_kept(self):
        new = self.play()
        self.assertEqual(self.hostile.request("GET", f"{QUERY}/{quote(new.server_name)}"), (200, {"server_keys": []}))
        self.assertEqual(new.requests, [])


class KnownAfterRestart(HostileCase):
    def test_a_server_that_was_dealt_with_is_heard_after_a_restart_whatever_others_invent(self):
        shared = self.share()
        self.hears_honest(shared)
        self.ours.stop_server()
        self.ours.start_server()

        def invent(number):
            name = f"10.{number // 250}.{number % 250}.1:8448"  # an address nobody is led to: its keys are quickly not had
            uri = "/_matrix/federation/v1/event/%24x"
            header = matrix.Key(name).authorization("GET", uri, name, self.ours.server_name)
            return self.hostile.raw("GET", uri, None, header)[0]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            statuses = list(pool.map(invent, range(2_200)))
        self.assertIn(429, statuses)  # the places of strangers are taken
        self.hears_honest(shared)
        self.assertEqual(self.hostile.get_event(shared.room.state["m.room.create", ""])[0], 200)
