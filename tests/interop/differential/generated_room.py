"""A room whose graph forks: several ends, the state before each event, and what follows where branches meet."""

from harness import matrix
from hostile.hosted_room import HostedRoom


class GeneratedRoom(HostedRoom):
    """Founded on `server`; `others` are played servers that have users in it and serve it too.

    After the linear beginning (HostedRoom: `add`, `take_join`) call `begin_graph()`; from then on events are made with
    `make_at` and kept with `place`, which is told how the event was judged and the true state before it. Where the true
    state is not known yet (an event with several parents that nobody has judged) `approximate` guesses it, as a server
    that lags behind would: good enough to choose auth events by, and wrong at times, which is wanted.
    """

    def __init__(self, server, others, random, **how):
        self.others = list(others)
        self.random = random
        self._before = {}      # event id -> (type, state_key) -> event id; of rejected events as guessed
        self.judged = {}       # event id -> accepted, soft_failed, rejected
        self.ends = []         # events nothing accepted follows on, oldest first
        self.order = []        # ids in the order they were placed
        self._now = matrix.now_ms() - 3_600_000
        super().__init__(server, **how)

    @property
    def servers_played(self):
        return [self.server, *self.others]

    def signer_of(self, user):
        name = user.partition(":")[2]
        return next((server for server in self.servers_played if server.server_name == name), None)

    def keep(self, event):
        event_id = super().keep(event)
        for server in self.servers_played:
            server.events[event_id] = event
        return event_id

    def begin_graph(self):
        for event_id in self.events:
            self._note(event_id, self.state_before[event_id], "accepted")
        self.ends = [self.head]
        self.begun = len(self.order) - 1  # the last event of the beginning: what lies before it nobody follows on

    def generated(self):
        """Ids of what may be followed on, in the order they were placed."""
        return self.order[self.begun:]

    def _note(self, event_id, before, verdict):
        self._before[event_id] = before
        self.judged[event_id] = verdict
        self.order.append(event_id)

    # -- states

    def after(self, event_id):
        state = dict(self._before[event_id])
        event = self.events[event_id]
        if "state_key" in event and self.judged[event_id] != "rejected":
            state[event["type"], event["state_key"]] = event_id
        return state

    def approximate(self, parents):
        """State before an event with these parents: true for one parent that was accepted, else a guess."""
        state = {}
        for each in self.random.sample(parents, len(parents)):
            state.update(self.after(each))
        return state

    # -- events

    def timestamp(self):
        """Mostly growing, at times the same again or earlier."""
        self._now += self.random.randint(1, 50)
        return self._now - self.random.choice([0] * 8 + [1000, self.random.randint(0, 10_000)])

    def make_at(self, parents, kind, content, sender, auth_state=None, co_signers=(), **changes):
        """(event id, event) after `parents`; its auth events are taken from `auth_state`, by default from the guessed state."""
        self.state = auth_state if auth_state is not None else self.approximate(parents)
        depth = 1 + max(self.events[each]["depth"] for each in parents)
        _, event = self.make(kind, content, sender=sender, signer=self.signer_of(sender),
                             **{"prev_events": list(parents), "depth": depth, "origin_server_ts": self.timestamp(), **changes})
        for server in co_signers:
            server.key.sign_event(event, self.room_version, server.server_name, rehash=False)
        return matrix.event_id(event, self.room_version), event

    def place(self, event, verdict, state_ids=None):
        """Keeps an event that was judged. `state_ids`: of the state before it; None when it was rejected."""
        event_id = matrix.event_id(event, self.room_version)
        if state_ids is None:
            before = self.approximate(event["prev_events"])
            for server in self.servers_played:
                server.events[event_id] = event
            self.events[event_id] = event
        else:
            before = self.as_state(state_ids)
            self.state = dict(before)
            self.keep(event)
        self._note(event_id, before, verdict)
        if verdict == "accepted":
            self.ends = [each for each in self.ends if each not in event["prev_events"]] + [event_id]
        return event_id

    def as_state(self, state_ids):
        state = {}
        for each in state_ids:
            event = self.events[each]
            state[event["type"], event["state_key"]] = each
        return state

    def loose_ends(self):
        """Every event that is not rejected and that none such follows: merging all of them leaves one end on every server."""
        counted = [each for each in self.order if self.judged[each] != "rejected"]
        followed = {parent for each in counted for parent in self.events[each]["prev_events"]}
        return [each for each in counted if each not in followed]

    def followed(self):
        """What an accepted event follows, directly or by way of events that do not count."""
        todo = [parent for each in self.order if self.judged[each] == "accepted" for parent in self.events[each]["prev_events"]]
        found = set(todo)
        while todo:
            each = todo.pop()
            if self.judged.get(each) in ("rejected", "soft_failed"):
                new = set(self.events[each]["prev_events"]) - found
                found |= new
                todo += new
        return found

    # -- for people

    def describe(self, event_id):
        """One line."""
        event = self.events.get(event_id)
        if event is None:
            return f"{event_id[:8]} (not of this room)"
        key = f" {event['state_key']!r}" if "state_key" in event else ""
        cited = {word: " ".join(each[:8] for each in event[word]) for word in ("prev_events", "auth_events")}
        return (f"{event_id[:8]} {self.judged.get(event_id, 'being judged'):11} {event['type']}{key} of {event['sender']} "
                f"{matrix.canonical(event['content']).decode()} ts {event['origin_server_ts']} after [{cited['prev_events']}] "
                f"by [{cited['auth_events']}]")

    def around(self, event_id, generations=4):
        """The nearest ancestors of an event and what it cites, a line each, oldest first."""
        wanted, front = {event_id}, {event_id}
        for _ in range(generations):
            front = {cited for each in front if each in self.events
                     for word in ("prev_events", "auth_events") for cited in self.events[each][word]}
            wanted |= front
        known = [each for each in self.order if each in wanted]
        return "\n".join(self.describe(each) for each in known + [each for each in wanted if each not in self.order])
