"""SECURITY.md says nothing that no test proves: every sentence about a door names its tests, and each of them exists."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What nobody can test: how to report, what is not promised.
WITHOUT_TESTS = {"How to report", "What is out of scope"}
REFERENCE = re.compile(r"`(tests/[\w/]+\.(?:cpp|py))`:((?:\s*`\w+`,?)+)")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf8") as text:
        return text.read()


def sections():
    """(title, text) of each second-level section, comments left out."""
    page = re.sub(r"<!--.*?-->", "", read("SECURITY.md"), flags=re.S)
    for part in re.split(r"^## ", page, flags=re.M)[1:]:
        title, _, text = part.partition("\n")
        yield title.strip(), text


def sentences(text):
    """The list items of a section, each on one line."""
    return [" ".join(item.split()) for item in re.split(r"^- ", text, flags=re.M)[1:]]


def has_case(path, case):
    if not os.path.isfile(os.path.join(ROOT, path)):
        return False
    if path.endswith(".py"):
        return re.search(rf"^\s+def {case}\(self", read(path), re.M) is not None
    return re.search(rf"(BOOST_(AUTO|FIXTURE)_TEST|CAUSEWAY_ENGINE)_CASE\({case}\b", read(path)) is not None


class SecurityPage(unittest.TestCase):
    def test_every_sentence_about_a_door_names_a_test(self):
        without = []
        for title, text in sections():
            if title in WITHOUT_TESTS:
                continue
            items = sentences(text)
            self.assertTrue(items, title)
            self.assertEqual(text.split("- ", 1)[0].strip(), "", f"{title}: a sentence outside of the list")
            without += [f"{title}: {item}" for item in items if not REFERENCE.search(item)]
        self.assertEqual(without, [])

    def test_every_named_test_exists(self):
        absent, named = [], 0
        for _, text in sections():
            for path, cases in REFERENCE.findall(" ".join(text.split())):
                for case in re.findall(r"`(\w+)`", cases):
                    named += 1
                    if not has_case(path, case):
                        absent.append(f"{path}: {case}")
        self.assertEqual(absent, [])
        self.assertGreater(named, 50)

    def test_a_name_of_no_test_would_be_noticed(self):
        self.assertFalse(has_case("tests/plugin/edge/edge.cpp", "roles_follow"))
        self.assertTrue(has_case("tests/plugin/edge/edge.cpp", "roles_follow_the_endpoint"))
        self.assertFalse(has_case("tests/plugin/edge/no_such_file.cpp", "roles_follow_the_endpoint"))
        self.assertFalse(has_case("tests/tidy/test_security_page.py", "test_every_named"))

    def test_every_door_has_its_section(self):
        titles = [title for title, _ in sections()]
        for door in ("A homeserver that shares no room with us", "A homeserver with a member in a room", "A chat server", "A gateway",
                     "The inspector", "The admin", "A local user of the machine", *WITHOUT_TESTS):
            self.assertIn(door, titles)


if __name__ == "__main__":
    unittest.main()
