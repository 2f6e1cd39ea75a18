"""We join a room through a server that lies about it."""

import json

from causeway_demo.chat_server import CommandError
from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class LyingResidents(HostileCase):
    settings = {"federation": {"key_fetch_retry_ms": 500}, "room": {"inbox_retry_ms": 500, "backfill_on_join": 20}}

    def setUp(self):
        super().setUp()
        self.signed_before = self.hostile.count("send_join")

    def lie_about_the_state(self, change):
        """`change(answer, room)` alters the answer of send_join."""
        def lie(honest, parts, _query, _body):
            answer = json.loads(json.dumps(honest[1]))
            return honest[0], change(answer, self.hostile.rooms[parts[4]]) or answer
        self.hostile.lies["send_join"] = lie

    def state_as_we_see_it(self, room, alice):
        """Event ids of the state before our join, as the broker tells."""
        status, answer = self.hostile.request(
            "GET", f"{FEDERATION}/v1/state_ids/{quote(room.room_id)}?event_id={quote(room.state['m.room.member', alice])}")
        self.assertEqual(status, 200, answer)
        return set(answer["pdu_ids"])

    def joins_without(self, room, left_out):
        """The join succeeds; the events `left_out()` are no part of the state, all true ones are; the room works."""
        true = set(room.state.values())
        alice = self.accept(self.hostile, room)
        true.discard(room.state["m.room.member", alice])
        state = self.state_as_we_see_it(room, alice)
        self.assertEqual(state & set(left_out()), set())
        self.assertLessEqual(true - set(left_out()), state | {room.state["m.room.member", alice]})
        event_id, event = room.say("it works")
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
        return alice

    # -- state that is not lawful

    def test_power_that_nobody_gave_is_no_part_of_the_state(self):
        room = self.hostile.found_room()
        thief = self.hostile.user("thief")
        levels_id, levels = room.make("m.room.power_levels", {"users": {thief: 100}}, sender=thief, state_key="")

        def change(answer, _):
            answer["state"] = [event for event in answer["state"] if event["type"] != "m.room.power_levels"] + [levels]
        self.lie_about_the_state(change)
        alice = self.accept(self.hostile, room)
        self.assertNotIn(levels_id, self.state_as_we_see_it(room, alice))

    def test_a_member_without_authority_is_no_part_of_the_state(self):
        room = self.hostile.found_room(join_rule="invite")
        guest = self.honest.user("guest")
        guest_id, guest_join = room.make("m.room.member", {"membership": "join"}, sender=guest, signer=self.honest, state_key=guest)

        def change(answer, _):
            answer["state"].append(guest_join)
        self.lie_about_the_state(change)
        self.joins_without(room, lambda: [guest_id])
        self.assertNotIn(guest, self.chat.wait_for("room.created", matrix_room_id=room.room_id).body["members"])

    def test_a_member_whose_signature_is_forged_is_no_part_of_the_state(self):
        guest = self.honest.user("guest")
        for name in ("hostile key", "hostile name", "nothing"):
            with self.subTest(name):
                room = self.hostile.found_room()
                guest_id, guest_join = room.make("m.room.member", {"membership": "join"}, sender=guest, sign=False, state_key=guest)
                guest_join["signatures"] = {}
                if name != "nothing":
                    self.hostile.key.sign_event(guest_join, "11", (self.honest if name == "hostile key" else self.hostile).server_name)

                def change(answer, _, guest_join=guest_join):
                    answer["state"].append(guest_join)
                self.lie_about_the_state(change)
                self.joins_without(room, lambda guest_id=guest_id: [guest_id])
                self.assertNotIn(guest, self.chat.wait_for("room.created", matrix_room_id=room.room_id).body["members"])

    def test_what_rests_on_events_that_are_not_given_is_no_part_of_the_state(self):
        room = self.hostile.found_room()
        hidden_id, _ = room.make("m.room.join_rules", {"join_rule": "public"}, state_key="")
        user = self.hostile.user("rests")
        auth = [room.state["m.room.create", ""], room.state["m.room.power_levels", ""], hidden_id]
        join_id, join = room.make("m.room.member", {"membership": "join"}, sender=user, state_key=user, auth_events=auth)

        def change(answer, _):
            answer["state"].append(join)
        self.lie_about_the_state(change)
        self.joins_without(room, lambda: [join_id, hidden_id])

    def test_events_of_another_room_are_no_part_of_the_state(self):
        room, other = self.hostile.found_room(), self.hostile.found_room()
        topic_id, topic = other.add("m.room.topic", {"topic": "elsewhere"}, state_key="")

        def change(answer, _):
            answer["state"] += [topic, other.events[other.state["m.room.member", other.host]]]
            answer["auth_chain"] += other.state_events()
        self.lie_about_the_state(change)
        self.joins_without(room, lambda: [topic_id])
        self.assertNotIn("elsewhere", repr(self.chat.find("room.created", matrix_room_id=room.room_id)))

    def test_a_content_that_was_altered_is_taken_without_it(self):
        room = self.hostile.found_room()
        topic_id, _ = room.add("m.room.topic", {"topic": "true"}, state_key="")

        def change(answer, _):
            for event in answer["state"]:
                if event["type"] == "m.room.topic":
                    event["content"] = {"topic": "altered"}
        self.lie_about_the_state(change)
        alice = self.accept(self.hostile, room)
        self.assertIn(topic_id, self.state_as_we_see_it(room, alice))
        self.assertNotIn("altered", repr(self.chat.find("room.created", matrix_room_id=room.room_id)))

    def test_what_is_no_event_is_no_part_of_the_state(self):
        room = self.hostile.found_room()

        def change(answer, _):
            good = answer["state"][0]
            answer["state"] += [5, None, [], {}, "x", {**good, "depth": 2 ** 63}, {**good, "content": []}, {**good, "x": "y" * 70_000}]
            answer["auth_chain"] += [5, None, [], {}]
        self.lie_about_the_state(change)
        self.joins_without(room, list)

    # -- answers that are no room

    def refused_answer(self, change, room=None, code="peer_bad_answer"):
        room = room or self.hostile.found_room()
        self.lie_about_the_state(change)
        self.join_refused(self.hostile, room, code)

    def test_a_state_without_or_with_a_false_create_event_is_no_room(self):
        other = self.hostile.found_room()
        foreign = other.events[other.state["m.room.create", ""]]

        def others(answer, keep):
            answer["state"] = [event for event in answer["state"] if event["type"] != "m.room.create" or keep]

        def none(answer, _):
            others(answer, False)

        def of_another_room(answer, _):
            others(answer, False)
            answer["state"].append(foreign)

        def two(answer, room):
            answer["state"].append(room.make("m.room.create", {"room_version": "11"}, state_key="", prev_events=[], auth_events=[])[1])

        def forged(answer, room):
            others(answer, False)
            create = matrix.without(room.events[room.state["m.room.create", ""]], "signatures")
            matrix.Key("wrong", self.hostile.key.key_id).sign_event(create, "11", self.hostile.server_name)
            answer["state"].append(create)

        def other_version(answer, room):
            others(answer, False)
            answer["state"].append(room.make("m.room.create", {"room_version": "10"}, state_key="", prev_events=[], auth_events=[])[1])
        for change in (none, of_another_room, two, forged, other_version):
            with self.subTest(change.__name__):
                self.refused_answer(change)

    def test_a_state_in_which_we_may_not_join_is_no_join(self):
        def uninvited(answer, room):
            rule = room.make("m.room.join_rules", {"join_rule": "invite"}, state_key="")[1]
            answer["state"] = [event for event in answer["state"] if event["type"] != "m.room.join_rules"
                               and event["content"].get("membership") != "invite"] + [rule]

        def banned(answer, room):
            invite = next(event for event in answer["state"] if event["content"].get("membership") == "invite")
            alice = invite["state_key"]
            auth = room.auth_events_for("m.room.message", room.host) + [matrix.event_id(invite, "11")]
            ban = room.make("m.room.member", {"membership": "ban"}, state_key=alice, auth_events=auth)[1]
            answer["auth_chain"].append(invite)
            answer["state"] = [event for event in answer["state"] if event.get("state_key") != alice] + [ban]

        def nothing_but_create(answer, _):
            answer["state"] = [event for event in answer["state"] if event["type"] == "m.room.create"]
            answer["auth_chain"] = []
        for change in (uninvited, banned, nothing_but_create):
            with self.subTest(change.__name__):
                self.refused_answer(change)

    def test_answers_of_odd_shapes_are_no_join(self):
        for number, answer in enumerate(({}, [], 5, {"state": []}, {"state": {}, "auth_chain": []}, {"state": [], "auth_chain": []},
                                         b"", b"{", b"[" * 200_000, b'{"state":[],"state":[],"auth_chain":[]}', b"\xff")):
            with self.subTest(number):
                self.hostile.lies["send_join"] = lambda *_, answer=answer: (200, answer)
                self.join_refused(self.hostile, self.hostile.found_room(), "peer_bad_answer")

    # -- templates

    def test_we_sign_no_template_that_is_not_our_users_join(self):
        other = self.hostile.found_room()
        victim = self.ours.user(self.fresh("victim"))
        rooms = []
        for changes in ({"type": "m.room.power_levels"}, {"sender": victim}, {"state_key": victim}, {"state_key": None},
                        {"room_id": other.room_id}, {"content": {"membership": "leave"}}, {"content": {}}, {"content": 5},
                        {"prev_events": None}, {"prev_events": 5}, {"prev_events": ["$" + "A" * 43] * 21}, {"auth_events": ["$x"] * 11},
                        {"depth": 2 ** 63}, {"depth": "1"}, {"depth": -1}):
            with self.subTest(changes=str(changes)[:60]):
                room = self.hostile.found_room()
                rooms.append(room.room_id)
                self.hostile.lies["make_join"] = lambda honest, *_, changes=changes: (200, {**honest[1], "event": {
                    key: value for key, value in {**honest[1]["event"], **changes}.items() if value is not None}})
                self.join_refused(self.hostile, room, "peer_bad_answer")
        # Those of other tests are joined when they are tried again.
        self.assertEqual(sum(self.hostile.count("send_join/" + quote(room)) for room in rooms), 0)

    def test_we_sign_nothing_a_template_adds(self):
        room = self.hostile.found_room()
        sent = []

        def template(honest, *_):
            event = {**honest[1]["event"], "redacts": "$x", "origin": "evil", "unsigned": {"x": 1}, "x": 1}
            event["content"] = {"membership": "join", "displayname": "Evil", "x": {"y": 1}}
            return 200, {**honest[1], "event": event}

        def keep(honest, _parts, _query, body):
            sent.append(body)
            return honest
        self.hostile.lies.update({"make_join": template, "send_join": keep})
        self.accept(self.hostile, room)
        self.assertEqual({key for event in sent for key in event},
                         {"type", "room_id", "sender", "state_key", "content", "depth", "prev_events", "auth_events", "origin_server_ts",
                          "origin", "hashes", "signatures"})
        self.assertEqual({event["origin"] for event in sent}, {self.ours.server_name})  # some servers demand the key; the name is ours
        self.assertLessEqual(set(sent[0]["content"]), {"membership", "displayname", "avatar_url"})
        self.assertNotEqual(sent[0]["content"].get("displayname"), "Evil")

    def test_a_room_version_other_than_the_invitations_is_refused(self):
        for version in ("10", "1", "12", "unheard", None, 5):
            with self.subTest(version=version):
                room = self.hostile.found_room()
                self.hostile.lies["make_join"] = lambda honest, *_, version=version: (200, {"event": honest[1]["event"], "room_version": version})
                self.join_refused(self.hostile, room, "unsupported_room_version" if version == "unheard" else "peer_bad_answer")

    def test_when_a_server_lies_the_join_goes_by_the_next(self):
        room = self.honest.found_room()
        room.join_of(self.hostile, "mallory")
        alice = self.ours.user(self.fresh("alice"))
        inviter = self.hostile.user("mallory")
        event_id, event = room.make("m.room.member", {"membership": "invite"}, sender=inviter, state_key=alice, signer=self.hostile)
        create = room.events[room.state["m.room.create", ""]]
        status, answer = self.hostile.request("PUT", f"{FEDERATION}/v2/invite/{quote(room.room_id)}/{quote(event_id)}",
                                              {"room_version": "11", "event": event, "invite_room_state": [create]})
        self.assertEqual(status, 200, answer)
        room.take(answer["event"])
        asked = []

        def lie(_, parts, *__):
            if room.room_id in parts:  # joins of other tests are tried again
                asked.append(1)
            return 200, {"event": {}, "room_version": "11"}
        self.hostile.lies["make_join"] = lie
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        try:
            self.chat.answer(room.room_id, alice, accept=True)
        except CommandError as why:
            self.fail(str(why))
        self.assertEqual(len(asked), 1)
        event_id, event = room.say("by the honest door")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
