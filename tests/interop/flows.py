"""The flows that CONTRACT.md shows, played by two brokers and written down as the contract writes them.

`flows.py` prints them all; test_contract_flows.py compares them with the contract's text."""

import json
import os
import queue
import re
import sys
import threading
import time

import msgpack
import zmq

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRACT = os.path.join(HERE, "..", "..", "messages", "chat", "CONTRACT.md")

# What of an event the contract shows here; the table has all fields.
SHOWN = {
    "room.created": ["room", "type", "creator", "name", "members"],
    "invitation.received": ["room", "user", "by", "name", "type", "reason"],
    "invitation.changed": ["room", "user", "by", "direction", "state", "previous_state", "reason"],
    "member.changed": ["room", "user", "membership", "previous_membership", "by", "reason"],
    "room.removed_for": ["room", "user", "cause", "by", "reason"],
    "role.changed": ["room", "user", "role", "previous_role", "level", "by"],
    "message.received": ["room", "event_id", "sender", "text", "reply_to", "historical"],
    "message.edited": ["room", "event_id", "message", "edit_event_id", "sender", "text", "mentions"],
    "reaction.added": ["room", "event_id", "message", "reaction_event_id", "user", "key"],
    "reaction.removed": ["room", "event_id", "message", "reaction_event_id", "user", "key", "by"],
    "message.deleted": ["room", "event_id", "message", "by", "reason"],
    "receipt": ["room", "user", "event_id", "message", "thread"],
    "ask.user": ["ask", "user", "localpart"],
    "dead_letter": ["id", "event", "reason", "event_id"],
    "delivery.changed": ["room", "message", "server", "state"],
    "room.changed": ["room", "by", "name", "topic", "avatar"],
    "room.upgraded": ["room", "matrix_room_id", "old_matrix_room_id", "by", "room_version"],
    "system.message": ["room", "kind", "actor", "target", "reason", "name", "topic", "level"],
}
EPHEMERAL = ("receipt", "ask.user")  # of these ones alone
ANSWERED = ["matrix_room_id", "state", "event_id", "user"]
ASKS = {"b": {"federation": {"ask_user": True}}}  # settings of the brokers, by side


