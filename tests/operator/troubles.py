"""Five troubles an operator is woken for, planted on a real broker: each a message that is late, and why.

By hand, to find one with nothing but `causeway --help`:

    CAUSEWAY_BIN=$PWD/build/dev/bin python3 tests/operator/troubles.py NUMBER

starts a broker with that trouble, tells what a user complains of, and keeps it until Enter is pressed. `test_troubles.py` plants all of them and
checks that the command names the cause in words and what to type next."""

import contextlib
import glob
import os
import sqlite3
import sys
import tempfile
import threading
import types

_TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOT = os.path.dirname(_TESTS)
sys.path[:0] = [each for each in (os.path.join(_TESTS, "interop"), os.path.join(_ROOT, "tools", "demo"), os.path.join(_ROOT, "tools", "clients", "python"))
                if each not in sys.path]

from causeway_demo.chat_server import CommandError  # noqa: E402
from harness import matrix  # noqa: E402
from harness.fake_homeserver import FakeHomeserver  # noqa: E402
from harness.raw_edge import RawEdge  # noqa: E402

# So many times a room may fail before it is parked: fewer than usual, it takes no longer than needed then. What is said to a parked room is
# not answered, so a stop would wait for it in vain.
SETTINGS = {"supervisor": {"restart_limit": 2, "restart_delay_ms": 10}, "node": {"stop_timeout_s": 1}}


class Planted:
    """What is known to whoever looks for it, and what he has to find.

    :param complaint: of a user, in his words.
    :param name: what he can say of the message: an event id, or the chat server's id of it.
    :param cause: the word for it in `causeway why --json`.
    :param words: that the sentence has.
    :param command: that helps.
    """

    def __init__(self, complaint, name, cause, words, command):
        self.complaint = complaint
        self.name = name
        self.cause = cause
        self.words = words
        self.command = command


class StalledConsumer:
    """A chat server that takes notifications and acknowledges none; its connection lives."""

    def __init__(self, endpoint, peer):
        self._edge = RawEdge(endpoint)
        self._edge.send(b"H", {"versions": [1], "client": "stalled/1", "peer": peer, "credit": {"messages": 1000, "bytes": 1_000_000}})
        if not self._edge.expect(b"W"):
            raise RuntimeError("no WELCOME")
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self):
        while not self._ends.is_set():
            message = self._edge.receive(0.1)
            if message and message[0] == b"P":
                self._edge.send(b"O", message[1])

    def close(self):
        self._ends.set()
        self._thread.join()
        self._edge.close()


class Ground:
    """A broker with its chat server, and a played homeserver with a user in one of its rooms.

    :param ours: a started CausewaySide.
    """

    def __init__(self, authority, ours, name):
        self.authority = authority
        self.ours = ours
        self.server = FakeHomeserver(authority, ours.broker)
        self.alice = ours.user("alice" + name)
        self.room_id = ours.chat.create_room("channel", self.alice, [], name="open", visibility="public")["matrix_room_id"]
        self.room = self.server.join(self.room_id, "bob" + name)
        self.closes = contextlib.ExitStack()
        self.damaged = None  # the event whose row a plant has damaged

    def close(self):
        self.closes.close()
        self.server.close()

    def hears(self, event):
        """bob's homeserver sends it, and the broker has taken it."""
        status, answer = self.server.send([event])
        if status != 200:
            raise RuntimeError(f"the broker does not take it: {status} {answer}")


def expired_certificate(ground):
    """The certificate of bob's homeserver has expired."""
    port = ground.server.port
    ground.server.close()
    certificate, private_key = ground.authority.issue_expired("localhost")
    theirs = types.SimpleNamespace(ca_file=ground.authority.ca_file, certificate_file=certificate, private_key_file=private_key)
    ground.server = FakeHomeserver(theirs, ground.ours.broker, port)
    message = f"{ground.room_id} hello"
    ground.ours.chat.send(ground.room_id, ground.alice, "hello", message)
    server = ground.server.server_name
    return Planted(f"alice has written to bob of {server} (message {message!r}), and he does not get it", message, "certificate_expired",
                   ["certificate", server, "expired", "TLS"], f"causeway server probe {server}")


