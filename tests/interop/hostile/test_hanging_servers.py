"""Servers that let every question hang: what others say is told within seconds all the same."""

import threading
import time

from .case import HostileCase

WITHIN_S = 5  # from the honest message to the chat server's event
MACHINE_S = 30  # besides, for a machine that has much else to do
HANGS_S = 120  # then it hangs up
QUESTIONS = ("get_missing_events", "state_ids", "state", "event", "event_auth", "backfill")


class HangingServers(HostileCase):
    settings = {"room": {"inbox_retry_ms": 500}, "federation": {"request_timeout_ms": 30_000}}  # a gap is asked for twice as long: beyond both

    def setUp(self):
        super().setUp()
        self.over = threading.Event()  # nothing hangs any longer
        self.addCleanup(lambda: self.over.set())

    def begin_anew(self):
        """What hung before hangs up: it was another part of the case."""
        self.over.set()
        self.over = threading.Event()

    def silence(self, server):
        over = self.over
        for word in QUESTIONS:
            server.lies[word] = lambda *_: (None, lambda handler: over.wait(HANGS_S))

    def odd_under(self, shared):
        event_id, event = shared.room.message("odd", sender=shared.mallory, sign=False)
        shared.room.events[event_id] = {**event, "signatures": {}}
        shared.room.state_before[event_id] = dict(shared.room.state)
        shared.room.head = event_id

    def told_in_time(self, shared, said):
        for event_id, since in said.items():
            arrived = self.chat.wait_for("message.received", seconds=WITHIN_S + MACHINE_S, matrix_room_id=shared.room_id, event_id=event_id).arrived
            print(f"\n    {self._testMethodName}: {arrived - since:.2f} s", flush=True)
            self.assertLess(arrived - since, WITHIN_S + MACHINE_S)

    def test_gaps_of_silent_servers_keep_nobody_waiting(self):
        shared = self.share()
        for _ in range(4):
            silent = self.play()
            member = shared.room.join_of(silent, self.fresh("m"))
            self.honest.send([shared.room.events[shared.room.head]])
            self.silence(silent)
            silent.send([shared.room.message("out of nothing", sender=member, signer=silent, prev_events=["$" + self.fresh("p").ljust(43, "A")])[1]
                         for _ in range(3)])
        self.odd_under(shared)
        said = {}
        for number in range(3):
            event_id, event = shared.room.say(f"honest {number}")
            said[event_id] = time.monotonic()
            self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.told_in_time(shared, said)

    def test_another_resident_is_asked_where_the_pusher_is_silent(self):
        for nobody_has_it in (True, False):
            with self.subTest(nobody_has_it=nobody_has_it):
                self.begin_anew()
                self.honest.lies.clear()
                shared = self.share()
                self.hostile.rooms[shared.room_id] = shared.room
                if nobody_has_it:
                    shared.room.head = "$" + "N" * 43
                else:
                    self.odd_under(shared)
                self.silence(self.honest)
                event_id, event = shared.room.say("honest")
                since = time.monotonic()
                self.honest.send([event])
                self.told_in_time(shared, {event_id: since})

    def test_a_silent_relay_that_sends_first_holds_nothing_up(self):
        for nobody_has_it in (True, False):
            with self.subTest(nobody_has_it=nobody_has_it):
                self.begin_anew()
                self.hostile.lies.clear()
                shared = self.share()
                if nobody_has_it:
                    shared.room.head = "$" + "N" * 43
                else:
                    self.odd_under(shared)
                self.silence(self.hostile)
                event_id, event = shared.room.say("honest")
                self.hostile.send([event])
                since = time.monotonic()
                self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                self.told_in_time(shared, {event_id: since})
