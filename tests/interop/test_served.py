"""What other homeservers may ask besides the events of a room: directory, spaces, keys, devices, old forms, bounds."""

import urllib.parse

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote
from hostile.case import HostileCase


class Served(HostileCase):
    settings = {"federation": {"inbound_requests_burst": 400, "inbound_requests_per_second": 100}}

    def get(self, path, server=None):
        return (server or self.hostile).request("GET", f"{FEDERATION}/v1/{path}")

    def post(self, path, body, server=None):
        return (server or self.hostile).request("POST", f"{FEDERATION}/v1/{path}", body)

    def channel(self, **more):
        alice = self.ours.user(self.fresh("alice"))
        return alice, self.chat.create_room("channel", alice, [], **{"visibility": "public", **more})["matrix_room_id"]

    def state_of(self, shared, kind, content, state_key="", **changes):
        """A state event by the room's founder that our broker has taken into the room: until then, with parents still to be
        fetched, it is answered for but served to nobody."""
        event_id, event = shared.room.add(kind, content, state_key=state_key, **changes)
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.until(lambda: self.honest.get_event(event_id)[0] != 404, f"{kind} in the room")
        return event_id

    # -- the public directory

    def listed(self, **wanted):
        """Our public rooms by id, all pages."""
        rooms, since = {}, None
        while True:
            body = {"limit": 2, **wanted, **({"since": since} if since else {})}
            status, answer = self.post("publicRooms", body)
            self.assertEqual(status, 200, answer)
            self.assertLessEqual(len(answer["chunk"]), 2)
            rooms.update({room["room_id"]: room for room in answer["chunk"]})
            since = answer.get("next_batch")
            if not since:
                return rooms

    def test_public_channels_are_listed_and_nothing_else(self):
        word = self.fresh("parrots")
        rooms = [self.channel(name=f"{word} {number}", topic="birds")[1] for number in range(3)]
        _, closed = self.channel(name=f"{word} closed", visibility="private")
        found = self.listed(filter={"generic_search_term": word.upper()})
        self.assertEqual(set(found), set(rooms))
        self.assertNotIn(closed, self.listed())
        room = found[rooms[0]]
        self.assertEqual((room["name"], room["topic"], room["num_joined_members"], room["join_rule"]),
                         (f"{word} 0", "birds", 1, "public"))
        self.assertEqual((room["guest_can_join"], room["world_readable"]), (False, False))
        self.hostile.join(rooms[0], self.fresh("mallory"))
        self.until(lambda: self.listed()[rooms[0]]["num_joined_members"] == 2, "the new member in the directory")
        status, answer = self.get("publicRooms?limit=1")
        self.assertEqual((status, len(answer["chunk"])), (200, 1))
        self.assertEqual(answer["chunk"][0]["num_joined_members"], 2)
        self.refused(self.get("publicRooms?since=nonsense"), 400, "M_INVALID_PARAM")

    def test_rooms_of_others_are_not_in_our_directory(self):
        shared = self.share()
        self.hears_honest(shared)
        self.assertNotIn(shared.room_id, self.listed())

    def test_an_alias_leads_to_its_room_also_after_a_restart(self):
        name = self.fresh("alias")
        alice, room = self.channel(name="named", alias=name)
        self.hostile.join(room, self.fresh("mallory"))
        query = "query/directory?room_alias=" + quote(f"#{name}:{self.ours.server_name}")
        expected = {"room_id": room, "servers": [self.ours.server_name, self.hostile.server_name]}
        self.until_equal(lambda: self.get(query), (200, expected), "both servers")
        self.refused(self.get("query/directory?room_alias=" + quote(f"#none:{self.ours.server_name}")), 404, "M_NOT_FOUND")
        self.refused(self.get("query/directory"), 400, "M_MISSING_PARAM")
        self.ours.stop_server()
        self.ours.start_server()
        self.until_equal(lambda: self.get(query), (200, expected), "the alias after the restart")
        self.assertIn(room, self.listed())

    def test_a_name_of_ours_that_somebody_else_gives_is_none(self):
        shared = self.share()
        alias = f"#{self.fresh('stolen')}:{self.ours.server_name}"
        self.state_of(shared, "m.room.canonical_alias", {"alias": alias})
        self.hears_honest(shared)
        self.refused(self.get("query/directory?room_alias=" + quote(alias)), 404, "M_NOT_FOUND")

    # -- spaces

    def test_a_space_tells_its_children_as_far_as_the_asking_server_may_see_them(self):
        shared = self.share()
        _, public = self.channel(name="open child")
        _, closed = self.channel(name="closed child", visibility="private")
        via = {"via": [self.ours.server_name]}
        self.state_of(shared, "m.space.child", {**via, "order": "b", "suggested": True}, state_key=public)
        self.state_of(shared, "m.space.child", {**via, "order": "a"}, state_key=closed)
        self.state_of(shared, "m.space.child", via, state_key="!unknown:elsewhere.example")
        self.state_of(shared, "m.space.child", {}, state_key="!removed:elsewhere.example")
        self.hears_honest(shared)
        status, answer = self.get(f"hierarchy/{quote(shared.room_id)}")
        self.assertEqual(status, 200, answer)
        self.assertEqual([child["room_id"] for child in answer["children"]], [public])
        self.assertEqual(answer["inaccessible_children"], [closed])
        self.assertEqual(answer["room"]["room_id"], shared.room_id)
        self.assertEqual([child["state_key"] for child in answer["room"]["children_state"]],
                         [closed, public, "!unknown:elsewhere.example"])
        status, answer = self.get(f"hierarchy/{quote(shared.room_id)}?suggested_only=true")
        self.assertEqual([child["state_key"] for child in answer["room"]["children_state"]], [public])
        self.assertEqual(([child["room_id"] for child in answer["children"]], answer["inaccessible_children"]), ([public], []))
        self.refused(self.get(f"hierarchy/{quote(closed)}"), 404, "M_NOT_FOUND")
        self.refused(self.get("hierarchy/" + quote("!none:elsewhere.example")), 404, "M_NOT_FOUND")

    # -- time

    def test_the_event_nearest_to_a_moment_is_found_both_ways(self):
        shared = self.share()
        start = matrix.now_ms() + 1_000_000
        events = []
        for number in range(3):
            event_id, event = shared.room.say(f"at {number}", origin_server_ts=start + number * 1_000)
            self.verdicts(self.honest, [event])
            events.append(event_id)
        path = f"timestamp_to_event/{quote(shared.room_id)}"

        def at(ts, direction):
            return self.get(f"{path}?ts={start + ts}&dir={direction}")
        self.assertEqual(at(500, "f"), (200, {"event_id": events[1], "origin_server_ts": start + 1_000}))
        self.assertEqual(at(500, "b"), (200, {"event_id": events[0], "origin_server_ts": start}))
        self.assertEqual(at(1_000, "f")[1]["event_id"], events[1])
        self.assertEqual(at(1_000, "b")[1]["event_id"], events[1])
        self.refused(at(5_000, "f"), 404, "M_NOT_FOUND")
        self.refused(self.get(f"{path}?ts=5"), 400, "M_MISSING_PARAM")
        self.refused(self.get(f"{path}?dir=f"), 400, "M_MISSING_PARAM")
        self.refused(self.get(f"{path}?ts=x&dir=f"), 400, "M_INVALID_PARAM")
        self.refused(self.get(f"{path}?ts=5&dir=x"), 400, "M_INVALID_PARAM")
        stranger = self.play()
        self.refused(self.get(f"{path}?ts=5&dir=f", stranger), 403, "M_FORBIDDEN")

    # -- people

    def test_a_profile_is_told_by_field(self):
        alice = self.ours.user(self.fresh("alice"))
        self.chat.command("user.profile", {"user": alice, "display_name": "Alice", "avatar": "mxc://here/a"})
        query = f"query/profile?user_id={quote(alice)}"
        self.assertEqual(self.get(query), (200, {"displayname": "Alice", "avatar_url": "mxc://here/a"}))
        self.assertEqual(self.get(query + "&field=displayname"), (200, {"displayname": "Alice"}))
        self.assertEqual(self.get(query + "&field=avatar_url"), (200, {"avatar_url": "mxc://here/a"}))

    def test_our_users_have_no_devices(self):
        alice = self.ours.user(self.fresh("alice"))
        self.chat.command("user.profile", {"user": alice, "display_name": "Alice"})
        nobody = f"@{self.fresh('nobody')}:{self.ours.server_name}"
        self.assertEqual(self.get(f"user/devices/{quote(alice)}"), (200, {"user_id": alice, "stream_id": 1, "devices": []}))
        self.refused(self.get(f"user/devices/{quote(nobody)}"), 404, "M_NOT_FOUND")
        self.assertEqual(self.post("user/keys/query", {"device_keys": {alice: [], nobody: []}}), (200, {"device_keys": {alice: {}}}))
        self.assertEqual(self.post("user/keys/claim", {"one_time_keys": {alice: {"D": "signed_curve25519"}}}),
                         (200, {"one_time_keys": {}}))
        self.refused(self.post("user/keys/query", {}), 400, "M_BAD_JSON")

    def test_no_openid_token_is_known(self):
        self.refused(self.hostile.raw("GET", f"{FEDERATION}/v1/openid/userinfo"), 401, "M_MISSING_TOKEN")
        self.refused(self.hostile.raw("GET", f"{FEDERATION}/v1/openid/userinfo?access_token=x"), 401, "M_UNKNOWN_TOKEN")

    def test_edus_of_things_we_do_not_have_are_acknowledged(self):
        content = {"m.direct_to_device": {"sender": self.hostile.user("m"), "type": "m.room_key", "message_id": "1", "messages": {}},
                   "m.presence": {"push": [{"user_id": self.hostile.user("m"), "presence": "online"}]},
                   "m.device_list_update": {"user_id": self.hostile.user("m"), "device_id": "D", "stream_id": 5},
                   "m.signing_key_update": {"user_id": self.hostile.user("m")}, "m.receipt": {}}
        edus = [{"edu_type": kind, "content": each} for kind, each in content.items()]
        self.assertEqual(self.hostile.send([], edus), (200, {"pdus": {}}))

    def test_what_is_not_served_is_not_recognised(self):
        for method, path in (("PUT", "v1/exchange_third_party_invite/!r%3Ah"), ("PUT", "v1/3pid/onbind"), ("GET", "v3/version"),
                             ("GET", "v1/publicRooms/more"), ("GET", "v1/query/unknown")):
            with self.subTest(path):
                self.refused(self.hostile.request(method, f"{FEDERATION}/{path}", {} if method == "PUT" else None), 404, "M_UNRECOGNIZED")
        self.refused(self.hostile.request("POST", "/_matrix/policy/v1/sign", {}), 404, "M_UNRECOGNIZED")
        for method, path in (("DELETE", "v1/publicRooms"), ("POST", "v1/query/profile"), ("GET", "v1/user/keys/query")):
            with self.subTest(path):
                self.refused(self.hostile.request(method, f"{FEDERATION}/{path}"), 405, "M_UNRECOGNIZED")

    # -- the notary

    def countersigned(self, document, of):
        ours = self.hostile.raw("GET", "/_matrix/key/v2/server")[1]
        (key_id, key), = ours["verify_keys"].items()
        self.assertEqual(document["server_name"], of.server_name)
        matrix.verify(document, document["signatures"][self.ours.server_name][key_id], key["key"])
        matrix.verify(document, document["signatures"][of.server_name][of.key.key_id], of.key.public)

    def test_keys_of_other_servers_are_told_countersigned_even_when_they_are_gone(self):
        gone = self.play()
        status, answer = self.hostile.request("GET", f"/_matrix/key/v2/query/{quote(gone.server_name)}")  # signed: it is fetched
        self.assertEqual(status, 200, answer)
        self.countersigned(answer["server_keys"][0], gone)
        gone.close()
        wanted = {gone.server_name: {gone.key.key_id: {}}, self.honest.server_name: {}, self.ours.server_name: {}, "no name": {}}
        status, answer = self.hostile.raw("POST", "/_matrix/key/v2/query", matrix.canonical({"server_keys": wanted}))
        self.assertEqual(status, 200, answer)
        documents = {document["server_name"]: document for document in answer["server_keys"]}
        self.assertEqual(set(documents), {gone.server_name, self.honest.server_name, self.ours.server_name})
        self.countersigned(documents[gone.server_name], gone)
        self.countersigned(documents[self.honest.server_name], self.honest)
        self.refused(self.hostile.raw("POST", "/_matrix/key/v2/query", b"{}"), 400, "M_BAD_JSON")
        self.refused(self.hostile.raw("POST", "/_matrix/key/v2/query", b"{"), 400, "M_NOT_JSON")

    # -- old forms

    def test_an_old_peer_joins_and_leaves_in_the_old_form(self):
        alice, room = self.channel(name="old forms")
        user = self.hostile.user(self.fresh("old"))
        _, made = self.hostile.make_join(room, user)
        event_id, event = self.hostile.complete(made["event"], made["room_version"])
        status, answer = self.hostile.request("PUT", f"{FEDERATION}/v1/send_join/{quote(room)}/{quote(event_id)}", event)
        self.assertEqual((status, answer[0]), (200, 200), answer)
        self.assertIn(user, self.ours.members(room, alice))
        self.assertIn("state", answer[1])
        _, made = self.get(f"make_leave/{quote(room)}/{quote(user)}")
        event_id, event = self.hostile.complete(made["event"], "11")
        answer = self.hostile.request("PUT", f"{FEDERATION}/v1/send_leave/{quote(room)}/{quote(event_id)}", event)
        self.assertEqual(answer, (200, [200, {}]))
        self.assertNotIn(user, self.ours.members(room, alice))

    def test_a_join_through_a_server_of_old_forms_succeeds(self):
        def only_old(honest, parts, query, body):
            if parts[2] == "v2":
                return 404, {"errcode": "M_UNRECOGNIZED", "error": "what?"}
            return honest[0], [honest[0], honest[1]]
        self.honest.lies["send_join"] = only_old
        shared = self.share()
        self.assertEqual(self.honest.count("v1/send_join"), 1)
        self.hears_honest(shared)

    # -- server ACLs

    def test_a_server_the_acl_denies_is_refused_on_every_path(self):
        shared = self.share()
        shared.room.say("before")
        event_id = self.says(shared, "hello")["prev_events"][0]
        bob = self.ours.user(self.fresh("bob"))
        self.chat.command("user.profile", {"user": bob, "display_name": "Bob"})
        mallory_leaves = self.get(f"make_leave/{quote(shared.room_id)}/{quote(shared.mallory)}")[1]["event"]
        self.state_of(shared, "m.room.server_acl", {"allow": ["*"], "deny": [self.hostile.server_name.rsplit(":", 1)[0]],
                                                    "allow_ip_literals": True})
        # Name without port: the honest server shares it, so its own messages are refused from here on as well.
        path, user = quote(shared.room_id), quote(self.hostile.user("other"))
        for uri in (f"make_join/{path}/{user}?ver=11", f"make_leave/{path}/{quote(shared.mallory)}",
                    f"state/{path}?event_id={quote(event_id)}", f"state_ids/{path}?event_id={quote(event_id)}",
                    f"backfill/{path}?v={quote(event_id)}&limit=1", f"event_auth/{path}/{quote(event_id)}",
                    f"timestamp_to_event/{path}?ts=1&dir=f"):
            with self.subTest(uri):
                self.refused(self.get(uri), 403, "M_FORBIDDEN")
        self.refused(self.post(f"get_missing_events/{path}", {"earliest_events": [], "latest_events": [event_id]}), 403, "M_FORBIDDEN")
        leave_id, leave = self.hostile.complete(mallory_leaves, "11")
        join_id, join = self.hostile.complete({**mallory_leaves, "content": {"membership": "join"}}, "11")
        invite_id, invite = shared.room.make("m.room.member", {"membership": "invite"}, sender=shared.mallory, signer=self.hostile,
                                             state_key=bob)
        state = [shared.room.events[shared.room.state["m.room.create", ""]]]
        for version in ("v1", "v2"):
            with self.subTest(version):
                self.refused(self.hostile.request("PUT", f"{FEDERATION}/{version}/send_leave/{path}/{quote(leave_id)}", leave), 403, "M_FORBIDDEN")
                self.refused(self.hostile.request("PUT", f"{FEDERATION}/{version}/send_join/{path}/{quote(join_id)}", join), 403, "M_FORBIDDEN")
                body = invite if version == "v1" else {"room_version": "11", "event": invite, "invite_room_state": state}
                self.refused(self.hostile.request("PUT", f"{FEDERATION}/{version}/invite/{path}/{quote(invite_id)}", body), 403, "M_FORBIDDEN")
        said_id, said = shared.room.message("denied", sender=shared.mallory, signer=self.hostile)
        typing = {"edu_type": "m.typing", "content": {"room_id": shared.room_id, "user_id": shared.mallory, "typing": True}}
        answer = self.verdicts(self.hostile, [said], [typing])
        self.assertIn("error", answer[said_id])
        self.assertNotIn("denied", self.chat.messages(shared.room_id))
        self.assertEqual(self.chat.ephemeral("typing", matrix_room_id=shared.room_id), [])


class Limited(HostileCase):
    settings = {"federation": {"inbound_requests_burst": 5, "inbound_requests_per_second": 1, "public_directory": False}}

    def test_a_server_that_asks_too_much_is_told_when_to_come_again(self):
        answers = [self.hostile.request("GET", f"{FEDERATION}/v1/query/profile?user_id=" + urllib.parse.quote("@a:" + self.ours.server_name))
                   for _ in range(40)]
        refused = [body for status, body in answers if status == 429]
        self.assertTrue(refused, answers)
        for body in refused:
            self.assertEqual(body["errcode"], "M_LIMIT_EXCEEDED")
            self.assertGreater(body["retry_after_ms"], 0)
        self.assertEqual(self.honest.request("GET", f"{FEDERATION}/v1/publicRooms")[0], 403)  # another one's share is its own
        self.assertEqual(self.hostile.send([])[0], 200)
