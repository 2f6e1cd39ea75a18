"""Invitations of our users by another server: by PUT /invite only, to rooms we are in, and far too many."""

import uuid

from causeway_demo.chat_server import CommandError
from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class InvitedByRequestOnly(HostileCase):
    """Some servers tell an invited server by PUT /invite only, also when it takes part in the room."""

    def invited(self, room, localpart, **how):
        user = self.ours.user(self.fresh(localpart))
        status, answer = self.honest.invite(room, user, **how)
        self.assertEqual(status, 200, answer)
        return user

    def closed(self, **how):
        """A room that is entered by invitation only; the honest server knows of all that happens in it."""
        shared = self.share(**how)
        event_id, event = shared.room.add("m.room.join_rules", {"join_rule": "invite"}, state_key="")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        return shared

    def statuses(self, room_id):
        members = self.chat.command("query.room", {"room": room_id})["members"]
        return {each["user"]: each["membership"] for each in members}

    def test_the_second_of_us_can_accept_and_is_a_member_for_everybody(self):
        shared = self.closed()
        bob = self.invited(shared.room, "bob")
        told = self.chat.wait_for("invitation.received", matrix_room_id=shared.room_id, user=bob).body
        self.assertEqual(self.statuses(shared.room_id)[bob], "invite")  # in the room before he could hear of it
        self.assertEqual(told["by"], shared.room.host)
        before = [each.name for each in self.chat.seen if each.body.get("matrix_room_id") == shared.room_id and each.body.get("user") == bob]
        self.assertEqual(before[:2], ["member.changed", "invitation.received"])
        self.chat.answer(shared.room_id, bob, accept=True)
        self.assertEqual(self.statuses(shared.room_id)[bob], "join")
        join = self.until(lambda: next((each for each in list(self.honest.received_pdus) if each.get("state_key") == bob), None), "his join there")
        self.assertEqual(join["content"]["membership"], "join")
        self.assertIn(shared.room.state["m.room.member", bob], join["auth_events"])
        self.hears_honest(shared)

    def test_what_he_says_no_to_is_over_for_everybody(self):
        shared = self.closed()
        bob = self.invited(shared.room, "bob")
        self.chat.wait_for("invitation.received", matrix_room_id=shared.room_id, user=bob)
        self.chat.answer(shared.room_id, bob, accept=False)
        self.assertEqual(self.statuses(shared.room_id)[bob], "leave")
        leave = self.until(lambda: next((each for each in list(self.honest.received_pdus) if each.get("state_key") == bob), None), "his no there")
        self.assertEqual(leave["content"]["membership"], "leave")
        self.assertEqual(self.chat.command("query.invitations", {"user": bob, "open_only": True})["invitations"], [])
        # The same request once more is no news.
        event = shared.room.events[shared.room.state["m.room.member", bob]]
        status, answer = self.honest.request("PUT", f"{FEDERATION}/v2/invite/{quote(shared.room_id)}/{quote(shared.room.state['m.room.member', bob])}",
                                             {"room_version": "11", "event": event, "invite_room_state": []})
        self.assertEqual(status, 200, answer)
        self.hears_honest(shared)
        self.assertEqual(len(self.chat.find("invitation.received", matrix_room_id=shared.room_id, user=bob)), 1)

    def test_an_invitation_that_comes_by_both_ways_is_told_once(self):
        shared = self.closed()
        for first in ("request", "transaction"):
            with self.subTest(first):
                bob = self.ours.user(self.fresh("bob"))
                if first == "request":
                    self.assertEqual(self.honest.invite(shared.room, bob)[0], 200)
                    event_id = shared.room.state["m.room.member", bob]
                    self.assertEqual(self.verdicts(self.honest, [shared.room.events[event_id]]), {event_id: {}})
                else:
                    event_id, event = shared.room.add("m.room.member", {"membership": "invite"}, state_key=bob)
                    self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                    status, answer = self.honest.request("PUT", f"{FEDERATION}/v2/invite/{quote(shared.room_id)}/{quote(event_id)}",
                                                         {"room_version": "11", "event": event, "invite_room_state": []})
                    self.assertEqual(status, 200, answer)
                self.chat.wait_for("invitation.received", matrix_room_id=shared.room_id, user=bob)
                self.hears_honest(shared)
                self.assertEqual(len(self.chat.find("invitation.received", matrix_room_id=shared.room_id, user=bob)), 1)
                self.assertEqual(len(self.chat.find("member.changed", matrix_room_id=shared.room_id, user=bob)), 1)
                self.chat.answer(shared.room_id, bob, accept=True)

    def test_who_has_joined_is_not_invited(self):
        shared = self.closed()
        event_id, event = shared.room.make("m.room.member", {"membership": "invite"}, state_key=shared.alice)
        # A room of version 11 has no form of version 1: that is said before it is looked at who is in the room.
        for version, body, refusal in (("v1", event, (400, "M_BAD_JSON")),
                                       ("v2", {"room_version": "11", "event": event, "invite_room_state": []}, (403, "M_FORBIDDEN"))):
            self.refused(self.honest.request("PUT", f"{FEDERATION}/{version}/invite/{quote(shared.room_id)}/{quote(event_id)}", body), *refusal)
        self.hears_honest(shared)
        self.assertEqual(len(self.chat.find("invitation.received", matrix_room_id=shared.room_id, user=shared.alice)), 1)
        self.assertEqual(self.statuses(shared.room_id)[shared.alice], "join")

    def test_who_may_not_invite_invites_nobody(self):
        shared = self.closed(levels={"invite": 50})
        bob = self.ours.user(self.fresh("bob"))
        event_id, event = shared.room.make("m.room.member", {"membership": "invite"}, sender=shared.mallory, signer=self.hostile, state_key=bob)
        answer = self.hostile.request("PUT", f"{FEDERATION}/v2/invite/{quote(shared.room_id)}/{quote(event_id)}",
                                      {"room_version": "11", "event": event, "invite_room_state": []})
        self.refused(answer, 403, "M_FORBIDDEN")
        self.assertNotIn("event", answer[1])
        self.hears_honest(shared)
        self.assertEqual(self.chat.find("invitation.received", user=bob), [])
        self.assertNotIn(bob, self.statuses(shared.room_id))

    def test_an_invitation_that_overtakes_a_message_is_told_when_the_message_is_there(self):
        shared = self.closed()
        message_id, message = shared.room.say("said before the invitation")
        bob = self.invited(shared.room, "bob")
        self.assertEqual(self.chat.find("invitation.received", matrix_room_id=shared.room_id, user=bob), [])
        self.assertEqual(self.verdicts(self.honest, [message]), {message_id: {}})
        self.chat.wait_for("invitation.received", matrix_room_id=shared.room_id, user=bob)
        self.chat.answer(shared.room_id, bob, accept=True)
        self.hears_honest(shared)

    def test_an_invitation_from_before_our_first_join_is_accepted_after_it(self):
        room = self.honest.found_room(join_rule="invite")
        alice, bob = self.invited(room, "alice"), self.ours.user(self.fresh("bob"))
        # Told to us alone: the server that lets alice in does not know of it.
        event_id, event = room.make("m.room.member", {"membership": "invite"}, state_key=bob)
        status, answer = self.honest.request("PUT", f"{FEDERATION}/v2/invite/{quote(room.room_id)}/{quote(event_id)}",
                                             {"room_version": "11", "event": event, "invite_room_state": []})
        self.assertEqual(status, 200, answer)
        for user in (alice, bob):
            self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=user)
        self.chat.answer(room.room_id, alice, accept=True)
        self.assertNotIn(bob, self.statuses(room.room_id))
        room.take(answer["event"])
        self.chat.answer(room.room_id, bob, accept=True)
        self.assertEqual(self.statuses(room.room_id)[bob], "join")


