"""Runs the unittest files of one folder and of the packages in it: python_suite.py FOLDER REPORT [WORD...]. With words only
the cases whose name has one of them. Prints a line per case and writes {"passed": n, "failed": [[case, why]],
"skipped": [[case, why]]}."""

import json
import os
import sys
import time
import unittest


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


def main(folder, report, words):
    sys.path.insert(0, folder)
    found = unittest.defaultTestLoader.discover(folder, pattern="test_*.py", top_level_dir=folder)
    result = Result()
    unittest.TestSuite(chosen(found, words)).run(result)
    # Parts of a case count as the one case they belong to.
    failed = {}
    for test, why in result.failures + result.errors:
        failed.setdefault(Result.name_of(getattr(test, "test_case", test)), []).append(why)
    failed = [[case, "\n".join(whys)] for case, whys in failed.items()]
    with open(report, "w", encoding="utf8") as out:
        json.dump({"passed": result.passed, "failed": failed,
                   "skipped": [[Result.name_of(test), why] for test, why in result.skipped]}, out)
    return 1 if failed else 0


if __name__ == "__main__":
    code = main(os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:])
    sys.stdout.flush()
    os._exit(code)  # threads of the harness must not keep the process