class Chat:
    """A chat server spoken by hand: it acknowledges what it is told, and keeps every frame but PING and PONG."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.seen = []  # (verb, header, body), in order; guarded by changed
        self.changed = threading.Condition()
        self._calls = queue.SimpleQueue()
        self._results = {}
        self.refuses_next = False  # the next message, for good
        self.connect()

    def connect(self):
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._stopping = True
        self._thread.join()

    def command(self, name, body):
        """(ok, answer). Repeated under its id over a restart of the broker."""
        command_id = f"{name}-{time.monotonic_ns()}"
        self._calls.put((command_id, name, body))
        with self.changed:
            if not self.changed.wait_for(lambda: command_id in self._results, 90):
                raise TimeoutError(f"no RESULT for {name}")
            return self._results[command_id]

    def _run(self):
        context = zmq.Context()
        while not self._stopping:
            socket = context.socket(zmq.DEALER)
            socket.linger = 200
            socket.connect(self.endpoint)
            self._talk(socket)
            socket.close()
        context.term()

    def _talk(self, socket):
        """One connection, until BYE."""
        opened, hello_at, open_calls = False, 0.0, {}
        while not self._stopping:
            if not opened and time.monotonic() - hello_at > 0.5:
                hello_at = time.monotonic()
                self._send(socket, b"H", {"versions": [1], "client": "flows", "peer": "chat", "credit": {"messages": 100_000, "bytes": 1 << 30}})
            while opened and not self._calls.empty():
                call = self._calls.get()
                open_calls[call[0]] = call
                self._send(socket, b"C", {"id": call[0], "command": call[1]}, call[2])
            if not socket.poll(20):
                continue
            _, verb, header, body = socket.recv_multipart()
            header, body = msgpack.unpackb(header) if header else {}, msgpack.unpackb(body) if body else {}
            if verb == b"P":
                self._send(socket, b"O", header)
            elif verb == b"E" and self.refuses_next and header["event"] == "message.received":
                self.refuses_next = False
                self._send(socket, b"N", {"stream": header["stream"], "cursor": header["cursor"], "permanent": True, "reason": "no spam here"})
            elif verb == b"E" and "cursor" in header:
                self._send(socket, b"A", {"stream": header["stream"], "cursor": header["cursor"]})
            elif verb == b"R":
                open_calls.pop(header["id"], None)
            opened = opened or verb == b"W"
            with self.changed:
                if verb == b"R":
                    self._results[header["id"]] = (header["ok"], body)
                elif verb in b"BW" or (verb == b"E" and ("cursor" in header or header["event"] in EPHEMERAL)):
                    self.seen.append((verb, header, body))
                self.changed.notify_all()
            if verb == b"B":
                for call in open_calls.values():
                    self._calls.put(call)
                return

    @staticmethod
    def _send(socket, verb, header, body=None):
        socket.send_multipart([b"CW1", verb, msgpack.packb(header), b"" if body is None else msgpack.packb(body)])


class Play:
    """Two sides and the names that stand for theirs in the text."""

    def __init__(self, brokers):
        """:param brokers: {"a": Broker, "b": Broker}"""
        self.brokers = brokers
        self.chats = {side: Chat(broker.chat_endpoint) for side, broker in brokers.items()}
        self._names = {broker.server_name: f"{side}.example" for side, broker in brokers.items()}
        self._events = {}
        self._room = None  # that of the flow
        self._last = {}  # "id" of a dead letter, "ask" of a question: the last one
        self._welcomed = set()  # sides that were greeted since they were connected last
        self._taken = {side: 0 for side in brokers}
        for chat in self.chats.values():
            with chat.changed:
                assert chat.changed.wait_for(lambda chat=chat: chat.seen, 60), "no WELCOME"
        self.forget()

    def close(self):
        for chat in self.chats.values():
            chat.close()

    def forget(self):
        """What was told so far is no part of the next flow."""
        for side, chat in self.chats.items():
            with chat.changed:
                self._taken[side] = len(chat.seen)
        self._events.clear()

    def real(self, text):
        """A body as the text writes it, with the names of this run."""
        for name, shown in self._names.items():
            text = text.replace(shown, name)
        for event_id, shown in self._events.items():
            text = text.replace(f'"{shown}"', f'"{event_id}"')
        text = re.sub(r'"(id|ask)": "\.\.\."', lambda m: f'"{m[1]}": {json.dumps(self._last.get(m[1]))}', text)
        return text.replace('"!..."', json.dumps(self._room))

    def shown(self, value):
        text = json.dumps(value, ensure_ascii=False)
        for name, shown in self._names.items():
            text = text.replace(name, shown)

        def left_out(m):
            self._last[m[1]] = m[2]
            return f'"{m[1]}": "..."'
        text = re.sub(r'"(id|ask)": "([^"]+)"', left_out, text)
        return re.sub(r'"(\$[^"]+)"', lambda m: f'"{self._events.setdefault(m[1], f"${len(self._events) + 1}")}"', re.sub(r'"![^"]+"', '"!..."', text))

    def line(self, frame):
        verb, header, body = frame
        if verb == b"E":
            kept = {key: body[key] for key in SHOWN[header["event"]] if body.get(key) not in ("", None, [], False)}
            if body.get("room") == "":  # this side has not bound a name of its own
                kept = {"matrix_room_id": body["matrix_room_id"], **kept}
            return f"EVENT {header['event']} {self.shown(kept)}"
        if verb == b"B":
            return f"BYE {self.shown(header)}"
        return "WELCOME"

    def run(self, side, name, body):
        """Carries out a step; returns its line of the answer."""
        by_hand = {"(stop": lambda: self.brokers[side].stop(), "(start": lambda: self.brokers[side].start(),
                   "(disconnect": lambda: self.chats[side].close(), "(connect": lambda: self.chats[side].connect()}
        if name == "(refuse":
            self.chats[side].refuses_next = True
            return None
        if name in by_hand:
            self._welcomed.discard(side)
            by_hand[name]()
            return None
        ok, answer = self.chats[side].command(name, json.loads(self.real(body)))
        if not ok:
            return f"RESULT {answer['code']}"
        self._room = answer.get("matrix_room_id", self._room)
        return f"RESULT {self.shown({key: answer[key] for key in ANSWERED if key in answer and answer[key] != []})}"

    def told(self, side):
        """Lines of what this side was told since the last call."""
        chat = self.chats[side]
        with chat.changed:
            frames = chat.seen[self._taken[side]:]
            self._taken[side] += len(frames)
        # HELLO is repeated until it is answered, and each that waited in the socket is.
        kept = []
        for frame in frames:
            if frame[0] != b"W" or side not in self._welcomed:
                kept.append(frame)
            if frame[0] == b"W":
                self._welcomed.add(side)
        return [self.line(frame) for frame in kept]


def sections(text):
    """{title: [(step, [line..])..]} of the contract's flows. A step is ("a", command, body); its lines begin with a side."""
    found = {}
    part = text.split("\n## Sequences of events\n", 1)[1].split("\n## ", 1)[0]
    for title, block in re.findall(r"\n\*\*(.+?)\*\*[^`]*?```\n(.*?)```", part, re.S):
        steps = []
        for line in block.splitlines():
            side, _, rest = line.partition("  ")
            done = re.fullmatch(r"> (\S+) ?(.*)", rest)
            if done:
                steps.append(((side, done[1], done[2]), []))
            else:
                steps[-1][1].append((side, rest.strip()))
        found[title] = steps
    return found


def main():
    sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tools", "demo")]
    from harness.case import InteropCase

    class Stage(InteropCase):
        pass

    Stage.setUpClass()
    from causeway_demo.broker import Broker
    brokers = {side: Broker(side, os.path.join(Stage.directory, side), Stage.authority, settings=ASKS.get(side)).start() for side in "ab"}
    play = Play(brokers)
    for title, steps in sections(open(CONTRACT, encoding="utf8").read()).items():
        print(f"\n**{title}**\n\n```")
        play.forget()
        for (side, name, body), _ in steps:
            print(f"{side}  > {name} {body}".rstrip())
            answer = play.run(side, name, body)
            if answer:
                print(f"{side}    {answer}")
            quiet = 0
            lines = []
            while quiet < 6:  # what comes later belongs to the next step; this is for the reader, the test waits for what it expects
                time.sleep(0.5)
                new = [(each, line) for each in "ab" for line in play.told(each)]
                lines += new
                quiet = 0 if new else quiet + 1
            for each in "ab":
                for other, line in lines:
                    if other == each:
                        print(f"{each}    {line}")
        print("```")
    play.close()
    for broker in brokers.values():
        broker.stop()
    Stage.doClassCleanups()


if __name__ == "__main__":
    main()
