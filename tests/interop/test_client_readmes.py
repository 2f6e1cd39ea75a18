"""The bot in the README of each client library, word by word but for the broker's address, with a real broker: it
accepts an invitation of another server and says again what it is told."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import uuid

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


def is_member(client, room, user):
    members = client.command("query.room", {"room": room})["members"]
    return any(each["user"] == user and each["membership"] == "join" for each in members)


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
        self.until_there(room, echo)
        for text in ("hello", "ünd noch einmal", "and 3"):
            self.theirs.send(room, self.alice, text)
        self.until_equal(
            lambda: self.theirs.texts(room, self.alice, echo),
            ["hello", "ünd noch einmal", "and 3"],
            "the bot says it again",
        )
        said = self.theirs.chat.find("message.received", matrix_room_id=room, sender=echo)
        self.assertEqual({each.body["msgtype"] for each in said}, {"m.notice"})  # so that no program answers it
        self.goes_on(room, echo, process, broker)

    def until_there(self, room, echo):
        self.theirs.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=echo, membership="join")

    def goes_on(self, room, echo, process, broker):
        """What it cannot answer any more does not keep it from what comes after it, nor does it answer programs and the past."""
        process.stop()
        self.theirs.send(room, self.alice, "too late")
        self.theirs.kick(room, self.alice, echo)
        with Client(broker.chat_endpoint, peer="onlooker", streams=[]) as onlooker:
            self.until(lambda: not is_member(onlooker, room, echo), "the bot to be out")
        other = self.theirs.create_channel(self.alice, [])
        self.theirs.send(other, self.alice, "before it came")
        self.theirs.invite(other, self.alice, echo)
        process.start()
        self.until_there(other, echo)
        notice = {"sender": self.alice, "message": uuid.uuid4().hex, "text": "by a program", "kind": "notice"}
        self.theirs.chat.command("message.send", {"room": other, **notice})
        self.theirs.send(other, self.alice, "still there?")
        self.until_equal(lambda: self.theirs.texts(other, self.alice, echo), ["still there?"], "the bot goes on")

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
