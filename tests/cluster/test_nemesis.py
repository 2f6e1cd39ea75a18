"""Some dozens of faults while people talk: nothing that was acknowledged is lost, shown twice, or part of two histories."""

import json
import random
import unittest

import paths  # noqa: F401 - first: it finds what follows
from nemesis import Nemesis
import ledger as book
from faults import SINGLE, chosen
from traffic import counts_of

FAULTS, EVENTS, SEED = 24, 1_500, 14
# Most of those that have a length are short: two minutes are enough.
LONG_SHARE = 0.2


class FaultsBySeed(unittest.TestCase):
    alone = True

    def test_nothing_is_lost_doubled_or_forked_by_dozens_of_faults(self):
        lines = []
        nemesis = Nemesis(SEED, EVENTS, FAULTS, log=lines.append, long_share=LONG_SHARE)
        try:
            summary = nemesis.run()
        finally:
            for line in lines:
                print(json.dumps(line), flush=True)
        self.assertEqual(nemesis.problems, [])
        self.assertEqual((summary["lost"], summary["duplicated"], summary["forked"], summary["faults"]), (0, 0, 0, FAULTS))
        self.assertGreaterEqual(summary["acknowledged"], EVENTS)
        self.assertGreater(len(summary["longest_gap_s"]), 5, "the kinds of this seed")


class TheSameSeed(unittest.TestCase):
    def test_a_seed_names_the_same_faults_again(self):
        def names(seed):
            rng = random.Random(seed)
            return [chosen(rng, SINGLE)[0] for _ in range(100)]
        self.assertEqual(names(1), names(1))
        self.assertNotEqual(names(1), names(2))
        self.assertEqual({name for each in names(1) for name in each.split(" and ")}, set(SINGLE))


class Counts(unittest.TestCase):
    @staticmethod
    def ledger():
        ledger = book.Ledger("11")
        ledger.commands = [book.Command(f"id {text}", "message.send", "!r", "@a:x", text, ("y",), f"${text}") for text in ("one", "two")]
        ledger.shown = {"y": [book.Shown(book.MESSAGE, "!r", f"${text}", "@a:x", text) for text in ("one", "two")]}
        return ledger

    def test_what_is_shown_once_is_neither_lost_nor_doubled(self):
        self.assertEqual(counts_of(self.ledger()), {"acknowledged": 2, "lost": 0, "duplicated": 0, "forked": 0})

    def test_what_nobody_is_shown_is_lost_and_what_comes_again_is_doubled(self):
        ledger = self.ledger()
        ledger.shown["y"] = [ledger.shown["y"][0]] * 3
        self.assertEqual(counts_of(ledger), {"acknowledged": 2, "lost": 1, "duplicated": 2, "forked": 0})

    def test_a_command_that_is_two_events_is_a_fork(self):
        ledger = self.ledger()
        ledger.again = [("id one", "$another")]
        self.assertEqual(counts_of(ledger)["forked"], 1)

    def test_other_rooms_than_those_of_the_ledger_are_not_judged_by_it(self):
        ledger = self.ledger()
        ledger.rooms = {"!r"}
        self.assertTrue(ledger.is_about("!r"))
        self.assertFalse(ledger.is_about("!of an earlier chapter"))
