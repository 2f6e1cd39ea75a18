"""Power that somebody of another server takes from ours, as the operator's choice has it, and channels that a service
user has founded. Each case says what the chat user and what the Matrix user sees."""

import os
import re
import signal

from harness.case import PATIENCE_S
from moderation_scenarios import REFUSED, ModerationBase


class DriftScenarios(ModerationBase):
    """`ours` begins with the policy `report`; a case sets its own, live."""

    LINE = re.compile(r'^permission_drift = "(\w+)"$', re.M)

    def policy(self, wanted):
        """Writes `room.permission_drift` into our broker's configuration; returns when it is in force."""
        path = os.path.join(self.ours.broker.directory, "causeway.toml")
        with open(path, encoding="utf8") as text:
            configuration = text.read()
        if self.LINE.search(configuration)[1] == wanted:
            return
        process = self.ours.broker.process

        def reloads():
            with open(process.log_file, encoding="utf8", errors="replace") as log:
                return len(re.findall(r"N717 .*room\.permission_drift", log.read()))
        before = reloads()
        with open(path, "w", encoding="utf8") as out:
            out.write(self.LINE.sub(f'permission_drift = "{wanted}"', configuration))
        os.kill(process.pid, signal.SIGHUP)
        self.until(lambda: reloads() > before, "the policy to be in force")

    def moderated(self):
        """alice's channel: carol of ours is a moderator, bob of theirs an owner."""
        alice, bob = self.people()
        carol = self.ours.user(self.fresh("carol"))
        room = self.our_channel(alice, bob, friends=(carol,))
        self.ours.make_moderator(room, alice, carol)
        self.ours.set_role(room, alice, bob, "owner")
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "bob to be an owner there")
        self.until_equal(lambda: self.theirs.level_of(room, bob, carol), 50, "her level there")
        return room, alice, carol, bob

    def drifts(self, room, user, **wanted):
        return [each.body for each in self.ours.chat.find("permission.drift", matrix_room_id=room, user=user, **wanted)]

    def roles_told(self, room, user):
        return [each.body["role"] for each in self.ours.chat.find("role.changed", matrix_room_id=room, user=user)]

    def both_have_heard(self, room, alice, bob):
        """What was on its way between the servers has arrived."""
        self.ours.send(room, alice, self.fresh("still here"))
        heard = self.fresh("me too")
        self.theirs.send(room, bob, heard)
        self.ours.chat.wait_for("message.received", PATIENCE_S, matrix_room_id=room, text=heard)

    def test_under_push_a_role_that_they_take_is_given_again_until_they_insist(self):
        self.policy("push")
        room, alice, carol, bob = self.moderated()
        for number in range(1, 4):
            self.theirs.take_role(room, bob, carol)
            self.until(lambda n=number: len(self.drifts(room, carol, cause="foreign_edit")) == n, f"word of loss {number}")
            # The Matrix user sees her as a moderator again, the chat user that alice has made her one.
            self.until_equal(lambda: self.theirs.level_of(room, bob, carol), 50, f"her level there after loss {number}")
            told = self.drifts(room, carol)[-1]
            self.assertEqual((told["policy"], told["remedy"], told["fixable_by"], told["by"], told["wanted_role"]), ("push", "push", alice, bob, "moderator"))
            self.until_equal(lambda n=number: self.roles_told(room, carol), ["moderator"] + ["member", "moderator"] * number, "her roles as told")
            self.assertEqual(self.ours.chat.find("role.changed", matrix_room_id=room, user=carol)[-1].body["by"], alice)
        self.assertEqual(self.can(room, carol, "ban", self.theirs.user(self.fresh("ben")))["verdict"], "yes")
        self.theirs.take_role(room, bob, carol)
        told = self.ours.chat.wait_for("permission.drift", PATIENCE_S, matrix_room_id=room, user=carol, cause="lost_update").body
        self.assertEqual((told["policy"], told["role"], told["wanted_role"]), ("push", "member", "moderator"))
        self.both_have_heard(room, alice, bob)
        self.assertEqual((self.theirs.level_of(room, bob, carol), self.role(room, carol)), (0, "member"))

    def test_under_pull_the_chat_server_is_told_to_take_over_what_they_have_done(self):
        self.policy("pull")
        room, alice, carol, bob = self.moderated()
        self.theirs.take_role(room, bob, carol)
        told = self.ours.chat.wait_for("permission.drift", PATIENCE_S, matrix_room_id=room, user=carol).body
        self.assertEqual((told["policy"], told["remedy"], told["role"], told["by"]), ("pull", "pull", "member", bob))
        self.assertIn(f"{carol} is member", told["fix"])
        self.both_have_heard(room, alice, bob)
        self.assertEqual((self.theirs.level_of(room, bob, carol), self.role(room, carol)), (0, "member"))
        self.assertEqual(self.roles_told(room, carol), ["moderator", "member"])
        self.refused("forbidden", "member.kick", {"room": room, "by": carol, "user": bob})

    def test_under_report_nothing_is_done_until_the_chat_server_does_it(self):
        self.policy("report")
        room, alice, carol, bob = self.moderated()
        self.theirs.take_role(room, bob, carol)
        told = self.ours.chat.wait_for("permission.drift", PATIENCE_S, matrix_room_id=room, user=carol).body
        self.assertEqual((told.get("policy") or "report", told["remedy"], told["fixable_by"]), ("report", "push", alice))
        self.both_have_heard(room, alice, bob)
        self.assertEqual((self.theirs.level_of(room, bob, carol), self.role(room, carol)), (0, "member"))
        self.ours.set_role(room, told["fixable_by"], carol, told["wanted_role"])
        self.until_equal(lambda: self.theirs.level_of(room, bob, carol), 50, "her level there")


