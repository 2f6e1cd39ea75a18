"""Rooms that change, whoever runs the other homeserver. Each case says what the chat user and what the Matrix user sees."""

import threading

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S
from moderation_scenarios import ModerationBase


class RoomBase(ModerationBase):
    def our_named_channel(self, alice, *guests, friends=()):
        """(own id, Matrix id) of a channel of alice's with `friends` of ours, which `guests` of theirs have joined."""
        own = self.fresh("room")
        room = self.ours.chat.create_room("channel", alice, [*friends, *guests], room=own, name="a channel", visibility="private")["matrix_room_id"]
        for guest in guests:
            self.until(lambda guest=guest: self.theirs.has_invitation(room, guest), "the invitation to reach them")
            self.theirs.accept(room, guest)
            self.until_state(room, guest, "accepted")
        return own, room

    def until_changed(self, room, key, value):
        """The room.changed that says so."""
        def told():
            return next((each.body for each in self.ours.chat.find("room.changed", matrix_room_id=room) if each.body.get(key) == value), None)
        return self.until(told, f"room.changed of {key}")

    def view(self, room):
        return self.ours.chat.command("query.room", {"room": room})

    def say(self, room, sender, text):
        """One of ours writes to a room by any name of it. Event id."""
        return self.ours.chat.command("message.send", {"room": room, "sender": sender, "text": text, "message": self.fresh("m")},
                                      timeout=120)["event_id"]


