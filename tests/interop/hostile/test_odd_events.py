"""Any odd event under honest ones: it is left out by itself, and what cites it is told within seconds.

A new oddity is one line in ODDITIES: a name, and what makes (event id, event) of the room.
"""

import threading
import time

from harness import matrix

from .case import HostileCase

WITHIN_S = 5  # from the honest message to the chat server's event
MACHINE_S = 30  # besides, for a machine that has much else to do


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


def unsigned(case, shared):
    event_id, event = shared.room.message("odd", sender=shared.mallory, sign=False)
    return event_id, {**event, "signatures": {}}


def falsely_signed(case, shared):
    event_id, event = shared.room.message("odd", sender=shared.mallory, sign=False)
    matrix.Key("another", case.hostile.key.key_id).sign_event(event, "11", case.hostile.server_name)
    return event_id, event


def under_an_unknown_key(case, shared):
    event_id, event = shared.room.message("odd", sender=shared.mallory, sign=False)
    matrix.Key("another", "ed25519:unheard").sign_event(event, "11", case.hostile.server_name)
    return event_id, event


def in_our_users_name(case, shared):
    return shared.room.make("m.room.redaction", {"redacts": shared.room.head}, sender=shared.alice, signer=case.hostile, redacts=shared.room.head)


def join_of_a_dead_server(case, shared):
    return _member_of(case, shared, case.dead)


def join_of_a_silent_server(case, shared):
    return _member_of(case, shared, case.silent)


def join_of_an_ailing_server(case, shared):
    return _member_of(case, shared, case.ailing)


def _member_of(case, shared, server):
    user = server.user(case.fresh("gone"))
    return shared.room.make("m.room.member", {"membership": "join"}, sender=user, state_key=user, signer=server)


def message_of_a_dead_member(case, shared):
    _, join = join_of_a_dead_server(case, shared)
    shared.room.take(join)
    return shared.room.message("odd", sender=join["sender"], signer=case.dead)


def too_deep(case, shared):
    return shared.room.make("m.room.message", {"body": "odd", "deep": nested(400)}, sender=shared.mallory, signer=case.hostile)


def too_large(case, shared):
    return shared.room.make("m.room.message", {"body": "odd", "large": "x" * 66_000}, sender=shared.mallory, signer=case.hostile)


def of_another_rooms_authority(case, shared):
    other = case.honest.found_room()
    stranger = other.state["m.room.member", other.host]
    auth = shared.room.auth_events_for("m.room.message", shared.mallory)
    return shared.room.message("odd", sender=shared.mallory, signer=case.hostile, auth_events=[*auth, stranger])


def of_no_authority(case, shared):
    auth = shared.room.auth_events_for("m.room.message", shared.mallory)
    return shared.room.message("odd", sender=shared.mallory, signer=case.hostile, auth_events=[*auth, "$" + "N" * 43])


def unauthorized(case, shared):
    return shared.room.make("m.room.power_levels", {"users": {shared.mallory: 100}}, sender=shared.mallory, state_key="", signer=case.hostile)


def without_a_hash(case, shared):
    event_id, event = shared.room.message("odd", sender=shared.mallory, signer=case.hostile)
    return event_id, matrix.without(event, "hashes")


def with_a_fraction(case, shared):
    return shared.room.make("m.room.message", {"body": "odd", "number": 1.5}, sender=shared.mallory, signer=case.hostile)


def on_too_many_parents(case, shared):
    return shared.room.message("odd", sender=shared.mallory, signer=case.hostile, prev_events=["$" + format(n, "043d") for n in range(21)])


def on_parents_that_nobody_has(case, shared):
    return shared.room.message("odd", sender=shared.mallory, signer=case.hostile, prev_events=["$" + "N" * 43])


def without_parents(case, shared):
    return shared.room.message("odd", sender=shared.mallory, signer=case.hostile, prev_events=[])


