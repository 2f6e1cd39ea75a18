"""Each code of the table of faults (messages/fault.cpp, CONTRACT.md "Faults") comes out somewhere and is seen by a test.

A test sees a code by its name (`fault_code::NAME`, or "NAME" as the chat server reads it) or by its Matrix errcode,
where no other code has the same one; a test that looks at the table alone sees none."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = ("messages", "config", "actors", "plugin", "tools")
TABLE = ("messages/fault.hpp", "messages/fault.cpp")
# They look at every row, or at words that happen to be codes.
NO_PROOF = ("tests/messages/fault.cpp", "tests/messages/chat/bodies.cpp", "tests/tidy", "tests/vectors",
            "tests/fuzz/corpus")
# Told by nobody yet: what they are for is not built. Whoever builds it takes the code out of here.
UNUSED = set()
ROW = re.compile(r'fault_info\{\s*(\w+),\s*"(\w+)",\s*"(\w*)"')


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf8", errors="replace") as text:
        return text.read()


def files(folders, left_out):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                path = os.path.relpath(os.path.join(where, name), ROOT)
                if name.endswith((".cpp", ".hpp", ".py")) and not path.startswith(left_out):
                    yield path


def table():
    """{code: Matrix errcode, or "" where another code has it too}"""
    rows = [(code, errcode) for code, _, errcode in ROW.findall(read("messages/fault.cpp")) if code != "none"]
    shared = {errcode for _, errcode in rows if sum(errcode == other for _, other in rows) > 1}
    return {code: "" if errcode in shared else errcode for code, errcode in rows}


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def lacking(text, code, errcode):
    """What of a code's names is not in the text."""
    if re.search(rf"\bfault_code::{code}\b|[\"']{code}[\"':]", text):
        return False
    return not (errcode and re.search(rf"\b{errcode}\b", text))


class Faults(unittest.TestCase):
    def test_every_code_is_told_by_somebody(self):
        sources = (path for path in files(SOURCES, TABLE) if path.endswith("pp"))
        told = "\n".join(without_comments(read(path)) for path in sources)
        unused = {code for code in table() if not re.search(rf"\bfault_code::{code}\b", told)}
        self.assertEqual(unused - UNUSED, set(), "nobody tells these")

    def test_every_code_is_seen_by_a_test(self):
        seen = "\n".join(without_comments(read(path)) if path.endswith("pp") else read(path)
                         for path in files(["tests"], NO_PROOF))
        unseen = {code for code, errcode in table().items() if lacking(seen, code, errcode)}
        self.assertEqual(unseen - UNUSED, set(), "no test sees these")

    def test_every_code_is_in_the_contract(self):
        page = read("messages/chat/CONTRACT.md")
        begin = page.index("<!-- printed: faults -->")
        printed = set(re.findall(r"^\| `(\w+)` \|", page[begin:page.index("<!-- /printed -->", begin)], re.M))
        self.assertEqual(printed, set(table()))

    def test_a_code_that_no_test_sees_is_found(self):
        self.assertTrue(lacking('fault_code::not_found, "not_member", M_FORBIDDEN', "conflict", ""))
        self.assertFalse(lacking("fault_code::conflict", "conflict", ""))
        self.assertFalse(lacking('== "conflict"', "conflict", ""))
        self.assertTrue(lacking("M_LIMIT", "limit_exceeded", "M_LIMIT_EXCEEDED"))
        self.assertFalse(lacking("'M_BAD_JSON'", "bad_json", "M_BAD_JSON"))


if __name__ == "__main__":
    unittest.main()
