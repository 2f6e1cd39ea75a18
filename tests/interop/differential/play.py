"""One generated room from its founding to the merge of all its ends, and everything in which the two servers differ."""

import json
import os
import random

from causeway_demo.process import until
from harness import matrix

from .generated_room import GeneratedRoom
from .generator import MEMBER, Generator, People

# How the follower gets what the leader has judged.
LOCKSTEP = "lockstep"   # each event at once: also soft failures and the ends of the graph must be alike
SHUFFLED = "shuffled"   # several at a time in any order, in one or several transactions
GAPS = "gaps"           # only the last of several; the rest has to be asked for
PATIENCE_S = float(os.environ.get("INTEROP_PATIENCE_S", "120"))


class Difference(Exception):
    """The two servers differ; the text is for a person."""


class LostBySynapse(Exception):
    """It could not persist a rejected event (its "state_group of rejected event") and will ask for it for ever: the room
    cannot go on."""


class Play:
    """:param synapse, causeway: the peers; `servers`: played ones, the first founds the room and pushes.
    :param seed: of this room, with the version; `events`: how many are generated."""

    def __init__(self, synapse, causeway, servers, seed, room_version, events):
        self.seed = seed
        self.random = random.Random(f"{seed} {room_version}")
        self.peers = [synapse, causeway]
        self.synapse, self.causeway = synapse, causeway
        self.servers = servers
        self.events = events
        self.leader, self.follower = self.random.sample(self.peers, 2)
        self.mode = self.random.choice([LOCKSTEP, LOCKSTEP, SHUFFLED, SHUFFLED, GAPS])
        self.room_version = room_version
        self.differences = []
        self.counts = {}
        self._answers = {}   # event id -> what the leader said
        self._pending = []   # (event id, event) the follower has not got
        self._window = 1
        self._ends_differ = False

    # -- the whole

    def run(self):
        """Returns the differences, texts for a person; none when all is alike."""
        self._begin()
        try:
            self._go_on()
        except LostBySynapse:
            self._count("ended early: an event was lost by Synapse")
        return self.differences

    def _go_on(self):
        # Synapse fails to persist a rejected event that is the first after its join.
        self._one(*self.room.make_at(self.room.ends, "m.room.message", {"body": "the beginning"}, self.people.founder))
        generator = Generator(self.random, self.room, self.people)
        for _ in range(self.events):
            if self.random.random() < 0.06:
                self._real_user_speaks()
            else:
                event_id, event = generator.next()
                self._one(event_id, event, generator.is_leaf)
            if self.mode == LOCKSTEP:
                self._compare_ends()
        self._flush()
        self._merge_all()

    def _begin(self):
        founder, other = self.servers
        name = f"{self.seed}v{self.room_version}".replace("-", "m")
        members = [server.user(word) for server, word in ((founder, "admin"), (founder, "mod"), (other, "mod"), (founder, "user"),
                                                          (other, "user"), (other, "late"))]
        protected = [founder.user("anchor"), other.user("anchor")]
        real = [peer.side.user(f"real{name}") for peer in self.peers]
        targets = [f"@ghost{name}:{peer.server_name}" for peer in self.peers]
        self.people = People(founder.user("host"), members + protected, [founder.user("outside"), other.user("outside")], targets,
                             protected + real)
        self.real = dict(zip(self.peers, real))
        levels = {"users": {members[0]: 100, members[1]: 50, members[2]: 50}, "state_default": self.random.choice([0, 50]),
                  "invite": self.random.choice([0, 50])}
        about = {}
        if int(self.room_version) < 12:
            levels["users"][self.people.founder] = 100
        elif self.random.random() < 0.4:
            about["additional_creators"] = [members[0]]
            del levels["users"][members[0]]
        if self.random.random() < 0.3:
            levels["users"].update({user: 50 for user in real})
        self.room = GeneratedRoom(founder, [other], self.random, room_version=self.room_version, levels=levels,
                                  create_content=about)
        for server in self.servers:
            server.rooms[self.room.room_id] = self.room
        for user in members + protected:
            self.room.add(MEMBER, {"membership": "join"}, sender=user, state_key=user, signer=self.room.signer_of(user))
        for peer in self.random.sample(self.peers, 2):
            user = self.real[peer]
            status, answer = founder.invite(self.room, user)
            assert status == 200, (peer.name, answer)
            until(lambda: peer.invited(self.room.room_id, user), PATIENCE_S, f"the invitation at {peer.name}")
            peer.join(self.room.room_id, user)
            until(lambda: self.room.content_of(MEMBER, user)["membership"] == "join", PATIENCE_S, "the join to come back")
        # Who joined first was not told of what came after.
        first_join = min(list(self.room.events).index(self.room.state[MEMBER, user]) for user in self.real.values())
        rest = list(self.room.events.values())[first_join + 1:]
        for peer in self.peers:
            peer.push(founder, rest)
        self.room.begin_graph()
        for peer in self.peers:
            until(lambda: peer.ends(self.room.room_id) == set(self.room.ends), PATIENCE_S, f"the beginning at {peer.name}")
            # Synapse refuses (403) as long as it has not fetched the members it was not given with its join.
            until(lambda: self._serves_states(peer), PATIENCE_S, f"the members of the beginning at {peer.name}")

    def _serves_states(self, peer):
        return isinstance(peer.state_ids(self.servers[0], self.room.room_id, self.room.head), tuple)

    # -- an event

    def _count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def _one(self, event_id, event, is_leaf=False):
        server = self.servers[0] if self.random.random() < 0.8 else self.servers[1]
        if is_leaf:
            return self._leaf(server, event_id, event)
        error = self.leader.drops(server, event_id, event)
        if error:
            # Dropped: no server keeps it, so nothing is built on it.
            self._count("dropped")
            if not self.follower.drops(server, event_id, event):
                self._differ(event_id, "dropped or not", error, self.follower.judged(event_id) or "taken", event)
            return
        self._learn(event_id, event)
        self._pending.append((event_id, event))
        if len(self._pending) >= self._window:
            self._flush()

    def _leaf(self, server, event_id, event):
        """Must count nowhere: dropped, rejected, or one that Synapse fails on."""
        self._flush()
        verdicts = []
        for peer in self.peers:
            if peer.drops(server, event_id, event):
                verdicts.append("dropped")
                continue
            verdicts.append(self._wait_judged(peer, event_id, event, may_fail=True)[0])
        self._count(" ".join(verdicts))
        counted = [verdict in ("accepted", "soft_failed") for verdict in verdicts]
        if counted[0] != counted[1]:
            self._differ(event_id, "verdict, Synapse's first", *verdicts, event)
        elif counted[0]:
            told = self.leader.state_ids(self.servers[0], self.room.room_id, event_id)
            self._answers[event_id] = (*self.leader.judged(event_id), told)
            self.room.place(event, self.leader.judged(event_id)[0], told[0])
            self._compare(event_id)

    def _learn(self, event_id, event):
        """What the leader says of a new event; it is then part of the graph."""
        verdict, why = self._wait_judged(self.leader, event_id, event)
        self._count(verdict)
        told = self.leader.state_ids(self.servers[0], self.room.room_id, event_id)
        if told == 404 and verdict != "rejected" and self._synapse_hides(event):
            self._flush()
            self.follower.push(self.servers[0], [event])
            self._wait_judged(self.follower, event_id, event)
            told = self.follower.state_ids(self.servers[0], self.room.room_id, event_id)
        self._answers[event_id] = (verdict, why, told)
        self.room.place(event, verdict, None if verdict == "rejected" else told[0])

    @staticmethod
    def _synapse_hides(event):
        """It does not serve redactions of what it has not got, or rejected, or that the sender may not redact."""
        return event["type"] == "m.room.redaction"

    def _wait_judged(self, peer, event_id, event, seconds=PATIENCE_S, may_fail=False):
        """Its verdict; an event that does not come is a difference nothing can be built on."""
        def judged():
            found = peer.judged(event_id)
            if not found and peer.failed_on(event_id):
                if may_fail:
                    return "failed", ""
                if self._answers.get(event_id, ("rejected",))[0] == "rejected":
                    raise LostBySynapse(event_id)
            return found if found and found[0] != "outlier" else None
        try:
            return until(judged, seconds, event_id, 0.005)
        except TimeoutError:
            self.room.events.setdefault(event_id, event)
            raise Difference(f"seed {self.seed}, room version {self.room_version}, {self.mode}, first to {self.leader.name}: "
                             f"{peer.name} does not judge\n  {self.room.describe(event_id)}\n  which is {peer.judged(event_id)} there"
                             f"\n  around it:\n    " + self.room.around(event_id).replace("\n", "\n    ") +
                             "\n  its log:\n    " + "\n    ".join(peer.log_about(event_id))) from None

    def _flush(self):
        """The follower gets what is pending, and is compared."""
        pending, self._pending = self._pending, []
        pick = self.random
        self._window = {LOCKSTEP: 1, SHUFFLED: pick.randint(2, 10), GAPS: pick.randint(2, 6)}[self.mode]
        if not pending:
            return
        pushed = list(pending)
        if self.mode == SHUFFLED:
            pick.shuffle(pushed)
        if self.mode == GAPS:
            cited = {parent for _, event in pending for parent in event["prev_events"]}
            pushed = [(event_id, event) for event_id, event in pending if event_id not in cited]
        while pushed:
            size = pick.randint(1, len(pushed))
            self.follower.push(pick.choice(self.servers), [event for _, event in pushed[:size]])
            pushed = pushed[size:]
        for event_id, event in pending:
            try:
                self._wait_judged(self.follower, event_id, event, 10)
            except Difference:
                # It was only needed as an authority, or the way to it was given up: then it has to come by itself.
                self._count("pushed again")
                self.follower.push(self.servers[0], [event])
                self._wait_judged(self.follower, event_id, event)
        for event_id, _ in pending:
            self._compare(event_id)

    def _real_user_speaks(self):
        """A user of one of the two real servers says something; it comes to the played ones and to the other by itself."""
        # What nobody else has yet it cannot be asked for: rejected parents are not part of the history a server hands out.
        self._flush()
        peer = self.random.choice(self.peers)
        user = self.real[peer]
        say = peer.names if peer is self.synapse and self.random.random() < 0.4 else peer.says
        event_id = say(self.room.room_id, user, f"real {self.random.random()}")
        if event_id is None:
            return
        self._count("by real users")

        def arrived():
            return next((pdu for pdu in list(self.servers[0].received_pdus) if pdu["room_id"] == self.room.room_id and
                         matrix.event_id(pdu, self.room_version) == event_id), None)
        event = until(arrived, PATIENCE_S, f"what the user of {peer.name} said")
        event.pop("unsigned", None)
        self._learn(event_id, event)
        self._wait_judged(self.follower, event_id, event)
        self._compare(event_id)

    # -- comparing

    def _compare(self, event_id):
        verdict, why, told = self._answers[event_id]
        other, other_why = self.follower.judged(event_id)
        # A soft failure depends on the ends of the graph at the time.
        alike = self.mode == LOCKSTEP and not self._ends_differ
        same = verdict == other if alike else (verdict == "rejected") == (other == "rejected")
        if not same:
            return self._differ(event_id, "verdict", f"{verdict} {why}", f"{other} {other_why}")
        answer = self.follower.state_ids(self.servers[0], self.room.room_id, event_id)
        if self._synapse_hides(self.room.events[event_id]) and \
                404 in (answer, self.leader.state_ids(self.servers[0], self.room.room_id, event_id)):
            return self._count("redactions Synapse hides")
        self._compare_states(event_id, told, answer)
        # Synapse also redacts what was rejected.
        if verdict != "rejected":
            self._compare_served(event_id)

    def _compare_served(self, event_id):
        served = []

        def alike():
            served[:] = [peer.event(self.servers[0], event_id) for peer in (self.leader, self.follower)]
            return served[0] == served[1]
        try:
            until(alike, PATIENCE_S / 4, event_id, 0.05)  # a redaction takes effect a little after it was judged
        except TimeoutError:
            self._differ(event_id, "event as served", *served)

    def _compare_states(self, event_id, told, answer):
        if told == answer:
            return
        if not isinstance(told, tuple) or not isinstance(answer, tuple):
            short = [each if isinstance(each, int) else "a state" for each in (told, answer)]
            return self._differ(event_id, "answer of /state_ids", *short)
        event = self.room.events[event_id]
        replaced = {each for each in told[0] - answer[0] if "state_key" in event and
                    all(event[word] == self.room.events[each].get(word) for word in ("type", "state_key"))}
        if replaced and self.follower is self.synapse and told[0] - answer[0] == replaced and not answer[0] - told[0]:
            # An event that it first fetched as an authority is on its disk without a note of what it replaces.
            return self._count("replaced state Synapse forgets")
        for what, one, two in zip(("state before", "auth chain of the state before"), told, answer):
            only = [sorted(self.room.describe(each) for each in ids) for ids in (one - two, two - one)]
            if one != two:
                self._differ(event_id, what, *("only there:\n      " + "\n      ".join(each) for each in only))

    def _compare_ends(self):
        """An end that is followed by way of rejected events is none for us; Synapse looks through soft-failed ones only."""
        ends = [peer.ends(self.room.room_id) for peer in self.peers]
        self._ends_differ = ends[0] != ends[1]
        if ends[0] - self.room.followed() != ends[1]:
            self._differ(self.room.order[-1], "ends of the graph, Synapse's first", *(sorted(map(self.room.describe, each)) for each in ends))

    def _merge_all(self):
        """Somebody says something after all ends; then both know one current state."""
        candidates = [self.people.founder, *self.people.members]
        for sender in candidates:
            event_id, event = self.room.make_at(self.room.loose_ends()[-20:], "m.room.message", {"body": "the end"}, sender)
            self._one(event_id, event)
            self._flush()
            verdict = self._answers.get(event_id, ("dropped",))[0]
            if verdict == "accepted" and self.causeway.ends(self.room.room_id) == {event_id}:
                break
        else:
            self._count("no common end")
            return
        self._compare_ends()
        if self._ends_differ:
            self._count("Synapse with more ends")
            return
        state = self._answers[event_id][2][0]
        shown = self.synapse.current_state(self.room.room_id, self.real[self.synapse])
        if shown != state:
            self._differ(event_id, "current state, the leader's against Synapse's to its clients",
                         sorted(map(self.room.describe, state - shown)), sorted(map(self.room.describe, shown - state)))
        held = self.room.as_state(state)
        members = {key[1]: self.room.events[each]["content"]["membership"] for key, each in held.items() if key[0] == MEMBER}
        # A name or topic may be redacted by now.
        shown = [self.synapse.event(self.servers[0], held[f"m.room.{word}", ""]).get(word, "") if (f"m.room.{word}", "") in held else ""
                 for word in ("name", "topic")]
        expected = (members, *shown)
        told = self.causeway.told_room(self.room.room_id)
        if told != expected:
            self._differ(event_id, "the room as told to the chat server, expected first", expected, told)

    def _differ(self, event_id, what, leaders, followers, event=None):
        if event is not None:
            self.room.events.setdefault(event_id, event)
        self.differences.append(
            f"seed {self.seed}, room version {self.room_version}, {self.mode}: {what} of\n  {self.room.describe(event_id)}\n"
            f"  {self.leader.name} (first): {leaders}\n  {self.follower.name}: {followers}\n"
            f"  around it:\n    " + self.room.around(event_id).replace("\n", "\n    "))

    def write(self, path):
        """Everything about the room, for a look afterwards."""
        with open(path, "w", encoding="utf8") as out:
            json.dump({"seed": self.seed, "room_version": self.room_version, "room_id": self.room.room_id, "mode": self.mode,
                       "leader": self.leader.name, "differences": self.differences,
                       "events": [{"id": each, "judged": {peer.name: peer.judged(each) for peer in self.peers},
                                   "event": self.room.events[each]} for each in self.room.order]}, out, indent=1)
