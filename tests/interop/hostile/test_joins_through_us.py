"""Memberships that a hostile server asks us to take, and invitations of users that are not ours."""

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


class JoinsThroughUs(HostileCase):
    def template(self, shared, user, server=None):
        status, made = (server or self.hostile).make_join(shared.room_id, user)
        self.assertEqual(status, 200, made)
        return made["event"]

    def send_join(self, shared, event, event_id=None, server=None, word="send_join"):
        event_id = event_id or matrix.event_id(event, "11")
        return (server or self.hostile).request("PUT", f"{FEDERATION}/v2/{word}/{quote(shared.room_id)}/{quote(event_id)}", event)

    def still_without(self, shared, *users):
        self.hears_honest(shared)
        members = self.ours.members(shared.room_id, shared.alice)
        for user in users:
            self.assertNotIn(user, members)

    def test_an_honest_join_through_us_is_taken(self):
        shared = self.share()
        user = self.hostile.user(self.fresh("new"))
        event_id, event = self.hostile.complete(self.template(shared, user), "11")
        status, answer = self.send_join(shared, event)
        self.assertEqual(status, 200, answer)
        self.assertIn(event_id, self.says(shared, "welcome")["prev_events"])
        self.assertIn(user, self.ours.members(shared.room_id, shared.alice))

    def test_a_join_of_another_servers_user_is_refused(self):
        shared = self.share()
        victim = self.honest.user(self.fresh("victim"))
        self.refused(self.hostile.make_join(shared.room_id, victim), 403, "M_FORBIDDEN")
        self.refused(self.hostile.make_join(shared.room_id, self.ours.user(self.fresh("own"))), 403, "M_FORBIDDEN")
        made = self.template(shared, self.hostile.user(self.fresh("new")))
        _, event = self.hostile.complete(made, "11", sender=victim, state_key=victim)
        self.refused(self.send_join(shared, event), 403, "M_FORBIDDEN")
        _, event = self.hostile.complete(made, "11", state_key=victim)
        self.refused(self.send_join(shared, event), 400, "M_INVALID_PARAM")
        # Signed by himself, carried by another.
        _, event = self.honest.complete(self.template(shared, victim, self.honest), "11")
        self.refused(self.send_join(shared, event), 403, "M_FORBIDDEN")
        self.still_without(shared, victim)

    def test_what_is_no_join_of_this_room_is_refused(self):
        shared, other = self.share(), self.share()
        user = self.hostile.user(self.fresh("new"))
        made = self.template(shared, user)
        wrong = {
            "a ban": ({"content": {"membership": "ban"}}, 400, "M_INVALID_PARAM"),
            "an invitation": ({"content": {"membership": "invite"}}, 400, "M_INVALID_PARAM"),
            "a leave": ({"content": {"membership": "leave"}}, 400, "M_INVALID_PARAM"),
            "no membership": ({"content": {}}, 400, "M_INVALID_PARAM"),
            "a message": ({"type": "m.room.message"}, 400, "M_INVALID_PARAM"),
            "of another room": ({"room_id": other.room_id}, 400, "M_INVALID_PARAM"),
            "unknown past": ({"prev_events": ["$" + "A" * 43]}, 400, "M_INVALID_PARAM"),
            "no past": ({"prev_events": []}, 400, "M_INVALID_PARAM"),
            "unknown authority": ({"auth_events": ["$" + "A" * 43]}, 400, "M_INVALID_PARAM"),
            "no authority": ({"auth_events": []}, 403, "M_FORBIDDEN"),
            "too large": ({"content": {"membership": "join", "x": "y" * 70_000}}, 400, "M_BAD_JSON"),
            "too deep": ({"depth": 2 ** 63}, 400, "M_BAD_JSON"),
            "21 parents": ({"prev_events": ["$" + "A" * 43] * 21}, 400, "M_BAD_JSON"),
            "11 authorities": ({"auth_events": ["$" + "A" * 43] * 11}, 400, "M_BAD_JSON"),
        }
        for name, (changes, status, errcode) in wrong.items():
            with self.subTest(name):
                _, event = self.hostile.complete(made, "11", **changes)
                self.refused(self.send_join(shared, event), status, errcode)
        _, event = self.hostile.complete(made, "11")
        with self.subTest("another id in the path"):
            self.refused(self.send_join(shared, event, "$" + "A" * 43), 400, "M_INVALID_PARAM")
        with self.subTest("a content that was changed"):
            self.refused(self.send_join(shared, {**event, "content": {"membership": "join", "displayname": "x"}}), 403, "M_FORBIDDEN")
        with self.subTest("signed by nobody"):
            self.refused(self.send_join(shared, {**event, "signatures": {}}), 403, "M_FORBIDDEN")
        with self.subTest("signed by a wrong key"):
            forged = matrix.without(event, "signatures")
            matrix.Key("wrong", self.hostile.key.key_id).sign_event(forged, "11", self.hostile.server_name)
            self.refused(self.send_join(shared, forged), 403, "M_FORBIDDEN")
        self.still_without(shared, user)

    def test_a_join_that_a_ban_has_overtaken_is_refused(self):
        shared = self.share()
        user = self.hostile.user(self.fresh("late"))
        made = self.template(shared, user)
        ban_id, ban = shared.room.add("m.room.member", {"membership": "ban"}, state_key=user)
        self.assertEqual(self.verdicts(self.honest, [ban]), {ban_id: {}})
        self.chat.wait_for("member.changed", matrix_room_id=shared.room_id, user=user, membership="ban")
        event_id, event = self.hostile.complete(made, "11")
        self.refused(self.send_join(shared, event), 403, "M_FORBIDDEN")
        self.refused(self.hostile.make_join(shared.room_id, user), 403, "M_FORBIDDEN")
        self.still_without(shared, user)
        self.assertNotIn(event_id, self.says(shared, "he is out")["prev_events"])
        self.not_served(event_id)

    def test_a_join_by_a_past_in_which_the_room_was_open_is_refused(self):
        shared = self.share()
        user = self.hostile.user(self.fresh("late"))
        made = self.template(shared, user)
        rule_id, rule = shared.room.add("m.room.join_rules", {"join_rule": "invite"}, state_key="")
        self.assertEqual(self.verdicts(self.honest, [rule]), {rule_id: {}})
        _, event = self.hostile.complete(made, "11")
        self.refused(self.send_join(shared, event), 403, "M_FORBIDDEN")
        self.still_without(shared, user)

    def test_a_leave_that_is_a_kick_is_refused(self):
        shared = self.share()
        uri = f"{FEDERATION}/v1/make_leave/{quote(shared.room_id)}/{quote(shared.mallory)}"
        status, made = self.hostile.request("GET", uri)
        self.assertEqual(status, 200, made)
        _, event = self.hostile.complete(made["event"], "11", state_key=shared.alice)
        self.refused(self.send_join(shared, event, word="send_leave"), 400, "M_INVALID_PARAM")
        _, event = self.hostile.complete(made["event"], "11", state_key=shared.alice, sender=shared.alice)
        self.refused(self.send_join(shared, event, word="send_leave"), 403, "M_FORBIDDEN")
        self.hears_honest(shared)
        self.assertIn(shared.alice, self.ours.members(shared.room_id, shared.alice))

    def test_a_body_that_is_no_event_is_bad_json(self):
        shared = self.share()
        for body in ([], {}, {"type": "m.room.member"}):
            with self.subTest(body=body):
                self.refused(self.send_join(shared, body, "$" + "A" * 43), 400, "M_BAD_JSON")
        self.hears_honest(shared)


