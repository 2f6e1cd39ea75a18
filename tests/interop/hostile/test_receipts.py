"""Receipts of a hostile server, with receipts switched on: of users that are not its own, of rooms and events it has made up."""

import concurrent.futures

from harness import matrix

from .case import HostileCase

READERS = 500  # with names of 215 letters; one EDU has fewer than two hundred of them
EDU_BYTES_MAX = 65_536


def receipt(room_id, user, event_id, ts=1_700_000_000_000, kind="m.read", **data):
    return {"edu_type": "m.receipt", "content": {room_id: {kind: {user: {"event_ids": [event_id], "data": {"ts": ts, **data}}}}}}


class ForeignReceipts(HostileCase):
    settings = {"federation": {"receipts": True}}

    def said(self, shared, text="read me"):
        """Event id of something the honest host has said, which our chat server knows."""
        event_id, event = shared.room.say(text)
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        return event_id

    def told(self, shared):
        return [(each["user"], each["event_id"]) for each in self.chat.ephemeral("receipt", matrix_room_id=shared.room_id)]

    def only_the_last_is_told(self, shared, edus, event_id):
        """All of `edus` are passed over; mallory's own receipt of `event_id` behind them is told."""
        self.assertEqual(self.verdicts(self.hostile, [], [*edus, receipt(shared.room_id, shared.mallory, event_id)]), {})
        self.until(lambda: self.told(shared), "his own receipt")
        self.assertEqual(self.told(shared), [(shared.mallory, event_id)])

    def test_users_of_others_strangers_and_other_kinds_are_passed_over(self):
        shared = self.share()
        event_id = self.said(shared)
        self.only_the_last_is_told(shared, [
            receipt(shared.room_id, shared.alice, event_id), receipt(shared.room_id, shared.room.host, event_id),
            receipt(shared.room_id, self.hostile.user("stranger"), event_id), receipt(shared.room_id, "@nobody", event_id),
            receipt("!unheard:of", shared.mallory, event_id), receipt("no room", shared.mallory, event_id),
            receipt(shared.room_id, shared.mallory, event_id, kind="m.read.private"), receipt(shared.room_id, shared.mallory, "no event"),
            receipt(shared.room_id, shared.mallory, event_id, ts="now"), receipt(shared.room_id, shared.mallory, event_id, thread_id=7),
            {"edu_type": "m.receipt", "content": {shared.room_id: []}}, {"edu_type": "m.receipt", "content": {}}], event_id)

    def test_a_room_he_is_not_in_hears_nothing_of_him(self):
        shared = self.share()
        private = self.honest.found_room()
        self.accept(self.honest, private)
        head, event = private.say("for us alone")
        self.assertEqual(self.verdicts(self.honest, [event]), {head: {}})
        self.chat.wait_for("message.received", matrix_room_id=private.room_id, event_id=head)
        self.only_the_last_is_told(shared, [receipt(private.room_id, shared.mallory, head)], self.said(shared))
        self.assertEqual(self.chat.ephemeral("receipt", matrix_room_id=private.room_id), [])

    def test_events_of_another_room_and_of_nobody_move_no_marker(self):
        shared, other = self.share(), self.share()
        foreign = self.said(other)
        self.only_the_last_is_told(shared, [receipt(shared.room_id, shared.mallory, foreign),
                                            receipt(shared.room_id, shared.mallory, "$unheard-of", thread_id="main")], self.said(shared))

    def test_a_receipt_that_comes_before_its_event_is_told_after_it(self):
        shared = self.share()
        event_id, event = shared.room.message("late", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [], [receipt(shared.room_id, shared.mallory, event_id)]), {})
        self.hears_honest(shared)
        self.assertEqual(self.told(shared), [])
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.until(lambda: self.told(shared) == [(shared.mallory, event_id)], "the receipt behind its event")

    def test_his_times_are_not_believed_beyond_reason(self):
        shared = self.share()
        event_id = self.said(shared)
        self.assertEqual(self.verdicts(self.hostile, [], [receipt(shared.room_id, shared.mallory, event_id, ts=9_000_000_000_000)]), {})
        self.until(lambda: self.told(shared), "the receipt")
        told = self.chat.ephemeral("receipt", matrix_room_id=shared.room_id)[0]
        self.assertLess(told["ts"], 8_000_000_000_000)

    def test_a_flood_for_events_of_nobody_leaves_others_alone(self):
        shared = self.share()
        for number in range(20):
            edus = [receipt(shared.room_id, shared.mallory, f"$made-up-{number}-{each}", thread_id=f"$thread-{number}-{each}") for each in range(100)]
            self.assertEqual(self.verdicts(self.hostile, [], edus), {})
        self.hears_honest(shared)
        event_id = self.said(shared)
        self.only_the_last_is_told(shared, [], event_id)


class VeryManyReaders(HostileCase):
    settings = {"federation": {"receipts": True}}

    def test_what_very_many_have_read_goes_in_several_edus_of_which_none_is_too_large(self):
        names = [f"reader{number:03}_" + "x" * 205 for number in range(READERS)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            readers = list(pool.map(self.ours.user, names))
        room_id = self.chat.create_room("channel", readers[0], readers[1:], name="full", visibility="public")["matrix_room_id"]
        room = self.honest.join(room_id, self.fresh("author"))
        event_id, event = room.message("read me, all of you")
        self.assertEqual(self.honest.send([event])[0], 200)
        self.chat.wait_for("message.received", matrix_room_id=room_id, event_id=event_id)
        # While it takes nothing, all of them read; what is owed goes when it is back.
        self.honest.lies["send"] = lambda *_: (503, {"errcode": "M_UNKNOWN", "error": "away"})
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda user: self.chat.command("read", {"room": room_id, "user": user, "message": event_id}), readers))
        taken = []

        def take(honest, _parts, _query, body):
            taken.extend(edu for edu in body.get("edus", []) if edu["edu_type"] == "m.receipt")
            return honest
        self.honest.lies["send"] = take

        def told():
            return {user for edu in list(taken) for user in edu["content"].get(room_id, {}).get("m.read", {})}
        self.until(lambda: told() == set(readers), lambda: f"{READERS} readers to be told of; {len(told())} are")
        sizes = [len(matrix.canonical(edu)) for edu in taken]
        self.assertGreaterEqual(len(sizes), 3)
        self.assertLessEqual(max(sizes), EDU_BYTES_MAX)
