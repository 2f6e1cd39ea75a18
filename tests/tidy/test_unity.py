"""Files of one target may be compiled as one (CAUSEWAY_UNITY, as tools/test does): what is local to a file has a name no other file of
the target uses. Without this a clash is seen only where both fall into one batch, which every new file shifts."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Folders of the targets that call causeway_unity in CMake: of the product, `tools/lint` takes all files of `plugin` together.
UNITY = ["actors", "config", "messages", "plugin", "tests/actors", "tests/clients", "tests/config", "tests/fuzz", "tests/messages",
         "tests/plugin/admin", "tests/plugin/edge", "tests/plugin/gateway", "tests/plugin/inspector", "tests/plugin/media",
         "tests/plugin/node", "tests/plugin/store", "tests/simulation", "tests/tools", "tools/causeway", "tools/clients/cpp"]
# And those of the tests that tools/lint takes together.
TARGETS = [*UNITY, "tests/bench"]

_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|^[ \t]*#(?:\\\n|[^\n])*', re.S | re.M)
_SUITE = re.compile(r"BOOST_AUTO_TEST_SUITE\s*\(\s*(\w+)[^)]*\)|BOOST_AUTO_TEST_SUITE_END\s*\(\s*\)")
_NAMESPACE = re.compile(r"^(?:inline\s+)?namespace\b\s*([\w:]*)$")
_TYPE = re.compile(r"^(?:template\s*<.*?>\s*)?(?:struct|class|enum(?:\s+class)?|union)\s+(\w+)", re.S)
_ALIAS = re.compile(r"^using\s+(\w+)\s*=")
_VALUE = re.compile(r"^(?:(?:inline|constexpr|const|static|thread_local|constinit)\s+)+[^=({]*?(\w+)\s*(?:\[[^\]]*\])?\s*(?:=|\{|;|$)", re.S)
_FUNCTION = re.compile(r"([\w~]+)\s*\((.*)\)[^()]*$", re.S)


def _statements(text):
    """(enclosing namespaces, beginning of a declaration) for all that stands at namespace level; () is the unnamed one."""
    text = _NOISE.sub(lambda found: " " if not found[0].startswith('"') else '""', text)
    text = _SUITE.sub(lambda found: f"namespace {found[1]} {{" if found[1] else "}", text)
    inside, begin, at = [], 0, 0
    while at < len(text):
        char = text[at]
        if char == ";":
            yield inside, " ".join(text[begin:at + 1].split())
            begin = at + 1
        elif char == "}":
            if inside:
                inside = inside[:-1]
            begin = at + 1
        elif char == "{":
            head = " ".join(text[begin:at].split())
            space = _NAMESPACE.match(head)
            if space:
                inside = [*inside, space[1] or ()]
                begin = at + 1
            else:
                depth, end = 1, at + 1
                while end < len(text) and depth:
                    depth += {"{": 1, "}": -1}.get(text[end], 0)
                    end += 1
                yield inside, head + " {"
                begin = at = end
                continue
        elif char == "(":  # a parenthesis may hold braces and semicolons
            depth, end = 1, at + 1
            while end < len(text) and depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            at = end
            continue
        at += 1


def local_names(text):
    """What is local to a file, each with its namespaces: functions with their parameters."""
    found = set()
    for inside, head in _statements(text):
        is_local = () in inside
        if not is_local and not re.match(r"(template\s*<.*?>\s*)?static\b", head):
            continue
        where = "::".join(each or "(unnamed)" for each in inside)
        kind = _TYPE.match(head) if head.endswith("{") else None
        match = kind or _ALIAS.match(head)
        if not match and (head.count("(") == 0 or re.match(r"^[^(]*=", head)):
            match = _VALUE.match(head)
        if match:
            found.add(f"{where}::{match[1]}")
            continue
        function = _FUNCTION.search(head[:-1].rstrip()) if head.endswith("{") else None
        if function and "=" not in head[:function.start()] and function[1] not in {"BOOST_AUTO_TEST_CASE", "BOOST_FIXTURE_TEST_CASE"}:
            types = ", ".join(re.sub(r"\s*(=.*)?$", "", re.sub(r"\b\w+\s*(?:=.*)?$", "", each.strip())) for each in function[2].split(","))
            found.add(f"{where}::{function[1]}({types})")
    return found


class Unity(unittest.TestCase):
    def test_names_local_to_a_file_are_its_own(self):
        owners = {}
        for top in TARGETS:
            for at, _, names in os.walk(os.path.join(ROOT, top)):
                for name in names:
                    path = os.path.relpath(os.path.join(at, name), ROOT)
                    if not name.endswith(".cpp"):
                        continue
                    with open(os.path.join(ROOT, path), encoding="utf8") as text:
                        for each in local_names(text.read()):
                            owners.setdefault((top, each), []).append(path)
        wrong = sorted(f"{each}: {', '.join(sorted(paths))}" for (_, each), paths in owners.items() if len(paths) > 1)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_what_clashes_is_seen(self):
        first = """namespace a { namespace { constexpr int most = 3; struct row { int x; }; int twice(int n) { return n * most; }
                   using list = std::vector<row>; template <class T> void each(T x) { if (x) { } } } }"""
        names = local_names(first)
        self.assertEqual(names, {"a::(unnamed)::most", "a::(unnamed)::row", "a::(unnamed)::twice(int)", "a::(unnamed)::list",
                                 "a::(unnamed)::each(T)"})
        suite = "BOOST_AUTO_TEST_SUITE(here) namespace { struct row {}; } BOOST_AUTO_TEST_CASE(one) { } BOOST_AUTO_TEST_SUITE_END()"
        self.assertEqual(local_names(suite), {"here::(unnamed)::row"})
        self.assertEqual(local_names("static int count = 0; int shared() { return count; }"), {"::count"})


if __name__ == "__main__":
    unittest.main()
