"""What a nemesis does to the nodes of a cluster and to their database. Each fault is over when its function returns, which says whether it
happened: a node that has ended cannot be killed, and one that nobody stands by for is not drained."""

import collections
import contextlib
import json
import os
import random
import signal
import threading
import time

from causeway_demo.nodes import REPLACED
from causeway_demo.process import until
from database_door import TO_DATABASE, TO_NODE
from node_door import TO_SERVING, TO_STANDBY

# A commit of the node that serves is waited for so long.
COMMIT_S = 5
SHORT_S = 1
# A node is waited for that stands by, before the one that serves is drained; then one that was drained takes its turn again.
STANDBY_S = 20
# Of a node that is away for a moment because of a fault: killed, replaced by another one.
KILLED = -signal.SIGKILL


class Cluster:
    """What faults work on. A node under a fault is left alone by whoever starts what has ended.

    :param long_share: of the faults that have a length; the others are short, and nobody need take over because of them.
    :param links: of each node, the doors through which the others reach it; none where nodes pass nothing on to each other.
    """

    def __init__(self, nodes, doors, long_share=1.0, links=()):
        self._long_share = long_share
        self.links = links
        self.nodes = nodes
        self.doors = doors  # one per node
        self.busy = set()  # nodes whose process a fault ends and starts
        self.refused = 0  # drains that were refused: nobody stood by
        self.ended = collections.Counter()  # how processes ended, by exit code
        self.problems = []
        self.is_alone = True  # the fault: no other one is under way
        self.database = threading.Lock()  # one at a time ends it

    def active(self):
        """The node that serves and its door; where none does at the moment, the first one."""
        node = self.nodes.active() or self.nodes.nodes[0]
        return node, self.doors[self.nodes.nodes.index(node)]

    def forwarding(self):
        """The node that stands by and gets what other servers and chat servers say; None: none does at the moment. One that follows is waited
        for, where nothing else is broken meanwhile."""
        def found():
            place = self.nodes.balancer.chosen
            node = None if place is None else self.nodes.nodes[place]
            return node if node and node.process.is_running() and self.nodes.balancer.passes_on(place) else None
        if self.is_alone:
            with contextlib.suppress(TimeoutError):
                return until(found, STANDBY_S, "a node that passes on", 0.1)
        return found()

    def length(self, rng, least, most):
        """Seconds."""
        return rng.uniform(least, most if rng.random() < self._long_share else least + SHORT_S)

    def has_ended(self, node, code):
        """Counts it, and complains of what no fault explains."""
        self.ended[code] += 1
        if not is_lawful_end(code, node.process.tail()):
            self.problems.append(f"{node.name} ended with {code}")


def is_lawful_end(code, log):
    """Of a process that nobody has stopped for good. One that cannot reach the database at its start ends with 1, as does one that crashes: the
    log tells them apart.

    :param log: the end of it.
    """
    if code == 1:
        starts = [line for line in log.splitlines() if "causewayd: cannot start: " in line]
        return bool(starts) and "cannot start: store_failed" in starts[-1]
    return code in (0, KILLED, REPLACED)


def killed(cluster, rng):
    node, _ = cluster.active()
    if not node.process.is_running():
        return False
    node.process.kill()
    time.sleep(rng.uniform(0, 1))  # how long nobody notices is part of the fault
    return True


def asleep(cluster, rng):
    node, _ = cluster.active()
    return node.process.is_running() and _sleeps(cluster, rng, node)


def _sleeps(cluster, rng, node):
    pid = node.process.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(cluster.length(rng, 2, 11))  # the fault is that long
    if node.process.is_running() and node.process.pid == pid:
        os.kill(pid, signal.SIGCONT)
    return True


def _held(cluster, rng, *ways):
    node, door = cluster.active()
    if not node.process.is_running():
        return False
    door.hold(*ways)
    try:
        time.sleep(cluster.length(rng, 1, 9))  # the fault is that long
    finally:
        door.release()
    return True


def cut_off(cluster, rng):
    return _held(cluster, rng, TO_DATABASE, TO_NODE)


def mute(cluster, rng):
    return _held(cluster, rng, TO_DATABASE)


def deaf(cluster, rng):
    return _held(cluster, rng, TO_NODE)


def commit_cut(cluster, _rng):
    return cluster.active()[1].cut_after_commit(COMMIT_S)


def database_restarted(cluster, rng):
    with cluster.database:
        cluster.nodes.database.crash()
        try:
            time.sleep(rng.uniform(0, 3))  # the fault is that long
        finally:
            cluster.nodes.database.serve()
    return True


