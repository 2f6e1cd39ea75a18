"""Bans and roles, whoever runs the other homeserver. Each case says what the chat user and what the Matrix user sees."""

import contextlib
import threading

from causeway_demo.chat_server import CommandError
from harness.case import PATIENCE_S
from harness.synapse import ClientError
from scenarios import ScenarioBase

REFUSED = (CommandError, ClientError)  # of a chat server, of a homeserver's client API


class ModerationBase(ScenarioBase):
    def refused(self, code, name, body):
        """The words of a command's refusal."""
        with self.assertRaises(CommandError) as refused:
            self.ours.chat.command(name, body)
        self.assertEqual(refused.exception.code, code)
        return str(refused.exception)

    def people(self, *names):
        """One of ours, then users of theirs."""
        return self.ours.user(self.fresh("alice")), *(self.theirs.user(self.fresh(name)) for name in names or ("bob",))

    def our_channel(self, alice, *guests, friends=()):
        """A channel of alice's with `friends` of ours, which `guests` of theirs have joined."""
        room = self.ours.create_channel(alice, [*friends, *guests])
        for guest in guests:
            self.until(lambda guest=guest: self.theirs.has_invitation(room, guest), "the invitation to reach them")
            self.theirs.accept(room, guest)
            self.until_state(room, guest, "accepted")
        return room

    def their_channel(self, bob, alice):
        room = self.theirs.create_channel(bob, [alice])
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        self.ours.accept(room, alice)
        self.until(lambda: alice in self.theirs.members(room, bob), "her join to arrive")
        return room

    def back_again(self, room, alice, bob):
        """Who was removed is invited by ours, joins and talks."""
        seen = len(self.states(room, bob))
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the new invitation to reach them")
        self.theirs.accept(room, bob)
        self.until(lambda: "accepted" in self.states(room, bob)[seen:], "the new invitation to be accepted")
        self._talk_in(room, alice, bob)

    def until_shown(self, room, kind, actor, target, reason=None):
        told = self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind=kind, actor=actor, target=target).body
        if reason is not None:
            self.assertEqual(told["reason"], reason)
        return told

    def banned(self, room):
        return self.ours.chat.command("query.banned", {"room": room})["banned"]

    def role(self, room, user):
        return next(each["role"] for each in self.ours.chat.command("query.room", {"room": room})["members"] if each["user"] == user)

    def can(self, room, user, action, target=None, role=None):
        body = {"room": room, "user": user, "action": action, "target": target, "role": role}
        return self.ours.chat.command("query.can", {key: value for key, value in body.items() if value})

    def stop_ours(self):
        """A case that fails while our broker is away leaves it running for the cases after it."""
        self.ours.stop_server()
        self.addCleanup(lambda: self.ours.broker.process.is_running() or self.ours.start_server())

    def restart_ours(self):
        self.ours.stop_server()
        self.ours.start_server()

    def kill_ours(self):
        """It is back when this returns."""
        self.ours.kill_server()
        self.ours.start_server()


