"""Each planted trouble is named by the operator's command, in words, with what to type next."""

import json
import subprocess
import sys
import unittest

import troubles  # first: it finds the harness
from causeway_demo.broker import find_binary
from harness.case import InteropCase


class ByHand(unittest.TestCase):
    def test_each_trouble_can_be_planted_for_a_reader_who_looks_for_it(self):
        for number in range(1, len(troubles.ALL) + 1):
            with self.subTest(number):
                done = subprocess.run([sys.executable, troubles.__file__, str(number)], capture_output=True, text=True, input="\n", timeout=120, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("causeway --socket ", done.stdout)


class Troubles(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours", settings=troubles.SETTINGS)

    def causeway(self, *arguments):
        """(exit code, what it says)"""
        done = subprocess.run([find_binary("causeway"), "--socket", self.ours.broker.admin_endpoint, *arguments], capture_output=True, text=True,
                              timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    def found(self, planted):
        """The cause that is told now; None: the event is not known."""
        code, text = self.causeway("--json", "why", planted.name)
        return json.loads(text)["cause"] if code == 0 else None

    def find(self, plant):
        ground = troubles.Ground(self.authority, self.ours, plant.__name__.replace("_", ""))
        self.addCleanup(ground.close)
        planted = plant(ground)
        self.until_equal(lambda: self.found(planted), planted.cause, plant.__doc__)
        # What is being asked for may not be answered yet.
        self.until_equal(lambda: [word for word in planted.words if word not in self.causeway("why", planted.name)[1].splitlines()[0]], [], plant.__doc__)
        code, text = self.causeway("why", planted.name)
        self.assertEqual(code, 0, text)
        because, next_step = text.splitlines()[:2]
        for word in planted.words:
            self.assertIn(word, because)
        self.assertEqual(next_step, "Next: " + planted.command)
        return ground, planted, text

    def test_a_server_whose_certificate_has_expired(self):
        ground, planted, text = self.find(troubles.expired_certificate)
        server = ground.server.server_name
        self.assertIn("failed", text)  # a hop of its way
        code, shown = self.causeway("server", "show", server)
        self.assertEqual(code, 0)
        self.assertIn("The other server's certificate has expired", shown)
        code, shown = self.causeway("server", "probe", server)
        self.assertEqual(code, 1)
        tls = next(line for line in shown.splitlines() if line.split()[:1] == ["TLS"])
        self.assertIn("failed", tls)
        # Attempts come again and again, and are told by the first and the last.
        self.until(lambda: "more times; see --all" in self.causeway("why", planted.name)[1], "repeats that are folded")
        self.assertNotIn("more times", self.causeway("why", planted.name, "--all")[1])
        code, shown = self.causeway("doctor", server)
        self.assertEqual(code, 1)
        self.assertIn("expired", shown)
        # It names the server that waits for longest, which may be one of another case.
        self.until(lambda: "backlog warning: What is to be sent to" in self.causeway("check", "--backlog-age-s", "1")[1], "a warning")
        # The event's own name leads there as well, and so does the transaction.
        told = json.loads(self.causeway("--json", "why", planted.name)[1])
        for name in (told["event"]["event_id"], told["servers"][0]["transaction"]):
            self.assertEqual(json.loads(self.causeway("--json", "why", name)[1])["cause"], planted.cause, name)

    def test_a_room_that_waits_for_a_key(self):
        ground, _, _ = self.find(troubles.missing_key)
        server = ground.server.server_name
        for words in (("server", "show", server), ("room", "show", ground.room_id)):
            # Not while the room verifies it once more.
            self.until(lambda words=words: f"the key of {server}: signed with ed25519:new" in self.causeway(*words)[1], "the key in " + " ".join(words))
        self.until(lambda: "for the key of a server" in self.causeway("room", "show", ground.room_id)[1], "that the room waits for a key")
        code, shown = self.causeway("keys", server)
        self.assertEqual(code, 0, shown)
        self.assertIn("signed with keys that it does not publish: ed25519:new", shown)

    def test_a_chat_server_that_has_stopped_to_acknowledge(self):
        self.find(troubles.stalled_consumer)
        code, text = self.causeway("streams")
        self.assertEqual(code, 0)
        self.assertIn("has not acknowledged", text)
        self.assertIn("the oldest for", text)
        code, text = self.causeway("edge")
        self.assertEqual(code, 0)
        self.assertIn("stalled/1", text)
        self.assertIn("see its log", text)
        self.until(lambda: "edge warning: The chat server chat-stalled is connected and has not acknowledged" in
                   self.causeway("check", "--unacknowledged-s", "1")[1], "the warning")
        self.assertIn("for its acknowledgement", self.causeway("check")[1])

    def test_a_message_staged_for_a_missing_parent(self):
        ground, planted, _ = self.find(troubles.missing_parent)
        for words, what in (
            (("server", "show", ground.server.server_name), "an event that is not stored here: "),
            (("room", "show", ground.room_id), "an event we do not have: "),
        ):
            code, shown = self.causeway(*words)
            self.assertEqual(code, 0)
            self.assertIn(what + planted.words[0], shown)
        self.until(lambda: "1 event that came from it waits here" in self.causeway("doctor", ground.server.server_name)[1], "that something waits")
        # Who looks for the event that is missing is led to the one that waits for it.
        code, shown = self.causeway("why", planted.words[0])
        self.assertEqual(code, 0)
        self.assertIn(planted.name + " waits for it", shown)
        code, shown = self.causeway("room", "resync", ground.room_id, "--reason", "a message is missing")
        self.assertEqual(code, 1, shown)
        self.assertIn("for what we lack", shown)

    def test_a_parked_actor(self):
        ground, _, _ = self.find(troubles.parked_actor)
        code, text = self.causeway("actors", "--filter", ground.room_id)
        self.assertEqual(code, 0)
        self.assertIn("parked", text)
        code, text = self.causeway("actor", "show", "room", ground.room_id)
        self.assertEqual(code, 0)
        self.assertIn("It is tried again by itself", text)
        self.assertIn("A row of the store is damaged", text)
        self.assertIn("supervisor.restart_window_s is ", text)
        self.assertNotIn("runtime_error", text)
        # What is no event's id is blamed on nobody, and what is stored and cannot be read is said to be damaged.
        for name in ("$thisisnotanevent", ground.room_id):
            self.assertEqual(self.causeway("why", name)[0], 1, name)
        code, text = self.causeway("why", ground.damaged)
        self.assertEqual((code, "its row is damaged" in text), (0, True), text)
        code, text = self.causeway("rooms", "--filter", ground.room_id)
        self.assertEqual((code, "Its actor is parked" in text), (0, True), text)
        self.until(lambda: "is parked: it failed" in self.causeway("room", "show", ground.room_id)[1], "the parked room")
        self.until(lambda: "live warning" in self.causeway("status")[1].splitlines()[0], "the status")
        # Not in the moment in which it is tried again.
        self.until(lambda: f"live warning: The actor room {ground.room_id} is parked" in self.causeway("check")[1], "the warning")
