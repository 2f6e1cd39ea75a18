"""What the documents name exists: files, names in the code, options, commands of `causeway`, sections, codes of log lines. So do the files
that comments name. A document that names what is gone sends its reader looking for it."""

import functools
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cpp_source as cpp  # noqa: E402

# They tell what was, or what others have.
HISTORY = {"CHANGELOG.md"}
# Names that are examples, or of other programs: what is named so is not looked for.
OTHERS = {
    "README.md": {"talk.py"},
    "CONTRIBUTING.md": {"NOLINT", "docs", "misc"},
    "SECURITY.md": {"LimitCORE"},
    "LOG_LINES.md": {"media.db"},
    "ARCHITECTURE.md": {"media.db"},
    "config/manual/install.md": {"deb12", "deb13"},
    "config/manual/a-message-is-late.md": {"STAGED"},
    "plugin/inspector/page/vendor/README.md": {"sha256sum", "preact/standalone.module.js", "dist/uPlot.iife.min.js"},
    "tests/rooms/README.md": {"spec_literal"},
    "tools/clients/node/README.md": {"bot.mjs"},
}
FILE = re.compile(r"(?<![\w./*-])((?:[\w.-]+/)*[\w-]+(?:\.\w+)*\.(?:hpp|cpp|h|py|md|js|mjs))(?![\w/])")
QUOTED = re.compile(r"`([^`\n]+)`")


def read(path):
    with open(os.path.join(cpp.ROOT, path), encoding="utf8") as text:
        return text.read()


@functools.cache
def tree():
    """Files of the project: what is kept in version control, or, without it, what lies there but for what was built."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=cpp.ROOT, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return [path for path in listed.stdout.splitlines() if os.path.isfile(os.path.join(cpp.ROOT, path))]
    found = []
    for at, folders, names in os.walk(cpp.ROOT):
        folders[:] = [each for each in folders if each not in (".git", "build", "node_modules", "__pycache__")]
        found += [os.path.relpath(os.path.join(at, name), cpp.ROOT) for name in names]
    return found


def documents():
    return [path for path in tree() if path.endswith(".md") and path not in HISTORY]


def without_blocks(text):
    """A page without its blocks of code, which show what somebody types or sees; lines stay lines."""
    return re.sub(r"^ *```.*?^ *```", lambda block: "\n" * block[0].count("\n"), text, flags=re.S | re.M)


def page(path):
    """The text of a document. The glossary's table of words that were renamed holds what is gone."""
    return re.sub(r"^## Words renamed.*?(?=^## )", lambda part: "\n" * part[0].count("\n"), read(path), flags=re.S | re.M)


def is_others(word, path):
    return word in OTHERS.get(path, ())


def missing_files(text, known):
    """[(line, file)] of what is named and not there. `known` has each path with all its ends: `plugin/node.hpp`, `node.hpp`."""
    return [(n, name) for n, line in enumerate(text.splitlines(), 1) for name in FILE.findall(line)
            if name not in known and "NAME" not in name and name != "Node.js"]


@functools.cache
def known_files():
    return {"/".join(parts[i:]) for parts in (path.split("/") for path in tree()) for i in range(len(parts))}


@functools.cache
def known_words():
    """Every word of the sources and of the names of files."""
    words = set(re.findall(r"\w+", "\n".join(tree())))
    for path in tree():
        if path.endswith((".md", ".gz", ".png", ".ico")) or path.startswith(("tests/vectors/", "tests/fuzz/corpus/", "tests/tidy/test_references")) \
                or "/vendor/" in path:
            continue
        try:
            words.update(re.findall(r"\w+", read(path)))
        except UnicodeDecodeError:
            continue
    return words


@functools.cache
def options():
    """{section: its keys}, as the example of the configuration lists them all."""
    found, section = {}, None
    for line in read("config/causeway.toml.example").splitlines():
        if head := re.match(r"\[(\w+)\]$", line):
            section = found.setdefault(head[1], set())
        elif section is not None and (key := re.match(r"#?(\w+) = ", line)):
            section.add(key[1])
    return found


@functools.cache
def contract_names():
    """Commands and notifications of the contract, which are written like options: `room.join`."""
    return set(re.findall(r'\bname = "(\w+\.\w+)"', "\n".join(read(path) for path in tree() if path.startswith("messages/chat/") and path.endswith(".hpp"))))


def missing_options(text):
    wrong = []
    for n, line in enumerate(text.splitlines(), 1):
        for quoted in QUOTED.findall(line):
            for section, key in re.findall(rf"(?<![\w./-])({'|'.join(options())})\.([a-z_0-9]+)\b(?!\.\w|\()", quoted):
                name = f"{section}.{key}"
                if key not in options()[section] and name not in contract_names() and name not in known_files():
                    wrong.append((n, name))
    return wrong


