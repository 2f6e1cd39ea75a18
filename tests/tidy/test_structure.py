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
    "actors/room/event_import.cpp",  # outliers, into the graph that the writer or a join gives it
    "actors/room/join_attempt.cpp",  # on a graph of its own
    "actors/room/room_machine.cpp",  # reads it from the store
}


class Structure(unittest.TestCase):
    def test_no_class_has_too_many_data_members(self):
        wrong, seen = [], {}
        for path in cpp.files(".hpp", ".cpp"):
            code = cpp.code_of(path)
            for block in cpp.blocks(code):
                name = cpp.class_name(block)
                if name is None:
                    continue
                count = sum(member.endswith("_") for member in cpp.data_members(code, block))  # of rows and options each one is read by name
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
            with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
                includes[path] = re.findall(r'^\s*#\s*include\s+"([^"]+)"', text.read(), re.M)
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
        self.assertEqual(circles, [])

    def test_the_graph_of_a_room_has_one_writer(self):
        wrong = []
        for path in cpp.files(".hpp", ".cpp", folders=("actors",)):
            if path in GRAPH_WRITERS or path.startswith("actors/room/room_graph."):
                continue
            for match in GRAPH_CHANGES.finditer(cpp.code_of(path)):
                wrong.append(f"{path}: {match[0]}...) belongs in event_writer")
        self.assertEqual(wrong, [])


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


if __name__ == "__main__":
    unittest.main()
