"""Who is there: what each side sees of the other's people."""

from harness.case import InteropCase
from scenarios import Conversation, ScenarioBase

ON = {"federation": {"presence": True}}


class PresenceScenarios(ScenarioBase):
    def _sees_there(self, talk, *wanted):
        self.until_equal(lambda: self.theirs.presence_of(talk.bob, talk.alice), wanted, "alice's presence there")

    def _sees_here(self, talk, *wanted):
        self.until_equal(lambda: self.ours.presence_of(talk.alice, talk.bob), wanted, "bob's presence here")

    def test_who_is_there_is_seen_on_the_other_side_with_what_they_say_of_themselves(self):
        talk = Conversation(self)
        self.ours.set_presence(talk.alice, "online", "at work")
        self._sees_there(talk, "online", "at work")
        self.ours.set_presence(talk.alice, "unavailable")
        self._sees_there(talk, "unavailable", "")
        self.theirs.set_presence(talk.bob, "unavailable", "at lunch")
        self._sees_here(talk, "unavailable", "at lunch")
        self.theirs.set_presence(talk.bob, "offline")
        self._sees_here(talk, "offline", "")
        self.ours.set_presence(talk.alice, "offline")
        self._sees_there(talk, "offline", "")

    def test_after_the_switch_nothing_is_told_or_heard(self):
        talk = Conversation(self)
        self.ours.set_presence(talk.alice, "online")
        self._sees_there(talk, "online", "")
        self.ours.chat.command("federation.configure", {"presence": False})
        self.addCleanup(self.ours.chat.command, "federation.configure", {"presence": True})
        told = len(self.ours.chat.ephemeral("presence"))
        self.theirs.set_presence(talk.bob, "unavailable", "unseen")
        self.ours.set_presence(talk.alice, "unavailable", "unseen")
        # Both sides have heard of what came behind it.
        self._talk_in(talk.room, talk.alice, talk.bob)
        self.assertEqual(len(self.ours.chat.ephemeral("presence")), told)
        self.assertEqual(self.theirs.presence_of(talk.bob, talk.alice), ("online", ""))


class PresenceWithSynapse(PresenceScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version, settings={"presence": {"enabled": True}})
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings=ON)


class PresenceWithSynapseInVersion10(PresenceWithSynapse):
    room_version = "10"


class PresenceWithSynapseInVersion12(PresenceWithSynapse):
    room_version = "12"


class PresenceWithCauseway(PresenceScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", settings=ON)
        cls.ours = cls.start_causeway("ours", settings=ON)


class PresenceOfAChatServerThatIsGone(ScenarioBase, InteropCase):
    takes_long = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", settings=ON)
        cls.ours = cls.start_causeway("ours", settings=ON)

    def test_users_of_a_chat_server_that_is_gone_are_seen_as_offline_there(self):
        talk = Conversation(self)
        self.ours.set_presence(talk.alice, "online")
        self.until_equal(lambda: self.theirs.presence_of(talk.bob, talk.alice), ("online", ""), "her to be there")
        self.ours.chat.close()
        self.until_equal(lambda: self.theirs.presence_of(talk.bob, talk.alice), ("offline", ""), "her to be gone there", seconds=180)  # a minute without the chat server
