"""Edits: what people on both sides see of a message after them."""

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S, InteropCase
from scenarios import Conversation, ScenarioBase


class EditScenarios(ScenarioBase):
    def _shown_here(self, talk):
        return self.ours.shown(talk.room, talk.alice, talk.bob)

    def _shown_there(self, talk):
        return self.theirs.shown(talk.room, talk.bob, talk.alice)

    def _edits_here(self, talk):
        return [each.body for each in self.ours.chat.find("message.edited", matrix_room_id=talk.room)]

    def test_what_they_edit_changes_here_and_shows_no_second_message(self):
        talk = Conversation(self)
        for text in ("frist", "last"):
            self.theirs.send(talk.room, talk.bob, text)
        self.until_equal(talk.read_by_alice, ["frist", "last"], "both messages")
        message = self.ours.chat.find("message.received", matrix_room_id=talk.room, text="frist")[0].body["event_id"]
        edit = self.theirs.edit(talk.room, talk.bob, "frist", "first", [talk.alice])
        self.until_equal(lambda: self._shown_here(talk), ["first", "last"], "the edit here")
        told, = self._edits_here(talk)
        self.assertEqual({key: told[key] for key in ("event_id", "edit_event_id", "sender", "text", "mentions", "historical", "message")},
                         {"event_id": message, "edit_event_id": edit, "sender": talk.bob, "text": "first", "mentions": [talk.alice],
                          "historical": False, "message": ""})
        self.assertEqual(talk.read_by_alice(), ["frist", "last"])

    def test_what_we_edit_changes_there_and_again_after_our_broker_was_killed(self):
        talk = Conversation(self)
        for text in ("frist", "last"):
            self.ours.send(talk.room, talk.alice, text)
        self.until_equal(talk.read_by_bob, ["frist", "last"], "both messages")
        self.ours.edit(talk.room, talk.alice, "frist", "frst", [talk.bob])
        self.until_equal(lambda: self._shown_there(talk), ["frst", "last"], "the edit there")
        self.ours.kill_server()
        self.ours.start_server()
        self.ours.edit(talk.room, talk.alice, "frist", "first", [talk.bob])
        self.until_equal(lambda: self._shown_there(talk), ["first", "last"], "the second edit there")
        self.assertEqual(self._edits_here(talk), [])

    def test_an_edit_taken_back_shows_the_text_before_it_on_both_sides(self):
        talk = Conversation(self)
        self.theirs.send(talk.room, talk.bob, "one")
        self.until_equal(talk.read_by_alice, ["one"], "the message")
        edits = [self.theirs.edit(talk.room, talk.bob, "one", text) for text in ("two", "three")]
        self.until_equal(lambda: self._shown_here(talk), ["three"], "the second edit")
        self.theirs.take_back_edit(talk.room, talk.bob, edits[1])
        self.until_equal(lambda: self._shown_here(talk), ["two"], "the first edit again")
        self.ours.kill_server()
        self.ours.start_server()
        self.theirs.take_back_edit(talk.room, talk.bob, edits[0])
        self.until_equal(lambda: self._shown_here(talk), ["one"], "the message as it was")
        self.assertEqual([each["edit_event_id"] for each in self._edits_here(talk)][-2:], [edits[0], ""])
        self.assertEqual(self.ours.chat.find("message.deleted", matrix_room_id=talk.room), [])

        self.ours.send(talk.room, talk.alice, "uno")
        edits = [self.ours.edit(talk.room, talk.alice, "uno", text) for text in ("due", "tre")]
        self.until_equal(lambda: self._shown_there(talk), ["tre"], "our second edit there")
        self.ours.take_back_edit(talk.room, talk.alice, edits[1])
        self.until_equal(lambda: self._shown_there(talk), ["due"], "our first edit again")

    def test_what_they_edit_while_our_broker_is_away_is_there_when_it_comes_back(self):
        talk = Conversation(self)
        self.theirs.send(talk.room, talk.bob, "before")
        self.until_equal(talk.read_by_alice, ["before"], "the message")
        self.ours.stop_server()
        self.theirs.edit(talk.room, talk.bob, "before", "while away")
        self.theirs.send(talk.room, talk.bob, "after")
        self.theirs.edit(talk.room, talk.bob, "after", "after, too")
        self.ours.start_server()
        self.until_they_reach_us(talk.room, talk.bob)
        self.until_equal(lambda: self._shown_here(talk)[:2], ["while away", "after, too"], "both edits")

    def test_what_was_edited_before_we_joined_is_told_as_it_is_now(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        for text in ("frist", "last"):
            self.theirs.send(room, bob, text)
        self.theirs.edit(room, bob, "frist", "first")
        self.ours.accept(room, alice)
        self.until_equal(lambda: self.ours.shown(room, alice, bob), ["first", "last"], "the history")
        self.assertEqual([each.body["historical"] for each in self.ours.chat.find("message.edited", matrix_room_id=room)], [True])

    def test_a_deleted_message_stays_deleted_whatever_is_edited(self):
        talk = Conversation(self)
        for text in ("regrets", "stays"):
            self.theirs.send(talk.room, talk.bob, text)
        self.theirs.edit(talk.room, talk.bob, "regrets", "regrets, still")
        self.until_equal(lambda: self._shown_here(talk), ["regrets, still", "stays"], "the edit")
        self.theirs.delete(talk.room, talk.bob, talk.bob, "regrets")
        self.until_equal(lambda: self._shown_here(talk), ["stays"], "the deletion")
        self.assertEqual(len(self._edits_here(talk)), 1)

    def test_what_cannot_be_edited_is_refused_with_the_reason(self):
        talk = Conversation(self)
        self.theirs.send(talk.room, talk.bob, "theirs")
        self.until_equal(talk.read_by_alice, ["theirs"], "the message")
        self.ours.send(talk.room, talk.alice, "mine")
        theirs = self.ours.chat.find("message.received", matrix_room_id=talk.room)[0].body["event_id"]
        mine = f"{talk.room} {talk.alice} mine"

        def refusal(message):
            with self.assertRaises(CommandError) as refused:
                self.ours.chat.command("message.edit", {"room": talk.room, "sender": talk.alice, "message": message, "text": "else"})
            return refused.exception.code
        self.assertEqual((refusal(theirs), refusal("never said"), refusal("$never-said")), ("forbidden", "not_found", "not_found"))
        self.ours.delete(talk.room, talk.alice, talk.alice, "mine")
        self.assertEqual(refusal(mine), "conflict")

    def test_emotes_and_notices_are_seen_as_such_there(self):
        talk = Conversation(self)
        for kind in ("emote", "notice", "text"):
            self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "message": f"{talk.room} {kind}", "text": kind, "kind": kind})
        self.until_equal(lambda: self.kinds_there(talk), {"emote": "m.emote", "notice": "m.notice", "text": "m.text"}, "all three there")


