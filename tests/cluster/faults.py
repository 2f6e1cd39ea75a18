"""What a nemesis does to the nodes of a cluster and to their database. Each fault is over when its function returns."""

import os
import signal
import threading
import time

from database_door import TO_DATABASE, TO_NODE

# A commit of the node that serves is waited for so long.
COMMIT_S = 5
SHORT_S = 1


class Cluster:
    """What faults work on. A node under a fault is left alone by whoever starts what has ended.

    :param long_share: of the faults that have a length; the others are short, and nobody need take over because of them.
    """

    def __init__(self, nodes, doors, long_share=1.0):
        self._long_share = long_share
        self.nodes = nodes
        self.doors = doors  # one per node
        self.busy = set()  # nodes whose process a fault ends and starts
        self.refused = 0  # drains that were refused: nobody stood by
        self.database = threading.Lock()  # one at a time ends it

    def active(self):
        """The node that serves and its door; where none does at the moment, the first one."""
        node = self.nodes.active() or self.nodes.nodes[0]
        return node, self.doors[self.nodes.nodes.index(node)]

    def length(self, rng, least, most):
        """Seconds."""
        return rng.uniform(least, most if rng.random() < self._long_share else least + SHORT_S)


def killed(cluster, rng):
    node, _ = cluster.active()
    node.process.kill()
    time.sleep(rng.uniform(0, 1))  # how long nobody notices is part of the fault


def asleep(cluster, rng):
    node, _ = cluster.active()
    if not node.process.is_running():
        return
    pid = node.process.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(cluster.length(rng, 2, 11))  # the fault is that long
    if node.process.is_running() and node.process.pid == pid:
        os.kill(pid, signal.SIGCONT)


def _held(cluster, rng, *ways):
    _, door = cluster.active()
    door.hold(*ways)
    try:
        time.sleep(cluster.length(rng, 1, 9))  # the fault is that long
    finally:
        door.release()


def cut_off(cluster, rng):
    _held(cluster, rng, TO_DATABASE, TO_NODE)


def mute(cluster, rng):
    _held(cluster, rng, TO_DATABASE)


def deaf(cluster, rng):
    _held(cluster, rng, TO_NODE)


def commit_cut(cluster, _rng):
    cluster.active()[1].cut_after_commit(COMMIT_S)


def database_restarted(cluster, rng):
    with cluster.database:
        cluster.nodes.database.crash()
        try:
            time.sleep(rng.uniform(0, 3))  # the fault is that long
        finally:
            cluster.nodes.database.serve()


def drained(cluster, _rng):
    node, _ = cluster.active()
    if cluster.nodes.command(node, "drain", "--wait", "--reason", "nemesis").returncode != 0:
        cluster.refused += 1
    cluster.nodes.undrain(node)


def replaced(cluster, _rng):
    """Stopped and started anew, as with an upgrade."""
    node, _ = cluster.active()
    cluster.busy.add(node)
    try:
        node.stop()
        node.process.start()
    finally:
        cluster.busy.discard(node)


HEAD_START_S = 0.2  # of the first of two at once
SINGLE = {each.__name__: each for each in (killed, asleep, cut_off, mute, deaf, commit_cut, database_restarted, drained, replaced)}


def chosen(rng, kinds):
    """(name, function) of the next one; one in six are two at once."""
    names = sorted(kinds)
    if len(names) > 1 and rng.random() < 1 / 6:
        first, second = rng.sample(names, 2)
        return f"{first} and {second}", lambda cluster, rng: _both(cluster, rng, SINGLE[first], SINGLE[second])
    name = rng.choice(names)
    return name, SINGLE[name]


def _both(cluster, rng, *faults):
    seeds = [rng.getrandbits(64) for _ in faults]
    failures = []

    def one(fault, seed):
        try:
            fault(cluster, type(rng)(seed))
        except Exception as why:  # told below
            failures.append(why)
    threads = [threading.Thread(target=one, args=each, daemon=True) for each in zip(faults, seeds)]
    for thread in threads:
        thread.start()
        time.sleep(HEAD_START_S)  # the second one meets what the first one has begun
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
