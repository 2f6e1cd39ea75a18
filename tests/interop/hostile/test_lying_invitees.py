"""We ask a hostile server: to sign an invitation, to take a rejection, for the history before our join."""

import json
import uuid

from harness import matrix
from harness.fake_homeserver import quote

from .case import HostileCase


class LyingInvitees(HostileCase):
    settings = {"invitation": {"retry_delay_ms_min": 50, "retry_delay_ms_max": 100}, "federation": {"key_fetch_retry_ms": 100}}

    def invited_with(self, answer):
        """Our user invites one of the hostile server, which gives `answer(honest)`. Returns (alice, room, user)."""
        alice, user = self.ours.user(self.fresh("alice")), self.hostile.user(self.fresh("guest"))
        self.hostile.lies["invite"] = lambda honest, *_: answer(honest)
        return alice, self.ours.create_channel(alice, [user]), user

    def states(self, room, user):
        return [each.body["state"] for each in self.chat.find("invitation.changed", matrix_room_id=room, user=user)]

    def test_an_honest_signature_makes_the_invitation_pending(self):
        _, room, user = self.invited_with(lambda honest: honest)
        self.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="pending")

    def test_an_answer_that_is_not_our_event_signed_is_asked_for_again(self):
        def event(answer):
            return json.loads(json.dumps(answer[1]["event"]))

        def unsigned(answer):
            return {"event": {**event(answer), "signatures": {}}}

        def only_ours(answer):
            signed = event(answer)
            return {"event": {**signed, "signatures": matrix.without(signed["signatures"], self.hostile.server_name)}}

        def forged(answer):
            changed = event(answer)
            changed["signatures"][self.hostile.server_name] = {self.hostile.key.key_id: "A" * 86}
            return {"event": changed}

        def other_key(answer):
            changed = event(answer)
            changed["signatures"][self.hostile.server_name] = {}
            matrix.Key("unheard", "ed25519:unheard").sign_event(changed, "11", self.hostile.server_name, rehash=False)
            return {"event": changed}

        def altered(answer):
            changed = {**event(answer), "content": {"membership": "join"}}
            return {"event": self.hostile.key.sign_event(changed, "11", self.hostile.server_name)}

        def other_event(answer):
            changed = {**matrix.without(event(answer), "signatures"), "type": "m.room.power_levels", "state_key": ""}
            return {"event": self.hostile.key.sign_event(changed, "11", self.hostile.server_name)}

        for lie in (unsigned, only_ours, forged, other_key, altered, other_event, lambda _: {}, lambda _: [], lambda _: {"event": 5},
                    lambda _: b"no json"):
            with self.subTest(lie.__name__):
                alice, room, user = self.invited_with(lambda honest, lie=lie: (200, lie(honest)))
                tried = self.hostile.count("invite/" + room.replace("!", "%21").split(":", maxsplit=1)[0])
                self.until(lambda: self.hostile.count("invite/" + room.replace("!", "%21").split(":", maxsplit=1)[0]) >= tried + 2, "another attempt")
                self.assertEqual([state for state in self.states(room, user) if state != "sending"], [])
                self.assertEqual(self.ours.members(room, alice), {alice})
                # As soon as it is honest the same invitation goes through.
                self.hostile.lies.clear()
                self.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="pending")

    def test_a_content_that_was_altered_in_the_answer_is_not_taken_over(self):
        def lie(honest):
            changed = json.loads(json.dumps(honest[1]["event"]))
            changed["content"]["displayname"] = "altered by the guest"  # a redaction leaves it out: id and signatures stay true
            changed["unsigned"] = {"x": "altered by the guest"}
            return 200, {"event": changed}
        _, room, user = self.invited_with(lie)
        self.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="pending")
        joined = self.hostile.join(room, user[1:].split(":")[0])
        invite = next(event for event in joined.join_answer["auth_chain"] + joined.join_answer["state"]
                      if event["content"].get("membership") == "invite")
        self.assertNotIn("altered by the guest", json.dumps(invite))

    def test_answers_that_refuse_are_final_and_others_are_not(self):
        for status, errcode in ((403, "M_FORBIDDEN"), (403, "M_INVITE_BLOCKED"), (400, "M_INCOMPATIBLE_ROOM_VERSION")):
            with self.subTest(errcode):
                _, _, user = self.invited_with(lambda _, status=status, errcode=errcode: (status, {"errcode": errcode, "error": "x" * 100_000}))
                # The room has another Matrix id by then where it was founded again.
                told = self.chat.wait_for("invitation.changed", user=user, state="failed")
                self.assertLess(len(told.body["reason"]), 2000)
                self.assertEqual(told.body["last_fault"].partition(":")[0], errcode[2:].lower())

    # -- rejections

    def reject_with(self, answer):
        """One of our users rejects an invitation of the hostile server, which gives `answer(template)` to make_leave."""
        room = self.hostile.found_room()
        alice = self.ours.user(self.fresh("alice"))
        self.assertEqual(self.hostile.invite(room, alice)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        sent = []
        template = room.template(alice, "leave")

        def keep(_honest, _parts, _query, body):
            sent.append(body)
            return 200, {}
        asked = self.hostile.count("make_leave")
        self.hostile.lies.update({"make_leave": lambda *_: answer(template), "send_leave": keep})
        self.chat.answer(room.room_id, alice, accept=False)
        self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, user=alice, state="rejected")
        self.until(lambda: self.hostile.count("make_leave") > asked, "the question for a template")
        return alice, sent

    def test_an_honest_template_is_signed(self):
        alice, sent = self.reject_with(lambda template: (200, {"event": template, "room_version": "11"}))
        self.until(lambda: sent, "the rejection")
        self.assertEqual((sent[0]["sender"], sent[0]["state_key"], sent[0]["content"]["membership"]), (alice, alice, "leave"))

    def test_a_template_of_something_else_is_not_signed(self):
        victim = self.ours.user(self.fresh("victim"))
        for changes in ({"type": "m.room.power_levels"}, {"sender": victim}, {"state_key": victim}, {"room_id": "!other:" + self.ours.server_name},
                        {"content": {"membership": "join", "displayname": "trapped"}}, {"prev_events": 5}, {"auth_events": None}):
            with self.subTest(changes=changes):
                _, sent = self.reject_with(lambda template, changes=changes: (200, {"room_version": "11", "event": {
                    key: value for key, value in {**template, **changes}.items() if value is not None}}))
                # What would be sent is sent before the next rejection, which is honest, has come through.
                _, honest = self.reject_with(lambda template: (200, {"event": template, "room_version": "11"}))
                self.until(lambda honest=honest: honest, "an honest rejection")
                self.assertEqual(sent, [])