def a_second_beginning(case, shared):
    return shared.room.make("m.room.create", {"room_version": "11"}, sender=shared.mallory, state_key="", signer=case.hostile, prev_events=[], auth_events=[])


ODDITIES = (unsigned, falsely_signed, under_an_unknown_key, in_our_users_name, join_of_a_dead_server, join_of_a_silent_server, join_of_an_ailing_server,
            message_of_a_dead_member, too_deep, too_large, of_another_rooms_authority, of_no_authority, unauthorized, without_a_hash, with_a_fraction,
            on_too_many_parents, on_parents_that_nobody_has, without_parents, a_second_beginning)


class OddEvents(HostileCase):
    quiet = True
    settings = {"room": {"inbox_retry_ms": 500}, "federation": {"key_fetch_retry_ms": 300, "key_fetch_retry_ms_max": 500}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dead = cls.play()
        cls.dead.close()  # nobody listens there any more
        cls.silent = cls.play()
        cls.silent.lies["key"] = lambda *_: (None, lambda handler: handler.rfile.read(1))  # says nothing until we hang up
        cls.ailing = cls.play()
        cls.ailing.lies["key"] = lambda *_: (503, {"errcode": "M_UNKNOWN", "error": "not now"})

    def setUp(self):
        pass  # the lies stay

    def told_after(self, shared, event_id, since):
        self.chat.wait_for("message.received", seconds=WITHIN_S + MACHINE_S, matrix_room_id=shared.room_id, event_id=event_id)
        took = time.monotonic() - since
        self.assertLess(took, WITHIN_S + MACHINE_S, "an honest message waited for an odd event")
        return took

    def test_an_odd_event_hides_no_honest_message(self):
        took = {}
        for make in ODDITIES:
            for pushed in (True, False):
                with self.subTest(odd=make.__name__, pushed=pushed):
                    shared = self.share()
                    odd_id, odd = make(self, shared)
                    if pushed:
                        self.hostile.send([odd])
                    shared.room.events[odd_id] = odd
                    shared.room.state_before[odd_id] = dict(shared.room.state)
                    shared.room.head = odd_id
                    if "state_key" in odd and make not in (unauthorized, a_second_beginning):
                        shared.room.state[odd["type"], odd["state_key"]] = odd_id
                    since = time.monotonic()
                    said = []
                    for number in range(3):
                        event_id, event = shared.room.say(f"honest {number}")
                        said.append(event_id)
                        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                    for event_id in said:
                        took[make.__name__, pushed] = self.told_after(shared, event_id, since)
                    self.assertEqual([text for text in self.chat.messages(shared.room_id) if text.startswith("honest")],
                                     [f"honest {number}" for number in range(3)])
                    if make is not on_parents_that_nobody_has:  # nothing is wrong with it: it is told by the state at itself
                        self.assertNotIn("odd", self.chat.messages(shared.room_id))
        print("".join(f"\n    {name} {'pushed' if pushed else 'in the past'}: {s:.2f} s" for (name, pushed), s in sorted(took.items())), flush=True)

    def test_keys_that_come_late_lose_nothing(self):
        late = self.play()
        gate = threading.Event()
        honest_keys = {}

        def when_open(honest, *_):
            honest_keys.setdefault("answer", honest)
            return honest if gate.is_set() else (503, {"errcode": "M_UNKNOWN", "error": "not yet"})
        late.lies["key"] = when_open
        shared = self.share()
        join_id, join = _member_of(self, shared, late)
        shared.room.take(join)
        self.assertEqual(self.verdicts(self.honest, [join]), {join_id: {}})
        since = time.monotonic()
        event_id, event = shared.room.say("not by the late one")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.told_after(shared, event_id, since)
        gate.set()
        self.chat.wait_for("member.changed", matrix_room_id=shared.room_id, user=join["sender"], membership="join")
        said_id, said = shared.room.message("by the late one", sender=join["sender"], signer=late)
        shared.room.take(said)
        self.until(lambda: late.send([said])[0] == 200, "a transaction of the late server")
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said_id)
