"""The sequences of events that CONTRACT.md shows are what two brokers tell."""

import os
from collections import Counter

from causeway_demo.broker import Broker
from flows import ASKS, CONTRACT, Play, sections
from harness.case import PATIENCE_S, InteropCase


class ContractFlows(InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        brokers = {}
        for side in "ab":
            brokers[side] = Broker(side, os.path.join(cls.directory, side), cls.authority, settings=ASKS.get(side)).start()
            cls.watched.append(brokers[side].process)
            cls.addClassCleanup(brokers[side].stop)
        cls.play = Play(brokers)
        cls.addClassCleanup(cls.play.close)
        with open(CONTRACT, encoding="utf8") as contract:
            cls.flows = sections(contract.read())

    def test_every_flow_is_shown(self):
        self.assertGreaterEqual(len(self.flows), 8)

    def test_flows_are_told_as_the_contract_says(self):
        for title, steps in self.flows.items():
            with self.subTest(title):
                self.play.forget()
                for step, expected in steps:
                    self._carry_out(step, expected)
                # Whatever was told beside that would come before this.
                room = "after " + title
                self.assertTrue(self.play.chats["a"].command("room.create", {"room": room, "type": "channel", "name": room, "creator": "last", "members": []})[0])
                late = []
                self.until(lambda: late.extend(self.play.told("a")) or any(f'"{room}"' in line for line in late), f"the end of {title}")
                late = [line for line in late + self.play.told("b") if f'"{room}"' not in line]
                self.assertEqual(late, [], "told and not in the contract")

    def _carry_out(self, step, expected):
        side, name, body = step
        answer = self.play.run(side, name, body)
        lines = [(side, answer)] if answer else []

        def all_came():
            lines.extend((each, line) for each in "ab" for line in self.play.told(each))
            return len(lines) >= len(expected)
        try:
            self.until(all_came, f"{len(expected)} lines after {name}", PATIENCE_S)
        except AssertionError:
            self.assertEqual(Counter(lines), Counter(expected), f"after {side} > {name}")
            raise
        # Actors write on their own: what two of them tell may come in either order.
        self.assertEqual(Counter(lines), Counter(expected), f"after {side} > {name}")
