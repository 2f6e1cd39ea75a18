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


class SuiteRunner(unittest.TestCase):
    def report(self, files, *options):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                with open(os.path.join(folder, name), "w", encoding="utf8") as out:
                    out.write(text)
            report = os.path.join(folder, "report.json")
            done = subprocess.run([sys.executable, RUNNER, *options, folder, report], capture_output=True, text=True, timeout=60, check=False)
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

    def test_a_class_that_takes_its_process_along_has_failed(self):
        done, found = self.report({"test_crash.py": CRASH, "test_mixed.py": SUITE}, "--jobs", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("test_crash.Crash", [case for case, _ in found["failed"]])
        self.assertEqual(found["passed"], 2)


if __name__ == "__main__":
    unittest.main()
