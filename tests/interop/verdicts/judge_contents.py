#!/usr/bin/env python3
"""Asks Synapse's own code about every case of odd_contents.py and third_party.py and prints the verdicts as JSON, one case a line.

Run with the Python of a Synapse environment: judge_contents.py. A verdict is a letter for each room version: `a` allowed, `r` rejected, `d`
dropped (Synapse fails, or refuses the event's form), `-` the room of the case cannot come to be in that version."""

import contextlib
import functools
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import synapse
from synapse.api.errors import AuthError, SynapseError
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.event_auth import (auth_types_for_event, check_state_dependent_auth_rules, check_state_independent_auth_rules,
                                validate_event_for_room_version)
from synapse.federation.federation_base import event_from_pdu_json
from synapse.types import get_domain_from_id
from synapse.util.stringutils import parse_and_validate_server_name

from verdicts import odd_contents, third_party
from verdicts.odd_contents import ALICE, BASE_STATE, CREATE, LEVELS, MEMBER, VERSIONS


def can_be_had(sender):
    """Whether such a sender can be in a room: nobody has keys of a server with an impossible name, and PostgreSQL keeps no NUL."""
    if "\0" in sender:
        return False
    try:
        parse_and_validate_server_name(get_domain_from_id(sender))
        return True
    except (ValueError, SynapseError):
        return False


class Impossible(Exception):
    """No such room can be in this version."""


def authoriser_in(content):
    """The user whose server has to sign a join too, or None."""
    told = json.loads(content)
    user = told.get("join_authorised_via_users_server") if told.get("membership") == "join" else None
    return user if isinstance(user, str) else None


def finished(coroutine):
    """Result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


class Room:
    """The state a case needs, in one room version."""

    def __init__(self, version):
        self.version = version
        self.rules = KNOWN_ROOM_VERSIONS[version]
        self.state = {}
        self.count = 0

    def copy(self):
        other = Room(self.version)
        other.state, other.count = dict(self.state), self.count
        return other

    def make(self, kind, sender, state_key, content, more=None, auth_events=()):
        """The event as it would come from another server; raises what Synapse raises."""
        self.count += 1
        more = dict(more or {})
        parents = ["$earlier:a.test", "$other:a.test"]
        if more.pop("after", None) == "create":
            parents = [self.state[CREATE, ""].event_id] if (CREATE, "") in self.state else ["$earlier:a.test"]
        elif kind == CREATE:
            parents = []
        content = content.replace("<alice>", "" if self.version == "12" else '"@alice:a.test":100,')
        restricted = int(self.version) >= 8 and kind == MEMBER
        for user in (sender, authoriser_in(content) if restricted else None):
            if user is not None and not can_be_had(user):
                raise ValueError(user)
        if state_key is not None and "\0" in state_key:
            raise ValueError(state_key)
        pdu = {"type": kind, "sender": sender, "content": json.loads(content), "depth": self.count, "origin_server_ts": self.count,
               "hashes": {"sha256": ""}, "signatures": {sender.partition(":")[2]: {"ed25519:1": ""}}, "prev_events": parents,
               "auth_events": list(auth_events), **more}
        if state_key is not None:
            pdu["state_key"] = state_key
        create = self.state.get((CREATE, ""))
        if create is not None:
            pdu["room_id"] = create.room_id
        elif self.version != "12":
            pdu["room_id"] = "!room:a.test"
        authoriser = pdu["content"].get("join_authorised_via_users_server")
        if isinstance(authoriser, str):
            pdu["signatures"][authoriser.partition(":")[2]] = {"ed25519:1": ""}
        if self.version in ("1", "2"):
            pdu["event_id"] = f"${self.count}:" + sender.partition(":")[2]
            for name in ("prev_events", "auth_events"):
                pdu[name] = [[each, {}] for each in pdu[name]]
        return event_from_pdu_json(pdu, self.rules)

    def judged(self, kind, sender, state_key, content, more=None):
        """The event, if Synapse allows it after the room's state; else raises."""
        draft = self.make(kind, sender, state_key, content, more)
        self.count -= 1
        named = auth_types_for_event(self.rules, draft)
        cited = [self.state[key] for key in self.state if key in named]
        listed = [each.event_id for each in cited if not (self.version == "12" and each.type == CREATE)]
        event = self.make(kind, sender, state_key, content, more, listed)
        validate_event_for_room_version(event)
        finished(check_state_independent_auth_rules(None, event, {each.event_id: each for each in cited}))
        check_state_dependent_auth_rules(event, cited)
        return event

    def put(self, kind, state_key, sender, content):
        """:raises Impossible: no room of this version has such an event."""
        if content is None:
            self.state.pop((kind, state_key), None)
            return
        if kind == CREATE:
            told = {"room_version": self.version} | ({} if int(self.version) > 10 else {"creator": ALICE}) | json.loads(content)
            content = json.dumps(told)
        # Levels are the state whose own form the rules look at.
        if kind in (LEVELS, CREATE):
            self.state.pop((kind, state_key), None)
            try:
                self.state[kind, state_key] = self.judged(kind, sender, state_key, content)
            except Exception as why:
                raise Impossible from why
            return
        try:
            self.state[kind, state_key] = self.make(kind, sender, state_key, content)
        except Exception as why:
            raise Impossible from why


@functools.cache
def usual_room(version):
    room = Room(version)
    for entry in BASE_STATE:
        room.put(*entry)
    return room


def room_of(case, version):
    changes = case.get("state", [])
    if any(kind == CREATE for kind, *_ in changes):  # then every event of the state is another one
        entries = {(kind, key): (kind, key, sender, content) for kind, key, sender, content in BASE_STATE + changes}
        room = Room(version)
        for entry in entries.values():
            room.put(*entry)
        return room
    room = usual_room(version).copy()
    for entry in changes:
        room.put(*entry)
    return room


def verdict(case, version):
    founds_the_room = case["event"][0] == CREATE and not any("after" in more for more in case["event"][4:])
    try:
        room = Room(version) if founds_the_room else room_of(case, version)
    except Impossible:
        return "-"
    try:
        room.judged(*case["event"])
        return "a"
    except AuthError:
        return "r"
    except Exception:  # whatever Synapse fails with, the event is not taken
        return "d"


def main():
    rows = []
    for case in [*odd_contents.cases(), *third_party.cases()]:
        row = {"name": case["name"], **({"state": case["state"]} if case.get("state") else {}), "event": case["event"]}
        with contextlib.redirect_stdout(sys.stderr):
            row["verdicts"] = "".join(verdict(case, version) for version in VERSIONS)
        rows.append(row)
    print('{"synapse":%s,' % json.dumps(synapse.__version__))
    print('"base":%s,' % json.dumps(BASE_STATE))
    print('"cases":[')
    print(",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows))
    print("]}")


if __name__ == "__main__":
    main()
