"""What is no event, no canonical JSON, or too much of it."""

import json
import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION

from .case import HostileCase


class MalformedEvents(HostileCase):
    """Each bad PDU is refused alone; those beside it are taken."""

    def refused_alone(self, shared, error, **changes):
        """A message with `changes` is refused with `error`; a good one in the same transaction is told."""
        how = {"sender": shared.mallory, "signer": self.hostile, "content": {"msgtype": "m.text", "body": "malformed"}, **changes}
        bad_id, bad = shared.room.make(how.pop("kind", "m.room.message"), **how)
        good_id, good = shared.room.message(f"good {uuid.uuid4().hex}", sender=shared.mallory, signer=self.hostile)
        answer = self.verdicts(self.hostile, [bad, good])
        self.assertEqual(set(answer), {bad_id, good_id})
        self.assertTrue(answer[bad_id].get("error", "").startswith(error), answer)
        self.assertEqual(answer[good_id], {})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=good_id)
        self.not_served(bad_id)

    def test_depths_outside_of_their_range_are_refused(self):
        shared = self.share()
        for depth, error in ((-1, "bad_json"), (2 ** 53, "not_canonical"), (2 ** 63 - 1, "not_canonical"), (2 ** 63, "not_canonical"),
                             (2 ** 64, "not_canonical"), ("5", "bad_json"), (None, "bad_json"), (True, "bad_json")):
            with self.subTest(depth=depth):
                self.refused_alone(shared, error, depth=depth)
        self.untold(shared, "malformed")

    def test_the_deepest_lawful_depth_does_not_end_the_room(self):
        shared = self.share()
        event_id, event = shared.room.message("deepest", sender=shared.mallory, signer=self.hostile, depth=2 ** 53 - 1)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        ours = self.says(shared, "we go on")
        self.assertIn(event_id, ours["prev_events"])
        self.assertLess(ours["depth"], 2 ** 53)
        self.says(shared, "and on")
        self.hears_honest(shared)

    def test_more_references_than_allowed_are_refused(self):
        shared = self.share()
        ids = ["$" + format(number, "043d") for number in range(21)]
        self.refused_alone(shared, "too_large", prev_events=ids)
        self.refused_alone(shared, "too_large", auth_events=ids[:11])
        for wrong in ("x", [5], [["$x", {}]], {"a": 1}, ["no event id"], ["$" + "x" * 60_000]):
            with self.subTest(wrong=str(wrong)[:20]):
                for key in ("prev_events", "auth_events"):
                    self.refused_alone(shared, "", **{key: wrong})
        self.untold(shared, "malformed")

    def test_an_event_over_65536_bytes_is_refused_and_one_of_that_size_is_taken(self):
        shared = self.share()

        def sized(size):
            text = "x" * (size - 1000)
            while True:
                event_id, event = shared.room.message(text, sender=shared.mallory, signer=self.hostile)
                missing = size - len(matrix.canonical(event))
                if missing == 0:
                    return event_id, event
                text += "x" * missing if missing > 0 else ""
        too_large_id, too_large = sized(65_537)
        largest_id, largest = sized(65_536)
        answer = self.verdicts(self.hostile, [too_large, largest])
        self.assertTrue(answer[too_large_id]["error"].startswith("too_large"), answer)
        self.assertEqual(answer[largest_id], {})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=largest_id)
        self.not_served(too_large_id)
        self.hears_honest(shared)

    def test_unsigned_does_not_count_and_is_not_believed(self):
        shared = self.share()
        event_id, event = shared.room.message("annotated", sender=shared.mallory, signer=self.hostile)
        event["unsigned"] = {"redacted_because": {"type": "m.room.redaction"}, "prev_content": {"body": "a lie"}, "x": "y" * 100_000}
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id, text="annotated")
        self.assertNotIn("a lie", json.dumps(self.honest.get_event(event_id)[1]))
        self.hears_honest(shared)

    def test_identifiers_over_255_bytes_are_refused(self):
        shared = self.share()
        for key, text in (("kind", "t" * 256), ("kind", "ü" * 200), ("state_key", "k" * 256),
                          ("sender", "@" + "s" * 300 + ":" + self.hostile.server_name)):
            with self.subTest(key=key):
                self.refused_alone(shared, "too_large", **{key: text})
        self.untold(shared, "malformed")

    def test_numbers_that_are_no_integers_of_canonical_json_are_refused(self):
        shared = self.share()
        for number in (1.5, 1e300, -0.5, 2 ** 53, -(2 ** 53), 2 ** 63, 10 ** 400):
            with self.subTest(number=str(number)[:20]):
                self.refused_alone(shared, "not_canonical", content={"msgtype": "m.text", "body": "malformed", "n": [{"x": number}]})
        self.untold(shared, "malformed")

    def test_members_of_the_wrong_type_are_refused(self):
        shared = self.share()
        for key, wrong in (("type", 5), ("type", None), ("sender", ["x"]), ("sender", None), ("sender", "nobody"), ("content", "x"),
                           ("content", []), ("content", None), ("origin_server_ts", "now"), ("origin_server_ts", None),
                           ("state_key", {}), ("prev_events", None), ("auth_events", None)):
            with self.subTest(key=key, wrong=wrong):
                self.refused_by_its_form(shared, key, wrong)
        self.untold(shared, "malformed")

    def refused_by_its_form(self, shared, key, wrong):
        """Like refused_alone for what cannot be signed by the rules: the member is replaced afterwards, None removes it."""
        _, event = shared.room.message("malformed", sender=shared.mallory, signer=self.hostile)
        event = {key: value for key, value in {**event, key: wrong}.items() if value is not None}
        good_id, good = shared.room.message(f"good {uuid.uuid4().hex}", sender=shared.mallory, signer=self.hostile)
        answer = self.verdicts(self.hostile, [event, good])
        self.assertEqual(answer.pop(good_id), {})
        self.assertTrue(all(verdict.get("error") for verdict in answer.values()), answer)
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=good_id)

    def test_an_event_of_no_room_is_passed_over(self):
        shared = self.share()
        _, event = shared.room.message("of no room", sender=shared.mallory, signer=self.hostile)
        good_id, good = shared.room.message("of a room", sender=shared.mallory, signer=self.hostile)
        for room_id in (None, 5, [], "", "x", "!", shared.alice, "!" + "x" * 300):
            with self.subTest(room_id=str(room_id)[:20]):
                odd = {key: value for key, value in {**event, "room_id": room_id}.items() if value is not None}
                self.assertEqual(self.verdicts(self.hostile, [odd, good]).pop(good_id), {})
        self.untold(shared, "of no room")

    def test_an_escaped_nul_is_text_like_any_other(self):
        shared = self.share()
        event_id, event = shared.room.message("before\u0000after", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id, text="before\u0000after")
        self.assertEqual(self.honest.get_event(event_id)[1]["pdus"][0]["content"]["body"], "before\u0000after")
        user = f"@a\u0000b:{self.hostile.server_name}"
        bad_id, bad = shared.room.make("m.room.member", {"membership": "join"}, sender=user, state_key=user, signer=self.hostile)
        self.assertTrue(self.verdicts(self.hostile, [bad])[bad_id].get("error"))
        self.hears_honest(shared)
        self.assertNotIn(user, self.ours.members(shared.room_id, shared.alice))


