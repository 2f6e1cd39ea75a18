"""A room of more servers than an event is queued for at once (`federation.fan_out_part`): it goes to them in parts, one commit after the
other."""

from harness.case import InteropCase
from scenarios import ScenarioBase

MESSAGES = 40


class CrowdedRooms(ScenarioBase, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse")
        cls.others = [cls.theirs, *(cls.start_causeway(name) for name in ("second", "third", "fourth"))]
        cls.ours = cls.start_causeway("ours", settings={"federation": {"fan_out_part": 1}})

    def _room(self):
        """(room, alice who is here, [(side, a member there)])"""
        alice = self.ours.user(self.fresh("alice"))
        members = [(side, side.user(self.fresh("bob"))) for side in self.others]
        room = self.ours.create_channel(alice, [user for _, user in members])
        for side, user in members:
            self.until(lambda side=side, user=user: side.has_invitation(room, user), f"the invitation to reach {user}")
            side.accept(room, user)
        for _, user in members:
            self.until(lambda user=user: user in self.ours.members(room, alice), f"{user} to be in")
        return room, alice, members

    def _until_all_have(self, room, sender, members, texts):
        for side, user in members:
            self.until_equal(lambda side=side, user=user: side.texts(room, user, sender), texts, f"the messages at {user}")

    def test_each_server_gets_each_message_once_and_in_order(self):
        room, alice, members = self._room()
        texts = [f"number {n}" for n in range(MESSAGES)]
        for text in texts:
            self.ours.send(room, alice, text)
        self._until_all_have(room, alice, members, texts)

    def test_a_crash_between_the_parts_of_messages_loses_and_repeats_none(self):
        room, alice, members = self._room()
        texts = [f"before the crash {n}" for n in range(MESSAGES)]
        for text in texts:
            self.ours.send(room, alice, text)
        # What was acknowledged a moment ago has not reached the queues of all of them.
        self.ours.kill_server()
        late = [(side, user) for side, user in members if side is not self.theirs and len(side.texts(room, user, alice)) < MESSAGES]
        self.assertTrue(late, "nobody was late: nothing was between two parts")
        self.ours.start_server()
        self.ours.send(room, alice, "after it")
        self._until_all_have(room, alice, members, [*texts, "after it"])

    def test_who_says_something_meanwhile_is_read_by_all(self):
        room, alice, members = self._room()
        for n in range(MESSAGES):
            self.ours.send(room, alice, f"of ours {n}")
            if n % 10 == 5:
                side, user = members[n // 10]
                side.send(room, user, f"of {user}")
        self._until_all_have(room, alice, members, [f"of ours {n}" for n in range(MESSAGES)])
        for number, (_, user) in enumerate(members):
            self.until_equal(lambda user=user: self.ours.texts(room, alice, user), [f"of {user}"], f"what {user} said")
            others = [each for at, each in enumerate(members) if at != number]
            for side, reader in others:
                self.until_equal(lambda side=side, reader=reader, user=user: side.texts(room, reader, user), [f"of {user}"],
                                 f"what {user} said, at {reader}")
