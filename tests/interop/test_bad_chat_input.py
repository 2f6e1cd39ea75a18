"""What a broken chat server may send: the exact refusal, the connection goes on, nothing is done."""

import uuid

import msgpack

from harness.case import InteropCase
from harness.raw_edge import MAGIC, RawEdge
from scenarios import Scenarios

ERROR = b"X"


class BadChatInput(InteropCase):
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours")

    def edge(self, greeted=True):
        edge = RawEdge(self.ours.broker.chat_endpoint)
        self.addCleanup(edge.close)
        return edge.hello("chat-ours") if greeted else edge

    def error(self, edge):
        """`code` of the next ERROR; the connection must answer a PING afterwards."""
        message = edge.expect(ERROR)
        self.assertIsNotNone(message, "no ERROR")
        code = message[2]["code"]
        edge.send(b"P", {"t": 7})
        answer = edge.receive()
        while answer and answer[0] not in (b"O", ERROR):
            answer = edge.receive()
        self.assertIsNotNone(answer, "no life after the ERROR")
        return code

    def refused(self, name, body):
        """`code` and `detail` of the failed RESULT."""
        ok, answer = self.edge().command(uuid.uuid4().hex, name, body)
        self.assertFalse(ok, answer)
        self.assertIn("message", answer)
        self.assertIsInstance(answer["retryable"], bool)
        return answer["code"], answer.get("detail", "")

    # -- frames

    def test_a_wrong_magic_is_a_bad_frame(self):
        edge = self.edge()
        edge.send_frames(b"CW9", b"P", msgpack.packb({"t": 1}), b"")
        self.assertEqual(self.error(edge), "bad_frame")

    def test_too_few_and_too_many_frames_are_bad_frames(self):
        for frames in ((MAGIC,), (MAGIC, b"P"), (MAGIC, b"P", b"\x80"), (MAGIC, b"P", b"\x80", b"", b"")):
            with self.subTest(frames=frames):
                edge = self.edge()
                edge.send_frames(*frames)
                self.assertEqual(self.error(edge), "bad_frame")

    def test_an_unknown_verb_is_named_so(self):
        edge = self.edge()
        edge.send(b"Z", {})
        self.assertEqual(self.error(edge), "unknown_verb")

    def test_a_verb_of_the_broker_is_unknown_from_a_chat_server(self):
        edge = self.edge()
        edge.send(b"E", {"event": "message.received"})
        self.assertEqual(self.error(edge), "unknown_verb")

    def test_a_header_that_is_no_msgpack_map_is_a_bad_frame(self):
        for header in (b"", b"\xc1", b"\x93\x01", b"\xdf\xff\xff\xff\xff", b"\x91" * 200, msgpack.packb([1])):
            with self.subTest(header=header):
                edge = self.edge()
                edge.send_frames(MAGIC, b"C", header, b"\x80")
                self.assertEqual(self.error(edge), "bad_frame")

    def test_a_command_before_hello_is_told_to_greet(self):
        edge = self.edge(greeted=False)
        edge.send(b"C", {"id": "1", "command": "query.room"}, {"room": "x"})
        self.assertEqual(self.error(edge), "hello_required")

    def test_an_unknown_version_is_answered_with_the_known_ones(self):
        edge = self.edge(greeted=False)
        edge.send(b"H", {"versions": [99], "client": "x", "peer": "chat-ours", "credit": {"messages": 0, "bytes": 0}})
        message = edge.expect(ERROR)
        self.assertEqual(message[2]["code"], "unsupported_version")
        self.assertEqual(message[1]["versions"], [1])

    def test_a_command_without_id_is_a_bad_frame(self):
        edge = self.edge()
        edge.send(b"C", {"command": "query.room"}, {"room": "x"})
        self.assertEqual(self.error(edge), "bad_frame")

    def test_an_acknowledgement_of_what_was_never_sent_is_out_of_range(self):
        edge = self.edge()
        edge.send(b"A", {"stream": 0, "cursor": 10 ** 9})
        self.assertEqual(self.error(edge), "cursor_out_of_range")

    def test_an_oversized_frame_does_not_hurt_the_others(self):
        edge = self.edge()
        edge.send_frames(MAGIC, b"C", msgpack.packb({"id": "big", "command": "message.send"}), b"x" * (8 * 1024 * 1024))
        # ZeroMQ ends that connection or the broker answers too_large; who else is connected sees nothing of it.
        self.assertTrue(self.ours.user(self.fresh("alice")))

    def test_a_command_over_a_mebibyte_is_refused_by_its_id_and_the_connection_goes_on(self):
        for size in (1_048_577, 2_000_000, 5_000_000, 52_428_800):  # the last: a whole file of media.upload_bytes_max in one command
            with self.subTest(size=size):
                edge = self.edge()
                edge.send(b"C", {"id": f"big-{size}", "command": "media.put"}, b"x" * size)
                verb, header, body = edge.expect(ERROR, 60)
                self.assertEqual((header["id"], body["code"], body["retryable"]), (f"big-{size}", "too_large", False))
                self.assertIn("1048576", body["detail"])
                self.assertTrue(edge.command(uuid.uuid4().hex, "user.profile", {"user": self.fresh("alice")})[0])

    def test_an_acknowledgement_over_a_mebibyte_is_refused_by_its_stream(self):
        edge = self.edge()
        edge.send(b"A", {"stream": 0, "cursor": 1}, {"bind": {"messages": {f"${n}": "m" * 200 for n in range(9_000)}}})
        verb, header, body = edge.expect(ERROR, 60)
        self.assertEqual((header["stream"], body["code"]), (0, "too_large"))

    def test_a_frame_no_transport_takes_ends_that_connection_alone(self):
        other = self.edge()
        edge = self.edge()
        edge.send_frames(MAGIC, b"C", msgpack.packb({"id": "huge", "command": "media.put"}), b"x" * (64 * 1024 * 1024 + 1))
        self.assertTrue(other.command(uuid.uuid4().hex, "user.profile", {"user": self.fresh("alice")})[0])

    # -- commands

    def test_an_unknown_command_is_named_so(self):
        self.assertEqual(self.refused("room.explode", {})[0], "unknown_command")

    def test_a_missing_or_wrong_field_is_named(self):
        for body, field in (({}, "room"), ({"room": 5, "sender": "a", "message": "m", "text": "t"}, "room"),
                            ({"room": "r", "sender": "a", "message": "m"}, "text"),
                            ({"room": "r", "sender": "a", "message": "m", "text": ["t"]}, "text")):
            with self.subTest(body=body):
                code, detail = self.refused("message.send", body)
                self.assertEqual(code, "bad_body")
                self.assertIn(field, detail)

    def test_an_upload_is_asked_how_far_it_is_without_bytes(self):
        edge, upload = self.edge(), uuid.uuid4().hex
        put = lambda **more: edge.command(uuid.uuid4().hex, "media.put", {"upload": upload, "total_bytes": 6, **more})  # noqa: E731
        for asked in ({"offset": 0}, {"offset": 0, "bytes": None}, {"offset": 0, "bytes": b""}):
            ok, answer = put(**asked)
            self.assertTrue(ok, answer)
            self.assertEqual((answer["received_bytes"], answer["complete"]), (0, False))
        self.assertEqual(put(offset=0, bytes=b"abc")[1]["received_bytes"], 3)
        self.assertEqual(put(offset=5, bytes=b"f")[1]["code"], "conflict")
        self.assertEqual(put(offset=0)[1]["received_bytes"], 3)
        self.assertTrue(put(offset=3, bytes=b"def")[1]["complete"])
        ok, answer = put(offset=0)
        self.assertEqual((ok, answer["received_bytes"], answer["complete"]), (True, 6, True))

    def test_a_body_that_is_no_map_is_bad(self):
        for body in (b"\xc1", b"", msgpack.packb([1, 2]), b"\x81" * 300):
            with self.subTest(body=body):
                self.assertEqual(self.refused("message.send", body)[0], "bad_body")

    def test_an_unknown_room_is_not_found(self):
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(self.refused("message.send", {"room": "no such room", "sender": alice, "message": "m", "text": "t"})[0],
                         "not_found")
        self.assertEqual(self.refused("query.room", {"room": "!no:" + self.ours.server_name})[0], "not_found")

    def test_malformed_user_ids_are_refused_with_what_is_wrong(self):
        alice = self.ours.user(self.fresh("alice"))
        for user in ("@", "@bob", "@bob:", "@bob:exa mple.org", "@bob:example.org:99999", "@b ob:example.org",
                     "@" + "b" * 300 + ":example.org", "@bob:[::1"):
            with self.subTest(user=user):
                code, detail = self.refused("room.create", {"room": uuid.uuid4().hex, "type": "dm", "creator": alice, "members": [user]})
                self.assertIn(code, ("invalid_identifier", "too_large"), detail)
                self.assertTrue(detail)

    def test_a_room_that_does_not_federate_refuses_users_of_other_servers(self):
        alice = self.ours.user(self.fresh("alice"))
        code, _ = self.refused("room.create", {"room": uuid.uuid4().hex, "type": "channel", "creator": alice, "name": "here",
                                               "members": ["@bob:elsewhere.example"], "federated": False})
        self.assertEqual(code, "not_federated")

    def test_a_creator_of_another_server_is_refused(self):
        ok, answer = self.edge().command(uuid.uuid4().hex, "room.create", {
            "room": uuid.uuid4().hex, "type": "dm", "creator": "@bob:elsewhere.example", "members": []})
        self.assertFalse(ok, answer)

    def test_who_is_not_in_the_room_cannot_write(self):
        alice, eve = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("eve"))
        room = self.ours.create_channel(alice, [])
        code, _ = self.refused("message.send", {"room": room, "sender": eve, "message": uuid.uuid4().hex, "text": "t"})
        self.assertIn(code, ("not_member", "forbidden"))

    def test_a_text_over_the_bound_is_too_large(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.create_channel(alice, [])
        code, _ = self.refused("message.send", {"room": room, "sender": alice, "message": uuid.uuid4().hex, "text": "x" * 70_000})
        self.assertEqual(code, "too_large")

    def test_text_that_is_no_utf8_is_bad(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.create_channel(alice, [])
        body = msgpack.packb({"room": room, "sender": alice, "message": "m"})
        # The map of three gets a fourth entry whose string is not UTF-8.
        body = b"\x84" + body[1:] + b"\xa4text\xa2\xff\xfe"
        self.assertEqual(self.refused("message.send", body)[0], "bad_body")

    def test_the_same_id_for_another_command_is_a_conflict(self):
        alice = self.ours.user(self.fresh("alice"))
        edge, command_id = self.edge(), uuid.uuid4().hex
        ok, answer = edge.command(command_id, "user.profile", {"user": alice, "display_name": "Alice"})
        self.assertTrue(ok, answer)
        ok, answer = edge.command(command_id, "member.leave", {"room": "x", "user": alice})
        self.assertFalse(ok)
        self.assertEqual(answer["code"], "conflict")

    def test_a_repeated_command_gets_the_first_answer_and_is_done_once(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.create_channel(alice, [])
        edge, command_id = self.edge(), uuid.uuid4().hex
        body = {"room": room, "sender": alice, "message": uuid.uuid4().hex, "text": "once"}
        first = edge.command(command_id, "message.send", body)
        self.assertTrue(first[0], first)
        edge.send(b"C", {"id": command_id, "command": "message.send"}, body)
        _, header, answer = edge.expect(b"R")
        self.assertEqual((header["ok"], answer), first)
        self.assertTrue(header["repeated"])
