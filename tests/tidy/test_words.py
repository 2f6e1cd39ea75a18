"""Words: users are "they" (GLOSSARY.md, CONTRIBUTING.md), and a word that was renamed does not come back."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_source as cpp  # noqa: E402

HE_OR_SHE = re.compile(r"\b(?:he|him|his|himself|she|her|hers|herself)\b", re.I)
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "LOG_LINES.md", "README.md", "SECURITY.md", "messages/chat/CONTRACT.md",
             "config/causeway.toml.example")
# Old words of the glossary that live on: as a member of something else, or as the note there says.
LEFT = {"writes_"}


def read(path):
    with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
        return text.read()


def renamed():
    """Names in the left column of the glossary's table of words that were renamed."""
    part = re.search(r"^## Words renamed.*?\n(.*?)(?=^## |\Z)", read("GLOSSARY.md"), re.S | re.M)[1]
    old = [line.split("|")[1] for line in part.splitlines() if line.startswith("|") and not re.match(r"\| *(?:old|-)", line)]
    return {name for cell in old for name in re.findall(r"`(\w+_\w*)`", cell)}


class Words(unittest.TestCase):
    def test_users_are_they(self):
        wrong = []
        for path in [*cpp.files(".hpp", ".cpp", folders=("messages", "config", "actors", "plugin")), *DOCUMENTS]:
            wrong += [f"{path}:{n}: {line.strip()}" for n, line in enumerate(read(path).splitlines(), 1) if HE_OR_SHE.search(line)]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_renamed_words_do_not_come_back(self):
        gone = renamed() - LEFT
        self.assertGreater(len(gone), 10)
        back = re.compile(rf"\b(?:{'|'.join(sorted(gone))})\b")
        wrong = [f"{path}: {match[0]}" for path in cpp.files(".hpp", ".cpp") for match in back.finditer(cpp.code_of(path))]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
