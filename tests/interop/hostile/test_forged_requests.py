"""Requests that are not signed by whom they name, or not for us."""

import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION

from .case import HostileCase

HOUR_MS = 3_600_000


class ForgedRequests(HostileCase):
    settings = {"federation": {"key_fetch_retry_ms": 100, "request_timeout_ms": 5000}}

    def request(self, server, key=None, origin=None, destination=None, signed_method="PUT", signed_uri=None, signed_body=None):
        """A transaction of nothing; the parameters are what is signed where that differs."""
        uri = f"{FEDERATION}/v1/send/{uuid.uuid4().hex}"
        body = {"origin": origin or server.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [], "edus": []}
        header = (key or server.key).authorization(signed_method, signed_uri or uri, origin or server.server_name,
                                                   destination or self.ours.server_name, signed_body or body)
        return server.raw("PUT", uri, matrix.canonical(body), header)

    def accepted(self, server, **how):
        self.assertEqual(self.request(server, **how), (200, {"pdus": {}}))

    def unauthorised(self, server, **how):
        self.refused(self.request(server, **how), 401, "M_UNAUTHORIZED")
        self.accepted(self.honest)

    def test_a_signature_for_something_else_is_refused(self):
        self.accepted(self.hostile)
        self.unauthorised(self.hostile, destination="elsewhere.example")
        self.unauthorised(self.hostile, destination=self.honest.server_name)
        self.unauthorised(self.hostile, signed_method="GET")
        self.unauthorised(self.hostile, signed_uri=f"{FEDERATION}/v1/send/another")
        self.unauthorised(self.hostile, signed_body={"origin": self.hostile.server_name})

    def test_of_several_signatures_one_that_is_valid_is_enough(self):
        """As a server sends them while it changes its key: one header per key."""
        uri = f"{FEDERATION}/v1/send/"
        body = {"origin": self.hostile.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [], "edus": []}
        unknown = matrix.Key("next", "ed25519:next")
        forged = matrix.Key("stolen", self.hostile.key.key_id)
        self.accepted(self.hostile)
        for keys, status in (((unknown, self.hostile.key), 200), ((self.hostile.key, unknown), 200), ((forged, unknown, self.hostile.key), 200),
                             ((forged, unknown), 401)):
            path = uri + uuid.uuid4().hex
            headers = [key.authorization("PUT", path, self.hostile.server_name, self.ours.server_name, body) for key in keys]
            with self.subTest(keys=[key.key_id for key in keys]):
                self.assertEqual(self.hostile.raw("PUT", path, matrix.canonical(body), headers)[0], status)

    def test_a_key_of_somebody_else_is_refused(self):
        self.unauthorised(self.hostile, key=matrix.Key("stolen", self.hostile.key.key_id))
        self.unauthorised(self.hostile, key=self.honest.key)
        self.unauthorised(self.hostile, key=matrix.Key("new", "ed25519:unheard"))
        self.unauthorised(self.hostile, origin=self.honest.server_name)

    def test_a_request_in_our_own_name_is_refused(self):
        self.unauthorised(self.hostile, origin=self.ours.server_name)

    def test_a_header_taken_from_another_request_is_refused(self):
        uri = f"{FEDERATION}/v1/send/{uuid.uuid4().hex}"
        body = {"origin": self.honest.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [], "edus": []}
        header = self.honest.key.authorization("PUT", uri, self.honest.server_name, self.ours.server_name, body)
        self.assertEqual(self.honest.raw("PUT", uri, matrix.canonical(body), header), (200, {"pdus": {}}))
        for method, other, text in (("PUT", uri + "x", body), ("PUT", uri + "?x", body), ("GET", f"{FEDERATION}/v1/event/$x", None),
                                    ("PUT", uri, {**body, "pdus": [{}]})):
            with self.subTest(method=method, uri=other):
                answer = self.hostile.raw(method, other, None if text is None else matrix.canonical(text), header)
                self.refused(answer, 401, "M_UNAUTHORIZED")

    def test_headers_that_mean_nothing_are_refused(self):
        name = self.hostile.server_name
        for header in ("", "X-Matrix", "X-Matrix ,,,", f'X-Matrix origin="{name}"', f'X-Matrix origin="{name}",key="ed25519:test",sig="',
                       f'X-Matrix origin="{name}",key="ed25519:test",sig=""', 'X-Matrix origin="a b",key="ed25519:x",sig="AAAA"',
                       f'X-Matrix origin="{name}",origin="{self.honest.server_name}",key="ed25519:test",sig="AAAA"',
                       "Bearer " + "x" * 4000, "X-Matrix " + "a=b," * 1500):
            with self.subTest(header=header[:60]):
                self.refused(self.hostile.raw("GET", f"{FEDERATION}/v1/event/$x", None, header or None), 401, "M_UNAUTHORIZED")
        self.accepted(self.honest)

    # -- keys

    def with_document(self, change):
        """A server of its own whose key document `change` has altered before it is signed."""
        server = self.play()

        def lie(honest, *_):
            document = matrix.without(honest[1], "signatures")
            change(document, server)
            return 200, server.key.sign_json(document, document["server_name"])
        server.lies["key"] = lie
        return server

    def test_a_key_that_has_expired_signs_no_requests(self):
        def expire(document, _):
            document["valid_until_ts"] = matrix.now_ms() - HOUR_MS
        self.unauthorised(self.with_document(expire))

    def test_an_old_key_signs_no_requests(self):
        def retire(document, server):
            document["old_verify_keys"] = {server.key.key_id: {"key": server.key.public, "expired_ts": matrix.now_ms() + HOUR_MS}}
            other = matrix.Key("young", "ed25519:young")
            document["verify_keys"] = {"ed25519:young": {"key": other.public}}
            other.sign_json(document, server.server_name)
        self.unauthorised(self.with_document(retire))

    def test_a_key_document_of_another_server_is_not_believed(self):
        def rename(document, _):
            document["server_name"] = self.honest.server_name
        self.unauthorised(self.with_document(rename))
        self.accepted(self.honest)

    def test_a_key_that_did_not_sign_its_document_is_not_believed(self):
        server = self.play()
        own, other = server.key, matrix.Key("not signing", server.key.key_id)

        def lie(honest, *_):
            document = matrix.without(honest[1], "signatures")
            document["verify_keys"] = {other.key_id: {"key": other.public}}
            return 200, own.sign_json(document, server.server_name)
        server.lies["key"] = lie
        self.unauthorised(server, key=other)
        self.unauthorised(server)

    def test_a_key_valid_for_ever_is_believed_for_now(self):
        def for_ever(document, _):
            document["valid_until_ts"] = 2 ** 53 - 1
        self.accepted(self.with_document(for_ever))

    def test_key_documents_of_odd_shapes_are_not_believed(self):
        for change in ({"verify_keys": []}, {"verify_keys": {"ed25519:test": {"key": "AAAA"}}}, {"verify_keys": {"ed25519:test": 5}},
                       {"valid_until_ts": "tomorrow"}, {"valid_until_ts": 2 ** 63}, {"server_name": 5}):
            with self.subTest(change=change):
                server = self.play()
                server.lies["key"] = lambda honest, *_, server=server, change=change: (200, server.key.sign_json(
                    {**matrix.without(honest[1], "signatures"), **change}, server.server_name))
                self.unauthorised(server)

    def test_ten_thousand_keys_are_not_checked(self):
        def flood(document, _):
            for number in range(10_000):
                document["verify_keys"][f"ed25519:k{number}"] = {"key": "A" * 43}
        self.unauthorised(self.with_document(flood))

    # -- names

    def test_names_that_lead_to_private_addresses_are_not_visited(self):
        for name in ("10.0.0.1", "10.0.0.1:8448", "169.254.169.254:80", "192.168.1.1:443", "[fe80::1]:8448", "[fd00::1]", "0.0.0.0:8448",
                     "[::ffff:10.0.0.1]:8448"):
            with self.subTest(name=name):
                status, answer = self.request(self.hostile, origin=name)
                self.assertEqual((status, answer["errcode"]), (401, "M_UNAUTHORIZED"))
                self.assertIn("peer_blocked_address", answer["error"])
        self.accepted(self.honest)

    def test_names_that_are_no_names_are_refused(self):
        for name in ("a b", "..", "x" * 300, "a/b", "localhost:99999", "localhost:-1", "@x:y", "[::1", "localhost:80/../x"):
            with self.subTest(name=name):
                self.refused(self.request(self.hostile, origin=name), 401, "M_UNAUTHORIZED")
        self.accepted(self.honest)
