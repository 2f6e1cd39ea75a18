"""Edits and reactions that are none, that reach for what is not theirs, or that come by the thousand; bans by who may not."""

import time

from harness.case import PATIENCE_S

from .case import HostileCase

WAIT_S = 60  # so long an edit or a reaction waits for its message

ODD = [
    {},  # relates to nothing
    {"m.relates_to": []},
    {"m.relates_to": {"rel_type": "m.annotation"}},
    {"m.relates_to": {"rel_type": "m.annotation", "event_id": 7, "key": "+"}},
    {"m.relates_to": {"rel_type": "m.annotation", "event_id": "TARGET", "key": ["+"]}},
    {"m.relates_to": {"rel_type": "m.annotation", "event_id": "TARGET", "key": ""}},
    {"m.relates_to": {"rel_type": "m.annotation", "event_id": "TARGET", "key": "+" * 5_000}},
    {"m.relates_to": {"rel_type": "m.replace", "event_id": "TARGET", "key": "+"}},
]


def with_target(value, target):
    if isinstance(value, dict):
        return {key: with_target(each, target) for key, each in value.items()}
    return target if value == "TARGET" else value


class Relations(HostileCase):
    def by_mallory(self, shared, event_type, content):
        return shared.room.add(event_type, content, sender=shared.mallory, signer=self.hostile)

    def edit(self, target, text):
        return {"msgtype": "m.text", "body": "* " + text, "m.new_content": {"msgtype": "m.text", "body": text},
                "m.relates_to": {"rel_type": "m.replace", "event_id": target}}

    def said_by_honest(self, shared, text):
        event_id, event = shared.room.say(text)
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        return event_id

    def test_nobody_edits_what_another_has_written(self):
        shared = self.share()
        said_id = self.said_by_honest(shared, "mine")
        event_id, event = self.by_mallory(shared, "m.room.message", self.edit(said_id, "put into their mouth"))
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.untold(shared, "put into their mouth")
        self.assertEqual(self.chat.find("message.edited", matrix_room_id=shared.room_id), [])

    def test_reactions_of_odd_shapes_are_passed_over(self):
        shared = self.share()
        said_id = self.said_by_honest(shared, "react to this")
        for content in ODD:
            event_id, event = self.by_mallory(shared, "m.reaction", with_target(content, said_id))
            self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}}, content)
        self.hears_honest(shared)
        self.assertEqual(self.chat.find("reaction.added", matrix_room_id=shared.room_id), [])

    def test_an_edit_in_a_circle_or_of_itself_is_passed_over(self):
        shared = self.share()
        said_id, said = self.by_mallory(shared, "m.room.message", {"msgtype": "m.text", "body": "first"})
        edit_id, edit = self.by_mallory(shared, "m.room.message", self.edit(said_id, "second"))
        again_id, again = self.by_mallory(shared, "m.room.message", self.edit(edit_id, "third, of the edit"))
        for event_id, event in ((said_id, said), (edit_id, edit), (again_id, again)):
            self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        told = self.chat.wait_for("message.edited", matrix_room_id=shared.room_id, event_id=said_id)
        self.assertEqual(told.body["text"], "second")
        self.untold(shared, "third, of the edit")

    def test_the_same_reaction_by_the_hundred_is_told_once(self):
        shared = self.share()
        said_id = self.said_by_honest(shared, "liked")
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": said_id, "key": "+"}}
        for _ in range(4):
            made = [self.by_mallory(shared, "m.reaction", content) for _ in range(50)]
            self.assertEqual(self.verdicts(self.hostile, [event for _, event in made]), {event_id: {} for event_id, _ in made})
        self.hears_honest(shared)
        self.until(lambda: self.chat.find("reaction.added", matrix_room_id=shared.room_id), "the reaction")
        self.hears_honest(shared)
        self.assertEqual(len(self.chat.find("reaction.added", matrix_room_id=shared.room_id)), 1)

    def test_thousands_that_wait_for_messages_that_never_come_keep_nobody_waiting(self):
        shared = self.share()
        self.hears_honest(shared)
        before = self.memory_mib()
        for page in range(60):
            made = [self.by_mallory(shared, "m.reaction", {"m.relates_to": {
                "rel_type": "m.annotation", "event_id": "$" + f"{page}x{n}".ljust(43, "N"), "key": "+"}}) for n in range(50)]
            self.assertEqual(self.verdicts(self.hostile, [event for _, event in made]), {event_id: {} for event_id, _ in made})
        self.hears_honest(shared)
        waiting = self.inspect("room", "show", shared.room_id)["actor"]["relations_waiting"]
        self.assertLessEqual(waiting, 1_000)
        self.assertLess(self.memory_mib() - before, 60)
        said_id = self.said_by_honest(shared, "still here")
        event_id, event = self.by_mallory(shared, "m.reaction", {"m.relates_to": {
            "rel_type": "m.annotation", "event_id": said_id, "key": "!"}})
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("reaction.added", matrix_room_id=shared.room_id, event_id=said_id)

    def beside(self, shared, event_type, content):
        """(event id, event) of mallory's after the head; what follows does not cite it."""
        return shared.room.make(event_type, content, sender=shared.mallory, signer=self.hostile)

    def reaction(self, target):
        return {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": "+"}}

    def test_an_edit_and_a_reaction_before_their_message_wait_for_it_and_a_reply_does_not(self):
        shared = self.share()
        late_id, late = self.beside(shared, "m.room.message", {"msgtype": "m.text", "body": "frist"})
        edit_id, edit = self.beside(shared, "m.room.message", self.edit(late_id, "first"))
        reaction_id, reaction = self.beside(shared, "m.reaction", self.reaction(late_id))
        reply_id, reply = self.beside(shared, "m.room.message", {"msgtype": "m.text", "body": "what?", "m.relates_to": {
            "m.in_reply_to": {"event_id": late_id}}})
        self.assertEqual(self.verdicts(self.hostile, [edit, reaction, reply]), {edit_id: {}, reaction_id: {}, reply_id: {}})
        answer = self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=reply_id).body
        self.assertEqual(answer["reply_to"], late_id)
        self.hears_honest(shared)
        self.assertEqual(self.chat.messages(shared.room_id, shared.mallory), ["what?"])
        self.assertEqual(self.verdicts(self.hostile, [late]), {late_id: {}})
        edited = self.chat.wait_for("message.edited", matrix_room_id=shared.room_id, event_id=late_id).body
        self.assertEqual((edited["text"], edited["edit_event_id"], edited["sender"]), ("first", edit_id, shared.mallory))
        added = self.chat.wait_for("reaction.added", matrix_room_id=shared.room_id, event_id=late_id).body
        self.assertEqual((added["key"], added["user"], added["reaction_event_id"]), ("+", shared.mallory, reaction_id))
        # The message was told before what is about it, and the edit never as a message.
        about_it = [each.name for each in self.chat.seen if each.body.get("event_id") == late_id]
        self.assertEqual((about_it[0], sorted(about_it)), ("message.received", ["message.edited", "message.received", "reaction.added"]))
        self.assertEqual(self.chat.messages(shared.room_id, shared.mallory), ["what?", "frist"])

    def test_what_waits_in_vain_for_a_minute_is_shown_as_a_message_if_it_is_an_edit_and_dropped_if_it_is_a_reaction(self):
        shared = self.share()
        never = "$" + "N" * 43
        edit_id, edit = self.beside(shared, "m.room.message", self.edit(never, "as it is now"))
        reaction_id, reaction = self.beside(shared, "m.reaction", self.reaction(never))
        begun = time.monotonic()
        self.assertEqual(self.verdicts(self.hostile, [edit, reaction]), {edit_id: {}, reaction_id: {}})
        told = self.chat.wait_for("message.received", seconds=WAIT_S + PATIENCE_S, matrix_room_id=shared.room_id, event_id=edit_id)
        self.assertGreater(told.arrived - begun, WAIT_S - 5)
        self.assertEqual((told.body["text"], told.body["sender"]), ("as it is now", shared.mallory))
        self.until(lambda: self.inspect("room", "show", shared.room_id)["actor"]["relations_waiting"] == 0, "nothing to wait any more")
        self.hears_honest(shared)
        for name in ("message.edited", "reaction.added"):
            self.assertEqual(self.chat.find(name, matrix_room_id=shared.room_id), [])

    def test_who_has_no_power_bans_nobody_and_deletes_nothing_by_it(self):
        shared = self.share()
        said_id = self.said_by_honest(shared, "stays")
        for target in (shared.room.host, shared.alice):
            event_id, event = shared.room.make("m.room.member", {"membership": "ban", "redact_events": True, "reason": "no"},
                                               sender=shared.mallory, signer=self.hostile, state_key=target)
            self.verdicts(self.hostile, [event])
            self.not_served(event_id)
        self.hears_honest(shared)
        for name in ("room.removed_for", "message.deleted"):
            self.assertEqual(self.chat.find(name, matrix_room_id=shared.room_id), [])
        self.assertEqual(self.honest.get_event(said_id)[1]["pdus"][0]["content"]["body"], "stays")