def drained(cluster, _rng):
    if cluster.is_alone:
        with contextlib.suppress(TimeoutError):
            cluster.nodes.wait_standby(STANDBY_S)
    node, _ = cluster.active()
    done = cluster.nodes.command(node, "drain", "--wait", "--reason", "nemesis")
    if "no other node stands by" in done.stdout + done.stderr:
        cluster.refused += 1
        return False
    with contextlib.suppress(TimeoutError):  # then it takes its turn when it has to
        until(lambda: _is_undrained(cluster, node), STANDBY_S, "the drained node to take its turn again", 0.2)
    return done.returncode == 0 and json.loads(done.stdout)["served"]


def _is_undrained(cluster, node):
    done = cluster.nodes.command(node, "undrain", "--reason", "nemesis")
    return done.returncode == 0 or "there is nothing to undo" in done.stdout + done.stderr or not node.process.is_running()


def replaced(cluster, _rng):
    """Stopped and started anew, as with an upgrade."""
    node, _ = cluster.active()
    cluster.busy.add(node)
    try:
        was_running = node.process.is_running()
        code = node.stop()
        cluster.has_ended(node, code)
        if was_running and cluster.is_alone and code not in (0, REPLACED):
            cluster.problems.append(f"{node.name} was stopped and ended with {code}")
        node.process.start()
        return was_running
    finally:
        cluster.busy.discard(node)


def forwarder_killed(cluster, rng):
    node = cluster.forwarding()
    if not node:
        return False
    node.process.kill()
    time.sleep(rng.uniform(0, 1))  # how long nobody notices is part of the fault
    return True


def forwarder_asleep(cluster, rng):
    node = cluster.forwarding()
    return bool(node) and _sleeps(cluster, rng, node)


def _link_held(cluster, rng, way):
    """The ways from the others to the node that serves; it and the database see each other all the time."""
    if not cluster.forwarding():
        return False
    node, _ = cluster.active()
    doors = cluster.links[cluster.nodes.nodes.index(node)]
    for door in doors:
        door.hold(way)
    try:
        time.sleep(cluster.length(rng, 1, 9))  # the fault is that long
    finally:
        for door in doors:
            door.release()
    return True


def link_mute(cluster, rng):
    return _link_held(cluster, rng, TO_SERVING)


def link_deaf(cluster, rng):
    return _link_held(cluster, rng, TO_STANDBY)


def drained_while_held(cluster, rng):
    """What other servers ask meanwhile waits at the node that stands by, and is for the next one."""
    if not cluster.forwarding():
        return False
    node, _ = cluster.active()
    doors = cluster.links[cluster.nodes.nodes.index(node)]
    for door in doors:
        door.hold(TO_SERVING)
    try:
        time.sleep(rng.uniform(0.2, 1.5))  # so long something comes that is not passed on
        return drained(cluster, rng)
    finally:
        for door in doors:
            door.release()


HEAD_START_S = 0.2  # of the first of two at once
SINGLE = {each.__name__: each for each in (killed, asleep, cut_off, mute, deaf, commit_cut, database_restarted, drained, replaced)}
# Of nodes that pass on what comes to them while they stand by.
FORWARDING = {each.__name__: each for each in (forwarder_killed, forwarder_asleep, link_mute, link_deaf, drained_while_held)}
KINDS = {**SINGLE, **FORWARDING}


def planned(seed, kinds):
    """Tuples of kinds without end: each round has all of them, in another order, and one in six is two at once. The same for a seed, whatever
    becomes of the faults."""
    rng = random.Random(f"{seed} plan")
    names = sorted(kinds)
    while True:
        for name in rng.sample(names, len(names)):
            others = [each for each in names if each != name]
            yield (name, rng.choice(others)) if others and rng.random() < 1 / 6 else (name,)


def dice_of(seed, number, kind):
    """Draws the lengths of one fault: those of the others are the same, however often it draws."""
    return random.Random(f"{seed} {number} {kind}")


def play(cluster, seed, number, kinds):
    """One kind, or several at once. Returns {kind: whether it happened}."""
    cluster.is_alone = len(kinds) == 1
    happened, failures = {}, []

    def one(kind):
        try:
            happened[kind] = bool(KINDS[kind](cluster, dice_of(seed, number, kind)))
        except Exception as why:  # told below
            failures.append(why)
    threads = [threading.Thread(target=one, args=(kind,), daemon=True) for kind in kinds]
    for place, thread in enumerate(threads):
        if place:
            time.sleep(HEAD_START_S)  # the second one meets what the first one has begun
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return happened
