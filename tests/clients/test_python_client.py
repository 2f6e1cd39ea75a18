"""causeway_client against a tiny broker. Run: python3 -m unittest discover -s tests/clients"""

import io
import os
import sys
import tempfile
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools", "clients", "python"))

import zmq  # noqa: E402

from causeway_client import Client, CommandError, CommandTimeout, ConnectionRefused, CurveKeys  # noqa: E402
from tiny_broker import PATIENCE_S, TinyBroker  # noqa: E402


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.broker = self.make_broker()
        self.addCleanup(self.broker.close)

    def make_broker(self):
        return TinyBroker()

    def client(self, **options):
        c = Client(self.broker.endpoint, peer="rc1", **options)
        self.addCleanup(c.close)
        return c


class Connecting(ClientTest):
    def test_hello_says_who_and_welcome_is_kept(self):
        c = self.client(streams=[0], credit_messages=7, credit_bytes=99)
        self.assertEqual(c.wait_connected()["server_name"], "a.example")
        header, _ = self.broker.seen(b"H")[0]
        self.assertEqual(header["versions"], [1])
        self.assertEqual(header["peer"], "rc1")
        self.assertEqual(header["streams"], [0])
        self.assertEqual(header["credit"], {"messages": 7, "bytes": 99})

    def test_all_streams_means_no_streams_key(self):
        self.client().wait_connected()
        self.assertNotIn("streams", self.broker.seen(b"H")[0][0])

    def test_a_refused_hello_is_an_exception(self):
        self.broker.script = lambda broker, peer, verb, *_: verb == b"H" and (broker._error(peer, "unsupported_version"), True)[1]
        with self.assertRaises(ConnectionRefused) as caught:
            self.client().wait_connected()
        self.assertEqual(caught.exception.code, "unsupported_version")

    def test_a_broker_that_forgot_us_is_told_again(self):
        c = self.client()
        c.wait_connected()
        self.broker.forget_everybody()
        self.assertEqual(c.command("x", {"n": 1})["echo"], {"n": 1})
        self.assertGreaterEqual(len(self.broker.seen(b"H")), 2)

    def test_a_restarted_broker_is_told_again(self):
        c = self.client()
        c.wait_connected()
        self.broker.restart()
        self.broker.wait_for(lambda b: len(b.seen(b"H")) >= 2)
        self.assertEqual(c.command("x", {})["command"], "x")

    def test_ping_is_answered_and_a_silent_broker_left(self):
        self.broker = TinyBroker(peer_timeout_ms=1000)
        self.addCleanup(self.broker.close)
        c = self.client()
        c.wait_connected()
        self.broker.do(lambda: [self.broker._send(peer, b"P", {"t": 5}) for peer in self.broker.peers])
        self.broker.wait_for(lambda b: any(header == {"t": 5} for header, _ in b.seen(b"O")))
        self.broker.do(lambda: setattr(self.broker, "mute", True))
        before = len(self.broker.seen(b"H"))
        self.broker.wait_for(lambda b: len(b.seen(b"H")) > before)
        self.broker.do(lambda: setattr(self.broker, "mute", False))
        self.assertEqual(c.command("x", {})["command"], "x")

    def test_a_broker_that_says_bye_is_greeted_again_until_it_is_back(self):
        c = self.client()
        c.wait_connected()
        refused = []

        def stopping(broker, peer, verb, *_):
            if verb != b"H" or len(refused) == 2:
                return False
            refused.append(verb)
            broker._send(peer, b"X", {}, {"code": "stopping", "message": "", "detail": "", "retryable": True})
            return True

        self.broker.script = stopping
        self.broker.do(lambda: ([self.broker._send(peer, b"B", {"reason": "stopping"}) for peer in self.broker.peers], self.broker.peers.clear()))
        self.broker.wait_for(lambda b: refused)
        self.assertEqual(c.wait_connected()["server_name"], "a.example")
        self.assertEqual(c.command("x", {})["command"], "x")

    def test_close_says_bye(self):
        c = self.client()
        c.wait_connected()
        c.close()
        self.broker.wait_for(lambda b: b.seen(b"B"))

    def test_with_statement_connects_and_closes(self):
        with Client(self.broker.endpoint, peer="rc1") as c:
            self.assertEqual(c.command("x", {})["command"], "x")
        self.broker.wait_for(lambda b: b.seen(b"B"))


