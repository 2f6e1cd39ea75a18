"""One trace id from the COMMAND to the other server and back: what grep finds in the logs of two brokers at level debug."""

import json
import os

from harness.case import InteropCase


class Traces(InteropCase):
    def start(self, name):
        log = os.path.join(self.directory, name + ".log")
        return self.start_causeway(name, settings={"log": {"file": log, "format": "json", "level": "debug"}}), log

    @staticmethod
    def lines(log, **fields):
        with open(log, encoding="utf8") as text:
            records = [json.loads(each) for each in text if each.endswith("\n")]
        return [each for each in records if all(each.get(key) == value for key, value in fields.items())]

    def test_a_message_is_found_from_the_command_to_the_other_server(self):
        (ours, our_log), (theirs, their_log) = self.start("ours"), self.start("theirs")
        alice, bob = ours.user("alice"), theirs.user("bob")
        room = ours.create_channel(alice, [bob])
        self.until(lambda: theirs.has_invitation(room, bob), "the invitation")
        theirs.accept(room, bob)
        self.until(lambda: bob in ours.members(room, alice), "bob to be in the room")
        ours.send(room, alice, "hello")
        self.until_equal(lambda: theirs.texts(room, bob, alice), ["hello"], "the message there")
        answered = self.lines(our_log, what="command answered", command="message.send")
        self.assertEqual(len(answered), 1)
        trace = answered[0]["trace"]
        self.assertRegex(trace, "^[0-9a-f]{16}$")
        sent = self.lines(our_log, what="request sent", method="PUT", trace=trace)
        self.assertEqual(len(sent), 1, self.lines(our_log, trace=trace))
        self.assertIn("/_matrix/federation/v1/send/", sent[0]["target"])
        received = self.lines(their_log, what="request received", method="PUT", target=sent[0]["target"])
        self.assertEqual(len(received), 1)
        self.until(lambda: self.lines(their_log, what="request answered", status="200", trace=received[0]["trace"]), "the answer under the same trace")
        self.assertNotEqual(received[0]["trace"], trace)
