"""Knocks that a hostile server asks us to take, and what it may do to the knocks of our users."""

from causeway_demo.chat_server import CommandError
from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class KnocksAtOurs(HostileCase):
    def lodge(self):
        """(alice, room id) of a channel of ours that may be knocked at."""
        alice = self.ours.user(self.fresh("alice"))
        return alice, self.ours.create_knocked_at(alice, self.fresh("lodge"))

    def make_knock(self, room, user, query="?ver=10&ver=11&ver=12", server=None):
        return (server or self.hostile).request("GET", f"{FEDERATION}/v1/make_knock/{quote(room)}/{quote(user)}{query}")

    def send_knock(self, room, event, event_id=None, server=None):
        event_id = event_id or matrix.event_id(event, self.version)
        return (server or self.hostile).request("PUT", f"{FEDERATION}/v1/send_knock/{quote(room)}/{quote(event_id)}", event)

    def template(self, room, user, server=None):
        status, made = self.make_knock(room, user, server=server)
        self.assertEqual(status, 200, made)
        self.version = made["room_version"]
        return made["event"]

    def test_an_honest_knock_is_taken_and_told_what_it_knocks_at(self):
        alice, room = self.lodge()
        user = self.hostile.user(self.fresh("guest"))
        _, event = self.hostile.complete(self.template(room, user), self.version, content={"membership": "knock", "reason": "please"})
        status, answer = self.send_knock(room, event)
        self.assertEqual(status, 200, answer)
        told = {each["type"]: each for each in answer["knock_room_state"]}
        self.assertIn("m.room.create", told)
        self.assertNotIn("m.room.member", told)
        for each in told.values():
            self.assertIn(self.ours.server_name, each["signatures"])
        self.chat.wait_for("member.changed", matrix_room_id=room, user=user, membership="knock", reason="please")
        self.assertEqual(self.send_knock(room, event)[0], 200)  # repeated
        self.assertEqual(len(self.chat.find("member.changed", matrix_room_id=room, user=user)), 1)
        # A knock lets nobody see anything of the room.
        create = matrix.event_id(told["m.room.create"], self.version)
        for uri in (f"state/{quote(room)}?event_id={quote(create)}", f"backfill/{quote(room)}?v={quote(create)}&limit=10"):
            self.refused(self.hostile.request("GET", f"{FEDERATION}/v1/{uri}"), 403, "M_FORBIDDEN")
        self.assertEqual(self.ours.members(room, alice), {alice})

    def test_whoever_may_not_knock_gets_no_template(self):
        alice, room = self.lodge()
        user = self.hostile.user(self.fresh("guest"))
        self.refused(self.make_knock(room, user, ""), 400, "M_MISSING_PARAM")
        status, answer = self.make_knock(room, user, "?ver=1&ver=6")
        self.assertEqual((status, answer["errcode"], answer["room_version"]), (400, "M_INCOMPATIBLE_ROOM_VERSION", self.version_of(room)))
        self.refused(self.make_knock(room, self.honest.user("victim")), 403, "M_FORBIDDEN")
        self.refused(self.make_knock(room, alice), 403, "M_FORBIDDEN")
        self.refused(self.make_knock(room, "nobody"), 400, "M_INVALID_PARAM")
        self.refused(self.make_knock("!nothing:" + self.ours.server_name, user), 404, "M_NOT_FOUND")
        self.refused(self.make_knock("no room", user), 400, "M_INVALID_PARAM")
        self.refused(self.make_knock(self.ours.create_channel(alice, []), user), 403, "M_FORBIDDEN")
        self.refused(self.make_knock(self.ours.create_public(alice, self.fresh("square")), user), 403, "M_FORBIDDEN")
        shared = self.share(join_rule="public")
        self.refused(self.make_knock(shared.room_id, shared.mallory), 403, "M_FORBIDDEN")

    def version_of(self, room):
        return self.chat.command("query.room", {"room": room})["room_version"]

    def test_what_is_no_knock_of_its_sender_is_refused(self):
        alice, room = self.lodge()
        user = self.hostile.user(self.fresh("guest"))
        made = self.template(room, user)
        victim = self.honest.user(self.fresh("victim"))
        wrong = {
            "a join": ({"content": {"membership": "join"}}, 400, "M_INVALID_PARAM"),
            "an invitation": ({"content": {"membership": "invite"}}, 400, "M_INVALID_PARAM"),
            "no membership": ({"content": {}}, 400, "M_INVALID_PARAM"),
            "a message": ({"type": "m.room.message"}, 400, "M_INVALID_PARAM"),
            "for somebody else": ({"state_key": victim}, 400, "M_INVALID_PARAM"),
            "of somebody else": ({"sender": victim, "state_key": victim}, 403, "M_FORBIDDEN"),
            "of one of ours": ({"sender": alice, "state_key": alice}, 403, "M_FORBIDDEN"),
            "of another room": ({"room_id": "!other:" + self.ours.server_name}, 400, "M_INVALID_PARAM"),
            "unknown past": ({"prev_events": ["$" + "A" * 43]}, 400, "M_INVALID_PARAM"),
            "unknown authority": ({"auth_events": ["$" + "A" * 43]}, 400, "M_INVALID_PARAM"),
        }
        for name, (changes, status, errcode) in wrong.items():
            with self.subTest(name):
                _, event = self.hostile.complete(made, self.version, **changes)
                self.refused(self.send_knock(room, event), status, errcode)
        _, event = self.hostile.complete(made, self.version)
        self.refused(self.send_knock(room, event, "$" + "A" * 43), 400, "M_INVALID_PARAM")
        self.refused(self.send_knock(room, event, server=self.honest), 403, "M_FORBIDDEN")
        self.refused(self.send_knock(room, [event], matrix.event_id(event, self.version)), 400, "M_BAD_JSON")
        forged = matrix.without(event, "signatures")
        matrix.Key("somebody else", self.hostile.key.key_id).sign_event(forged, self.version, self.hostile.server_name)
        self.refused(self.send_knock(room, forged), 403, "M_FORBIDDEN")
        self.refused(self.send_knock(room, {**event, "signatures": {}}), 403, "M_FORBIDDEN")
        self.assertEqual(self.send_knock(room, event)[0], 200)
        self.chat.wait_for("member.changed", matrix_room_id=room, user=user, membership="knock")
        self.assertEqual([each.body["user"] for each in self.chat.find("member.changed", matrix_room_id=room)], [user])


