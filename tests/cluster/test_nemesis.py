"""Some dozens of faults while people talk: nothing that was acknowledged is lost, shown twice, or part of two histories."""

import itertools
import json
import types
import unittest

import paths  # noqa: F401 - first: it finds what follows
from nemesis import Nemesis
import ledger as book
from checker import Checker
from faults import FORWARDING, KILLED, SINGLE, Cluster, dice_of, drained, is_lawful_end, killed, planned, play
from traffic import counts_of

FAULTS, EVENTS, SEED = 24, 1_500, 14
# Most of those that have a length are short: two minutes are enough.
LONG_SHARE = 0.2


class FaultsBySeed(unittest.TestCase):
    quiet = True
    takes_long = True

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
        # Each kind comes twice at least. One that could not be done for once is in the summary, with all that it was tried beside.
        self.assertEqual(sorted(summary["injected"]), sorted(SINGLE), summary["not_injected"])


class FaultsOfForwarding(unittest.TestCase):
    """Everything comes to a node that stands by. Each kind of fault twice, and no other."""

    alone = True
    faults, events, seed = 2 * len(FORWARDING), 600, 7

    def test_what_a_node_that_stands_by_passes_on_is_neither_lost_nor_doubled(self):
        lines = []
        nemesis = Nemesis(self.seed, self.events, self.faults, tuple(FORWARDING), log=lines.append, long_share=LONG_SHARE, through_standby=True)
        try:
            summary = nemesis.run()
        finally:
            for line in lines:
                print(json.dumps(line), flush=True)
        self.assertEqual(nemesis.problems, [])
        self.assertEqual((summary["lost"], summary["duplicated"], summary["forked"], summary["faults"]), (0, 0, 0, self.faults))
        self.assertGreaterEqual(summary["acknowledged"], self.events)
        self.assertEqual(sorted(summary["injected"]), sorted(FORWARDING), summary["not_injected"])


class TheSameSeed(unittest.TestCase):
    @staticmethod
    def plan(seed, count=100):
        return list(itertools.islice(planned(seed, SINGLE), count))

    def test_a_seed_names_the_same_faults_again(self):
        self.assertEqual(self.plan(1), self.plan(1))
        self.assertEqual(self.plan(1)[:30], self.plan(1, 30))
        self.assertNotEqual(self.plan(1), self.plan(2))
        self.assertTrue(any(len(each) == 2 for each in self.plan(1)))
        self.assertEqual({each[0] for each in self.plan(1, len(SINGLE))}, set(SINGLE))

    def test_lengths_of_a_fault_are_the_same_whatever_the_others_have_drawn(self):
        cluster = Cluster(None, [])
        lengths = []
        for before in (0, 7):
            earlier = dice_of(3, 0, "asleep")
            for _ in range(before):
                earlier.random()
            lengths.append(cluster.length(dice_of(3, 1, "cut_off"), 1, 9))
        self.assertEqual(lengths[0], lengths[1])
        self.assertNotEqual(lengths[0], cluster.length(dice_of(4, 1, "cut_off"), 1, 9))


class _Process:
    def __init__(self, running):
        self.running = running
        self.kills = 0

    def is_running(self):
        return self.running

    def kill(self):
        self.kills += 1

    @staticmethod
    def tail():
        return ""


class _Nodes:
    """One node, and what `causeway drain` and `undrain` of it say."""

    def __init__(self, running=True, code=0, out="{}", error=""):
        self.nodes = [types.SimpleNamespace(name="one", process=_Process(running))]
        self._answers = {"drain": types.SimpleNamespace(returncode=code, stdout=out, stderr=error),
                         "undrain": types.SimpleNamespace(returncode=0, stdout="{}", stderr="")}

    def active(self):
        return self.nodes[0]

    def wait_standby(self, seconds):
        pass

    def command(self, _node, verb, *_words):
        return self._answers[verb]


class WhatHappened(unittest.TestCase):
    def test_a_node_that_has_ended_is_not_counted_as_killed(self):
        nodes = _Nodes(running=False)
        self.assertFalse(killed(Cluster(nodes, [None]), dice_of(1, 1, "killed")))
        self.assertEqual(nodes.nodes[0].process.kills, 0)

    def test_a_drain_is_counted_where_the_node_has_handed_over(self):
        self.assertTrue(drained(Cluster(_Nodes(out='{"served":true,"serves":"two"}'), [None]), None))
        self.assertFalse(drained(Cluster(_Nodes(out='{"served":false}'), [None]), None))

    def test_a_drain_counts_as_refused_only_where_no_other_node_stands_by(self):
        for error, refused in (("causeway: conflict: no other node stands by: nobody would serve.", 1), ("causeway: cannot reach the broker", 0)):
            cluster = Cluster(_Nodes(code=1, error=error), [None])
            self.assertEqual(play(cluster, 1, 1, ("drained",)), {"drained": False})
            self.assertEqual(cluster.refused, refused)

    def test_a_crash_at_the_start_is_no_lawful_end(self):
        away = "causewayd: cannot start: store_failed: the database cannot be reached"
        self.assertTrue(is_lawful_end(1, away))
        self.assertFalse(is_lawful_end(1, "ERROR: AddressSanitizer: heap-use-after-free"))
        self.assertFalse(is_lawful_end(1, "causewayd: cannot start: address_in_use: ipc://admin.sock"))
        self.assertEqual([code for code in (0, KILLED, 75, -11, -6, 2) if not is_lawful_end(code, away)], [-11, -6, 2])
        cluster = Cluster(_Nodes(), [None])
        cluster.has_ended(cluster.nodes.nodes[0], -11)
        self.assertEqual(cluster.problems, ["one ended with -11"])


def judged(ledger):
    return counts_of(ledger, Checker(ledger).problems())


class Counts(unittest.TestCase):
    @staticmethod
    def ledger():
        ledger = book.Ledger("11")
        ledger.commands = [book.Command(f"id {text}", "message.send", "!r", "@a:x", text, ("y",), f"${text}") for text in ("one", "two")]
        ledger.shown = {"y": [book.Shown(book.MESSAGE, "!r", f"${text}", "@a:x", text) for text in ("one", "two")]}
        return ledger

    def test_what_is_shown_once_is_neither_lost_nor_doubled(self):
        self.assertEqual(judged(self.ledger()), {"acknowledged": 2, "lost": 0, "duplicated": 0, "forked": 0})

    def test_what_nobody_is_shown_is_lost_and_what_comes_again_is_doubled(self):
        ledger = self.ledger()
        ledger.shown["y"] = [ledger.shown["y"][0]] * 3
        self.assertEqual(judged(ledger), {"acknowledged": 2, "lost": 1, "duplicated": 2, "forked": 0})

    def test_a_command_that_is_two_events_is_a_fork(self):
        ledger = self.ledger()
        ledger.again = [("id one", "$another")]
        self.assertEqual(judged(ledger)["forked"], 1)

    def test_other_rooms_than_those_of_the_ledger_are_not_judged_by_it(self):
        ledger = self.ledger()
        ledger.rooms = {"!r"}
        self.assertTrue(ledger.is_about("!r"))
        self.assertFalse(ledger.is_about("!of an earlier chapter"))