def missing_key(ground):
    """bob's homeserver signs with a key that it does not publish."""
    new_key = matrix.Key("the new key of " + ground.server.server_name, "ed25519:new")
    _, event = ground.room.message("hello", sign=False)
    new_key.sign_event(event, ground.room.room_version, ground.server.server_name)
    event_id = matrix.event_id(event, ground.room.room_version)
    ground.hears(event)
    server = ground.server.server_name
    return Planted(f"bob has written, says the operator of {server} (event {event_id}), and alice sees nothing", event_id, "key_missing",
                   ["key of " + server, "signed with ed25519:new", "publishes only " + ground.server.key.key_id, "asked for again", "given up in"],
                   f"causeway server show {server}")


def stalled_consumer(ground):
    """The chat server takes notifications and acknowledges none."""
    ground.ours.chat.close()
    consumer = StalledConsumer(ground.ours.broker.chat_endpoint, "chat-stalled")
    ground.closes.callback(ground.ours.chat.connect)
    ground.closes.callback(consumer.close)
    event_id, event = ground.room.message("hello")
    ground.hears(event)
    return Planted(f"bob has written (event {event_id}), and alice sees nothing", event_id, "not_acknowledged",
                   ["chat-stalled", "does not acknowledge", "see its log", "in flight"], "causeway edge")


def missing_parent(ground):
    """bob's homeserver cites an event that it does not have any more."""
    lost, _ = ground.room.message("lost")
    ground.server.events.pop(lost)
    event_id, event = ground.room.message("hello")
    ground.hears(event)
    return Planted(f"bob has written (event {event_id}), and alice sees nothing", event_id, "waiting_for_parents",
                   [lost, "do not have", ground.server.server_name + " answered: "], f"causeway room show '{ground.room_id}'")


def send_in_vain(server, event):
    with contextlib.suppress(OSError):
        server.send([event])


def parked_actor(ground):
    """A row of the room is damaged in the store, so its actor cannot begin."""
    broker = ground.ours.broker
    event_id, event = ground.room.message("hello")
    ground.ours.stop_server()
    database, = glob.glob(os.path.join(broker.directory, "data", "*.db"))
    with contextlib.closing(sqlite3.connect(database)) as store, store:
        damaged = store.execute("UPDATE events SET json = '{' WHERE event_id = ?", (ground.room.state["m.room.create", ""][0],)).rowcount
        if damaged != 1:
            raise RuntimeError("there is no create event to damage")
    ground.ours.start_server()
    # bob's homeserver waits for the answer, which does not come.
    threading.Thread(target=send_in_vain, args=(ground.server, event), daemon=True).start()
    with contextlib.suppress(CommandError):
        ground.ours.chat.send(ground.room_id, ground.alice, "does anybody hear me?")
    ground.damaged = ground.room.state["m.room.create", ""][0]
    return Planted(f"bob has written (event {event_id}), and alice sees nothing", event_id, "perhaps_parked", ["Perhaps", "parked", ground.room_id, "store_damaged"],
                   f"causeway actor show room '{ground.room_id}'")


ALL = [expired_certificate, missing_key, stalled_consumer, missing_parent, parked_actor]


def main(number):
    from causeway_demo.broker import Broker
    from causeway_demo.certificates import Authority
    from harness.sides import CausewaySide
    with tempfile.TemporaryDirectory(prefix="cw-") as directory:
        authority = Authority(os.path.join(directory, "tls"))
        settings = {**SETTINGS, "federation": {"room_version": "11"}}  # what a played server joins
        ours = CausewaySide(Broker("ours", os.path.join(directory, "ours"), authority, settings=settings), "chat-ours").start()
        ground = Ground(authority, ours, "")
        try:
            planted = ALL[number - 1](ground)
            print(f"{planted.complaint}.\nThe broker listens here: causeway --socket {ours.broker.admin_endpoint}\nEnter ends it.", flush=True)
            sys.stdin.readline()
        finally:
            ground.close()
            ours.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
