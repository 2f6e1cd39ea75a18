"""What an operator does to a running broker: every change has a reason and leaves a row; a look from outside; rooms compared."""

import json
import os
import subprocess
import tarfile

from causeway_demo.broker import find_binary
from harness.case import InteropCase
from scenarios import Scenarios

REASON = "a test"


class Operator(InteropCase):
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.log = os.path.join(cls.directory, "ours.log")
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours", settings={"log": {"file": cls.log, "format": "json"},
                                                        "federation": {"delivery_notifications": "delayed"}})

    @staticmethod
    def causeway(side, *arguments, code=0):
        """What the command says; fails on another exit code.

        :param side: whose broker is asked, or the endpoint of none.
        """
        endpoint = side if isinstance(side, str) else side.broker.admin_endpoint
        done = subprocess.run([find_binary("causeway"), "--socket", endpoint, *arguments], capture_output=True, text=True,
                              timeout=90, check=False, env={**os.environ, "SUDO_USER": "ann"})
        if done.returncode != code:
            raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def told(self, side, *arguments, code=0):
        return json.loads(self.causeway(side, "--json", *arguments, code=code))

    def conversation(self):
        """(alice of ours, bob of theirs, their room)"""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until(lambda: bob in self.ours.members(room, alice), "bob to be in")
        return alice, bob, room

    # -- changes

    def test_nothing_is_sent_to_a_paused_server_over_a_restart_and_all_of_it_when_it_is_resumed(self):
        alice, bob, room = self.conversation()
        name = self.theirs.server_name
        self.assertIn("--reason", self.causeway(self.ours, "server", "pause", name, code=1))
        self.causeway(self.ours, "server", "pause", name, "--reason", "their disk is full")
        self.ours.send(room, alice, "first")
        delayed = self.ours.chat.wait_for("delivery.changed", matrix_room_id=room, state="delayed").body
        self.assertIn("their disk is full", delayed["reason"])
        self.ours.stop_server()
        self.ours.start_server()
        self.ours.send(room, alice, "second")
        shown = self.told(self.ours, "server", "show", name)
        self.assertEqual((shown["server"]["state"], shown["server"]["queued"]), ("paused", 2))
        self.assertIn("their disk is full", " ".join(shown["waits_for"]))
        self.assertEqual(self.theirs.texts(room, bob, alice), [])
        self.causeway(self.ours, "server", "resume", name, "--reason", "they have made room")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["first", "second"], "all of it to arrive, in order")
        rows = self.told(self.ours, "audit")["audit"]
        self.assertEqual([(row["verb"], row["reason"], row["by"], row["peer"], row["outcome"]) for row in rows[:2]],
                         [("server.resume", "they have made room", "ann", "local", "done"),
                          ("server.pause", "their disk is full", "ann", "local", "done")])

    def test_an_invitation_is_taken_back_and_sent_again(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.assertIn("has not answered", self.causeway(self.ours, "invite", "resend", room, bob, "--reason", REASON, code=1))
        self.causeway(self.ours, "invite", "revoke", room, bob, "--reason", REASON)
        self.until(lambda: not self.theirs.has_invitation(room, bob), "it to be gone")
        self.until(lambda: self.told(self.ours, "invite", "show", room, bob)["invitation"]["state"] == "revoked", "that to be confirmed")
        self.causeway(self.ours, "invite", "resend", room, bob, "--reason", REASON)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the new one to reach them")

    # -- looks

    def test_doctor_and_probe_find_nothing_wrong_with_a_broker_and_say_what_is_wrong_with_one_that_is_down(self):
        for side, name in ((self.ours, []), (self.ours, [self.theirs.server_name])):
            with self.subTest(name):
                report = self.told(side, "doctor", *name)
                self.assertTrue(report["FederationOK"], report["findings"])
                checks = [each["Checks"]["AllChecksOK"] for each in report["ConnectionReports"].values()]
                self.assertIn(True, checks)
                self.assertEqual(report["Version"]["name"], "Causeway")
        probed = self.told(self.ours, "server", "probe", self.theirs.server_name)
        passed = [phase["phase"] for phase in probed["phases"] if phase["result"] == "ok"]
        for phase in ("DNS", "TCP", "TLS", "keys", "version", "signature"):
            self.assertIn(phase, passed)
        self.assertTrue(any(row["names"] for row in probed["certificates"]))
        gone = self.told(self.ours, "doctor", "localhost:1", code=1)
        self.assertFalse(gone["FederationOK"])
        self.assertIn("critical", [finding["severity"] for finding in gone["findings"]])
        self.assertIn("cannot be reached", self.causeway(self.ours, "doctor", "localhost:1", code=1))

    def test_monitoring_gets_its_exit_codes(self):
        checks = {row["name"]: row["state"] for row in self.told(self.ours, "check", "--certificate-days", "0", "--certificate-critical-days", "0")["checks"]}
        self.assertEqual(checks, dict.fromkeys(["live", "store", "edge", "keys", "certificates", "backlog", "clock"], "ok"))
        text = self.causeway(self.ours, "check", "--certificate-days", "100000", "--certificate-critical-days", "0", code=1)
        self.assertTrue(text.startswith("CAUSEWAY warning: certificates warning\n"), text)
        text = self.causeway(self.ours, "check", "--certificate-days", "100000", "--certificate-critical-days", "100000", code=2)
        self.assertTrue(text.startswith("CAUSEWAY critical: certificates critical\n"), text)
        text = self.causeway(self.ours, "check", "--backlog-age", "5", code=3)  # wrong usage is not critical
        self.assertTrue(text.startswith("CAUSEWAY unknown: "), text)
        self.assertTrue(self.causeway("ipc:///nowhere/at/all.sock", "check", code=2).startswith("CAUSEWAY critical: live critical\n"))

    # -- rooms

    def test_a_room_is_compared_and_what_only_they_have_is_fetched(self):
        alice, bob, room = self.conversation()
        self.theirs.send(room, bob, "hello")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["hello"], "their message")

        def view():
            return self.told(self.ours, "room", "compare", room)["servers"][0]
        seen = view()
        self.assertEqual((seen["server_name"], seen["state"], seen["ahead"], seen["behind"]), (self.theirs.server_name, "same", 0, False), seen)
        # Nothing of theirs comes by itself.
        self.causeway(self.theirs, "server", "pause", self.ours.server_name, "--reason", REASON)
        self.theirs.send(room, bob, "can you hear me")
        self.until_equal(lambda: view()["ahead"], 1, "that they are ahead to be seen")
        fetched = self.told(self.ours, "room", "resync", room, "--reason", REASON)
        self.assertEqual([event["outcome"] for event in fetched["events"]], ["taken"], fetched)
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["hello", "can you hear me"], "what was fetched")
        self.assertEqual(view()["ahead"], 0)
        self.causeway(self.theirs, "server", "resume", self.ours.server_name, "--reason", REASON)

    # -- the archive

    def test_a_bundle_holds_the_lists_and_no_message_and_no_key(self):
        alice, _, room = self.conversation()
        self.ours.send(room, alice, "a secret word: xyzzy")
        archive = os.path.join(self.directory, self.fresh("support") + ".tar.gz")
        config = os.path.join(self.ours.broker.directory, "causeway.toml")
        self.causeway(self.ours, "--config", config, "bundle", archive)
        self.assertEqual(os.stat(archive).st_mode & 0o777, 0o600)
        with tarfile.open(archive) as packed:
            files = {os.path.basename(each.name): packed.extractfile(each).read().decode() for each in packed if each.isfile()}
        self.assertIn(room, [row["room_id"] for row in json.loads(files["rooms.json"])["rooms"]])
        self.assertLessEqual({"status.json", "check.json", "servers.json", "invites.json", "actors.json", "audit.json", "configuration.toml",
                              "bundle.json", "log.txt", "server.show.json", "room.show.json", "invite.show.json", "dead_letter.show.json",
                              "actor.show.json", "doctor.json"}, set(files))
        key = next(name for name in os.listdir(os.path.join(self.ours.broker.directory, "data")) if "key" in name)
        with open(os.path.join(self.ours.broker.directory, "data", key), encoding="utf8") as secret:
            seed = secret.read().split()[-1]
        for name, text in files.items():
            with self.subTest(name):
                self.assertNotIn("xyzzy", text)
                self.assertNotIn(seed, text)
        self.causeway(self.ours, "bundle", archive, code=1)  # it is there already
        # Every list opens it, with nobody to ask, and has the rows that were told then; so has the page of one of them.
        nowhere = "ipc:///nowhere/at/all.sock"
        is_well = json.loads(files["status.json"])["state"] == "ok"
        for words, member, file in (("rooms", "rooms", "rooms"), ("servers", "servers", "servers"), ("invites", "invitations", "invites"),
                                    ("actors", "actors", "actors"), ("dead-letters ls", "dead_letters", "dead_letters"), ("keys", "keys", "keys"),
                                    ("edge", "peers", "edge"), ("streams", "streams", "streams"), ("receipts", "servers", "receipts"),
                                    ("audit", "audit", "audit"), ("cluster status", "nodes", "nodes"), ("cluster history", "terms", "history"),
                                    ("cluster status --shards", "shards", "shards"),
                                    ("status", "alarms", "status")):
            with self.subTest(words):
                rows = json.loads(files[file + ".json"])[member]
                told = self.told(nowhere, *words.split(), "--archive", archive, code=1 if words == "status" and not is_well else 0)
                self.assertEqual(told[member], rows)
        checked = json.loads(files["check.json"])
        code = {"ok": 0, "warning": 1, "critical": 2}[checked["state"]]
        self.assertEqual(self.told(nowhere, "check", "--archive", archive, code=code), checked)
        shown = self.told(nowhere, "room", "show", room, "--archive", archive)
        self.assertEqual(shown["room"]["room_id"], room)
        shown = self.told(nowhere, "server", "show", self.theirs.server_name, "--archive", archive)
        self.assertEqual(shown["server"]["server_name"], self.theirs.server_name)
