#!/usr/bin/python3
"""run.py [--minutes 10] [--rooms 20] [--users 200] [--moves-per-s 2] [--seed N] [--json]: what tools/soak runs once everything is built.

Two brokers with a chat server each share rooms, and people of both join, leave and speak all the time, as fast as they are answered. Told at the
end: memory (MiB), descriptors and threads of both brokers at the start (all rooms made), in the middle and at the end, and how many acknowledged
messages were lost, doubled or told out of order on the other side. The number of rooms and people is bounded, so what grows is a leak, but for one thing:
a loaded room keeps all its state events (ARCHITECTURE.md), and each join and leave is one, of about 3 KiB. So there are `--moves-per-s` of them on each side;
with 0 only what else there is can grow.

Ends with 1 when a message was lost, doubled or told out of order, or when memory, descriptors or threads at the end are more than a tenth above those
of the middle. What happens depends on --seed only, as far as the order of two processes allows.
"""

import argparse
import collections
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "tools", "demo"), os.path.join(ROOT, "tools", "clients", "python")]

from causeway_demo.broker import Broker  # noqa: E402
from causeway_demo.certificates import Authority  # noqa: E402
from causeway_demo.chat_server import ChatServer, CommandError  # noqa: E402

BIN = os.environ.get("CAUSEWAY_BIN") or os.path.join(ROOT, "build", "release", "bin")
SIDES = ("left", "right")
GROWTH_MAX = 1.1  # of the end over the middle
QUIET_S = 120     # for the last messages to arrive
DESCRIPTORS_SLACK = 8  # connections come and go


def say(text):
    print(f"soak: {text}", file=sys.stderr, flush=True)


def figures_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    return {"memory_mib": round(int(fields["VmRSS"].split()[0]) / 1024, 1), "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": int(fields["Threads"])}


class Told:
    """What one chat server was told of messages: room -> texts of each sender, in order."""

    def __init__(self):
        self._lock = threading.Lock()
        self._texts = collections.defaultdict(list)
        self.count = 0

    def __call__(self, notification):
        if notification.name == "message.received":
            with self._lock:
                self._texts[notification.body["matrix_room_id"], notification.body["sender"]].append(notification.body["text"])
                self.count += 1

    def texts(self):
        with self._lock:
            return {key: list(texts) for key, texts in self._texts.items()}


class Side:
    def __init__(self, name, directory, authority):
        self.name = name
        self.broker = Broker(name, os.path.join(directory, name), authority, os.path.join(BIN, "causewayd"),
                             settings={"log": {"level": "warning"}, "federation": {"inbound_requests_per_second": 1_000, "inbound_requests_burst": 5_000}}).start()
        self.told = Told()
        self.chat = ChatServer(self.broker.chat_endpoint, "soak-" + name, on_notification=self.told).connect()
        self.said = collections.defaultdict(list)  # as Told, in the order of the acknowledgements
        self.actions = collections.Counter()
        self.refused = collections.Counter()

    def user(self, localpart):
        return f"@{localpart}:{self.broker.server_name}"

    def tell_of(self, localpart):
        self.chat.command("user.profile", {"user": self.user(localpart), "display_name": localpart})

    def close(self):
        self.chat.close()
        self.broker.stop()