class BanScenarios(ModerationBase):
    def test_their_user_is_banned_is_listed_is_not_invited_and_comes_back_after_the_ban(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self._talk_in(room, alice, bob)
        self.ours.ban(room, alice, bob, "spam")
        self.until_shown(room, "banned", alice, bob, "spam")
        self.until(lambda: not self.theirs.is_in(room, bob), "him to be out there: he was the only one of his server")
        with self.assertRaises(REFUSED):
            self.theirs.send(room, bob, "I am still here")
        self.restart_ours()
        listed, = self.banned(room)
        self.assertEqual((listed["user"], listed["by"], listed["reason"]), (bob, alice, "spam"))
        self.assertGreater(listed["ts"], 1_600_000_000_000)
        self.assertIn("banned", self.refused("forbidden", "invite.send", {"room": room, "by": alice, "user": bob}))
        self.refused("already_exists", "member.ban", {"room": room, "by": alice, "user": bob})
        self.assertFalse(self.theirs.has_invitation(room, bob))
        self.ours.unban(room, alice, bob)
        self.until_shown(room, "unbanned", alice, bob)
        self.assertEqual(self.banned(room), [])
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation after the ban to reach them")
        self.theirs.accept(room, bob)
        self.until(lambda: {alice, bob} <= self.theirs.members(room, bob), "both members there")
        self.ours.send(room, alice, "welcome back")
        self.theirs.send(room, bob, "thanks")
        self.until(lambda: "welcome back" in self.theirs.texts(room, bob, alice), "our message there")
        self.until_equal(lambda: self.ours.texts(room, alice, bob), ["from there", "thanks"], "what he said before and after, and nothing else")

    def test_our_user_is_banned_by_them_and_comes_back_after_the_ban(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        self._talk_in(room, alice, bob)
        self.theirs.ban(room, bob, alice, "noise")
        gone = self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=alice).body
        self.assertEqual((gone["cause"], gone["by"], gone["reason"]), ("banned", bob, "noise"))
        self.until_shown(room, "banned", bob, alice, "noise")
        self.refused("not_member", "message.send", {"room": room, "sender": alice, "message": self.fresh("m"), "text": "hello?"})
        self.restart_ours()
        self.theirs.unban(room, bob, alice)
        self.theirs.invite(room, bob, alice)
        self.until(lambda: self.ours.has_invitation(room, alice), "the invitation after the ban")
        self.ours.accept(room, alice)
        self.until(lambda: {alice, bob} <= self.theirs.members(room, bob), "both members there")
        self.ours.send(room, alice, "I am back")
        self.theirs.send(room, bob, "welcome")
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["from here", "I am back"], "our message there")
        self.until(lambda: "welcome" in self.ours.texts(room, alice, bob), "their message here")

    def test_who_is_banned_while_invited_cannot_accept_and_the_invitation_says_so(self):
        alice, bob = self.people()
        room = self.ours.create_channel(alice, [bob])
        self.until_state(room, bob, "pending")
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.ours.ban(room, alice, bob, "a mistake")
        self.until_state(room, bob, "banned")
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to be gone there")
        with self.assertRaises(REFUSED):
            self.theirs.accept(room, bob)
        self.assertEqual(self.states(room, bob)[-1], "banned")
        self.assertEqual([each["user"] for each in self.banned(room)], [bob])
        self.ours.unban(room, alice, bob)
        self.back_again(room, alice, bob)

    def test_who_of_ours_is_banned_while_invited_cannot_join_until_they_are_invited_again(self):
        alice, bob = self.people()
        room = self.theirs.create_channel(bob, [alice])
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=room, user=alice)
        self.theirs.ban(room, bob, alice, "a mistake")
        self.until_no_invitation(room, alice)
        with self.assertRaises(CommandError):
            self.ours.accept(room, alice)
        self.restart_ours()
        self.theirs.unban(room, bob, alice)
        received = len(self.ours.chat.find("invitation.received", matrix_room_id=room, user=alice))
        self.theirs.invite(room, bob, alice)
        self.until(lambda: len(self.ours.chat.find("invitation.received", matrix_room_id=room, user=alice)) > received, "the new invitation")
        self.ours.accept(room, alice)
        self.until(lambda: {alice, bob} <= self.theirs.members(room, bob), "both members there")
        self._talk_in(room, alice, bob)

    def until_no_invitation(self, room, user):
        """Synapse tells nobody of the ban whose server is not in the room: there it is the answer to the join that says so."""
        self.until(lambda: not self.ours.has_invitation(room, user), "the invitation to be gone")

    def test_who_is_banned_while_their_server_is_away_finds_no_invitation_when_it_is_back(self):
        alice, bob, ben = self.people("bob", "ben")
        room = self.ours.create_channel(alice, [bob])
        self.until_state(room, bob, "pending")
        self.stop_theirs()
        self.ours.ban(room, alice, bob)
        self.ours.invite(room, alice, ben)  # of whom they do not know yet
        self.ours.ban(room, alice, ben)
        self.until_state(room, bob, "banned")
        self.until_state(room, ben, "banned")
        self.restart_ours()
        self.theirs.start_server()
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to be gone there", seconds=120)
        self.assertFalse(self.theirs.has_invitation(room, ben))
        self.assertEqual({each["user"] for each in self.banned(room)}, {bob, ben})
        for each in (bob, ben):
            self.ours.unban(room, alice, each)
        self.back_again(room, alice, bob)

    def test_members_who_are_banned_while_their_server_is_away_are_out_when_it_is_back(self):
        alice, bob, ben = self.people("bob", "ben")
        room = self.our_channel(alice, bob, ben)
        self.stop_theirs()
        self.ours.ban(room, alice, bob, "spam")
        self.kill_ours()
        self.until_shown(room, "banned", alice, bob, "spam")
        self.assertEqual(self.ours.members(room, alice), {alice, ben})
        self.theirs.start_server()
        self.until(lambda: not self.theirs.is_in(room, bob), "him to be out there")
        self.until_equal(lambda: self.theirs.membership(room, ben, bob), "ban", "the other one to see the ban")
        with self.assertRaises(REFUSED):
            self.theirs.send(room, bob, "I am still here")
        self.theirs.send(room, ben, "so am I")
        self.until_equal(lambda: self.ours.texts(room, alice, ben), ["so am I"], "what the other one says, here")
        self.stop_theirs()
        self.ours.unban(room, alice, bob)
        self.theirs.start_server()
        self.until_equal(lambda: self.theirs.membership(room, ben, bob), "leave", "the other one to see the end of the ban")
        self.back_again(room, alice, bob)

    def test_a_ban_of_theirs_arrives_although_their_server_is_killed_right_behind_it(self):
        alice, bob = self.people()
        dave = self.ours.user(self.fresh("dave"))
        room = self.our_channel(alice, bob, friends=(dave,))
        self.ours.make_moderator(room, alice, bob)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        self.theirs.ban(room, bob, dave, "spam")
        self.stop_theirs(kill=True)
        self.theirs.start_server()
        self.until_they_reach_us(room, bob)
        gone = self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=dave).body
        self.assertEqual((gone["cause"], gone["by"], gone["reason"]), ("banned", bob, "spam"))
        self.assertEqual(len(self.ours.chat.find("system.message", matrix_room_id=room, kind="banned", target=dave)), 1)
        self.assertEqual(self.ours.members(room, alice), {alice, bob})

    def test_somebody_never_seen_is_banned(self):
        alice, bob = self.people()
        room = self.ours.create_channel(alice, [])
        self.ours.ban(room, alice, bob, "known elsewhere")
        self.until_shown(room, "banned", alice, bob, "known elsewhere")
        self.refused("forbidden", "invite.send", {"room": room, "by": alice, "user": bob})
        self.ours.unban(room, alice, bob)
        self.back_again(room, alice, bob)

    def test_who_is_kicked_is_out_and_may_be_invited_again(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.ours.kick(room, alice, bob, "cool down")
        self.until_shown(room, "kicked", alice, bob, "cool down")
        self.until(lambda: not self.theirs.is_in(room, bob), "him to be out there")
        self.refused("not_member", "member.kick", {"room": room, "by": alice, "user": bob})
        self.back_again(room, alice, bob)

    def test_a_kick_of_an_invited_user_is_a_revocation(self):
        alice, bob = self.people()
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.until_state(room, bob, "pending")
        self.ours.kick(room, alice, bob)
        self.until_state(room, bob, "revoked")
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to be gone there")

    def test_a_moderator_of_theirs_bans_whom_we_have_invited_and_the_invitation_ends(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.ours.make_moderator(room, alice, bob)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        cyd = self.theirs.user(self.fresh("cyd"))
        self.ours.invite(room, alice, cyd)
        self.until_state(room, cyd, "pending")
        self.until(lambda: self.theirs.has_invitation(room, cyd), "the invitation to reach them")
        self.theirs.ban(room, bob, cyd, "no")
        self.assertEqual(self.until_state(room, cyd, "banned").body["reason"], "no")
        self.until(lambda: not self.theirs.has_invitation(room, cyd), "the invitation to be gone there")

    def test_a_moderator_of_theirs_kicks_and_bans_our_users_and_the_room_leaves_their_lists(self):
        alice, bob = self.people()
        dave, erin = self.ours.user(self.fresh("dave")), self.ours.user(self.fresh("erin"))
        room = self.our_channel(alice, bob, friends=(dave, erin))
        self.ours.make_moderator(room, alice, bob)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        self.theirs.kick(room, bob, dave, "noise")
        self.theirs.ban(room, bob, erin, "spam")
        for user, cause, reason in ((dave, "kicked", "noise"), (erin, "banned", "spam")):
            gone = self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=user).body
            self.assertEqual((gone["cause"], gone["by"], gone["reason"]), (cause, bob, reason))
            self.until_shown(room, cause, bob, user, reason)
        self.assertEqual([each["by"] for each in self.banned(room)], [bob])
        with self.assertRaises(REFUSED):
            self.theirs.ban(room, bob, alice)  # the owner is above them

    def test_whom_they_remove_while_our_broker_is_away_hears_of_it_when_it_is_back(self):
        alice, bob = self.people()
        dave, erin = self.ours.user(self.fresh("dave")), self.ours.user(self.fresh("erin"))
        room = self.our_channel(alice, bob, friends=(dave, erin))
        self.ours.make_moderator(room, alice, bob)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        self.stop_ours()
        self.theirs.kick(room, bob, dave, "noise")
        self.theirs.ban(room, bob, erin, "spam")
        self.ours.start_server()
        self.until_they_reach_us(room, bob)
        for user, cause, reason in ((dave, "kicked", "noise"), (erin, "banned", "spam")):
            gone = self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=user).body
            self.assertEqual((gone["cause"], gone["by"], gone["reason"]), (cause, bob, reason))
            self.until_shown(room, cause, bob, user, reason)
        self.assertEqual([(each["user"], each["by"], each["reason"]) for each in self.banned(room)], [(erin, bob, "spam")])
        self.assertEqual(self.ours.members(room, alice), {alice, bob})
        with self.assertRaises(CommandError):
            self.ours.send(room, erin, "still here?")

    def test_bans_go_on_where_a_broker_that_was_killed_has_left_them(self):
        alice, *guests = self.people("bob", "ben", "bud", "bea")
        room = self.our_channel(alice, *guests)
        failures = []

        def ban_all():
            try:
                for guest in guests:
                    self.ours.ban(room, alice, guest, "all of you")  # repeated under its id until it is answered
            except Exception as why:  # shown by the case, not lost in a thread
                failures.append(why)
        banning = threading.Thread(target=ban_all)
        banning.start()
        self.ours.chat.wait_for("system.message", PATIENCE_S, matrix_room_id=room, kind="banned", target=guests[0])
        self.ours.kill_server()
        self.ours.start_server()
        banning.join()
        self.assertEqual(failures, [])
        self.assertEqual(sorted(each["user"] for each in self.banned(room)), sorted(guests))
        for guest in guests:
            self.until(lambda guest=guest: not self.theirs.is_in(room, guest), "him to be out there")
            self.until_shown(room, "banned", alice, guest, "all of you")
            told = self.ours.chat.find("member.changed", matrix_room_id=room, user=guest, membership="ban")
            self.assertEqual(len(told), 1)  # and not once more for the repetition
            self.assertEqual(len(self.ours.chat.find("system.message", matrix_room_id=room, kind="banned", target=guest)), 1)
        self.assertEqual(self.ours.members(room, alice), {alice})

    def test_a_ban_takes_away_what_was_written_when_it_says_so(self):
        alice, bob, ben = self.people("bob", "ben")
        dave = self.ours.user(self.fresh("dave"))
        room = self.our_channel(alice, bob, ben, friends=(dave,))
        self.ours.make_moderator(room, alice, ben)
        self.until_equal(lambda: self.theirs.level_of(room, ben, ben), 50, "his level there")
        self.theirs.send(room, bob, "buy this")
        self.ours.send(room, dave, "and that")
        bought = self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=room, text="buy this").body
        self.until(lambda: "and that" in self.theirs.texts(room, ben, dave), "our message there")
        self.restart_ours()  # what was said is on disk alone
        self.ours.ban(room, alice, bob, "ads", redact=True)
        deleted = self.ours.chat.wait_for("message.deleted", PATIENCE_S, matrix_room_id=room, event_id=bought["event_id"]).body
        self.assertEqual((deleted["by"], deleted["reason"]), (alice, "ads"))
        self.theirs.ban(room, ben, dave, "ads too", redact=True)
        deleted = self.ours.chat.wait_for("message.deleted", PATIENCE_S, matrix_room_id=room, message=f"{room} {dave} and that").body
        self.assertEqual((deleted["by"], deleted["reason"]), (ben, "ads too"))


