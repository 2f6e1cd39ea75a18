"""`causeway demo --cluster`: three nodes over a PostgreSQL of their own; one is killed, one drained, one replaced while people talk."""

import collections
import os
import threading
import time

from causeway_client import CommandError

from .broker import Broker
from .chat_server import ChatServer
from .nodes import STANDS_BY, START_S, Nodes
from .process import until

PATIENCE_S = 120
# Messages that are acknowledged between two things that happen to the nodes.
BETWEEN = 25


class Speaker:
    """Says numbered messages until it is stopped; `answered` are the times of the acknowledgements."""

    def __init__(self, chat, room, user, words):
        self.sent = []  # event ids
        self.answered = []
        self.failure = None
        self._chat, self._room, self._user, self._words = chat, room, user, words
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._stopped.is_set():
                self.sent.append(self._say(f"{self._words} {len(self.sent) + 1}"))
                self.answered.append(time.monotonic())
        except Exception as why:  # told by whoever waits for it
            self.failure = why

    def _say(self, text):
        """As a chat server does: what is refused for the store is sent again, under the same id."""
        while True:
            try:
                return self._chat.command("message.send", {"room": self._room, "sender": self._user, "text": text, "message": text},
                                          command_id=text, timeout=PATIENCE_S)["event_id"]
            except CommandError as refusal:
                if not refusal.retryable:
                    raise

    def goes_on(self, count):
        """Waits for so many acknowledgements more."""
        wanted = len(self.answered) + count
        until(lambda: self.failure or len(self.answered) >= wanted, PATIENCE_S, f"{self._user} to go on")
        if self.failure:
            raise self.failure

    def longest_pause(self, since):
        """Seconds between two acknowledgements, of those that ended after `since`."""
        times = [each for each in self.answered if each >= since]
        before = [each for each in self.answered if each < since][-1:] or times[:1]
        return max((late - early for early, late in zip(before + times, times)), default=0.0)

    def stop(self):
        self._stopped.set()
        self._thread.join(PATIENCE_S)
        if self.failure:
            raise self.failure


class ClusterDemo:
    """`close` ends what `play` has started."""

    def __init__(self, screen, directory, authority, binary):
        self._screen = screen
        self.nodes = Nodes(directory, authority, binary)
        self._other = Broker("broker B", os.path.join(directory, "B"), authority, binary)
        self._chats = []

    @property
    def brokers(self):
        return [*self.nodes.nodes, self._other]

    def close(self):
        for chat in self._chats:
            chat.close()
        self._other.stop()
        self.nodes.stop()

    def play(self):
        """Returns the demo's summary."""
        self._screen.title("Three nodes over one PostgreSQL on this machine, and another broker as the other side")
        self.nodes.start()
        self._other.start()
        here, there = ChatServer(self.nodes.chat_endpoint, "chat-a"), ChatServer(self._other.chat_endpoint, "chat-b")
        self._chats = [here, there]
        for chat in self._chats:
            chat.connect()
        self._screen.note(f"  A  {self.nodes.server_name}: node one serves, two and three stand by\n  B  {self._other.server_name}")
        room, alice, bob = self._invite(here, there)
        speakers = [Speaker(here, room, alice, "from A"), Speaker(there, room, bob, "from B")]
        results = {"failover_s": round(self._kill(speakers), 2), "drain_ms": round(self._drain(speakers) * 1000)}
        self._replace(speakers)
        for each in speakers:
            each.stop()
        summary = self._count(room, ((speakers[0], there), (speakers[1], here)))
        return {**summary, **results, "nodes": len(self.nodes.nodes)}

    def _invite(self, here, there):
        alice, bob = f"@alice:{self.nodes.server_name}", f"@bob:{self._other.server_name}"
        for chat, user in ((here, alice), (there, bob)):
            chat.command("user.profile", {"user": user, "display_name": user[1:].split(":")[0].capitalize()})
        room = here.create_room("dm", alice, [bob])["matrix_room_id"]
        there.wait_for("invitation.received", matrix_room_id=room, user=bob)
        there.answer(room, bob, accept=True)
        here.wait_for("invitation.changed", matrix_room_id=room, user=bob, state="accepted")
        return room, alice, bob

    def _while_they_talk(self, speakers, what):
        """Does `what` to the node that serves; returns how long A's chat server had to wait for an answer meanwhile."""
        for each in speakers:
            each.goes_on(BETWEEN)
        active = self.nodes.wait_active()
        began = time.monotonic()
        what(active)
        self.nodes.wait_active(but=active)
        for each in speakers:
            each.goes_on(BETWEEN)
        return speakers[0].longest_pause(began), active

    def _say(self, done, pause):
        follower = self.nodes.wait_active().name
        self._screen.note(f"  {done}; node {follower} serves, after a pause of {pause:.2f} s")

    def _kill(self, speakers):
        self._screen.title("1. The node that serves is killed (kill -9)")
        pause, killed = self._while_they_talk(speakers, lambda node: node.kill())
        self._say(f"node {killed.name} is dead", pause)
        killed.process.start_and_wait(STANDS_BY, START_S)
        return pause

    def _drain(self, speakers):
        self._screen.title("2. The node that serves is drained (causeway drain --wait)")
        pause, drained = self._while_they_talk(speakers, lambda node: self.nodes.drain(node, "demo"))
        self._say(f"node {drained.name} stands by", pause)
        self.nodes.undrain(drained)
        return pause

    def _replace(self, speakers):
        self._screen.title("3. The node that serves is upgraded (stopped, and started anew)")
        pause, stopped = self._while_they_talk(speakers, lambda node: node.stop())
        stopped.process.start_and_wait(STANDS_BY, START_S)
        self._say(f"node {stopped.name} runs again and stands by", pause)

    @staticmethod
    def _count(room, sides):
        """What was acknowledged to one side is owed to the other."""
        def shown(reader):
            return collections.Counter(each.body["event_id"] for each in reader.find("message.received", matrix_room_id=room))

        def all_is_there():
            return all(set(speaker.sent) <= set(shown(reader)) for speaker, reader in sides)
        try:
            until(all_is_there, PATIENCE_S, "the last messages", 0.1)
        except TimeoutError:
            pass  # what is missing is counted
        counts = [shown_to[event_id] for speaker, reader in sides for shown_to in (shown(reader),) for event_id in speaker.sent]
        delivered = sum(count > 0 for count in counts)
        return {"owed": len(counts), "delivered": delivered, "lost": len(counts) - delivered,
                "duplicated": sum(count - 1 for count in counts if count > 1), "invitations": {"accepted": 1, "rejected": 0, "revoked": 0}}
