"""Peers of one role who speak like those of another: nothing is done, and the connection goes on."""

import os
import uuid

import msgpack

from harness.case import InteropCase
from harness.raw_edge import MAGIC, RawEdge

ERROR, RESULT = b"X", b"R"


class Roles(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A name that is known before the broker starts: the folder is its own.
        cls.gateway_endpoint = f"ipc://{os.path.join(cls.directory, 'ours')}/gateway.sock"
        cls.ours = cls.start_causeway("ours", settings={"edge": {"gateway_endpoints": [cls.gateway_endpoint]}})

    def connect(self, endpoint, greeted=True):
        edge = RawEdge(endpoint)
        self.addCleanup(edge.close)
        return edge.hello("chat-ours") if greeted else edge

    def is_error(self, edge, code):
        message = edge.expect(ERROR)
        self.assertIsNotNone(message, "no ERROR")
        self.assertEqual(message[2]["code"], code, message)

    def refused(self, edge, command, body):
        ok, answer = edge.command(uuid.uuid4().hex, command, body)
        self.assertFalse(ok, answer)
        return answer["code"]

    def nothing_was_done(self, room):
        """The chat server itself knows no such room, and is served as before."""
        self.assertEqual(self.refused(self.connect(self.ours.broker.chat_endpoint), "query.room", {"room": room}), "not_found")
        self.assertTrue(self.ours.user("alice"))

    def test_a_chat_server_is_no_gateway_and_no_operator(self):
        edge = self.connect(self.ours.broker.chat_endpoint)
        # What a gateway says: a request of another server, an answer of one, a piece of a body.
        edge.send(b"C", {"id": 1, "kind": "federation_request", "method": "GET", "target": "/_matrix/federation/v1/version",
                         "authorization": [], "remote_address": "192.0.2.1", "has_body": False})
        self.is_error(edge, "bad_frame")
        edge.send(RESULT, {"id": 1, "kind": "http_answer", "status": 200, "content_type": "application/json"}, b"{}")
        self.is_error(edge, "unknown_verb")
        edge.send(b"E", {"kind": "http_piece", "stream": 1}, b"x")
        self.is_error(edge, "unknown_verb")
        # What an operator says.
        for command in ("rooms", "servers", "actors", "keys", "server.retry"):
            with self.subTest(command=command):
                self.assertEqual(self.refused(edge, command, {"server": "elsewhere.example"}), "unknown_command")
        self.nothing_was_done("nowhere")

    def test_a_gateway_is_no_chat_server_and_no_operator(self):
        edge = self.connect(self.gateway_endpoint)
        room = uuid.uuid4().hex[:12]
        for command, body in (("user.profile", {"user": "eve"}), ("room.create", {"room": room, "type": "channel", "creator": "eve", "members": []}),
                              ("rooms", {}), ("server.retry", {"server": "elsewhere.example"})):
            with self.subTest(command=command):
                edge.send(b"C", {"id": uuid.uuid4().hex, "command": command}, body)
                self.is_error(edge, "bad_frame")
        edge.send(b"A", {"stream": 0, "cursor": 0})
        self.is_error(edge, "unknown_verb")
        self.nothing_was_done(room)

    def test_an_operator_is_no_chat_server_and_no_gateway(self):
        edge = self.connect(self.ours.broker.admin_endpoint)
        room = uuid.uuid4().hex[:12]
        for command, body in (("user.profile", {"user": "eve"}), ("room.create", {"room": room, "type": "channel", "creator": "eve", "members": []}),
                              ("message.send", {"room": room, "sender": "eve", "message": "m", "text": "t"})):
            with self.subTest(command=command):
                edge.send(b"C", {"id": uuid.uuid4().hex, "command": command}, body)
                # The operator's answers are JSON.
                self._result_is(edge, b'"unknown_command"')
        edge.send(RESULT, {"id": 1, "kind": "http_answer", "status": 200, "content_type": "application/json"}, b"{}")
        self.is_error(edge, "unknown_verb")
        self.nothing_was_done(room)

    def _result_is(self, edge, part):
        self.assertTrue(edge._socket.poll(10_000), "no RESULT")
        magic, verb, header, body = edge._socket.recv_multipart()
        self.assertEqual((magic, verb, msgpack.unpackb(header)["ok"]), (MAGIC, RESULT, False))
        self.assertIn(part, body)
