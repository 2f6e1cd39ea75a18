"""Several nodes of one homeserver over one PostgreSQL, with a balancer before them: one serves, the others stand by."""

import json
import os
import shutil
import subprocess

from .balancer import Balancer
from .broker import Broker, find_binary
from .postgresql import PostgreSQL
from .process import free_port, until

SERVES, STANDS_BY = "causeway ready", "N761"
START_S = 60
REPLACED = 75  # exit status of a node that finds itself replaced
NUMBERS = ("one", "two", "three", "four", "five")


class Nodes:
    """A chat server connects to `chat_endpoint`, other servers to `server_name`; both lead to the node that serves.

    :param way_to_database: called with a node's number and the URL of the database; returns the URL under which that node knows it.
    :param public_port: where others reach the homeserver when something stands before the balancer, too.
    :param balancer: another one, with a port for chat servers and one for other servers.
    :param settings_of: called with a node's chat port; returns what only that node has.
    """

    def __init__(self, directory, authority, binary=None, count=3, settings=None, way_to_database=lambda number, url: url, public_port=None,
                 balancer=None, settings_of=lambda chat: {}):
        self.database = PostgreSQL(synced=False)
        self.balancer = balancer or Balancer(2)
        self._settings_of = settings_of
        self.nodes = []
        self._settings = settings or {}
        self._way_to_database = way_to_database
        self._public_port = public_port
        self._count = count
        self._where = (directory, authority, binary)

    def start(self):
        url = self.database.start().make_database()
        for number in range(self._count):
            self._make(number, url)
        self.nodes[0].start()
        for node in self.nodes[1:]:
            # All nodes sign with one key.
            shutil.copy2(*(os.path.join(each.directory, "data", "signing.key") for each in (self.nodes[0], node)))
            node.process.start_and_wait(STANDS_BY, START_S)
        return self

    def _make(self, number, url):
        directory, authority, binary = self._where
        name = NUMBERS[number]
        chat, https, health = free_port(), free_port(), free_port()
        settings = {"node": {"name": name}, "edge": {"chat_endpoints": [f"tcp://127.0.0.1:{chat}"]}, "admin": {"web_listen": f"127.0.0.1:{health}"},
                    "store": {"engine": "postgresql", "url": self._way_to_database(number, url)}}
        for further in (self._settings, self._settings_of(chat)):
            for table, values in further.items():
                settings.setdefault(table, {}).update(values)
        self.nodes.append(Broker(name, os.path.join(directory, name), authority, binary, port=https,
                                 public_port=self._public_port or self.balancer.ports[1], settings=settings))
        self.balancer.add(health, [chat, https])

    @property
    def server_name(self):
        return self.nodes[0].server_name

    @property
    def chat_endpoint(self):
        return f"tcp://127.0.0.1:{self.balancer.ports[0]}"

    def active(self):
        """The node that serves, or None."""
        return next((node for number, node in enumerate(self.nodes) if node.process.is_running() and self.balancer.is_ready(number)), None)

    def wait_active(self, seconds=START_S, but=None):
        return until(lambda: (node := self.active()) is not but and node, seconds, "a node that serves", 0.05)

    def wait_standby(self, seconds=START_S):
        """Returns when somebody would follow the node that serves."""
        until(lambda: any(row["state"] == "standby" and row["lease_left_ms"] > 0 for row in self.rows()), seconds, "a node that stands by", 0.1)

    def rows(self):
        """Of `cluster status`, asked of whichever node answers."""
        for node in self.nodes:
            if node.process.is_running():
                done = self.command(node, "cluster", "status")
                if done.returncode == 0:
                    return json.loads(done.stdout)["nodes"]
        return []

    @staticmethod
    def command(node, *words):
        """The command `causeway` to one of them, with its answer as JSON."""
        return subprocess.run([find_binary("causeway"), "--socket", node.admin_endpoint, "--json", *words], capture_output=True, text=True,
                              timeout=90, check=False)

    def drain(self, node, reason):
        """Its answer. :raises RuntimeError: it was refused."""
        done = self.command(node, "drain", "--wait", "--reason", reason)
        if done.returncode != 0:
            raise RuntimeError(f"causeway drain: {done.stderr or done.stdout}")
        return json.loads(done.stdout)

    def undrain(self, node):
        self.command(node, "undrain", "--reason", "it may serve again")

    def stop(self):
        codes = [node.stop() for node in self.nodes]
        self.balancer.close()
        self.database.stop()
        return codes
