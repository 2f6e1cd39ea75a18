"""The operator's manual, page by page, command by command: what is typed works, and one sees what the page shows. Ours is example.org,
the peer other.example; places below /etc, /var and /run are in a folder of the test, and systemd is this file. What needs a system of
its own (apt, nginx, the unit) runs in tests/package/test_manual.py."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys

from causeway_demo.broker import Broker, find_binary
from causeway_demo.postgresql import PostgreSQL
from harness.case import InteropCase

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import manual_page  # noqa: E402

# Pages whose commands need a system of their own.
OF_PACKAGES = ["delegate", "install", "upgrade"]
# What only looks may be typed again until it shows what the page shows: people do, too.
LOOKS = re.compile(r"(causeway (status|cluster status|why .*|rooms|servers|invites|keys|room show .*|server show .*|invite show .*|dead-letters ls)|df .*|du .*"
                   r"|journalctl -u .*|systemctl reload .*)$")


class ManualCase(InteropCase):
    """Two brokers, and an operator who types."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours", room_version=None)
        cls.theirs = cls.start_causeway("theirs", room_version=None)
        cls.alice, cls.bob = cls.ours.user("alice"), cls.theirs.user("bob")
        os.mkdir(os.path.join(cls.directory, "backups"))

    def setUp(self):
        for side in (self.ours, self.theirs):
            if not side.broker.process.is_running():
                side.start_server()

    def ported(self, text):
        """The page's names and places as they are here."""
        broker = self.ours.broker
        for written, here in (("other.example", self.theirs.server_name), ("example.org", self.ours.server_name),
                              ("/var/lib/causeway", os.path.join(broker.directory, "data")), ("/run/causeway", broker.directory),
                              ("/var/backups", os.path.join(self.directory, "backups")), ("/etc/causeway", broker.directory)):
            text = text.replace(written, here)
        return text

    def follow(self, name, between=None):
        """Types a page. `between[n]` happens before its step n: what the world does, and not the operator."""
        for number, step in enumerate(manual_page.steps(name)):
            for happens in (between or {}).get(number, ()):
                happens()
            commands, sees = self.ported(step.commands), self.ported(step.sees)
            with self.subTest(page=name, step=number, commands=commands):
                self.type_and_see(commands, sees, step.exit_code)

    def type_and_see(self, commands, sees, exit_code):
        said = []

        def as_shown():
            code, said[:] = self.typed(commands)
            return code == exit_code and not manual_page.missing(sees, "\n".join(said))
        if all(LOOKS.match(line) for line in commands.splitlines()):
            try:
                self.until(as_shown, "what the page shows")
            except AssertionError:
                self.fail(f"{commands} does not say\n{sees}\nbut\n" + "\n".join(said))
            return
        code, said[:] = self.typed(commands)
        self.assertEqual(code, exit_code, "\n".join(said))
        self.assertEqual(manual_page.missing(sees, "\n".join(said)), [], "\n".join(said))

    def typed(self, commands):
        """(exit code, lines) of a block. What is systemd's is done here."""
        if "<<" in commands:
            return self.shell(commands)
        code, lines = 0, []
        for command in commands.splitlines():
            code, more = self.service(command) or self.shell(command)
            lines += more
            if code != 0:
                break
        return code, lines

    def service(self, command):
        """None: the line is none of systemd's."""
        process = self.ours.broker.process
        if command == "systemctl stop causewayd":
            return self.ours.broker.stop(), []
        if command == "systemctl start causewayd":
            self.ours.start_server()
            return 0, []
        if command == "systemctl reload causewayd":
            os.kill(process.pid, signal.SIGHUP)
            return 0, []
        if command.startswith("journalctl -u causewayd"):
            return 0, process.tail(20).splitlines()
        if command.startswith("journalctl --vacuum-size"):
            self.fill_disk(None)
            return 0, []
        return (0, []) if re.match(r"chown causeway: ", command) else None  # there is no such user

    def shell(self, command):
        broker = self.ours.broker
        command = command.replace("runuser -u causeway -- ", "")
        configuration = os.path.join(broker.directory, "causeway.toml")
        done = subprocess.run(["bash", "-c", f'set -e; umask 077; causeway() {{ "{find_binary("causeway")}" --config "{configuration}" "$@"; }}\n{command}'],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, timeout=120, check=False,
                              cwd=self.directory, env={**os.environ, "PYTHONPATH": os.path.join(ROOT, "tools", "clients", "python")})
        return done.returncode, done.stdout.splitlines()

    def fill_disk(self, size):
        """The largest file our broker may write, in bytes; None: any."""
        pid = self.ours.broker.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def general(self):
        """A channel the chat server calls so, with bob in it. It is made once."""
        if not getattr(type(self), "room", None):
            answer = self.ours.chat.command("room.create", {"room": "general", "type": "channel", "creator": self.alice, "members": [],
                                                            "name": "general", "visibility": "private"})
            type(self).room = answer["matrix_room_id"]
        return self.room

    def with_bob(self):
        room = self.general()
        if not self.theirs.is_in(room, self.bob):
            self.ours.invite(room, self.alice, self.bob)
            self.until(lambda: self.theirs.has_invitation(room, self.bob), "the invitation")
            self.theirs.accept(room, self.bob)
            self.until(lambda: self.ours.is_in(room, self.bob), "bob in the room")
        return room

    def say(self, text):
        room = self.with_bob()
        self.ours.send(room, self.alice, text)
        self.until(lambda: text in self.theirs.texts(room, self.bob, self.alice), text)


