"""Files of one target may be compiled as one (CAUSEWAY_UNITY, as tools/test does) or each alone (as tools/bench does). What is local to a
file has a name no other file of the target uses: without this a clash is seen only where both fall into one batch, which every new file
shifts. And a file includes what it calls: its neighbour in the batch may have done so, and then only a build without batches fails."""

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

# Words before a parenthesis that are no function, and macros' pieces.
_KEYWORDS = {"void", "if", "for", "while", "switch", "return", "catch", "sizeof", "decltype", "alignof", "noexcept", "requires", "co_await", "int",
             "read", "write", "close"}  # and the system's
_BEFORE_A_CALL = {"return", "else", "throw", "co_return", "co_await", "case", "do", "not", "and", "or", "&&", "&", "*", ">"}
_CALLED = re.compile(r"(?<![\w.>:~])((?:\w+::)*)([a-z]\w*)\s*\(")
_DECLARED = re.compile(r"^[^()=]*?\b([a-z]\w*)\s*\(")


def functions_of(header):
    """name -> the namespaces of the functions that a header declares at namespace level."""
    found = {}
    for inside, head in _statements(header):
        if () in inside or head.startswith(("using", "typedef", "static_assert", "friend")) or _TYPE.match(head):
            continue
        match = _DECLARED.match(head)
        if match and "operator" not in head.split("(")[0] and match[1] not in _KEYWORDS:
            found.setdefault(match[1], set()).update("::".join(inside).split("::"))
    return found


def _declares(text, name):
    """Whether there is a declaration of this name in a file, of whatever kind."""
    if re.search(rf"[,\[]\s*&?{name}\s*[;,=\]]|\)\s*,\s*{name}\s*\(|\(\*{name}\)", text):  # one of several; a pointer
        return True
    typed = re.compile(rf"([\w>&*\]]+)\s+[&*]?(?:\w+::)*{name}\s*[({{=;:,)]")
    return any(found[1] not in _BEFORE_A_CALL for found in typed.finditer(text))


def not_included(sources):
    """(path, function, header) of each call of a function that a header declares which the calling file has not included, not even by
    another header. sources: path -> text; functions that a file or what it includes declares in any manner are not looked at. A file of
    the product is not told to include a header of the tests."""
    def read(path, name):
        return name if name in sources else os.path.normpath(os.path.join(os.path.dirname(path), name))

    includes = {path: [read(path, each) for each in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M)
                       if read(path, each) in sources] for path, text in sources.items()}
    bare = {path: _NOISE.sub(" ", text) for path, text in sources.items()}
    declared = {}
    for path, text in sources.items():
        if path.endswith(".hpp"):
            for name, spaces in functions_of(text).items():
                declared.setdefault(name, {})[path] = spaces
    wrong = []
    for path, text in sources.items():
        if not path.endswith(".cpp"):
            continue
        seen, left = set(), [path]
        while left:
            at = left.pop()
            if at not in seen:
                seen.add(at)
                left += includes[at]
        for qualifier, name in set(_CALLED.findall(bare[path])):
            headers = {each: spaces for each, spaces in declared.get(name, {}).items()
                       if path.startswith("tests/") or not each.startswith("tests/")}
            if qualifier:
                space = qualifier.split("::")[-2]
                headers = {each: spaces for each, spaces in headers.items() if space in spaces}
            if not headers or seen & set(headers):
                continue
            if not any(_declares(bare[each], name) for each in seen):
                wrong.append((path, name, min(headers)))
    return sorted(wrong)


def sources_under(tops):
    """path -> text of the C++ files under these folders."""
    found = {}
    for top in tops:
        for at, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                if name.endswith((".cpp", ".hpp")):
                    path = os.path.relpath(os.path.join(at, name), ROOT)
                    with open(os.path.join(ROOT, path), encoding="utf8") as text:
                        found[path] = text.read()
    return found


class Unity(unittest.TestCase):
    def test_names_local_to_a_file_are_its_own(self):
        owners = {}
        for top in TARGETS:
            for path, text in sources_under([top]).items():
                for each in local_names(text) if path.endswith(".cpp") else ():
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

    def test_a_file_includes_what_it_calls(self):
        wrong = [f"{path} calls {name}: include {header}"
                 for path, name, header in not_included(sources_under({each.split("/")[0] for each in TARGETS}))
                 if not path.startswith("tests/conformance/")]  # includes the client as it is installed
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_a_call_without_its_header_is_seen(self):
        header = "namespace a { bool is_little(int n); }"
        caller = 'namespace a { bool f() { return !is_little(3); } }'
        self.assertEqual(not_included({"a.hpp": header, "b.cpp": caller}), [("b.cpp", "is_little", "a.hpp")])
        between = {"a.hpp": header, "b.hpp": '#include "a.hpp"\n', "b.cpp": '#include "b.hpp"\n' + caller}
        self.assertEqual(not_included(between), [])
        self.assertEqual(not_included({"a.hpp": header, "b.cpp": "bool g(other x) { return x.is_little(3) || std::is_little(3); }"}), [])
        for other in "return is_little(4);", "if (n && is_little(4)) n = 5;", "f(n, is_little(4));", "// that is_little(4)\n":
            twice = "bool f(int n) { " + other + " return !is_little(n); }"
            self.assertEqual(not_included({"a.hpp": header, "b.cpp": twice}), [("b.cpp", "is_little", "a.hpp")], other)
        self.assertEqual(not_included({"a.hpp": header, "b.cpp": "for (auto& [x, is_little] : y) is_little(3);"}), [])
        self.assertEqual(not_included({"a.hpp": header, "b.cpp": "bool is_little(long n); bool g() { return is_little(3); }"}), [])


if __name__ == "__main__":
    unittest.main()
