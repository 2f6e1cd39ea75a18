"""Crash points and mutants are in test builds only, and every one of them is somewhere in the product."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_source as cpp  # noqa: E402

HEADER = "messages/crash_point.hpp"
DEFINED = "CAUSEWAY_CRASH_POINTS"
# A constant expression has no effect, so it leaves nothing in the program.
WITHOUT = """
#include "messages/crash_point.hpp"
using namespace causeway::crash;
static_assert(!is_compiled_in);
static_assert(!is_mutant(mutant::none) && !is_mutant(mutant::tell_before_commit));
static_assert((pass(point::command_received), pass(point::receipt_after_commit), true));
"""


def read(path):
    with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
        return text.read()


def names_of(enum):
    return re.findall(r"^  (\w+),$", re.search(rf"enum class {enum} : std::uint8_t {{(.*?)}};", read(HEADER), re.S)[1], re.M)


class CrashPoints(unittest.TestCase):
    def compiles(self, text, *flags):
        done = subprocess.run(["g++", "-std=c++20", "-fsyntax-only", "-I.", *flags, "-x", "c++", "-"], input=text, capture_output=True, text=True,
                              cwd=cpp.ROOT, check=False)
        return done.returncode == 0, done.stderr

    def test_without_the_option_they_are_nothing_at_compile_time(self):
        fine, said = self.compiles(WITHOUT)
        self.assertTrue(fine, said)

    def test_with_the_option_they_are_something(self):
        self.assertFalse(self.compiles(WITHOUT, "-D" + DEFINED)[0])

    def test_only_the_preset_dev_asks_for_them(self):
        presets = json.loads(read("CMakePresets.json"))["configurePresets"]
        self.assertEqual([each["name"] for each in presets if DEFINED in each.get("cacheVariables", {})], ["dev"])

    def test_a_release_build_with_them_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["cmake", "-S", cpp.ROOT, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", f"-D{DEFINED}=ON"], capture_output=True, text=True,
                                  check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is for test builds", done.stderr)

    def test_every_name_is_used_outside_of_the_list(self):
        sources = "\n".join(read(path) for path in cpp.files(".hpp", ".cpp") if path != HEADER)
        for enum in ("point", "mutant"):
            for name in names_of(enum):
                if name != "none":
                    with self.subTest(name):
                        self.assertRegex(sources, rf"\b{name}\b")
