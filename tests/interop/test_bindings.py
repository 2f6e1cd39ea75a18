"""The chat server's own ids of rooms and messages that came from outside, bound with its ACKs: they work at once and for ever."""

from hostile.case import HostileCase


class Bindings(HostileCase):
    """Every message and every room to which one of ours is invited gets an own id with the ACK that tells of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chat.names = cls.own_names

    @staticmethod
    def own_names(notification):
        body = notification.body
        if notification.name == "invitation.received":
            return {"rooms": {body["matrix_room_id"]: own_room(body["matrix_room_id"])}}
        if notification.name == "message.received":
            return {"messages": {body["event_id"]: own_message(body["event_id"])}}
        return None

    def invited(self):
        room, alice = self.honest.found_room(), self.ours.user(self.fresh("alice"))
        self.assertEqual(self.honest.invite(room, alice)[0], 200)
        self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
        return room, alice

    def open_invitations(self, alice):
        return [each["room"] for each in self.chat.command("query.invitations", {"user": alice, "open_only": True})["invitations"]]

    def test_a_room_bound_with_the_ack_of_its_invitation_is_known_by_its_name_from_then_on(self):
        room, alice = self.invited()
        own = own_room(room.room_id)
        self.assertEqual(self.open_invitations(alice), [own])
        self.chat.command("invite.answer", {"room": own, "user": alice, "accept": True})
        self.assertEqual(self.chat.wait_for("room.created", matrix_room_id=room.room_id).body["room"], own)
        self.assertEqual(self.chat.wait_for("invitation.changed", matrix_room_id=room.room_id, state="accepted").body["room"], own)
        event_id, event = room.say("hello")
        self.verdicts(self.honest, [event])
        self.assertEqual(self.chat.wait_for("message.received", event_id=event_id).body["room"], own)
        self.assertEqual(self.chat.command("query.room", {"room": own})["matrix_room_id"], room.room_id)

    def test_the_name_outlives_a_crash_before_anybody_is_in_the_room(self):
        room, alice = self.invited()
        own = own_room(room.room_id)
        self.assertEqual(self.open_invitations(alice), [own])  # a command behind the ACK is answered when that is on disk
        self.chat.names = None
        self.addCleanup(setattr, self.chat, "names", self.own_names)
        self.ours.kill_server()
        self.ours.start_server()
        self.assertEqual(self.open_invitations(alice), [own])
        self.chat.command("invite.answer", {"room": own, "user": alice, "accept": True})
        self.assertEqual(self.chat.wait_for("room.created", matrix_room_id=room.room_id).body["room"], own)

    def test_a_message_bound_with_its_ack_can_be_answered_in_the_same_moment(self):
        room, alice = self.invited()
        self.chat.answer(room.room_id, alice, accept=True)
        for number in range(20):
            event_id, event = room.say(f"question {number}")
            self.verdicts(self.honest, [event])
            self.chat.wait_for("message.received", event_id=event_id)
            self.chat.command("message.send", {"room": room.room_id, "sender": alice, "text": f"answer {number}", "message": self.fresh("m"),
                                               "reply_to": own_message(event_id)})
            answer = self.until(lambda number=number: next((pdu for pdu in list(self.honest.received_pdus)
                                                            if pdu["content"].get("body") == f"answer {number}"), None), "the answer there")
            self.assertEqual(answer["content"]["m.relates_to"]["m.in_reply_to"], {"event_id": event_id})
            room.take(answer)


def own_room(room_id):
    return "chat room " + room_id[1:].replace(":", "_")


def own_message(event_id):
    return "chat message " + event_id[1:]
