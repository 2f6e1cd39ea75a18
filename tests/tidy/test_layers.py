"""The layout's promises, checked: includes follow the one-way arrow, files name no place outside the project."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Who may include whom. Within plugin/ each folder is a library of its own; the node files alone know all of them.
MAY_USE = {
    "messages": {"messages"},
    "config": {"messages", "config"},
    "actors": {"messages", "config", "actors"},
    "plugin": {"messages", "config", "actors", "plugin"},
}
PLUGIN_PARTS = {"store", "gateway", "edge", "admin", "media", "inspector"}
# The pure folders: what must not be seen there at all.
FORBIDDEN = {
    "messages": r"<(caf|zmq|boost|curl|sqlite3|sys/socket|fstream|thread|chrono)",
    "config": r"<(caf|zmq|boost|curl|sqlite3|sys/socket|thread)",
    "actors": r"<(zmq|boost|curl|sqlite3|sys/socket|fstream|thread|random)",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+("([^"]+)"|<([^>]+)>)', re.M)


def sources(folder):
    for at, _, names in os.walk(os.path.join(ROOT, folder)):
        for name in names:
            if name.endswith((".hpp", ".cpp", ".h")):
                yield os.path.relpath(os.path.join(at, name), ROOT)


def includes(path):
    with open(os.path.join(ROOT, path), encoding="utf8") as text:
        for match in INCLUDE.finditer(text.read()):
            yield match[2], match[3], match[0]


class Layers(unittest.TestCase):
    def test_includes_follow_the_arrow(self):
        wrong = []
        for folder, allowed in MAY_USE.items():
            for path in sources(folder):
                for own, _, line in includes(path):
                    if own and own.split("/")[0] not in allowed:
                        wrong.append(f"{path}: {line.strip()}")
        self.assertEqual(wrong, [])

    def test_pure_folders_touch_no_world(self):
        wrong = []
        for folder, pattern in FORBIDDEN.items():
            for path in sources(folder):
                for _, _, line in includes(path):
                    if re.search(pattern, line):
                        wrong.append(f"{path}: {line.strip()}")
        self.assertEqual(wrong, [])

    def test_machines_know_no_actor_library(self):
        wrong = []
        for path in sources("actors"):
            if os.path.basename(path) in ("shell.hpp", "shell.cpp", "scheduling.hpp", "scheduling.cpp", "type_ids.hpp", "supervisor.cpp"):
                continue
            for _, system, line in includes(path):
                if system and system.startswith("caf/"):
                    wrong.append(f"{path}: {line.strip()}")
        self.assertEqual(wrong, [])

    def test_parts_of_the_plugin_folder_do_not_know_each_other(self):
        wrong = []
        for part in PLUGIN_PARTS:
            for path in sources(os.path.join("plugin", part)):
                for own, _, line in includes(path):
                    pieces = (own or "").split("/")
                    if pieces[0] == "plugin" and len(pieces) > 2 and pieces[1] != part:
                        wrong.append(f"{path}: {line.strip()}")
        self.assertEqual(wrong, [])

    def test_the_top_level_is_the_agreed_one(self):
        folders = {name for name in os.listdir(ROOT) if os.path.isdir(os.path.join(ROOT, name)) and not name.startswith(".")}
        self.assertEqual(folders - {"build"}, {"actors", "config", "messages", "plugin", "tests", "tools"})


if __name__ == "__main__":
    unittest.main()
