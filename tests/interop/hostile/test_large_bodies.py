"""Large requests in many names: what is read before anybody is authenticated is bounded, and others are served meanwhile."""

import http.client
import threading
import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION

from .case import HostileCase

MIB = 1024 * 1024


class LargeBodies(HostileCase):
    settings = {"gateway": {"inbound_bodies_mib": 32}}

    def put_in_the_name_of(self, name, body_mib):
        """The status of a transaction that `name` has not signed; None where the connection was closed on it."""
        uri = f"{FEDERATION}/v1/send/{uuid.uuid4().hex}"
        header = matrix.Key(name).authorization("PUT", uri, name, self.ours.server_name, {})
        text = b'{"edus":[],"origin":"' + name.encode() + b'","origin_server_ts":1,"pad":"' + b"x" * (body_mib * MIB) + b'","pdus":[]}'
        try:
            return self.hostile.raw("PUT", uri, text, header)[0]
        except (OSError, http.client.HTTPException):
            return None

    def test_large_transactions_in_invented_names_leave_memory_and_others_alone(self):
        shared = self.share()
        self.hears_honest(shared)
        before = self.memory_mib()
        answers, most = [], []
        word = uuid.uuid4().hex[:8]

        def attack(number):
            for turn in range(5):
                answers.append(self.put_in_the_name_of(f"{word}-{number}-{turn}.example", 10))
        threads = [threading.Thread(target=attack, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                self.hears_honest(shared)
                most.append(self.memory_mib())
        finally:
            for thread in threads:
                thread.join()
        self.assertEqual(len(answers), 100)
        self.assertLessEqual(set(answers), {None, 401, 429}, answers)
        self.assertIn(429, answers)
        self.assertLess(max(most) - before, 250)  # a gigabyte was sent
        self.assertEqual(self.hostile.send([])[0], 200)

    def test_a_large_transaction_of_a_server_that_was_heard_of_is_taken(self):
        shared = self.share()
        event_id, event = shared.room.message("with much unsigned", sender=shared.mallory, signer=self.hostile)
        event["unsigned"] = {"x": "y" * (8 * MIB)}
        self.assertEqual(self.verdicts(self.hostile, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