class TooManyInvitations(HostileCase):
    settings = {"invitation": {"inbound_burst": 60, "inbound_per_hour": 1, "inbound_per_user_burst": 10, "inbound_per_user_per_hour": 1}}

    def setUp(self):
        super().setUp()
        self.inviter = self.play()  # whose bucket is full

    def test_far_too_many_to_one_user_are_ten_and_the_operator_hears_of_it_once(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.inviter.found_room()
        padding = [{"type": "org.example.padding", "state_key": str(number), "sender": room.host, "content": {"text": "x" * 1_000}} for number in range(100)]
        answers = []
        for number in range(150):
            each = room if number % 2 else self.inviter.found_room()
            answers.append(self.inviter.invite(each, alice, via_state=padding))
        refused = [answer for status, answer in answers if status == 429]
        self.assertEqual([status for status, _ in answers].count(200), 10)
        self.assertEqual(len(refused), 140)
        for answer in refused:
            self.assertEqual(answer["errcode"], "M_LIMIT_EXCEEDED")
            self.assertGreater(answer["retry_after_ms"], 0)
        bob = self.ours.user(self.fresh("bob"))
        self.assertEqual(self.inviter.invite(self.inviter.found_room(), bob)[0], 200)  # he is asked by it for the first time
        self.chat.wait_for("invitation.received", user=bob)
        self.assertEqual(len(self.chat.find("invitation.received", user=alice)), 10)
        self.logged_once("inbound invitations limited")
        self.logged_once("invite_room_state truncated")

    def logged_once(self, what):
        lines = [line for line in self.ours.broker.process.tail(100_000).splitlines() if what in line and self.inviter.server_name in line]
        self.assertEqual(len(lines), 1, lines)

    def test_many_users_of_ours_are_bounded_as_a_whole_and_another_server_is_not(self):
        users = [self.ours.user(self.fresh("guest")) for _ in range(80)]
        statuses = [self.inviter.invite(self.inviter.found_room(), user)[0] for user in users]
        self.assertEqual((statuses.count(200), statuses.count(429)), (60, 20))
        self.assertEqual(self.honest.invite(self.honest.found_room(), users[-1])[0], 200)
        self.chat.wait_for("invitation.received", user=users[-1])

    def test_the_old_form_counts_with_the_new(self):
        alice = self.ours.user(self.fresh("alice"))
        statuses = []
        for _ in range(15):
            room = self.inviter.found_room(room_version="2")
            event_id, event = room.make("m.room.member", {"membership": "invite"}, state_key=alice)
            statuses.append(self.inviter.request("PUT", f"{FEDERATION}/v1/invite/{quote(room.room_id)}/{quote(event_id)}", event)[0])
        self.assertEqual((statuses.count(200), statuses.count(429)), (10, 5))
        self.assertEqual(self.inviter.invite(self.inviter.found_room(), alice)[0], 429)

    def test_by_way_of_a_room_we_are_in_they_are_told_as_slowly_and_the_room_goes_on(self):
        room = self.inviter.found_room(join_rule="invite")
        self.accept(self.inviter, room)
        bob = self.ours.user(self.fresh("bob"))
        events = []
        for _ in range(40):
            events.append(room.add("m.room.member", {"membership": "invite"}, state_key=bob))
            events.append(room.add("m.room.member", {"membership": "leave"}, state_key=bob))
        events.append(room.add("m.room.member", {"membership": "invite"}, state_key=bob))
        for first in range(0, len(events), 40):
            part = dict(events[first:first + 40])
            self.assertEqual(self.verdicts(self.inviter, list(part.values())), {event_id: {} for event_id in part})
        event_id, message = room.say(f"after the storm {uuid.uuid4().hex}")
        self.assertEqual(self.verdicts(self.inviter, [message]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
        self.assertLessEqual(len(self.chat.find("invitation.received", matrix_room_id=room.room_id, user=bob)), 10)
        # The one that stands is in the room: he may find it by himself, and accept.
        row = self.chat.command("query.invitations", {"user": bob, "open_only": True})["invitations"][0]
        self.assertEqual((row["matrix_room_id"], row["state"]), (room.room_id, "pending"))
        self.assertGreater(row["retry_at_ts"], 0)
        self.chat.answer(room.room_id, bob, accept=True)
        with self.assertRaises(CommandError):
            self.chat.answer(room.room_id, bob, accept=True)


class Ghosts(HostileCase):
    def test_invitations_in_a_room_to_users_we_do_not_have_cost_no_actor_and_are_not_told(self):
        shared = self.share(levels={"invite": 0})
        before = self.inspect("actors", "--filter", "ghost")["total"]
        for part in range(10):
            pdus = [shared.room.make("m.room.member", {"membership": "invite"}, sender=shared.mallory, signer=self.hostile,
                                     state_key=f"@{name}{part}x{number}:{self.ours.server_name}")[1]
                    for number in range(25) for name in ("ghost", "GHOST")]
            self.assertEqual(set(map(str, self.verdicts(self.hostile, pdus).values())), {"{}"})
        self.hears_honest(shared)
        self.until(lambda: self.inspect("actors", "--filter", "ghost")["total"] == before, "their actors to end")
        told = [each for each in self.chat.find("invitation.received", matrix_room_id=shared.room_id) if "ghost" in each.body["user"].lower()]
        self.assertEqual(told, [])
        # Who comes to exist is told when somebody invites them then.
        casper = self.ours.user(self.fresh("casper"))
        _, invite = shared.room.make("m.room.member", {"membership": "invite"}, sender=shared.mallory, signer=self.hostile, state_key=casper)
        self.verdicts(self.hostile, [invite])
        self.chat.wait_for("invitation.received", matrix_room_id=shared.room_id, user=casper)

    def test_an_invite_its_own_server_has_not_signed_is_not_signed_by_us(self):
        """Also where a third party's invitation excuses it from that, and where something is in the place of the signature."""
        garbage = {"": {}, "none": {self.hostile.server_name: {}}, "letters": {self.hostile.server_name: {self.hostile.key.key_id: "A" * 86}},
                   "an unknown key": {self.hostile.server_name: {"ed25519:unheard": "A" * 86}}}
        for version, (name, signatures) in [(version, each) for version in ("6", "10", "11", "12") for each in garbage.items()]:
            with self.subTest(version, signatures=name):
                room = self.hostile.found_room(room_version=version, join_rule="invite")
                bob = self.ours.user(self.fresh("bob"))
                third = {"display_name": "b", "signed": {"mxid": bob, "token": "t", "signatures": {}}}
                _, event = room.make("m.room.member", {"membership": "invite", "third_party_invite": third}, state_key=bob, sign=False)
                event["signatures"] = signatures
                answer = self.hostile.request("PUT", f"{FEDERATION}/v2/invite/{quote(room.room_id)}/{quote(matrix.event_id(event, version))}",
                                              {"event": event, "room_version": version, "invite_room_state": room.state_events()})
                self.refused(answer, 403, "M_FORBIDDEN")
                self.assertEqual(self.chat.find("invitation.received", user=bob), [])
        room, bob = self.hostile.found_room(room_version="10", join_rule="invite"), self.ours.user(self.fresh("bob"))
        third = {"display_name": "b", "signed": {"mxid": bob, "token": "t", "signatures": {}}}
        _, event = room.make("m.room.member", {"membership": "invite", "third_party_invite": third}, state_key=bob)
        self.assertEqual(self.hostile.request("PUT", f"{FEDERATION}/v2/invite/{quote(room.room_id)}/{quote(matrix.event_id(event, '10'))}",
                                              {"event": event, "room_version": "10", "invite_room_state": room.state_events()})[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=bob)


class WaitingInvitations(HostileCase):
    # An attempt that was answered 502 may still arrive until twice the time-out is over: only then a revocation is certain.
    settings = {"invitation": {"retry_delay_ms_min": 200, "retry_delay_ms_max": 400}, "federation": {"request_timeout_ms": 1_000}}

    def test_why_an_invitation_waits_is_told_to_the_chat_server_and_to_the_operator(self):
        alice, guest = self.ours.user(self.fresh("alice")), self.hostile.user(self.fresh("guest"))
        self.hostile.lies["invite"] = lambda *_: (502, {"errcode": "M_UNKNOWN", "error": "the proxy has lost its server"})
        room = self.ours.create_channel(alice, [guest])
        told = self.until(lambda: next((each.body for each in self.chat.find("invitation.changed", matrix_room_id=room, user=guest, state="sending")
                                        if each.body["last_fault"]), None), "the reason")
        self.assertEqual((told["previous_state"], told["last_fault"].partition(":")[0]), ("sending", "peer_unreachable"))
        self.assertIn("502", told["last_fault"])
        row = self.until(lambda: next((each for each in self.chat.command("query.invitations", {"room": room})["invitations"] if each["attempts"] >= 2), None),
                         "a second attempt")
        self.assertEqual((row["state"], row["last_fault"]), ("sending", told["last_fault"]))
        self.assertGreater(row["retry_at_ts"], row["since_ts"])
        self.assertEqual(self.chat.command("query.room", {"room": room})["invitations"][0]["last_fault"], told["last_fault"])
        shown = self.inspect("invite", "show", room, guest)
        self.assertEqual((shown["invitation"]["state"], shown["invitation"]["last_fault"]), ("sending", told["last_fault"]))
        self.assertIn("502", shown["waits_for"][0])
        server = next(each for each in self.inspect("servers")["servers"] if each["server_name"] == self.hostile.server_name)
        self.assertEqual((server["invitations"], server["last_fault"]), (1, told["last_fault"]))
        self.assertIn("502", self.inspect("server", "show", self.hostile.server_name)["waits_for"][0])
        # One word of the reason, however many attempts.
        self.assertEqual(len([each for each in self.chat.find("invitation.changed", matrix_room_id=room, user=guest) if each.body["last_fault"]]), 1)
        self.hostile.lies.clear()
        self.chat.wait_for("invitation.changed", matrix_room_id=room, user=guest, state="pending", previous_state="sending")

    def test_what_the_other_server_never_took_was_never_pending(self):
        alice, guest = self.ours.user(self.fresh("alice")), self.hostile.user(self.fresh("guest"))
        self.hostile.lies["invite"] = lambda *_: (502, b"no answer")
        room = self.ours.create_channel(alice, [guest])
        self.until(lambda: self.hostile.count("invite/" + quote(room)[:12]) >= 1, "an attempt")
        self.chat.revoke(room, alice, guest)
        self.chat.wait_for("invitation.changed", matrix_room_id=room, user=guest, state="revoked")
        states = [each.body["state"] for each in self.chat.find("invitation.changed", matrix_room_id=room, user=guest)]
        self.assertNotIn("pending", states)

    def test_an_invitation_does_not_overtake_the_message_said_before_it(self):
        alice = self.ours.user(self.fresh("alice"))
        name = self.fresh("square")
        square = self.ours.create_public(alice, name)
        self.hostile.join(square, self.fresh("guest"))
        order = []

        def slowly(honest, parts, _, body):
            order.append((parts[3], [pdu["content"].get("body") for pdu in body.get("pdus", [])] if parts[3] == "send" else None))
            return honest
        self.hostile.lies.update(send=slowly, invite=slowly)
        for number in range(5):
            order.clear()
            self.chat.send(square, alice, f"before {number}")
            other = self.hostile.user(self.fresh("other"))
            room = self.ours.create_channel(alice, [other])
            self.chat.wait_for("invitation.changed", matrix_room_id=room, user=other, state="pending")
            self.assertEqual(order[0], ("send", [f"before {number}"]))
            self.assertEqual([word for word, _ in order].count("invite"), 1)
            # Nor is the signed invite pushed to a server that is not in that room.
            self.assertEqual([pdu for pdu in list(self.hostile.received_pdus) if pdu["room_id"] == room], [])