class Play:
    """Rooms with a speaker of each side, who stays, and people of both who come and go."""

    def __init__(self, sides, options):
        self.sides = sides
        self.options = options
        self.rooms = []
        self.stop = threading.Event()

    def found(self):
        for side in self.sides:
            side.tell_of("speaker")
            for number in range(self.options.users):
                side.tell_of(f"u{number}")
        for number in range(self.options.rooms):
            home, guest = self.sides[number % 2], self.sides[1 - number % 2]
            room = home.chat.create_room("channel", home.user("speaker"), [], name=f"room {number}", visibility="public",
                                         alias=f"room-{number}")["matrix_room_id"]
            guest.chat.join(room, guest.user("speaker"), [home.broker.server_name])
            self.rooms.append(room)

    def act_on(self, side, seed):
        """One thread of one side, which alone speaks in its rooms, so that what it said has an order."""
        dice = random.Random(seed)
        rooms = self.rooms
        present = {room: [] for room in rooms}
        number = moves = 0
        begun = time.monotonic()
        other = self.sides[1 - self.sides.index(side)]
        while not self.stop.is_set():
            room = dice.choice(rooms)
            try:
                if moves >= self.options.moves_per_s * (time.monotonic() - begun):
                    number += 1
                    text = f"{side.name} {number}"
                    side.chat.send(room, side.user("speaker"), text)
                    side.said[room, side.user("speaker")].append(text)
                    side.actions["messages"] += 1
                    continue
                moves += 1
                if present[room] and dice.random() < 0.5:
                    user = present[room].pop(dice.randrange(len(present[room])))
                    side.chat.command("member.leave", {"room": room, "user": user})
                    side.actions["leaves"] += 1
                else:
                    user = side.user(f"u{dice.randrange(self.options.users)}")
                    if user not in present[room]:
                        side.chat.join(room, user, [other.broker.server_name])
                        present[room].append(user)
                        side.actions["joins"] += 1
            except CommandError as why:
                side.refused[why.code] += 1

    def run(self):
        """Figures at the start, in the middle and at the end."""
        moments = {"start": self.figures()}
        workers = [threading.Thread(target=self.act_on, args=(side, self.options.seed + index)) for index, side in enumerate(self.sides)]
        for worker in workers:
            worker.start()
        half_s = self.options.minutes * 30
        for moment in ("middle", "end"):
            time.sleep(half_s)
            moments[moment] = self.figures()
            say(f"{moment}: {moments[moment]}, {dict(sum((side.actions for side in self.sides), collections.Counter()))}")
        self.stop.set()
        for worker in workers:
            worker.join()
        return moments

    def figures(self):
        return {side.name: figures_of(side.broker.process.pid) for side in self.sides}

    def until_told(self):
        """Waits until each side was told as much as the other has said, or nothing comes any more."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < QUIET_S:
            missing = [sum(map(len, here.said.values())) - there.told.count for here, there in (self.sides, reversed(self.sides))]
            if max(missing) <= 0:
                return
            if missing != last:
                last, since = missing, time.monotonic()
            time.sleep(0.1)


def compare(said, told):
    """(lost, doubled, out of order) of one side's messages at the other."""
    lost = doubled = disordered = 0
    for key, texts in said.items():
        position = {text: at for at, text in enumerate(texts)}
        there = [position[text] for text in told.get(key, []) if text in position]
        once = list(dict.fromkeys(there))
        lost += len(texts) - len(once)
        doubled += len(there) - len(once)
        disordered += sum(at > next_at for at, next_at in zip(once, once[1:]))
    return lost, doubled, disordered


def problems_of(out):
    for word in ("lost", "doubled", "out_of_order"):
        if out[word]:
            yield f"{out[word]} messages {word.replace('_', ' ')}"
    for side in SIDES:
        middle, end = out["middle"][side], out["end"][side]
        for what in middle:
            slack = DESCRIPTORS_SLACK if what == "descriptors" else 0
            if end[what] > middle[what] * GROWTH_MAX + slack:
                yield f"{what} of {side}: {middle[what]} in the middle, {end[what]} at the end"


def main(options):
    directory = tempfile.mkdtemp(prefix="cw-")
    sides = []
    try:
        authority = Authority(os.path.join(directory, "tls"))
        for name in SIDES:
            sides.append(Side(name, directory, authority))
        play = Play(sides, options)
        say(f"{options.rooms} rooms, {options.users} people on each side, {options.minutes} minutes, seed {options.seed}")
        play.found()
        out = play.run()
        play.until_told()
        results = [compare(here.said, there.told.texts()) for here, there in (sides, sides[::-1])]
        out.update({word: sum(values) for word, values in zip(("lost", "doubled", "out_of_order"), zip(*results))})
        out["actions"] = dict(sum((side.actions for side in sides), collections.Counter()))
        out["refused"] = dict(sum((side.refused for side in sides), collections.Counter()))
        out["problems"] = list(problems_of(out))
        return out
    except Exception:
        for side in sides:
            say(f"the log of {side.name} ends with:\n{side.broker.process.tail(20)}")
        raise
    finally:
        for side in sides:
            side.close()
        shutil.rmtree(directory, ignore_errors=True)


def options_of(words):
    parser = argparse.ArgumentParser(prog="soak", description=__doc__.partition("\n\n")[2], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--moves-per-s", type=float, default=2, help="joins and leaves on each side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the figures as one object, alone on the last line")
    return parser.parse_args(words)


def show(out):
    for moment in ("start", "middle", "end"):
        for side in SIDES:
            print(f"{moment:>8}  {side:<6} " + "  ".join(f"{what} {value}" for what, value in out[moment][side].items()))
    for word in ("lost", "doubled", "out_of_order", "actions", "refused"):
        print(f"{word:>12}  {out[word]}")
    for problem in out["problems"]:
        print(f"soak: {problem}")


if __name__ == "__main__":
    chosen = options_of(sys.argv[1:])
    figures = main(chosen)
    if chosen.json:
        print(json.dumps(figures, separators=(",", ":")))
    else:
        show(figures)
    sys.exit(1 if figures["problems"] else 0)
