"""What the people of a Rocket.Chat can expect beside scenarios.py: kinds of rooms, replies, threads, files, leaving and coming back, and its
own ways to do things. `theirs` is a RocketChatSide."""

import io
import os
import threading

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S
from scenarios import (Conversation, DeletionScenarios, InvitationScenarios, OutageScenarios, PresenceScenarios)


class Channel:
    """A channel of two of ours and two of theirs, made by `founder`'s side, all joined."""

    def __init__(self, case, is_ours):
        self.case = case
        self.anna, self.adam = case.ours.user(case.fresh("anna")), case.ours.user(case.fresh("adam"))
        self.bob, self.bill = case.theirs.user(case.fresh("bob")), case.theirs.user(case.fresh("bill"))
        if is_ours:
            self.room = case.ours.create_channel(self.anna, [self.adam, self.bob, self.bill])
            invited, side = (self.bob, self.bill), case.theirs
        else:
            self.room = case.theirs.create_channel(self.bob, [self.bill, self.anna, self.adam])
            case.theirs.accept(self.room, self.bill)
            invited, side = (self.anna, self.adam), case.ours
        for user in invited:
            case.until(lambda user=user: side.has_invitation(self.room, user), f"the invitation of {user}")
            if is_ours:  # an event that comes while it takes up the room leaves the package a state that it cannot resolve
                case.until_state(self.room, user, "pending")
        for user in invited:
            side.accept(self.room, user)
        case.until_equal(lambda: case.ours.members(self.room, self.anna), self.everybody, "the members here")
        case.until_equal(lambda: case.theirs.members(self.room, self.bob), self.everybody, "the members there")

    @property
    def everybody(self):
        return {self.anna, self.adam, self.bob, self.bill}

    def read_by_ours(self, sender):
        return self.case.ours.texts(self.room, self.anna, sender)

    def read_by_theirs(self, sender):
        return self.case.theirs.texts(self.room, self.bob, sender)

    def say_at_once(self, lines):
        """Everybody says so many lines; returns user -> lines."""
        said = {user: [f"{user} {number}" for number in range(lines)] for user in sorted(self.everybody)}
        sides = {self.anna: self.case.ours, self.adam: self.case.ours, self.bob: self.case.theirs, self.bill: self.case.theirs}
        self.case._say_at_once(self.room, said, sides)
        return said

    def until_heard(self, said):
        for user in (self.anna, self.adam):
            self.case.until_equal(lambda user=user: self.read_by_theirs(user), said[user], f"what {user} said, there")
        for user in (self.bob, self.bill):
            self.case.until_equal(lambda user=user: self.read_by_ours(user), said[user], f"what {user} said, here")