class OurKnocks(HostileCase):
    def knock(self, server, via=None, **how):
        """(alice, room): alice knocks at a room that `server` founded, and it has taken it."""
        room = server.found_room(join_rule="knock", **how)
        alice = self.ours.user(self.fresh("alice"))
        answer = self.chat.knock(room.room_id, alice, via or [server.server_name])
        self.assertEqual(answer["state"], "pending")
        return alice, room

    def is_open(self, alice, room):
        self.assertTrue(self.ours.is_knocking(room.room_id, alice))
        self.assertEqual(self.chat.find("invitation.changed", matrix_room_id=room.room_id, state="rejected"), [])

    def turned_away(self, room, alice, **changes):
        return room.make("m.room.member", {"membership": "leave", "reason": "full"}, state_key=alice, **changes)

    def test_the_operator_sees_an_open_knock_and_what_it_waits_for(self):
        alice, room = self.knock(self.honest)
        row = next(each for each in self.inspect("invites")["invitations"] if each["user_id"] == alice)
        self.assertEqual({key: row[key] for key in ("direction", "state", "room_id", "via", "inviter")},
                         {"direction": "knock", "state": "pending", "room_id": room.room_id, "via": self.honest.server_name, "inviter": alice})
        self.assertIn(f"{self.honest.server_name} is asked in ", row["waits_for"])
        shown = self.inspect("invite", "show", room.room_id, alice)
        self.assertEqual(shown["server"]["server_name"], self.honest.server_name)

    def test_an_honest_rejection_is_believed(self):
        alice, room = self.knock(self.honest)
        event_id, event = self.turned_away(room, alice)
        self.assertIn(event_id, self.verdicts(self.honest, [event]) or {event_id: {}})
        told = self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, user=alice, state="rejected").body
        self.assertEqual((told["by"], told["reason"], told["direction"]), (room.host, "full", "knock"))

    def test_a_rejection_by_who_does_not_know_the_knock_is_not(self):
        alice, room = self.knock(self.honest)
        stranger = self.hostile.user("stranger")
        create = room.state["m.room.create", ""]
        for changes in ({"sender": stranger, "signer": self.hostile, "auth_events": [create]},   # cites no knock
                        {"sender": room.host, "signer": self.hostile}):                           # in the founder's name
            self.verdicts(self.hostile, [self.turned_away(room, alice, **changes)[1]])
            self.is_open(alice, room)
        asked = self.honest.count("make_leave")
        self.assertEqual(asked, 0)

    def test_the_word_of_another_resident_is_checked_with_the_server_that_took_the_knock(self):
        alice, room = self.knock(self.honest)
        mallory = room.join_of(self.hostile, self.fresh("mallory"))  # who may see the knock, and not kick
        _, event = self.turned_away(room, alice, sender=mallory, signer=self.hostile)
        self.verdicts(self.hostile, [event])
        self.until(lambda: self.honest.count(f"make_leave/{quote(room.room_id)}") >= 1, "the question whether it is so")
        self.is_open(alice, room)
        room.take(self.turned_away(room, alice)[1])  # now it is so, and nobody but the hostile server tells
        _, event = self.turned_away(room, alice, sender=mallory, signer=self.hostile, auth_events=event["auth_events"])
        self.verdicts(self.hostile, [event])
        self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, user=alice, state="rejected")

    def test_a_template_of_something_else_is_not_signed(self):
        victim = self.ours.user(self.fresh("victim"))
        room = self.hostile.found_room(join_rule="knock")
        for changes in ({"type": "m.room.power_levels"}, {"sender": victim}, {"state_key": victim}, {"room_id": "!other:" + self.ours.server_name},
                        {"content": {"membership": "join"}}, {"content": {}}, {"prev_events": 5}, {"auth_events": None}):
            alice = self.ours.user(self.fresh("alice"))

            def lie(honest, *_, changes=changes):
                return 200, {**honest[1], "event": {key: value for key, value in {**honest[1]["event"], **changes}.items() if value is not None}}
            self.hostile.lies["make_knock"] = lie
            with self.subTest(changes=changes), self.assertRaises(CommandError) as refusal:
                self.chat.knock(room.room_id, alice, [self.hostile.server_name])
            self.assertEqual(refusal.exception.code, "peer_bad_answer", refusal.exception)
        self.assertEqual(self.hostile.count(f"send_knock/{quote(room.room_id)}"), 0)

    def test_a_lying_server_does_not_keep_us_from_an_honest_one(self):
        room = self.honest.found_room(join_rule="knock")
        self.hostile.rooms[room.room_id] = room
        self.hostile.lies["make_knock"] = lambda honest, *_: (200, {"event": {"type": "m.room.message"}, "room_version": "11"})
        alice = self.ours.user(self.fresh("alice"))
        servers = [self.hostile.server_name, self.honest.server_name]
        self.assertEqual(self.chat.knock(room.room_id, alice, servers)["state"], "pending")
        self.assertEqual(room.membership(alice), "knock")

    def test_an_answer_full_of_nonsense_is_an_answer(self):
        # Without the shape that the endpoint promises there is no answer: test_strange_answers.py.
        for answer in ({"knock_room_state": []}, {"knock_room_state": [5, {}, {"type": "m.room.create"}]}, {"knock_room_state": ["x" * 500_000]},
                       {"knock_state_events": [{}], "and": "more"}):
            self.hostile.lies["send_knock"] = lambda honest, *_, answer=answer: (200, answer)
            with self.subTest(answer=repr(answer)[:60]):
                self.is_open(*self.knock(self.hostile))
