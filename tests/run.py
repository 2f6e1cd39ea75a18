#!/usr/bin/python3
"""Runs what tools/test has built and counts cases: tests/run.py [GROUP...].

Prints every failed case with the end of its output, every unstable one (tests/python_suite.py) with what it said when it failed, every
skipped one with its reason, and last, alone on a line, `N passed, N failed, N skipped`. Exit code 1 when anything failed.
"""

import concurrent.futures
import fcntl
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

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.path.join(ROOT, "build", "results")

# Programs of the dev build by group; those not named here are unit tests.
PROGRAMS = {"actors": ["test_actors", "test_node"], "simulation": ["test_simulation"]}
# What runs threads without CAF, under the thread sanitizer: the group threads.
THREADED = ["test_store", "test_gateway", "test_edge"]
TSAN = "_tsan"
GROUPS = ["unit", "actors", "simulation", "interop"]
# Only where they are named: package needs root and many minutes, threads a build of its own, crash and cluster are parts of interop.
NAMED_GROUPS = ["threads", "package", "crash", "cluster"]
PACKAGE_FOLDER = os.path.join(ROOT, "tests", "package")
PROCESSORS = len(os.sched_getaffinity(0))
# What computes for minutes and looks at no clock: it gets the processor time that is left by what waits for servers and peers.
PATIENT = ["test_simulation", "test_actors"]
LAST_IN_LINE = ["nice", "-n", "15"]
# Classes of the interop suite at the same time: most of them wait for others more than they compute.
INTEROP_JOBS = int(os.environ.get("INTEROP_JOBS", PROCESSORS + 1))
# Suites with whole brokers in them: the group interop.
INTEROP_FOLDERS = tuple(os.path.join(ROOT, "tests", name) + os.sep for name in ("interop", "demo", "inspector", "operator", "crash", "cluster"))
TIMEOUT_S = 2400  # of one program; the interop suite with two kinds of real peers takes the longest


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
               environment, 2 * TIMEOUT_S if prefix == LAST_IN_LINE else TIMEOUT_S)
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


def python_suite(folder, label, jobs=1, seconds=TIMEOUT_S):
    """unittest files of a folder, run by tests/python_suite.py, `jobs` classes at a time."""
    report = os.path.join(RESULTS, label + ".json")
    if os.path.exists(report):
        os.unlink(report)
    command = [sys.executable, "-u", os.path.join(ROOT, "tests", "python_suite.py"), "--jobs", str(jobs), folder, report]
    # Long suites: their lines are the progress. Brokers keep little freed memory aside: some cases look at how much they use.
    environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16:" + os.environ.get("ASAN_OPTIONS", "")}
    code = subprocess.run(command, check=False, timeout=seconds, cwd=ROOT, env=environment).returncode
    tally = Tally()
    try:
        with open(report, encoding="utf8") as text:
            found = json.load(text)
    except (OSError, ValueError):
        tally.failed.append((label, f"ended with {code} and no report"))
        return tally
    tally.passed = found["passed"]
    tally.failed = [tuple(each) for each in found["failed"]]
    tally.skipped = [tuple(each) for each in found["skipped"]]
    tally.unstable = [tuple(each) for each in found.get("unstable", [])]
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


