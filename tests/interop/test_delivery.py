"""When every server has a message, and which one delays: a chat server that counts what it is told."""

from harness.case import InteropCase
from scenarios import Scenarios


class DeliveryToAll(InteropCase):
    """One server stands away while a message goes to two."""

    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.synapse = cls.start_synapse("synapse")
        cls.away = cls.start_causeway("away")
        cls.ours = cls.start_causeway("ours", settings={"federation": {"delivery_notifications": "all"}})

    def servers_with(self, event_id):
        """Those of which the chat server was told that they have it."""
        told = [each.body for each in self.ours.chat.find("delivery.changed", event_id=event_id, state="delivered")]
        return {name for body in told for name in (body["server"], *(other["server"] for other in body.get("more_servers", [])))}

    def test_the_last_server_to_get_a_message_is_seen_and_the_one_that_delays_it(self):
        alice, bob, carol = self.ours.user(self.fresh("alice")), self.synapse.user(self.fresh("bob")), self.away.user(self.fresh("carol"))
        room = self.ours.create_channel(alice, [bob, carol])
        for side, user in ((self.synapse, bob), (self.away, carol)):
            self.until(lambda side=side, user=user: side.has_invitation(room, user), "the invitation to reach them")
            side.accept(room, user)
            self.until(lambda user=user: user in self.ours.members(room, alice), "them to be in")
        self.away.stop_server()
        sent = self.ours.chat.command("message.send", {"room": room, "sender": alice, "message": self.fresh("m"), "text": "who is there?"})
        self.assertEqual(sent["servers"], 2)
        delayed = self.ours.chat.wait_for("delivery.changed", event_id=sent["event_id"], state="delayed").body
        self.assertEqual(delayed["server"], self.away.server_name)
        self.until_equal(lambda: self.servers_with(sent["event_id"]), {self.synapse.server_name}, "the other one to have it")
        self.assertEqual(self.synapse.texts(room, bob, alice), ["who is there?"])
        self.away.start_server()
        self.until_equal(lambda: len(self.servers_with(sent["event_id"])), sent["servers"], "every server to have it")
        self.until_equal(lambda: self.away.texts(room, carol, alice), ["who is there?"], "carol to read it")
