"""The bot in the README of each client library, word by word but for the broker's address, with a real broker: it
accepts an invitation of another server and says again what it is told."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from causeway_client import Client, CommandError
from causeway_demo.broker import Broker, find_binary
from causeway_demo.process import Process
from harness.case import PATIENCE_S, InteropCase

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
CLIENTS = os.path.join(ROOT, "tools", "clients")
ENDPOINT = "ipc:///run/causeway/chat.sock"
sys.path.insert(0, os.path.join(ROOT, "tests", "clients"))
import node_packages  # noqa: E402


def bot(language, fence):
    with open(os.path.join(CLIENTS, language, "README.md"), encoding="utf8") as readme:
        return re.search(rf"\n## A bot\n.*?```{fence}\n(.*?)```", readme.read(), re.S)[1]


def is_known(client, user):
    try:
        return client.command("query.user", {"user": user})
    except CommandError as error:
        if error.code != "not_found":
            raise
        return None


class ReadmeBots(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.alice = cls.theirs.user("alice")

    def broker(self, name):
        """A broker without a chat server: that is the bot."""
        broker = Broker(name, os.path.join(self.directory, name), self.authority)
        self.addCleanup(broker.stop)
        return broker.start()

    def echoes(self, language, command, broker, environment=None):
        process = Process(
            f"{language} bot", command, os.path.join(self.directory, f"{language}.log"), environment=environment
        )
        self.watched.append(process)
        process.start()
        self.addCleanup(process.stop)
        echo = f"@echo:{broker.server_name}"
        with Client(broker.chat_endpoint, peer="onlooker", streams=[]) as onlooker:
            self.until(lambda: is_known(onlooker, echo), "the bot says who its user is")
        room = self.theirs.create_direct(self.alice, echo)
        self.theirs.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=echo, membership="join")
        for text in ("hello", "ünd noch einmal", "and 3"):
            self.theirs.send(room, self.alice, text)
        self.until_equal(
            lambda: self.theirs.texts(room, self.alice, echo),
            ["hello", "ünd noch einmal", "and 3"],
            "the bot says it again",
        )

    def ported(self, text, broker):
        self.assertEqual(text.count(ENDPOINT), 1)
        return text.replace(ENDPOINT, broker.chat_endpoint)

    def test_python(self):
        broker = self.broker("python")
        path = os.path.join(self.directory, "bot.py")
        with open(path, "w", encoding="utf8") as out:
            out.write(self.ported(bot("python", "python"), broker))
        self.echoes("python", ["/usr/bin/python3", path], broker, {"PYTHONPATH": os.path.join(CLIENTS, "python")})

    def test_cpp(self):
        broker = self.broker("cpp")
        # tests/CMakeLists.txt takes it out of the README in the same way.
        self.assertEqual(bot("cpp", "cpp").count(f'"{ENDPOINT}"'), 1)
        self.echoes("cpp", [find_binary("readme_bot")], broker, {"CAUSEWAY_ENDPOINT": broker.chat_endpoint})

    def test_node(self):
        node, packages = node_packages.packages()
        broker = self.broker("node")
        folder = tempfile.mkdtemp(dir=self.directory)
        # As one has it who installed it: what is packed, with its dependencies beside it.
        packed = subprocess.run(
            [shutil.which("npm"), "pack", "--pack-destination", folder, os.path.join(CLIENTS, "node")],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()[-1]
        installed = os.path.join(folder, "node_modules", "causeway-client")
        os.makedirs(installed)
        subprocess.run(
            ["tar", "-xzf", os.path.join(folder, packed), "-C", installed, "--strip-components=1"], check=True
        )
        path = os.path.join(folder, "bot.mjs")
        with open(path, "w", encoding="utf8") as out:
            out.write(self.ported(bot("node", "js"), broker))
        self.echoes("node", [node, path], broker, {"NODE_PATH": packages})


if __name__ == "__main__":
    unittest.main()
