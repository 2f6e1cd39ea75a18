"""Clocks that are wrong: ours for three seconds, ours from the start, other servers'. Nothing is signed by a wrong clock, nothing waits for its day."""

import glob
import json
import os
import subprocess
import time
import unittest

from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError
from harness import matrix
from harness.synapse import ClientError
from hostile.case import HostileCase

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
DAY_S = 86_400
NOTICED_S = 90  # within a second or two on an idle machine


class ClockCase(HostileCase):
    """A broker whose wall clock is in a file."""
    quiet = True
    at_start_s = 0

    @classmethod
    def setUpClass(cls):
        if not FAKETIME:
            raise unittest.SkipTest("libfaketime is not installed (tools/install)")
        super().setUpClass()

    @classmethod
    def start_causeway(cls, name, **options):
        cls.clock_file = os.path.join(cls.directory, "clock")
        cls.set_clock(cls.at_start_s)
        wrapper = os.path.join(cls.directory, "with-a-clock")
        # The C library's allocator instead of jemalloc, which asks for the time while libfaketime begins.
        with open(wrapper, "w", encoding="ascii") as out:
            out.write(f"""#!/bin/sh
export LD_PRELOAD="{FAKETIME[0]} libstdc++.so.6 libc.so.6" FAKETIME_TIMESTAMP_FILE={cls.clock_file} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1
export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
exec {find_binary('causewayd')} "$@"
""")
        os.chmod(wrapper, 0o755)
        return super().start_causeway(name, binary=wrapper, **options)

    @classmethod
    def set_clock(cls, ahead_s):
        with open(cls.clock_file + ".new", "w", encoding="ascii") as out:
            out.write(f"{ahead_s:+d}\n")
        os.replace(cls.clock_file + ".new", cls.clock_file)

    def alarms(self):
        done = subprocess.run([find_binary("causeway"), "--json", "--socket", self.ours.broker.admin_endpoint, "status"],
                              capture_output=True, text=True, timeout=120, check=False)
        told = json.loads(done.stdout)
        found = {row["name"]: row["what"] for row in told["alarms"]}
        self.assertEqual(done.returncode, 0 if told["state"] == "ok" else 1, done.stdout)
        if found:
            self.assertEqual(done.returncode, 1, done.stdout)
        return found

    def refused(self, shared):
        with self.assertRaises(CommandError) as refusal:
            self.ours.send(shared.room_id, shared.alice, "by a wrong clock")
        self.assertEqual(refusal.exception.code, "clock_wrong")
        return refusal.exception.detail

    def says_again(self, shared, text):
        def said():
            try:
                self.ours.send(shared.room_id, shared.alice, text)
                return True
            except CommandError as why:
                self.assertEqual(why.code, "clock_wrong")
                return False
        self.until(said, "the clock to be right again", NOTICED_S)

        def arrived():
            return next((pdu for pdu in list(self.honest.received_pdus) if pdu["content"].get("body") == text), None)
        return self.until(arrived, "our message at the honest server")


class WrongForAMoment(ClockCase):
    def test_a_clock_that_is_days_off_for_three_seconds_dates_nothing(self):
        shared = self.share()
        self.says(shared, "before")
        for number, ahead_s in enumerate((2 * DAY_S, -2 * DAY_S)):
            self.set_clock(ahead_s)
            self.until(lambda: "clock" in self.alarms(), "the alarm", NOTICED_S)
            self.assertRegex(self.refused(shared), r"has jumped 17(2799|2800|2801) s (ahead|back)")
            # What others say is told all the while.
            self.hears_honest(shared)
            self.set_clock(0)
            pdu = self.says_again(shared, f"after {number}")
            self.assertLess(abs(pdu["origin_server_ts"] - matrix.now_ms()), 60_000)
            self.until(lambda: "clock" not in self.alarms(), "the end of the alarm", NOTICED_S)
            self.hears_honest(shared)
        self.assertFalse([pdu for pdu in self.honest.received_pdus if abs(pdu["origin_server_ts"] - matrix.now_ms()) > 300_000])


class WrongFromTheStart(ClockCase):
    at_start_s = 600  # less than the lifetime of keys, more than anybody's network takes

    def test_three_servers_that_say_so_end_all_signing_until_it_is_right(self):
        shared = self.share()
        third = self.play()
        shared.room.join_of(third, self.fresh("trent"))
        self.hears_honest(shared)
        self.says(shared, "nobody has said so yet")  # its answers' dates do
        self.until(lambda: "ahead of what 3 other servers say" in self.alarms().get("clock", ""), "the alarm", NOTICED_S)
        self.assertIn("set it right", self.refused(shared))
        self.hears_honest(shared)
        self.set_clock(0)
        pdu = self.says_again(shared, "right again")
        self.assertLess(abs(pdu["origin_server_ts"] - matrix.now_ms()), 60_000)
        self.hears_honest(shared)


class OneThatLies(HostileCase):
    def test_a_server_whose_dates_are_wrong_stops_nobody(self):
        shared = self.share()
        self.hears_honest(shared)
        self.hostile.dated_by_s = -2 * DAY_S
        # Longer than looking at the clock takes; no message may be refused.
        begun, number = time.monotonic(), 0
        while time.monotonic() - begun < 3:
            number += 1
            self.says(shared, f"number {number}")
        self.assertNotIn("clock wrong", self.ours.broker.process.tail(1_000))