class Manual(ManualCase):
    # Cases run in the order of their names; the first finds bob not in the room yet.

    def test_an_invitation_hangs(self):
        room = self.general()
        self.theirs.stop_server()
        self.ours.chat.command("invite.send", {"room": room, "by": self.alice, "user": self.bob})
        self.follow("an-invitation-hangs", {2: [self.theirs.start_server]})
        self.theirs.accept(room, self.bob)
        self.until(lambda: self.ours.is_in(room, self.bob), "bob in the room")

    def test_join_the_first_room(self):
        self.theirs.create_public(self.bob, "town")
        self.follow("join-the-first-room")

    def test_late_and_down(self):
        room = self.with_bob()
        for page, back in (("a-message-is-late", None), ("a-peer-is-down", {2: [self.theirs.start_server]})):
            if self.theirs.broker.process.is_running():
                self.theirs.stop_server()
            self.ours.chat.command("message.send", {"room": room, "sender": self.alice, "message": {"a-message-is-late": "m17"}.get(page, "m18"), "text": page})
            self.follow(page, back)
        self.until(lambda: "a-message-is-late" in self.theirs.texts(room, self.bob, self.alice), "what was late")

    def test_rotate_keys(self):
        before = self.typed("causeway keys")[1]
        self.follow("rotate-keys")
        self.assertNotEqual(self.typed("causeway keys")[1], before)
        self.say("signed with the new key")

    def test_the_disk_is_full(self):
        self.addCleanup(self.fill_disk, None)
        self.follow("the-disk-is-full", {0: [lambda: self.fill_disk(4096), self.fail_to_write]})

    def fail_to_write(self):
        with self.assertRaises(Exception) as refused:
            self.ours.chat.command("user.profile", {"user": "zoe", "display_name": "Zoe"})
        self.assertEqual(refused.exception.code, "store_failed")

    def test_pages_are_all_run(self):
        with open(__file__, encoding="utf8") as here:
            followed = set(re.findall(r'"([a-z-]+)"', here.read().split("class Manual(", 1)[1]))
        self.assertEqual([name for name in manual_page.names() if name not in followed], OF_PACKAGES)


class ManualOfBackups(ManualCase):
    def test_back_up_and_restore(self):
        self.say("before the backup")
        self.follow("back-up-and-restore", {2: [lambda: self.say("after the backup")]})
        self.assertTrue(os.path.isdir(os.path.join(self.ours.broker.directory, "data.before")))
        # What is said now arrives, whatever the others know and we have forgotten.
        self.say("after the restore")
        self.until(lambda: self.theirs.texts(self.room, self.bob, self.alice)[-1:] == ["after the restore"], "a message after the restore")


class ManualOfPostgreSQL(ManualCase):
    """The database is reached as the page's is: by the name alone, since the environment says where the server is."""

    @classmethod
    def setUpClass(cls):
        cls.database = PostgreSQL(synced=False).start()
        cls.addClassCleanup(cls.database.stop)
        for name, value in (("PGHOST", cls.database.folder), ("PGUSER", "causeway")):
            os.environ[name] = value
            cls.addClassCleanup(os.environ.pop, name)
        super().setUpClass()

    def service(self, command):
        if command.startswith("runuser -u postgres -- createuser"):
            return 0, []  # the server has that user
        if command.startswith("runuser -u postgres -- createdb"):
            self.database.make_database("causeway")
            return 0, []
        return super().service(command)

    def test_move_to_postgresql(self):
        room = self.general()
        self.say("from the file")
        self.follow("move-to-postgresql")
        self.assertFalse(os.path.exists(os.path.join(self.ours.broker.directory, "data", "store.db")))
        self.say("from the database")
        self.theirs.send(room, self.bob, "an answer")
        self.until_equal(lambda: self.ours.texts(room, self.alice, self.bob), ["an answer"], "the answer")
        self.assertEqual(self.theirs.texts(room, self.bob, self.alice), ["from the file", "from the database"])


class ManualOfNodes(ManualCase):
    @classmethod
    def setUpClass(cls):
        super(ManualCase, cls).setUpClass()
        database = PostgreSQL(synced=False).start()
        cls.addClassCleanup(database.stop)
        store = {"engine": "postgresql", "url": database.make_database()}
        cls.ours = cls.theirs = cls.start_causeway("one", room_version=None, settings={"node": {"name": "one"}, "store": store})
        cls.second = Broker("two", os.path.join(cls.directory, "two"), cls.authority, public_port=cls.ours.broker.port,
                            settings={"node": {"name": "two"}, "store": store})
        cls.watched.append(cls.second.process)
        cls.addClassCleanup(cls.second.stop)
        shutil.copy2(*(os.path.join(each.directory, "data", "signing.key") for each in (cls.ours.broker, cls.second)))

    def service(self, command):
        if command == "systemctl start causewayd":  # on the second machine
            self.second.process.start_and_wait("N761", 60)
            return 0, []
        if command == "systemctl stop causewayd":  # the next commands are typed on the second machine
            code = self.ours.broker.stop()
            self.second.process.wait_for_output("causeway ready", 60)
            self.ours.broker = self.second
            return code, []
        return super().service(command)

    def test_from_one_node_to_two(self):
        self.follow("from-one-node-to-two")