class SettingsScenarios(RoomBase):
    def test_what_ours_call_a_room_is_seen_there_and_told_once(self):
        alice, bob = self.people()
        own, room = self.our_named_channel(alice, bob)
        event = self.ours.set_name(own, alice, "Lobby")
        told = self.until_changed(room, "name", "Lobby")
        self.assertEqual((told["room"], told["by"], told["event_id"]), (own, alice, event))
        self.assertNotIn("topic", told)
        self.assertNotIn("avatar", told)
        self.ours.set_topic(own, alice, "What is new")
        self.ours.set_avatar(own, alice, "mxc://example.org/abc")
        self.until_equal(lambda: self.theirs.called(room, bob), ("Lobby", "What is new", "mxc://example.org/abc"), "what they see")
        self.assertEqual(self.ours.called(own, alice), ("Lobby", "What is new", "mxc://example.org/abc"))
        for kind in ("renamed", "topic_changed", "avatar_changed"):
            self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind=kind, actor=alice)
        self.assertEqual(self.ours.set_name(own, alice, "Lobby"), "")  # it is called so
        self.ours.set_topic(own, alice, "")
        self.until_equal(lambda: self.theirs.called(room, bob)[1], "", "the topic to be gone there")
        self.assertEqual(len(self.ours.chat.find("room.changed", matrix_room_id=room)), 4)

    def test_what_they_call_a_room_is_told_and_outlives_a_restart(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        self.theirs.set_name(room, bob, "Their place")
        self.theirs.set_topic(room, bob, "Weather")
        self.theirs.set_avatar(room, bob, "mxc://example.org/def")
        for key, value in (("name", "Their place"), ("topic", "Weather"), ("avatar", "mxc://example.org/def")):
            told = self.until_changed(room, key, value)
            self.assertEqual(told["by"], bob)
            self.assertEqual({"name", "topic", "avatar"} & set(told), {key})
        self.restart_ours()
        self.assertEqual(self.ours.called(room, alice), ("Their place", "Weather", "mxc://example.org/def"))
        self.refused("forbidden", "room.set_name", {"room": room, "by": alice, "name": "Mine"})

    def test_a_room_shows_who_comes_and_goes_and_whose_doing_it_was(self):
        alice, bob, bill, bea = self.people("bob", "bill", "bea")
        _, room = self.our_named_channel(alice, bob)
        self.ours.invite(room, alice, bill)
        self.until(lambda: self.theirs.has_invitation(room, bill), "the invitation to reach them")
        self.until_state(room, bill, "pending")
        self.theirs.reject(room, bill, "not now")
        self.until_state(room, bill, "rejected")
        self.ours.invite(room, alice, bea)
        self.until(lambda: self.theirs.has_invitation(room, bea), "the invitation to reach them")
        self.until_state(room, bea, "pending")
        self.ours.revoke(room, alice, bea)
        self.until_state(room, bea, "revoked")
        self.theirs.leave(room, bob)
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="left")
        shown = [each.body for each in self.ours.chat.find("system.message", matrix_room_id=room)]
        self.assertEqual([(each["kind"], each["actor"], each["target"], each["reason"]) for each in shown],
                         [("created", alice, "", ""), ("invited", alice, bob, ""), ("joined", bob, bob, ""), ("invited", alice, bill, ""),
                          ("rejected", bill, bill, "not now"), ("invited", alice, bea, ""), ("revoked", alice, bea, ""), ("left", bob, bob, "")])
        for each in shown:
            self.assertGreater(each["ts"], 1_600_000_000_000)

    def test_what_a_room_is_called_while_a_server_is_away_is_known_when_it_is_back(self):
        alice, bob = self.people()
        own, room = self.our_named_channel(alice, bob)
        self.ours.make_moderator(room, alice, bob)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        self.stop_theirs()
        self.ours.set_name(own, alice, "Lobby")
        self.kill_ours()
        self.ours.set_topic(own, alice, "What is new")
        self.theirs.start_server()
        self.until_equal(lambda: self.theirs.called(room, bob), ("Lobby", "What is new", ""), "what they see")
        self.stop_ours()
        self.theirs.set_name(room, bob, "Hall")
        self.theirs.set_avatar(room, bob, "mxc://example.org/abc")
        self.ours.start_server()
        self.until_they_reach_us(room, bob)
        for key, value in (("name", "Hall"), ("avatar", "mxc://example.org/abc")):
            self.assertEqual(self.until_changed(room, key, value)["by"], bob)
        self.assertEqual(self.ours.called(own, alice), ("Hall", "What is new", "mxc://example.org/abc"))

    def test_a_dm_that_gets_a_name_stays_a_dm(self):
        alice, bob = self.people()
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.ours.set_name(room, alice, "The two of us")
        self.until_equal(lambda: self.theirs.called(room, bob)[0], "The two of us", "the name there")
        self.theirs.set_name(room, bob, "Us two")
        self.assertEqual(self.until_changed(room, "name", "Us two")["by"], bob)
        self.assertEqual(self.view(room)["type"], "dm")
        self.restart_ours()
        self.assertEqual(self.view(room)["type"], "dm")

    def test_nobody_of_theirs_gets_into_a_room_that_does_not_federate(self):
        alice, bob = self.people()
        inside = {"room": self.fresh("inside"), "type": "channel", "creator": alice, "federated": False}
        self.assertIn(bob, self.refused("not_federated", "room.create", {**inside, "members": [bob]}))
        made = self.ours.chat.command("room.create", inside)
        for _ in range(2):
            self.refused("not_federated", "invite.send", {"room": inside["room"], "by": alice, "user": bob})
            self.restart_ours()
        self.assertFalse(self.theirs.has_invitation(made["matrix_room_id"], bob))

    def test_a_room_and_a_message_of_theirs_get_own_ids_by_commands(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        own, message = self.fresh("own"), self.fresh("theirs")
        self.ours.chat.command("room.bind", {"room": room, "as": own})
        self.theirs.send(room, bob, "which one?")
        told = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=room, text="which one?").body
        self.assertEqual(told["room"], own)
        self.ours.chat.command("message.bind", {"room": own, "message": told["event_id"], "as": message})
        self.kill_ours()
        self.ours.chat.command("message.send", {"room": own, "sender": alice, "text": "this one", "message": self.fresh("m"), "reply_to": message})
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["this one"], "the answer there")
        self.assertIn(room, self.refused("already_exists", "room.bind", {"room": self.ours.create_channel(alice, []), "as": own}))
        self.refused("already_exists", "message.bind", {"room": own, "message": self.say(own, alice, "another"), "as": message})


