"""Two real brokers with their chat servers, of which ours ends itself where a test says so, and the traffic between them."""

import os
import signal
import subprocess
import threading
import unittest

import finds_harness  # noqa: F401 - first: it finds the harness
import ledger as book
from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError
from causeway_demo.process import until
from checker import Checker
from harness.case import PATIENCE_S, InteropCase
from recorder import Recorder

CRASH_AT, MUTANT = "CAUSEWAY_CRASH_AT", "CAUSEWAY_MUTANT"
# Of a command: the broker it is for is killed and started meanwhile.
COMMAND_S = 120
# What becomes true by itself when both brokers are there; the other promises hold at every moment.
EVENTUAL = ("acknowledged", "answered")
ROOM_VERSION = "11"
# An armed broker that had something left to send ends at its start, and then has nothing left.
STARTS_MAX = 3
# Users of theirs whom we ban, one in every third round; and the rounds for which there are people to be invited.
ROGUES = 6
ROUNDS = 40


def names_listed_by(option):
    """What the broker lists with `--crash-points` or `--mutants`.

    :raises unittest.SkipTest: it was built without.
    """
    done = subprocess.run([find_binary("causewayd"), option], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 2 and "this build has no" in done.stderr and not os.environ.get("CAUSEWAY_CI"):
        raise unittest.SkipTest("the broker is built without crash points: tools/build dev")
    if done.returncode != 0:
        raise RuntimeError(f"causewayd {option} ended with {done.returncode}: {done.stderr}")
    return [line.split()[0] for line in done.stdout.splitlines()]


class Round:
    """What both sides do at the same time, each in its order; begun at once. A command whose broker dies is repeated by its client."""

    def __init__(self, case, number):
        self.number = number
        self.commands = []  # those that make events
        self.failures = []
        self._case = case
        self._threads = [threading.Thread(target=self._run, args=(act,), daemon=True) for act in (self._act_ours, self._act_theirs)]
        for thread in self._threads:
            thread.start()

    @property
    def guest(self):
        return f"@guest{self.number}:{self._case.theirs.server_name}"

    @property
    def visitor(self):
        return f"@visitor{self.number}:{self._case.ours.server_name}"

    @property
    def has_ban(self):
        return self.number % 3 == 0 and self.number // 3 < ROGUES

    def is_done(self):
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, act):
        try:
            act()
        except Exception as why:  # shown by the case, not lost in a thread
            self.failures.append(why)

    def _command(self, side, name, body):
        """One of that name in a round of a side."""
        return side.chat.command(name, body, f"{name} {self.number}", COMMAND_S)

    def _say(self, side, sender, what, edits=None):
        """Name of the message at its chat server. An edit is named by what it makes of it."""
        text = f"{self.number} {what} {sender}"
        self.commands.append(self._case.say(side, sender, text, edits))
        return text

    def _read(self, side, reader, author):
        told = side.chat.find("message.received", matrix_room_id=self._case.room, sender=author)
        if told:
            event_id = told[-1].body["event_id"]
            self._command(side, "read", {"room": self._case.room, "user": reader, "message": event_id})
            self._case.ledger.read.append((side.server_name, book.Receipt(self._case.room, reader, "", event_id)))

    def _act_ours(self):
        case = self._case
        first = self._say(case.ours, case.alice, "first")
        self._read(case.ours, case.alice, case.bob)
        self._say(case.ours, case.alice, "edit of first", first)
        self._command(case.ours, "invite.send", {"room": case.room, "by": case.alice, "user": self.guest})
        self._say(case.ours, case.alice, "second")
        if self.has_ban:
            rogue = case.rogues[self.number // 3]
            self._command(case.ours, "member.ban", {"room": case.room, "by": case.alice, "user": rogue})
        self._say(case.ours, case.alice, "third")

    def _act_theirs(self):
        case = self._case
        first = self._say(case.theirs, case.bob, "first")
        self._say(case.theirs, case.bob, "edit of first", first)
        self._command(case.theirs, "invite.send", {"room": case.their_room, "by": case.bob, "user": self.visitor})
        self._read(case.theirs, case.bob, case.alice)
        if self.has_ban:
            for count in range(3):
                self._say(case.theirs, case.rogues[self.number // 3], f"nonsense {count}")
        self._say(case.theirs, case.bob, "second")

    def finish(self):
        """Both are there again: what was asked is answered, each other invitation in another way."""
        case = self._case
        case.until(self.is_done, f"the answers of round {self.number}")
        if self.failures:
            raise self.failures[0]
        case.until(lambda: case.theirs.has_invitation(case.room, self.guest), "our invitation to reach them")
        case.until(lambda: case.ours.has_invitation(case.their_room, self.visitor), "their invitation to reach us")
        if self.number % 3 == 1:
            case.ours.revoke(case.room, case.alice, self.guest)
        elif self.number % 3 == 2:
            case.theirs.reject(case.room, self.guest)
        else:
            case.theirs.accept(case.room, self.guest)
        case.ours.reject(case.their_room, self.visitor)
        ends = {1: "revoked", 2: "rejected", 0: "accepted"}
        case.ours.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=case.room, user=self.guest, state=ends[self.number % 3])
        case.theirs.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=case.their_room, user=self.visitor, state="rejected")

    def ask_again(self):
        """The brokers say once more which events they are, and how far everybody has read."""
        case = self._case
        for side in (case.ours, case.theirs):
            told = side.chat.command("query.read_positions", {"room": case.room})["positions"]
            case.ledger.positions[side.server_name] = [book.Receipt(case.room, each["user"], each.get("thread", ""), each["event_id"]) for each in told]
        for each in self.commands:
            if each.event_id:
                side = case.side_of(each.sender)
                case.ledger.again.append((each.id, case.carry_out(side, each)))


class CrashCase(InteropCase):
    """`ours` ends itself; `theirs` is never touched. `room` is ours, `their_room` theirs."""

    @classmethod
    def setUpClass(cls):
        names_listed_by("--crash-points")
        super().setUpClass()
        cls.ledger = book.Ledger(ROOM_VERSION)
        cls.known = set()  # problems of cases before: each is told once
        cls.rounds = 0
        cls.edited = {}  # command id -> what it edits
        cls.theirs = cls._start_behind_door("theirs")
        cls.ours = cls._start_behind_door("ours")
        cls.alice, cls.bob = cls.ours.user("alice"), cls.theirs.user("bob")
        for number in range(1, ROUNDS + 1):  # now: a command of the test itself must not be the one that an end waits for
            cls.theirs.user(f"guest{number}")
            cls.ours.user(f"visitor{number}")
        cls.rogues = [cls.theirs.user(f"rogue{number}") for number in range(ROGUES)]
        cls.room = cls._shared_room(cls.ours, cls.theirs, cls.alice, [cls.bob, *cls.rogues])
        cls.their_room = cls.theirs.create_channel(cls.bob, [])

    @classmethod
    def _start_behind_door(cls, name):
        door = Recorder(cls.authority, cls.ledger)
        cls.addClassCleanup(door.close)
        side = cls.start_causeway(name, ROOM_VERSION, {"federation": {"receipts": True}}, public_port=door.port)
        door.target_port = side.broker.port
        return side

    @staticmethod
    def _shared_room(by_side, other, founder, members):
        """A channel of `founder` in which all `members`, of the other side, have joined."""
        room = by_side.create_channel(founder, members)
        for user in members:
            until(lambda user=user: other.has_invitation(room, user), PATIENCE_S, f"the invitation of {user}")
            other.accept(room, user)
            by_side.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=user, state="accepted")
        return room

    # -- our broker

    def start_ours(self, crash_at=None, mutant=None):
        """Returns when it is there, or has ended itself already."""
        process = self.ours.broker.process
        for variable, value in ((CRASH_AT, crash_at), (MUTANT, mutant)):
            process.environment.pop(variable, None)
            if value:
                process.environment[variable] = value
        try:
            self.ours.start_server()
        except RuntimeError:  # ended at its start
            if not crash_at or process.ended_with != -signal.SIGKILL:
                raise

    def arm_ours(self, crash_at, mutant=None):
        """Ends our broker in good order, where it runs, and starts it so that it will end itself, but not at once."""
        for _ in range(STARTS_MAX):
            was_armed = CRASH_AT in self.ours.broker.process.environment  # by a case that failed
            if not self.has_died():
                code = self.ours.broker.stop()
                self.assertTrue(code == 0 or was_armed, f"it ended with {code}")
            self.start_ours(crash_at, mutant)
            if not self.has_died():
                return
        self.fail(f"it ends at {crash_at} whenever it starts")

    def has_died(self):
        return not self.ours.broker.process.is_running()

    def died_at(self, point):
        """Fails unless it has ended itself there."""
        process = self.ours.broker.process
        self.assertEqual(process.ended_with, -signal.SIGKILL, process.tail())
        self.assertIn(f"crash point {point}: passed", process.tail(10))

    # -- commands that make events

    def side_of(self, user):
        return self.ours if user.endswith(":" + self.ours.server_name) else self.theirs

    def say(self, side, sender, text, edits=None, room=None):
        """Has `sender` say a text that nobody else says. Returns the command when it is answered."""
        reader = self.theirs if side is self.ours else self.ours
        command = book.Command(f"say {text}"[:128], "message.edit" if edits else "message.send", room or self.room, sender, text, (reader.server_name,))
        if edits:
            self.edited[command.id] = edits
        self.ledger.begin(command)
        try:
            command.event_id = self.carry_out(side, command)
        except CommandError as why:
            command.refused = why.code
        return command

    def carry_out(self, side, command):
        """Event id. May be asked again: it is under the command's own id."""
        body = {"room": command.room, "sender": command.sender, "text": command.text, "message": self.edited.get(command.id, command.text)}
        return side.chat.command(command.name, body, command.id, COMMAND_S)["event_id"]

    # -- what has come of it

    def problems(self):
        """Those that no case before has told."""
        for side in (self.ours, self.theirs):
            receipts = [body for room in (self.room, self.their_room) for body in side.chat.ephemeral("receipt", matrix_room_id=room)]
            book.read_notifications(self.ledger, side.server_name, side.chat.seen, receipts)
        return [each for each in Checker(self.ledger).problems() if each not in self.known]

    def until_settled(self):
        """Until all has come where it has to come, or patience is over; returns the problems that are left, and remembers them."""
        try:
            until(lambda: not any(each.promise in EVENTUAL for each in self.problems()), PATIENCE_S, "all messages", 0.1)
        except TimeoutError:
            pass  # what is missing is a problem, and is told as such
        found = self.problems()
        type(self).known = self.known | set(found)
        return found

    def assert_kept(self):
        self.assertEqual([str(each) for each in self.until_settled()], [])

    def play_round(self):
        type(self).rounds += 1
        self.ledger.positions.clear()  # they are of before it
        return Round(self, self.rounds)