class MalformedBodies(HostileCase):
    """A body that is no JSON is refused whole, and nothing of it is taken."""

    def refused_body(self, text, errcode):
        uri = f"{FEDERATION}/v1/send/{uuid.uuid4().hex}"
        header = self.hostile.key.authorization("PUT", uri, self.hostile.server_name, self.ours.server_name, {})
        self.refused(self.hostile.raw("PUT", uri, text, header), 400, errcode)

    def body_with(self, shared, text, content):
        """A transaction with one message, `content` put literally in place of its content."""
        event_id, event = shared.room.message(text, sender=shared.mallory, signer=self.hostile)
        body = {"origin": self.hostile.server_name, "origin_server_ts": matrix.now_ms(), "pdus": [{**event, "content": "@@"}], "edus": []}
        return event_id, matrix.canonical(body).replace(b'"@@"', content)

    def test_a_key_that_comes_twice_is_refused(self):
        shared = self.share()
        for content in (b'{"body":"doubled one","body":"doubled two","msgtype":"m.text"}',
                        b'{"body":"doubled one","\\u0062ody":"doubled two","msgtype":"m.text"}',
                        b'{"msgtype":"m.text","body":"doubled one","x":[{"a":1,"a":1}]}'):
            with self.subTest(content=content):
                event_id, text = self.body_with(shared, "doubled", content)
                self.refused_body(text, "M_BAD_JSON")
                self.not_served(event_id)
        self.untold(shared, "doubled one", "doubled two")

    def test_a_hundred_thousand_brackets_are_refused(self):
        shared = self.share()
        for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
            for closed in (True, False):
                with self.subTest(opening=opening, closed=closed):
                    deep = opening * 100_000 + (b"1" + closing * 100_000 if closed else b"")
                    event_id, text = self.body_with(shared, "deep", b'{"body":"deep","msgtype":"m.text","x":' + deep + b"}")
                    self.refused_body(text, "M_BAD_JSON")
                    self.refused_body(deep, "M_BAD_JSON")
                    self.not_served(event_id)
        self.untold(shared, "deep")

    def test_bytes_that_are_no_text_are_refused(self):
        shared = self.share()
        for raw in (b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\n", b"\\ud800", b"\\udc00x",
                    b"\\x41", b"\\u12"):
            with self.subTest(raw=raw):
                event_id, text = self.body_with(shared, "bytes", b'{"body":"bytes ' + raw + b'","msgtype":"m.text"}')
                self.refused_body(text, "M_NOT_JSON")
                self.not_served(event_id)
        self.untold(shared, "bytes")

    def test_what_only_looks_like_json_is_refused(self):
        for text in (b"nul", b"NaN", b"Infinity", b"{'a':1}", b'{"a":01}', b'{"a":+1}', b'{"a":1.}', b'{"a":.5}', b'{"a":1e}', b"[1,]",
                     b'{"a":1,}', b"/* x */{}", b"\xef\xbb\xbf{}", b"{}{}", b'{"a"}', b'"' + b"x" * 100_000):
            with self.subTest(text=text[:20]):
                self.refused_body(text, "M_NOT_JSON")

    def test_a_million_values_are_read_or_refused_and_nobody_waits_for_it(self):
        shared = self.share()
        before = self.memory_mib()
        event_id, text = self.body_with(shared, "many", b'{"body":"many","msgtype":"m.text","x":[' + b"1," * 5_000_000 + b"1]}")
        self.assertGreater(len(text), 10_000_000)
        self.refused_body(text, "M_BAD_JSON")
        self.not_served(event_id)
        self.untold(shared, "many")
        self.assertLess(self.memory_mib() - before, 400)