class LyingHistoryBeforeAJoin(HostileCase):
    settings = {"room": {"backfill_on_join": 50}}

    def joined_with(self, room, answer, newest=None):
        """Our user joins; asked for history the server gives `answer(honest)`. Returns what was told when `newest` of it was (None: when it was asked
        for), and an event after it."""
        self.hostile.lies["backfill"] = lambda honest, *_: answer(honest)
        self.accept(self.hostile, room)
        # It does not hold up what is said after the join, and comes by itself.
        if newest:
            self.until(lambda: newest in self.chat.messages(room.room_id), "the history")
        else:
            self.until(lambda: self.hostile.count("backfill/" + quote(room.room_id)) > 0, "the question for it")
        event_id, event = room.say(f"after the history {uuid.uuid4().hex}")
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
        return self.chat.messages(room.room_id)[:-1]

    def room_with_history(self):
        room = self.hostile.found_room()
        for number in range(5):
            room.say(f"history {number}")
        return room

    def test_honest_history_is_told_as_such(self):
        room = self.room_with_history()
        self.assertEqual(self.joined_with(room, lambda honest: honest, "history 4"), [f"history {number}" for number in range(5)])
        self.assertTrue(all(each.body["historical"] for each in self.chat.find("message.received", matrix_room_id=room.room_id)[:-1]))

    def test_history_that_is_forged_or_of_another_room_is_not_told(self):
        room, other = self.room_with_history(), self.hostile.found_room()
        foreign = other.say("history of another room")[1]
        forged = room.message("history that was forged", sender=self.honest.user("guest"), signer=self.hostile)[1]
        ours = room.message("history of ours", sender=self.ours.user(self.fresh("she")), signer=self.hostile)[1]
        stranger = room.message("history of who was not there", sender=self.hostile.user("stranger"))[1]
        altered = json.loads(json.dumps(room.events[room.head]))
        altered["content"]["body"] = "history that was altered"

        def lie(honest):
            pdus = [event for event in honest[1]["pdus"] if event is not room.events[room.head]]
            return 200, {**honest[1], "pdus": [altered, foreign, forged, ours, stranger, 5, {}, None, *pdus]}
        told = self.joined_with(room, lie, "history 3")
        self.assertEqual(set(told) & {"history of another room", "history that was forged", "history of ours", "history of who was not there",
                                      "history that was altered"}, set())

    def test_a_history_without_end_is_read_so_far_and_no_further(self):
        room = self.hostile.found_room()
        for number in range(400):
            room.say(f"history {number}")
        told = self.joined_with(room, lambda honest: (200, {**honest[1], "pdus": list(room.events.values())[::-1]}), "history 399")
        self.assertLessEqual(len(told), 150)
        self.assertEqual(len(told), len(set(told)))

    def test_no_history_at_all_is_no_hindrance(self):
        for answer in ((200, {"pdus": []}), (200, {"pdus": [5, {}, None]})):
            with self.subTest(answer=answer):
                self.assertEqual(self.joined_with(self.room_with_history(), lambda _, answer=answer: answer), [])
