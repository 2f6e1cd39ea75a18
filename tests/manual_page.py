"""Pages of the operator's manual (config/manual) as a list of commands with what one sees: for the tests that run them."""

import os
import re
from dataclasses import dataclass

MANUAL = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "config", "manual")
_BLOCK = re.compile(r"^```sh(?: exit=(\d+))?\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.M | re.S)


@dataclass
class Step:
    """A block of commands, typed one after the other."""
    commands: str
    sees: str        # "…" stands for anything within a line; empty: nothing is said of it
    exit_code: int


def names():
    """Pages with commands, by the names of their files."""
    return sorted(name[:-3] for name in os.listdir(MANUAL) if name.endswith(".md") and name != "README.md")


def steps(name):
    with open(os.path.join(MANUAL, name + ".md"), encoding="utf8") as page:
        text = page.read()
    found = [Step(commands, sees or "", int(code or 0)) for code, commands, sees in _BLOCK.findall(text)]
    # A fence that is no step would be a command nobody runs, or an output nobody compares.
    if text.count("```") != sum(4 if step.sees else 2 for step in found):
        raise ValueError(f"{name}.md: each ```text has to follow the ```sh it belongs to")
    return found


def missing(sees, output):
    """Lines of `sees` that `output` does not have, in this order; runs of spaces count as one."""
    lines = iter(output.splitlines())
    out = []
    for line in sees.splitlines():
        pattern = r"\s+".join(".*".join(re.escape(part) for part in word.split("…")) for word in line.split())
        if not any(re.search(pattern, each) for each in lines):
            out.append(line)
            lines = iter(output.splitlines())
    return out
