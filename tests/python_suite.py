"""Runs the unittest files of one folder and of the packages in it: python_suite.py [--jobs N] FOLDER REPORT [WORD...]. With words
only the cases whose name has one of them. Prints a line per case and writes {"passed": n, "failed": [[case, why]],
"skipped": [[case, why]]}.

With --jobs each class is a process of its own, N of them at a time, and its lines come when it ends. Those with `takes_long = True`
begin first: few cases, of a minute each. Classes with limits of some seconds have `quiet = True`: they run when those are done, one for
each processor. Those with `computes = True` look at no clock: they get the processor time that all of these leave. Classes that measure
time or memory have `alone = True`: they run one after another, at last. Where no more than UNSTABLE_MAX cases have failed each is run once
more, with nothing beside it: one that passes then is told as unstable, with what it said the first time, and is no failure. tests/run.py runs the classes of several folders so, in one schedule."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import typing
import unittest

from schedule import ALONE, BESIDE, LAST_IN_LINE, PATIENT, QUIET, Schedule

_TESTS = os.path.dirname(os.path.abspath(__file__))
_TOOLS = os.path.join(os.path.dirname(_TESTS), "tools")
MODULES = [os.path.join(_TOOLS, "demo"), os.path.join(_TOOLS, "clients", "python"), os.path.join(_TESTS, "browser")]


class Result(unittest.TestResult):
    """Lines as things happen, and what the report needs."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self._begun = time.monotonic()

    @staticmethod
    def name_of(test):
        if hasattr(test, "test_case"):  # one part of a case
            return f"{Result.name_of(test.test_case)} {test._subDescription()}"
        if isinstance(test, unittest.TestCase):
            return f"{type(test).__name__}.{test._testMethodName}"
        return str(test)  # a class or module whose set-up failed

    def startTest(self, test):
        super().startTest(test)
        self._begun = time.monotonic()
        print(f"  {self.name_of(test)} ... ", end="", flush=True)

    def _say(self, what):
        print(f"{what} ({time.monotonic() - self._begun:.1f} s)", flush=True)
        self._begun = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._say("ok")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._say("FAILED")
        print("    " + self.failures[-1][1].replace("\n", "\n    "), flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._say("FAILED" if isinstance(test, unittest.TestCase) else f"  {test} FAILED")
        print("    " + self.errors[-1][1].replace("\n", "\n    "), flush=True)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._say(f"FAILED {subtest._subDescription()}")
            kept = self.failures if issubclass(err[0], test.failureException) else self.errors
            print("    " + kept[-1][1].replace("\n", "\n    "), flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say(f"skipped: {reason}" if isinstance(test, unittest.TestCase) else f"  {test} skipped: {reason}")


def chosen(suite, words):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test, words)
        elif not words or any(word in Result.name_of(test) for word in words):
            yield test


def run_here(cases, report):
    """Runs cases in this process; returns the number of those that failed."""
    result = Result()
    unittest.TestSuite(cases).run(result)
    # Parts of a case count as the one case they belong to.
    failed = {}
    for test, why in result.failures + result.errors:
        failed.setdefault(Result.name_of(getattr(test, "test_case", test)), []).append(why)
    found = {"passed": result.passed, "failed": [[case, "\n".join(whys)] for case, whys in failed.items()],
             "skipped": [[Result.name_of(test), why] for test, why in result.skipped]}
    with open(report, "w", encoding="utf8") as out:
        json.dump(found, out)
    return len(found["failed"])


# Cases that failed beside others are tried again, unless there are more: then it is not the machine that was busy.
UNSTABLE_MAX = 4
# Of one class. The longest, dozens of faults one after another, takes some four minutes.
CLASS_S = 1800


class Class(typing.NamedTuple):
    """One class of a suite, as a process of its own runs it."""
    name: str  # in the import system
    cases: int
    alone: bool = False  # it measures time or memory: nothing may run beside it
    quiet: bool = False  # it has limits of some seconds: few may
    takes_long: bool = False  # it begins before others
    computes: bool = False  # for minutes, and it looks at no clock: it may wait for whoever waits for others

    @property
    def kind(self):
        return ALONE if self.alone else QUIET if self.quiet else PATIENT if self.computes else BESIDE


class Together:
    """The classes of a folder, each in a process of its own, and what they have found. Whoever has it says when each of them runs."""

    def __init__(self, folder, words, classes, environment=None):
        self.folder = folder
        self._words = words
        self._environment = environment or {}
        self.classes = classes
        self.left = len(classes)  # that have not ended
        self._lock = threading.Lock()
        self._class_of = {}  # of the cases that failed
        self.found = {"passed": 0, "failed": [], "skipped": [], "unstable": []}

    def run_class(self, each, ports):
        """Runs a class, which draws its ports from those."""
        begun = time.monotonic()
        printed, found = self._of_process(each.name, ports, self._words, LAST_IN_LINE if each.kind == PATIENT else [])
        ran = found["passed"] + len(found["failed"]) + len(found["skipped"])
        if ran < each.cases and not found["failed"] and not found["skipped"]:
            found["failed"].append([each.name, f"{each.cases} cases, of which {ran} were run"])
        with self._lock:
            self.left -= 1
            for key, more in found.items():
                self.found[key] += more
            self._class_of.update({case: each.name for case, _ in found["failed"]})
            print(printed.rstrip("\n"))
            print(f"  {each.name}: {time.monotonic() - begun:.1f} s, classes left: {self.left}", flush=True)

    def try_failed_again(self, ports):
        """Each alone. Whatever is no single case (a class that cannot be set up) stays failed."""
        if not 0 < len(self.found["failed"]) <= UNSTABLE_MAX:
            return
        for each in list(self.found["failed"]):
            case, why = each
            if not case.startswith(self._class_of.get(case, case).rpartition(".")[2] + ".test"):
                continue
            printed, found = self._of_process(self._class_of[case], ports, [case])
            print(f"  once more, alone: {case}\n{printed.rstrip()}", flush=True)
            if found["passed"] > 0 and not found["failed"]:
                self.found["failed"].remove(each)
                self.found["unstable"].append(each)
                self.found["passed"] += 1

    def _of_process(self, name, ports, words, before=()):
        with tempfile.TemporaryDirectory(prefix="suite-") as made:
            return self._run_process(name, ports, words, before, os.path.join(made, "report.json"), os.path.join(made, "log"))

    def _run_process(self, name, ports, words, before, report, log_file):
        """What it printed and what it found."""
        command = [*before, sys.executable, "-u", os.path.abspath(__file__), "--class", name, self.folder, report, *words]
        seconds = 2 * CLASS_S if before else CLASS_S  # at a low priority it waits for the others
        with open(log_file, "wb") as log:
            try:
                code = subprocess.run(command, env={**os.environ, **self._environment, "CAUSEWAY_PORTS": ports}, stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=subprocess.STDOUT, check=False, timeout=seconds).returncode
            except subprocess.TimeoutExpired:
                code = f"nothing within {seconds} s"
        with open(log_file, encoding="utf8", errors="replace") as log:
            printed = log.read()
        try:
            with open(report, encoding="utf8") as text:
                return printed, json.load(text)
        except (OSError, ValueError):
            why = f"ended with {code} and no report; its output ends with:\n{printed[-4000:]}"
            return printed, {"passed": 0, "failed": [[name, why]], "skipped": []}


def in_order(classes):
    """The long ones first, then those with the most cases: one that begins last would run beside nothing."""
    return sorted(classes, key=lambda each: (not each.takes_long, -each.cases))


def classes_of(cases):
    """(classes, [[file that cannot be imported, why]])"""
    number_of, broken = {}, []
    for case in cases:
        if type(case).__module__.startswith("unittest"):
            broken.append(case)  # stands for a file that cannot be imported
        else:
            number_of[type(case)] = number_of.get(type(case), 0) + 1
    result = unittest.TestResult()
    unittest.TestSuite(broken).run(result)
    classes = [Class(f"{each.__module__}.{each.__qualname__}", number, *(bool(getattr(each, what, False)) for what in Class._fields[2:]))
               for each, number in number_of.items()]
    return in_order(classes), [[Result.name_of(test), why] for test, why in result.failures + result.errors]


def suite_of(folder, environment):
    """All classes of a folder, to be run by the caller with `environment` added to theirs. A process of its own looks for them: modules of two folders may have one name."""
    with tempfile.TemporaryDirectory(prefix="suite-") as made:
        report = os.path.join(made, "report.json")
        done = subprocess.run([sys.executable, os.path.abspath(__file__), "--list", folder, report], capture_output=True, text=True, check=False,
                              timeout=CLASS_S)
        try:
            with open(report, encoding="utf8") as text:
                listed = json.load(text)
        except (OSError, ValueError):
            listed = {"classes": [], "broken": [[folder, f"its cases cannot be listed: {done.stdout}{done.stderr}"]]}
    together = Together(folder, [], [Class(*each) for each in listed["classes"]], environment)
    together.found["failed"] += listed["broken"]
    return together


def run_together(folder, report, words, cases, jobs):
    """Runs each class of `cases` in a process; returns the number of cases that failed."""
    classes, broken = classes_of(cases)
    together = Together(folder, words, classes)
    schedule = Schedule(jobs, len(os.sched_getaffinity(0)))
    for each in classes:
        schedule.add(lambda ports, each=each: together.run_class(each, ports), each.kind)
    schedule.add(together.try_failed_again, ALONE)
    schedule.run()
    together.found["failed"] += broken
    with open(report, "w", encoding="utf8") as out:
        json.dump(together.found, out)
    return len(together.found["failed"])


def main(arguments):
    # A class that runs alone imports its own module only: what that needs is here, whatever others have imported before.
    sys.path[:0] = [arguments.folder, *MODULES]
    if arguments.only_class:
        found = unittest.defaultTestLoader.loadTestsFromName(arguments.only_class)
    else:
        found = unittest.defaultTestLoader.discover(arguments.folder, pattern="test_*.py", top_level_dir=arguments.folder)
    cases = list(chosen(found, arguments.words))
    if arguments.words and not cases:
        sys.exit(f"python_suite: no case in {arguments.folder} has {' or '.join(map(repr, arguments.words))} in its name")
    if arguments.list:
        classes, broken = classes_of(cases)
        with open(arguments.report, "w", encoding="utf8") as out:
            json.dump({"classes": classes, "broken": broken}, out)
        return 0
    if arguments.jobs > 1:
        return run_together(arguments.folder, arguments.report, arguments.words, cases, arguments.jobs)
    return run_here(cases, arguments.report)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1, help="classes that run at the same time")
    parser.add_argument("--class", dest="only_class", help="the one class to run, as module.Class")
    parser.add_argument("--list", action="store_true", help="write the classes to the report, and run nothing")
    parser.add_argument("folder", type=os.path.abspath)
    parser.add_argument("report")
    parser.add_argument("words", nargs="*")
    any_failed = main(parser.parse_args()) > 0
    sys.stdout.flush()
    os._exit(1 if any_failed else 0)  # threads of the harness must not keep the process
