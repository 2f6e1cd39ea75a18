"""A room that a played homeserver founded, with the graph it would have: state before each event, auth chains, ancestors."""

import uuid

from harness import matrix

LEVELS = {"users_default": 0, "events_default": 0, "state_default": 50, "ban": 50, "kick": 50, "redact": 50, "invite": 0}


class HostedRoom:
    """Founded by `@host` of `server`: create, his join, power levels, join rule.

    `events` has every event by id, `state` the event ids of the current state, `head` the last event. Events of other
    servers are made with `signer`. In room version 2 events name themselves and cite others by pairs; from version 12 on the
    create event names the room and is not cited.
    """

    def __init__(self, server, room_version="11", join_rule="public", levels=None, create_content=None):
        self.server = server
        self.room_version = room_version
        self.is_named_by_create = int(room_version) >= 12
        self.room_id = None if self.is_named_by_create else f"!{uuid.uuid4().hex[:12]}:{server.server_name}"
        self.host = server.user("host")
        self.events = {}
        self.state = {}
        self.state_before = {}
        self.head = None
        self._depth = 0
        about = {"room_version": room_version, **(create_content or {})}
        if self.is_named_by_create:
            self.room_id = "!" + self.add("m.room.create", about, state_key="")[0][1:]
        else:
            self.add("m.room.create", {**about, "creator": self.host}, state_key="")
        self.add("m.room.member", {"membership": "join"}, state_key=self.host)
        users = {} if self.is_named_by_create else {self.host: 100}
        self.add("m.room.power_levels", {**LEVELS, "users": users, **(levels or {})}, state_key="")
        self.add("m.room.join_rules", {"join_rule": join_rule}, state_key="")

    # -- making events

    def auth_events_for(self, kind, sender, state_key=None, content=None):
        keys = [("m.room.power_levels", ""), ("m.room.member", sender)]
        if not self.is_named_by_create:
            keys.insert(0, ("m.room.create", ""))
        if kind == "m.room.member":
            keys.append(("m.room.member", state_key))
            if (content or {}).get("membership") in ("join", "invite", "knock"):
                keys.append(("m.room.join_rules", ""))
            authoriser = (content or {}).get("join_authorised_via_users_server")
            if authoriser:
                keys.append(("m.room.member", authoriser))
        if kind == "m.room.create":
            return []
        return list(dict.fromkeys(self.state[key] for key in keys if key in self.state))

    def make(self, kind, content, sender=None, signer=None, sign=True, **changes):
        """(event id, event) after the head; nothing is kept. `changes` replace members before signing; None removes one."""
        sender = sender or self.host
        signer = signer or self.server
        event = {"type": kind, "room_id": self.room_id, "sender": sender, "content": content, "depth": self._depth + 1,
                 "origin_server_ts": matrix.now_ms(), "prev_events": [self.head] if self.head else [],
                 "auth_events": self.auth_events_for(kind, sender, changes.get("state_key"), content), **changes}
        event = {key: value for key, value in event.items() if value is not None}
        if self.room_version == "2":
            event.setdefault("event_id", f"${uuid.uuid4().hex}:{signer.server_name}")
            for key in ("prev_events", "auth_events"):
                event[key] = [[event_id, {}] for event_id in event[key]]
        if sign:
            signer.key.sign_event(event, self.room_version, signer.server_name)
        else:
            event["hashes"] = {"sha256": matrix.content_hash(event)}
        return matrix.event_id(event, self.room_version), event

    def cited(self, event, key):
        """Event ids in `prev_events` or `auth_events`."""
        return [each[0] for each in event[key]] if self.room_version == "2" else event[key]

    def message(self, text, **changes):
        return self.make("m.room.message", {"msgtype": "m.text", "body": text}, **changes)

    def take(self, event):
        """Keeps an event, makes it the head and, if it is one, the current state. Returns (event id, event)."""
        event_id = self.keep(event)
        self.head = event_id
        self._depth = max(self._depth, event["depth"])
        if "state_key" in event:
            self.state[event["type"], event["state_key"]] = event_id
        return event_id, event

    def keep(self, event):
        """Keeps an event beside the head: it is served, nothing follows on it."""
        event_id = matrix.event_id(event, self.room_version)
        self.events[event_id] = event
        self.state_before.setdefault(event_id, dict(self.state))
        return event_id

    def add(self, kind, content, **changes):
        return self.take(self.make(kind, content, **changes)[1])

    def say(self, text, **changes):
        return self.take(self.message(text, **changes)[1])

    def join_of(self, server, localpart):
        """A user of another played server joins; returns his id."""
        user = server.user(localpart)
        self.add("m.room.member", {"membership": "join"}, sender=user, state_key=user, signer=server)
        return user

    # -- what is served

    def state_events(self, at=None):
        """Full events of the state before `at`, or of the current one."""
        state = self.state_before[at] if at else self.state
        return [self.events[event_id] for event_id in state.values()]

    def content_of(self, kind, state_key=""):
        """Of a current state event; it must exist."""
        return self.events[self.state[kind, state_key]]["content"]

    def auth_chain(self, events):
        seen, todo = {}, [ref for event in events for ref in self.cited(event, "auth_events")]
        while todo:
            event_id = todo.pop()
            if event_id not in seen and event_id in self.events:
                seen[event_id] = self.events[event_id]
                todo += self.cited(seen[event_id], "auth_events")
        return list(seen.values())

    def ancestors(self, latest, limit, earliest=(), include_latest=False):
        """Newest first, over prev_events."""
        found, todo, seen = [], list(latest), set(earliest)
        while todo and len(found) < limit:
            event_id = todo.pop(0)
            if event_id in seen or event_id not in self.events:
                continue
            seen.add(event_id)
            if include_latest or event_id not in latest:
                found.append(self.events[event_id])
            todo += self.cited(self.events[event_id], "prev_events")
        return found

    def membership(self, user):
        event_id = self.state.get(("m.room.member", user))
        return self.events[event_id]["content"].get("membership") if event_id else None

    def template(self, user, membership):
        event = self.make("m.room.member", {"membership": membership}, sender=user, state_key=user, sign=False)[1]
        return matrix.without(event, "hashes", "event_id")

    def take_join(self, event, omit_members=False):
        """What send_join answers; the join is part of the room afterwards."""
        state = [each for each in self.state_events() if not omit_members or each["type"] != "m.room.member"]
        answer = {"state": state, "auth_chain": self.auth_chain(state + [event]), "event": event, "members_omitted": omit_members,
                  "origin": self.server.server_name, "servers_in_room": self.servers()}
        self.take(event)
        return answer

    def joined(self):
        return [key[1] for key, event_id in self.state.items() if key[0] == "m.room.member"
                and self.events[event_id]["content"].get("membership") == "join"]

    def servers(self):
        return sorted({user.split(":", 1)[1] for user in self.joined()})
