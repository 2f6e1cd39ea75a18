"""Ephemeral data of users that are not the sender's."""

from .case import HostileCase


class ForeignEdus(HostileCase):
    def typing(self, room_id, user, typing=True):
        return {"edu_type": "m.typing", "content": {"room_id": room_id, "user_id": user, "typing": typing}}

    def only_mallory_types(self, shared, edus):
        """All of `edus` are ignored; typing of mallory after them is told."""
        self.assertEqual(self.verdicts(self.hostile, [], [*edus, self.typing(shared.room_id, shared.mallory)]), {})
        self.until(lambda: self.chat.ephemeral("typing", matrix_room_id=shared.room_id, user=shared.mallory), "his own typing")
        self.hears_honest(shared)
        self.assertEqual({(body["user"], body["matrix_room_id"]) for body in self.chat.ephemeral("typing")
                          if body["matrix_room_id"] == shared.room_id}, {(shared.mallory, shared.room_id)})

    def test_typing_of_users_of_other_servers_is_ignored(self):
        shared = self.share()
        self.only_mallory_types(shared, [self.typing(shared.room_id, shared.alice), self.typing(shared.room_id, shared.room.host),
                                         self.typing(shared.room_id, self.hostile.user("stranger")),
                                         self.typing(shared.room_id, "@nobody"), self.typing(shared.room_id, "")])

    def test_typing_in_rooms_he_is_not_in_is_ignored(self):
        shared = self.share()
        private = self.honest.found_room()
        alice = self.accept(self.honest, private)
        self.only_mallory_types(shared, [self.typing(private.room_id, shared.mallory), self.typing(private.room_id, alice),
                                         self.typing("!unheard:of", shared.mallory), self.typing("no room", shared.mallory)])
        self.assertEqual(self.chat.ephemeral("typing", matrix_room_id=private.room_id), [])

    def test_typing_of_who_has_left_is_ignored(self):
        shared = self.share()
        helper = shared.room.join_of(self.hostile, self.fresh("helper"))
        join_id = shared.room.state["m.room.member", helper]
        left_id, left = shared.room.add("m.room.member", {"membership": "leave"}, sender=helper, state_key=helper, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [shared.room.events[join_id], left]), {join_id: {}, left_id: {}})
        self.hears_honest(shared)  # they have left: an EDU may overtake events
        self.only_mallory_types(shared, [self.typing(shared.room_id, helper)])

    def test_edus_of_the_wrong_shape_are_ignored(self):
        shared = self.share()
        content = self.typing(shared.room_id, shared.mallory)["content"]
        odd = [5, "x", None, [], {}, {"edu_type": "m.typing"}, {"edu_type": 5, "content": content}, {"edu_type": "m.typing", "content": []},
               {"content": content}]
        for changes in ({"typing": "yes"}, {"typing": 1}, {"user_id": 5}, {"user_id": None}, {"room_id": 5}, {"room_id": None}):
            odd.append({"edu_type": "m.typing", "content": {**content, **changes}})
        self.assertEqual(self.verdicts(self.hostile, [], odd), {})
        self.hears_honest(shared)
        self.assertEqual(self.chat.ephemeral("typing", matrix_room_id=shared.room_id), [])

    def test_receipts_presence_and_devices_of_other_servers_users_are_ignored(self):
        shared = self.share()
        head, event = shared.room.say("read me")
        self.assertEqual(self.verdicts(self.honest, [event]), {head: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=head)
        seen, ephemeral = len(self.chat.seen), len(self.chat.ephemeral("receipt")) + len(self.chat.ephemeral("presence"))
        foreign = []
        for user in (shared.alice, shared.room.host):
            foreign += [
                {"edu_type": "m.receipt", "content": {shared.room_id: {"m.read": {user: {"event_ids": [head], "data": {"ts": 1}}}}}},
                {"edu_type": "m.presence", "content": {"push": [{"user_id": user, "presence": "online", "last_active_ago": 1}]}},
                {"edu_type": "m.device_list_update", "content": {"user_id": user, "device_id": "X", "stream_id": 1, "prev_id": []}},
                {"edu_type": "m.signing_key_update", "content": {"user_id": user, "master_key": {}}},
                {"edu_type": "m.direct_to_device", "content": {"sender": user, "type": "m.x", "message_id": "1",
                                                               "messages": {shared.alice: {"*": {}}}}}]
        self.assertEqual(self.verdicts(self.hostile, [], foreign), {})
        self.hears_honest(shared)
        self.assertEqual([each.name for each in self.chat.seen[seen:]], ["message.received"])
        self.assertEqual(len(self.chat.ephemeral("receipt")) + len(self.chat.ephemeral("presence")), ephemeral)

    def test_a_transaction_of_bad_edus_does_not_harm_its_events(self):
        shared = self.share()
        event_id, event = shared.room.message("in bad company", sender=shared.mallory, signer=self.hostile)
        self.assertEqual(self.verdicts(self.hostile, [event], [{}, 5, {"edu_type": "m.typing", "content": {"user_id": shared.alice}}]),
                         {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