class FullPipe(ClientTest):
    """A broker that reads nothing for a while: the socket takes no more after some thousand messages."""

    def make_broker(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        # The kernel keeps less of ipc:// than of tcp://.
        return TinyBroker(f"ipc://{directory.name}/broker", peer_timeout_ms=60_000, heartbeat_ms=60_000, command_credit=10_000)

    def stopped(self, **options):
        c = self.client(**options)
        c.wait_connected()
        self.broker.reads.clear()
        self.addCleanup(self.broker.reads.set)
        return c

    def fill(self, c, number=4_000):
        """More than libzmq keeps on both sides (1,000 messages each) and the kernel between them."""
        for count in range(number):
            c.typing("r", f"user {count} " + "x" * 200)

    def command(self, c, number, answers):
        thread = threading.Thread(target=lambda: answers.append(c.command("x", {"number": number}, id=f"k{number}")), daemon=True)
        thread.start()
        return thread

    def settled(self, c):
        """What was posted so far was handed to the socket, or waits."""
        done = threading.Event()
        c._connection.post(done.set)
        self.assertTrue(done.wait(PATIENCE_S))

    def test_commands_behind_a_full_pipe_are_sent_in_order_and_answered(self):
        c = self.stopped()
        self.fill(c)
        answers, threads = [], []
        for number in range(50):
            threads.append(self.command(c, number, answers))
            self.until_open(c, number + 1)
        self.broker.reads.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        self.assertEqual(len(answers), 50)
        self.broker.wait_for(lambda b: len(b.executed) == 50)
        self.assertEqual(self.broker.executed, [f"k{number}" for number in range(50)])
        typed = [body["user"].split()[1] for header, body in self.broker.seen(b"C") if header["command"] == "typing"]
        self.assertEqual(typed, [str(count) for count in range(4_000)])
        self.assertEqual(len(self.broker.seen(b"H")), 1)

    def until_open(self, c, number):
        while c.open_commands < number:
            self.settled(c)

    def test_a_later_command_does_not_overtake_one_that_was_not_taken(self):
        c = self.stopped()
        self.fill(c)
        answers = []
        early = self.command(c, 1, answers)
        self.until_open(c, 1)
        self.broker.reads.set()
        self.broker.wait_for(lambda b: b.executed)
        c.command("x", {"number": 2}, id="k2")
        early.join(PATIENCE_S)
        self.assertEqual(self.broker.executed, ["k1", "k2"])

    def test_an_abandoned_command_that_was_not_taken_is_not_sent(self):
        c = self.stopped()
        self.fill(c)
        with self.assertRaises(CommandTimeout):
            c.command("x", {}, id="late", timeout=0.05)
        self.settled(c)
        self.broker.reads.set()
        c.command("x", {}, id="next")
        self.assertEqual(self.broker.executed, ["next"])

    def test_waiting_for_room_is_no_busy_loop(self):
        c = self.stopped()
        self.fill(c)
        self.settled(c)
        self.assertGreater(c.unsent, 0)
        turns = []
        poll = c._connection._poll
        c._connection._poll = lambda: (turns.append(1), poll())
        begun = time.monotonic()
        self.assertFalse(threading.Event().wait(1.0))
        self.assertLess(len(turns), 30 * (time.monotonic() - begun))  # ten a second

    def test_at_the_bound_the_application_is_told_and_nothing_durable_is_lost(self):
        c = self.stopped()
        self.fill(c, 20_000)
        self.settled(c)
        self.assertIn("overloaded", [code for code, _ in c.errors])
        self.assertLessEqual(c.unsent, 10_000)
        # A frame that must not be left out: the connection begins anew.
        c.seek(0, 0)
        self.settled(c)
        self.broker.reads.set()
        self.broker.wait_for(lambda b: len(b.seen(b"H")) >= 2)
        self.assertTrue(any("begins anew" in detail for _, detail in c.errors))
        self.assertEqual(c.command("x", {"n": 1})["echo"], {"n": 1})


class Acknowledging(ClientTest):
    def test_one_frame_acknowledges_many(self):
        c = self.client()
        c.wait_connected()
        told = [(number, "room.created", {"number": number}) for number in range(1, 501)]
        self.broker.do(lambda: (self.broker.events.extend(told), self.broker._pump()))
        events = [c.next_event(PATIENCE_S) for _ in range(500)]
        for event in events:
            c.ack(event)
        self.broker.wait_for(lambda b: b.acked == 500)
        self.assertLess(len(self.broker.seen(b"A")), 100)

    def test_an_ack_with_names_is_before_the_next_command(self):
        c = self.client()
        c.wait_connected()
        self.broker.notify("room.created", {})
        c.ack(c.next_event(PATIENCE_S), rooms={"!r": "r1"})
        c.command("x", {})
        order = [verb for verb, _, _ in self.broker.frames if verb in (b"A", b"C")]
        self.assertEqual(order, [b"A", b"C"])

    def test_names_of_an_ack_that_was_lost_go_with_the_next_one(self):
        c = self.client()
        c.wait_connected()
        self.broker.notify("room.created", {})
        event = c.next_event(PATIENCE_S)
        self.broker.script = lambda broker, peer, verb, *_: verb == b"A"  # read, and forgotten in a crash
        c.ack(event, rooms={"!r": "r1"})
        self.broker.wait_for(lambda b: b.seen(b"A"))
        self.broker.do(lambda: setattr(self.broker, "script", None))
        self.broker.restart()
        self.broker.wait_for(lambda b: b.acked == 1)
        self.assertEqual([body for _, body in self.broker.seen(b"A")], [{"bind": {"rooms": {"!r": "r1"}}}] * 2)


class Commands(ClientTest):
    def test_a_command_returns_its_answer(self):
        c = self.client()
        self.assertEqual(c.command("room.create", {"room": "r"}, id="k1"), {"echo": {"room": "r"}, "command": "room.create"})
        self.assertEqual(self.broker.seen(b"C")[0][0], {"id": "k1", "command": "room.create"})

    def test_a_refusal_is_an_exception(self):
        self.broker.results["k1"] = (False, {"code": "forbidden", "message": "m", "detail": "rule 5", "retryable": False})
        with self.assertRaises(CommandError) as caught:
            self.client().command("x", {}, id="k1")
        self.assertEqual((caught.exception.code, caught.exception.detail, caught.exception.retryable), ("forbidden", "rule 5", False))

    def test_a_field_the_broker_does_not_know_is_shown_once(self):
        def ignoring(broker, peer, verb, header, body):
            if verb != b"C":
                return False
            unknown = [key for key in body if key != "room"]
            ok = "room" in body
            answer = {} if ok else {"code": "bad_body", "message": "m", "detail": "room is missing", "retryable": False}
            broker._send(peer, b"R", {"id": header["id"], "ok": ok, "repeated": False, **({"ignored": unknown} if unknown else {})}, answer)
            return True

        self.broker.script = ignoring
        c = self.client()
        with self.assertLogs("causeway_client", "WARNING") as logged:
            c.command("query.room", {"room": "r", "txet": 1})
            c.command("query.room", {"room": "r", "txet": 1})
            with self.assertRaises(CommandError):
                c.command("query.room", {"romm": "r"})
        self.assertEqual(list(c.ignored), [("query.room", "txet"), ("query.room", "romm")])
        self.assertEqual(len(logged.output), 2)
        c.command("query.room", {"room": "r"})
        self.assertEqual(len(c.ignored), 2)

    def test_without_a_result_it_times_out_and_the_id_can_be_repeated(self):
        c = self.client()
        self.broker.script = lambda broker, peer, verb, *_: verb == b"C"
        with self.assertRaises(CommandTimeout) as caught:
            c.command("x", {}, timeout=0.3)
        self.broker.do(lambda: setattr(self.broker, "script", None))
        self.assertEqual(c.command("x", {}, id=caught.exception.id)["command"], "x")
        self.assertEqual(self.broker.executed, [caught.exception.id])

    def test_an_answer_lost_on_the_way_is_asked_for_again_and_runs_once(self):
        lost = []

        def lose_first(broker, peer, verb, header, body):
            if verb != b"C" or lost:
                return False
            lost.append(header["id"])
            broker.executed.append(header["id"])
            broker.results[header["id"]] = (True, {"done": 1})
            broker.jobs.append(lambda: None)
            broker.peers.clear()  # it crashed after the commit
            return True

        self.broker.script = lose_first
        self.assertEqual(self.client().command("x", {}), {"done": 1})
        self.assertEqual(self.broker.executed, lost)

    def test_a_busy_broker_is_asked_again(self):
        times = []

        def busy_twice(broker, peer, verb, header, body):
            if verb != b"C" or len(times) == 2:
                return False
            times.append(1)
            broker.refuse(peer, header["id"], "credit_exceeded", retryable=True)
            return True

        self.broker.script = busy_twice
        self.assertEqual(self.client().command("x", {})["command"], "x")

    def test_no_more_commands_are_open_than_the_broker_allows(self):
        held = []
        self.broker.script = lambda broker, peer, verb, header, body: verb == b"C" and (held.append((peer, header, body)), True)[1]
        c = self.client()
        answers = []
        threads = [threading.Thread(target=lambda n=n: answers.append(c.command("x", {"n": n}))) for n in range(10)]
        for t in threads:
            t.start()
        # By id: on a slow machine the client greets twice and, as it must, repeats what is open.
        self.broker.wait_for(lambda b: len({header["id"] for _, header, _ in held}) == 4)
        self.broker.do(lambda: None)
        self.assertEqual(len({header["id"] for _, header, _ in held}), 4)

        def release():
            self.broker.script = None
            for each in held:
                self.broker.command(*each)

        self.broker.do(release)
        for t in threads:
            t.join(PATIENCE_S)
        self.assertEqual(sorted(a["echo"]["n"] for a in answers), list(range(10)))

    def test_a_command_over_the_bound_is_not_sent(self):
        c = self.client()
        c.wait_connected()
        with self.assertRaises(CommandError) as caught:
            c.command("media.put", {"bytes": b"x" * 1_048_576})
        self.assertEqual(caught.exception.code, "too_large")
        self.assertIn("1048576", caught.exception.detail)
        self.assertEqual(c.command("x", {})["command"], "x")
        self.assertEqual(len(self.broker.seen(b"C")), 1)

    def test_an_id_that_does_not_fit_is_refused_at_once(self):
        c = self.client()
        for wrong in ("", "x" * 129, "\u00e4" * 65):
            with self.assertRaises(CommandError) as caught:
                c.command("x", {}, id=wrong)
            self.assertEqual(caught.exception.code, "bad_frame")
        c.command("x", {}, id="\u00e4" * 64)
        self.assertEqual(self.broker.executed, ["\u00e4" * 64])

    def test_a_command_the_broker_finds_too_large_is_not_repeated(self):
        def refuse(broker, peer, verb, header, body):
            return verb == b"C" and (broker._error(peer, "too_large", {"id": header["id"]}), True)[1]

        self.broker.script = refuse
        with self.assertRaises(CommandError) as caught:
            self.client().command("x", {})
        self.assertEqual(caught.exception.code, "too_large")
        self.assertEqual(len({header["id"] for header, _ in self.broker.seen(b"C")}), 1)

    def test_typing_has_no_id(self):
        c = self.client()
        c.wait_connected()
        c.typing("r", "alice")
        self.broker.wait_for(lambda b: b.seen(b"C"))
        self.assertEqual(self.broker.seen(b"C")[0], ({"command": "typing"}, {"room": "r", "user": "alice", "typing": True}))

    def test_close_ends_open_commands(self):
        self.broker.script = lambda broker, peer, verb, *_: verb == b"C"
        c = self.client()
        caught = []

        def run():
            try:
                c.command("x", {})
            except CommandError as error:
                caught.append(error.code)

        t = threading.Thread(target=run)
        t.start()
        self.broker.wait_for(lambda b: b.seen(b"C"))
        c.close()
        t.join(PATIENCE_S)
        self.assertEqual(caught, ["stopping"])


class Events(ClientTest):
    def test_events_come_in_order_and_are_acknowledged_when_the_next_is_asked_for(self):
        c = self.client()
        for n in range(3):
            self.broker.notify("message.received", {"n": n})
        events = c.events(timeout=PATIENCE_S)
        self.assertEqual(next(events).body, {"n": 0})
        self.assertEqual(self.broker.acked, 0)
        self.assertEqual(next(events).body, {"n": 1})
        self.broker.wait_for(lambda b: b.acked == 1)
        third = next(events)
        self.assertEqual((third.name, third.stream, third.cursor), ("message.received", 0, 3))

    def test_an_ack_can_bind_ids(self):
        c = self.client()
        self.broker.notify("message.received", {})
        c.next_event(PATIENCE_S).ack(rooms={"!r:b": "r"}, messages={"$e": "m"})
        self.broker.wait_for(lambda b: b.seen(b"A"))
        self.assertEqual(self.broker.seen(b"A")[0],
                         ({"stream": 0, "cursor": 1}, {"bind": {"rooms": {"!r:b": "r"}, "messages": {"$e": "m"}}}))

    def test_bindings_over_the_bound_acknowledge_nothing(self):
        c = self.client()
        self.broker.notify("message.received", {})
        event = c.next_event(PATIENCE_S)
        with self.assertRaises(CommandError):
            event.ack(messages={f"${n}": "m" * 200 for n in range(10_000)})
        self.assertEqual(self.broker.seen(b"A"), [])
        event.ack()
        self.broker.wait_for(lambda b: b.acked == 1)

    def test_events_come_once_over_a_reconnect(self):
        c = self.client()
        for n in range(4):
            self.broker.notify("x", {"n": n})
        first, second = c.next_event(PATIENCE_S), c.next_event(PATIENCE_S)
        first.ack()
        self.broker.wait_for(lambda b: b.acked == 1)
        self.broker.restart()
        self.broker.wait_for(lambda b: len(b.seen(b"H")) >= 2 and b.peers)
        second.ack()
        self.assertEqual([c.next_event(PATIENCE_S).body["n"], c.next_event(PATIENCE_S).body["n"]], [2, 3])
        self.assertIsNone(c.next_event(0.2))

    def test_an_ack_the_broker_missed_is_given_again(self):
        c = self.client()
        self.broker.notify("x", {})
        c.next_event(PATIENCE_S).ack()
        self.broker.wait_for(lambda b: b.acked == 1)
        self.broker.do(lambda: setattr(self.broker, "acked", 0))
        self.broker.forget_everybody()
        self.broker.wait_for(lambda b: b.acked == 1)
        self.assertIsNone(c.next_event(0.1))

    def test_a_refused_event_comes_again_with_those_behind_it(self):
        c = self.client()
        for n in range(3):
            self.broker.notify("x", {"n": n})
        c.next_event(PATIENCE_S).ack()
        c.next_event(PATIENCE_S).nack(reason="not now")
        self.assertEqual([c.next_event(PATIENCE_S).cursor, c.next_event(PATIENCE_S).cursor], [2, 3])
        self.assertIsNone(c.next_event(0.1))

    def test_a_permanent_refusal_goes_on(self):
        c = self.client()
        for n in range(2):
            self.broker.notify("x", {"n": n})
        c.next_event(PATIENCE_S).nack(permanent=True, reason="never")
        self.assertEqual(c.next_event(PATIENCE_S).cursor, 2)
        self.broker.wait_for(lambda b: b.seen(b"N"))
        self.assertEqual(self.broker.seen(b"N")[0][0], {"stream": 0, "cursor": 1, "permanent": True, "reason": "never"})

    def test_a_long_reason_is_cut_to_what_the_header_holds(self):
        c = self.client()
        self.broker.notify("x", {})
        c.next_event(PATIENCE_S).nack(permanent=True, reason="x" + "\u00e4" * 1_000)
        self.broker.wait_for(lambda b: b.seen(b"N"))
        self.assertEqual(self.broker.seen(b"N")[0][0]["reason"], "x" + "\u00e4" * 511)

    def test_seek_replays_and_a_refused_seek_changes_nothing(self):
        c = self.client()
        for n in range(3):
            self.broker.notify("x", {"n": n})
        for _ in range(3):
            c.next_event(PATIENCE_S).ack()
        c.seek(0, 1)
        self.assertEqual([c.next_event(PATIENCE_S).cursor, c.next_event(PATIENCE_S).cursor], [2, 3])
        c.seek(0, 99)
        self.broker.notify("x", {"n": 3})
        self.assertEqual(c.next_event(PATIENCE_S).cursor, 4)
        self.assertEqual(c.errors[0][0], "cursor_out_of_range")

    def test_credit_comes_back_as_events_are_taken(self):
        c = self.client(credit_messages=4)
        for n in range(10):
            self.broker.notify("x", {"n": n})
        c.wait_connected()
        self.broker.do(lambda: None)
        self.assertEqual(sum(self.broker.position.values()), 4)
        for n in range(10):
            self.assertEqual(c.next_event(PATIENCE_S).body["n"], n)

    def test_ephemeral_events_have_no_cursor(self):
        c = self.client()
        c.wait_connected()
        self.broker.notify("typing", {"typing": True}, ephemeral=True)
        event = c.next_event(PATIENCE_S)
        self.assertFalse(event.durable)
        event.ack()
        self.broker.do(lambda: None)
        self.assertEqual(self.broker.seen(b"A"), [])

    def test_handlers_get_their_events_and_a_failing_one_gets_it_again(self):
        c = self.client()
        got, failures = [], []
        done = threading.Event()

        def handle(event):
            if event.body["n"] == 1 and not failures:
                failures.append(1)
                raise ValueError("not yet")
            got.append(event.body["n"])
            if event.body["n"] == 2:
                done.set()

        c.on("message.received", handle)
        others = []
        c.on("*", others.append)
        with self.assertLogs("causeway_client", "ERROR"):
            for n in range(3):
                self.broker.notify("message.received", {"n": n})
            self.assertTrue(done.wait(PATIENCE_S))
        self.broker.notify("room.created", {})
        self.broker.wait_for(lambda b: b.acked == 4)
        self.assertEqual(got, [0, 1, 2])
        self.assertEqual(others[0].name, "room.created")


class Curve(ClientTest):
    def make_broker(self):
        self.public, secret = zmq.curve_keypair()
        return TinyBroker(curve_secret=secret)

    def test_keys_are_used(self):
        public, secret = zmq.curve_keypair()
        keys = CurveKeys(self.public.decode(), public.decode(), secret.decode())
        self.assertEqual(self.client(curve=keys).command("x", {})["command"], "x")



class Files(ClientTest):
    def setUp(self):
        super().setUp()
        self.stored = b""
        self.parts = []
        self.asked = set()
        self.broker.command = self.command

    def command(self, peer, header, body):
        """A media store of one file."""
        if header["id"] not in self.asked:  # a client that is greeted twice repeats what it has open
            self.asked.add(header["id"])
            self.parts.append(body)
        if header["command"] == "media.put":
            if body["offset"] == len(self.stored):
                self.stored += body["bytes"]
            answer = {"mxc": "mxc://a.example/m", "received_bytes": len(self.stored), "complete": len(self.stored) == body["total_bytes"]}
        else:
            answer = {"bytes": self.stored[body["offset"]:][:body["length"]], "total_bytes": len(self.stored),
                      "content_type": "image/png", "file_name": "name"}
        self.broker._send(peer, b"R", {"id": header["id"], "ok": True, "repeated": False}, answer)

    def test_a_file_goes_out_and_comes_back_part_by_part(self):
        data = os.urandom(1_200_000)
        c = self.client()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.png")
            with open(path, "wb") as out:
                out.write(data)
            self.assertEqual(c.upload(path, upload_id="u1"), "mxc://a.example/m")
            self.assertEqual(self.stored, data)
            self.assertEqual([len(part["bytes"]) for part in self.parts], [0, 524_288, 524_288, 151_424])
            self.assertEqual({(part["upload"], part["file_name"], part["content_type"]) for part in self.parts}, {("u1", "x.png", "image/png")})
            about = c.download("mxc://a.example/m", path + ".back")
            self.assertEqual(tuple(about), (len(data), "image/png", "name"))
            with open(path + ".back", "rb") as back:
                self.assertEqual(back.read(), data)

    def test_an_upload_goes_on_where_it_broke_off(self):
        self.stored = b"abc"
        self.client().upload(io.BytesIO(b"abcdef"), upload_id="u1")
        self.assertEqual(self.stored, b"abcdef")
        self.assertEqual([part["bytes"] for part in self.parts], [b"", b"def"])

    def test_an_empty_file_is_one_part(self):
        self.assertEqual(self.client().upload(io.BytesIO(b"")), "mxc://a.example/m")
        self.assertEqual(len(self.parts), 1)
        target = io.BytesIO()
        self.client().download("mxc://a.example/m", target)
        self.assertEqual(target.getvalue(), b"")


if __name__ == "__main__":
    unittest.main()
