"""The list of scenarios."""

from collections import namedtuple

Scenario = namedtuple("Scenario", "group title play needs")
ALL = []


def scenario(group, title=None, needs=()):
    """Adds a function of a Stage. Its title is its name in words; `needs`: features that a driver may lack."""

    def add(play):
        ALL.append(Scenario(group, title or play.__name__.replace("_", " "), play, frozenset(needs)))
        return play

    return add


def equal(found, wanted, what):
    assert found == wanted, f"{what}: {str(found)[:1000]} instead of {str(wanted)[:1000]}"
