"""Whoever waits for something looks often at first and rarely later, and keeps nobody busy meanwhile."""

import unittest
from unittest import mock

from causeway_demo import process


class Clock:
    """As much of the module time as is needed; time goes by while one sleeps, and while one looks."""

    def __init__(self):
        self.now, self.pauses = 1_000.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.pauses.append(seconds)


class Waiting(unittest.TestCase):
    def wait(self, condition, look_s=0.0, seconds=20):
        """The pauses."""
        clock = Clock()

        def look():
            clock.now += look_s
            return condition(clock.now - 1_000)
        with mock.patch.object(process, "time", clock):
            try:
                self.assertTrue(process.until(look, seconds, "it", 0.05))
            except TimeoutError:
                clock.pauses.append("too late")
        return clock.pauses

    def test_what_is_soon_there_is_seen_soon(self):
        self.assertEqual(self.wait(lambda waited: waited > 0.27), [0.05] * 6)

    def test_pauses_grow_to_a_bound(self):
        pauses = self.wait(lambda waited: waited >= 10)
        self.assertEqual((pauses[0], pauses[-1]), (0.05, process.PAUSE_S_MAX))
        self.assertEqual(pauses, sorted(pauses))
        self.assertLess(len(pauses), 80)

    def test_a_look_that_costs_is_followed_by_as_long_a_pause(self):
        self.assertEqual([round(each, 3) for each in self.wait(lambda waited: waited > 0.45, 0.1)], [0.1, 0.1])
        self.assertEqual(self.wait(lambda waited: waited > 3, 2), [process.PAUSE_S_MAX])

    def test_what_does_not_come_is_told_after_its_time(self):
        pauses = self.wait(lambda _: False, seconds=2)
        self.assertEqual(pauses[-1], "too late")
        self.assertLess(sum(pauses[:-1]), 2 + process.PAUSE_S_MAX + 0.1)


if __name__ == "__main__":
    unittest.main()