class ForeignInvitations(HostileCase):
    def invite(self, room, user, path_room=None, path_id=None, state=None, **changes):
        how = {"content": {"membership": "invite"}, "state_key": user, **changes}
        event_id, event = room.make(how.pop("kind", "m.room.member"), how.pop("content"), **how)
        create = room.events[room.state["m.room.create", ""]]
        return self.hostile.request(
            "PUT", f"{FEDERATION}/v2/invite/{quote(path_room or room.room_id)}/{quote(path_id or event_id)}",
            {"room_version": "11", "event": event, "invite_room_state": [create] if state is None else state})

    def nobody_is_told(self, room, *users):
        """An honest invitation is told, the others were not."""
        marker = self.ours.user(self.fresh("marker"))
        status, answer = self.invite(room, marker)
        self.assertEqual(status, 200, answer)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=marker)
        for user in users:
            self.assertEqual(self.chat.find("invitation.received", user=user), [])

    def test_an_invitation_of_a_third_servers_user_is_not_signed(self):
        room = self.hostile.found_room()
        victim = self.honest.user("victim")
        self.refused(self.invite(room, victim), 400, "M_INVALID_PARAM")
        self.refused(self.invite(room, "@x:elsewhere.example"), 400, "M_INVALID_PARAM")
        self.refused(self.invite(room, "nobody"), 400, "M_INVALID_PARAM")
        self.nobody_is_told(room, victim)

    def test_an_invitation_of_a_user_we_do_not_have_is_not_signed(self):
        room = self.hostile.found_room()
        self.refused(self.invite(room, f"@{self.fresh('nobody')}:{self.ours.server_name}"), 404, "M_NOT_FOUND")
        self.nobody_is_told(room)

    def test_our_signature_is_given_to_invitations_only(self):
        room, other = self.hostile.found_room(), self.hostile.found_room()
        alice = self.ours.user(self.fresh("alice"))
        wrong = {
            "a join": ({"content": {"membership": "join"}}, 400, "M_INVALID_PARAM"),
            "a ban": ({"content": {"membership": "ban"}}, 400, "M_INVALID_PARAM"),
            "power": ({"kind": "m.room.power_levels", "content": {"users": {}}}, 400, "M_INVALID_PARAM"),
            "of our own user": ({"sender": alice}, 403, "M_FORBIDDEN"),
            "of another server's user": ({"sender": self.honest.user("host")}, 403, "M_FORBIDDEN"),
            "to another room": ({"path_room": other.room_id}, 400, "M_INVALID_PARAM"),
            "of another id": ({"path_id": "$" + "A" * 43}, 400, "M_INVALID_PARAM"),
            "unsigned": ({"sign": False, "signatures": {}}, 403, "M_FORBIDDEN"),
            "too large": ({"content": {"membership": "invite", "reason": "x" * 70_000}}, 400, "M_INVALID_PARAM"),
        }
        for name, (changes, status, errcode) in wrong.items():
            with self.subTest(name):
                answer = self.invite(room, alice, **changes)
                self.refused(answer, status, errcode)
                self.assertNotIn("event", answer[1])
        self.nobody_is_told(room, alice)

    def test_an_invitation_with_a_megabyte_of_state_is_told_without_it(self):
        room = self.hostile.found_room()
        alice = self.ours.user(self.fresh("alice"))
        name = {"type": "m.room.name", "state_key": "", "sender": room.host, "content": {"name": "big"}}
        status, answer = self.invite(room, alice, state=[name, *({"type": "x", "content": {"x": "y" * 1000}} for _ in range(500))])
        self.assertEqual(status, 200, answer)
        told = self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        self.assertEqual(told.body["name"], "")

    def test_state_of_an_invitation_is_text_of_bounded_length(self):
        room = self.hostile.found_room()
        alice = self.ours.user(self.fresh("alice"))
        state = [{"type": "m.room.name", "state_key": "", "content": {"name": "n" * 50_000}}, 5, None, {"type": 5}, {"type": "m.room.name"},
                 {"type": "m.room.member", "state_key": room.host, "content": {"displayname": {"x": 1}}}]
        status, answer = self.invite(room, alice, state=state)
        self.assertEqual(status, 200, answer)
        told = self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        self.assertLess(len(told.body["name"]), 2000)
        self.assertEqual(told.body["by_display_name"], "")

    def test_an_invitation_that_is_taken_back_by_another_stays(self):
        room = self.hostile.found_room()
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(self.hostile.invite(room, alice)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        invite_id = room.state["m.room.member", alice]
        helper = room.join_of(self.hostile, "helper")
        thief = room.join_of(self.honest, "thief")
        auth = [room.state["m.room.create", ""], room.state["m.room.power_levels", ""]]
        for name, sender, server, cites in (("another user", helper, self.hostile, [invite_id]), ("another server", thief, self.honest, [invite_id]),
                                            ("does not name it", room.host, self.hostile, [])):
            with self.subTest(name):
                event_id, event = room.make("m.room.member", {"membership": "leave"}, sender=sender, signer=server, state_key=alice,
                                            auth_events=[*auth, *cites])
                status, answer = server.send([event])
                self.assertEqual(status, 200, answer)
                self.assertNotEqual(answer["pdus"].get(event_id), {})
        self.assertEqual(self.chat.find("invitation.changed", matrix_room_id=room.room_id, user=alice), [])
        event_id, event = room.make("m.room.member", {"membership": "leave"}, state_key=alice, auth_events=[*auth, invite_id])
        self.assertEqual(self.hostile.send([event])[0], 200)
        self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, user=alice, state="revoked")
        self.assertEqual(len(self.chat.find("invitation.changed", matrix_room_id=room.room_id, user=alice)), 1)