@functools.cache
def commands():
    """Paths of the commands of `causeway`, from its table."""
    table = "\n".join(read(path) for path in tree() if re.match(r"tools/causeway/commands_of_\w+\.cpp$", path))
    return set(re.findall(r'\{"([a-z][a-z -]*)",\s*(?:see_what_is_wrong|look|steer|set_up),', table))


def missing_commands(text):
    """`causeway WORD...` in backticks, where no command begins so."""
    nouns = {each.split()[0] for each in commands() if " " in each}
    wrong = []
    for n, line in enumerate(text.splitlines(), 1):
        for words in re.findall(r"`causeway ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", line):
            first, _, second = words.partition(" ")
            if first in commands() or words in commands() or (first in nouns and not second):
                continue
            wrong.append((n, f"causeway {words}"))
    return wrong


def anchor(heading):
    """What a link to a heading ends with."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading.strip().lower())).replace(" ", "-")


class References(unittest.TestCase):
    def assert_none(self, wrong):
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_files_that_documents_name_exist(self):
        self.assert_none([f"{path}:{n}: {name}" for path in documents() for n, name in missing_files(page(path), known_files())
                          if not is_others(name, path)])

    def test_files_that_comments_name_exist(self):
        wrong = []
        for path in tree():
            if path.endswith((".hpp", ".cpp")):
                comments = "\n".join(line[line.find("//"):] if "//" in line else "" for line in read(path).splitlines())
                wrong += [f"{path}:{n}: {name}" for n, name in missing_files(comments, known_files())]
        self.assert_none(wrong)

    def test_names_that_documents_quote_stand_in_the_sources(self):
        wrong = []
        for path in documents():
            for n, line in enumerate(without_blocks(page(path)).splitlines(), 1):
                for word in re.findall(r"\w+", " ".join(QUOTED.findall(line))):
                    # A word that begins or ends with a line is part of one: `_burst`, `decode_*`.
                    if len(word) > 2 and not word.startswith("_") and not word.endswith("_") and "NAME" not in word \
                            and word not in known_words() and not is_others(word, path):
                        wrong.append(f"{path}:{n}: {word}")
        self.assert_none(wrong)

    def test_options_that_documents_name_exist(self):
        self.assertIn("inbox_retry_ms", options()["room"])
        self.assertIn("room.join", contract_names())
        self.assert_none([f"{path}:{n}: {name}" for path in documents() for n, name in missing_options(page(path)) if not is_others(name, path)])

    def test_commands_that_documents_name_exist(self):
        self.assertLessEqual({"room show", "why", "keys rotate"}, commands())
        self.assert_none([f"{path}:{n}: {name}" for path in documents() for n, name in missing_commands(page(path)) if name != "causeway ready"
                          and not name.startswith("causeway ready ")])

    def test_links_lead_somewhere(self):
        anchors = {path: {anchor(each) for each in re.findall(r"^#+ (.*)$", read(path), re.M)} for path in tree() if path.endswith(".md")}
        wrong = []
        for path in anchors:
            for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(read(path))):
                name, _, part = link.partition("#")
                to = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if "://" not in link and (not os.path.exists(os.path.join(cpp.ROOT, to)) or (part and part not in anchors.get(to, ()))):
                    wrong.append(f"{path}: {link}")
        self.assert_none(wrong)

    def test_codes_of_log_lines_that_are_named_exist(self):
        codes = set(re.findall(r"^### ([A-Z]\d{3}) ", read("LOG_LINES.md"), re.M))
        letters = "".join(sorted({code[0] for code in codes}))
        self.assertGreater(len(codes), 100)
        self.assert_none([f"{path}: {code}" for path in documents() for code in re.findall(rf"\b[{letters}]\d{{3}}\b", without_blocks(read(path)))
                          if code not in codes])

    def test_what_is_gone_is_found(self):
        self.assertEqual(missing_files("see `plugin/gone.cpp`, node.hpp, `*_rows.hpp`,\ngone.hpp", {"node.hpp"}), [(1, "plugin/gone.cpp"), (2, "gone.hpp")])
        self.assertEqual(missing_options("`room.inbox_retry_ms`, `room.gone_ms` and `room.join`"), [(1, "room.gone_ms")])
        self.assertEqual(missing_commands("`causeway room show X`, `causeway rooms`,\n`causeway room gone`, `causeway gone`"),
                         [(2, "causeway room gone"), (2, "causeway gone")])
        self.assertEqual(anchor("Who may `write`: an *actor's* way"), "who-may-write-an-actors-way")


if __name__ == "__main__":
    unittest.main()