def tests_of(group):
    """(label, function that returns a Tally) in the order they run."""
    out = []
    sanitizers = {"ASAN_OPTIONS": "detect_stack_use_after_return=1:" + os.environ.get("ASAN_OPTIONS", ""),
                  "UBSAN_OPTIONS": "print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", "")}
    for path in programs_of(group):
        name = os.path.basename(path)
        prefix = LAST_IN_LINE if name in PATIENT else []
        out.append((name, lambda path=path, name=name, prefix=prefix: boost_program(path, name, prefix, sanitizers)))
    if group == "unit":
        folders = {os.path.dirname(path) for path in
                   glob.glob(os.path.join(ROOT, "tests", "**", "test_*.py"), recursive=True) +
                   glob.glob(os.path.join(ROOT, "tools", "**", "test_*.py"), recursive=True)}
        for folder in sorted(folders):
            if not (folder + os.sep).startswith((*INTEROP_FOLDERS, PACKAGE_FOLDER + os.sep)):
                label = os.path.relpath(folder, ROOT).replace(os.sep, "_")
                jobs = PROCESSORS if label == "tests_conformance" else 1  # a class per language, each of which waits for its own
                out.append((label, lambda folder=folder, label=label, jobs=jobs: python_suite(folder, label, jobs)))
    if group == "threads":
        suppressions = os.path.join(ROOT, "tests", "tsan.supp")
        options = {"TSAN_OPTIONS": f"suppressions={suppressions}:halt_on_error=0:exitcode=66"}
        for name in THREADED:
            path = os.path.join(ROOT, "build", "tsan", "bin", name)
            out.append((name + TSAN, lambda path=path, name=name: boost_program(path, name + TSAN, without_address_randomisation(), options)))
    if group == "interop":
        out.append(("interop", lambda: python_suite(os.path.join(ROOT, "tests", "interop"), "interop", INTEROP_JOBS)))
        out.append(("demo", lambda: python_suite(os.path.join(ROOT, "tests", "demo"), "demo", PROCESSORS)))
        out.append(("operator", lambda: python_suite(os.path.join(ROOT, "tests", "operator"), "operator", PROCESSORS)))
        out.append(("inspector", lambda: python_suite(os.path.join(ROOT, "tests", "inspector"), "inspector", PROCESSORS)))
    if group in ("interop", "crash"):
        out.append(("crash", lambda: python_suite(os.path.join(ROOT, "tests", "crash"), "crash", INTEROP_JOBS)))
    if group in ("interop", "cluster"):
        out.append(("cluster", lambda: python_suite(os.path.join(ROOT, "tests", "cluster"), "cluster", INTEROP_JOBS)))
    if group == "package":
        out.append(("package", lambda: python_suite(PACKAGE_FOLDER, "package", seconds=4 * TIMEOUT_S)))
    return out


def timed(group, label, test):
    print(f"test: {group}: {label} ...", flush=True)
    begun = time.monotonic()
    tally = test()
    print(f"test: {group}: {label}: {tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped "
          f"({time.monotonic() - begun:.1f} s)", flush=True)
    return tally


def compute(patient, lock_file):
    """Runs what is patient. Until it has ended, classes that measure time do not begin: python_suite.py waits for the lock."""
    with open(lock_file, "w", encoding="utf8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with concurrent.futures.ThreadPoolExecutor(max_workers=PROCESSORS) as pool:
            return list(pool.map(lambda each: timed(*each), patient))


def main(groups):
    os.makedirs(RESULTS, exist_ok=True)
    os.environ.setdefault("CAUSEWAY_BIN", os.path.join(ROOT, "build", "dev", "bin"))
    total = Tally()
    # Programs use one processor each. The interop suite sees to its own and comes last, beside what is patient.
    last = [group for group in ("interop", "crash", "cluster", "package") if group in groups]
    beside = [(group, label, test) for group in groups if group not in last for label, test in tests_of(group)]
    patient = sorted((each for each in beside if each[1] in PATIENT), key=lambda each: PATIENT.index(each[1]))
    with concurrent.futures.ThreadPoolExecutor(max_workers=PROCESSORS) as pool, concurrent.futures.ThreadPoolExecutor() as background:
        os.environ["CAUSEWAY_BUSY"] = os.path.join(RESULTS, "busy.lock")
        computed = background.submit(compute, patient, os.environ["CAUSEWAY_BUSY"])
        for tally in pool.map(lambda each: timed(*each), [each for each in beside if each not in patient]):
            total.add(tally)
        for group in last:
            for label, test in tests_of(group):
                total.add(timed(group, label, test))
        for tally in computed.result():
            total.add(tally)
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
    sys.exit(main([group for group in GROUPS + NAMED_GROUPS if group in (sys.argv[1:] or GROUPS)]))
