"""What the checks of this folder need to know of C++: code without comments and texts, its blocks, its classes."""

import bisect
import functools
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("messages", "config", "actors", "plugin", "tools")

_TEXT = re.compile(r"""//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""", re.S)


def files(*suffixes, folders=FOLDERS):
    """Paths of the product's sources, relative to the project."""
    for folder in folders:
        for at, _, names in sorted(os.walk(os.path.join(ROOT, folder))):
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(at, name), ROOT)


@functools.cache
def code_of(path):
    """The code of a file: comments and texts are blanks, lines stay lines."""
    with open(os.path.join(ROOT, path), encoding="utf8") as text:
        return blanked(text.read())


def blanked(text):
    def blank(match):
        return "".join(c if c == "\n" else " " for c in match[0])

    return re.sub(r"^[ \t]*#.*(?:\\\n.*)*$", blank, _TEXT.sub(blank, text), flags=re.M)


def without_texts(source):
    """The source with its comments and without what its texts say; lines stay lines."""

    def emptied(match):
        return match[0] if match[0].startswith(("//", "/*")) else '""' + "\n" * match[0].count("\n")

    return _TEXT.sub(emptied, source)


class Block:
    """Something between braces. `head` is the code before it, from the end of what came before."""

    def __init__(self, head, start, end, inside):
        self.head, self.start, self.end, self.inside = head, start, end, inside

    def lines(self, starts):
        return bisect.bisect(starts, self.end) - bisect.bisect(starts, self.start) + 1


def line_starts(code):
    return [0] + [m.end() for m in re.finditer("\n", code)]


def blocks(code):
    """All blocks of a file, outer ones after their inner ones; `inside` is the innermost block around one, or None."""
    found, open_blocks = [], []
    last = 0  # end of the statement or block before
    for match in re.finditer(r"[{};]", code):
        at = match.start()
        if match[0] == "{":
            open_blocks.append(Block(code[last:at], at, None, open_blocks[-1] if open_blocks else None))
            last = at + 1
        elif match[0] == "}":
            if open_blocks:
                done = open_blocks.pop()
                done.end = at
                found.append(done)
            last = at + 1
        else:
            last = at + 1
    return found


_CLASS = re.compile(r"\b(?:class|struct)\s+(?:\[\[\w+\]\]\s*)?(\w+)\s*(?:final\s*)?(?::(?!:)[^;]*)?$")


def class_name(block):
    """Name of the class that a block is the body of; None: it is no class."""
    head = re.sub(r"\btemplate\s*<[^{}]*?>\s*(?=class|struct|requires)", "", block.head)
    if "enum" in head.split():
        return None
    match = _CLASS.search(head.strip())
    return match[1] if match else None


_FUNCTION = re.compile(r"\)\s*(?:const|noexcept|override|final|mutable|&&?|->\s*[\w:<>,&*\s]+|:(?!:)[^;]*|requires[^;]*)*\s*$", re.S)


def function_name(block):
    """Name of the function that a block is the body of; None: it is something else, or part of a function."""
    outer = block.inside
    while outer is not None:
        head = outer.head.strip()
        if class_name(outer) is None and not re.search(r"\bnamespace\b[\w:\s]*$|\bextern\s*$", head):
            return None
        outer = outer.inside
    head = block.head.strip()
    if not head or not _FUNCTION.search(head) or re.search(r"=\s*\[", head):
        return None
    match = re.search(r"((?:[\w~]+(?:<[^<>]*>)?::)*(?:operator\s*\S+?|~?\w+))\s*\(", head)
    return match[1] if match else None


def data_members(code, block):
    """Names of the data members that a class declares itself."""
    body = list(code[block.start + 1 : block.end])
    depth = 0
    for i, c in enumerate(body):  # what stands between inner braces does not count
        if c == "{":
            depth += 1
            body[i] = "⟦" if depth == 1 else " "
        elif c == "}":
            depth -= 1
            body[i] = "⟧" if depth == 0 else " "
        elif depth > 0 and c != "\n":
            body[i] = " "
    names = []
    for statement in re.split(r";|(?<=⟧)(?=\s*\n)", "".join(body)):
        text = re.sub(r"\b(?:public|private|protected)\s*:", " ", statement).strip()
        text = re.sub(r"^\s*(?:mutable|const(?=\s+\w+\s*[&*<:]?))\s+", "", text)
        if not text or re.match(r"(?:using|friend|static|template|typedef|enum|class|struct|explicit|virtual|static_assert|constexpr)\b", text):
            continue
        bare = re.sub(r"⟦\s*⟧", " ", text)
        while re.search(r"<[^<>]*>", bare):
            bare = re.sub(r"<[^<>]*>", " ", bare)
        if "(" in bare.split("=")[0] or "operator" in bare:
            continue  # a function
        match = re.match(r"[\w:\s*&]+?[\s*&]+((?:\w+\s*(?:=[^,]*)?)(?:,\s*\w+\s*(?:=[^,]*)?)*)$", bare.strip(), re.S)
        if match:
            names += [re.match(r"\s*(\w+)", one)[1] for one in match[1].split(",") if re.match(r"\s*\w+", one)]
    return names
