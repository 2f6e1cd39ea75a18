"""The programs of `tools/bench` with little to do: that they run to their end and count what they should. Times are not looked at."""

import importlib.util
import os
import unittest

_PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bench", "run.py")
_SPEC = importlib.util.spec_from_file_location("bench_run", _PATH)
bench = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(bench)


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

    def test_a_split_room_is_resolved(self):
        figures = bench.main("resolve", ["--conflicted", "40", "--rounds", "2"])
        self.assertEqual(figures["conflicted"], 40)


if __name__ == "__main__":
    unittest.main()