class EditsWithSynapse(EditScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)

    def _bob(self, talk):
        return self.theirs.synapse.user(talk.bob[1:].split(":")[0])

    def kinds_there(self, talk):
        return {event["content"]["body"]: event["content"]["msgtype"] for event in self._bob(talk).timeline(talk.room)
                if event["type"] == "m.room.message" and event["sender"] == talk.alice}

    def test_their_place_is_told_with_where_it_is(self):
        talk = Conversation(self)
        self._bob(talk).send_content(talk.room, {"msgtype": "m.location", "body": "the pub", "geo_uri": "geo:51.5,-0.1"})
        told = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=talk.room, text="the pub").body
        self.assertEqual((told["msgtype"], told["geo_uri"]), ("m.location", "geo:51.5,-0.1"))

    def test_a_forged_edit_of_a_third_user_changes_nothing(self):
        talk = Conversation(self)
        carol = self.theirs.user(self.fresh("carol"))
        self.theirs.invite(talk.room, talk.bob, carol)
        self.theirs.accept(talk.room, carol)
        self.theirs.send(talk.room, talk.bob, "bob's word")
        self.until_equal(talk.read_by_alice, ["bob's word"], "the message")
        self.theirs.edit(talk.room, carol, "bob's word", "carol's word")
        self.theirs.send(talk.room, carol, "behind it")
        self.until_equal(lambda: self.ours.texts(talk.room, talk.alice, carol), ["behind it"], "what came after it")
        self.assertEqual(self._shown_here(talk), ["bob's word"])


class EditsWithSynapseInVersion10(EditsWithSynapse):
    room_version = "10"


class EditsWithSynapseInVersion12(EditsWithSynapse):
    room_version = "12"


class EditsWithCauseway(EditScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")

    def kinds_there(self, talk):
        return {each.body["text"]: each.body["msgtype"] for each in self.theirs.chat.find("message.received", matrix_room_id=talk.room)}

    def test_an_edit_by_html_and_with_mentions_is_told_with_them_and_calls_nobody_twice(self):
        talk = Conversation(self)
        self.ours.send(talk.room, talk.alice, "one")
        self.until_equal(talk.read_by_bob, ["one"], "the message")
        for text in ("two", "three"):
            self.ours.chat.command("message.edit", {"room": talk.room, "sender": talk.alice, "message": f"{talk.room} {talk.alice} one",
                                                    "text": text, "html": f"<b>{text}</b>", "mentions": [talk.bob]})
        self.until_equal(lambda: [(each.body["html"], each.body["mentions"]) for each in self.theirs.chat.find("message.edited", matrix_room_id=talk.room)],
                         [("<b>two</b>", [talk.bob]), ("<b>three</b>", [])], "both edits")
