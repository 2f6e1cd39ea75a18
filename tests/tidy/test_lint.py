"""The sources of the product are clean by clang-tidy, as .clang-tidy configures it. Without network the case is skipped; with CAUSEWAY_CI set, as
.ci/run does, it fails."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import cpp_source as cpp

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CANNOT_BE_HAD = 3
TYPEDEF = re.compile(r"\btypedef\b")


def lint(*files):
    """Exit code, findings, what it says besides; the case is skipped where the tool cannot be had."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "lint"), *files], capture_output=True, text=True)
    if done.returncode == CANNOT_BE_HAD:
        why = "THE SOURCES ARE NOT CHECKED BY CLANG-TIDY: " + done.stderr.strip()
        if os.environ.get("CAUSEWAY_CI"):
            raise AssertionError(why)
        raise unittest.SkipTest(why)
    return done.returncode, done.stdout, done.stderr


class Lint(unittest.TestCase):
    computes = True

    def test_clang_tidy_finds_nothing(self):
        code, findings, besides = lint()
        self.assertEqual((code, findings), (0, ""), findings[-20_000:] + besides[-2_000:])
        # A target whose files cannot be checked as one is checked file by file: that is right, and takes ten times as long.
        self.assertNotIn("cannot be taken together", besides)

    def test_names_of_types_are_given_with_using(self):
        wrong = [path for path in cpp.files(".hpp", ".cpp", folders=cpp.FOLDERS + ("tests",)) if TYPEDEF.search(cpp.code_of(path))]
        self.assertEqual(wrong, [])
        # At the beginning of a line as well, and not as a part of a name.
        self.assertTrue(TYPEDEF.search("int a;\ntypedef int b;\n"))
        self.assertFalse(TYPEDEF.search("int typedefs;\n"))

    def test_what_is_wrong_is_found(self):
        folder = os.path.join(ROOT, "build")
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", prefix="wrong_", suffix=".cpp", dir=folder) as source:
            source.write("void BadName(int* x) {\n  if (x == 0) return;\n}\n")
            source.flush()
            code, findings, _ = lint(source.name)
        self.assertEqual(code, 1)
        self.assertIn(":1:6: warning: invalid case style for function 'BadName' [readability-identifier-naming]", findings)
        self.assertIn(":2:12: warning: use nullptr [modernize-use-nullptr]", findings)


if __name__ == "__main__":
    unittest.main()
