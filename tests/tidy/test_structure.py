"""Bounds that keep the house readable: the size of classes and functions, no circle of includes, one writer of the graph."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_source as cpp  # noqa: E402

MEMBERS_MAX = 25
LINES_MAX = 80
# Classes that are larger still: each number may only become smaller, and the line goes when the class is within the bound.
LARGER = {}
LONGER = {}
# Who may call what changes a room's graph. The components have the room's state as a constant; these do not.
GRAPH_CHANGES = re.compile(r"\bgraph\s*\.\s*(add|add_history|add_outlier|end_history|replace|reset_to_join|rebuild_on_full_state|set_members_omitted|begin|load|mark_history)\s*\(")
GRAPH_WRITERS = {
    "actors/room/event_writer.hpp", "actors/room/event_writer.cpp",
    "actors/room/join_attempt.cpp",  # on a graph of its own
    "actors/room/outliers.cpp",  # into the graph that the writer or a join gives it
    "actors/room/room_machine.cpp",  # reads it from the store
}


# Folders whose classes are components: each has a test of its own, which includes its header and drives it without its machine. There is no exception.
COMPONENTS = ("actors/room", "actors/invitation", "actors/remote_server", "actors/directory", "actors/session", "actors/receipts")


def includes_of(path):
    with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
        return re.findall(r'^\s*#\s*include\s+"([^"]+)"', text.read(), re.M)


_CLASS = re.compile(r"^(?:template\s*<[^{;]*>\s*)?class\s+(?:\[\[\w+\]\]\s*)?\w+[^;{]*\{(.*?)^\};", re.M | re.S)
_OF_AN_INTERFACE = re.compile(r"\s*(?:public:\s*)?(?:virtual\b[^{}]*=\s*(?:0|default)\s*)?", re.S)


def has_component(code):
    """Whether a header has a class with a line of code: not one that says what others implement, and nothing else."""
    return any(not all(_OF_AN_INTERFACE.fullmatch(each) for each in body.split(";")) for body in _CLASS.findall(code))


def untested(headers, tested):
    """What is wrong with the tests of components. headers: path -> code; tested: the headers that tests include."""
    components = {path for path, code in headers.items() if has_component(code)}
    return [f"{path} has no test of its own: tests/actors/components/{os.path.basename(path)[:-4]}.cpp"
            for path in sorted(components - set(tested))]


def members_of(path, code, block):
    """How many data members are counted against a class. Of options each is read by name, and the file has them in one section."""
    members = cpp.data_members(code, block)
    return sum(member.endswith("_") for member in members) if path.startswith("config/") else len(members)


def circles_of(includes):
    """Ways along which headers (path -> what it includes) include themselves."""
    state, circles = {}, []

    def walk(path, way):
        state[path] = "open"
        for other in includes.get(path, ()):
            if state.get(other) == "open":
                circles.append(" -> ".join(way[way.index(other):] + [other]) if other in way else other)
            elif other not in state:
                walk(other, way + [other])
        state[path] = "done"

    for path in includes:
        if path not in state:
            walk(path, [path])
    return circles


def graph_changes(path, code):
    """What in that file changes the graph of a room and may not."""
    if path in GRAPH_WRITERS or path.startswith("actors/room/room_graph."):
        return []
    return [f"{path}: {match[0]}...) belongs in event_writer" for match in GRAPH_CHANGES.finditer(code)]


class Structure(unittest.TestCase):
    def test_no_class_has_too_many_data_members(self):
        wrong, seen = [], {}
        for path in cpp.files(".hpp", ".cpp"):
            code = cpp.code_of(path)
            for block in cpp.blocks(code):
                name = cpp.class_name(block)
                if name is None:
                    continue
                count = members_of(path, code, block)
                if count > LARGER.get(name, MEMBERS_MAX):
                    wrong.append(f"{path}: {name} has {count} data members, {LARGER.get(name, MEMBERS_MAX)} are allowed: take a component out")
                if name in LARGER:
                    seen[name] = count
        stale = [f"{name}: say {count}" for name, count in seen.items() if count < LARGER[name]]
        self.assertEqual(wrong + stale + sorted(set(LARGER) - set(seen)), [])

    def test_no_function_is_too_long(self):
        wrong, seen = [], {}
        for path in cpp.files(".hpp", ".cpp"):
            code = cpp.code_of(path)
            starts = cpp.line_starts(code)
            for block in cpp.blocks(code):
                name = cpp.function_name(block)
                if name is None:
                    continue
                lines = block.lines(starts)
                if lines > LONGER.get(name, LINES_MAX):
                    wrong.append(f"{path}: {name} has {lines} lines, {LONGER.get(name, LINES_MAX)} are allowed: give its steps names")
                if name in LONGER:
                    seen[name] = lines
        stale = [f"{name}: say {lines}" for name, lines in seen.items() if lines < LONGER[name]]
        self.assertEqual(wrong + stale + sorted(set(LONGER) - set(seen)), [])

    def test_no_headers_include_each_other(self):
        includes = {}
        for path in cpp.files(".hpp"):
            includes[path] = includes_of(path)
        self.assertEqual(circles_of(includes), [])

    def test_no_components_of_a_room_include_each_other(self):
        includes = {}
        for path in cpp.files(".hpp", ".cpp", folders=("actors/room",)):
            with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
                others = re.findall(r'^\s*#\s*include\s+"(actors/room/[^"]+)\.hpp"', text.read(), re.M)
            own = os.path.splitext(path)[0]
            includes.setdefault(own, set()).update(other for other in others if other != own)
        self.assertEqual(circles_of(includes), [])

    def test_the_graph_of_a_room_has_one_writer(self):
        wrong = []
        for path in cpp.files(".hpp", ".cpp", folders=("actors",)):
            wrong += graph_changes(path, cpp.code_of(path))
        self.assertEqual(wrong, [])


    def test_each_component_has_a_test_of_its_own(self):
        headers = {path: cpp.code_of(path) for path in cpp.files(".hpp", folders=COMPONENTS)}
        tested = {header for path in cpp.files(".cpp", folders=("tests/actors",)) for header in includes_of(path)}
        self.assertEqual(untested(headers, tested), [])


class CppSource(unittest.TestCase):
    """The checks see what they are about."""

    CODE = """
