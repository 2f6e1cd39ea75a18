"""Who a user is, by which of his names, and when he is anybody: as a chat developer tries it."""

import uuid

from causeway_demo.chat_server import CommandError
from harness import matrix
from harness.case import InteropCase
from harness.fake_homeserver import FEDERATION, FakeHomeserver, quote
from harness.raw_edge import RawEdge
from scenarios import Scenarios


class Users(InteropCase):
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours")
        cls.server = FakeHomeserver(cls.authority, cls.ours.broker)
        cls.addClassCleanup(cls.server.close)

    def command(self, name, body):
        return self.ours.chat.command(name, body)

    def refused(self, name, body):
        """`code` and `detail`."""
        with self.assertRaises(CommandError) as caught:
            self.command(name, body)
        return caught.exception.code, caught.exception.detail

    def found_by_others(self, user_id):
        """The profile another server is given, or None."""
        status, answer = self.server.request("GET", f"{FEDERATION}/v1/query/profile?user_id={quote(user_id)}")
        self.assertIn(status, (200, 404), answer)
        return answer if status == 200 else None

    def channel(self, creator, members=()):
        return self.ours.chat.create_room("channel", creator, members, name="here", visibility="public")["matrix_room_id"]

    # -- ids of our users

    def test_two_ids_that_differ_in_case_are_two_users(self):
        tail = uuid.uuid4().hex
        one, other = "rbAXPn" + tail, "RBaxpN" + tail
        ids = {self.command("user.profile", {"user": own, "display_name": own})["user"] for own in (one, other)}
        self.assertEqual(ids, {f"@rb_a_x_pn{tail}:{self.ours.server_name}", f"@_r_baxp_n{tail}:{self.ours.server_name}"})
        room = self.channel(one, [other])
        self.assertEqual(self.ours.members(room, one), ids)
        for own in (one, other):
            told = self.command("query.user", {"user": own})
            self.assertEqual((told["own_id"], told["display_name"]), (own, own))
            self.assertEqual(self.command("query.user", {"user": told["user"]}), told)
            self.assertEqual(self.found_by_others(told["user"]), {"displayname": own})

    def test_ids_stay_what_they_are_over_a_restart(self):
        own, localpart = uuid.uuid4().hex.upper(), self.fresh("chosen")
        chosen = self.command("user.profile", {"user": own, "localpart": localpart})["user"]
        self.assertEqual(chosen, f"@{localpart}:{self.ours.server_name}")
        derived_own = "aB_" + self.fresh("x")
        derived = self.command("user.profile", {"user": derived_own})["user"]
        self.ours.stop_server()
        self.ours.start_server()
        self.assertEqual(self.command("query.user", {"user": own})["user"], chosen)
        self.assertEqual(self.command("query.user", {"user": derived_own})["user"], derived)
        self.assertEqual(self.refused("user.profile", {"user": own, "localpart": localpart + "2"})[0], "conflict")
        self.assertEqual(self.refused("user.profile", {"user": self.fresh("other"), "localpart": localpart})[0], "already_exists")
        self.assertEqual(self.refused("user.profile", {"user": localpart})[0], "already_exists")

    def test_a_wrong_localpart_is_refused(self):
        for wrong in ("Ann", "a nn", "", "@ann", "ann:x.example", "é", "a" * 250):
            with self.subTest(localpart=wrong):
                code, detail = self.refused("user.profile", {"user": self.fresh("someone"), "localpart": wrong})
                self.assertEqual(code, "invalid_identifier", detail)
                self.assertIn("localpart", detail)

    def test_what_is_no_id_of_a_user_is_refused_and_says_what_to_write(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.channel(alice)
        for wrong, word in (("bob@example.org", "@bob:example.org"), ("bob:example.org", "@bob:example.org"), ("#x:server", "'#'"), ("!x", "'!'"),
                            ("$x", "'$'"), (" ", "seen"), ("\u200b", "seen"), ("bob smith", "U+0020"), ("bob\n", "U+000A"), ("b\x00b", "U+0000"),
                            ("b" * 256, "256 bytes"), ("", "empty"), ("@bob", "@localpart:"), (f"@BOB:{self.ours.server_name}", "a-z")):
            for name, body in (("user.profile", {"user": wrong}), ("invite.send", {"room": room, "by": alice, "user": wrong}),
                               ("message.send", {"room": room, "sender": wrong, "message": uuid.uuid4().hex, "text": "t"}),
                               ("message.send", {"room": room, "sender": alice, "message": uuid.uuid4().hex, "text": "t", "mentions": [wrong]}),
                               ("room.create", {"room": uuid.uuid4().hex, "type": "channel", "creator": alice, "members": [wrong]}),
                               ("room.create", {"room": uuid.uuid4().hex, "type": "channel", "creator": wrong}),
                               ("query.invitations", {"user": wrong})):
                with self.subTest(id=wrong, command=name):
                    code, detail = self.refused(name, body)
                    self.assertEqual(code, "invalid_identifier", detail)
                    self.assertIn(word, detail)

    # -- who exists

    def test_a_misspelt_user_is_no_ghost_that_others_find(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.channel(alice)
        ghost = self.fresh("ghost")
        ghost_id = f"@{ghost}:{self.ours.server_name}"
        self.assertEqual(self.refused("room.create", {"room": uuid.uuid4().hex, "type": "channel", "creator": alice, "members": [ghost]})[0],
                         "not_found")
        for name in (ghost, ghost_id):
            self.assertEqual(self.refused("invite.send", {"room": room, "by": alice, "user": name})[0], "not_found")
        self.assertEqual(self.refused("message.send", {"room": room, "sender": ghost, "message": uuid.uuid4().hex, "text": "t"})[0], "not_member")
        self.command("message.send", {"room": room, "sender": alice, "message": uuid.uuid4().hex, "text": "t", "mentions": [ghost]})
        self.assertEqual(self.command("query.invitations", {"user": ghost})["invitations"], [])
        self.assertIsNone(self.found_by_others(ghost_id))
        self.command("user.profile", {"user": ghost})
        self.assertEqual(self.found_by_others(ghost_id), {})
        self.assertEqual(self.command("invite.send", {"room": room, "by": alice, "user": ghost})["state"], "pending")

    def test_who_acts_first_exists(self):
        own = self.fresh("Creator")
        self.channel(own)
        self.assertIsNotNone(self.found_by_others(self.command("query.user", {"user": own})["user"]))

    # -- users of other servers

    def test_an_old_name_of_another_server_is_invited_mentioned_revoked_and_asked_for(self):
        alice = self.ours.user(self.fresh("alice"))
        for localpart in ("freenode_Nick", "UPPER", "a|@b!#$%&'()*;<>?[]^`{}~\"\\", "josé"):
            with self.subTest(localpart=localpart):
                user = self.server.user(localpart)
                room = self.ours.chat.create_room("dm", alice, [user])["matrix_room_id"]
                self.ours.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="pending")
                self.assertEqual(self.server.received_invites[-1]["event"]["state_key"], user)
                self.command("message.send", {"room": room, "sender": alice, "message": uuid.uuid4().hex, "text": "hello", "mentions": [user]})
                told = self.command("query.invitations", {"user": user})["invitations"]
                self.assertEqual([(each["user"], each["state"]) for each in told if each["matrix_room_id"] == room], [(user, "pending")])
                self.command("invite.revoke", {"room": room, "by": alice, "user": user})
                self.ours.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="revoked")
                self.assertIn("sending", self.command("invite.send", {"room": room, "by": alice, "user": user})["state"])

    def test_who_joins_under_an_old_name_is_told_and_answered(self):
        alice = self.ours.user(self.fresh("alice"))
        room_id = self.channel(alice)
        room = self.server.join(room_id, "A|@" + self.fresh("Nick"))
        self.ours.chat.wait_for("member.changed", matrix_room_id=room_id, user=room.user_id, membership="join")
        event_id, event = room.message("hi")
        self.assertEqual(self.server.send([event])[0], 200)
        self.ours.chat.wait_for("message.received", event_id=event_id, sender=room.user_id)
        answer = self.command("message.send", {"room": room_id, "sender": alice, "message": uuid.uuid4().hex, "text": "hello", "mentions": [room.user_id],
                                               "reply_to": event_id})
        self.until(lambda: any(matrix.event_id(each, room.room_version) == answer["event_id"] for each in self.server.received_pdus), "the answer")

    def test_a_slip_of_the_pen_is_not_invited(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.channel(alice)
        for wrong in ("@b ob:other.example", "@bob\u200b:other.example", "@:other.example", "@bob\n:other.example", "@bob:exa mple.org"):
            with self.subTest(user=wrong):
                self.assertEqual(self.refused("invite.send", {"room": room, "by": alice, "user": wrong})[0], "invalid_identifier")

    # -- messages

    def test_a_message_nobody_could_see_is_refused(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.channel(alice)
        for text in ("", " ", "\n\t", "\u200b", "\u2060\ufeff", "\u3164", "\u00a0"):
            with self.subTest(text=text):
                self.assertEqual(self.refused("message.send", {"room": room, "sender": alice, "message": uuid.uuid4().hex, "text": text})[0], "bad_body")

    def test_a_message_id_under_another_command_sends_nothing(self):
        alice = self.ours.user(self.fresh("alice"))
        room_id = self.channel(alice)
        self.server.join(room_id, self.fresh("reader"))
        own = uuid.uuid4().hex
        body = {"room": room_id, "sender": alice, "message": own}
        event_id = self.command("message.send", {**body, "text": "once " + own})["event_id"]
        code, detail = self.refused("message.send", {**body, "text": "twice " + own})
        self.assertEqual(code, "already_exists")
        self.assertIn(event_id, detail)
        self.ours.stop_server()
        self.ours.start_server()
        self.assertEqual(self.refused("message.send", {**body, "text": "thrice " + own})[0], "already_exists")
        self.command("message.send", {**body, "message": uuid.uuid4().hex, "text": "last " + own})

        def said():
            return [each["content"]["body"].split()[0] for each in self.server.received_pdus
                    if each["room_id"] == room_id and each["type"] == "m.room.message"]
        self.until_equal(said, ["once", "last"], "the messages")

    def test_a_reply_to_a_message_of_another_room_is_refused(self):
        alice = self.ours.user(self.fresh("alice"))
        here, elsewhere = self.channel(alice), self.channel(alice)
        own = uuid.uuid4().hex
        event_id = self.command("message.send", {"room": elsewhere, "sender": alice, "message": own, "text": "there"})["event_id"]
        for field in ("reply_to", "thread"):
            for target in (event_id, own, "$" + "x" * 43):
                with self.subTest(field=field, target=target):
                    code, detail = self.refused("message.send", {"room": here, "sender": alice, "message": uuid.uuid4().hex, "text": "t", field: target})
                    self.assertEqual(code, "not_found", detail)
                    self.assertIn(field, detail)
        self.command("message.send", {"room": elsewhere, "sender": alice, "message": uuid.uuid4().hex, "text": "t", "reply_to": event_id})

    def test_delivery_names_the_message_also_after_a_restart(self):
        alice = self.ours.user(self.fresh("alice"))
        own_room = uuid.uuid4().hex
        room_id = self.ours.chat.create_room("channel", alice, [], room=own_room, name="here", visibility="public")["matrix_room_id"]
        away = FakeHomeserver(self.authority, self.ours.broker)
        away.join(room_id, self.fresh("reader"))
        away.close()
        own = uuid.uuid4().hex
        event_id = self.command("message.send", {"room": own_room, "sender": alice, "message": own, "text": "are you there?"})["event_id"]
        delayed = self.ours.chat.wait_for("delivery.changed", event_id=event_id, state="delayed").body
        self.assertEqual((delayed["room"], delayed["message"], delayed["server"]), (own_room, own, away.server_name))
        self.ours.stop_server()
        back = FakeHomeserver(self.authority, self.ours.broker, port=away.port)
        self.addCleanup(back.close)
        self.ours.start_server()
        delivered = self.ours.chat.wait_for("delivery.changed", event_id=event_id, state="delivered").body
        self.assertEqual((delivered["room"], delivered["message"]), (own_room, own))

    # -- fields

    def result(self, name, body):
        """Header and body of the RESULT."""
        edge = RawEdge(self.ours.broker.chat_endpoint)
        self.addCleanup(edge.close)
        edge.hello("chat-ours").send(b"C", {"id": uuid.uuid4().hex, "command": name}, body)
        _, header, answer = edge.expect(b"R")
        return header, answer

    def test_a_misspelt_field_does_not_pass_silently(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.channel(alice)
        body = {"room": room, "sender": alice, "message": uuid.uuid4().hex}
        header, answer = self.result("message.send", {**body, "txet": "hello"})
        self.assertEqual((header["ok"], header["ignored"], answer["code"]), (False, ["txet"], "bad_body"))
        self.assertIn("txet (text?)", answer["detail"])
        header, _ = self.result("message.send", {**body, "text": "hello", "reply_too": "m1", "priority": 5})
        self.assertEqual((header["ok"], header["ignored"]), (True, ["reply_too", "priority"]))
        header, _ = self.result("query.room", {"room": room})
        self.assertNotIn("ignored", header)
        self.assertIn("message.send", self.result("mesage.send", body)[1]["detail"])
