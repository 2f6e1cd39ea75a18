"""Every header of the product compiles alone: whoever includes it needs to know nothing else.

A unit of its own for each would compile the same headers some hundred times over. So a unit is a chain of headers, each of which
includes the one before it: a header sees nothing but what it includes itself, however far up the chain it stands. And a chain may
begin with a precompiled header, if its first header includes that: compiled once, it stands below many chains."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_source as cpp  # noqa: E402

# The last: the compiler does not collect garbage, there is little of it.
FLAGS = ["-std=c++20", "-w", "-DMSGPACK_NO_BOOST", "-I.", "-isystem/usr/include/postgresql", "--param=ggc-min-heapsize=1048576"]
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
_ANY_INCLUDE = re.compile(r"^#\s*include\b", re.M)


def read(path):
    with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
        return text.read()


def included(headers):
    """What each header includes, and what that includes, and so on: those of `headers` only."""
    direct = {}
    for path in headers:
        beside = os.path.dirname(path)
        direct[path] = {found for name in _INCLUDE.findall(read(path))
                        for found in (name, os.path.normpath(os.path.join(beside, name))) if found in headers}
    whole = {}
    for path in headers:
        seen, todo = set(), [path]
        while todo:
            more = direct[todo.pop()] - seen
            seen |= more
            todo += more
        whole[path] = seen - {path}
    return whole


def chains(whole):
    """All headers in chains, each header before one that includes it: as few of the large ones as can be at an end (a matching in
    the order of what they cost is the best one)."""
    includers = {path: [other for other in whole if path in whole[other]] for path in whole}
    follows = {}  # header -> the one before it

    def find_place(path, tried):
        for other in includers[path]:
            if other not in tried:
                tried.add(other)
                if other not in follows or find_place(follows[other], tried):
                    follows[other] = path
                    return True
        return False

    for path in sorted(whole, key=lambda each: -len(whole[each])):
        find_place(path, set())
    for end in sorted(whole.keys() - set(follows.values())):
        chain = [end]
        while chain[0] in follows:
            chain.insert(0, follows[chain[0]])
        yield chain


PRECOMPILED_MAX = 8


def below(path, precompiled, whole):
    """That of the precompiled headers which brings most of what a header includes, or None."""
    return max((each for each in precompiled if each in whole[path]), key=lambda each: len(whole[each]), default=None)


def to_precompile(whole):
    """Headers that many include, the most worthwhile first: each saves what it includes, wherever nothing larger is below."""
    chosen = []

    def saved(path):
        above = (len(whole[path]) - len(whole.get(below(each, chosen, whole), ())) for each in whole if path in whole[each])
        return sum(more for more in above if more > 0)

    while len(chosen) < PRECOMPILED_MAX:
        best = max((path for path in whole if path not in chosen), key=saved)
        if saved(best) < 8 * len(whole[best]):
            break
        chosen.append(best)
    return chosen


def units(whole, precompiled):
    """(the precompiled header below, or None; a chain of headers) for all of them."""
    for hub in [None, *precompiled]:
        group = {path for path in whole if below(path, precompiled, whole) == hub}
        for chain in chains({path: whole[path] & group for path in sorted(group)}):
            yield hub, chain


def precompile(compiler, path, folder):
    """Compiles a header to where `wrong_in` finds it; whether it could be compiled is the matter of its own chain."""
    copy = os.path.join(folder, path.replace("/", "_"))
    with open(copy, "w", encoding="utf8") as unit:
        unit.write(f'#include "{path}"\n')
    subprocess.run([compiler, *FLAGS, "-x", "c++-header", copy, "-o", copy + ".gch"], cwd=cpp.ROOT, capture_output=True, check=False)
    return copy


def wrong_in(compiler, chain, precompiled=None):
    """What the compiler says first of the headers of a chain, or None."""
    unit = "".join(f'#include "{path}"\n' for path in chain)
    before = ["-include", precompiled] if precompiled else []
    done = subprocess.run([compiler, *FLAGS, "-fsyntax-only", *before, "-x", "c++", "-"], cwd=cpp.ROOT, input=unit, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if "error:" in line] or [str(done.returncode)]
    return f"{chain[-1]}: {lines[0]}"


class Headers(unittest.TestCase):
    computes = True

    def setUp(self):
        self.compiler = os.environ.get("CXX") or shutil.which("g++")
        self.assertTrue(self.compiler, "a C++ compiler is needed: tools/install brings one")

    def test_each_compiles_alone(self):
        whole = included(set(cpp.files(".hpp")))
        hubs = to_precompile(whole)
        # Those that cost most first: one that begins last would run beside nothing.
        found = sorted(units(whole, hubs), key=lambda unit: -len(whole[unit[1][-1]]))
        self.assertEqual(sorted(path for _, chain in found for path in chain), sorted(whole))
        self.assertTrue(all(hub is None or hub in whole[path] for hub, chain in found for path in chain))
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool, tempfile.TemporaryDirectory() as folder:
            copies = dict(zip(hubs, pool.map(lambda path: precompile(self.compiler, path, folder), hubs)))
            wrong = [x for x in pool.map(lambda unit: wrong_in(self.compiler, unit[1], copies.get(unit[0])), found) if x]
        self.assertEqual(wrong, [])

    def test_a_chain_shows_a_header_only_what_it_includes(self):
        whole = {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"a", "c"}, "e": set()}
        found = list(chains(whole))
        self.assertEqual(len(found), 3)
        for chain in found:
            for before, after in zip(chain, chain[1:]):
                self.assertIn(before, whole[after])

    def test_code_stands_behind_what_a_header_includes(self):
        """Else it could go unseen that a header is included too late: its chain has brought it before."""
        wrong = []
        for path in cpp.files(".hpp"):
            lines = [number for number, line in enumerate(cpp.code_of(path).split("\n"), 1) if line.strip()]
            text = read(path)
            wrong += [f"{path}:{line}" for line in (text.count("\n", 0, at.start()) + 1 for at in _ANY_INCLUDE.finditer(text))
                      if lines and line > lines[0]]
        self.assertEqual(wrong, [])

    def test_a_header_that_lacks_one_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("a.hpp", "#include <string>\n"), ("b.hpp", '#include "a.hpp"\nstd::string b;\n'),
                               ("c.hpp", '#include "a.hpp"\nstd::string c();\ninline auto d = b;\n')):
                with open(os.path.join(folder, name), "w", encoding="utf8") as header:
                    header.write(text)
            paths = [os.path.join(folder, name) for name in ("a.hpp", "b.hpp", "c.hpp")]
            whole = included(set(paths))
            wrong = [wrong_in(self.compiler, chain) for chain in chains(whole)]
        self.assertEqual(len([x for x in wrong if x]), 1, wrong)
        self.assertIn("c.hpp:3", "".join(x for x in wrong if x))


if __name__ == "__main__":
    unittest.main()
