"""One resident is slow, or fills a room: the transactions of all others are taken, and what they say is told, in this room and in others."""

import threading
import time
import uuid

from .case import HostileCase

WITHIN_S = 5
MACHINE_S = 30  # besides, for a machine that has much else to do


def fill(room, user, server, transactions, **content):
    """Messages without a past, until they are put off."""
    for number in range(transactions):
        pdus = [room.make("m.room.message", {"msgtype": "m.text", "body": f"x {number} {part}", **content}, sender=user, signer=server,
                          prev_events=["$" + uuid.uuid4().hex + "A" * 11])[1] for part in range(50)]
        if server.send(pdus)[0] == 429:
            return


class SlowResidents(HostileCase):
    settings = {"room": {"inbox_retry_ms": 500}, "federation": {"request_timeout_ms": 90_000}}  # whoever waits for an answer is late

    def room_of_two(self):
        room = self.hostile.found_room()
        bob = room.join_of(self.honest, self.fresh("bob"))
        self.honest.rooms[room.room_id] = room
        return room, bob

    def says_bob(self, room, bob, text):
        event_id, event = room.message(text, sender=bob, signer=self.honest)
        room.take(event)
        return event_id, event

    def taken_soon(self, *pdus):
        """The honest server pushes them one after the other; each is answered for within seconds."""
        for pdu in pdus:
            begun = time.monotonic()
            self.assertEqual(self.honest.send([pdu])[0], 200)
            self.assertLess(time.monotonic() - begun, WITHIN_S + MACHINE_S)

    def told_soon(self, event_id):
        self.chat.wait_for("message.received", seconds=WITHIN_S + MACHINE_S, event_id=event_id)

    def test_a_join_that_is_not_answered_holds_up_nobody_elses_messages(self):
        other = self.share()
        room, bob = self.room_of_two()
        alice = self.ours.user(self.fresh("alice"))
        self.hostile.invite(room, alice)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        go_on = threading.Event()

        def late(honest, *_):  # it has taken the join, and has told the others
            go_on.wait(90)
            return honest
        self.hostile.lies["send_join"] = late
        joining = threading.Thread(target=lambda: self.chat.answer(room.room_id, alice, True))
        joining.start()
        try:
            self.until(lambda: room.membership(alice) == "join", "her join")
            here_id, here = self.says_bob(room, bob, "hello alice")
            there_id, there = other.room.say("in another room")
            self.taken_soon(here, there)
            self.told_soon(there_id)
        finally:
            go_on.set()
            joining.join()
        self.told_soon(here_id)

    def test_a_history_that_hangs_or_trickles_holds_up_nobodys_messages(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def trickle(honest, *_):
            over.wait(8)
            return 200, {**honest[1], "pdus": honest[1]["pdus"][:1]}

        def hang(honest, *_):
            over.wait(90)
            return honest
        for lie in (trickle, hang):
            with self.subTest(lie=lie.__name__):
                self.hostile.lies.clear()
                other = self.share()
                room, bob = self.room_of_two()
                for number in range(10):
                    room.say(f"old {number}")
                self.hostile.lies["backfill"] = lie
                self.accept(self.hostile, room)
                here_id, here = self.says_bob(room, bob, "hello alice")
                there_id, there = other.room.say("in another room")
                self.taken_soon(here, there)
                self.told_soon(here_id)
                self.told_soon(there_id)


class FullRooms(HostileCase):
    quiet = True
    settings = {"room": {"pending_pdus_max": 250, "inbox_retry_ms": 500}, "federation": {"request_timeout_ms": 5000}}

    def test_three_servers_that_fill_a_room_keep_no_honest_one_out(self):
        room = self.honest.found_room()
        fillers = [self.hostile, self.play(), self.play()]
        users = [room.join_of(server, self.fresh("mallory")) for server in fillers]
        self.accept(self.honest, room)
        other = self.share()
        for server, user in zip(fillers, users):
            fill(room, user, server, 6)
        here_id, here = room.say("honest")
        there_id, there = other.room.say("in another room")
        self.assertEqual(self.verdicts(self.honest, [here, there]), {here_id: {}, there_id: {}})
        for event_id in (here_id, there_id):
            self.chat.wait_for("message.received", seconds=WITHIN_S + MACHINE_S, event_id=event_id)


class LongEvents(HostileCase):
    alone = True

    def test_long_events_without_a_past_take_a_bounded_share_of_memory(self):
        shared = self.share()
        before = self.memory_mib()
        fill(shared.room, shared.mallory, self.hostile, 20, more="x" * 58_000)
        self.assertLess(self.memory_mib() - before, 40)
        self.hears_honest(shared)
