"""Much of everything: memory and queues stay bounded, and others notice nothing."""

import threading
import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class Storms(HostileCase):
    alone = True
    settings = {"room": {"pending_pdus_max": 200, "inbox_retry_ms": 500}, "federation": {"request_timeout_ms": 60_000}}

    def actors(self, word):
        return self.inspect("actors", "--filter", word)["total"]

    def test_events_of_thousands_of_unknown_rooms_leave_nothing_behind(self):
        shared = self.share()
        _, event = shared.room.message("nowhere", sender=shared.mallory, signer=self.hostile)
        self.verdicts(self.hostile, [])
        before = self.memory_mib()
        word = uuid.uuid4().hex[:8]
        for transaction in range(60):
            pdus = [{**event, "room_id": f"!{word}{transaction}x{number}:nowhere.example"} for number in range(50)]
            self.verdicts(self.hostile, pdus)
        self.untold(shared, "nowhere")
        self.until(lambda: self.actors(word) == 0, "the actors of rooms that are none to end")
        self.assertLess(self.memory_mib() - before, 50)

    def test_events_with_unknown_parents_fill_one_servers_share_and_no_more(self):
        shared = self.share()
        self.hostile.lies["get_missing_events"] = lambda *_: (404, {"errcode": "M_NOT_FOUND"})
        taken = 0
        for transaction in range(6):
            pdus = [shared.room.message(f"orphan {transaction} {number}", sender=shared.mallory, signer=self.hostile,
                                        prev_events=["$" + uuid.uuid4().hex + "A" * 11])[1] for number in range(50)]
            status, answer = self.hostile.send(pdus)
            if status == 429:
                self.refused((status, answer), 429, "M_LIMIT_EXCEEDED")
                break
            self.assertEqual((status, set(map(str, answer["pdus"].values()))), (200, {"{}"}))
            taken += len(pdus)
        else:
            self.fail(f"{taken} events without a past were taken")
        self.assertEqual(taken, 100)  # half of what the room may work on
        self.hears_honest(shared)
        # Others also close gaps meanwhile.
        said = [shared.room.say(f"missed {number}") for number in range(3)]
        self.assertEqual(self.verdicts(self.honest, [said[-1][1]]), {said[-1][0]: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said[-1][0])
        self.untold(shared, "orphan")

    def test_a_second_transaction_of_a_server_at_once_is_put_off(self):
        shared = self.share()
        # The key of a third server does not come: an event in its name keeps the transaction open.
        mute = self.play()
        asked, go_on = threading.Event(), threading.Event()

        def wait(honest, *_):
            asked.set()
            go_on.wait(60)
            return honest
        mute.lies["key"] = wait
        slow_id, slow = shared.room.message("slow", sender=mute.user("mute"), signer=mute)
        answers = []
        first = threading.Thread(target=lambda: answers.append(self.hostile.send([slow])))
        first.start()
        self.assertTrue(asked.wait(60))
        try:
            event_id, event = shared.room.message("impatient", sender=shared.mallory, signer=self.hostile)
            self.refused(self.hostile.send([event]), 429, "M_LIMIT_EXCEEDED")
            self.hears_honest(shared)
        finally:
            go_on.set()
            first.join()
        self.assertEqual(answers, [(200, {"pdus": {slow_id: {}}})])
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.untold(shared, "slow")

    def test_a_flood_of_state_is_taken_and_nobody_else_waits(self):
        quiet = self.share()
        flooded = self.hostile.found_room()
        self.accept(self.hostile, flooded)
        before = self.memory_mib()
        for transaction in range(20):
            pdus = [flooded.add("flood", {"x": "y" * 500}, state_key=f"{transaction}-{number}") for number in range(50)]
            self.assertEqual(self.verdicts(self.hostile, [event for _, event in pdus]), {event_id: {} for event_id, _ in pdus})
            if transaction % 5 == 0:
                self.hears_honest(quiet)
        event_id, event = flooded.say("after the flood")
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=flooded.room_id, event_id=event_id)
        self.hears_honest(quiet)
        self.assertLess(self.memory_mib() - before, 150)

    def test_forks_by_the_hundred_do_not_stop_the_room(self):
        shared = self.share()
        base = shared.room.head
        forks = [shared.room.message(f"fork {number}", sender=shared.mallory, signer=self.hostile, prev_events=[base]) for number in range(200)]
        for first in range(0, 200, 50):
            part = forks[first:first + 50]
            self.assertEqual(self.verdicts(self.hostile, [event for _, event in part]), {event_id: {} for event_id, _ in part})
        ours = self.says(shared, "one of many")
        self.assertLessEqual(len(ours["prev_events"]), 20)
        self.hears_honest(shared)

    def test_requests_in_hundreds_of_names_are_refused_and_forgotten(self):
        shared = self.share()
        before = self.memory_mib()
        for number in range(200):
            uri = f"{FEDERATION}/v1/event/%24x"
            header = self.hostile.key.authorization("GET", uri, f"10.0.{number}.1:8448", self.ours.server_name)
            self.refused(self.hostile.raw("GET", uri, None, header), 401, "M_UNAUTHORIZED")
        self.hears_honest(shared)
        self.assertLess(self.memory_mib() - before, 50)

    def test_the_same_request_from_many_connections_at_once_is_answered_to_all(self):
        shared = self.share()
        event_id, event = shared.room.message("all at once", sender=shared.mallory, signer=self.hostile)
        uri = f"{FEDERATION}/v1/send/{uuid.uuid4().hex}"
        body = {"origin": self.hostile.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [event], "edus": []}
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.hostile.request("PUT", uri, body))) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [(200, {"pdus": {event_id: {}}})] * 30)
        self.hears_honest(shared)
        self.assertEqual(self.chat.messages(shared.room_id).count("all at once"), 1)


class Impatience(HostileCase):
    # Thirty requests take less than the twenty seconds in which it would have as many.
    settings = {"federation": {"inbound_requests_per_second": 1, "inbound_requests_burst": 10}}

    def test_more_requests_than_its_share_are_put_off_and_other_servers_are_not(self):
        shared = self.share()
        event_id = shared.room.state["m.room.member", shared.mallory]
        answers = [self.hostile.get_event(event_id) for _ in range(30)]
        self.assertEqual(answers[0][0], 200)
        self.assertEqual({status for status, _ in answers}, {200, 429})
        self.refused(next(answer for answer in answers if answer[0] == 429), 429, "M_LIMIT_EXCEEDED")
        self.assertEqual(self.honest.get_event(event_id)[0], 200)
        # Events are pushed all the same: a server that is put off there would only repeat them.
        said_id, said = shared.room.message("in a hurry", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [said]), {said_id: {}})
        self.until(lambda: self.hostile.get_event(said_id)[0] == 200, "its turn again")
        self.hears_honest(shared)

    def test_requests_in_another_servers_name_do_not_use_up_its_share(self):
        shared = self.share()
        event_id = shared.room.state["m.room.member", shared.mallory]
        uri = f"{FEDERATION}/v1/event/{quote(event_id)}"
        for _ in range(30):
            answer = self.hostile.request("GET", uri, origin=self.honest.server_name)
            self.refused(answer, 401, "M_UNAUTHORIZED")
        self.assertEqual(self.honest.get_event(event_id)[0], 200)
