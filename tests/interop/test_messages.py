"""What people say besides plain text: a broker with a real Synapse, each as its own users see it."""

import uuid

from harness.case import InteropCase
from harness.synapse import quote
from scenarios import ScenarioBase


class MessagesWithSynapse(InteropCase):
    """One conversation of alice (ours) and bob (Synapse)."""

    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)
        cls.chat = cls.ours.chat
        cls.alice = cls.ours.user("alice")
        cls.bob = cls.theirs.synapse.user("bob")
        cls.room = cls.ours.create_direct(cls.alice, cls.bob.user_id)

    def setUp(self):
        if not self.bob.is_joined(self.room):
            self.until(lambda: self.bob.is_invited(self.room), "the invitation at Synapse")
            self.bob.join(self.room)

    def say(self, text, **more):
        """Event id of what alice says."""
        return self.chat.command("message.send", {"room": self.room, "sender": self.alice, "message": uuid.uuid4().hex, "text": text, **more})["event_id"]

    def seen_by_bob(self, event_id):
        return self.until(lambda: next((event for event in self.bob.timeline(self.room) if event["event_id"] == event_id), None),
                          "our message at Synapse")["content"]

    def told(self, event_id):
        return self.chat.wait_for("message.received", matrix_room_id=self.room, event_id=event_id).body

    def test_html_of_theirs_is_safe_to_show(self):
        event_id = self.bob.send_content(self.room, {
            "msgtype": "m.text", "body": "look", "format": "org.matrix.custom.html",
            "formatted_body": '<b onclick="x()">look</b><script>alert(1)</script> <a href="javascript:x">here</a> <a href="https://example.org">there</a>'
                              '<img src="https://tracker.example/1.png"><mx-reply>quoted</mx-reply>'})
        self.assertEqual(self.told(event_id)["html"], '<b>look</b> <a>here</a> <a href="https://example.org">there</a><img>')

    def test_html_of_ours_is_safe_to_show(self):
        content = self.seen_by_bob(self.say("look", html='<b style="color:red">look</b><iframe src="https://x"></iframe> <i>here'))
        self.assertEqual(content["formatted_body"], "<b>look</b> <i>here</i>")

    def test_edits_are_as_safe(self):
        first = self.bob.send(self.room, "one")
        self.told(first)
        self.bob.send_content(self.room, {
            "msgtype": "m.text", "body": "* two", "m.relates_to": {"rel_type": "m.replace", "event_id": first},
            "m.new_content": {"msgtype": "m.text", "body": "two", "format": "org.matrix.custom.html", "formatted_body": "<u>two</u><script>x</script>"}})
        self.assertEqual(self.chat.wait_for("message.edited", event_id=first).body["html"], "<u>two</u>")

    def test_a_reply_is_one_on_both_sides(self):
        asked = self.bob.send(self.room, "shall we?")
        self.told(asked)
        answer = self.say("yes", reply_to=asked)
        self.assertEqual(self.seen_by_bob(answer)["m.relates_to"], {"m.in_reply_to": {"event_id": asked}})
        back = self.bob.send_content(self.room, {"msgtype": "m.text", "body": "good", "m.relates_to": {"m.in_reply_to": {"event_id": answer}}})
        self.assertEqual((self.told(back)["reply_to"], self.told(back)["thread"]), (answer, ""))

    def test_a_thread_is_one_on_both_sides(self):
        root = self.say("a thread")
        self.seen_by_bob(root)
        theirs = self.bob.send_content(self.room, {"msgtype": "m.text", "body": "in it", "m.relates_to": {
            "rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}})
        self.assertEqual((self.told(theirs)["thread"], self.told(theirs)["reply_to"]), (root, ""))
        ours = self.say("in it too", thread=root)
        self.until(lambda: ours in {event["event_id"] for event in self.bob.thread(self.room, root)}, "our message in Synapse's thread")

    def test_all_of_a_room_are_called_by_either_side(self):
        content = self.seen_by_bob(self.say("@room come here", mentions=["@room", self.bob.user_id]))
        self.assertEqual(content["m.mentions"], {"room": True, "user_ids": [self.bob.user_id]})
        event_id = self.bob.send_content(self.room, {"msgtype": "m.text", "body": "@room and you", "m.mentions": {"room": True, "user_ids": [self.alice]}})
        self.assertEqual(sorted(self.told(event_id)["mentions"]), sorted(["@room", self.alice]))

    def test_a_place_of_ours_is_one_there(self):
        content = self.seen_by_bob(self.say("the pub", geo_uri="geo:51.5,-0.1;u=35"))
        self.assertEqual((content["msgtype"], content["body"], content["geo_uri"]), ("m.location", "the pub", "geo:51.5,-0.1;u=35"))

    def test_a_place_of_theirs_is_one_here(self):
        event_id = self.bob.send_content(self.room, {"msgtype": "m.location", "body": "the pub", "geo_uri": "geo:51.5,-0.1;u=35"})
        told = self.told(event_id)
        self.assertEqual((told["msgtype"], told["text"], told["geo_uri"]), ("m.location", "the pub", "geo:51.5,-0.1;u=35"))

    def test_what_somebody_does_and_what_a_program_says_are_told_apart_on_both_sides(self):
        for kind in ("emote", "notice"):
            with self.subTest(kind=kind):
                told = self.told(self.bob.send_content(self.room, {"msgtype": "m." + kind, "body": "waves"}))
                self.assertEqual((told["msgtype"], told["text"]), ("m." + kind, "waves"))
                content = self.seen_by_bob(self.say("waves back", kind=kind))
                self.assertEqual((content["msgtype"], content["body"]), ("m." + kind, "waves back"))

    def test_what_is_encrypted_is_shown_as_such(self):
        event_id = self.bob.call("PUT", f"/rooms/{quote(self.room)}/send/m.room.encrypted/{uuid.uuid4().hex}", {
            "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg", "session_id": "s",
            "sender_key": "k", "device_id": "d"})["event_id"]
        told = self.told(event_id)
        self.assertEqual((told["msgtype"], told["text"], told["html"]), ("m.room.encrypted", "[This message is encrypted and cannot be read here.]", ""))

    def test_what_else_they_change_of_a_room_is_shown(self):
        room = self.theirs.create_channel(self.bob.user_id, [self.alice])
        self.chat.wait_for("invitation.received", matrix_room_id=room, user=self.alice)
        self.ours.accept(room, self.alice)

        def shown(kind, state, content):
            self.bob.call("PUT", f"/rooms/{quote(room)}/state/{state}", content)
            told = self.chat.wait_for("system.message", matrix_room_id=room, kind=kind).body
            self.assertEqual(told["actor"], self.bob.user_id)
            return told

        self.assertEqual(shown("access_changed", "m.room.join_rules", {"join_rule": "public"})["access"], "public")
        shown("servers_changed", "m.room.server_acl", {"allow": ["*"], "deny": ["bad.example"]})
        self.assertNotIn("access", shown("encrypted", "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}))

    def test_a_file_has_its_length_and_its_smaller_picture_on_both_sides(self):
        clip, small = self.bob.upload(b"clip", "video/mp4", "c.mp4"), self.bob.upload(b"small", "image/jpeg", "c.jpg")
        event_id = self.bob.send_content(self.room, {"msgtype": "m.video", "body": "c.mp4", "url": clip, "info": {
            "mimetype": "video/mp4", "size": 4, "duration": 1500, "thumbnail_url": small, "thumbnail_info": {"mimetype": "image/jpeg"}}})
        file = self.told(event_id)["file"]
        self.assertEqual((file["mxc"], file["duration_ms"], file["thumbnail"]), (clip, 1500, small))
        ours = self.say("", files=[{"mxc": clip, "file_name": "c.mp4", "content_type": "video/mp4", "size_bytes": 4, "duration_ms": 1500, "thumbnail": small}])
        self.assertEqual(self.seen_by_bob(ours)["info"], {"mimetype": "video/mp4", "size": 4, "duration": 1500, "thumbnail_url": small})


class MessagesWithSynapseInVersion10(MessagesWithSynapse):
    room_version = "10"


class MessagesWithSynapseInVersion12(MessagesWithSynapse):
    room_version = "12"


class MessagesWithCauseway(InteropCase):
    """Two chat servers: what one sends is what the other is told. alice writes here, bob there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs, cls.ours = cls.start_causeway("theirs"), cls.start_causeway("ours")
        cls.alice, cls.bob = cls.ours.user("alice"), cls.theirs.user("bob")
        cls.room = cls.ours.create_channel(cls.alice, [cls.bob])
        cls.theirs.chat.wait_for("invitation.received", matrix_room_id=cls.room, user=cls.bob)
        cls.theirs.accept(cls.room, cls.bob)
        cls.ours.chat.wait_for("invitation.changed", matrix_room_id=cls.room, user=cls.bob, state="accepted")

    def both_ways(self, text, **more):
        """What the other side is told of a message: of alice's, then of bob's."""
        return [self.told_of(side, sender, other, text, **more)
                for side, sender, other in ((self.ours, self.alice, self.theirs), (self.theirs, self.bob, self.ours))]

    def told_of(self, side, sender, other, text, **more):
        event_id = side.chat.command("message.send", {"room": self.room, "sender": sender, "message": uuid.uuid4().hex, "text": text, **more})["event_id"]
        told = other.chat.wait_for("message.received", matrix_room_id=self.room, event_id=event_id).body
        self.assertEqual((told["sender"], told["text"]), (sender, text))
        return told

    def test_html_is_safe_to_show(self):
        for told in self.both_ways("look", html='<b style="color:red" onclick="x()">look</b><script>alert(1)</script> <a href="javascript:x">here</a> <i>there'):
            self.assertEqual((told["msgtype"], told["html"]), ("m.text", "<b>look</b> <a>here</a> <i>there</i>"))

    def test_replies_and_threads_are_what_they_were(self):
        root = self.both_ways("a thread")[0]["event_id"]
        for told in self.both_ways("in it", thread=root):
            self.assertEqual((told["thread"], told["reply_to"]), (root, ""))
        for told in self.both_ways("to that", reply_to=root):
            self.assertEqual((told["thread"], told["reply_to"]), ("", root))

    def test_all_of_a_room_are_called(self):
        for told in self.both_ways("@room come here", mentions=["@room", self.alice, self.bob]):
            self.assertEqual(sorted(told["mentions"]), sorted(["@room", self.alice, self.bob]))

    def test_what_somebody_does_and_what_a_program_says_are_told_apart(self):
        for kind in ("emote", "notice", "text"):
            for told in self.both_ways("waves", kind=kind):
                self.assertEqual(told["msgtype"], "m." + kind)

    def test_a_place_is_one(self):
        for told in self.both_ways("the pub", geo_uri="geo:51.5,-0.1;u=35"):
            self.assertEqual((told["msgtype"], told["geo_uri"]), ("m.location", "geo:51.5,-0.1;u=35"))

    def test_edits_and_deletions_reach_the_other_side(self):
        event_id = self.both_ways("one")[0]["event_id"]
        self.ours.chat.command("message.edit", {"room": self.room, "sender": self.alice, "message": event_id, "text": "two",
                                                "html": "<u>two</u><script>x</script>"})
        edited = self.theirs.chat.wait_for("message.edited", matrix_room_id=self.room, event_id=event_id).body
        self.assertEqual((edited["text"], edited["html"]), ("two", "<u>two</u>"))
        self.ours.chat.delete(self.room, self.alice, event_id, "a slip")
        self.assertEqual(self.theirs.chat.wait_for("message.deleted", matrix_room_id=self.room, event_id=event_id).body["reason"], "a slip")


class DismissalWithSynapse(ScenarioBase, InteropCase):
    """Whoever is invited can always say no."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse")
        cls.ours = cls.start_causeway("ours")

    def test_an_invitation_ends_while_its_server_is_away_and_that_hears_of_it_later(self):
        alice, bob = self.ours.user("alice"), self.theirs.user("bob")
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=alice)
        self.stop_theirs(kill=True)
        self.assertEqual(self.ours.chat.answer(room, alice, accept=False)["state"], "rejected")
        self.ours.chat.wait_for("invitation.changed", matrix_room_id=room, user=alice, state="rejected")
        self.assertFalse(self.ours.has_invitation(room, alice))
        self.ours.kill_server()
        self.ours.start_server()
        self.theirs.start_server()
        self.until_equal(lambda: self.theirs.synapse.user("bob").members(room)[alice], "leave", "the rejection to be there")