class RemoveScenarios(RoomBase):
    def until_removed(self, room, by, reason, *users):
        for user in users:
            gone = self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=user).body
            self.assertEqual((gone["cause"], gone["by"], gone["reason"]), ("removed", by, reason))

    def test_an_owner_removes_a_channel_and_everybody_is_out(self):
        alice, bob, cyd = self.people("bob", "cyd")
        dave = self.ours.user(self.fresh("dave"))
        own, room = self.our_named_channel(alice, bob, friends=(dave,))
        self._talk_in(room, alice, bob)
        self.ours.invite(room, alice, cyd)
        self.until(lambda: self.theirs.has_invitation(room, cyd), "the invitation to reach them")
        self.ours.remove(own, alice, "it is over")
        self.until_removed(room, alice, "it is over", alice, dave)
        self.until(lambda: not self.theirs.is_in(room, bob), "him to be out there")
        self.until(lambda: not self.theirs.has_invitation(room, cyd), "the invitation to be gone there")
        self.until_state(room, cyd, "revoked")
        self.ours.remove(own, alice)
        self.restart_ours()
        self.ours.remove(own, alice)
        self.assertEqual(len(self.ours.chat.find("room.removed_for", matrix_room_id=room)), 2)
        self.refused("not_member", "message.send", {"room": own, "sender": alice, "message": self.fresh("m"), "text": "hello?"})

    def test_a_room_of_theirs_is_left_to_them(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        self.ours.remove(room, alice, "no more")
        self.until_removed(room, alice, "no more", alice)
        self.until_equal(lambda: self.theirs.members(room, bob), {bob}, "her to be gone there")
        self.theirs.send(room, bob, "alone")  # as before

    def test_a_room_is_removed_while_the_invited_server_is_away(self):
        alice, bob, cyd = self.people("bob", "cyd")
        room = self.ours.create_channel(alice, [bob])
        self.until_state(room, bob, "pending")
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.stop_theirs()
        self.ours.invite(room, alice, cyd)  # of whom they do not know yet
        self.ours.remove(room, alice)
        self.until_removed(room, alice, "", alice)
        for each in (bob, cyd):
            self.until_state(room, each, "revoked_unconfirmed")
        self.kill_ours()
        self.theirs.start_server()
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to be gone there", seconds=120)
        for each in (bob, cyd):
            self.until_state(room, each, "revoked", seconds=120)
        self.assertFalse(self.theirs.has_invitation(room, cyd))


class UpgradeScenarios(RoomBase):
    next_version = "12"

    def until_upgraded(self, room, by, own):
        told = self.ours.chat.wait_for("room.upgraded", PATIENCE_S, old_matrix_room_id=room).body
        self.assertEqual((told["room"], told["by"], told["room_version"]), (own, by, self.next_version))
        return told["matrix_room_id"]

    def talk_after(self, own, room, alice, bob):
        """alice writes by the id that she has always used, bob in the new room."""
        self.until(lambda: {alice, bob} <= self.theirs.members(room, bob), "both members there")
        self.say(own, alice, "we are here now")
        self.theirs.send(room, bob, "so am I")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["we are here now"], "our message there")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["so am I"], "their message here")
        told = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=room, text="so am I").body
        self.assertEqual(told["room"], own)
        self.assertEqual(self.view(own)["matrix_room_id"], room)
        self.assertEqual(self.view(own)["room_version"], self.next_version)

    def test_a_room_of_ours_goes_on_as_another_and_they_follow(self):
        alice, bob = self.people()
        dave = self.ours.user(self.fresh("dave"))
        own, room = self.our_named_channel(alice, bob, friends=(dave,))
        self._talk_in(room, alice, bob)
        self.ours.set_topic(own, alice, "What is new")
        new = self.ours.upgrade(own, alice, self.next_version)
        self.assertEqual(self.until_upgraded(room, alice, own), new)
        self.until_equal(lambda: self.theirs.successor(room, bob), new, "what they see in the old room")
        self.theirs.follow(new, bob, self.ours.server_name)
        self.talk_after(own, new, alice, bob)
        self.until_equal(lambda: self.theirs.called(new, bob), ("a channel", "What is new", ""), "what it is called there")
        self.assertEqual({each["user"] for each in self.view(own)["members"] if each["membership"] == "join"}, {alice, bob, dave})
        self.restart_ours()
        self.assertEqual(self.view(own)["matrix_room_id"], new)
        self.say(own, dave, "still here")
        self.until_equal(lambda: self.theirs.texts(new, bob, dave), ["still here"], "a message after the restart")
        self.refused("already_exists", "room.upgrade", {"room": room, "by": alice})
        self.assertEqual(len(self.ours.chat.find("room.upgraded", old_matrix_room_id=room)), 1)

    def test_a_room_of_theirs_goes_on_as_another_and_all_of_ours_follow(self):
        alice, bob = self.people()
        dave = self.ours.user(self.fresh("dave"))
        room = self.their_channel(bob, alice)
        own = self.fresh("own")
        self.ours.chat.command("room.bind", {"room": room, "as": own})
        self.theirs.invite(room, bob, dave)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=dave)
        self.ours.accept(room, dave)
        self._talk_in(room, alice, bob)
        new = self.theirs.upgrade(room, bob, self.next_version)
        self.let_in(new, bob, alice, dave)
        self.assertEqual(self.until_upgraded(room, bob, own), new)
        self.talk_after(own, new, alice, bob)
        self.until(lambda: dave in self.theirs.members(new, bob), "the others to follow")
        self.assertEqual(self.ours.chat.find("room.created", matrix_room_id=new), [])
        self.restart_ours()
        self.say(own, dave, "still here")
        self.until_equal(lambda: self.theirs.texts(new, bob, dave), ["still here"], "a message after the restart")

    def let_in(self, room, bob, *users):
        """What a client does for a room that is closed: it invites everybody who was in the old one."""

    def test_an_upgrade_of_theirs_is_followed_after_we_were_away(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        own = self.fresh("own")
        self.ours.chat.command("room.bind", {"room": room, "as": own})
        self._talk_in(room, alice, bob)
        self.ours.stop_server()
        new = self.theirs.upgrade(room, bob, self.next_version)
        self.ours.start_server()
        self.let_in(new, bob, alice)
        told = self.ours.chat.wait_for("room.upgraded", 120, old_matrix_room_id=room).body
        self.assertEqual((told["room"], told["matrix_room_id"]), (own, new))
        self.talk_after(own, new, alice, bob)

    def test_an_upgrade_of_ours_is_followed_after_they_were_away(self):
        alice, bob = self.people()
        own, room = self.our_named_channel(alice, bob)
        self._talk_in(room, alice, bob)
        self.stop_theirs()
        new = self.ours.upgrade(own, alice, self.next_version)
        self.assertEqual(self.until_upgraded(room, alice, own), new)
        self.kill_ours()
        self.theirs.start_server()
        self.until_equal(lambda: self.theirs.successor(room, bob), new, "what they see in the old room")
        self.theirs.follow(new, bob, self.ours.server_name)
        self.talk_after(own, new, alice, bob)

    def test_a_crash_in_the_middle_of_an_upgrade_ends_in_one_room(self):
        alice, bob = self.people()
        own, room = self.our_named_channel(alice, bob)
        answers = []
        command = threading.Thread(target=lambda: answers.append(self.ours.upgrade(own, alice, self.next_version)))
        command.start()
        self.kill_ours()
        command.join(120)
        new = self.until_upgraded(room, alice, own)
        self.assertEqual(answers, [new])
        self.until_equal(lambda: self.theirs.successor(room, bob), new, "what they see in the old room", seconds=120)
        self.theirs.follow(new, bob, self.ours.server_name)
        self.talk_after(own, new, alice, bob)
        self.assertEqual(len(self.ours.chat.find("room.upgraded", old_matrix_room_id=room)), 1)

    def test_a_dm_that_is_upgraded_stays_one(self):
        alice, bob = self.people()
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        own = self.view(room)["room"]
        new = self.ours.upgrade(room, alice, self.next_version)
        self.assertEqual(self.view(own)["type"], "dm")
        self.until_equal(lambda: self.theirs.successor(room, bob), new, "what they see in the old room")
        self.theirs.follow(new, bob, self.ours.server_name)
        self.talk_after(own, new, alice, bob)
        self.assertEqual(self.view(own)["type"], "dm")

    def test_who_may_not_upgrade_is_refused(self):
        alice, bob = self.people()
        dave = self.ours.user(self.fresh("dave"))
        own, room = self.our_named_channel(alice, bob, friends=(dave,))
        self.refused("forbidden", "room.upgrade", {"room": own, "by": dave, "version": self.next_version})
        self.refused("unsupported_room_version", "room.upgrade", {"room": own, "by": alice, "version": "7"})
        self.assertIsNone(self.theirs.successor(room, bob))
        self._talk_in(room, alice, bob)


class DirectScenarios(RoomBase):
    def create(self, alice, bob, own):
        return self.ours.chat.create_room("dm", alice, [bob], room=own)

    def test_a_dm_of_two_who_have_one_is_that_one_until_it_is_left(self):
        alice, bob = self.people()
        first, second, third = (self.fresh("dm") for _ in range(3))
        room = self.create(alice, bob, first)["matrix_room_id"]
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        for own in (second, third):
            answer = self.create(alice, bob, own)
            self.assertEqual((answer["matrix_room_id"], answer["reused"], answer["room"]), (room, True, first))
            self.restart_ours()
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.assertTrue(self.create(alice, bob, self.fresh("dm"))["reused"])
        self._talk_in(room, alice, bob)
        self.theirs.leave(room, bob)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, membership="leave")
        answer = self.create(alice, bob, second)
        self.assertNotIn("reused", answer)
        self.assertNotEqual(answer["matrix_room_id"], room)
        self.until(lambda: self.theirs.has_invitation(answer["matrix_room_id"], bob), "a new invitation to reach them")

    def test_a_dm_that_they_began_is_ours_too(self):
        alice, bob = self.people()
        room = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice, type="dm")
        self.ours.accept(room, alice)
        self.until(lambda: alice in self.theirs.members(room, bob), "her join to arrive")
        own = self.fresh("dm")
        answer = self.create(alice, bob, own)
        self.assertEqual((answer["matrix_room_id"], answer["reused"], answer["room"]), (room, True, own))
        self.say(own, alice, "here again")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["here again"], "our message there")

    def test_a_dm_that_a_third_was_invited_to_is_none(self):
        alice, bob = self.people()
        dave = self.ours.user(self.fresh("dave"))
        room = self.create(alice, bob, self.fresh("dm"))["matrix_room_id"]
        self.ours.chat.command("invite.send", {"room": room, "by": alice, "user": dave})
        self.assertEqual(self.view(room)["type"], "group_dm")
        self.assertNotEqual(self.create(alice, bob, self.fresh("dm"))["matrix_room_id"], room)


