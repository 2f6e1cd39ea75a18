"""Events that are not whose they claim to be, or not what was signed."""

from harness import matrix

from .case import HostileCase
from .hosted_room import LEVELS


class ForgedEvents(HostileCase):
    def dropped(self, shared, event_id, event, text, error="bad_signature"):
        """Refused by itself, not stored, nobody is told."""
        answer = self.verdicts(self.hostile, [event])
        self.assertEqual(list(answer), [event_id])
        self.assertTrue(answer[event_id].get("error", "").startswith(error), answer)
        self.not_served(event_id)
        self.untold(shared, text)

    def test_an_event_signed_by_a_wrong_key_is_dropped(self):
        shared = self.share()
        event_id, event = shared.room.message("wrong key", sender=shared.mallory, sign=False)
        matrix.Key("another", self.hostile.key.key_id).sign_event(event, "11", self.hostile.server_name)
        self.dropped(shared, event_id, event, "wrong key")

    def test_an_event_signed_by_another_server_in_its_own_name_is_dropped(self):
        shared = self.share()
        event_id, event = shared.room.message("his word, my seal", sender=shared.room.host, signer=self.hostile)
        self.dropped(shared, event_id, event, "his word, my seal")

    def test_an_event_signed_by_another_server_in_the_senders_name_is_dropped(self):
        shared = self.share()
        event_id, event = shared.room.message("his word, his name", sign=False)
        self.hostile.key.sign_event(event, "11", self.honest.server_name)
        self.dropped(shared, event_id, event, "his word, his name")

    def test_an_event_in_the_name_of_our_user_is_dropped(self):
        shared = self.share()
        event_id, event = shared.room.message("she never said", sender=shared.alice, signer=self.hostile)
        self.dropped(shared, event_id, event, "she never said")
        event_id, event = shared.room.message("nor that", sender=shared.alice, sign=False)
        self.hostile.key.sign_event(event, "11", self.ours.server_name)
        self.dropped(shared, event_id, event, "nor that")

    def test_an_event_without_any_signature_is_dropped(self):
        shared = self.share()
        event_id, event = shared.room.message("unsigned", sender=shared.mallory, sign=False)
        self.dropped(shared, event_id, {**event, "signatures": {}}, "unsigned")
        self.dropped(shared, event_id, {**event, "signatures": {self.hostile.server_name: {}}}, "unsigned")

    def test_a_signature_that_is_no_signature_is_dropped(self):
        shared = self.share()
        event_id, event = shared.room.message("odd", sender=shared.mallory, sign=False)
        for text in ("", "A", "!" * 86, "A" * 86, "A" * 60_000):
            with self.subTest(length=len(text)):
                self.dropped(shared, event_id,
                             {**event, "signatures": {self.hostile.server_name: {self.hostile.key.key_id: text}}}, "odd")

    def test_a_good_signature_beside_one_of_an_unknown_key_is_good(self):
        shared = self.share()
        event_id, event = shared.room.message("two keys", sender=shared.mallory, signer=self.hostile)
        matrix.Key("another", "ed25519:unheard").sign_event(event, "11", self.hostile.server_name, rehash=False)
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        self.hears_honest(shared)

    def test_a_true_event_of_another_server_in_a_foreign_transaction_is_taken_once(self):
        shared = self.share()
        event_id, event = shared.room.say("carried by a stranger")
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.hears_honest(shared)
        self.assertEqual(self.chat.messages(shared.room_id).count("carried by a stranger"), 1)

    def test_an_event_that_was_altered_on_the_way_is_asked_for_whole_where_it_was_made(self):
        shared = self.share()
        event_id, event = shared.room.say("what he said")
        for altered in ({"msgtype": "m.text", "body": "what he did not say"}, {}):
            self.assertEqual(self.verdicts(self.hostile, [{**event, "content": altered}]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id, text="what he said")
        self.untold(shared, "what he did not say")
        self.assertEqual(self.honest.get_event(event_id)[1]["pdus"][0]["content"], event["content"])

    def test_a_stripped_copy_erases_nothing_for_good(self):
        shared = self.share()
        event_id, event = shared.room.message("erased")
        # Its own server does not answer just now: what is left is taken, until somebody has the whole.
        self.assertEqual(self.verdicts(self.hostile, [{**event, "content": {}}]), {event_id: {}})
        self.hears_honest(shared)
        self.until(lambda: self.hostile.get_event(event_id)[0] == 200, "the event in the room")
        self.assertEqual(self.chat.find("message.received", event_id=event_id), [])
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id, text="erased")
        self.assertEqual(self.hostile.get_event(event_id)[1]["pdus"][0]["content"], event["content"])
        self.assertEqual(len(self.chat.find("message.received", event_id=event_id)), 1)

    def test_a_bogus_copy_under_an_unknown_key_does_not_swallow_the_genuine_event(self):
        shared = self.share()
        event_id, event = shared.room.message("genuine")
        bogus = {**event, "signatures": {self.honest.server_name: {"ed25519:unheard": "A" * 86}}}
        self.assertEqual(self.verdicts(self.hostile, [bogus]), {event_id: {}})
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id, text="genuine")
        self.hears_honest(shared)
        self.assertEqual(len(self.chat.find("message.received", event_id=event_id)), 1)

    def test_a_content_that_does_not_match_its_hash_is_not_kept(self):
        shared = self.share()
        event_id, event = shared.room.message("hashed", sender=shared.mallory, signer=self.hostile)
        event["content"] = {"msgtype": "m.text", "body": "not hashed"}
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.untold(shared, "not hashed")
        self.assertEqual(self.chat.find("message.received", event_id=event_id), [])
        status, served = self.honest.get_event(event_id)
        self.assertEqual((status, served["pdus"][0]["content"]), (200, {}))

    def test_a_membership_keeps_what_a_redaction_keeps_when_its_hash_is_wrong(self):
        shared = self.share()
        user = self.hostile.user(self.fresh("mask"))
        event_id, event = shared.room.make("m.room.member", {"membership": "join", "displayname": "Honest Bob"}, sender=user,
                                           state_key=user, signer=self.hostile)
        event["content"]["displayname"] = "The Administrator"
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.untold(shared, "The Administrator", "Honest Bob")
        self.chat.wait_for("member.changed", matrix_room_id=shared.room_id, user=user, membership="join")
        self.assertEqual(self.honest.get_event(event_id)[1]["pdus"][0]["content"], {"membership": "join"})

    def test_a_removed_hash_is_malformed(self):
        shared = self.share()
        _, event = shared.room.message("no hash", sender=shared.mallory, sign=False)
        for hashes in ({}, {"sha256": 5}, "x", None):
            with self.subTest(hashes=hashes):
                bare = {**matrix.without(event, "hashes"), "hashes": hashes}
                self.hostile.key.sign_event(bare, "11", self.hostile.server_name, rehash=False)
                self.dropped(shared, matrix.event_id(bare, "11"), bare, "no hash", "bad_json")

    def test_a_moderator_does_not_get_round_the_levels_by_sending_an_event_without_a_key_and_then_whole(self):
        """`notifications` is for those of level 100; no redaction leaves it, so both forms are one event."""
        for version in ("10", "11", "12"):
            with self.subTest(version):
                room = self.honest.found_room(room_version=version)
                mallory = room.join_of(self.hostile, self.fresh("mallory"))
                base = {**LEVELS, "users": {mallory: 50} if version == "12" else {room.host: 100, mallory: 50},
                        "events": {**LEVELS.get("events", {}), "m.room.power_levels": 50}}
                room.add("m.room.power_levels", base, state_key="")
                alice = self.accept(self.honest, room)
                event_id, event = room.make("m.room.power_levels", {**base, "notifications": {"room": 100}}, sender=mallory, state_key="", signer=self.hostile)
                self.assertEqual(self.verdicts(self.hostile, [{**event, "content": base}]), {event_id: {}})
                self.verdicts(self.hostile, [event])
                self.verdicts(self.honest, [event])
                said, message = room.say("still here")
                self.assertEqual(self.verdicts(self.honest, [message]), {said: {}})
                self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=said)
                served = self.honest.get_event(event_id)[1]["pdus"][0]["content"]
                self.assertNotIn("notifications", served)
                self.assertEqual(served["users"], base["users"])
                self.ours.send(room.room_id, alice, "and she")
