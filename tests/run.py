#!/usr/bin/python3
"""Runs what tools/test has built and counts cases: tests/run.py [--build] [GROUP...]. With --build only what whole brokers are made of is
there, and the test programs are built while the suites with brokers in them run.

Prints every failed case with the end of its output, every unstable one (tests/python_suite.py) with what it said when it failed, every
skipped one with its reason, and last, alone on a line, `N passed, N failed, N skipped`. Exit code 1 when anything failed.
"""

import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

from python_suite import suite_of
from schedule import ALONE, BESIDE, BUILDING, LAST_IN_LINE, PATIENT, Schedule

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(ROOT, "build", "results")

# Programs of the dev build by group; those not named here are unit tests.
PROGRAMS = {"actors": ["test_actors", "test_node"], "simulation": ["test_simulation"]}
# What runs threads without CAF, under the thread sanitizer: the group threads.
THREADED = ["test_store", "test_gateway", "test_edge"]
TSAN = "_tsan"
GROUPS = ["unit", "actors", "simulation", "interop"]
WITH_PROGRAMS = ["unit", "actors", "simulation"]
# Only where they are named: package needs root and many minutes, threads a build of its own, crash and cluster are parts of interop.
NAMED_GROUPS = ["threads", "package", "crash", "cluster"]
PACKAGE_FOLDER = os.path.join(ROOT, "tests", "package")
PROCESSORS = len(os.sched_getaffinity(0))
# Programs that compute for minutes: they get the processor time that is left by what waits for servers and peers. A few cases of
# test_actors wait for threads, with a limit: it is not the very last in line.
PATIENT_PROGRAMS = ["test_simulation", "test_actors"]
# One that would compute longer than all others: its seeds are shared by two processes, where there are two processors.
IN_PARTS = "test_simulation"
# Who wants certain seeds, or one file of all fingerprints, has one process.
PARTS = 1 if any(f"CAUSEWAY_{name}" in os.environ for name in ("FINGERPRINTS", "SEEDS", "RECEIPT_SEEDS", "PEOPLE_SEEDS")) else min(PROCESSORS, 2)
# Test programs and classes of the suites at the same time: most of them wait for others more than they compute.
INTEROP_JOBS = int(os.environ.get("INTEROP_JOBS", PROCESSORS + 1))
# Suites with whole brokers in them: the group interop.
INTEROP_FOLDERS = tuple(os.path.join(ROOT, "tests", name) + os.sep for name in ("interop", "demo", "inspector", "operator", "crash", "cluster"))
LONGEST_SHOWN = 12
TIMEOUT_S = 2400  # of one program; the suite of the packages takes the longest


class Tally:
    """Cases of one program or of all."""

    def __init__(self):
        self.passed = 0
        self.failed = []   # (case, why)
        self.skipped = []  # (case, why)
        self.unstable = []  # likewise, of those that passed when they were run again, alone

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.unstable += other.unstable

    def add_found(self, found):
        """What python_suite.py says of a suite."""
        self.passed += found["passed"]
        self.failed += [tuple(each) for each in found["failed"]]
        self.skipped += [tuple(each) for each in found["skipped"]]
        self.unstable += [tuple(each) for each in found.get("unstable", [])]


