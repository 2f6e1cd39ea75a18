"""tests/schedule.py: what runs beside what; tests/run.py: what is built while the suites run, and what a build that fails comes to."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)
from schedule import ALONE, BESIDE, BUILDING, LAST_IN_LINE, PATIENT, QUIET, Schedule  # noqa: E402


class Schedules(unittest.TestCase):
    def setUp(self):
        self.changed = threading.Condition()
        self.running, self.seen, self.order = {}, [], []

    def task(self, name, kind, waits=None, then=None):
        """Tells what it ran beside. It ends when `waits` other tasks are at its side, or have been."""
        def run(ports):
            with self.changed:
                self.running[name] = (kind, ports)
                self.seen.append(dict(self.running))
                self.order.append(name)
                self.changed.notify_all()
                if waits:
                    met = self.changed.wait_for(lambda: any(name in at and len(at) > waits for at in self.seen), 60)
                    self.assertTrue(met, f"{name} has met too few")
            if then:
                then()
            with self.changed:
                del self.running[name]

        return run

    def until_seen(self, name):
        def wait():
            with self.changed:
                self.assertTrue(self.changed.wait_for(lambda: any(name in at for at in self.seen), 60), f"{name} was not begun")
        return wait

    def run_all(self, schedule, tasks):
        for name, kind, *more in tasks:
            schedule.add(self.task(name, kind, *more), kind)
        schedule.run()

    def most(self, kind):
        return max(sum(of == kind for of, _ in at.values()) for at in self.seen)

    def test_each_kind_has_its_places(self):
        # Each of the first ones waits until all places are taken: of three and two.
        self.run_all(Schedule(3, 2), [*((f"b{n}", BESIDE, 4 if n < 3 else None) for n in range(9)),
                                      *((f"p{n}", PATIENT, 4 if n < 2 else None) for n in range(5)),
                                      *((f"q{n}", QUIET, 1 if n < 2 else None) for n in range(5)), *((f"a{n}", ALONE) for n in range(3))])
        self.assertEqual([self.most(kind) for kind in (BESIDE, PATIENT, QUIET, ALONE)], [3, 2, 2, 1])
        for at in self.seen:
            kinds = {kind for kind, _ in at.values()}
            self.assertTrue(kinds <= {BESIDE, PATIENT} or kinds <= {QUIET, PATIENT} or kinds == {ALONE}, kinds)
        self.assertEqual(len(self.order), 22)
        self.assertEqual(self.order[-3:], ["a0", "a1", "a2"])

    def test_what_computes_goes_on_while_others_want_quiet_and_nothing_is_alone_before_it_has_ended(self):
        # It has met both only if it began with the first and has not ended before the second.
        self.run_all(Schedule(1, 1), [("beside", BESIDE, 1), ("computes", PATIENT, None, self.until_seen("quiet")), ("quiet", QUIET, 1), ("alone", ALONE)])
        self.assertEqual(self.order[-1], "alone")
        self.assertTrue(any({"computes", "quiet"} == set(at) for at in self.seen))
        self.assertFalse(any("alone" in at and len(at) > 1 for at in self.seen))

    def test_what_is_built_brings_tasks_before_those_that_wait_for_quiet(self):
        schedule = Schedule(1, 1)

        def built():
            schedule.add(self.task("program", BESIDE), BESIDE)
            schedule.add(self.task("computes", PATIENT), PATIENT)

        self.run_all(schedule, [("build", BUILDING, None, built), ("quiet", QUIET)])
        self.assertEqual([name for name in self.order if name != "computes"], ["build", "program", "quiet"])
        self.assertIn("computes", self.order)

    def test_what_is_last_in_line_runs_as_such(self):
        policy = "import os; print(os.sched_getscheduler(0) == os.SCHED_IDLE or os.nice(0) == 19)"
        done = subprocess.run([*LAST_IN_LINE, sys.executable, "-c", policy], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "True\n")

    def test_those_at_the_same_time_have_ports_of_their_own(self):
        self.run_all(Schedule(100, 2), [(f"b{n}", BESIDE, 9) for n in range(8)] + [(f"p{n}", PATIENT, 9) for n in range(2)])
        ports = [ports for _, ports in self.seen[-1].values()]
        self.assertEqual((len(ports), len(set(ports))), (10, 10))
        self.assertLess(max(int(each.split("-")[1]) for each in ports), 32_000)

    def test_what_a_task_adds_is_run_before_those_that_wait_for_quiet(self):
        schedule = Schedule(1, 1)

        def more():
            schedule.add(self.task("first", BESIDE), BESIDE, first=True)
            schedule.add(self.task("last", BESIDE), BESIDE)
            schedule.add(self.task("computes", PATIENT), PATIENT)

        self.run_all(schedule, [("adds", BESIDE, None, more), ("waited", BESIDE), ("quiet", QUIET)])
        self.assertEqual([name for name in self.order if name != "computes"], ["adds", "first", "waited", "last", "quiet"])
        self.assertEqual(len(self.order), 6)

    def test_what_a_task_raises_ends_the_run(self):
        def fail():
            raise ValueError("broken")

        schedule = Schedule(1, 1)
        with self.assertRaisesRegex(ValueError, "broken"):
            self.run_all(schedule, [("fails", BESIDE, None, fail), ("waits", BESIDE), ("alone", ALONE)])
        self.assertEqual(self.order, ["fails"])


# A build that takes a while, in which the suite runs.
BUILD = """#!/bin/bash
until [ -e suite_ran ]; do sleep 0.05; done
[ ! -e broken ] || { echo "no such type"; exit 1; }
mkdir -p build/dev/bin
cp program build/dev/bin/test_program
cp program build/dev/bin/test_simulation
"""
PROGRAM = """#!/bin/bash
report=${1##*,}
echo "${CAUSEWAY_PART:-whole}" >> parts
echo '<testsuite><testcase classname="some" name="case"/></testsuite>' > "$report"
"""
SUITE = """
import os, unittest

class Waiting(unittest.TestCase):
    def test_it_runs_while_the_programs_are_built(self):
        self.assertFalse(os.path.exists("build/dev/bin/test_program"))
        open("suite_ran", "w").close()

class Computing(unittest.TestCase):
    computes = True
    def test_programs_are_there(self):
        self.assertTrue(os.path.exists("build/dev/bin/test_program"))
"""


class BuildBeside(unittest.TestCase):
    def run_all(self, *broken):
        with tempfile.TemporaryDirectory() as root:
            for folder in ("tools", "tests/demo", "tests/operator", "tests/inspector", "tests/crash", "tests/cluster", "tests/interop"):
                os.makedirs(os.path.join(root, folder))
            for name in ("run.py", "python_suite.py", "schedule.py"):
                shutil.copy(os.path.join(TESTS, name), os.path.join(root, "tests"))
            for name, text in (("tools/build", BUILD), ("program", PROGRAM), ("tests/interop/test_suite.py", SUITE), *((name, "") for name in broken)):
                with open(os.path.join(root, name), "w", encoding="utf8") as out:
                    out.write(text)
                os.chmod(os.path.join(root, name), 0o755)
            done = subprocess.run([sys.executable, os.path.join(root, "tests", "run.py"), "--build", "unit", "simulation", "interop"], cwd=root, timeout=120,
                                  capture_output=True, text=True, check=False)
            with open(os.path.join(root, "parts"), "a+", encoding="ascii") as parts:
                parts.seek(0)
                self.parts = sorted(parts.read().split())
        return done.returncode, done.stdout + done.stderr

    def test_programs_are_built_while_the_suites_run(self):
        code, said = self.run_all()
        self.assertEqual((code, said.splitlines()[-1]), (0, "4 passed, 0 failed, 0 skipped"), said)
        # Two processes share the seeds of the simulation; its cases are counted once.
        number = min(len(os.sched_getaffinity(0)), 2)
        self.assertEqual(self.parts, [*(f"{part}/{number}" for part in range(number)), "whole"])

    def test_a_build_that_fails_is_a_failure_and_what_it_said_is_shown(self):
        code, said = self.run_all("broken")
        self.assertEqual((code, said.splitlines()[-1]), (1, "1 passed, 1 failed, 0 skipped"), said)
        self.assertIn("no such type", said)
        self.assertIn("FAILED: build", said)


if __name__ == "__main__":
    unittest.main()
