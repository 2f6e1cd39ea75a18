"""Rooms of more than `room.omit_members_above` members: they open at once, their members follow."""

import threading

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote
from hostile.case import HostileCase, SharedRoom


class LargeRooms(HostileCase):
    settings = {"room": {"omit_members_above": 20}}

    def large(self, members=30):
        room = self.honest.found_room()
        users = [room.join_of(self.honest, self.fresh("member")) for _ in range(members)]
        return room, users

    def hold_state(self, room):
        """The answer to GET /state waits until the event that is returned is set."""
        may_answer = threading.Event()

        def wait(honest, parts, query, body):
            may_answer.wait(120)
            return honest
        self.honest.lies["state"] = wait
        self.addCleanup(may_answer.set)
        return may_answer

    def members_told(self, room):
        """All members by room.created and room.members, once they are complete."""
        created = self.chat.wait_for("room.created", matrix_room_id=room.room_id)
        members = set(created.body["members"])
        if created.body["more_members"]:
            self.chat.wait_for("room.members", matrix_room_id=room.room_id, complete=True)
            for each in self.chat.find("room.members", matrix_room_id=room.room_id):
                members |= set(each.body["members"])
        return members

    def test_a_large_room_opens_before_its_members_are_known(self):
        room, users = self.large()
        may_answer = self.hold_state(room)
        alice = self.accept(self.honest, room)
        created = self.chat.wait_for("room.created", matrix_room_id=room.room_id)
        self.assertTrue(created.body["more_members"])
        self.assertNotIn(users[7], created.body["members"])
        # One whose membership we do not know says something and is heard: his event cites his membership.
        shared = SharedRoom(room, alice, None)
        event_id, event = room.say("who am I?", sender=users[7])
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
        # And we are heard by the servers that were named, though we know nobody of them.
        self.says(shared, "heard without knowing you")
        # Nobody joins through us meanwhile.
        path = f"{FEDERATION}/v1/make_join/{quote(room.room_id)}/{quote(self.hostile.user('eve'))}?ver=11"
        self.refused(self.hostile.request("GET", path), 404, "M_NOT_FOUND")
        self.refused(self.hostile.request("GET", path.replace("make_join", "make_knock")), 404, "M_NOT_FOUND")
        may_answer.set()
        self.assertEqual(self.members_told(room), {room.host, alice, *users})
        self.assertEqual(self.hostile.request("GET", path)[0], 200)
        # The state before what came meanwhile is whole as well.
        self.assertEqual(self.state_ids_at(shared, event_id), set(room.state_before[event_id].values()))

    def test_a_small_room_is_joined_with_all_its_members(self):
        room, users = self.large(members=5)
        alice = self.accept(self.honest, room)
        self.assertEqual(self.members_told(room), {room.host, alice, *users})
        self.assertEqual(self.honest.count(f"v1/state/{quote(room.room_id)}"), 0)

    def test_a_ban_we_did_not_know_of_undoes_what_the_banned_did_meanwhile(self):
        room, _ = self.large()
        mallory = room.join_of(self.hostile, self.fresh("mallory"))
        power = {**room.events[room.state["m.room.power_levels", ""]]["content"]}
        room.add("m.room.power_levels", {**power, "users": {**power["users"], mallory: 60}}, state_key="")
        joined = room.state["m.room.member", mallory]
        room.add("m.room.member", {"membership": "ban"}, state_key=mallory)
        may_answer = self.hold_state(room)
        alice = self.accept(self.honest, room)
        shared = SharedRoom(room, alice, mallory)
        room_auth = [room.state["m.room.create", ""], room.state["m.room.power_levels", ""], joined]
        event_id, event = room.make("m.room.topic", {"topic": "mine"}, state_key="", sender=mallory, signer=self.hostile, auth_events=room_auth)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.says(shared, "after the topic")
        may_answer.set()
        self.members_told(room)
        said = self.says(shared, "with all members")
        self.assertNotIn(event_id, said["prev_events"])
        state = self.state_ids_at(shared, self.until(lambda: self.newest(shared, "with all members"), "our last message"))
        self.assertNotIn(event_id, state)
        self.assertIn(room.state["m.room.member", mallory], state)

    def newest(self, shared, text):
        return next((matrix.event_id(pdu, "11") for pdu in list(self.honest.received_pdus) if pdu["content"].get("body") == text), None)

    def test_members_are_asked_for_again_after_a_restart_in_the_middle(self):
        room, users = self.large()
        may_answer = self.hold_state(room)
        alice = self.accept(self.honest, room)
        self.until(lambda: self.honest.count(f"v1/state/{quote(room.room_id)}") > 0, "the members being asked for")
        event_id, event = room.say("before the crash", sender=users[3])
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
        self.ours.kill_server()
        may_answer.set()
        self.ours.start_server()
        self.assertEqual(self.members_told(room), {room.host, alice, *users})
        shared = SharedRoom(room, alice, None)
        self.assertEqual(self.state_ids_at(shared, event_id), set(room.state_before[event_id].values()))

    def test_a_server_that_hides_the_members_is_left_for_another(self):
        room, users = self.large()
        room.join_of(self.hostile, self.fresh("other"))
        self.hostile.rooms[room.room_id] = room
        self.addCleanup(self.hostile.rooms.pop, room.room_id)
        self.honest.lies["state"] = lambda honest, *more: (404, {"errcode": "M_NOT_FOUND", "error": "no"})
        alice = self.accept(self.honest, room)
        self.assertTrue({alice, *users} <= self.members_told(room))

    def test_who_joins_a_large_room_through_us_may_leave_the_members_for_later(self):
        alice = self.ours.user(self.fresh("alice"))
        others = [self.ours.user(self.fresh("local")) for _ in range(25)]
        room_id = self.chat.create_room("channel", alice, others, visibility="public", name="large")["matrix_room_id"]
        user = self.hostile.user(self.fresh("late"))
        _, made = self.hostile.make_join(room_id, user)
        event_id, event = self.hostile.complete(made["event"], made["room_version"])
        status, answer = self.hostile.request("PUT", f"{FEDERATION}/v2/send_join/{quote(room_id)}/{quote(event_id)}?omit_members=true", event)
        self.assertEqual(status, 200, answer)
        self.assertTrue(answer["members_omitted"])
        self.assertEqual(answer["servers_in_room"], [self.ours.server_name])
        self.assertEqual([each for each in answer["state"] if each["type"] == "m.room.member"], [])
        # What the rest rests on is there.
        known = {matrix.event_id(each, made["room_version"]) for each in answer["state"] + answer["auth_chain"]}
        for each in answer["state"] + answer["auth_chain"] + [event]:
            self.assertTrue(set(each["auth_events"]) <= known, each)
        self.assertEqual(self.hostile.request("GET", f"{FEDERATION}/v1/state_ids/{quote(room_id)}?event_id={quote(event_id)}")[0], 200)

    def test_a_large_room_is_shown_a_thousand_members_at_a_time(self):
        room = self.honest.found_room()
        users = {room.join_of(self.honest, f"m{number:04}") for number in range(1100)}
        alice = self.accept(self.honest, room)
        self.assertEqual(self.members_told(room), {room.host, alice, *users})
        first = self.chat.command("query.room", {"room": room.room_id})
        self.assertEqual((len(first["members"]), first["more_members"]), (1000, True))
        rest = self.chat.command("query.room", {"room": room.room_id, "members_after": first["members"][-1]["user"]})
        self.assertEqual({each["user"] for each in first["members"] + rest["members"]}, {room.host, alice, *users})
        self.assertFalse(rest["more_members"])