def run(command, log_file, environment=None, seconds=TIMEOUT_S):
    """Exit code; None: it ran into the time-out and was ended."""
    with open(log_file, "wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                 env={**os.environ, **(environment or {})}, cwd=ROOT)
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            return None
        except KeyboardInterrupt:
            child.terminate()
            raise


def tail(log_file, lines=40):
    with open(log_file, encoding="utf8", errors="replace") as log:
        return "\n".join(log.read().splitlines()[-lines:])


def ended_badly(name, code, log_file):
    how = "no end within its time" if code is None else f"ended with {code}"
    return name, f"{how}; its output ends with:\n{tail(log_file)}"


def boost_program(path, label, prefix=(), environment=None):
    """One Boost.Test program; cases are counted from its JUnit report, which a crash leaves unwritten."""
    report = os.path.join(RESULTS, label + ".xml")
    log_file = os.path.join(RESULTS, label + ".log")
    if os.path.exists(report):
        os.unlink(report)
    code = run([*prefix, path, f"--logger=HRF,test_suite,stdout:JUNIT,message,{report}", "--color_output=no"], log_file,
               environment, 2 * TIMEOUT_S if prefix else TIMEOUT_S)
    tally = Tally()
    try:
        cases = list(xml.parse(report).getroot().iter("testcase"))
    except (OSError, xml.ParseError):
        with open(log_file, encoding="utf8", errors="replace") as log:
            tally.passed = len(re.findall(r'Leaving test case', log.read()))
        tally.failed.append(ended_badly(label, code, log_file))
        return tally
    for case in cases:
        name = f"{label}: {case.get('classname', '')}.{case.get('name')}".replace(": .", ": ")
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        skip = case.find("skipped")
        if wrong is not None:
            tally.failed.append((name, (wrong.text or wrong.get("message") or "").strip()))
        elif skip is not None:
            reason = re.search(r"- reason: '(.*)'", case.findtext("system-out") or "")
            tally.skipped.append((name, reason[1] if reason else "disabled in the source"))
        else:
            tally.passed += 1
    if code != 0 and not tally.failed:
        tally.failed.append(ended_badly(label, code, log_file))
    return tally


def package_suite(label):
    """The suite of the packages, one case after another, whose lines are the progress."""
    report = os.path.join(RESULTS, label + ".json")
    if os.path.exists(report):
        os.unlink(report)
    command = [sys.executable, "-u", os.path.join(ROOT, "tests", "python_suite.py"), PACKAGE_FOLDER, report]
    code = subprocess.run(command, check=False, timeout=4 * TIMEOUT_S, cwd=ROOT).returncode
    tally = Tally()
    try:
        with open(report, encoding="utf8") as text:
            tally.add_found(json.load(text))
    except (OSError, ValueError):
        tally.failed.append((label, f"ended with {code} and no report"))
    return tally


def without_address_randomisation():
    """GCC 12's thread sanitizer does not start on kernels with much address randomisation; setarch may be forbidden."""
    command = ["setarch", platform.machine(), "-R"]
    usable = shutil.which("setarch") and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    return command if usable else []


def programs_of(group):
    every = sorted(glob.glob(os.path.join(ROOT, "build", "dev", "bin", "test_*")))
    named = [name for names in PROGRAMS.values() for name in names]
    if group == "unit":
        return [path for path in every if os.path.basename(path) not in named]
    return [path for path in every if os.path.basename(path) in PROGRAMS.get(group, [])]


def suites_of(group):
    """(label, folder) of its Python suites; their classes are run by tests/python_suite.py, each in a process."""
    if group == "unit":
        folders = {os.path.dirname(path) for path in
                   glob.glob(os.path.join(ROOT, "tests", "**", "test_*.py"), recursive=True) +
                   glob.glob(os.path.join(ROOT, "tools", "**", "test_*.py"), recursive=True)}
        return [(os.path.relpath(folder, ROOT).replace(os.sep, "_"), folder) for folder in sorted(folders)
                if not (folder + os.sep).startswith((*INTEROP_FOLDERS, PACKAGE_FOLDER + os.sep))]
    names = {"interop": ["interop", "demo", "operator", "inspector", "crash", "cluster"], "crash": ["crash"], "cluster": ["cluster"]}
    return [(name, os.path.join(ROOT, "tests", name)) for name in names.get(group, [])]


class Run:
    """All tests of some groups in one schedule, and what they have found."""

    def __init__(self, groups):
        self._groups = groups
        self._schedule = Schedule(INTEROP_JOBS, PROCESSORS)
        self._suites = {}  # by label
        self._tallies = []
        self._took = []  # (seconds, what)
        self._is_built = True  # else what had not begun by then is not run, and that has been told

    def run(self, build):
        """Returns a Tally of all."""
        # Brokers keep little freed memory aside: some cases look at how much they use.
        brokers = {"ASAN_OPTIONS": "quarantine_size_mb=16:" + os.environ.get("ASAN_OPTIONS", "")}
        folders = dict(each for group in self._groups for each in suites_of(group))
        self._suites = {label: suite_of(folder, brokers) for label, folder in folders.items()}
        if build and any(group in WITH_PROGRAMS for group in self._groups):
            self._schedule.add(lambda _: self._build(), BUILDING)
        else:
            self._add_programs()
        self._add_classes(lambda each: not each.computes)
        self._add_ends()
        if "package" in self._groups:
            self._schedule.add(lambda _: self._timed("package", lambda: package_suite("package")), ALONE)
        self._schedule.run()
        for seconds, what in sorted(self._took, reverse=True)[:LONGEST_SHOWN]:
            print(f"test: of the longest: {what} ({seconds:.1f} s)")
        print("test: " + ", ".join(f"{seconds:.0f} s {kind}" for kind, seconds in self._schedule.took.items()), flush=True)
        total = Tally()
        for tally in self._tallies:
            total.add(tally)
        return total

    def _build(self):
        """Builds what is left, at a low priority, but before what is last in line; what computes is run from then on, the test programs first."""
        command = ["nice", "-n", "15", os.path.join(ROOT, "tools", "build"), "dev"]
        begun = time.monotonic()
        if subprocess.run(command, stdin=subprocess.DEVNULL, cwd=ROOT, check=False).returncode == 0:
            self._took.append((time.monotonic() - begun, "build of the test programs"))
            self._add_programs()
        else:
            tally = Tally()
            tally.failed.append(("build", "the test programs cannot be built; the compiler's words are above"))
            self._tallies.append(tally)
            self._is_built = False
            self._schedule.drop()
            self._add_ends()

    def _add_programs(self):
        """Each uses one processor. They begin before the classes that wait: what fails at all mostly fails here."""
        sanitizers = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:" + os.environ.get("ASAN_OPTIONS", ""),
                      "UBSAN_OPTIONS": "print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", "")}
        for path in [path for group in self._groups for path in programs_of(group)]:
            name = os.path.basename(path)
            kind, prefix = (PATIENT, LAST_IN_LINE if name == IN_PARTS else ["nice", "-n", "10"]) if name in PATIENT_PROGRAMS else (BESIDE, [])
            for part in range(PARTS if name == IN_PARTS else 1):
                shared = {"CAUSEWAY_PART": f"{part}/{PARTS}"} if name == IN_PARTS else {}
                self._add_program(f"{name}_{part + 1}" if part else name, path, prefix, {**sanitizers, **shared}, kind, part == 0)
        if "threads" in self._groups:
            suppressions = os.path.join(ROOT, "tests", "tsan.supp")
            options = {"TSAN_OPTIONS": f"suppressions={suppressions}:halt_on_error=0:exitcode=66"}
            for name in THREADED:
                self._add_program(name + TSAN, os.path.join(ROOT, "build", "tsan", "bin", name), without_address_randomisation(), options, BESIDE)
        self._add_classes(lambda each: each.computes)

    def _add_program(self, label, path, prefix, environment, kind, is_first_part=True):
        def test():
            tally = boost_program(path, label, prefix, environment)
            if not is_first_part:
                tally.passed = 0  # cases are counted once
            return tally
        self._schedule.add(lambda _: self._timed(label, test), kind, first=True)

    def _add_classes(self, wanted):
        every = [(label, suite, each) for label, suite in self._suites.items() for each in suite.classes if wanted(each)]
        for label, suite, each in sorted(every, key=lambda found: (not found[2].takes_long, -found[2].cases)):
            self._schedule.add(lambda ports, label=label, suite=suite, each=each: self._run_class(label, suite, each, ports), each.kind)

    def _add_ends(self):
        for label, suite in self._suites.items():
            self._schedule.add(lambda ports, label=label, suite=suite: self._end_suite(label, suite, ports), ALONE)

    def _run_class(self, label, suite, each, ports):
        begun = time.monotonic()
        suite.run_class(each, ports)
        self._took.append((time.monotonic() - begun, f"{label} {each.name}" + ("" if each.kind == BESIDE else f", {each.kind}")))

    def _end_suite(self, label, suite, ports):
        if suite.left and self._is_built:
            suite.found["failed"].append([label, f"{suite.left} classes were not run"])
        if (suite.folder + os.sep).startswith(INTEROP_FOLDERS):
            suite.try_failed_again(ports)  # the others look at no clock, and fail once and for all
        tally = Tally()
        tally.add_found(suite.found)
        self._told(label, tally)

    def _timed(self, label, test):
        print(f"test: {label} ...", flush=True)
        begun = time.monotonic()
        tally = test()
        self._took.append((time.monotonic() - begun, label))
        self._told(label, tally, f" ({self._took[-1][0]:.1f} s)")

    def _told(self, label, tally, how_long=""):
        print(f"test: {label}: {tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped{how_long}", flush=True)
        self._tallies.append(tally)


def main(groups, build):
    os.makedirs(RESULTS, exist_ok=True)
    os.environ.setdefault("CAUSEWAY_BIN", os.path.join(ROOT, "build", "dev", "bin"))
    total = Run(groups).run(build)
    for case, why in total.skipped:
        print(f"skipped: {case}: {why}")
    for case, why in total.unstable:
        print(f"UNSTABLE, a defect of the case or of the broker (it failed beside others and passed alone): {case}\n  " + why.replace("\n", "\n  "))
    for case, why in total.failed:
        print(f"FAILED: {case}\n  " + why.replace("\n", "\n  "))
    if groups == GROUPS:
        print("LEFT OUT: no data race was looked for: tools/test threads (thread sanitizer; a quarter of an hour)")
        print("LEFT OUT: the Debian packages were not built, installed or purged: tools/test package (root, network, up to an hour)")
    print(f"{total.passed} passed, {len(total.failed)} failed, {len(total.skipped)} skipped", flush=True)
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word != "--build"] or GROUPS
    sys.exit(main([group for group in GROUPS + NAMED_GROUPS if group in named], "--build" in sys.argv))
