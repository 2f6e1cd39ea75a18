"""What people say, what their files are called and what the keys are is in no line of the log and in no answer to the operator."""

import io
import os
import subprocess
import uuid

from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S
from hostile.case import HostileCase


class Secrets(HostileCase):
    settings = {"log": {"level": "debug", "format": "json"}, "federation": {"delivery_notifications": "all"}}

    def setUp(self):
        super().setUp()
        self.words = {}  # what must not be seen -> what it is
        with open(os.path.join(self.ours.broker.directory, "data", "signing.key"), encoding="ascii") as key:
            self.words[key.read().split()[2]] = "the signing key"
        with open(self.authority.private_key_file, encoding="ascii") as key:
            self.words[key.read().splitlines()[1]] = "the key of the certificate"

    def word(self, what):
        """A word nobody else says."""
        text = f"{what.replace(' ', '')}{uuid.uuid4().hex}"
        self.words[text] = what
        return text

    def converse(self):
        """Everything people do that carries words of theirs; returns the room and somebody who was invited."""
        shared = self.share()
        self.says(shared, self.word("a message of ours"))
        event_id, event = shared.room.say(self.word("a message of theirs"))
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", event_id=event_id)
        # What is rejected, cannot be read, or was altered on its way.
        _, unlawful = shared.room.message(self.word("an unlawful message"), sender=self.hostile.user("nobody"), signer=self.hostile)
        self.verdicts(self.hostile, [unlawful])
        broken = {**event, "content": {"msgtype": "m.text", "body": self.word("an altered message")}}
        self.verdicts(self.honest, [broken, {"room_id": shared.room_id, "content": {"body": self.word("a malformed event")}}])
        mxc = self.chat.upload(io.BytesIO(b"bytes of a file"), content_type="text/plain", file_name=self.word("the name of a file"))
        self.chat.command("message.send", {"room": shared.room_id, "sender": shared.alice, "message": uuid.uuid4().hex, "text": self.word("a caption"),
                                           "files": [{"mxc": mxc, "file_name": self.word("the name in a message"), "content_type": "text/plain",
                                                      "size_bytes": 15}]})
        message = uuid.uuid4().hex
        self.chat.send(shared.room_id, shared.alice, self.word("a deleted message"), message)
        self.chat.delete(shared.room_id, shared.alice, message, self.word("the reason of a deletion"))
        # An invitation that is rejected with a reason, and a command that fails.
        room = self.honest.found_room()
        bob = self.ours.user(self.fresh("bob"))
        self.assertEqual(self.honest.invite(room, bob)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=bob)
        self.chat.answer(room.room_id, bob, accept=False, reason=self.word("the reason of a rejection"))
        self.chat.wait_until(lambda: self.chat.find("invitation.changed", matrix_room_id=room.room_id, state="rejected"), PATIENCE_S, "the rejection")
        with self.assertRaises(CommandError) as refusal:
            self.chat.command("message.send", {"room": shared.room_id, "sender": bob, "message": uuid.uuid4().hex, "text": self.word("a refused message")})
        self.silent(str(refusal.exception), "the fault")
        self.hears_honest(shared)
        return shared, room, bob

    def silent(self, text, where):
        found = [what for word, what in self.words.items() if word in text]
        self.assertEqual(found, [], where)

    def test_no_line_of_the_log_holds_a_message_or_a_secret(self):
        self.converse()
        with open(self.ours.broker.process.log_file, encoding="utf8", errors="replace") as log:
            text = log.read()
        self.assertIn('"what"', text)
        self.silent(text, "the log")

    def test_no_command_shows_a_message_or_a_secret(self):
        shared, room, bob = self.converse()
        for words in (["rooms"], ["room", "show", shared.room_id], ["servers"], ["server", "show", self.honest.server_name], ["invites", "--all"],
                      ["actors"], ["keys"], ["keys", self.honest.server_name], ["config", "show"], ["audit"], ["check"], ["room", "compare", shared.room_id]):
            for form in ([], ["--json"]):
                with self.subTest(words=words, form=form):
                    where = ["--config", os.path.join(self.ours.broker.directory, "causeway.toml")] if words[0] == "config" else ["--socket", self.ours.broker.admin_endpoint]
                    done = subprocess.run([find_binary("causeway"), *form, *words, *where],
                                          capture_output=True, text=True, timeout=120, check=False)
                    self.assertTrue(done.stdout, done.stderr)
                    # Why somebody rejected an invitation is what `causeway invites` is for.
                    self.words = {word: what for word, what in self.words.items() if what != "the reason of a rejection"}
                    self.silent(done.stdout + done.stderr, words)
        self.assertTrue(self.inspect("invite", "show", room.room_id, bob))
