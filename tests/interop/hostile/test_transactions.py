"""PUT /send: its limits, and what happens when it is sent again."""

import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION

from .case import HostileCase


class Transactions(HostileCase):
    def put(self, server, transaction_id, pdus, edus=(), ts=None, **changes):
        body = {"origin": server.server_name, "origin_server_ts": ts or matrix.now_ms(), "pdus": list(pdus), "edus": list(edus)}
        return server.request("PUT", f"{FEDERATION}/v1/send/{transaction_id}", {**body, **changes})

    def messages(self, shared, count, word):
        """A chain of messages of mallory."""
        out = []
        for number in range(count):
            previous = [out[-1][0]] if out else [shared.room.head]
            out.append(shared.room.message(f"{word} {number}", sender=shared.mallory, signer=self.hostile, prev_events=previous))
        return out

    def test_fifty_pdus_are_taken_in_order(self):
        shared = self.share()
        said = self.messages(shared, 50, "of fifty")
        self.assertEqual(self.verdicts(self.hostile, [event for _, event in said]), {event_id: {} for event_id, _ in said})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said[-1][0])
        self.assertEqual(self.chat.messages(shared.room_id), [f"of fifty {number}" for number in range(50)])

    def test_fifty_one_pdus_are_refused_whole(self):
        shared = self.share()
        said = self.messages(shared, 51, "of fifty-one")
        self.refused(self.put(self.hostile, uuid.uuid4().hex, [event for _, event in said]), 400, "M_BAD_JSON")
        for event_id, _ in (said[0], said[25], said[-1]):
            self.not_served(event_id)
        self.untold(shared, "of fifty-one")

    def test_a_hundred_edus_are_taken_and_one_more_is_refused_whole(self):
        shared = self.share()
        typing = {"edu_type": "m.typing", "content": {"room_id": shared.room_id, "user_id": shared.mallory, "typing": True}}
        event_id, event = shared.room.message("with too many EDUs", sender=shared.mallory, signer=self.hostile)
        self.refused(self.put(self.hostile, uuid.uuid4().hex, [event], [typing] * 101), 400, "M_BAD_JSON")
        self.not_served(event_id)
        self.hears_honest(shared)
        self.assertEqual(self.chat.ephemeral("typing", matrix_room_id=shared.room_id), [])
        self.assertEqual(self.put(self.hostile, uuid.uuid4().hex, [], [typing] * 100), (200, {"pdus": {}}))
        self.until(lambda: self.chat.ephemeral("typing", matrix_room_id=shared.room_id, user=shared.mallory), "typing")

    def test_a_transaction_that_comes_twice_is_answered_alike_and_told_once(self):
        shared = self.share()
        good_id, good = shared.room.message("once only", sender=shared.mallory, signer=self.hostile)
        bad_id, bad = shared.room.message("never", sender=shared.mallory, sign=False)
        bad["signatures"] = {}
        transaction, ts = uuid.uuid4().hex, matrix.now_ms()
        first = self.put(self.hostile, transaction, [good, bad], ts=ts)
        self.assertEqual(first[1]["pdus"][good_id], {})
        self.assertIn("error", first[1]["pdus"][bad_id])
        for _ in range(3):
            self.assertEqual(self.put(self.hostile, transaction, [good, bad], ts=ts), first)
        self.untold(shared, "never")
        self.assertEqual(self.chat.messages(shared.room_id).count("once only"), 1)

    def test_a_transaction_that_comes_again_much_later_is_answered_alike_and_told_once(self):
        """After more transactions than are remembered, and after a restart that was followed by another one."""
        shared = self.share()
        good_id, good = shared.room.message("a long time ago", sender=shared.mallory, signer=self.hostile)
        _, bad = shared.room.message("never", sender=shared.mallory, sign=False)
        bad["signatures"] = {}
        _, rejected = shared.room.make("m.room.name", {"name": "no"}, sender=shared.mallory, signer=self.hostile, state_key="")
        transaction, ts = uuid.uuid4().hex, matrix.now_ms()
        pdus = [good, bad, rejected]
        first = self.put(self.hostile, transaction, pdus, ts=ts)
        self.assertEqual((first[0], first[1]["pdus"][good_id], len(first[1]["pdus"])), (200, {}, 3))
        for number in range(20):
            self.verdicts(self.hostile, [shared.room.message(f"since then {number}", sender=shared.mallory, signer=self.hostile)[1]])
        self.assertEqual(self.put(self.hostile, transaction, pdus, ts=ts), first)
        self.ours.stop_server()
        self.ours.start_server()
        self.verdicts(self.hostile, [])
        self.assertEqual(self.put(self.hostile, transaction, pdus, ts=ts), first)
        self.untold(shared, "never")
        self.assertEqual(self.chat.messages(shared.room_id).count("a long time ago"), 1)

    def test_other_contents_under_a_known_id_are_not_taken(self):
        shared = self.share()
        transaction = uuid.uuid4().hex
        event_id, event = shared.room.message("the first", sender=shared.mallory, signer=self.hostile)
        first = self.put(self.hostile, transaction, [event])
        self.assertEqual(first, (200, {"pdus": {event_id: {}}}))
        other_id, other = shared.room.message("the second", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.put(self.hostile, transaction, [other]), first)
        self.not_served(other_id)
        self.untold(shared, "the second")

    def test_the_same_id_of_another_server_is_another_transaction(self):
        shared = self.share()
        transaction = uuid.uuid4().hex
        stolen_id, stolen = shared.room.message("his", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.put(self.hostile, transaction, [stolen]), (200, {"pdus": {stolen_id: {}}}))
        own_id, own = shared.room.say("the honest one's")
        self.assertEqual(self.put(self.honest, transaction, [own]), (200, {"pdus": {own_id: {}}}))
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=own_id)

    def test_a_transaction_in_another_servers_name_is_refused_whole(self):
        shared = self.share()
        event_id, event = shared.room.message("in his name", sender=shared.mallory, signer=self.hostile)
        self.refused(self.put(self.hostile, uuid.uuid4().hex, [event], origin=self.honest.server_name), 403, "M_FORBIDDEN")
        self.not_served(event_id)
        self.untold(shared, "in his name")

    def test_the_same_event_many_times_in_one_transaction_is_told_once(self):
        shared = self.share()
        event_id, event = shared.room.message("a broken record", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [event] * 50), {event_id: {}})
        self.hears_honest(shared)
        self.assertEqual(self.chat.messages(shared.room_id).count("a broken record"), 1)

    def test_after_a_crash_a_transaction_that_comes_again_is_answered_alike_and_told_once(self):
        shared = self.share()
        event_id, event = shared.room.message("before the crash", sender=shared.mallory, signer=self.hostile)
        transaction, ts = uuid.uuid4().hex, matrix.now_ms()
        first = self.put(self.hostile, transaction, [event], ts=ts)
        self.assertEqual(first, (200, {"pdus": {event_id: {}}}))
        self.ours.kill_server()
        self.ours.start_server()
        self.assertEqual(self.put(self.hostile, transaction, [event], ts=ts), first)
        self.hears_honest(shared)
        self.assertEqual(self.chat.messages(shared.room_id).count("before the crash"), 1)
