"""What no honest homeserver sends: the exact refusal, and nothing stored."""

import json

from harness import matrix
from harness.case import InteropCase
from harness.fake_homeserver import FEDERATION, FakeHomeserver, quote
from scenarios import Scenarios


class BadFederationInput(InteropCase):
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours")
        cls.server = FakeHomeserver(cls.authority, cls.ours.broker)
        cls.addClassCleanup(cls.server.close)
        cls.stranger = FakeHomeserver(cls.authority, cls.ours.broker)  # in no room
        cls.addClassCleanup(cls.stranger.close)

    def refused(self, answer, status, errcode):
        self.assertEqual((answer[0], answer[1].get("errcode") if isinstance(answer[1], dict) else answer[1]),
                         (status, errcode), answer)

    def public_room(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.chat.create_room("channel", alice, [], name="open", visibility="public")["matrix_room_id"]
        return alice, room

    def joined(self):
        """(alice, the room as the fake homeserver sees it)"""
        alice, room_id = self.public_room()
        return alice, self.server.join(room_id, self.fresh("mallory"))

    def told(self, room, text):
        """Whether the chat server was told a message of that text, once the room has worked on all before it."""
        marker, event = room.message(f"marker {room.room_id} {text}")
        self.assertEqual(self.server.send([event])[0], 200)
        self.ours.chat.wait_for("message.received", event_id=marker)
        return text in self.ours.chat.messages(room.room_id)

    # -- requests

    def test_an_unknown_path_is_not_recognised(self):
        self.refused(self.server.request("GET", f"{FEDERATION}/v1/no_such_thing"), 404, "M_UNRECOGNIZED")

    def test_a_wrong_method_is_not_recognised(self):
        self.refused(self.server.request("POST", f"{FEDERATION}/v1/send/1", {}), 405, "M_UNRECOGNIZED")

    def test_an_unsigned_request_is_unauthorised(self):
        body = {"origin": self.server.server_name, "origin_server_ts": 1, "pdus": []}
        self.refused(self.server.raw("PUT", f"{FEDERATION}/v1/send/1", matrix.canonical(body)), 401, "M_UNAUTHORIZED")

    def test_a_malformed_authorisation_header_is_unauthorised(self):
        for header in ("X-Matrix", "X-Matrix origin=", 'X-Matrix origin="a b",key="ed25519:x",sig="AAAA"', "Bearer abc",
                       f'X-Matrix origin="{self.server.server_name}",key="ed25519:test"', "X-Matrix " + "x" * 8000):
            answer = self.server.raw("GET", f"{FEDERATION}/v1/event/$x", None, header)
            self.refused(answer, 401, "M_UNAUTHORIZED")

    def test_a_request_signed_with_another_key_is_unauthorised(self):
        forged = matrix.Key("somebody else", self.server.key.key_id)
        self.refused(self.server.request("GET", f"{FEDERATION}/v1/event/$x", key=forged), 401, "M_UNAUTHORIZED")

    def test_a_request_with_an_unknown_key_id_is_unauthorised(self):
        unknown = matrix.Key(self.server.server_name, "ed25519:other")
        self.refused(self.server.request("GET", f"{FEDERATION}/v1/event/$x", key=unknown), 401, "M_UNAUTHORIZED")

    def test_a_request_for_another_destination_is_unauthorised(self):
        answer = self.server.request("GET", f"{FEDERATION}/v1/event/$x", destination="elsewhere.example")
        self.refused(answer, 401, "M_UNAUTHORIZED")

    def test_a_signature_over_another_path_is_unauthorised(self):
        header = self.server.key.authorization("GET", f"{FEDERATION}/v1/event/$y", self.server.server_name,
                                               self.ours.server_name)
        self.refused(self.server.raw("GET", f"{FEDERATION}/v1/event/$x", None, header), 401, "M_UNAUTHORIZED")

    def test_a_signature_over_another_body_is_unauthorised(self):
        uri = f"{FEDERATION}/v1/send/{self.fresh('t')}"
        body = {"origin": self.server.server_name, "origin_server_ts": 1, "pdus": []}
        header = self.server.key.authorization("PUT", uri, self.server.server_name, self.ours.server_name, body)
        answer = self.server.raw("PUT", uri, matrix.canonical({**body, "origin_server_ts": 2}), header)
        self.refused(answer, 401, "M_UNAUTHORIZED")

    def test_a_body_that_is_no_json_is_named_so(self):
        uri = f"{FEDERATION}/v1/send/{self.fresh('t')}"
        header = self.server.key.authorization("PUT", uri, self.server.server_name, self.ours.server_name, {})
        for text in (b"{", b"not json", b'{"a":1}x', b'{"a":"\xff"}', b"[" * 5000):
            status, answer = self.server.raw("PUT", uri, text, header)
            self.assertEqual(status, 400, answer)
            self.assertIn(answer["errcode"], ("M_NOT_JSON", "M_BAD_JSON"))

    def test_a_transaction_of_the_wrong_shape_is_bad_json(self):
        for body in ([], {}, {"origin": 5, "origin_server_ts": 1, "pdus": []},
                     {"origin": self.server.server_name, "origin_server_ts": 1, "pdus": {}},
                     {"origin": self.server.server_name, "origin_server_ts": 1, "pdus": "x"}):
            with self.subTest(body=body):
                answer = self.server.request("PUT", f"{FEDERATION}/v1/send/{self.fresh('t')}", body)
                self.refused(answer, 400, "M_BAD_JSON")

    def test_a_transaction_in_the_name_of_another_server_is_refused(self):
        status, answer = self.server.send([], origin="elsewhere.example")
        self.assertIn(status, (400, 401, 403), answer)

    def test_fifty_one_pdus_are_refused_and_none_is_stored(self):
        _, room = self.joined()
        events = [room.message(f"too many {number}") for number in range(51)]
        status, answer = self.server.send([event for _, event in events])
        self.assertEqual(status, 400, answer)
        for event_id, _ in events[:3]:
            self.refused(self.server.get_event(event_id), 404, "M_NOT_FOUND")

    def test_one_hundred_and_one_edus_are_refused(self):
        edu = {"edu_type": "m.typing", "content": {}}
        self.assertEqual(self.server.send([], [edu] * 101)[0], 400)

    def test_an_oversized_body_is_refused_and_the_connection_closed(self):
        uri = f"{FEDERATION}/v1/send/{self.fresh('t')}"
        status, answer = self.server.raw("PUT", uri, b"", None, {"Content-Length": str(64 * 1024 * 1024)})
        self.refused((status, answer), 413, "M_TOO_LARGE")

    def test_a_repeated_transaction_is_answered_alike_and_told_once(self):
        _, room = self.joined()
        event_id, event = room.message("told once")
        uri = f"{FEDERATION}/v1/send/{self.fresh('again')}"
        body = {"origin": self.server.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [event]}
        first = self.server.request("PUT", uri, body)
        self.assertEqual(first, (200, {"pdus": {event_id: {}}}))
        self.assertEqual(self.server.request("PUT", uri, body), first)
        self.assertTrue(self.told(room, "told once"))
        self.assertEqual(self.ours.chat.messages(room.room_id).count("told once"), 1)

    # -- rooms that are not there, servers that are not in them

    def test_an_unknown_room_is_not_found(self):
        room, user = "!nothing:" + self.ours.server_name, self.server.user("mallory")
        self.refused(self.server.make_join(room, user), 404, "M_NOT_FOUND")
        answer = self.server.request("GET", f"{FEDERATION}/v1/make_leave/{quote(room)}/{quote(user)}")
        self.refused(answer, 404, "M_NOT_FOUND")
        status, answer = self.server.request("GET", f"{FEDERATION}/v1/state/{quote(room)}?event_id=%24x")
        self.assertIn((status, answer["errcode"]), ((404, "M_NOT_FOUND"), (403, "M_FORBIDDEN")))

    def test_a_server_that_is_not_in_the_room_learns_nothing(self):
        alice, room = self.joined()
        self.ours.send(room.room_id, alice, "secret")
        event_id = room.state["m.room.create", ""][0]
        path = quote(room.room_id)
        for uri in (f"state/{path}?event_id={quote(event_id)}", f"state_ids/{path}?event_id={quote(event_id)}",
                    f"backfill/{path}?v={quote(event_id)}&limit=10", f"event_auth/{path}/{quote(event_id)}"):
            with self.subTest(uri=uri):
                self.refused(self.stranger.request("GET", f"{FEDERATION}/v1/{uri}"), 403, "M_FORBIDDEN")
        self.refused(self.stranger.request("POST", f"{FEDERATION}/v1/get_missing_events/{path}",
                                           {"earliest_events": [], "latest_events": [event_id], "limit": 10}), 403, "M_FORBIDDEN")
        status, _ = self.stranger.get_event(event_id)
        self.assertIn(status, (403, 404))

    def test_a_malformed_room_id_is_an_invalid_parameter(self):
        status, answer = self.server.make_join("no room id", self.server.user("mallory"))
        self.assertEqual((status, answer["errcode"]), (400, "M_INVALID_PARAM"))

    # -- joins

    def test_make_join_without_a_shared_room_version_names_the_rooms(self):
        _, room = self.public_room()
        status, answer = self.server.make_join(room, self.server.user("mallory"), ("1", "5"))
        self.assertEqual((status, answer["errcode"], answer.get("room_version")),
                         (400, "M_INCOMPATIBLE_ROOM_VERSION", "11"))

    def test_make_join_of_an_uninvited_user_is_forbidden(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.chat.create_room("channel", alice, [], name="closed", visibility="private")["matrix_room_id"]
        self.refused(self.server.make_join(room, self.server.user("mallory")), 403, "M_FORBIDDEN")

    def test_make_join_for_a_user_of_another_server_is_forbidden(self):
        _, room = self.public_room()
        self.refused(self.server.make_join(room, self.stranger.user("somebody")), 403, "M_FORBIDDEN")

    def _send_join(self, room_id, event, event_id, server=None):
        return (server or self.server).request("PUT", f"{FEDERATION}/v2/send_join/{quote(room_id)}/{quote(event_id)}", event)

    def test_a_send_join_that_is_not_what_it_claims_is_refused(self):
        alice, room = self.public_room()
        user = self.server.user(self.fresh("mallory"))
        _, made = self.server.make_join(room, user)
        version = made["room_version"]
        other = self.stranger.user("somebody")
        wrong = {
            "of another user": {"state_key": other},
            "by a user of another server": {"sender": other, "state_key": other},
            "by one of our users": {"sender": alice, "state_key": alice},
            "no join": {"content": {"membership": "leave"}},
            "no membership": {"type": "m.room.topic", "state_key": "", "content": {"topic": "mine"}},
            "of another room": {"room_id": "!other:" + self.ours.server_name},
        }
        for name, changes in wrong.items():
            with self.subTest(name):
                event_id, event = self.server.complete(made["event"], version, **changes)
                status, answer = self._send_join(room, event, event_id)
                self.assertIn(status, (400, 403), answer)
        event_id, event = self.server.complete(made["event"], version)
        with self.subTest("signature of another key"):
            forged = matrix.without(event, "signatures")
            matrix.Key("somebody else", self.server.key.key_id).sign_event(forged, version, self.server.server_name)
            self.assertIn(self._send_join(room, forged, event_id)[0], (400, 403))
        with self.subTest("no signature"):
            self.assertIn(self._send_join(room, {**event, "signatures": {}}, event_id)[0], (400, 403))
        with self.subTest("another event id in the path"):
            self.assertIn(self._send_join(room, event, "$" + "A" * 43)[0], (400, 403))
        self.assertEqual(self.ours.members(room, alice), {alice})

    def test_a_join_after_the_revocation_is_forbidden(self):
        alice = self.ours.user(self.fresh("alice"))
        user = self.server.user(self.fresh("late"))
        room = self.ours.create_direct(alice, user)
        self.ours.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="pending")
        status, made = self.server.make_join(room, user)
        self.assertEqual(status, 200, made)
        self.ours.revoke(room, alice, user)
        self.refused(self.server.make_join(room, user), 403, "M_FORBIDDEN")
        event_id, event = self.server.complete(made["event"], made["room_version"])
        self.refused(self._send_join(room, event, event_id), 403, "M_FORBIDDEN")
        self.assertEqual(self.ours.members(room, alice), {alice})

    def test_a_send_leave_of_another_servers_user_is_refused(self):
        alice, room = self.joined()
        uri = f"{FEDERATION}/v1/make_leave/{quote(room.room_id)}/{quote(room.user_id)}"
        self.refused(self.stranger.request("GET", uri), 403, "M_FORBIDDEN")
        _, made = self.server.request("GET", uri)
        event_id, event = self.server.complete(made["event"], room.room_version)
        status, answer = self.stranger.request(
            "PUT", f"{FEDERATION}/v2/send_leave/{quote(room.room_id)}/{quote(event_id)}", event)
        self.assertIn(status, (400, 403), answer)
        for name, changes in {"ours": {"sender": alice, "state_key": alice}, "a join": {"content": {"membership": "join"}}}.items():
            with self.subTest(name):
                event_id, event = self.server.complete(made["event"], room.room_version, **changes)
                status, answer = self.server.request(
                    "PUT", f"{FEDERATION}/v2/send_leave/{quote(room.room_id)}/{quote(event_id)}", event)
                self.assertIn(status, (400, 403), answer)
        self.assertEqual(self.ours.members(room.room_id, alice), {alice, room.user_id})

    # -- invitations

    def _invite(self, user, server=None, room_version="11", signer=None, **changes):
        """PUT /invite of a made-up room of the fake homeserver."""
        server = server or self.server
        inviter = server.user("inviter")
        room = f"!{self.fresh('room')}:{server.server_name}"
        create = {"type": "m.room.create", "state_key": "", "sender": inviter, "room_id": room, "depth": 1,
                  "content": {"room_version": room_version}, "origin_server_ts": matrix.now_ms(), "prev_events": [],
                  "auth_events": []}
        server.key.sign_event(create, "11", server.server_name)
        event = {"type": "m.room.member", "state_key": user, "sender": inviter, "room_id": room, "depth": 4,
                 "content": {"membership": "invite"}, "origin_server_ts": matrix.now_ms(),
                 "prev_events": [matrix.event_id(create, "11")], "auth_events": [matrix.event_id(create, "11")], **changes}
        (signer or server.key).sign_event(event, "11", server.server_name)
        event_id = matrix.event_id(event, "11")
        return room, server.request("PUT", f"{FEDERATION}/v2/invite/{quote(room)}/{quote(event_id)}",
                                    {"room_version": room_version, "event": event, "invite_room_state": [create]})

    def test_an_honest_invitation_is_signed_and_told(self):
        alice = self.ours.user(self.fresh("alice"))
        room, (status, answer) = self._invite(alice)
        self.assertEqual(status, 200, answer)
        self.assertIn(self.ours.server_name, answer["event"]["signatures"])
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=alice)

    def test_an_invitation_of_an_unknown_room_version_is_incompatible(self):
        alice = self.ours.user(self.fresh("alice"))
        _, (status, answer) = self._invite(alice, room_version="org.example.unknown")
        self.assertEqual((status, answer["errcode"]), (400, "M_INCOMPATIBLE_ROOM_VERSION"))
        self.assertEqual(answer["room_version"], "org.example.unknown")

    def put_invite(self, room_version, event, invite_room_state):
        room, event_id = event["room_id"], matrix.event_id(event, room_version)
        return self.server.request("PUT", f"{FEDERATION}/v2/invite/{quote(room)}/{quote(event_id)}",
                                   {"room_version": room_version, "event": event, "invite_room_state": invite_room_state})

    def invitation(self, user, room_version, **changes):
        """(invite event, create event), signed. From version 12 on the room is named by its create event."""
        inviter = self.server.user("inviter")
        create = {"type": "m.room.create", "state_key": "", "sender": inviter, "depth": 1, "content": {"room_version": room_version},
                  "origin_server_ts": matrix.now_ms(), "prev_events": [], "auth_events": []}
        if room_version != "12":
            create["room_id"] = f"!{self.fresh('room')}:{self.server.server_name}"
        self.server.key.sign_event(create, room_version, self.server.server_name)
        create_id = matrix.event_id(create, room_version)
        event = {"type": "m.room.member", "state_key": user, "sender": inviter, "room_id": create.get("room_id", "!" + create_id[1:]),
                 "depth": 4, "content": {"membership": "invite"}, "origin_server_ts": matrix.now_ms(), "prev_events": [create_id],
                 "auth_events": [] if room_version == "12" else [create_id], **changes}
        self.server.key.sign_event(event, room_version, self.server.server_name)
        return event, create

    def test_an_invitation_that_is_not_signed_is_forbidden(self):
        alice = self.ours.user(self.fresh("alice"))
        for room_version in ("10", "11", "12"):
            event, create = self.invitation(alice, room_version)
            wrong = matrix.Key("somebody else", self.server.key.key_id)
            forged = {key: value for key, value in event.items() if key != "signatures"}
            wrong.sign_event(forged, room_version, self.server.server_name)
            for name, signatures in {"none": {}, "another server's": {"elsewhere.example": {"ed25519:x": "AAAA"}},
                                     "no key's": {self.server.server_name: {}}, "a wrong one": forged["signatures"]}.items():
                with self.subTest(name, room_version=room_version):
                    self.refused(self.put_invite(room_version, {**event, "signatures": signatures}, [create]), 403, "M_FORBIDDEN")
            with self.subTest("no member signatures", room_version=room_version):
                self.refused(self.put_invite(room_version, {key: event[key] for key in event if key != "signatures"}, [create]), 403, "M_FORBIDDEN")
            self.assertEqual(self.put_invite(room_version, event, [create])[0], 200)

    def test_an_invitation_that_was_altered_on_its_way_is_refused(self):
        """What it says is not what its sender has signed: the hash says so."""
        alice = self.ours.user(self.fresh("alice"))
        for room_version in ("10", "11", "12"):
            with self.subTest(room_version=room_version):
                event, create = self.invitation(alice, room_version)
                altered = {**event, "content": {**event["content"], "reason": "not what he wrote"}}
                answer = self.put_invite(room_version, altered, [create])
                self.refused(answer, 400, "M_BAD_JSON")
                self.assertIn("content hash", answer[1]["error"])
                self.assertEqual(self.put_invite(room_version, event, [create])[0], 200)

    def test_an_invitation_that_is_not_canonical_is_bad_json(self):
        alice = self.ours.user(self.fresh("alice"))
        for odd in (1.5, 2**53, -2**53, 1e10):
            with self.subTest(odd=odd):
                event, create = self.invitation(alice, "11", content={"membership": "invite", "x": [odd]})
                self.refused(self.put_invite("11", event, [create]), 400, "M_BAD_JSON")

    def test_an_invitation_of_version_12_without_the_rooms_create_event_misses_a_parameter(self):
        alice = self.ours.user(self.fresh("alice"))
        event, create = self.invitation(alice, "12")
        _, other = self.invitation(alice, "12", depth=9)
        other["origin_server_ts"] += 1
        stripped = {key: create[key] for key in ("type", "state_key", "sender", "content")}
        for name, state in {"nothing": [], "another room's": [other], "a stripped one": [stripped]}.items():
            with self.subTest(name):
                self.refused(self.put_invite("12", event, state), 400, "M_MISSING_PARAM")
        self.assertEqual(self.put_invite("12", event, [create])[0], 200)

    def test_a_header_with_empty_list_elements_is_read(self):
        uri = f"{FEDERATION}/v1/query/profile?user_id={quote(self.ours.user(self.fresh('alice')))}"
        signed = self.server.key.authorization("GET", uri, self.server.server_name, self.ours.server_name, None)
        for header in (signed.replace(",", ",,"), signed.replace(" ", " , ,", 1), signed + ",", signed.replace(",", " , ,\t")):
            with self.subTest(header=header):
                self.assertEqual(self.server.raw("GET", uri, None, header)[0], 200)

    def test_a_request_of_an_impossible_origin_is_told_so(self):
        uri = f"{FEDERATION}/v1/query/profile?user_id={quote(self.ours.user(self.fresh('alice')))}"
        for origin in ("a b", "under_score", "a:port", "@alice:here", ""):
            with self.subTest(origin=origin):
                answer = self.server.raw("GET", uri, None, f'X-Matrix origin="{origin}",key="ed25519:x",sig="AAAA"')
                self.refused(answer, 401, "M_UNAUTHORIZED")
                self.assertIn("not a valid server name", answer[1]["error"])

    def test_wrong_invitations_are_refused_and_nobody_is_told(self):
        alice = self.ours.user(self.fresh("alice"))
        wrong = {
            "of another server's user": {"sender": self.stranger.user("somebody")},
            "for a user of another server": {"state_key": self.stranger.user("somebody")},
            "no invitation": {"content": {"membership": "join"}},
            "no membership": {"type": "m.room.topic"},
            "of another room": {"room_id": "!other:" + self.server.server_name},
            "signed by another key": {"signer": matrix.Key("somebody else", self.server.key.key_id)},
        }
        before = len(self.ours.chat.find("invitation.received", user=alice))
        for name, changes in wrong.items():
            with self.subTest(name):
                _, (status, answer) = self._invite(alice, **changes)
                self.assertIn(status, (400, 403), answer)
        # An honest one after them is told: had one of the wrong ones been told, it would be here by now.
        room, _ = self._invite(alice)
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room)
        self.assertEqual(len(self.ours.chat.find("invitation.received", user=alice)), before + 1)

    # -- events

    def _refused_event(self, room, event_id, event, text):
        """Sends it; it must come to nobody's ears and not be served."""
        status, answer = self.server.send([event])
        self.assertEqual(status, 200, answer)
        self.assertFalse(self.told(room, text))
        return answer["pdus"].get(event_id)

    def test_an_event_without_signature_is_dropped(self):
        _, room = self.joined()
        event_id, event = room.message("unsigned", advance=False, sign=False)
        self.assertIn("error", self._refused_event(room, event_id, {**event, "signatures": {}}, "unsigned") or {"error": ""})
        self.refused(self.server.get_event(event_id), 404, "M_NOT_FOUND")

    def test_an_event_signed_by_another_key_is_dropped(self):
        _, room = self.joined()
        event_id, event = room.message("forged", advance=False, sign=False)
        matrix.Key("somebody else", self.server.key.key_id).sign_event(event, room.room_version, self.server.server_name)
        self.assertIn("error", self._refused_event(room, event_id, event, "forged"))
        self.refused(self.server.get_event(event_id), 404, "M_NOT_FOUND")

    def test_an_event_in_the_name_of_our_user_is_dropped(self):
        alice, room = self.joined()
        event_id, event = room.message("in her name", advance=False, sender=alice)
        self.assertIn("error", self._refused_event(room, event_id, event, "in her name"))
        self.refused(self.server.get_event(event_id), 404, "M_NOT_FOUND")

    def test_an_event_of_a_user_who_is_not_in_the_room_is_rejected(self):
        _, room = self.joined()
        event_id, event = room.message("from outside", advance=False, sender=self.server.user("outsider"))
        self._refused_event(room, event_id, event, "from outside")

    def test_a_tampered_content_is_taken_as_redacted_and_not_shown(self):
        _, room = self.joined()
        event_id, event = room.message("before tampering", advance=False)
        event["content"] = {"msgtype": "m.text", "body": "after tampering"}
        self.assertEqual(self.server.send([event]), (200, {"pdus": {event_id: {}}}))
        self.assertFalse(self.told(room, "after tampering"))

    def test_malformed_events_are_dropped_one_by_one_and_the_good_one_among_them_is_taken(self):
        _, room = self.joined()
        malformed = [{}, {"room_id": room.room_id}, {"room_id": 5, "type": "m.room.message"},
                     {"room_id": room.room_id, "type": "m.room.message", "sender": "nobody", "content": []}]
        for changes in ({"depth": -1}, {"depth": "1"}, {"depth": 2 ** 53}, {"prev_events": "x"}, {"prev_events": ["$x"] * 21},
                        {"auth_events": ["$x"] * 11}, {"origin_server_ts": 1.5},
                        {"type": "x" * 256}, {"sender": "@" + "x" * 300 + ":" + self.server.server_name}):
            malformed.append(room.message("malformed", advance=False, **changes)[1])
        malformed.append(room.make("m.room.message", "no content", advance=False)[1])
        malformed.append(room.message("x" * 70_000, advance=False)[1])
        good_id, good = room.message("good among bad")
        status, answer = self.server.send([*malformed[:7], good, *malformed[7:]])
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["pdus"].get(good_id), {})
        self.ours.chat.wait_for("message.received", event_id=good_id)
        self.assertNotIn("malformed", self.ours.chat.messages(room.room_id))

    def test_an_event_of_an_unknown_room_is_refused(self):
        _, room = self.joined()
        event_id, event = room.message("nowhere", advance=False, room_id="!nowhere:" + self.server.server_name)
        status, answer = self.server.send([event])
        self.assertEqual(status, 200, answer)
        self.assertNotEqual(answer["pdus"].get(event_id), {})
        self.refused(self.server.get_event(event_id), 404, "M_NOT_FOUND")

    # -- EDUs

    def test_typing_of_another_servers_user_is_ignored(self):
        alice, room = self.joined()

        def typing(user):
            return {"edu_type": "m.typing", "content": {"room_id": room.room_id, "user_id": user, "typing": True}}
        self.server.send([], [typing(alice), typing(self.stranger.user("somebody")), typing(self.server.user("not_a_member")),
                              {"edu_type": "m.typing", "content": "x"}, {"edu_type": "m.unknown", "content": {}}, 5,
                              typing(room.user_id)])
        self.until(lambda: self.ours.chat.ephemeral("typing", matrix_room_id=room.room_id, user=room.user_id),
                   "the honest one")
        self.assertEqual({body["user"] for body in self.ours.chat.ephemeral("typing", matrix_room_id=room.room_id)},
                         {room.user_id})

    # -- our own documents

    def test_our_key_document_is_signed_by_the_key_it_lists(self):
        status, document = self.server.raw("GET", "/_matrix/key/v2/server")
        self.assertEqual(status, 200)
        self.assertEqual(document["server_name"], self.ours.server_name)
        self.assertGreater(document["valid_until_ts"], matrix.now_ms() + 3_600_000)
        (key_id, key), = document["verify_keys"].items()
        matrix.verify(document, document["signatures"][self.ours.server_name][key_id], key["key"])

    def test_our_events_verify_with_our_key(self):
        alice, room = self.joined()
        self.ours.send(room.room_id, alice, "verify me")
        self.until(lambda: any(event["content"].get("body") == "verify me" for event in self.server.received_pdus),
                   "the message at the fake homeserver")
        event = next(event for event in self.server.received_pdus if event["content"].get("body") == "verify me")
        self.assertEqual(event["hashes"]["sha256"], matrix.content_hash(event))
        document = self.server.raw("GET", "/_matrix/key/v2/server")[1]
        (key_id, key), = document["verify_keys"].items()
        matrix.verify(matrix.redacted(event, room.room_version), event["signatures"][self.ours.server_name][key_id], key["key"])
        status, served = self.server.get_event(matrix.event_id(event, room.room_version))
        self.assertEqual(status, 200, served)
        self.assertEqual(json.dumps(matrix.without(served["pdus"][0], "unsigned"), sort_keys=True),
                         json.dumps(matrix.without(event, "unsigned"), sort_keys=True))
