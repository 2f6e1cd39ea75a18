"""A broker that breaks a promise on purpose is found out: with each mutant and the crash point that shows it, the checker names the promise."""

import os
import threading
import unittest

from crash_case import CrashCase, names_listed_by

# What several nodes over one database promise is broken there: only the database shows it at will.
OF_THE_STORE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plugin", "store", "mutants.cpp")


class Mutants(CrashCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_room = cls._shared_room(cls.ours, cls.theirs, cls.alice, [cls.bob])

    def say_beside(self, text):
        """In a thread of its own, since its broker will end; what it becomes is in the ledger."""
        thread = threading.Thread(target=self.say, args=(self.ours, self.alice, text), daemon=True)
        thread.start()
        return thread

    def until_the_queue_has_passed(self, text):
        """What was owed to their server before this has come: its queue has one order. In another room, since an event that cites what is
        missing would have it fetched."""
        self.say(self.ours, self.alice, text, room=self.second_room)
        self.theirs.chat.wait_for("message.received", matrix_room_id=self.second_room, text=text)

    def promises_broken_by(self, point, mutant):
        """It ends at `point` over one message, and goes on as it should be."""
        self.arm_ours(point, mutant)
        saying = self.say_beside(mutant)
        self.until(self.has_died, f"the end at {point}")
        self.died_at(point)
        self.start_ours()
        self.until(lambda: not saying.is_alive(), "the answer")
        self.until_the_queue_has_passed(f"after {mutant}")
        return self.promises_broken()

    def promises_broken(self):
        found = self.problems()
        type(self).known = self.known | set(found)
        return {each.promise for each in found}

    def test_who_tells_before_the_commit_is_found_out(self):
        # The commit stands still; nobody who waits for it can have been told. Then the process ends.
        self.arm_ours("command_before_commit:hold", "tell_before_commit")
        saying = self.say_beside("tell_before_commit")
        self.until(lambda: not saying.is_alive(), "an answer while nothing is committed")
        self.ours.kill_server()
        self.start_ours()
        self.until_the_queue_has_passed("after tell_before_commit")
        self.assertIn("acknowledged", self.promises_broken())

    def test_who_drops_the_idempotency_key_is_found_out(self):
        self.assertIn("one_event", self.promises_broken_by("command_after_commit", "idempotency_key_dropped"))

    def test_who_forgets_the_row_of_the_outbox_is_found_out(self):
        self.assertIn("acknowledged", self.promises_broken_by("transaction_before_commit", "outbox_row_forgotten"))

    def test_who_makes_the_transaction_id_anew_is_found_out(self):
        self.assertIn("transaction", self.promises_broken_by("transaction_bytes_sent", "transaction_id_anew"))

    def test_the_same_ends_without_a_mutant_break_nothing(self):
        for point in ("command_after_commit", "transaction_before_commit", "transaction_bytes_sent"):
            with self.subTest(point):
                self.arm_ours(point)
                saying = self.say_beside(f"sound {point}")
                self.until(self.has_died, f"the end at {point}")
                self.died_at(point)
                self.start_ours()
                self.until(lambda thread=saying: not thread.is_alive(), "the answer")
                self.until_the_queue_has_passed(f"after sound {point}")
                self.assert_kept()


class Lists(unittest.TestCase):
    def test_every_mutant_of_the_broker_has_a_case(self):
        cases = self.text(__file__) + self.text(OF_THE_STORE)
        for mutant in names_listed_by("--mutants"):
            self.assertTrue(f'"{mutant}")' in cases or f"(crash::mutant::{mutant}," in cases, mutant)

    @staticmethod
    def text(file):
        with open(file, encoding="utf8") as text:
            return text.read()
