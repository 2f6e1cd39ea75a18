"""Three nodes over one PostgreSQL, a second broker as the other side, people who talk, and faults by a seed: plays so many of them, judges what
the chat servers were answered and shown, and writes a log of JSON lines that can be published."""

import collections
import json
import os
import shutil
import tempfile
import threading
import time

import paths  # noqa: F401 - first: it finds what follows
from causeway_demo.broker import Broker
from causeway_demo.certificates import Authority
from causeway_demo.chat_server import ChatServer
from causeway_demo.nodes import REPLACED, Nodes
from causeway_demo.process import free_port
from database_door import DatabaseDoor
from faults import KILLED, SINGLE, Cluster, play, planned
from harness.sides import CausewaySide
from node_door import NodeDoor
from recorder import Recorder
from traffic import ROOM_VERSION, Chapter, counts_of
from way_through_standby import WayThroughStandby

PAIRS = 3  # of people who talk with each other
FAULTS_PER_CHAPTER = 8
BETWEEN = 10  # answers to our chat server after a fault, before the next one
# Of notifications: more than a chapter makes.
KEPT = 100_000
SERVES_AGAIN_S = 120
SANITIZER_WORDS = ("ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer")


class Watch:
    """Starts what has ended, as a service manager does, and counts why it had."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stopped.wait(0.3):
            for node in self._cluster.nodes.nodes:
                if node in self._cluster.busy or node.process.is_running():
                    continue
                self._cluster.has_ended(node, node.process.ended_with)
                node.process.start()

    def stop(self):
        self._stopped.set()
        self._thread.join()


class Nemesis:
    """:param log: called with a dict for each line of the log.
    :param through_standby: all that other servers and chat servers say comes to a node that stands by, which passes it on."""

    def __init__(self, seed, events, faults, kinds=tuple(SINGLE), log=lambda line: None, binary=None, long_share=1.0, through_standby=False):
        self.seed, self.events, self.faults = seed, events, faults
        self.problems = []
        self._log, self._binary, self._long_share = log, binary, long_share
        self._plan = planned(seed, kinds)
        self._happened = {True: collections.Counter(), False: collections.Counter()}  # kinds
        self._through_standby = through_standby
        self._links = []  # of each node, the doors through which the others reach it
        self._brokers = []  # whose logs are looked at
        self._cluster = None  # not started yet
        self._directory = tempfile.mkdtemp(prefix="cw-")  # short: unix socket paths are bounded
        self._closing = []  # last first
        self._totals = collections.Counter(acknowledged=0, lost=0, duplicated=0, forked=0)
        self._gaps = {}  # kind -> longest, seconds
        self._played = 0
        self._finished = set()  # rooms of chapters that were judged
        self._late = 0  # what was shown of those

    def run(self):
        """The last line of the log."""
        began = time.monotonic()
        try:
            self._start()
            chapter_count = -(-self.faults // FAULTS_PER_CHAPTER)
            for number in range(chapter_count):
                self._play(number, min(FAULTS_PER_CHAPTER, self.faults - self._played), -(-self.events // chapter_count))
            self._watch.stop()
        finally:
            self._close()
        summary = {"seed": self.seed, "faults": self._played, **self._totals, "fenced": self._cluster.ended[REPLACED],
                   "injected": dict(sorted(self._happened[True].items())), "not_injected": dict(sorted(self._happened[False].items())),
                   "refused_drains": self._cluster.refused, "longest_gap_s": {kind: round(gap, 2) for kind, gap in sorted(self._gaps.items())},
                   "problems": len(self.problems), "seconds": round(time.monotonic() - began)}
        self._log(summary)
        return summary

    # -- the brokers

    def _start(self):
        authority = Authority(os.path.join(self._directory, "tls"))
        our_door, their_door = Recorder(authority, None), Recorder(authority, None)
        self._closing += [our_door.close, their_door.close]
        self._doors = (our_door, their_door)
        self._nodes = Nodes(self._directory, authority, self._binary, settings={"federation": {"room_version": ROOM_VERSION}},
                            way_to_database=self._way_to_database, public_port=our_door.port, **self._way_through_standby())
        self._database_doors = []
        self._closing.append(self._stop_nodes)
        self._nodes.start()
        our_door.target_port = self._nodes.balancer.ports[1]
        other = Broker("theirs", os.path.join(self._directory, "theirs"), authority, self._binary, public_port=their_door.port,
                       settings={"federation": {"room_version": ROOM_VERSION}})
        their_door.target_port = other.port
        self._closing.append(lambda: self._stop_for_good(other))
        other.start()
        self._brokers = [*self._nodes.nodes, other]
        self._theirs, self._ours = CausewaySide(other, "chat-theirs"), CausewaySide(self._nodes.nodes[0], "chat-ours")
        for side, endpoint in ((self._ours, self._nodes.chat_endpoint), (self._theirs, other.chat_endpoint)):
            side.chat = ChatServer(endpoint, "chat-" + ("ours" if side is self._ours else "theirs"), self._told, keep=KEPT)
            side.chat.connect()
            self._closing.append(side.chat.close)
        self._users = [(self._ours.user(f"alice{number}"), self._theirs.user(f"bob{number}")) for number in range(PAIRS)]
        self._cluster = Cluster(self._nodes, self._database_doors, self._long_share, self._links)
        self._watch = Watch(self._cluster)
        self._closing.append(self._watch.stop)

    def _way_to_database(self, number, url):
        door = DatabaseDoor(os.path.join(self._directory, f"door{number}"), self._nodes.database.folder)
        self._database_doors.append(door)
        self._closing.insert(0, door.close)  # a node that is stopped still writes
        return door.url(url)

    def _way_through_standby(self):
        return {"balancer": WayThroughStandby(2), "settings_of": self._edge_of} if self._through_standby else {}

    def _edge_of(self, chat):
        """Of one node: where the others reach it is a door of ours."""
        gateway = free_port()
        doors = [NodeDoor(gateway), NodeDoor(chat)]
        self._links.append(doors)
        for door in doors:
            self._closing.insert(0, door.close)
        return {"edge": {"gateway_endpoints": [f"tcp://127.0.0.1:{gateway}"], "gateway_address": doors[0].address, "chat_address": doors[1].address}}

    def _told(self, notification):
        if notification.name in ("message.received", "message.edited") and notification.body["matrix_room_id"] in self._finished:
            self._late += 1

    def _stop_for_good(self, broker):
        """One that runs ends by itself, or it hangs."""
        was_running = broker.process.is_running()
        code = broker.stop()
        if code not in ((0, REPLACED) if was_running else (0, None, KILLED, REPLACED)):
            self.problems.append(f"{broker.name} was stopped at the end, and ended with {code}")

    def _stop_nodes(self):
        for node in self._nodes.nodes:
            self._stop_for_good(node)
        self._nodes.stop()

    def _close(self):
        for close in reversed(self._closing):
            try:
                close()
            except Exception as why:  # the others are ended all the same
                self.problems.append(f"at the end: {why}")
        self._look_at_ends()
        if self.problems:
            self._log({"kept": self._directory})
        else:
            shutil.rmtree(self._directory, ignore_errors=True)

    def _look_at_ends(self):
        """When all have ended: leaks are told last."""
        self.problems += self._cluster.problems if self._cluster else []
        if self._late:
            self.problems.append(f"{self._late} messages were shown again after their chapter")
            self._totals["duplicated"] += self._late
        for node in self._brokers:
            with open(node.process.log_file, encoding="utf8", errors="replace") as log:
                found = next((line.strip() for line in log if any(word in line for word in SANITIZER_WORDS)), None)
            if found:
                self.problems.append(f"{node.name}: {found}")

    # -- what is played

    def _play(self, number, faults, events):
        chapter = Chapter(f"chapter {number}", self._ours, self._theirs, self._users, self._doors)
        chapter.wait_for_answers(BETWEEN)
        for _ in range(faults):
            self._do(chapter)
        chapter.wait_for_events(events)
        problems = chapter.finish()
        counts = counts_of(chapter.ledger, problems)
        found = [str(each) for each in problems]
        self._totals.update(counts)
        self._finished |= chapter.rooms
        self.problems += found
        self._log({"chapter": number, **counts, "problems": found})

    def _do(self, chapter):
        kinds = next(self._plan)
        began = time.monotonic()
        before = self._cluster.ended[REPLACED]
        happened = play(self._cluster, self.seed, self._played, kinds)
        for kind, is_true in happened.items():
            self._happened[is_true][kind] += 1
        self._nodes.wait_active(SERVES_AGAIN_S)
        chapter.wait_for_answers(BETWEEN)
        gap = chapter.longest_pause(began)
        name = "two at once" if len(kinds) > 1 else kinds[0]
        self._gaps[name] = max(self._gaps.get(name, 0.0), gap)
        self._played += 1
        self._log({"fault": self._played, "kind": " and ".join(kinds), "happened": happened, "gap_s": round(gap, 2), "seconds": round(time.monotonic() - began, 2),
                   "fenced": self._cluster.ended[REPLACED] - before})


def write_lines(path):
    """A log of one JSON object a line; `-` is standard output."""
    def write(line):
        text = json.dumps(line, separators=(",", ":"))
        if path == "-":
            print(text, flush=True)
        else:
            with open(path, "a", encoding="utf8") as out:
                out.write(text + "\n")
    return write