class ServiceUserScenarios(ModerationBase):
    """`ours` has `room.service_user` = "rooms"; `level_there` is theirs in the room's version, nothing: above all levels."""

    level_there = 101

    @property
    def service(self):
        return f"@rooms:{self.ours.server_name}"

    def test_a_channel_is_founded_by_the_service_user_and_owned_by_who_made_it(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.assertEqual((self.role(room, alice), self.role(room, bob)), ("owner", "member"))
        self.assertEqual(self.ours.members(room, alice), {self.service, alice, bob})
        self.until_equal(lambda: self.theirs.members(room, bob), {self.service, alice, bob}, "the members there")
        self.assertEqual(self.theirs.level_of(room, bob, alice), 100)
        if self.level_there:
            self.assertEqual(self.theirs.level_of(room, bob, self.service), self.level_there)
        self.assertGreater(self.ours.level_of(room, alice, self.service), 100)
        self._talk_in(room, alice, bob)

    def test_an_owner_takes_the_role_of_an_owner_of_theirs_and_of_who_made_the_channel(self):
        alice, bob = self.people()
        carol = self.ours.user(self.fresh("carol"))
        room = self.our_channel(alice, bob, friends=(carol,))
        for owner in (bob, carol):
            self.assertEqual(self.can(room, alice, "set_role", owner, "owner")["verdict"], "yes")  # it can be taken back
            self.ours.set_role(room, alice, owner, "owner")
            self.until_equal(lambda owner=owner: self.theirs.level_of(room, bob, owner), 100, f"{owner} to be an owner there")
        self.assertEqual(self.can(room, alice, "set_role", bob, "member")["verdict"], "yes")
        self.ours.set_role(room, alice, bob, "member")
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 0, "his level there")
        told = self.ours.chat.find("role.changed", matrix_room_id=room, user=bob)[-1].body
        self.assertEqual((told["role"], told["previous_role"], told["by"]), ("member", "owner", self.service))
        self.ours.set_role(room, carol, alice, "member")
        self.until_equal(lambda: self.theirs.level_of(room, bob, alice), 0, "her level there")
        self.assertEqual((self.role(room, alice), self.role(room, carol), self.role(room, bob)), ("member", "owner", "member"))
        # Nobody stands above whom all the others are owners by.
        self.refused("forbidden", "member.set_role", {"room": room, "by": carol, "user": self.service, "role": "member"})
        self.refused("forbidden", "member.ban", {"room": room, "by": carol, "user": self.service})

    def test_an_owner_of_theirs_does_not_get_above_the_service_user(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.ours.set_role(room, alice, bob, "owner")
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "bob to be an owner there")
        for one in (self.service, alice):
            with self.assertRaises(REFUSED):
                self.theirs.kick(room, bob, one)
        self.assertEqual(self.theirs.members(room, bob), {self.service, alice, bob})

    def test_the_service_user_leaves_with_the_last_of_ours(self):
        alice, bob = self.people()
        carol = self.ours.user(self.fresh("carol"))
        room = self.our_channel(alice, bob, friends=(carol,))
        self.ours.leave(room, carol)
        self.until_equal(lambda: self.theirs.members(room, bob), {self.service, alice, bob}, "the members there without carol")
        self.ours.leave(room, alice)
        self.until_equal(lambda: self.theirs.members(room, bob), {bob}, "him to be alone there")
        self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=alice)

    def test_a_direct_message_is_between_two(self):
        alice, bob = self.people()
        room = self.ours.create_direct(alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until_state(room, bob, "accepted")
        self.until_equal(lambda: self.theirs.members(room, bob), {alice, bob}, "the members there")