namespace a {
class wide : public base<int> {
public:
  explicit wide(int x) : one_(x) {}
  int f() const { return one_; }
  struct inner {
    int x = 0, y = 0;
  };
private:
  const int& one_;
  std::map<std::string, std::vector<int>> two_, three_;
  parts four_{one_, {1, 2}};
  static constexpr int limit = 5;
  std::function<void(int)> five_;
  bool six_ = false; ///< why
};
void long_one(int x,
              int y) {
  if (x) {
    y();
  }
}
} // namespace a
"""

    def test_members_are_counted(self):
        code = cpp.blanked(self.CODE)
        found = {cpp.class_name(b): cpp.data_members(code, b) for b in cpp.blocks(code) if cpp.class_name(b)}
        self.assertEqual(found["wide"], ["one_", "two_", "three_", "four_", "five_", "six_"])
        self.assertEqual(found["inner"], ["x", "y"])

    def test_functions_are_found(self):
        code = cpp.blanked(self.CODE)
        starts = cpp.line_starts(code)
        found = {cpp.function_name(b): b.lines(starts) for b in cpp.blocks(code) if cpp.function_name(b)}
        self.assertEqual(found, {"wide": 1, "f": 1, "long_one": 5})

    def test_plain_structs_are_counted_and_options_are_not(self):
        code = "struct many {\n" + "".join(f"  int m{i} = 0;\n" for i in range(30)) + "};\n"
        block = next(b for b in cpp.blocks(code) if cpp.class_name(b) == "many")
        self.assertEqual(members_of("actors/room/many.hpp", code, block), 30)
        self.assertEqual(members_of("config/many_options.hpp", code, block), 0)

    def test_a_circle_of_includes_is_found(self):
        self.assertEqual(circles_of({"a": ["b", "std"], "b": ["c"], "c": [], "d": ["a", "b"]}), [])
        self.assertEqual(circles_of({"a": ["b"], "b": ["c"], "c": ["d", "a"], "d": []}), ["a -> b -> c -> a"])
        self.assertEqual(circles_of({"a": ["b"], "b": ["c"], "c": ["b"]}), ["b -> c -> b"])
        self.assertEqual(circles_of({"a": ["a"]}), ["a -> a"])

    def test_an_interface_is_no_component_and_one_with_code_is(self):
        pure = "class a {\npublic:\n  virtual ~a() = default;\n  virtual int f(int x, const g& y) const = 0;\n};\n"
        self.assertFalse(has_component(pure))
        self.assertFalse(has_component("class a;\nstruct b {\n  int c;\n};\n"))
        for more in ("  int g() { return 1; }\n", "  int h_ = 0;\n", "  virtual int g();\n", "private:\n  int i_;\n"):
            self.assertTrue(has_component(pure.replace("};\n", more + "};\n")), more)
        self.assertTrue(has_component(pure + "template <class T>\nclass b {\n  T t_;\n};\n"))

    def test_a_component_without_a_test_is_found(self):
        headers = {"actors/room/a.hpp": "class [[nodiscard]] a {\n  int x_;\n};\n", "actors/room/b.hpp": "class b : public c {\n  int x_;\n};\n",
                   "actors/room/d.hpp": "class a;\nstruct d {\n};\n", "actors/room/e.hpp": "class e {\n  int x_;\n};\n"}
        self.assertEqual(untested(headers, {"actors/room/a.hpp"}),
                         [f"actors/room/{name}.hpp has no test of its own: tests/actors/components/{name}.cpp" for name in "be"])
        self.assertEqual(untested(headers, {"actors/room/a.hpp", "actors/room/b.hpp", "actors/room/e.hpp"}), [])

    def test_a_change_of_the_graph_outside_its_writer_is_found(self):
        code = cpp.blanked("void f() {\n  room_.graph.add(x); // room_.graph.replace(y)\n  room_.graph.find(id);\n  graph . mark_history (x);\n}\n")
        self.assertEqual(graph_changes("actors/room/redactions.cpp", code),
                         ["actors/room/redactions.cpp: graph.add(...) belongs in event_writer",
                          "actors/room/redactions.cpp: graph . mark_history (...) belongs in event_writer"])
        self.assertEqual(graph_changes("actors/room/event_writer.cpp", code), [])
        self.assertEqual(graph_changes("actors/room/room_graph.cpp", code), [])


if __name__ == "__main__":
    unittest.main()
