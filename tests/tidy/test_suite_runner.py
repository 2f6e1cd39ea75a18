"""tests/python_suite.py finds the same whether classes run one after another or beside each other, and misses nothing."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

RUNNER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python_suite.py")

SUITE = """
import os, unittest

class Mixed(unittest.TestCase):
    def test_good(self): pass
    def test_bad(self): self.assertEqual(1, 2)
    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number): self.assertEqual(number % 2, 0)
    @unittest.skip("not today")
    def test_skipped(self): pass

class WithoutSetUp(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("no set-up")
    def test_one(self): pass

class WithoutPeer(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest("no peer")
    def test_one(self): pass

class Alone(unittest.TestCase):
    alone = True
    def test_good(self): pass
"""
CRASH = """
import os, unittest

class Crash(unittest.TestCase):
    def test_one(self): pass
    def test_two(self): os._exit(3)
"""
# A class that measures time, and fails while somebody computes.
MEASURING = """
import fcntl, os, unittest

class Other(unittest.TestCase):
    def test_one(self): pass

class Measuring(unittest.TestCase):
    alone = True
    def test_nobody_computes(self):
        with open(os.environ["CAUSEWAY_BUSY"]) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
"""

# Fails the first time only, as a case does for which the machine was too busy.
HASTY = """
import os, unittest

class Hasty(unittest.TestCase):
    def test_one(self):
        seen = os.path.join(os.path.dirname(__file__), "seen")
        if not os.path.exists(seen):
            open(seen, "w").close()
            self.fail("too late")
    def test_two(self): pass
"""
BAD = """
import unittest

class Bad(unittest.TestCase):
"""


class SuiteRunner(unittest.TestCase):
    def report(self, files, *options):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                with open(os.path.join(folder, name), "w", encoding="utf8") as out:
                    out.write(text)
            report = os.path.join(folder, "report.json")
            quiet = {key: value for key, value in os.environ.items() if key != "CAUSEWAY_BUSY"}  # whatever this suite runs beside
            done = subprocess.run([sys.executable, RUNNER, *options, folder, report], capture_output=True, text=True, timeout=60,
                                  check=False, env=quiet)
            with open(report, encoding="utf8") as text:
                return done, json.load(text)

    def test_beside_each_other_or_not_the_same_is_found(self):
        files = {"test_mixed.py": SUITE, "test_broken.py": "import nothing_of_that_name"}
        (one, alone), (many, together) = self.report(files), self.report(files, "--jobs", "3")
        self.assertEqual((one.returncode, many.returncode), (1, 1))
        self.assertEqual((alone["passed"], together["passed"]), (2, 2))
        for found in alone, together:
            self.assertEqual({case for case, _ in found["failed"]},
                             {"Mixed.test_bad", "Mixed.test_parts", "_FailedTest.test_broken", "setUpClass (test_mixed.WithoutSetUp)"})
            self.assertEqual({tuple(each) for each in found["skipped"]},
                             {("Mixed.test_skipped", "not today"), ("setUpClass (test_mixed.WithoutPeer)", "no peer")})

    def test_what_measures_time_waits_for_what_computes(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "test_measuring.py"), "w", encoding="utf8") as out:
                out.write(MEASURING)
            busy, report = os.path.join(folder, "busy"), os.path.join(folder, "report.json")
            with open(busy, "w", encoding="utf8") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                child = subprocess.Popen([sys.executable, RUNNER, "--jobs", "2", folder, report], stdout=subprocess.PIPE, text=True,
                                         env={**os.environ, "CAUSEWAY_BUSY": busy})
                for line in child.stdout:
                    if "classes left: 1" in line:
                        break
                time.sleep(2)  # in which a class that did not wait would run and fail
            child.communicate(timeout=60)
            with open(report, encoding="utf8") as text:
                found = json.load(text)
        self.assertEqual((child.returncode, found["passed"], found["failed"]), (0, 2, []))

    def test_a_class_that_takes_its_process_along_has_failed(self):
        done, found = self.report({"test_crash.py": CRASH, "test_mixed.py": SUITE}, "--jobs", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("test_crash.Crash", [case for case, _ in found["failed"]])
        self.assertEqual(found["passed"], 2)

    def test_what_passes_alone_is_told_with_what_it_said_before(self):
        done, found = self.report({"test_hasty.py": HASTY}, "--jobs", "2")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual((found["passed"], found["failed"]), (2, []))
        [[case, why]] = found["unstable"]
        self.assertEqual(case, "Hasty.test_one")
        self.assertIn("too late", why)

    def test_what_fails_twice_has_failed_and_of_many_none_is_tried_again(self):
        for number in (1, 4, 5):
            bad = BAD + "".join(f"    def test_{each}(self): self.fail('always')\n" for each in range(number))
            files = {"test_bad.py": bad, "test_hasty.py": HASTY}
            done, found = self.report(files, "--jobs", "2")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(found["unstable"]), 1 if number == 1 else 0, found)
            self.assertEqual(len(found["failed"]), number if number == 1 else number + 1)


if __name__ == "__main__":
    unittest.main()