class FalseSuccessorScenarios(RoomBase):
    def test_a_room_that_does_not_name_the_old_one_is_not_followed(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        elsewhere = self.theirs.create_public(bob, self.fresh("elsewhere"))
        self.theirs.replace(room, bob, elsewhere)
        self.until(lambda: alice in self.theirs.members(elsewhere, bob), "one of ours to have asked to come in")
        self._talk_in(room, alice, bob)
        self.assertEqual(self.ours.chat.find("room.upgraded", old_matrix_room_id=room), [])
        with self.assertRaises(CommandError):
            self.view(elsewhere)  # nobody of ours is in it
        new = self.theirs.upgrade(room, bob, "12")
        self.theirs.invite(new, bob, alice)
        told = self.ours.chat.wait_for("room.upgraded", 120, old_matrix_room_id=room).body
        self.assertEqual(told["matrix_room_id"], new)

    def test_their_invitation_to_a_second_dm_is_an_invitation(self):
        alice, bob = self.people()
        first = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(first, bob), "the invitation to reach them")
        self.theirs.accept(first, bob)
        second = self.theirs.create_direct(bob, alice)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=second, user=alice, by=bob)
        self.ours.accept(second, alice)
        self.until(lambda: alice in self.theirs.members(second, bob), "her join to arrive")
