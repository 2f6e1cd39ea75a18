"""The sources are laid out as tools/format does. Without network the case is skipped; with CAUSEWAY_CI set, as .ci/run
does, it fails. The formatter breaks no comments, so the length of lines is looked at besides."""

import os
import subprocess
import unittest

import cpp_source as cpp

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CANNOT_BE_HAD = 3
COLUMNS_MAX = 120


def too_long(source):
    """Numbers of the lines with more columns, texts not counted: they cannot be broken everywhere."""
    code = cpp.without_texts(source)
    return [number for number, line in enumerate(code.split("\n"), 1) if len(line) > COLUMNS_MAX]


class Format(unittest.TestCase):
    def test_sources_are_laid_out_by_the_formatter(self):
        done = subprocess.run([os.path.join(ROOT, "tools", "format"), "--check"], capture_output=True, text=True)
        if done.returncode == CANNOT_BE_HAD:
            why = "THE LAYOUT IS NOT CHECKED: " + done.stderr.strip()
            if os.environ.get("CAUSEWAY_CI"):
                self.fail(why)
            self.skipTest(why)
        wrong = sorted({line.split(":")[0] for line in done.stderr.splitlines() if ": error:" in line})
        self.assertEqual(wrong, [], "tools/format lays them out\n" + done.stderr[-500:])

    def test_no_line_is_too_long(self):
        wrong = []
        for path in cpp.files(".hpp", ".cpp", ".h", folders=cpp.FOLDERS + ("tests",)):
            with open(os.path.join(ROOT, path), encoding="utf8") as source:
                wrong += [f"{path}:{number}" for number in too_long(source.read())]
        self.assertEqual(wrong, [], f"at most {COLUMNS_MAX} columns")

    def test_a_long_comment_is_found_and_a_long_text_is_not(self):
        self.assertEqual(too_long("int a;\n// " + "word " * 30), [2])
        self.assertEqual(too_long('f("' + "word " * 30 + '");  // short\n'), [])
        self.assertEqual(too_long('f(R"({"a": 1\n' + "word " * 30 + ')");\nint b; // ' + "word " * 30), [3])


if __name__ == "__main__":
    unittest.main()