class DaysGoBy(ClockCase):
    """They do while the broker is stopped: a clock that is right again at a start is nobody's fault."""

    def after_days(self, days):
        self.ours.stop_server()
        self.set_clock(round(days * DAY_S))
        self.ours.start_server()

    def invitation(self, room):
        found, = self.chat.command("query.invitations", {"room": room})["invitations"]
        return found


class InvitationsNobodyTakes(DaysGoBy):
    def test_an_invitation_to_a_server_that_never_answers_is_tried_for_seven_days_and_then_fails_with_the_reason(self):
        alice, guest = self.ours.user(self.fresh("alice")), "@guest:localhost:1"
        room = self.ours.create_channel(alice, [guest])
        self.until(lambda: self.invitation(room)["attempts"] >= 2, "some attempts")
        for days in (1, 6.9):
            self.after_days(days)
            before = self.invitation(room)["attempts"]
            self.until(lambda before=before: self.invitation(room)["attempts"] > before, f"another attempt after {days} days")
            self.assertEqual(self.invitation(room)["state"], "sending")
        self.after_days(7.1)
        told = self.chat.wait_for("invitation.changed", matrix_room_id=room, user=guest, state="failed").body
        self.assertEqual((told["previous_state"], told["last_fault"].partition(":")[0]), ("sending", "peer_unreachable"))
        self.assertIn("the server could not be reached", told["reason"])
        self.assertEqual(self.invitation(room)["state"], "failed")
        self.assertEqual(self.ours.members(room, alice), {alice})
        # They may be invited again, which is a new invitation with a week of its own.
        self.ours.invite(room, alice, guest)
        self.until(lambda: self.invitation(room)["attempts"] >= 1, "an attempt of the new one")
        self.assertEqual(self.invitation(room)["state"], "sending")


class InvitationsOfOthers(DaysGoBy):
    """Users of a Synapse are invited and do not answer. Two hours instead of two weeks: the keys of both servers are good for one day."""

    lifetime_h = 2
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        cls.settings = {"invitation": {"lifetime_h": cls.lifetime_h}, "federation": {"room_version": cls.room_version}}
        super().setUpClass()
        cls.theirs = cls.start_theirs()

    @classmethod
    def start_theirs(cls):
        return cls.start_synapse("synapse", room_version=cls.room_version)

    def invite(self):
        """Room, who invites, and who is invited and has it."""
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [bob])
        self.chat.wait_for("invitation.changed", matrix_room_id=room, user=bob, state="pending")
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.addCleanup(self.after_days, 0)
        return room, alice, bob

    def stands(self, room, bob):
        self.assertEqual(self.invitation(room)["state"], "pending")
        self.assertTrue(self.theirs.has_invitation(room, bob))


class InvitationsThatRunOut(InvitationsOfOthers):
    def test_an_invitation_nobody_answers_has_expired_for_both_sides(self):
        room, alice, bob = self.invite()
        self.after_days(1.8 / 24)
        self.stands(room, bob)
        self.after_days(2.1 / 24)
        told = self.chat.wait_for("invitation.changed", matrix_room_id=room, user=bob, state="expired").body
        self.assertEqual((told["by"], told["previous_state"]), (alice, "pending"))
        self.chat.wait_for("system.message", matrix_room_id=room, kind="expired", target=bob)
        self.until(lambda: not self.theirs.has_invitation(room, bob), "the invitation to be gone there")
        with self.assertRaises((ClientError, CommandError)):
            self.theirs.accept(room, bob)
        self.assertEqual(self.invitation(room)["state"], "expired")
        self.assertEqual(self.ours.members(room, alice), {alice})
        self.ours.invite(room, alice, bob)  # which has two hours of its own
        self.until(lambda: self.theirs.has_invitation(room, bob), "the new invitation to reach them")


class InvitationsThatRunOutInVersion10(InvitationsThatRunOut):
    room_version = "10"


class InvitationsThatRunOutInVersion12(InvitationsThatRunOut):
    room_version = "12"


class InvitationsOfABrokerThatRunOut(InvitationsThatRunOut):
    """The other one is a broker too, with the machine's clock."""

    @classmethod
    def start_theirs(cls):
        return super(ClockCase, cls).start_causeway("theirs", room_version=cls.room_version)


class InvitationsWithoutAnEnd(InvitationsOfOthers):
    lifetime_h = 0

    def test_an_invitation_stands_until_somebody_answers(self):
        room, alice, bob = self.invite()
        self.after_days(20)  # more than the two weeks that others have
        self.stands(room, bob)
        self.after_days(0)
        self.theirs.accept(room, bob)
        self.chat.wait_for("invitation.changed", matrix_room_id=room, user=bob, state="accepted")
        self.until_equal(lambda: self.ours.members(room, alice), {alice, bob}, "both in the room")


class EventsDatedAhead(HostileCase):
    def test_an_event_beyond_its_keys_holds_up_nothing_and_is_refused_by_itself(self):
        shared = self.share()
        room = shared.room
        two_days = matrix.now_ms() + 2 * DAY_S * 1_000  # the keys are good for one
        ahead_id, ahead = room.say("in two days", origin_server_ts=two_days)
        behind_id, behind = room.say("and now")
        begun = time.monotonic()
        verdicts = self.verdicts(self.honest, [ahead, behind])
        self.assertIn("error", verdicts[ahead_id])
        self.assertEqual(verdicts[behind_id], {})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=behind_id)
        self.assertLess(time.monotonic() - begun, 90)  # who is waited for is answered after 120 s, or in two days
        self.untold(shared, "in two days")
