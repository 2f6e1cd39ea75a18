"""Plays the scenarios with one client."""

import time
import traceback

from . import bodies, commanding, connecting, files, real, telling  # noqa: F401  they fill the list
from .scenario import ALL
from .stage import Stage

PASSED, FAILED, SKIPPED = "ok", "FAILED", "skipped"


def order():
    """How a connection goes first, then what is said on it, and last all of it with real brokers."""
    groups = ["connection", "commands", "events", "files", "contract", "causewayd"]
    return sorted(ALL, key=lambda each: groups.index(each.group))


def play(scenario, command, environment=None, errors=None):
    """(PASSED, FAILED or SKIPPED, why)"""
    try:
        stage = Stage(command, environment, errors)
    except (AssertionError, OSError) as why:
        return FAILED, f"the driver does not start: {why}"
    try:
        missing = scenario.needs - stage.features
        if missing:
            stage.close()
            return SKIPPED, f"the driver has no {', '.join(missing)}"
        scenario.play(stage)
        stage.close()
        return PASSED, ""
    except Exception as why:  # whatever a driver may do wrong: the other scenarios are played all the same
        said = traceback.format_exc()
        return FAILED, f"{why}\n{said}{stage.abandon()}"


def main(title, command, environment, words):
    """Prints a line for each scenario and a summary. Returns the number of those that failed."""
    counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    for scenario in order():
        name = f"{scenario.group}: {scenario.title}"
        if words and not any(word in name for word in words):
            continue
        begun = time.monotonic()
        verdict, why = play(scenario, command, environment)
        counts[verdict] += 1
        print(
            f"{verdict:8}{name} ({time.monotonic() - begun:.1f} s)" + ("" if verdict == PASSED else f"\n        {why}"),
            flush=True,
        )
    print(f"{title}: {counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped", flush=True)
    return counts[FAILED] + (counts[PASSED] == 0)
