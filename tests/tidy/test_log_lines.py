"""Every line of the log has a code, and stands in LOG_LINES.md under that code with its level and text."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Where a line is written, and which of its arguments is the text.
CALLS = re.compile(r"\bout_?\.log\(|\bspdlog::(?:debug|info|warn|error|critical)\(|\bnote\s*\{|\.complain\(|(?<![\w.>])log\(")
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
        first = 0 if "spdlog" in name or "complain" in name else 1
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


class LogLines(unittest.TestCase):
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
