"""A room with a policy server: it looks at everything before it is taken."""

from causeway_demo.chat_server import CommandError
from harness import matrix

from .case import HostileCase

KEY_ID = "ed25519:policy_server"


class PolicyServer(HostileCase):
    """The hostile server is the policy server here; it refuses what says spam."""

    def setUp(self):
        super().setUp()
        self.key = matrix.Key("policy", KEY_ID)
        self.asked = []
        self.hostile.lies["sign"] = self.sign

    def sign(self, honest, path, query, body):
        self.asked.append(body)
        if "spam" in str(body["content"].get("body")):
            return 400, {"errcode": "M_FORBIDDEN", "error": "no spam here"}
        return 200, {self.hostile.server_name: {KEY_ID: self.key.signature(matrix.redacted(body, "11"))}}

    def guarded(self):
        shared = self.share()
        content = {"via": self.hostile.server_name, "public_keys": {"ed25519": self.key.public}}
        event_id, event = shared.room.add("m.room.policy", content, state_key="")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        # Its turn comes behind the policy event: both are of one room.
        seen_id, seen = shared.room.message("spam that shows that the policy is known")
        self.verdicts(self.honest, [seen])
        self.until(lambda: any("policy is known" in str(each["content"]) for each in self.asked), "the first question")
        self.asked.clear()
        return shared

    def test_our_message_leaves_with_its_signature_beside_ours(self):
        shared = self.guarded()
        event = self.says(shared, "fair words")
        self.assertEqual([each["content"]["body"] for each in self.asked], ["fair words"])
        signatures = event["signatures"]
        self.assertEqual(set(signatures), {self.ours.server_name, self.hostile.server_name})
        matrix.verify(matrix.redacted(event, "11"), signatures[self.hostile.server_name][KEY_ID], self.key.public)

    def test_our_message_it_refuses_is_sent_to_nobody_and_the_chat_server_is_told_why(self):
        shared = self.guarded()
        with self.assertRaises(CommandError) as refusal:
            self.ours.send(shared.room_id, shared.alice, "buy spam")
        self.assertEqual(refusal.exception.code, "policy_denied")
        self.assertIn("M_FORBIDDEN", str(refusal.exception))
        self.says(shared, "fair words after it")
        self.assertNotIn("buy spam", str(self.honest.received_pdus))

    def test_what_comes_unsigned_is_told_only_when_it_signs(self):
        shared = self.guarded()
        fair_id, fair = shared.room.message("fair and unsigned")
        spam_id, spam = shared.room.message("spam and unsigned")
        self.assertEqual(self.verdicts(self.honest, [spam, fair]), {spam_id: {}, fair_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=fair_id)
        shared.room.take(fair)
        # Whoever gets it from us gets it signed.
        told = self.honest.get_event(fair_id)[1]["pdus"][0]
        self.assertIn(KEY_ID, told["signatures"][self.hostile.server_name])
        self.untold(shared, "spam and unsigned")
        self.assertNotIn(spam_id, self.says(shared, "ours after it")["prev_events"])

    def test_what_carries_its_signature_is_taken_without_a_question(self):
        shared = self.guarded()
        event_id, event = shared.room.message("signed before it was sent")
        self.key.sign_event(event, "11", self.hostile.server_name, rehash=False)
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.assertEqual(self.asked, [])

    def test_a_signature_by_another_key_counts_for_nothing(self):
        shared = self.guarded()
        forged = matrix.Key("somebody else", KEY_ID)
        event_id, event = shared.room.message("spam with a forged signature")
        forged.sign_event(event, "11", self.hostile.server_name, rehash=False)
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.untold(shared, "spam with a forged signature")
        self.assertEqual(len([each for each in self.asked if "forged" in str(each["content"])]), 1)