class RocketChatScenarios(InvitationScenarios, OutageScenarios, DeletionScenarios, PresenceScenarios):
    """All of scenarios.py that the package can do: it knows no knocks and no restricted rooms, and lets nobody in who is not invited."""

    def until_they_see_the_rejection(self, room, inviter, rejecter):
        member = ("m.room.member", rejecter)
        self.until(lambda: self.theirs.peer.state(room)[member]["content"]["membership"] == "leave", "the rejection to arrive there")

    # -- done otherwise than by others

    def test_they_revoke_their_invitation(self):
        """In a channel: in its DMs both have the same power, so there is no taking back."""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [alice])
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.theirs.revoke(room, bob, alice)
        self.until_state(room, alice, "revoked")
        self.assertFalse(self.ours.has_invitation(room, alice))
        self.theirs.invite(room, bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the second invitation to reach us")
        self.ours.accept(room, alice)
        self._talk_in(room, alice, bob)

    def test_what_they_delete_is_deleted_here(self):
        """The reason is the package's own."""
        talk = Conversation(self)
        for text in ("stays", "regrets"):
            self.theirs.send(talk.room, talk.bob, text)
        self.until_equal(talk.read_by_alice, ["stays", "regrets"], "both messages")
        told = self.ours.chat.find("message.received", text="regrets", matrix_room_id=talk.room)[0].body["event_id"]
        self.theirs.delete(talk.room, talk.bob, talk.bob, "regrets")
        deleted = self.ours.chat.wait_for("message.deleted", PATIENCE_S, matrix_room_id=talk.room).body
        self.assertEqual({key: deleted[key] for key in ("event_id", "by", "message")}, {"event_id": told, "by": talk.bob, "message": ""})
        self.assertEqual(talk.read_by_alice(), ["stays"])

    def test_their_moderator_deletes_what_we_said_and_we_may_not_answer_in_kind(self):
        """The package signs the deletion in our user's name. Nobody can verify that: the message stays, and all that follows is heard."""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_channel(bob, [alice])
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.ours.accept(room, alice)
        self.ours.send(room, alice, "off topic")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["off topic"], "our message there")
        self.theirs.delete(room, bob, alice, "off topic")
        self.theirs.send(room, bob, "stay on topic")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["stay on topic"], "what was said after the deletion")
        self.assertEqual(self.ours.chat.find("message.deleted", matrix_room_id=room), [])
        with self.assertRaises(CommandError) as refusal:
            self.ours.delete(room, alice, bob, "stay on topic")
        self.assertEqual(refusal.exception.code, "forbidden")
        self.ours.send(room, alice, "as you like")
        self.until(lambda: "as you like" in self.theirs.texts(room, bob, alice), "our answer there")

    # -- kinds of rooms

    def test_the_kinds_of_our_rooms_are_known_there(self):
        alice, adam = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("adam"))
        bob, bill = self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        name = self.fresh("square")
        rooms = {
            "direct": [self.ours.create_direct(alice, bob), self.ours.create_group(alice, [adam, bob, bill])],
            "private": [self.ours.create_channel(alice, [bob])],
            "public": [self.ours.create_public(alice, name)],
        }
        self.ours.invite(rooms["public"][0], alice, bob)
        for kind, each in rooms.items():
            for room in each:
                self.until(lambda room=room: self.theirs.has_invitation(room, bob), "the invitation to reach them")
                self.assertEqual(self.theirs.kind_of(room, bob), kind)

    def test_the_kinds_of_their_rooms_are_known_here(self):
        alice, adam = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("adam"))
        bob, bill = self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        for kind, room in (("dm", self.theirs.create_direct(bob, alice)), ("group_dm", self.theirs.create_group(bob, [bill, alice, adam])),
                           ("channel", self.theirs.create_channel(bob, [alice]))):
            with self.subTest(kind=kind):
                told = self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice).body
                self.assertEqual(told["type"], kind)
                self.assertEqual(told["name"], "a channel" if kind == "channel" else "")
                self.ours.accept(room, alice)
                created = self.ours.chat.wait_for("room.created", PATIENCE_S, matrix_room_id=room).body
                self.assertEqual(created["type"], kind)
                self.assertEqual(self.ours.chat.command("query.room", {"room": room})["type"], kind)

    def test_their_second_invitation_to_a_dm_is_one_to_a_dm(self):
        """The package says neither `is_direct` nor a name when it invites again."""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.ours.reject(room, alice)
        self.until_they_see_the_rejection(room, bob, alice)
        self.theirs.invite(room, bob, alice)
        self.until(lambda: len(self.ours.chat.find("invitation.received", matrix_room_id=room)) == 2, "the second invitation")
        self.assertEqual([each.body["type"] for each in self.ours.chat.find("invitation.received", matrix_room_id=room)], ["dm", "dm"])
        self.ours.accept(room, alice)
        self.assertEqual(self.ours.chat.wait_for("room.created", PATIENCE_S, matrix_room_id=room).body["type"], "dm")
        self._talk_in(room, alice, bob)

    # -- group DMs

    def test_a_group_dm_of_ours_in_which_they_invite_and_take_back(self):
        alice, adam, carol = (self.ours.user(self.fresh(name)) for name in ("alice", "adam", "carol"))
        bob, bill = self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        room = self.ours.create_group(alice, [adam, bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self._talk_in(room, alice, bob)
        self.theirs.invite(room, bob, bill)
        # The package tells its chat server of no invitation that comes from there: its state has it.
        self.until(lambda: self.theirs.peer.state(room).get(("m.room.member", bill), {"content": {}})["content"].get("membership") == "invite",
                   "the room there to know of it")
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bill, membership="invite", by=bob)
        self.theirs.revoke(room, bob, bill)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bill, membership="leave", by=bob)
        self.theirs.invite(room, bob, carol)
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=carol, by=bob)
        self.ours.accept(room, carol)
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, adam, bob, carol}, "the members there")
        self.assertEqual(self.ours.members(room, alice), {alice, adam, bob, carol})

    def test_a_dm_of_theirs_gets_a_third_person(self):
        alice, bob, bill = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.theirs.user(self.fresh("bill"))
        room = self.theirs.create_direct(bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.ours.accept(room, alice)
        self.theirs.invite(room, bob, bill)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bill, membership="invite")
        self.theirs.accept(room, bill)
        self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bill, membership="join")
        self.assertEqual(self.ours.chat.command("query.room", {"room": room})["type"], "group_dm")
        self.theirs.send(room, bill, "three of us")
        self.until_equal(lambda: self.ours.texts(room, alice, bill), ["three of us"], "the third person's message")

    # -- channels with two of each

    def test_a_channel_of_ours_with_two_of_each(self):
        channel = Channel(self, is_ours=True)
        channel.until_heard(channel.say_at_once(25))
        self.assertEqual(self.ours.chat.duplicates(), [])

    def test_a_channel_of_theirs_with_two_of_each(self):
        channel = Channel(self, is_ours=False)
        channel.until_heard(channel.say_at_once(25))
        self.assertEqual(self.ours.chat.duplicates(), [])

    def test_their_hundred_messages_and_ours_in_a_dm_of_theirs(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.theirs.create_direct(bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation to reach us")
        self.ours.accept(room, alice)
        said = {alice: [f"from here {number}" for number in range(100)], bob: [f"from there {number}" for number in range(100)]}
        self._say_at_once(room, said, {alice: self.ours, bob: self.theirs})
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), said[alice], "a hundred messages there")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), said[bob], "a hundred messages here")

    def test_they_join_our_public_channel_to_which_they_are_invited(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_public(alice, self.fresh("square"))
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self._talk_in(room, alice, bob)

    # -- leaving and coming back

    def test_they_leave_our_channel_and_come_back(self):
        channel = Channel(self, is_ours=True)
        for user in (channel.bob, channel.bill):  # the last of them, too: their server knows nothing of what follows
            self.theirs.leave(channel.room, user)
            self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=channel.room, user=user, membership="leave")
        self.ours.send(channel.room, channel.anna, "while they are away")
        self.ours.invite(channel.room, channel.anna, channel.bob)
        self.until(lambda: self.theirs.has_invitation(channel.room, channel.bob), "the second invitation to reach them")
        self.theirs.accept(channel.room, channel.bob)
        self.until(lambda: channel.bob in self.ours.members(channel.room, channel.anna), "him to be back")
        self.ours.send(channel.room, channel.adam, "welcome back")
        self.theirs.send(channel.room, channel.bob, "glad to be")
        self.until_equal(lambda: channel.read_by_theirs(channel.adam), ["welcome back"], "our message there")
        self.until_equal(lambda: channel.read_by_ours(channel.bob), ["glad to be"], "his message here")

    def test_we_leave_their_channel_and_come_back(self):
        channel = Channel(self, is_ours=False)
        for user in (channel.anna, channel.adam):
            self.ours.leave(channel.room, user)
        self.until_equal(lambda: self.theirs.members(channel.room, channel.bob), {channel.bob, channel.bill}, "the members there")
        self.theirs.send(channel.room, channel.bob, "while they are away")
        self.theirs.invite(channel.room, channel.bob, channel.anna)
        self.until(lambda: self.ours.has_invitation(channel.room, channel.anna), "the second invitation to reach us")
        self.ours.accept(channel.room, channel.anna)
        self.until(lambda: channel.anna in self.theirs.members(channel.room, channel.bob), "her to be back")
        self.theirs.send(channel.room, channel.bill, "welcome back")
        self.ours.send(channel.room, channel.anna, "glad to be")
        self.until(lambda: "welcome back" in channel.read_by_ours(channel.bill), "their message here")
        self.until_equal(lambda: channel.read_by_theirs(channel.anna), ["glad to be"], "her message there")

    # -- kill

    def test_nothing_of_ours_is_lost_or_doubled_when_their_server_is_killed_in_the_middle(self):
        """What is in the package's own queue dies with it, though it was answered 200: of theirs only what their people say again, or what is cited
        later, can arrive; of ours the package fetches as missing what its queue lost, after what cites it."""
        talk = Conversation(self)
        said = [f"from here {number}" for number in range(60)]
        traffic = threading.Thread(target=lambda: [self.ours.send(talk.room, talk.alice, text) for text in said])
        traffic.start()
        self.until(lambda: len(talk.read_by_bob()) >= 10, "traffic")
        self.stop_theirs(kill=True)
        self.theirs.start_server()
        traffic.join()
        said.append("from here, after it")  # cites what the queue had lost of the last ones
        self.ours.send(talk.room, talk.alice, said[-1])
        self.until(lambda: set(talk.read_by_bob()) >= set(said), "everything from here", 4 * PATIENCE_S)  # the package takes half a second for each
        in_order = [text for text in dict.fromkeys(talk.read_by_bob()) if text in said]
        self.assertEqual(sorted(in_order), sorted(said))
        late = [text for text, next_one in zip(in_order, in_order[1:]) if said.index(text) > said.index(next_one)]
        self.assertLessEqual(len(late), 1, in_order)  # only around the kill, at one place
        self.theirs.send(talk.room, talk.bob, "back again")
        self.until_equal(talk.read_by_alice, ["back again"], "what he says after it")

    # -- replies, threads, files

    def test_their_replies_and_threads_are_known_here(self):
        talk = Conversation(self)
        root = self.theirs.send(talk.room, talk.bob, "root")
        ours = self.ours.chat.send(talk.room, talk.alice, "ours")
        self.until(lambda: "ours" in talk.read_by_bob(), "our message there")
        self.theirs.send(talk.room, talk.bob, "a reply", {"replyToEventId": ours})
        self.theirs.send(talk.room, talk.bob, "in the thread", {"threadEventId": root, "replyToEventId": root})
        reply = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=talk.room, text="a reply").body
        self.assertEqual((reply["reply_to"], reply["thread"]), (ours, ""))
        threaded = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=talk.room, text="in the thread").body
        self.assertEqual((threaded["reply_to"], threaded["thread"]), (root, root))

    def test_our_replies_and_threads_are_known_there(self):
        talk = Conversation(self)
        root = self.ours.chat.send(talk.room, talk.alice, "root", "id of the root " + talk.room)
        theirs = self.theirs.send(talk.room, talk.bob, "theirs")
        self.until_equal(talk.read_by_alice, ["theirs"], "their message here")
        self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "text": "a reply", "reply_to": theirs, "message": "r " + talk.room})
        self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "text": "in the thread",
                                                "thread": "id of the root " + talk.room, "message": "t " + talk.room})
        self.until_equal(talk.read_by_bob, ["root", "a reply", "in the thread"], "all there")
        reply = self.theirs.content_of(talk.room, talk.alice, "a reply")["m.relates_to"]
        self.assertEqual(reply["m.in_reply_to"], {"event_id": theirs})
        threaded = self.theirs.content_of(talk.room, talk.alice, "in the thread")["m.relates_to"]
        self.assertEqual((threaded["rel_type"], threaded["event_id"]), ("m.thread", root))

    def test_files_both_ways(self):
        talk = Conversation(self)
        data = os.urandom(300_000)
        event_id = self.theirs.send_file(talk.room, talk.bob, data, "theirs.bin", "application/octet-stream")
        told = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=talk.room, event_id=event_id).body["file"]
        self.assertEqual((told["file_name"], told["size_bytes"]), ("theirs.bin", len(data)))
        got = io.BytesIO()
        self.ours.chat.download(told["mxc"], got)
        self.assertEqual(got.getvalue(), data)
        path = os.path.join(self.directory, "ours.bin")
        with open(path, "wb") as out:
            out.write(data[::-1])
        mxc, sent = self.ours.chat.send_file(talk.room, talk.alice, path)
        self.until(lambda: any(each["event_id"] == sent["event_id"] for each in self.theirs.peer.events("message", talk.room)), "our file there")
        self.assertEqual(self.theirs.fetch_file(mxc), data[::-1])
