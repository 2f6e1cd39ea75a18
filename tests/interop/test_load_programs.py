"""The programs of `tools/bench` and `tools/soak` with little to do: that they run to their end and count what they should. Times are not looked at."""

import importlib.util
import os
import unittest

from causeway_demo.broker import find_binary
from harness.builds import has_address_sanitizer

_TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def _program(name):
    spec = importlib.util.spec_from_file_location(name + "_run", os.path.join(_TESTS, name, "run.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bench, soak = _program("bench"), _program("soak")


class LoadPrograms(unittest.TestCase):
    def test_every_event_of_a_linear_room_is_stored_and_told(self):
        figures = bench.load("inbound", ["--events", "200"])
        self.assertEqual((figures["events"], figures["refused"]), (200, 0))
        self.assertEqual(figures["stored"], figures["sampled"])
        self.assertGreaterEqual(figures["told"], 200)

    def test_a_forked_room_keeps_its_ends(self):
        figures = bench.load("inbound", ["--events", "100", "--extremities", "5"])
        self.assertEqual((figures["refused"], figures["stored"]), (0, figures["sampled"]))

    def test_many_rooms_have_an_origin_each(self):
        figures = bench.load("inbound", ["--events", "200", "--rooms", "4"])
        self.assertEqual((figures["origins"], figures["refused"]), (4, 0))

    def test_every_remote_gets_every_message_once(self):
        figures = bench.load("outbound", ["--remotes", "3", "--messages", "40", "--paced", "10"])
        self.assertEqual((figures["deliveries"], figures["repeated"]), (3 * 40, 0))

    def test_a_join_tells_every_member(self):
        for whole in "yes", "no":
            with self.subTest(whole=whole):
                figures = bench.load("join", ["--members", "60", "--servers", "4", "--whole", whole])
                self.assertEqual(figures["members"], 60)

    def test_every_server_of_a_wave_is_told_once(self):
        figures = bench.load("wave", ["--dead", "6", "--seconds", "1", "--rate", "5"])
        self.assertEqual((figures["told"], figures["told_again"]), (6, 0))

    def test_a_conversation_loses_and_doubles_nothing_and_keeps_its_order(self):
        figures = bench.main("conversation", ["--channels", "4", "--rate", "20", "--seconds", "1"])
        self.assertEqual([figures[word] for word in ("messages", "lost", "doubled", "out_of_order")], [40, 0, 0, 0])

    def test_every_remote_knows_how_far_every_reader_has_read(self):
        figures = bench.load("receipts", ["--remotes", "3", "--readers", "20", "--messages", "4"])
        # One EDU for each server, further ones where half a second was over before all had read; not one for each reader.
        self.assertEqual((figures["receipts"], figures["scroll_receipts"] >= 60), (60, True))
        self.assertIn(figures["edus"], range(3, 31))

    def test_a_split_room_is_resolved(self):
        figures = bench.main("resolve", ["--conflicted", "40", "--rounds", "2"])
        self.assertEqual(figures["conflicted"], 40)

    def test_joins_of_a_crowd_are_taken_into_a_room_however_many_are_in_it(self):
        figures = bench.main("members", ["--sizes", "1,300", "--joins", "20"])
        self.assertEqual(figures["joins"], 20)
        wanted = ["join_us", "store_us"]
        if not has_address_sanitizer(find_binary("bench_members")):  # which has an allocator without figures
            wanted.append("join_bytes")
        for members in 1, 300:
            for figure in wanted:
                self.assertGreater(figures[f"{members}_members"][figure], 0, (members, figure))

    def test_rooms_take_up_memory_and_a_broker_starts_on_many_of_them(self):
        figures = bench.main("memory", ["--rooms", "6", "--waves", "2", "--settle", "0", "--known-rooms", "40", "--known-servers", "10",
                                        "--users", "5", "--starts", "2"])
        self.assertEqual((figures["rooms"], figures["members"], figures["known_rooms"], figures["known_servers"]), (6, 3, 40, 10))
        self.assertEqual(len(figures["ready_s_of_each_start"]), 2)
        for figure in "rss_after_mib", "rss_idle_mib", "ready_line_s", "ready_s", "first_answer_s":
            self.assertGreater(figures[figure], 0, figure)
        self.assertLessEqual(figures["ready_line_s"], figures["first_answer_s"])

    def test_two_brokers_whose_people_come_and_go_lose_and_double_nothing(self):
        figures = soak.main(soak.options_of(["--minutes", "0.1", "--rooms", "4", "--users", "10", "--moves-per-s", "20"]))
        self.assertEqual([figures[word] for word in ("lost", "doubled", "out_of_order")], [0, 0, 0])
        for action in ("messages", "joins", "leaves"):
            self.assertGreater(figures["actions"][action], 0, action)
        self.assertEqual(figures["refused"], {})

    def test_a_lost_a_doubled_and_an_overtaking_message_are_found(self):
        said = {("!r", "@a"): ["one", "two", "three", "four"]}
        self.assertEqual(soak.compare(said, {("!r", "@a"): ["one", "two", "three", "four"]}), (0, 0, 0))
        self.assertEqual(soak.compare(said, {("!r", "@a"): ["one", "three", "two", "two"]}), (1, 1, 1))
        self.assertEqual(soak.compare(said, {}), (4, 0, 0))


if __name__ == "__main__":
    unittest.main()
