"""Every line of the log has a code, and stands in LOG_LINES.md under that code with its level and text."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where a line is written, and which of its arguments is the text.
CALLS = re.compile(r"\bout_?\.log\(|\bspdlog::(?:debug|info|warn|error|critical)\(|\bnote\s*\{|\.log_error\(|(?<![\w.>])log\(")
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')


def arguments(text, at):
    """The arguments of a call whose opening bracket is at `at`."""
    depth, begin, quoted, found = 0, at + 1, False, []
    for i in range(at, len(text)):
        char = text[i]
        if quoted:
            quoted = char != '"' or text[i - 1] == "\\"
        elif char == '"':
            quoted = True
        elif char in "({[":
            depth += 1
        elif char in ")}]":
            depth -= 1
            if depth == 0:
                return found + [text[begin:i]]
        elif char == "," and depth == 1:
            found.append(text[begin:i])
            begin = i + 1
    return found


def texts_of(source):
    """The literals in the texts of the log lines of a file. A text that is put together gives its parts."""
    source = re.sub(r"//[^\n]*", "", source)
    found = []
    for call in CALLS.finditer(source):
        parts = arguments(source, call.end() - 1)
        name = call[0]
        first = 0 if "spdlog" in name or "log_error" in name else 1
        if name.startswith("log(") and parts and parts[0].strip() == "self":
            first = 2
        if first < len(parts):
            found += [each for each in LITERAL.findall(parts[first]) if each]
    return found


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf8") as text:
        return text.read()


def headings(page):
    """Code and text of each entry, as the sources have them."""
    return {f"{code} {text}" for code, text in re.findall(r"^### ([A-Z]\d{3}) \w+(?:, \w+)*(?: or \w+)?: (.*)$", page, re.M)}


def misplaced(page):
    """What is wrong with the order of the entries, and with the files of the table and of each entry."""
    wrong = []
    rows = {code: re.findall(r"`([^`]+)`", where) for code, where in re.findall(r"^\| ([A-Z]\d)xx \|[^|]*\| (.*) \|$", page, re.M)}
    for part in re.split(r"^## ", page, flags=re.M)[1:]:
        codes = re.findall(r"^### ([A-Z]\d{3}) ", part, re.M)
        wrong += [f"{code} stands behind {before}" for before, code in zip(codes, codes[1:]) if code < before]
    for code, where in re.findall(r"^### ([A-Z]\d{3}) [^\n]*\n+- where: ([^;\n]*)", page, re.M):
        for path in re.findall(r"`([a-z_]+/[a-z_/]+\.[ch]pp)`", where):
            if not any(path.startswith(row) for row in rows.get(code[:2], ())):
                wrong.append(f"{code}: {path} is not in the table")
            if not os.path.exists(os.path.join(ROOT, path)) or f'"{code} ' not in read(path):
                wrong.append(f"{code} is not in {path}")
    return wrong


class LogLines(unittest.TestCase):
    def test_entries_are_in_order_and_name_the_files_that_write_them(self):
        self.assertEqual(misplaced(read("LOG_LINES.md")), [])

    def test_an_entry_at_the_wrong_place_would_be_noticed(self):
        page = ("| N7xx | node | `actors/supervisor/` |\n\n## Node\n\n### N702 error: b\n\n- where: `actors/supervisor/supervisor.cpp`; no fields\n\n"
                "### N701 error: a\n\n- where: `actors/shell.cpp`; no fields\n\n### N703 error: c\n\n- where: `actors/supervisor/sweep.cpp`; no fields\n")
        self.assertEqual(misplaced(page), ["N701 stands behind N702", "N701: actors/shell.cpp is not in the table",
                                           "N703 is not in actors/supervisor/sweep.cpp"])

    def test_every_line_of_the_log_is_explained_under_its_code(self):
        page, found, missing = headings(read("LOG_LINES.md")), 0, []
        for top in ("actors", "plugin"):
            for at, _, names in os.walk(os.path.join(ROOT, top)):
                for name in names:
                    if not name.endswith((".cpp", ".hpp")):
                        continue
                    path = os.path.relpath(os.path.join(at, name), ROOT)
                    for text in texts_of(read(path)):
                        found += 1
                        if text not in page:
                            missing.append(f"{path}: {text}")
        self.assertEqual(missing, [])
        self.assertGreater(found, 80)

    def test_every_code_of_the_page_is_in_the_sources(self):
        sources = " ".join(read(os.path.relpath(os.path.join(at, name), ROOT)) for top in ("actors", "plugin")
                           for at, _, names in os.walk(os.path.join(ROOT, top)) for name in names if name.endswith((".cpp", ".hpp")))
        gone = [text for text in headings(read("LOG_LINES.md")) if f'"{text[:5]}' not in sources]
        self.assertEqual(gone, [])

    def test_no_code_is_used_twice(self):
        codes = re.findall(r"^### ([A-Z]\d{3}) ", read("LOG_LINES.md"), re.M)
        self.assertEqual(sorted(set(codes)), sorted(codes))

    def test_a_missing_text_would_be_noticed(self):
        self.assertEqual(texts_of('out_.log(log_level::info, done ? "one thing" : "another", {{"room", id}});'), ["one thing", "another"])
        self.assertEqual(texts_of('spdlog::warn("gateway: {}, {}", a, "b");'), ["gateway: {}, {}"])
        self.assertEqual(texts_of('write(note{log_level::error, std::string{what} + " stays", {}}, us);'), [" stays"])
        self.assertEqual(texts_of('log(self, log_level::error, "actor parked", key, why);'), ["actor parked"])


if __name__ == "__main__":
    unittest.main()
