"""Rooms of version 12, which are named after their create event."""

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class NamedRooms(HostileCase):
    def usurping_create(self, room, prev_events=()):
        """(event id, event): a create event of the hostile server that says it is the one of `room`."""
        event = {"type": "m.room.create", "room_id": room.room_id, "sender": self.hostile.user("host"), "state_key": "",
                 "content": {"room_version": "12"}, "depth": 1, "origin_server_ts": matrix.now_ms(), "auth_events": [],
                 "prev_events": list(prev_events)}
        self.hostile.key.sign_event(event, "12", self.hostile.server_name)
        return matrix.event_id(event, "12"), event

    def invite(self, room, state):
        event_id, event = room.make("m.room.member", {"membership": "invite"}, state_key=self.ours.user(self.fresh("alice")))
        return self.hostile.request("PUT", f"{FEDERATION}/v2/invite/{quote(room.room_id)}/{quote(event_id)}",
                                    {"room_version": "12", "event": event, "invite_room_state": state})

    def test_an_honest_room_of_version_12_works(self):
        shared = self.share(room_version="12")
        event_id, event = shared.room.message("new and honest", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.hears_honest(shared)

    def test_a_create_event_that_names_a_room_does_not_prove_an_invitation(self):
        room = self.hostile.found_room(room_version="12")
        _, create = self.usurping_create(room)
        self.refused(self.invite(room, [create]), 400, "M_MISSING_PARAM")

    def test_a_room_whose_create_event_names_it_is_none(self):
        room = self.hostile.found_room(room_version="12")
        _, create = self.usurping_create(room)

        def lie(honest, *_):
            state = [create] + [event for event in honest[1]["state"] if event["type"] != "m.room.create"]
            return honest[0], {**honest[1], "state": state}
        self.hostile.lies["send_join"] = lie
        self.join_refused(self.hostile, room, "peer_bad_answer")

    def test_a_second_create_event_is_rejected_and_what_follows_it_is_told(self):
        shared = self.share(room_version="12")
        create_id, create = self.usurping_create(shared.room, [shared.room.head])
        self.assertEqual(self.verdicts(self.hostile, [create]), {create_id: {}})
        said_id, said = shared.room.message("after it", sender=shared.mallory, signer=self.hostile, prev_events=[create_id])
        self.assertEqual(self.verdicts(self.hostile, [said]), {said_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said_id)
        head, event = shared.room.say("looking")
        self.assertEqual(self.verdicts(self.honest, [event]), {head: {}})
        self.assertNotIn(create_id, self.state_ids_at(shared, head))

    def test_the_auth_chain_holds_the_create_event_that_nobody_cites(self):
        shared = self.share(room_version="12")
        create_id = shared.room.state["m.room.create", ""]
        event_id = shared.room.state["m.room.member", shared.alice]
        for uri in (f"{FEDERATION}/v1/event_auth/{quote(shared.room_id)}/{quote(event_id)}",
                    f"{FEDERATION}/v1/state/{quote(shared.room_id)}?event_id={quote(event_id)}"):
            status, answer = self.honest.request("GET", uri)
            self.assertEqual(status, 200, answer)
            self.assertIn(create_id, [matrix.event_id(event, "12") for event in answer["auth_chain"]])