class RoleScenarios(ModerationBase):
    def test_a_moderator_of_theirs_is_one_everywhere_until_it_is_taken_back(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.assertEqual((self.role(room, alice), self.role(room, bob)), ("owner", "member"))
        answer = self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "moderator"})
        self.assertEqual((answer["role"], answer["level"]), ("moderator", 50))
        told = self.ours.chat.wait_for("role.changed", PATIENCE_S, matrix_room_id=room, user=bob).body
        self.assertEqual((told["role"], told["previous_role"], told["by"], told["event_id"]), ("moderator", "member", alice, answer["event_id"]))
        self.assertEqual(self.until_shown(room, "role_changed", alice, bob)["level"], 50)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        self.restart_ours()
        self.assertEqual(self.role(room, bob), "moderator")
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "member"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 0, "his level there")
        self.assertEqual(self.role(room, bob), "member")

    def test_an_owner_of_theirs_gives_roles_and_ours_hear_of_it(self):
        alice, bob = self.people()
        dave = self.ours.user(self.fresh("dave"))
        room = self.our_channel(alice, bob, friends=(dave,))
        self.assertEqual(self.can(room, dave, "kick", bob)["verdict"], "no")
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "owner"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "his level there")
        self.theirs.make_moderator(room, bob, dave)
        told = self.ours.chat.wait_for("role.changed", PATIENCE_S, matrix_room_id=room, user=dave).body
        self.assertEqual((told["role"], told["previous_role"], told["by"], told["level"]), ("moderator", "member", bob, 50))
        self.assertEqual(self.role(room, dave), "moderator")
        asked = self.can(room, dave, "kick", bob)  # an owner
        self.assertEqual((asked["verdict"], asked["needed"], asked["level"]), ("no", 101, 50))
        self.refused("forbidden", "member.kick", {"room": room, "by": dave, "user": bob})

    def test_roles_they_change_while_our_broker_is_away_are_known_when_it_is_back(self):
        alice, bob = self.people()
        dave, erin = self.ours.user(self.fresh("dave")), self.ours.user(self.fresh("erin"))
        room = self.our_channel(alice, bob, friends=(dave, erin))
        self.ours.set_role(room, alice, erin, "moderator")
        self.ours.set_role(room, alice, bob, "owner")
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "his level there")
        self.stop_ours()
        self.theirs.make_moderator(room, bob, dave)
        self.theirs.take_role(room, bob, erin)
        self.ours.start_server()
        self.until_they_reach_us(room, bob)
        for user, role, previous in ((dave, "moderator", "member"), (erin, "member", "moderator")):
            told = self.ours.chat.wait_for("role.changed", PATIENCE_S, matrix_room_id=room, user=user, by=bob).body
            self.assertEqual((told["role"], told["previous_role"]), (role, previous))
            self.assertEqual(self.role(room, user), role)
        self.assertEqual(self.can(room, dave, "kick", erin)["verdict"], "yes")
        self.refused("forbidden", "member.kick", {"room": room, "by": erin, "user": dave})

    def test_roles_given_while_their_server_is_away_are_known_there_when_it_is_back(self):
        alice, bob, ben = self.people("bob", "ben")
        dave = self.ours.user(self.fresh("dave"))
        room = self.our_channel(alice, bob, friends=(dave,))
        self.stop_theirs(kill=True)
        self.ours.make_moderator(room, alice, bob)
        self.kill_ours()
        self.ours.make_moderator(room, alice, dave)
        self.assertEqual((self.role(room, bob), self.role(room, dave)), ("moderator", "moderator"))
        self.theirs.start_server()
        for user in (bob, dave):
            self.until_equal(lambda user=user: self.theirs.level_of(room, bob, user), 50, f"the level of {user} there")
        self.theirs.ban(room, bob, ben, "as I may now")
        self.until_shown(room, "banned", bob, ben, "as I may now")

    def test_in_a_room_of_theirs_the_levels_there_decide(self):
        alice, bob = self.people()
        room = self.their_channel(bob, alice)
        self.assertEqual((self.role(room, alice), self.role(room, bob)), ("member", "owner"))
        asked = self.can(room, alice, "ban", bob)
        self.assertEqual(asked["verdict"], "no")
        self.assertGreater(asked["needed"], asked["level"])
        self.refused("forbidden", "member.ban", {"room": room, "by": alice, "user": bob})
        self.theirs.make_moderator(room, bob, alice)
        told = self.ours.chat.wait_for("role.changed", PATIENCE_S, matrix_room_id=room, user=alice).body
        self.assertEqual((told["role"], told["by"]), ("moderator", bob))
        ben = self.theirs.user(self.fresh("ben"))
        self.assertEqual(self.can(room, alice, "ban", ben)["verdict"], "yes")
        self.ours.ban(room, alice, ben)
        self.assertEqual([each["user"] for each in self.banned(room)], [ben])
        self.assertEqual(self.can(room, alice, "set_role", bob, "member")["verdict"], "no")

    def test_who_is_muted_is_heard_again_when_it_is_over(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "muted"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), -1, "his level there")
        with self.assertRaises(REFUSED):
            self.theirs.send(room, bob, "mmh")
        self.assertEqual(self.role(room, bob), "muted")
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "member"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 0, "his level there")
        self._talk_in(room, alice, bob)

    def test_a_leader_has_a_label_and_no_power(self):
        alice, bob, ben = self.people("bob", "ben")
        room = self.our_channel(alice, bob, ben)
        answer = self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "leader"})
        self.assertEqual((answer["role"], answer["level"]), ("leader", 10))
        told = self.ours.chat.wait_for("role.changed", PATIENCE_S, matrix_room_id=room, user=bob).body
        self.assertEqual((told["role"], told["previous_role"]), ("leader", "member"))
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 10, "his level there")
        with self.assertRaises(REFUSED):
            self.theirs.kick(room, bob, ben)
        self.restart_ours()
        self.assertEqual((self.role(room, bob), self.role(room, ben)), ("leader", "member"))

    def test_what_a_command_would_refuse_is_known_beforehand(self):
        """Buttons that a chat user is shown are those that work."""
        alice, bob, ben = self.people("bob", "ben")
        dave = self.ours.user(self.fresh("dave"))
        room = self.our_channel(alice, bob, friends=[dave])

        def is_so(who, action, target, may, command, **body):
            self.assertEqual(self.can(room, who, action, target)["verdict"], "yes" if may else "no", (action, target))
            if may is False:
                with self.assertRaises(CommandError):
                    self.ours.chat.command(command, {"room": room, **body})

        is_so(alice, "invite", bob, False, "invite.send", by=alice, user=bob)  # he is in
        is_so(alice, "invite", ben, True, "")
        self.ours.invite(room, alice, ben)
        is_so(alice, "invite", ben, False, "invite.send", by=alice, user=ben)
        is_so(dave, "invite", ben, False, "invite.send", by=dave, user=ben)
        is_so(alice, "kick", ben, True, "")  # the invitation, on its way or there
        is_so(dave, "kick", ben, False, "member.kick", by=dave, user=ben)
        is_so(alice, "kick", alice, False, "member.kick", by=alice, user=alice)
        is_so(alice, "unban", bob, False, "member.unban", by=alice, user=bob)
        is_so(dave, "delete_own", None, True, "")
        self.ours.set_role(room, alice, dave, "muted")
        for action in ("send", "react", "delete_own"):
            is_so(dave, action, None, False, "message.send", sender=dave, message=self.fresh("m"), text="mmh")
        alone = self.ours.chat.create_room("channel", alice, [dave], federated=False)["matrix_room_id"]
        self.assertEqual(self.can(alone, alice, "invite", bob)["verdict"], "no")
        self.refused("not_federated", "invite.send", {"room": alone, "by": alice, "user": bob})

    def test_what_cannot_be_taken_back_is_known_beforehand(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        version = self.ours.chat.command("query.room", {"room": room})["room_version"]
        creator_stays_above = version == "12"
        self.assertEqual(self.can(room, alice, "set_role", bob, "owner")["verdict"], "yes" if creator_stays_above else "irreversible")
        self.assertEqual(self.can(room, alice, "set_role", bob, "moderator")["verdict"], "yes")
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "owner"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "his level there")
        with self.assertRaises(REFUSED):
            self.theirs.kick(room, bob, alice)
        demoting = {"room": room, "by": alice, "user": bob, "role": "member"}
        if creator_stays_above:
            self.ours.chat.command("member.set_role", demoting)
            self.assertIn("creator", self.refused("forbidden", "member.set_role", {**demoting, "user": alice}))
        else:
            self.refused("forbidden", "member.set_role", demoting)


