"""A real Synapse comes back after an outage that counts as long, with much to catch up on."""

import json
import subprocess
import time

from causeway_demo.broker import find_binary
from harness.case import InteropCase
from scenarios import Conversation, ScenarioBase


class CatchUpWithSynapse(ScenarioBase, InteropCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse")
        cls.ours = cls.start_causeway("ours", settings={"federation": {"catch_up_after_ms": 1000, "catch_up_pdus_min": 20}})

    def queue(self):
        """What the operator is told of the way to Synapse."""
        done = subprocess.run([find_binary("causeway"), "--json", "--socket", self.ours.broker.admin_endpoint, "server", "show",
                               self.theirs.server_name], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout)["actor"]

    def away_for_long(self):
        since = self.queue()["failing_since_ts"]
        return since and time.time() * 1000 - since > 1500

    def test_what_it_missed_arrives_whole_and_once_and_reads_in_order(self):
        talk = Conversation(self)
        self.stop_theirs()
        texts = [f"into the dark {number}" for number in range(120)]
        for text in texts:
            self.ours.send(talk.room, talk.alice, text)
        self.until(self.away_for_long, "an outage that counts as long")
        self.theirs.start_server()
        self.until(lambda: texts[-1] in talk.read_by_bob(), "the newest message")
        self.until(lambda: self.queue()["queued"] == 0, "the queue to be empty")
        # Its history is in order, whatever the order of arrival was.
        self.until_equal(talk.read_by_bob, texts, "what was missed, in order and once")
        self.ours.send(talk.room, talk.alice, "and on")
        self.until_equal(talk.read_by_bob, texts + ["and on"], "the conversation goes on")
