"""tests/python_suite.py finds the same whether classes run one after another or beside each other, and misses nothing."""

import json
import os
import subprocess
import sys
import tempfile
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
# Each class says when it runs; those that want nobody, or few, beside them fail where others run.
DISTURBED = """
import os, time, unittest

HERE = os.path.dirname(__file__)

class Running(unittest.TestCase):
    apart_from = ()
    @classmethod
    def setUpClass(cls):
        cls.mark = os.path.join(HERE, "runs." + cls.__name__)
        open(cls.mark, "w").close()
        cls.addClassCleanup(os.unlink, cls.mark)
    def test_one(self):
        until = time.monotonic() + 1
        while time.monotonic() < until:
            found = {name.split(".")[1] for name in os.listdir(HERE) if name.startswith("runs.")}
            self.assertEqual(found & set(self.apart_from), set())
            time.sleep(0.01)

class Some(Running): pass
class Others(Running): takes_long = True
class Computing(Running): computes = True
class Quiet(Running):
    quiet = True
    apart_from = "Some", "Others", "Measuring", "Counting"
class AlsoQuiet(Quiet): pass
class Measuring(Running):
    alone = True
    apart_from = "Some", "Others", "Computing", "Quiet", "AlsoQuiet", "Counting"
class Counting(Measuring):
    apart_from = "Some", "Others", "Computing", "Quiet", "AlsoQuiet", "Measuring"
del Running
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
            done = subprocess.run([sys.executable, RUNNER, *options, folder, report], capture_output=True, text=True, timeout=60,
                                  check=False)
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

    def test_a_word_that_no_case_has_is_an_error_and_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "test_mixed.py"), "w", encoding="utf8") as out:
                out.write(SUITE)
            done = subprocess.run([sys.executable, RUNNER, folder, os.path.join(folder, "report"), "Mixd"], capture_output=True, text=True,
                                  timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("'Mixd'", done.stderr)

    def test_what_measures_time_waits_for_all_others(self):
        done, found = self.report({"test_disturbed.py": DISTURBED}, "--jobs", "4")
        self.assertEqual((done.returncode, found["passed"], found["failed"]), (0, 7, []), done.stdout)

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