class LostLevelScenarios(ModerationBase):
    """Both sides stand behind fronts: what they say at the same moment reaches the other later."""

    def test_a_role_that_they_overtook_at_the_same_moment_is_given_again(self):
        alice, bob, ben = self.people("bob", "ben")
        dave = self.ours.user(self.fresh("dave"))
        room = self.our_channel(alice, bob, ben, friends=(dave,))
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "owner"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "his level there")
        fronts = (self.our_front, self.their_front)
        for front in fronts:
            front.swallowed, front.swallows_transactions = 0, True
        try:
            self.ours.make_moderator(room, alice, dave)
            self.theirs.make_moderator(room, bob, ben)  # later, and not knowing of it: this one wins
            self.until(lambda: all(front.swallowed for front in fronts), "both changes to be under way")
        finally:
            for front in fronts:
                front.swallows_transactions = False
        self.ours.send(room, alice, "hello there")
        self.theirs.send(room, bob, "hello here")
        for user in (dave, ben):
            self.until_equal(lambda user=user: self.theirs.level_of(room, bob, user), 50, f"the level of {user} there")
            self.until_equal(lambda user=user: self.ours.level_of(room, alice, user), 50, f"the level of {user} here")


class CrossedModerationScenarios(ModerationBase):
    """Both sides stand behind fronts: what one does to the other, who does something at the same moment."""

    @contextlib.contextmanager
    def _crossing(self):
        """What both sides say meanwhile is on its way at the end, and then arrives."""
        with self.our_front.holding("/v1/send/"), self.their_front.holding("/v1/send/"):
            yield
            self.until(lambda: self.our_front.held and self.their_front.held, "both words to be under way")

    def _with_invited(self):
        """(alice, bob, ben, room): ben is in alice's channel, bob is invited, so that they may accept without us."""
        alice, bob, ben = self.people("bob", "ben")
        room = self.our_channel(alice, ben)
        self.ours.invite(room, alice, bob)
        self.until_state(room, bob, "pending")
        self.ours.send(room, alice, "he is invited")  # behind the invite: the room there has it
        self.until(lambda: "he is invited" in self.theirs.texts(room, ben, alice), "the invite in the room there")
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        return alice, bob, ben, room

    def _until_they_are_out(self, room, alice, bob, ben):
        self.until(lambda: not self.theirs.is_in(room, bob), "him to be out there")
        self.until_equal(lambda: self.theirs.members(room, ben), {alice, ben}, "the members there")
        self.until_equal(lambda: self.ours.members(room, alice), {alice, ben}, "the members here")
        self.theirs.send(room, ben, "just us")
        self.until(lambda: "just us" in self.ours.texts(room, alice, ben), "what was said after it, here")

    def test_a_yes_that_crosses_its_revocation_does_not_count_in_a_private_room(self):
        alice, bob, ben, room = self._with_invited()
        with self._crossing():
            self.ours.revoke(room, alice, bob)
            self.until_state(room, bob, "revoked_unconfirmed")
            self.theirs.accept(room, bob)
        self._until_they_are_out(room, alice, bob, ben)
        self.until_state(room, bob, "revoked")
        self.assertEqual(self.states(room, bob)[-1], "revoked")

    def test_a_yes_that_crosses_a_ban_does_not_count(self):
        alice, bob, ben, room = self._with_invited()
        with self._crossing():
            self.ours.ban(room, alice, bob, "a mistake")
            self.theirs.accept(room, bob)
        self._until_they_are_out(room, alice, bob, ben)
        self.until_equal(lambda: self.theirs.membership(room, ben, bob), "ban", "the ban there")
        self.assertEqual([each["user"] for each in self.banned(room)], [bob])
        self.assertEqual(self.states(room, bob)[-1], "banned")

    def test_what_is_said_while_its_author_is_kicked_is_not_shown(self):
        alice, bob, ben = self.people("bob", "ben")
        room = self.our_channel(alice, bob, ben)
        with self._crossing():
            self.ours.kick(room, alice, bob, "enough")
            self.theirs.send(room, bob, "and one more thing")
        self._until_they_are_out(room, alice, bob, ben)
        self.until_shown(room, "kicked", alice, bob, "enough")
        self.assertEqual(self.ours.texts(room, alice, bob), [])

    def test_a_room_that_both_name_at_once_has_one_name(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.ours.make_moderator(room, alice, bob)
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 50, "his level there")
        with self._crossing():
            self.ours.set_name(room, alice, "Lobby")
            self.theirs.set_name(room, bob, "Hall")
        self._talk_in(room, alice, bob)  # both have heard of both

        def names():
            return self.ours.called(room, alice)[0], self.theirs.called(room, bob)[0]
        self.until(lambda: len(set(names())) == 1, lambda: f"one name on both sides: {names()}")
        self.assertIn(names()[0], ("Lobby", "Hall"))

        def told():
            return [each.body["name"] for each in self.ours.chat.find("room.changed", matrix_room_id=room) if "name" in each.body]
        self.until_equal(lambda: told()[-1:], [names()[0]], "what the chat server is told last")
