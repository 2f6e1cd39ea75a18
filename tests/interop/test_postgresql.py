"""A broker whose store is a PostgreSQL database: it talks like any other, and the database may die in the middle of it."""

import threading

from causeway_client import CommandError, CommandTimeout
from causeway_demo.postgresql import PostgreSQL
from harness.case import PATIENCE_S, InteropCase
from scenarios import Conversation, ScenarioBase

MESSAGES = 200


class StoreInADatabase(ScenarioBase, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = PostgreSQL(synced=False).start()
        cls.addClassCleanup(cls.database.stop)
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours", settings={"store": {"engine": "postgresql", "url": cls.database.make_database()}})

    def tearDown(self):
        self.database.serve()
        super().tearDown()

    def _told_there(self, talk):
        return [each for each in talk.read_by_bob() if each.startswith("number ")]

    def _say(self, talk, text):
        """As a chat server does: what is refused because the store is away is sent again, under the same id."""
        while True:
            try:
                return self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "message": f"{talk.room} {text}",
                                                               "text": text}, command_id=f"{talk.room} {text}", timeout=PATIENCE_S)
            except CommandError as refusal:
                if refusal.code != "store_failed":
                    raise
                self.assertTrue(refusal.retryable)
                self.until(lambda: self.database.is_serving, "the database")

    def _refusal(self, talk):
        """What is said to somebody who speaks now; nothing: it is taken, or waits with the store."""
        try:
            self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "message": self.fresh("m"), "text": "meanwhile"},
                                   timeout=1)
        except CommandTimeout:
            return None
        except CommandError as refusal:
            return refusal.code, refusal.retryable
        return None

    def test_a_conversation_goes_both_ways_and_outlasts_a_crash_of_the_broker(self):
        talk = Conversation(self)
        self.ours.send(talk.room, talk.alice, "before")
        self.ours.kill_server()
        self.ours.start_server()
        self.ours.send(talk.room, talk.alice, "after")
        self.theirs.send(talk.room, talk.bob, "answer")
        self.until_equal(talk.read_by_bob, ["before", "after"], "our messages there")
        self.until_equal(talk.read_by_alice, ["answer"], "their message here")

    def test_the_database_crashes_under_traffic_and_nothing_is_lost_or_doubled(self):
        talk = Conversation(self)
        all_of_it = [f"number {number}" for number in range(MESSAGES)]
        failed = []

        def talk_on():
            try:
                for text in all_of_it:
                    self._say(talk, text)
            except Exception as why:  # pylint: disable=broad-except
                failed.append(why)
        speaker = threading.Thread(target=talk_on)
        speaker.start()
        for count in (MESSAGES // 4, MESSAGES // 2):
            self.until(lambda count=count: len(self._told_there(talk)) >= count or failed, "messages to go on")
            self.database.crash()
            self.database.serve()
        speaker.join(2 * PATIENCE_S)
        self.assertEqual((speaker.is_alive(), failed), (False, []))
        self.until_equal(lambda: self._told_there(talk), all_of_it, "all of them, once, in order")

    def test_what_is_said_while_the_database_is_away_is_refused_and_taken_when_it_is_back(self):
        talk = Conversation(self)
        self.database.crash()
        self.until(lambda: self._refusal(talk) == ("store_failed", True), "a refusal")
        self.database.serve()
        self._say(talk, "and now")
        self.until_equal(lambda: talk.read_by_bob()[-1:], ["and now"], "our message there")

    def test_a_broker_whose_database_is_away_can_be_stopped(self):
        self.database.crash()
        self.ours.stop_server()
        self.database.serve()
        self.ours.start_server()
        talk = Conversation(self)
        self.ours.send(talk.room, talk.alice, "again")
        self.until_equal(talk.read_by_bob, ["again"], "our message there")
