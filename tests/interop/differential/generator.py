"""What happens in a generated room: a seeded stream of events that fork, merge, fight for power and break rules."""

MESSAGE, MEMBER, LEVELS_TYPE, RULES = "m.room.message", "m.room.member", "m.room.power_levels", "m.room.join_rules"
SCALARS = ("ban", "kick", "redact", "invite", "state_default", "events_default", "users_default")
DEFAULTS = {"ban": 50, "kick": 50, "redact": 50, "invite": 0, "state_default": 50, "events_default": 0, "users_default": 0}
INFINITE = 1 << 60


class People:
    """User ids by what they are for.

    :param founder: creator of the room; `members` act; `outsiders` begin outside; `targets` belong to the real servers and
        are only acted upon; `protected` are never put out of the room: they keep the servers in it.
    """

    def __init__(self, founder, members, outsiders, targets, protected):
        self.founder = founder
        self.members = members
        self.outsiders = outsiders
        self.targets = targets
        self.protected = protected

    @property
    def actors(self):
        return [self.founder, *self.members, *self.outsiders]


class Situation:
    """The parents of an event to be made and the room there, as far as known."""

    def __init__(self, room, parents, people):
        self.room = room
        self.parents = parents
        self.people = people
        self.state = room.approximate(parents)

    def content(self, kind, key=""):
        event_id = self.state.get((kind, key))
        return self.room.events[event_id]["content"] if event_id else None

    def membership(self, user):
        return (self.content(MEMBER, user) or {}).get("membership", "leave")

    def join_rule(self):
        return (self.content(RULES) or {}).get("join_rule", "invite")

    def threshold(self, name):
        value = (self.content(LEVELS_TYPE) or {}).get(name, DEFAULTS[name])
        return value if type(value) is int else DEFAULTS[name]

    def needed(self, kind, is_state):
        events = (self.content(LEVELS_TYPE) or {}).get("events", {})
        value = events.get(kind) if isinstance(events, dict) else None
        return value if type(value) is int else self.threshold("state_default" if is_state else "events_default")

    def level(self, user):
        create = self.content("m.room.create") or {}
        if self.room.is_named_by_create and (user == self.people.founder or user in create.get("additional_creators", ())):
            return INFINITE
        levels = self.content(LEVELS_TYPE)
        if levels is None:
            return 100 if user == self.people.founder else 0
        users = levels.get("users", {})
        value = users.get(user) if isinstance(users, dict) else None
        return value if type(value) is int else self.threshold("users_default")

    def able(self, needed):
        """Joined actors of that power."""
        return [user for user in self.people.actors if self.membership(user) == "join" and self.level(user) >= needed]


