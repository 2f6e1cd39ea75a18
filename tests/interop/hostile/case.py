"""What the tests with a hostile homeserver have in common: our broker, an honest server, a hostile one, rooms they share."""

import json
import subprocess
import uuid

from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from harness.fake_homeserver import quote

from .resident import Resident


class SharedRoom:
    """Founded by the honest server; `alice` is ours, `mallory` of the hostile server, `room` the graph."""

    def __init__(self, room, alice, mallory):
        self.room = room
        self.room_id = room.room_id
        self.alice = alice
        self.mallory = mallory


class HostileCase(InteropCase):
    settings = {}  # of our broker, besides the defaults of this suite

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The tests ask more in a second than a server should.
        federation = {"inbound_requests_burst": 10_000, **cls.settings.get("federation", {})}
        cls.ours = cls.start_causeway("ours", settings={**cls.settings, "federation": federation})
        cls.chat = cls.ours.chat
        cls.honest = cls.play()
        cls.hostile = cls.play()

    @classmethod
    def play(cls, port=None):
        """One more played homeserver."""
        server = Resident(cls.authority, cls.ours.broker, port)
        cls.addClassCleanup(server.close)
        return server

    def setUp(self):
        self.honest.lies.clear()
        self.hostile.lies.clear()

    @staticmethod
    def fresh(word):
        return f"{word}_{uuid.uuid4().hex[:6]}"

    # -- rooms

    def accept(self, server, room, **how):
        """One of our users is invited by `server` and joins `room` through it; returns her id."""
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(server.invite(room, alice, **how)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        self.chat.answer(room.room_id, alice, accept=True)
        return alice

    def share(self, **how):
        room = self.honest.found_room(**how)
        mallory = room.join_of(self.hostile, self.fresh("mallory"))
        return SharedRoom(room, self.accept(self.honest, room), mallory)

    def join_refused(self, server, room, code):
        """One of our users is invited and tries to join: it must fail with `code`, and the chat learns of no room."""
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(server.invite(room, alice)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        with self.assertRaises(CommandError) as refusal:
            self.chat.answer(room.room_id, alice, accept=True)
        self.assertEqual(refusal.exception.code, code, refusal.exception)
        self.assertEqual(self.chat.find("room.created", matrix_room_id=room.room_id), [])
        return refusal.exception

    # -- what must happen

    def refused(self, answer, status, errcode):
        self.assertEqual((answer[0], answer[1].get("errcode") if isinstance(answer[1], dict) else answer[1]),
                         (status, errcode), answer)

    def verdicts(self, server, pdus, edus=()):
        """Per-PDU answers of one transaction that must be taken as a whole."""
        status, answer = server.send(pdus, edus)
        self.assertEqual(status, 200, answer)
        return answer["pdus"]

    def hears_honest(self, shared):
        """Ends a test: an honest message after all the rest is told, so what was not told by then will not be."""
        room = shared.room
        event_id, event = room.say(f"honest {uuid.uuid4().hex}")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)

    def untold(self, shared, *texts):
        """Nothing of `texts` has come to the chat server in any form, and an honest message still comes."""
        self.hears_honest(shared)
        told = repr([(each.name, each.body) for each in self.chat.seen if each.body.get("matrix_room_id") == shared.room_id])
        for text in texts:
            self.assertNotIn(text, told)

    def not_served(self, event_id):
        self.refused(self.hostile.get_event(event_id), 404, "M_NOT_FOUND")

    def says(self, shared, text):
        """Our user says something; the event as the honest server got it: its prev_events are our view of the graph's ends."""
        self.ours.send(shared.room_id, shared.alice, text)

        def arrived():
            return next((pdu for pdu in list(self.honest.received_pdus) if pdu["content"].get("body") == text), None)
        return self.until(arrived, "our message at the honest server")

    def state_ids_at(self, shared, event_id, server=None):
        """Event ids of the state before an event, as the broker tells."""
        status, answer = (server or self.honest).request(
            "GET", f"/_matrix/federation/v1/state_ids/{quote(shared.room_id)}?event_id={quote(event_id)}")
        self.assertEqual(status, 200, answer)
        return set(answer["pdu_ids"])

    # -- looking into the broker

    def inspect(self, *words):
        """JSON of the operator's command."""
        done = subprocess.run([find_binary("causeway"), "--json", "--socket", self.ours.broker.admin_endpoint, *words],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def memory_mib(self):
        """Resident memory of the broker, without what the address sanitizer adds: red zones and shadow triple it."""
        pid = self.ours.broker.process.pid
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
        with open(f"/proc/{pid}/maps", encoding="utf8", errors="replace") as maps:
            return resident / 3 if "libasan" in maps.read() else resident
