"""What a chat server refuses for good: kept, told, listed, brought again, dropped, by the chat server and by the operator."""

import json
import subprocess

from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from scenarios import Scenarios


class DeadLetterScenarios:
    fresh = Scenarios.fresh

    def tearDown(self):
        super().tearDown()
        self.ours.chat.refuses = None

    def letters(self):
        """All that there are, page by page, by id."""
        found, after = {}, {}
        while True:
            page = self.ours.chat.command("query.dead_letters", after)
            found.update((each["id"], each) for each in page["dead_letters"])
            if not page["more_dead_letters"]:
                return found
            after = {"after": page["dead_letters"][-1]["id"]}

    def refuse(self, *words):
        """Messages with one of these words are refused for good."""
        def reason(notification):
            text = notification.body.get("text", "") if notification.name == "message.received" else ""
            return next((f"no {word} here" for word in words if word in text), None)
        self.ours.chat.refuses = reason

    def conversation(self):
        """(alice of ours, bob of theirs, their room)"""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until(lambda: bob in self.ours.members(room, alice), "bob to be in")
        return alice, bob, room

    def told_of(self, room):
        return [each.body for each in self.ours.chat.find("dead_letter", matrix_room_id=room)]

    def causeway(self, *arguments):
        """(exit code, what it says) of the operator's command."""
        done = subprocess.run([find_binary("causeway"), "--socket", self.ours.broker.admin_endpoint, *arguments], capture_output=True, text=True,
                              timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_a_refused_message_is_set_aside_and_comes_when_it_is_wanted_after_all(self):
        alice, bob, room = self.conversation()
        self.refuse("spam")
        self.theirs.send(room, bob, "spam and eggs")
        self.theirs.send(room, bob, "hello")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["hello"], "what follows to come all the same")
        self.until(lambda: len(self.told_of(room)) == 1, "the chat server to be told")
        told = self.told_of(room)[0]
        self.assertEqual((told["event"], told["reason"]), ("message.received", "no spam here"))
        letter = self.letters()[told["id"]]
        self.assertEqual({key: letter[key] for key in ("event", "reason", "matrix_room_id", "event_id", "ts")},
                         {key: told[key] for key in ("event", "reason", "matrix_room_id", "event_id", "ts")})
        # The other side sees nothing of it: both messages are there.
        self.stands_there(room, bob, ["spam and eggs", "hello"])
        self.ours.chat.refuses = None
        self.ours.chat.command("dead_letter.retry", {"id": told["id"]})
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["hello", "spam and eggs"], "the chat user to read it, late")
        self.assertNotIn(told["id"], self.letters())
        with self.assertRaises(CommandError) as caught:
            self.ours.chat.command("dead_letter.retry", {"id": told["id"]})
        self.assertEqual(caught.exception.code, "not_found")

    def test_one_that_is_refused_again_is_a_new_one_and_is_dropped_for_good(self):
        alice, bob, room = self.conversation()
        self.refuse("spam")
        self.theirs.send(room, bob, "spam")
        self.until(lambda: len(self.told_of(room)) == 1, "the chat server to be told")
        first = self.told_of(room)[0]["id"]
        self.ours.chat.command("dead_letter.retry", {"id": first})
        self.until(lambda: len(self.told_of(room)) == 2, "it to be refused again")
        second = self.told_of(room)[1]["id"]
        self.assertNotEqual(first, second)
        self.assertEqual(self.letters().keys() & {first, second}, {second})
        self.ours.chat.command("dead_letter.drop", {"id": second})
        self.assertNotIn(second, self.letters())
        self.ours.chat.refuses = None
        self.theirs.send(room, bob, "goodbye")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["goodbye"], "nothing of it to come back")

    def test_who_refuses_the_word_of_it_too_is_left_alone(self):
        alice, bob, room = self.conversation()
        refused = []

        def reason(notification):
            if notification.name == "dead_letter" or "spam" in notification.body.get("text", ""):
                refused.append(notification.name)
                return "nothing at all"
            return None
        self.ours.chat.refuses = reason
        self.theirs.send(room, bob, "spam")
        self.theirs.send(room, bob, "hello")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["hello"], "what follows")
        self.until_equal(lambda: refused, ["message.received", "dead_letter"], "both to be refused")
        self.theirs.send(room, bob, "and goodbye")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["hello", "and goodbye"], "life to go on")
        self.assertEqual(refused, ["message.received", "dead_letter"])

    def test_it_outlives_a_restart_and_the_operator_brings_it_again(self):
        alice, bob, room = self.conversation()
        self.refuse("spam", "ham")
        self.theirs.send(room, bob, "spam")
        self.theirs.send(room, bob, "ham")
        self.until(lambda: len(self.told_of(room)) == 2, "the chat server to be told")
        spam, ham = (each["id"] for each in self.told_of(room))
        self.ours.stop_server()
        self.ours.start_server()
        self.ours.chat.refuses = None
        code, text = self.causeway("dead-letters", "ls", "--json")
        self.assertEqual(code, 0, text)
        listed = {each["id"]: each for each in json.loads(text)["dead_letters"]}
        self.assertEqual((listed[spam]["reason"], listed[ham]["event"]), ("no spam here", "message.received"))
        self.assertEqual(self.causeway("dead-letters", "drop", ham, "--reason", "test")[0], 0)
        self.assertEqual(self.causeway("dead-letters", "retry", spam, "--reason", "test")[0], 0)
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["spam"], "the chat user to read what the operator has brought again")
        code, text = self.causeway("dead-letters", "retry", ham, "--reason", "test")
        self.assertEqual(code, 1)
        self.assertIn(ham, text)
        self.assertEqual(self.letters().keys() & {spam, ham}, set())


class DeadLettersWithSynapse(DeadLetterScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)

    def stands_there(self, room, user, texts):
        self.assertEqual(self.theirs.texts(room, user, user), texts)


class DeadLettersWithSynapseInVersion10(DeadLettersWithSynapse):
    room_version = "10"


class DeadLettersWithSynapseInVersion12(DeadLettersWithSynapse):
    room_version = "12"


class DeadLettersWithCauseway(DeadLetterScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")

    def stands_there(self, room, user, texts):
        """A chat server keeps what its own users have said; it is told of no deletion."""
        self.assertEqual(self.theirs.chat.find("message.deleted", matrix_room_id=room), [])
