"""Events and questions about rooms that are none: they cost no actor, no timer, no memory; what concerns an invitation of ours still arrives."""

import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class UnknownRooms(HostileCase):
    settings = {"federation": {"inbound_requests_per_second": 10_000}}

    def actors(self, word):
        return self.inspect("actors", "--filter", word)["total"]

    def flood(self, make, transactions=200):
        """That many transactions of 50 events, each of a room of its own; returns the word in their names."""
        word = uuid.uuid4().hex[:8]
        for transaction in range(transactions):
            pdus = [make(f"!{word}{transaction}x{number}:nowhere.example") for number in range(50)]
            answer = self.verdicts(self.hostile, pdus)
            self.assertEqual(answer, {})
        return word

    def test_events_of_ten_thousand_unknown_rooms_cost_no_memory_and_no_actor(self):
        shared = self.share()
        _, event = shared.room.message("nowhere", sender=shared.mallory, signer=self.hostile)
        self.flood(lambda room: {**event, "room_id": room}, 20)
        before = self.memory_mib()
        word = self.flood(lambda room: {**event, "room_id": room})
        self.assertEqual(self.actors(word), 0)
        self.assertLess(self.memory_mib() - before, 6)  # 18 MiB before
        self.hears_honest(shared)

    def test_memberships_of_ours_in_unknown_rooms_cost_nothing_either(self):
        shared = self.share()
        _, leave = shared.room.make("m.room.member", {"membership": "leave"}, state_key=shared.alice, sender=shared.mallory, signer=self.hostile)

        def of(room):
            return {**leave, "room_id": room, "state_key": f"@{uuid.uuid4().hex}:{self.ours.server_name}" if "x1" in room else shared.alice}
        self.flood(of, 20)
        before = self.memory_mib()
        word = self.flood(of)
        self.assertEqual(self.actors(word), 0)
        self.assertLess(self.memory_mib() - before, 6)
        self.hears_honest(shared)

    def test_typing_in_unknown_rooms_costs_nothing(self):
        shared = self.share()
        word = uuid.uuid4().hex[:8]
        for transaction in range(50):
            edus = [{"edu_type": "m.typing", "content": {"room_id": f"!{word}{transaction}x{number}:nowhere.example", "user_id": shared.mallory, "typing": True}}
                    for number in range(100)]
            self.verdicts(self.hostile, [], edus)
        self.assertEqual(self.actors(word), 0)
        self.hears_honest(shared)

    def test_questions_about_unknown_rooms_are_not_found_and_cost_nothing(self):
        shared = self.share()
        word = uuid.uuid4().hex[:8]
        for number in range(60):
            room = quote(f"!{word}x{number}:{self.ours.server_name}")
            user = quote(self.hostile.user("mallory"))
            for method, uri, body in (
                    ("GET", f"v1/make_join/{room}/{user}?ver=11", None), ("GET", f"v1/make_leave/{room}/{user}", None), ("GET", f"v1/make_knock/{room}/{user}?ver=11", None),
                    ("GET", f"v1/state/{room}?event_id=%24x", None), ("GET", f"v1/state_ids/{room}?event_id=%24x", None), ("GET", f"v1/backfill/{room}?v=%24x", None),
                    ("GET", f"v1/event_auth/{room}/%24x", None), ("GET", f"v1/hierarchy/{room}", None), ("GET", f"v1/timestamp_to_event/{room}?ts=1&dir=f", None),
                    ("POST", f"v1/get_missing_events/{room}", {"latest_events": ["$x"], "earliest_events": []}),
                    ("PUT", f"v2/send_join/{room}/%24x", {}), ("PUT", f"v2/send_leave/{room}/%24x", {}), ("PUT", f"v1/send_knock/{room}/%24x", {})):
                self.refused(self.hostile.request(method, f"{FEDERATION}/{uri}", body), 404, "M_NOT_FOUND")
        self.assertEqual(self.actors(word), 0)
        self.hears_honest(shared)

    def test_an_invitation_to_a_room_we_are_not_in_is_taken_back_by_the_next_transaction(self):
        room = self.honest.found_room(join_rule="invite")
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(self.honest.invite(room, alice)[0], 200)
        event_id, leave = room.add("m.room.member", {"membership": "leave"}, state_key=alice, prev_events=[room.head],
                                   auth_events=[*room.auth_events_for("m.room.member", room.host, alice, {"membership": "leave"})])
        self.assertEqual(self.honest.send([leave])[0], 200)
        self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, user=alice, state="revoked")
        self.assertIn(event_id, room.events)

    def test_the_same_after_a_restart(self):
        room = self.honest.found_room(join_rule="invite")
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(self.honest.invite(room, alice)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        shared = self.share()
        self.ours.stop_server()
        self.ours.start_server()
        _, leave = room.add("m.room.member", {"membership": "leave"}, state_key=alice)
        self.assertEqual(self.honest.send([leave])[0], 200)
        self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, user=alice, state="revoked")
        # And the room we are in is known as before, though nobody has woken it.
        self.hears_honest(shared)

    def test_a_room_is_known_from_its_first_moment(self):
        for _ in range(3):
            shared = self.share()
            self.hears_honest(shared)
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.create_public(alice, self.fresh("open"))
        status, answer = self.hostile.make_join(room, self.hostile.user("mallory"))
        self.assertEqual(status, 200, answer)

    def test_a_room_that_was_left_makes_no_actors_of_people(self):
        shared = self.share()
        self.ours.leave(shared.room_id, shared.alice)
        word = uuid.uuid4().hex[:8]
        for transaction in range(20):
            pdus = []
            for number in range(50):
                _, leave = shared.room.make("m.room.member", {"membership": "leave"}, state_key=f"@{word}{transaction}x{number}:{self.ours.server_name}",
                                            sender=shared.mallory, signer=self.hostile)
                pdus.append(leave)
            status, answer = self.hostile.send(pdus)
            self.assertEqual(status, 200, answer)
        self.assertEqual(self.actors(word), 0)
