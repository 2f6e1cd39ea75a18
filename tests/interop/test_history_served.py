"""What other servers may read of a room's past: bounds, ends, other rooms, and what was not meant for them."""

import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION, FakeRoom, quote
from hostile.case import HostileCase


def ids_of(pdus):
    return [matrix.event_id(pdu, "11") for pdu in pdus]


class HistoryServed(HostileCase):
    settings = {"room": {"inbox_retry_ms": 500, "backfill_on_join": 50}}

    def get(self, path, server=None):
        return (server or self.hostile).request("GET", f"{FEDERATION}/v1/{path}")

    def taken(self, answer):
        self.assertEqual(answer[0], 200, answer)
        return answer[1]

    def room_of_ours(self):
        """(alice, room id) of a public channel."""
        alice = self.ours.user(self.fresh("alice"))
        return alice, self.chat.create_room("channel", alice, [], name="open", visibility="public")["matrix_room_id"]

    def long_room(self, count):
        """A room of ours, joined by the hostile server, with `count` messages of it; (room, [event id])."""
        _, room_id = self.room_of_ours()
        room = self.hostile.join(room_id, self.fresh("mallory"))
        said = [room.message(f"message {number}") for number in range(count)]
        for begin in range(0, count, 50):
            self.assertEqual(self.hostile.send([event for _, event in said[begin:begin + 50]])[0], 200)
        self.chat.wait_for("message.received", matrix_room_id=room_id, event_id=said[-1][0])
        return room, [event_id for event_id, _ in said]

    def missing(self, room, latest, earliest=(), server=None, **more):
        body = {"latest_events": list(latest), "earliest_events": list(earliest), **more}
        answer = (server or self.hostile).request("POST", f"{FEDERATION}/v1/get_missing_events/{quote(room.room_id)}", body)
        return ids_of(self.taken(answer)["events"])

    def backfill(self, room, from_ids, limit, server=None):
        path = f"backfill/{quote(room.room_id)}?" + "".join(f"v={quote(each)}&" for each in from_ids) + f"limit={limit}"
        return self.taken(self.get(path, server))["pdus"]

    # -- bounds and ends

    def test_missing_events_are_ten_by_default_and_twenty_at_most_without_the_ends(self):
        room, said = self.long_room(40)
        self.assertEqual(self.missing(room, [said[39]]), said[29:39])
        self.assertEqual(self.missing(room, [said[39]], limit=3), said[36:39])
        self.assertEqual(self.missing(room, [said[39]], limit=500), said[19:39])
        self.assertEqual(self.missing(room, [said[39]], limit=-5), said[38:39])
        self.assertEqual(self.missing(room, [said[39]], [said[30]], limit=20), said[31:39])
        self.assertEqual(self.missing(room, [said[39]], [said[38]], limit=20), [])
        self.assertEqual(set(self.missing(room, [said[39], said[35]], [said[30]], limit=20)), {*said[31:35], *said[36:39]})
        self.assertEqual(self.missing(room, [], limit=20), [])
        depth = self.hostile.events[said[36]]["depth"]
        self.assertEqual(self.missing(room, [said[39]], limit=20, min_depth=depth), said[36:39])
        self.assertEqual(self.missing(room, ["$" + "A" * 43, said[2]], [said[0]], limit=20), [said[1]])

    def test_backfill_gives_a_hundred_at_most_the_newest_first_and_passes_over_unknown_ids(self):
        room, said = self.long_room(120)
        self.assertEqual(ids_of(self.backfill(room, [said[119]], 500)), said[:19:-1])
        self.assertEqual(ids_of(self.backfill(room, [said[119]], 4)), said[119:115:-1])
        self.assertEqual(ids_of(self.backfill(room, ["$" + "A" * 43, said[5], "nonsense"], 2)), [said[5], said[4]])
        self.assertEqual(self.backfill(room, ["$" + "A" * 43], 10), [])
        self.refused(self.get(f"backfill/{quote(room.room_id)}?limit=10"), 400, "M_MISSING_PARAM")

    def test_events_of_another_room_are_never_told_by_their_ids(self):
        """The hostile server is in one room, and knows ids of another one."""
        room, said = self.long_room(2)
        alice, secret_room = self.room_of_ours()
        friend = self.honest.join(secret_room, self.fresh("friend"))
        secret_id, secret = friend.message("a secret")
        self.assertEqual(self.honest.send([secret])[0], 200)
        self.chat.wait_for("message.received", matrix_room_id=secret_room, event_id=secret_id)
        self.assertEqual(self.backfill(room, [secret_id], 10), [])
        self.assertEqual(ids_of(self.backfill(room, [secret_id, said[0]], 1)), [said[0]])
        self.assertEqual(self.missing(room, [secret_id], limit=20), [])
        self.assertEqual(self.missing(room, [said[1], secret_id], [said[0]], limit=20), [])
        self.refused(self.get(f"state/{quote(room.room_id)}?event_id={quote(secret_id)}"), 404, "M_NOT_FOUND")
        self.refused(self.get(f"state_ids/{quote(room.room_id)}?event_id={quote(secret_id)}"), 404, "M_NOT_FOUND")
        self.refused(self.get(f"event_auth/{quote(room.room_id)}/{quote(secret_id)}"), 404, "M_NOT_FOUND")
        self.assertEqual(self.get(f"event/{quote(secret_id)}")[0], 403)
        # Not by an event that names it as its parent either.
        bridge_id, bridge = room.message("a bridge", prev_events=[said[1], secret_id])
        self.hostile.send([bridge])
        self.assertNotIn(secret_id, ids_of(self.backfill(room, [bridge_id, said[1]], 10)))

    # -- state

    def test_state_is_told_of_events_whose_state_is_known_only(self):
        shared = self.share()
        path = f"{quote(shared.room_id)}"
        outlier = shared.room.state["m.room.power_levels", ""]  # came with the state of the join
        rejected_id, rejected = shared.room.make("m.room.name", {"name": "by nobody in power"}, sender=shared.mallory, signer=self.hostile,
                                                 state_key="")
        self.assertEqual(set(self.verdicts(self.hostile, [rejected])), {rejected_id})
        self.hears_honest(shared)
        self.refused(self.get(f"event/{quote(rejected_id)}"), 404, "M_NOT_FOUND")
        for word in ("state", "state_ids"):
            self.refused(self.get(f"{word}/{path}"), 400, "M_MISSING_PARAM")
            self.refused(self.get(f"{word}/{path}?event_id={quote('$' + 'A' * 43)}"), 404, "M_NOT_FOUND")
            self.refused(self.get(f"{word}/{path}?event_id={quote(rejected_id)}"), 404, "M_NOT_FOUND")
            self.assertEqual(self.get(f"{word}/{path}?event_id={quote(shared.room.head)}")[0], 200)
        # What was fetched as history has no state here; what came with the join is an outlier or history.
        for word in ("state", "state_ids"):
            self.refused(self.get(f"{word}/{path}?event_id={quote(outlier)}"), 404, "M_NOT_FOUND")

    def test_rejected_events_are_in_no_answer_that_lists(self):
        room, said = self.long_room(2)
        rejected_id, rejected = room.make("m.room.name", {"name": "by nobody in power"}, state_key="", advance=False)
        after_id, after = room.message("after it", prev_events=[rejected_id])
        self.hostile.send([rejected])
        self.hostile.send([after])
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=after_id)
        self.assertNotIn(rejected_id, ids_of(self.backfill(room, [after_id], 10)))
        self.assertNotIn(rejected_id, self.missing(room, [after_id], limit=20))

    def test_a_soft_failed_event_is_told_where_another_one_cites_it_only(self):
        shared = self.share()
        room = shared.room
        fork = room.head
        late_id, late = room.message("too late", sender=shared.mallory, signer=self.hostile)
        heir_id, heir = room.message("its heir", prev_events=[late_id])
        levels = {**room.content_of("m.room.power_levels"), "events_default": 50}
        changed_id, changed = room.add("m.room.power_levels", levels, state_key="")
        self.assertEqual(self.verdicts(self.honest, [changed]), {changed_id: {}})
        last_id, last = room.say("nobody but the powerful speaks")
        self.assertEqual(self.verdicts(self.honest, [last]), {last_id: {}})
        self.assertEqual(self.verdicts(self.hostile, [late]), {late_id: {}})
        self.untold(shared, "too late")
        self.assertEqual(self.get(f"event/{quote(late_id)}")[0], 200)
        self.assertNotIn(late_id, ids_of(self.backfill(room, [last_id], 50)))
        self.assertNotIn(late_id, self.missing(room, [last_id], [fork], limit=20))
        self.assertEqual(self.verdicts(self.honest, [heir]), {heir_id: {}})
        self.hears_honest(shared)
        self.assertIn(late_id, ids_of(self.backfill(room, [heir_id], 50)))
        self.assertIn(late_id, self.missing(room, [heir_id], [fork], limit=20))

    # -- visibility

    def visible(self, server, room, event_ids, last):
        """Which of the messages `server` is shown the text of: by /backfill and by /event alike; redacted ones are not left out."""
        found = {}
        for pdu in self.backfill(room, [last], 100, server):
            found[matrix.event_id(pdu, "11")] = bool(pdu["content"])
        self.assertLessEqual(set(event_ids), set(found))
        for event_id in event_ids:
            pdu = self.taken(self.get(f"event/{quote(event_id)}", server))["pdus"][0]
            self.assertEqual(matrix.event_id(pdu, "11"), event_id)
            self.assertEqual(bool(pdu["content"]), found[event_id], event_id)
        return [found[event_id] for event_id in event_ids]

    def test_who_joined_late_sees_what_the_visibility_of_the_time_allows(self):
        """Said before anybody of the hostile server was invited, after his invitation, after his join."""
        for visibility, expected in {"world_readable": [True, True, True], "shared": [True, True, True],
                                     "invited": [False, True, True], "joined": [False, False, True]}.items():
            with self.subTest(visibility):
                shared = self.honest.found_room(join_rule="public")
                alice = self.accept(self.honest, shared)
                mallory = self.hostile.user(self.fresh("late"))
                said = []

                def say():
                    event_id, event = shared.say(f"{visibility} {len(said)}")
                    self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                    said.append(event_id)

                def change(kind, content, state_key, **how):
                    event_id, event = shared.add(kind, content, state_key=state_key, **how)
                    self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                change("m.room.history_visibility", {"history_visibility": visibility}, "")
                say()
                change("m.room.member", {"membership": "invite"}, mallory)
                say()
                change("m.room.member", {"membership": "join"}, mallory, sender=mallory, signer=self.hostile)
                say()
                self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said[-1])
                self.assertTrue(alice)
                self.assertEqual(self.visible(self.hostile, shared, said, said[-1]), expected)
                listed = {matrix.event_id(pdu, "11"): bool(pdu["content"]) for pdu in self.taken(self.hostile.request(
                    "POST", f"{FEDERATION}/v1/get_missing_events/{quote(shared.room_id)}",
                    {"latest_events": [said[2]], "earliest_events": [], "limit": 20}))["events"]}
                self.assertEqual([listed[event_id] for event_id in said[:2]], expected[:2])

    def test_history_from_before_our_join_is_shown_as_open_as_it_was_then(self):
        """Fetched history, whose states we do not know, under what the room decided later."""
        for then, now, expected in (("joined", "shared", False), ("shared", "joined", True), ("invited", "world_readable", False)):
            with self.subTest(f"{then}, then {now}"):
                room = self.honest.found_room(join_rule="public")
                room.add("m.room.history_visibility", {"history_visibility": then}, state_key="")
                said = [room.say(f"before us {number}")[0] for number in range(3)]
                self.accept(self.honest, room)
                self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=said[-1])
                event_id, event = room.add("m.room.history_visibility", {"history_visibility": now}, state_key="")
                self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                mallory = self.hostile.user(self.fresh("late"))
                _, join = room.add("m.room.member", {"membership": "join"}, state_key=mallory, sender=mallory, signer=self.hostile)
                last_id, last = room.say("with all")
                self.verdicts(self.honest, [join, last])
                self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=last_id)
                self.assertEqual(self.visible(self.hostile, room, said, last_id), [expected] * 3)

    # -- a room of ours after a restart

    def test_the_auth_chain_of_an_old_message_is_told_after_a_restart(self):
        room, said = self.long_room(3)
        path = f"event_auth/{quote(room.room_id)}/{quote(said[0])}"
        chain = set(ids_of(self.taken(self.get(path))["auth_chain"]))
        self.assertLessEqual(set(self.hostile.events[said[0]]["auth_events"]), chain)
        self.ours.stop_server()
        self.ours.start_server()
        self.assertEqual(set(ids_of(self.taken(self.get(path))["auth_chain"])), chain)

    def test_a_send_join_that_is_repeated_is_answered_alike(self):
        _, room_id = self.room_of_ours()
        user = self.hostile.user(self.fresh("mallory"))
        made = self.taken(self.hostile.make_join(room_id, user))
        event_id, event = self.hostile.complete(made["event"], made["room_version"])
        uri = f"{FEDERATION}/v2/send_join/{quote(room_id)}/{quote(event_id)}"
        first = self.taken(self.hostile.request("PUT", uri, event))
        again = self.taken(self.hostile.request("PUT", uri, event))
        for key in ("state", "auth_chain"):
            self.assertEqual(sorted(ids_of(first[key])), sorted(ids_of(again[key])), key)
        # Also when the room went on, and after a restart.
        room = FakeRoom(self.hostile, room_id, "11", user, event_id, event, first)
        said_id, said = room.message("here " + uuid.uuid4().hex)
        self.assertEqual(self.hostile.send([said])[1]["pdus"], {said_id: {}})
        self.ours.stop_server()
        self.ours.start_server()
        later = self.taken(self.hostile.request("PUT", uri, event))
        self.assertEqual(sorted(ids_of(first["state"])), sorted(ids_of(later["state"])))
