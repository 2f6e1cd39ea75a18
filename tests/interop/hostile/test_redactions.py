"""Redactions that are none, that come too early, or that reach for what is not theirs."""

from .case import HostileCase


class Redactions(HostileCase):
    def redaction(self, shared, target, **changes):
        return shared.room.make("m.room.redaction", {"redacts": target}, **{"sender": shared.mallory, "signer": self.hostile, **changes})

    def content(self, event_id):
        status, answer = self.honest.get_event(event_id)
        self.assertEqual(status, 200, answer)
        return answer["pdus"][0]["content"]

    def test_a_stranger_deletes_nothing(self):
        shared = self.share()
        said_id, said = shared.room.say("mine")
        self.assertEqual(self.verdicts(self.honest, [said]), {said_id: {}})
        event_id, event = self.redaction(shared, said_id)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.hears_honest(shared)
        self.assertEqual(self.chat.find("message.deleted", matrix_room_id=shared.room_id), [])
        self.assertEqual(self.content(said_id)["body"], "mine")

    def test_a_deletion_that_comes_before_the_message_is_remembered_through_a_crash(self):
        shared = self.share()
        said_id, said = shared.room.message("unsaid", sender=shared.mallory, signer=self.hostile)
        event_id, event = self.redaction(shared, said_id)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.hears_honest(shared)
        self.ours.kill_server()
        self.ours.start_server()
        self.assertEqual(self.verdicts(self.hostile, [said]), {said_id: {}})
        self.untold(shared, "unsaid")
        served = self.honest.get_event(said_id)[1]["pdus"][0]
        self.assertEqual(served["content"], {})
        self.assertEqual(served["unsigned"]["redacted_because"]["content"], {"redacts": said_id})
        self.assertEqual(self.chat.find("message.deleted", matrix_room_id=shared.room_id), [])

    def test_no_deletion_reaches_into_another_room(self):
        shared, other = self.share(), self.share()
        said_id, said = other.room.message("in the other room", sender=other.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [said]), {said_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=other.room_id, event_id=said_id)
        event_id, event = self.redaction(shared, said_id)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.hears_honest(shared)
        self.hears_honest(other)
        self.assertEqual(self.chat.find("message.deleted"), [])
        self.assertEqual(self.content(said_id)["body"], "in the other room")

    def test_a_deletion_that_is_rejected_deletes_nothing(self):
        shared = self.share()
        said_id, said = shared.room.message("stays", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [said]), {said_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said_id)
        ghost = self.hostile.user("ghost")
        event_id, event = self.redaction(shared, said_id, sender=ghost)
        self.verdicts(self.hostile, [event])
        self.hears_honest(shared)
        self.assertEqual(self.chat.find("message.deleted", matrix_room_id=shared.room_id), [])
        self.assertEqual(self.content(said_id)["body"], "stays")

    def test_strange_targets_do_no_harm(self):
        shared = self.share()
        create = shared.room.state["m.room.create", ""]
        for target in (create, "", "nonsense", 7, None, [create], {"a": 1}):
            with self.subTest(target=target):
                event_id, event = self.redaction(shared, target)
                self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.hears_honest(shared)
        self.assertIn("creator", self.content(create))