class Generator:
    """Makes the next event of a room. The same random source and the same verdicts give the same stream."""

    def __init__(self, random, room, people):
        self.random = random
        self.room = room
        self.people = people
        self._siblings = None  # parents that the next event shall have too
        self.is_leaf = False
        self._count = 0
        self.width = random.choice([2, 3, 5, 10])
        version = int(room.room_version)
        self._rules = ["public", "invite"] + ["knock"] * (version >= 7) + ["restricted"] * 2 * (version >= 8) + \
            ["knock_restricted"] * (version >= 10)
        self._actions = [(self._message, 22), (self._topic, 10), (self._own_state, 5), (self._power, 20), (self._kick, 6),
                         (self._ban, 8), (self._unban, 5), (self._invite, 6), (self._leave, 5), (self._join, 12),
                         (self._knock, 4 * (version >= 7)), (self._restricted_join, 10 * (version >= 8)), (self._join_rule, 8),
                         (self._redaction, 4), (self._visibility, 1), (self._acl, 1), (self._second_create, 0.5)]

    def next(self):
        """(event id, event). Afterwards `is_leaf` says whether nothing may be built on it: Synapse fails on some malformed
        events where the rules reject them, and asks for them for ever when somebody follows on them."""
        while True:
            self.is_leaf = False
            parents = self._parents()
            here = Situation(self.room, parents, self.people)
            action = self.random.choices(*zip(*self._actions))[0]
            made = action(here)
            if made is not None:
                self._siblings = parents if self.random.random() < 0.35 else None
                return made

    # -- where

    def _parents(self):
        pick, ends = self.random, self.room.ends
        if self._siblings:
            return self._siblings
        recent = self.room.generated()[-8:]
        chance = pick.random()
        if len(ends) >= self.width or (len(ends) > 1 and chance < 0.25):
            return pick.sample(ends, pick.randint(2, min(len(ends), 6)))
        if chance < 0.45:
            return [pick.choice(recent)]  # forks; also after what was rejected or soft-failed
        if chance < 0.5:
            return pick.sample(recent, min(len(recent), 2))  # one may be an ancestor of the other
        return [pick.choice(ends)]

    # -- who

    def _someone(self, here, needed):
        """Mostly somebody who may."""
        able = here.able(needed)
        if able and self.random.random() < 0.85:
            return self.random.choice(able)
        return self.random.choice(self.people.actors)

    def _target(self, here, wanted):
        users = [user for user in self.people.actors + self.people.targets
                 if user not in self.people.protected and (self.random.random() < 0.1 or here.membership(user) in wanted)]
        return self.random.choice(users) if users else None

    # -- how it is said

    def _make(self, here, kind, content, sender, **changes):
        auth_state = here.state
        chance = self.random.random()
        if chance < 0.1:  # what a server that lags behind would cite
            older = self.random.choice(self.room.order[-12:])
            auth_state = self.room.after(older)
        made = self.room.make_at(here.parents, kind, content, sender, auth_state=auth_state, **changes)
        if chance > 0.94:
            wrong = self._wrong_auth_events(made[1])
            if wrong is not None:
                return self.room.make_at(here.parents, kind, content, sender, auth_events=wrong, **changes)
        return made

    def _wrong_auth_events(self, event):
        """Cites what was rejected, one twice, one too few or one too many."""
        pick, cited = self.random, list(event["auth_events"])
        rejected = [each for each in self.room.order if self.room.judged[each] == "rejected" and
                    self.room.events[each]["type"] in (MEMBER, LEVELS_TYPE, RULES)]
        how = pick.choice(["rejected", "rejected", "twice", "missing", "surplus"])
        if how == "rejected" and rejected:
            other = pick.choice(rejected)
            key = [self.room.events[other].get(word) for word in ("type", "state_key")]
            return [each for each in cited if [self.room.events[each].get(word) for word in ("type", "state_key")] != key] + [other]
        if how == "twice" and cited:
            return cited + [pick.choice(cited)]
        if how == "missing" and cited:
            return [each for each in cited if each != pick.choice(cited)]
        if how == "surplus":
            # Synapse fails on events of version 12 that cite the create event.
            state = [each for each in self.room.order[1:] if "state_key" in self.room.events[each]]
            return cited + [pick.choice(state)]
        return None

    def _text(self):
        self._count += 1
        return f"number {self._count}"

    # -- what

    def _message(self, here):
        sender = self._someone(here, here.needed(MESSAGE, False))
        return self._make(here, MESSAGE, {"msgtype": "m.text", "body": self._text()}, sender)

    def _topic(self, here):
        kind, word = self.random.choice([("m.room.topic", "topic"), ("m.room.name", "name"), ("org.example.state", "value")])
        return self._make(here, kind, {word: self._text()}, self._someone(here, here.needed(kind, True)), state_key="")

    def _own_state(self, here):
        sender = self._someone(here, here.needed("org.example.own", True))
        key = sender if self.random.random() < 0.7 else self.random.choice(self.people.actors)
        return self._make(here, "org.example.own", {"value": self._text()}, sender, state_key=key)

    def _power(self, here):
        pick = self.random
        sender = self._someone(here, here.needed(LEVELS_TYPE, True))
        old = here.content(LEVELS_TYPE) or {}
        content = {key: dict(value) if isinstance(value, dict) else value for key, value in old.items()}
        users = content.get("users") if isinstance(content.get("users"), dict) else content.setdefault("users", {})
        for _ in range(pick.choice([1, 1, 1, 2, 3])):
            how = pick.random()
            if how < 0.5:
                creators = [self.people.founder] if pick.random() < 0.9 and self.room.is_named_by_create else []
                user = pick.choice([each for each in self.people.actors + self.people.targets + self.people.protected
                                    if each not in creators])
                users[user] = pick.choice([0, 25, 49, 50, 51, 75, 99, 100, min(here.level(sender), 100)])
            elif how < 0.58 and users:
                users.pop(pick.choice(sorted(users)))
            elif how < 0.78:
                content[pick.choice(SCALARS[:5])] = pick.choice([0, 25, 50, 75, 100])
            elif how < 0.82:
                content[pick.choice(SCALARS[5:])] = pick.choice([0, 10, 25])
            elif how < 0.86:
                content.pop(pick.choice(SCALARS), None)
            elif how < 0.96:
                kind = pick.choice(["m.room.topic", "m.room.name", LEVELS_TYPE, MESSAGE, RULES, "m.room.redaction"])
                events = content.get("events") if isinstance(content.get("events"), dict) else content.setdefault("events", {})
                events[kind] = pick.choice([0, 25] if kind == MESSAGE else [0, 25, 50, 75, 100])
            elif how < 0.98:
                content["notifications"] = {"room": pick.choice([0, 50, 100])}
            else:
                self._spoil(content)
        return self._make(here, LEVELS_TYPE, content, sender, state_key="")

    def _spoil(self, content):
        """Values that some or all versions forbid."""
        self.is_leaf = True
        key = self.random.choice(SCALARS)
        content[key] = self.random.choice(["50", " 25 ", "ten", True, None, [], {"x": 1}, -1, 2**53 - 1])
        if self.random.random() < 0.3:
            content["users"] = {**content.get("users", {}), self.random.choice(["nobody", "@x", self.people.members[0]]): "50"}

    def _member(self, here, sender, user, membership, **content):
        return self._make(here, MEMBER, {"membership": membership, **content}, sender, state_key=user)

    def _kick(self, here):
        user = self._target(here, ("join", "invite", "knock"))
        return user and self._member(here, self._someone(here, here.threshold("kick")), user, "leave", reason=self._text())

    def _ban(self, here):
        user = self._target(here, ("join", "invite", "knock", "leave"))
        return user and self._member(here, self._someone(here, here.threshold("ban")), user, "ban")

    def _unban(self, here):
        user = self._target(here, ("ban",))
        return user and self._member(here, self._someone(here, here.threshold("ban")), user, "leave")

    def _invite(self, here):
        user = self._target(here, ("leave", "knock"))
        return user and self._member(here, self._someone(here, here.threshold("invite")), user, "invite")

    def _leave(self, here):
        users = [user for user in self.people.actors if user not in self.people.protected]
        user = self.random.choice([each for each in users if here.membership(each) in ("join", "invite", "knock")] or users)
        return self._member(here, user, user, "leave")

    def _join(self, here):
        users = [each for each in self.people.actors if here.membership(each) != "join" or self.random.random() < 0.15]
        if not users:
            return None
        user = self.random.choice(users)
        return self._member(here, user, user, "join", displayname=self._text())

    def _knock(self, here):
        user = self.random.choice([each for each in self.people.actors if here.membership(each) == "leave"] or self.people.actors)
        return None if user in self.people.protected else self._member(here, user, user, "knock")

    def _restricted_join(self, here):
        pick = self.random
        if "restricted" not in here.join_rule() and pick.random() < 0.8:
            return None
        user = pick.choice([each for each in self.people.actors if here.membership(each) != "join"] or self.people.actors)
        authoriser = self._someone(here, here.threshold("invite"))
        signer = self.room.signer_of(authoriser)
        co_signers = [] if signer is self.room.signer_of(user) or pick.random() < 0.1 else [signer]
        return self._make(here, MEMBER, {"membership": "join", "join_authorised_via_users_server": authoriser}, user, state_key=user,
                          co_signers=co_signers)

    def _join_rule(self, here):
        rule = self.random.choice(self._rules)
        content = {"join_rule": rule}
        if "restricted" in rule:
            content["allow"] = [{"type": "m.room_membership", "room_id": f"!somewhere:{self.room.server.server_name}"}]
        return self._make(here, RULES, content, self._someone(here, here.needed(RULES, True)), state_key="")

    def _redaction(self, here):
        target = self.random.choice(self.room.order[1:])
        sender = self._someone(here, here.threshold("redact"))
        content, top = ({"redacts": target}, {}) if int(self.room.room_version) >= 11 else ({}, {"redacts": target})
        return self._make(here, "m.room.redaction", content, sender, **top)

    def _visibility(self, here):
        kind = "m.room.history_visibility"
        value = self.random.choice(["shared", "world_readable", "joined", "invited"])
        return self._make(here, kind, {"history_visibility": value}, self._someone(here, here.needed(kind, True)), state_key="")

    def _acl(self, here):
        kind = "m.room.server_acl"
        content = {"allow": ["*"], "deny": [self._text().replace(" ", "") + ".example"], "allow_ip_literals": True}
        return self._make(here, kind, content, self._someone(here, here.needed(kind, True)), state_key="")

    def _second_create(self, here):
        self.is_leaf = True
        return self._make(here, "m.room.create", {"room_version": self.room.room_version, "creator": self.people.founder},
                          self.people.founder, state_key="")
