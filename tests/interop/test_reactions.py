"""Reactions: who sees which, and what becomes of them."""

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S, InteropCase
from harness.synapse import ClientError
from scenarios import Conversation, ScenarioBase

_THUMB = "\N{THUMBS UP SIGN}"


class ReactionScenarios(ScenarioBase):
    def _talk(self):
        """A conversation in which each has said one thing that the other has read."""
        talk = Conversation(self)
        self.ours.send(talk.room, talk.alice, "ours")
        self.theirs.send(talk.room, talk.bob, "theirs")
        self.until_equal(talk.read_by_bob, ["ours"], "our message there")
        self.until_equal(talk.read_by_alice, ["theirs"], "their message here")
        return talk

    def _seen_here(self, talk, author, text):
        return self.ours.reactions(talk.room, talk.alice, author, text)

    def _seen_there(self, talk, author, text):
        return self.theirs.reactions(talk.room, talk.bob, author, text)

    def test_their_reaction_comes_and_goes_here_with_our_broker_killed_between(self):
        talk = self._talk()
        reaction = self.theirs.react(talk.room, talk.bob, talk.alice, "ours", _THUMB)
        told = self.ours.chat.wait_for("reaction.added", PATIENCE_S, matrix_room_id=talk.room).body
        self.assertEqual({key: told[key] for key in ("message", "reaction_event_id", "user", "key", "historical")},
                         {"message": f"{talk.room} {talk.alice} ours", "reaction_event_id": reaction, "user": talk.bob, "key": _THUMB,
                          "historical": False})
        self.ours.kill_server()
        self.ours.start_server()
        self.theirs.take_back_reaction(talk.room, talk.bob, talk.alice, "ours", _THUMB)
        told = self.ours.chat.wait_for("reaction.removed", PATIENCE_S, matrix_room_id=talk.room).body
        self.assertEqual({key: told[key] for key in ("message", "reaction_event_id", "user", "key", "by")},
                         {"message": f"{talk.room} {talk.alice} ours", "reaction_event_id": reaction, "user": talk.bob, "key": _THUMB,
                          "by": talk.bob})
        self.assertEqual(self._seen_here(talk, talk.alice, "ours"), set())
        self.assertEqual(self.ours.chat.find("message.deleted", matrix_room_id=talk.room), [])

    def test_our_reaction_comes_and_goes_there_with_our_broker_killed_between(self):
        talk = self._talk()
        self.ours.react(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.ours.react(talk.room, talk.alice, talk.alice, "ours", "me too")
        self.until_equal(lambda: self._seen_there(talk, talk.bob, "theirs"), {(talk.alice, _THUMB)}, "the reaction there")
        self.until_equal(lambda: self._seen_there(talk, talk.alice, "ours"), {(talk.alice, "me too")}, "the other one there")
        with self.assertRaises(CommandError) as refused:
            self.ours.react(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.assertEqual(refused.exception.code, "already_exists")
        self.ours.kill_server()
        self.ours.start_server()
        with self.assertRaises(CommandError) as refused:
            self.ours.react(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.assertEqual(refused.exception.code, "already_exists")
        self.ours.take_back_reaction(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.until_equal(lambda: self._seen_there(talk, talk.bob, "theirs"), set(), "the removal there")
        with self.assertRaises(CommandError) as refused:
            self.ours.take_back_reaction(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.assertEqual(refused.exception.code, "not_found")
        self.ours.react(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.until_equal(lambda: self._seen_there(talk, talk.bob, "theirs"), {(talk.alice, _THUMB)}, "it again")
        self.assertEqual([each for each in self.ours.chat.seen if each.name.startswith("reaction.") and each.body["matrix_room_id"] == talk.room], [])

    def test_reactions_of_several_with_several_keys_are_all_seen(self):
        talk = self._talk()
        self.theirs.react(talk.room, talk.bob, talk.alice, "ours", _THUMB)
        self.theirs.react(talk.room, talk.bob, talk.alice, "ours", "+1")
        self.ours.react(talk.room, talk.alice, talk.bob, "theirs", _THUMB)
        self.theirs.react(talk.room, talk.bob, talk.bob, "theirs", _THUMB)
        self.until_equal(lambda: self._seen_here(talk, talk.alice, "ours"), {(talk.bob, _THUMB), (talk.bob, "+1")}, "those to ours")
        self.until_equal(lambda: self._seen_here(talk, talk.bob, "theirs"), {(talk.bob, _THUMB)}, "his own")
        self.theirs.take_back_reaction(talk.room, talk.bob, talk.alice, "ours", "+1")
        self.until_equal(lambda: self._seen_here(talk, talk.alice, "ours"), {(talk.bob, _THUMB)}, "one gone")

    def test_they_cannot_react_twice_alike(self):
        talk = self._talk()
        self.theirs.react(talk.room, talk.bob, talk.alice, "ours", _THUMB)
        with self.assertRaises((CommandError, ClientError)):
            self.theirs.react(talk.room, talk.bob, talk.alice, "ours", _THUMB)
        self.theirs.send(talk.room, talk.bob, "behind it")
        self.until_equal(talk.read_by_alice, ["theirs", "behind it"], "what came after it")
        self.assertEqual(len(self.ours.chat.find("reaction.added", matrix_room_id=talk.room)), 1)

    def test_a_deleted_message_takes_its_reactions_along(self):
        talk = self._talk()
        self.theirs.react(talk.room, talk.bob, talk.bob, "theirs", _THUMB)
        self.until_equal(lambda: self._seen_here(talk, talk.bob, "theirs"), {(talk.bob, _THUMB)}, "the reaction")
        message = self.ours.chat.find("message.received", matrix_room_id=talk.room)[0].body["event_id"]
        self.theirs.delete(talk.room, talk.bob, talk.bob, "theirs")
        self.ours.chat.wait_for("message.deleted", PATIENCE_S, matrix_room_id=talk.room)
        with self.assertRaises(CommandError) as refused:
            self.ours.chat.command("reaction.add", {"room": talk.room, "user": talk.alice, "message": message, "key": _THUMB})
        self.assertEqual(refused.exception.code, "conflict")
        self.assertEqual(self.ours.chat.find("reaction.removed", matrix_room_id=talk.room), [])

    def test_their_moderator_takes_back_our_reaction_and_we_are_told_by_whom(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [alice])
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        self.ours.accept(room, alice)
        self.theirs.send(room, bob, "decide")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["decide"], "his message")
        reaction = self.ours.react(room, alice, bob, "decide", "no")
        self.until_equal(lambda: self.theirs.reactions(room, bob, bob, "decide"), {(alice, "no")}, "our reaction there")
        self.theirs.take_back_reaction_of(room, bob, reaction)
        told = self.ours.chat.wait_for("reaction.removed", PATIENCE_S, matrix_room_id=room).body
        self.assertEqual((told["user"], told["key"], told["by"], told["reaction_event_id"]), (alice, "no", bob, reaction))

    def test_reactions_made_while_our_broker_is_away_are_there_when_it_comes_back(self):
        talk = self._talk()
        self.ours.stop_server()
        self.theirs.react(talk.room, talk.bob, talk.alice, "ours", "kept")
        self.theirs.react(talk.room, talk.bob, talk.alice, "ours", "gone")
        self.theirs.take_back_reaction(talk.room, talk.bob, talk.alice, "ours", "gone")
        self.ours.start_server()
        self.until_they_reach_us(talk.room, talk.bob)
        self.until_equal(lambda: self._seen_here(talk, talk.alice, "ours"), {(talk.bob, "kept")}, "the one that is left")

    def test_reactions_from_before_we_joined_are_told_as_history(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        self.theirs.send(room, bob, "before")
        self.theirs.react(room, bob, bob, "before", _THUMB)
        self.ours.accept(room, alice)
        told = self.ours.chat.wait_for("reaction.added", PATIENCE_S, matrix_room_id=room).body
        self.assertEqual((told["user"], told["key"], told["historical"]), (bob, _THUMB, True))


class ReactionsWithSynapse(ReactionScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class ReactionsWithSynapseInVersion10(ReactionsWithSynapse):
    room_version = "10"


class ReactionsWithSynapseInVersion12(ReactionsWithSynapse):
    room_version = "12"


class ReactionsWithCauseway(ReactionScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")
