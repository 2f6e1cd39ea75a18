"""Rooms of version 2, where an event names itself: circles, and one name for two events."""

from .case import HostileCase


class SelfNamedEvents(HostileCase):
    settings = {"room": {"inbox_retry_ms": 300}, "federation": {"request_timeout_ms": 5000, "key_fetch_retry_ms": 300}}

    def share(self, **how):
        return super().share(room_version="2", **how)

    def test_an_honest_room_of_version_2_works(self):
        shared = self.share()
        event_id, event = shared.room.message("old but honest", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.hears_honest(shared)

    def test_members_whose_authority_is_a_circle_are_no_part_of_the_state(self):
        room = self.hostile.found_room(room_version="2")
        users = [self.hostile.user("ring0"), self.hostile.user("ring1"), self.hostile.user("self")]
        ids = [f"$ring{number}:{self.hostile.server_name}" for number in range(3)]
        cites = [ids[1], ids[0], ids[2]]
        ring = [room.make("m.room.member", {"membership": "join"}, sender=user, state_key=user, event_id=event_id,
                          auth_events=[*room.auth_events_for("m.room.member", user, user, {"membership": "join"}), cited])[1]
                for user, event_id, cited in zip(users, ids, cites)]

        def lie(honest, *_):
            return honest[0], {**honest[1], "state": honest[1]["state"] + ring, "auth_chain": honest[1]["auth_chain"] + ring}
        self.hostile.lies["send_join"] = lie
        self.accept(self.hostile, room)
        members = self.chat.wait_for("room.created", matrix_room_id=room.room_id).body["members"]
        self.assertEqual(set(members) & set(users), set())
        event_id, event = room.say("round and round")
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)

    def test_events_that_follow_on_each_other_in_a_circle_are_not_told(self):
        shared = self.share()
        ids = [f"$circle{number}:{self.hostile.server_name}" for number in range(3)]
        circle = [shared.room.message(f"in a circle {number}", sender=shared.mallory, signer=self.hostile, event_id=ids[number],
                                      prev_events=[ids[(number + 1) % 3]])[1] for number in range(3)]
        self.hostile.lies["get_missing_events"] = lambda *_: (200, {"events": circle})
        self.hostile.lies["state"] = lambda *_: (404, {"errcode": "M_NOT_FOUND"})
        self.verdicts(self.hostile, [circle[0]])
        self.until(lambda: self.hostile.count("get_missing_events"), "a question for its parents")
        self.verdicts(self.hostile, circle[1:])
        self.untold(shared, "in a circle")
        self.assertEqual(set(shared.room.cited(self.says(shared, "straight on"), "prev_events"))
                         & {event["event_id"] for event in circle}, set())

    def test_honest_messages_after_two_events_that_cite_each_other_are_told(self):
        for pushed in (True, False):
            with self.subTest(pushed=pushed):
                shared = self.share()
                room = shared.room
                said = []
                for number in range(3):
                    ids = [f"${self.fresh('pair')}:{self.hostile.server_name}" for _ in range(2)]
                    pair = [room.message("odd", sender=shared.mallory, signer=self.hostile, event_id=ids[each], prev_events=[ids[1 - each], room.head])
                            for each in range(2)]
                    head = room.head
                    for event_id, event in pair:
                        room.events[event_id] = event
                        room.state_before[event_id] = dict(room.state)
                    if pushed:
                        self.hostile.send([event for _, event in pair])
                    event_id, event = room.message(f"honest {number}", prev_events=[head, ids[0]])
                    room.take(event)
                    self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                    said.append(event_id)
                for event_id in said:
                    self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
                self.untold(shared, "odd")

    def test_an_event_that_cites_itself_is_refused(self):
        shared = self.share()
        own = f"$own:{self.hostile.server_name}"
        said = shared.room.message("by myself", sender=shared.mallory, signer=self.hostile, event_id=own,
                                   auth_events=[*shared.room.auth_events_for("m.room.message", shared.mallory), own])[1]
        self.assertIn("cites itself", self.verdicts(self.hostile, [said])[own]["error"])
        later = f"$later:{self.hostile.server_name}"
        after = shared.room.message("after myself", sender=shared.mallory, signer=self.hostile, event_id=later, prev_events=[later])[1]
        self.assertIn("cites itself", self.verdicts(self.hostile, [after])[later]["error"])
        self.untold(shared, "by myself", "after myself")
        self.assertEqual(self.inspect("room", "show", shared.room_id)["actor"]["events_under_way"], 0)

    def test_a_name_that_is_taken_stays_with_its_event(self):
        shared = self.share()
        head = f"$taken:{self.hostile.server_name}"
        first = shared.room.message("the first of that name", sender=shared.mallory, signer=self.hostile, event_id=head)[1]
        second = shared.room.message("the second of that name", sender=shared.mallory, signer=self.hostile, event_id=head)[1]
        self.assertEqual(self.verdicts(self.hostile, [first]), {head: {}})
        self.assertEqual(self.verdicts(self.hostile, [second]), {head: {}})
        self.untold(shared, "the second")
        self.assertEqual(self.hostile.get_event(head)[1]["pdus"][0]["content"]["body"], "the first of that name")

    def test_a_name_of_another_server_needs_its_signature(self):
        shared = self.share()
        stolen = f"$stolen:{self.honest.server_name}"
        said = shared.room.message("under a stolen name", sender=shared.mallory, signer=self.hostile, event_id=stolen)[1]
        self.assertTrue(self.verdicts(self.hostile, [said])[stolen]["error"].startswith("bad_signature"))
        self.not_served(stolen)
        self.untold(shared, "under a stolen name")

    def test_a_name_that_is_no_name_is_refused(self):
        shared = self.share()
        for name in ("", "x", "$", "$x", "$x:", "$" + "x" * 300 + ":" + self.hostile.server_name, 5, None):
            with self.subTest(name=str(name)[:20]):
                _, said = shared.room.message("nameless", sender=shared.mallory, signer=self.hostile)
                said = {key: value for key, value in {**said, "event_id": name}.items() if value is not None}
                answer = self.verdicts(self.hostile, [said])
                self.assertTrue(all(verdict.get("error") for verdict in answer.values()), answer)
        self.untold(shared, "nameless")
