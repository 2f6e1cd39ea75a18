"""Our broker is ended at every crash point while both sides talk, invite, read and ban; it is started again, and no promise is broken."""

import unittest

from crash_case import CrashCase, names_listed_by

# So many rounds of traffic pass every point of a class at least once.
ROUNDS_MAX = 3


class AtEachPoint(CrashCase):
    """A case for each of `points`, all with the same two brokers."""
    points = ()

    def __init_subclass__(cls):
        super().__init_subclass__()
        for point in cls.points:
            setattr(cls, f"test_nothing_is_lost_or_doubled_by_an_end_at_{point}", lambda self, point=point: self.end_at(point))

    def end_at(self, point):
        self.arm_ours(point)
        rounds = []
        while not rounds or not self.has_died() and len(rounds) < ROUNDS_MAX:
            rounds.append(self.play_round())
            # What is behind the last answer (acknowledgements, markers) is passed within the next round at the latest.
            self.until(lambda: self.has_died() or rounds[-1].is_done(), f"the end at {point}, or of a round without it")
        self.until(self.has_died, f"the end at {point}: {ROUNDS_MAX} rounds do not pass it")
        self.died_at(point)
        self.start_ours()
        for each in rounds:
            each.finish()
        self.assert_kept()
        for each in rounds:
            each.ask_again()
        self.assert_kept()


class TalkingWithTheChatServer(AtEachPoint):
    points = ("command_received", "command_before_commit", "command_after_commit", "result_sent", "event_before_send", "event_sent", "ack_received",
              "ack_before_commit", "ack_after_commit", "receipt_before_commit", "receipt_after_commit")


class Receiving(AtEachPoint):
    points = ("transaction_received", "pdus_before_commit", "pdus_after_commit", "answer_before_send", "answer_sent", "answer_before_commit",
              "invite_before_commit", "invite_after_commit")


class Sending(AtEachPoint):
    points = ("transaction_before_commit", "transaction_after_commit", "transaction_before_send", "transaction_bytes_sent", "transaction_answered",
              "delivery_before_commit", "delivery_after_commit")


class Inviting(AtEachPoint):
    points = ("invitation_before_commit", "invitation_after_commit", "invitation_bytes_sent", "invitation_taken_before_commit",
              "invitation_taken_after_commit")


class Lists(unittest.TestCase):
    def test_every_crash_point_of_the_broker_has_a_case(self):
        tried = [point for each in (TalkingWithTheChatServer, Receiving, Sending, Inviting) for point in each.points]
        self.assertEqual(sorted(tried), sorted(names_listed_by("--crash-points")))
