"""What a hostile server answers when we ask: late, never, too much, or somewhere else."""

import time

from harness.case import PATIENCE_S

from .case import HostileCase
from .endless import Answers


class EndlessAnswers(HostileCase):
    settings = {"federation": {"make_join_timeout_ms": 1000, "send_join_timeout_ms": 1500, "request_timeout_ms": 1000,
                               "send_timeout_ms": 1000, "key_fetch_retry_ms": 100, "retry_delay_ms_min": 100, "retry_delay_ms_max": 400},
                "room": {"inbox_retry_ms": 300}}

    def setUp(self):
        super().setUp()
        self.shared = self.share()

    def answers(self):
        made = Answers()
        self.addCleanup(made.stop.set)
        return made

    def join_fails(self, word, answer, code):
        """A join through the hostile server ends with `code` in bounded time, and the honest room goes on meanwhile."""
        room = self.hostile.found_room()
        self.hostile.lies = {word: lambda *_: answer}
        begun = time.monotonic()
        self.join_refused(self.hostile, room, code)
        self.assertLess(time.monotonic() - begun, PATIENCE_S)
        self.hears_honest(self.shared)

    # -- slow

    def test_a_server_that_says_nothing_is_left_after_the_time_out(self):
        for word in ("make_join", "send_join"):
            with self.subTest(word):
                made = self.answers()
                self.join_fails(word, made.silence(), "peer_timeout")
                self.until(made.cut.is_set, "the broker to hang up")

    def test_a_server_that_says_a_byte_now_and_then_is_left_after_the_time_out(self):
        for word in ("make_join", "send_join"):
            with self.subTest(word):
                made = self.answers()
                self.join_fails(word, made.drops(), "peer_timeout")
                self.until(made.cut.is_set, "the broker to hang up")

    def test_a_server_whose_key_never_comes_is_unauthorised_in_time(self):
        mute = self.play()
        made = self.answers()
        mute.lies["key"] = lambda *_: made.silence()
        begun = time.monotonic()
        self.refused(mute.send([]), 401, "M_UNAUTHORIZED")
        self.assertLess(time.monotonic() - begun, PATIENCE_S)
        self.hears_honest(self.shared)

    def test_a_server_that_never_takes_what_we_send_does_not_delay_others(self):
        made = self.answers()
        self.hostile.lies["send"] = lambda *_: made.silence()
        for number in range(5):
            self.says(self.shared, f"to all {number}")  # returns when the honest server has it
        self.until(lambda: self.hostile.count("send/") >= 2, "a second attempt at the hostile server")
        self.hostile.lies.clear()
        made.stop.set()

        def got():  # attempts that were never answered are among them
            return list(dict.fromkeys(pdu["content"]["body"] for pdu in list(self.hostile.received_pdus)
                                      if pdu["room_id"] == self.shared.room_id and pdu["type"] == "m.room.message"))
        self.until_equal(got, [f"to all {number}" for number in range(5)], "all five at the hostile server, in order")

    def test_many_gaps_that_are_never_answered_do_not_stop_other_requests(self):
        made = self.answers()
        self.hostile.lies["get_missing_events"] = lambda *_: made.silence()
        rooms = [self.shared, *(self.share() for _ in range(5))]
        for shared in rooms:
            event_id, event = shared.room.message("bait", sender=shared.mallory, signer=self.hostile, prev_events=["$" + "B" * 43])
            self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.until(lambda: self.hostile.count("get_missing_events") >= 6, "a question for each room")
        for shared in rooms:
            self.untold(shared, "bait")
        self.says(self.shared, "still quick")

    # -- too much

    def refuses_too_much(self, word, answer_of, code, bytes_max, memory_mib_max=100):
        made = self.answers()
        before = self.memory_mib()
        self.join_fails(word, answer_of(made), code)
        self.until(made.cut.is_set, "the broker to hang up")
        self.assertLess(made.written, bytes_max)
        self.assertLess(self.memory_mib() - before, memory_mib_max)

    def test_endless_headers_are_cut_off(self):
        self.refuses_too_much("make_join", Answers.endless_headers, "peer_bad_answer", 10_000_000)

    def test_an_endless_template_is_cut_off(self):
        for answer in (Answers.endless_body, Answers.endless_chunks):
            with self.subTest(answer.__name__):
                self.refuses_too_much("make_join", answer, "too_large", 40_000_000)

    def test_a_length_of_terabytes_is_not_believed(self):
        for word in ("make_join", "send_join"):
            with self.subTest(word):
                self.refuses_too_much(word, Answers.huge_length, "too_large", 1000)

    def test_an_endless_key_document_is_cut_off(self):
        server, made = self.play(), self.answers()
        server.lies["key"] = lambda *_: made.endless_body(b'{"verify_keys":[')
        before = self.memory_mib()
        self.refused(server.send([]), 401, "M_UNAUTHORIZED")
        self.until(made.cut.is_set, "the broker to hang up")
        self.assertLess(made.written, 20_000_000)
        self.assertLess(self.memory_mib() - before, 50)
        self.hears_honest(self.shared)

    def test_an_endless_answer_to_a_transaction_is_cut_off(self):
        made = self.answers()
        before = self.memory_mib()
        self.hostile.lies["send"] = lambda *_: made.endless_body()
        self.says(self.shared, "to whom it may concern")
        self.until(made.cut.is_set, "the broker to hang up")
        self.assertLess(self.memory_mib() - before, 100)
        self.hears_honest(self.shared)

    def test_a_packed_answer_is_not_unpacked(self):
        before = self.memory_mib()
        made = self.answers()
        self.join_fails("make_join", made.bomb(), "peer_bad_answer")
        self.assertLess(self.memory_mib() - before, 100)

    # -- elsewhere

    def test_redirects_are_not_followed(self):
        trap = self.play()
        for status in (301, 302, 303, 307, 308):
            for target in (f"https://{trap.server_name}/trap", "https://10.0.0.1/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
                with self.subTest(status=status, target=target):
                    room = self.hostile.found_room()
                    self.hostile.lies["make_join"] = lambda *_, status=status, target=target: self.answers().redirect(status, target)
                    self.join_refused(self.hostile, room, "peer_bad_answer")
        server = self.play()
        server.lies["key"] = lambda *_: self.answers().redirect(302, f"https://{trap.server_name}/_matrix/key/v2/server")
        self.refused(server.send([]), 401, "M_UNAUTHORIZED")
        self.hears_honest(self.shared)
        self.assertEqual(trap.requests, [])

    def test_answers_that_break_off_or_are_no_http_are_no_answers(self):
        self.join_fails("make_join", self.answers().broken_off(), "peer_bad_answer")
        self.join_fails("make_join", self.answers().no_http(), "peer_bad_answer")

    def test_errors_of_any_kind_end_a_join(self):
        for status in (204, 400, 401, 404, 418, 429, 500, 502, 503):
            with self.subTest(status=status):
                room = self.hostile.found_room()
                answer = b"" if status == 204 else {"errcode": "M_NO", "error": "x" * 5000}
                self.hostile.lies["make_join"] = lambda *_, status=status, answer=answer: (status, answer)
                is_later, is_none = status == 429 or status >= 500, status == 204
                self.join_refused(self.hostile, room, "peer_unreachable" if is_later else "peer_bad_answer" if is_none else "peer_refused")
        self.hears_honest(self.shared)
