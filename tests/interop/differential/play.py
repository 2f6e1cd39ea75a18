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
PATIENCE_S = float(os.environ.get("INTEROP_PATIENCE_S", "45"))


class Difference(Exception):
    """The two servers differ; the text is for a person."""


class Play:
    """:param synapse, causeway: the peers; `servers`: played ones, the first founds the room and pushes.
    :param seed: of this room; `only` fixes the room version, `events` how many are generated."""

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

    # -- the whole

    def run(self):
        """Returns the differences, texts for a person; none when all is alike."""
        self._begin()
        generator = Generator(self.random, self.room, self.people)
        for number in range(self.events):
            if self.random.random() < 0.06:
                self._real_user_speaks()
            else:
                self._one(*generator.next())
            if self.mode == LOCKSTEP:
                self._compare_ends()
        self._flush()
        self._merge_all()
        return self.differences

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
        if int(self.room_version) < 12:
            levels["users"][self.people.founder] = 100
        if self.random.random() < 0.3:
            levels["users"].update({user: 50 for user in real})
        self.room = GeneratedRoom(founder, [other], self.random, room_version=self.room_version, levels=levels)
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

    # -- an event

    def _count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def _one(self, event_id, event):
        server = self.servers[0] if self.random.random() < 0.8 else self.servers[1]
        error = self.leader.push(server, [event]).get(event_id, {}).get("error")
        if error:
            # Dropped: no server keeps it, so nothing is built on it.
            self._count("dropped")
            other = self.follower.push(server, [event]).get(event_id, {}).get("error")
            if not other:
                self._differ(event_id, "dropped or not", error, self.follower.judged(event_id) or "taken", event)
            return
        self._learn(event_id, event)
        self._pending.append((event_id, event))
        if len(self._pending) >= self._window:
            self._flush()

    def _learn(self, event_id, event):
        """What the leader says of a new event; it is then part of the graph."""
        verdict, why = self._wait_judged(self.leader, event_id)
        self._count(verdict)
        told = self.leader.state_ids(self.servers[0], self.room.room_id, event_id)
        self._answers[event_id] = (verdict, why, told)
        self.room.place(event, verdict, None if verdict == "rejected" else told[0])

    def _wait_judged(self, peer, event_id, seconds=PATIENCE_S):
        def judged():
            found = peer.judged(event_id)
            return found if found and found[0] != "outlier" else None
        return until(judged, seconds, lambda: f"{peer.name} to judge {event_id}, which is {peer.judged(event_id)} there", 0.005)

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
                self._wait_judged(self.follower, event_id, 10)
            except TimeoutError:
                # It was only needed as an authority, or the way to it was given up: then it has to come by itself.
                self._count("pushed again")
                self.follower.push(self.servers[0], [event])
                self._wait_judged(self.follower, event_id)
            self._compare(event_id)

    def _real_user_speaks(self):
        """A user of one of the two real servers says something; it comes to the played ones and to the other by itself."""
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
        self._wait_judged(self.follower, event_id)
        self._compare(event_id)

    # -- comparing

    def _compare(self, event_id):
        verdict, why, told = self._answers[event_id]
        other, other_why = self.follower.judged(event_id)
        same = verdict == other if self.mode == LOCKSTEP else (verdict == "rejected") == (other == "rejected")
        if not same:
            return self._differ(event_id, "verdict", f"{verdict} {why}", f"{other} {other_why}")
        answer = self.follower.state_ids(self.servers[0], self.room.room_id, event_id)
        self._compare_states(event_id, told, answer)
        served = [peer.event(self.servers[0], event_id) for peer in (self.leader, self.follower)]
        if served[0] != served[1]:
            self._differ(event_id, "event as served", *served)

    def _compare_states(self, event_id, told, answer):
        if told == answer:
            return
        if not isinstance(told, tuple) or not isinstance(answer, tuple):
            return self._differ(event_id, "answer of /state_ids", told, answer)
        for what, one, two in zip(("state before", "auth chain of the state before"), told, answer):
            only = [sorted(self.room.describe(each) for each in ids) for ids in (one - two, two - one)]
            if one != two:
                self._differ(event_id, what, *("only there:\n      " + "\n      ".join(each) for each in only))

    def _compare_ends(self):
        ends = [peer.ends(self.room.room_id) for peer in (self.leader, self.follower)]
        if ends[0] != ends[1]:
            self._differ(self.room.order[-1], "ends of the graph", *(sorted(map(self.room.describe, each)) for each in ends))

    def _merge_all(self):
        """Somebody says something after all ends; then both know one current state."""
        candidates = [self.people.founder, *self.people.members]
        for sender in candidates:
            event_id, event = self.room.make_at(self.room.loose_ends()[-20:], "m.room.message", {"body": "the end"}, sender)
            self._one(event_id, event)
            self._flush()
            verdict = self._answers.get(event_id, ("dropped",))[0]
            if verdict == "accepted" and self.leader.ends(self.room.room_id) == {event_id}:
                break
        else:
            self._count("no common end")
            return
        self._compare_ends()
        state = self._answers[event_id][2][0]
        shown = self.synapse.current_state(self.room.room_id, self.real[self.synapse])
        if shown != state:
            self._differ(event_id, "current state, the leader's against Synapse's to its clients",
                         sorted(map(self.room.describe, state - shown)), sorted(map(self.room.describe, shown - state)))
        content = {key: self.room.events[each]["content"] for key, each in self.room.as_state(state).items()}
        members = {key[1]: each["membership"] for key, each in content.items() if key[0] == MEMBER}
        expected = (members, content.get(("m.room.name", ""), {}).get("name", ""), content.get(("m.room.topic", ""), {}).get("topic", ""))
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
