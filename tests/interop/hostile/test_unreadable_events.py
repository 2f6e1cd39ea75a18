"""Events that nest too deeply, repeat a key, or are no JSON, among others that are in order: nothing else is lost with them."""

import json
import uuid

from harness import matrix
from harness.fake_homeserver import FEDERATION, quote

from .case import HostileCase


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


class UnreadableEvents(HostileCase):
    settings = {"room": {"inbox_retry_ms": 500, "backfill_on_join": 20}}

    def chain(self, shared, count, word):
        """Messages of mallory, each after the one before."""
        out = []
        for number in range(count):
            previous = [out[-1][0]] if out else [shared.room.head]
            out.append(shared.room.message(f"{word} {number}", sender=shared.mallory, signer=self.hostile, prev_events=previous))
        return out

    def put_text(self, pdus):
        """A transaction of PDUs given as text, signed as it stands."""
        uri = f"{FEDERATION}/v1/send/{uuid.uuid4().hex}"
        text = (f'{{"edus":[],"origin":"{self.hostile.server_name}","origin_server_ts":{matrix.now_ms()},"pdus":['.encode()
                + b",".join(pdus) + b"]}")
        header = self.hostile.key.authorization_of_text("PUT", uri, self.hostile.server_name, self.ours.server_name, text)
        return self.hostile.raw("PUT", uri, text, header)

    def all_but_one_are_taken(self, shared, said, answer):
        self.assertEqual(answer[0], 200, answer)
        self.assertEqual({event_id: answer[1]["pdus"].get(event_id) for event_id, _ in said}, {event_id: {} for event_id, _ in said})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said[-1][0])

    def test_of_fifty_events_with_a_deep_one_the_others_are_taken_and_it_has_an_error(self):
        shared = self.share()
        said = self.chain(shared, 49, "beside a deep one")
        deep_id, deep = shared.room.make("m.room.message", {"msgtype": "m.text", "body": "deep", "x": nested(150)},
                                         sender=shared.mallory, signer=self.hostile)
        answer = self.hostile.send([deep, *(event for _, event in said)])
        self.all_but_one_are_taken(shared, said, answer)
        self.assertTrue(answer[1]["pdus"][deep_id]["error"].startswith("bad_json"), answer[1]["pdus"][deep_id])
        self.not_served(deep_id)
        self.untold(shared, "deep\"")

    def test_events_with_125_nested_lists_are_told_served_and_read_back(self):
        shared = self.share()
        deep_id, deep = shared.room.add("m.example.deep", {"x": nested(125)}, state_key="")
        said_id, said = shared.room.add("m.room.message", {"msgtype": "m.text", "body": "as deep as may be", "x": nested(125)})
        self.assertEqual(self.honest.send([deep, said]), (200, {"pdus": {deep_id: {}, said_id: {}}}))
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=said_id)
        self.ours.stop_server()  # what follows is read from the store
        self.ours.start_server()
        for event_id, event in ((deep_id, deep), (said_id, said)):
            status, answer = self.honest.get_event(event_id)
            self.assertEqual((status, answer.get("pdus")), (200, [event]))
        after_id, after = shared.room.say("after the restart")
        self.assertEqual(self.verdicts(self.honest, [after]), {after_id: {}})
        status, answer = self.honest.request("GET", f"{FEDERATION}/v1/state/{quote(shared.room_id)}?event_id={quote(after_id)}")
        self.assertEqual(status, 200, answer)
        self.assertIn(deep, answer["pdus"])

    def test_an_event_that_cannot_be_read_at_all_is_left_out_of_its_transaction_alone(self):
        shared = self.share()
        _, event = shared.room.message("unreadable", sender=shared.mallory, signer=self.hostile)
        text = matrix.canonical(event)
        for name, bad in {"nested 5,000 times": text[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}",
                          "a key twice": text[:-1] + b',"depth":7}',
                          "a key twice within": text.replace(b'"msgtype":', b'"body":"x","msgtype":'),
                          "half a surrogate": text.replace(b"unreadable", b"unreadable\\ud800"),
                          "no UTF-8": text.replace(b"unreadable", b"unreadable\xff"),
                          "no JSON": text.replace(b'"depth":', b'"depth":nothing')}.items():
            with self.subTest(name):
                said = self.chain(shared, 2, f"beside {name}")
                answer = self.put_text([matrix.canonical(said[0][1]), bad, matrix.canonical(said[1][1])])
                self.all_but_one_are_taken(shared, said, answer)
                self.assertEqual(len(answer[1]["pdus"]), 2)
        self.untold(shared, "unreadable")

    def test_unreadable_events_count_among_the_fifty(self):
        shared = self.share()
        event_id, event = shared.room.message("with too many", sender=shared.mallory, signer=self.hostile)
        self.refused(self.put_text([b'{"a":1,"a":2}'] * 50 + [matrix.canonical(event)]), 400, "M_BAD_JSON")
        self.not_served(event_id)

    def test_a_room_with_a_deep_event_in_its_state_is_joined_and_works(self):
        room = self.honest.found_room()
        deep_id, _ = room.add("m.example.deep", {"x": nested(150)}, state_key="")
        alice = self.accept(self.honest, room)
        event_id, event = room.say("it works")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
        self.assertIn(alice, self.ours.members(room.room_id, alice))
        self.not_served(deep_id)

    def test_unreadable_members_of_a_joined_state_take_no_others_with_them(self):
        room = self.honest.found_room()
        guest = room.join_of(self.hostile, "guest")

        def lie(honest, *_):
            text = json.dumps(honest[1]).encode()
            bad = b'{"type":"m.room.member","type":"x"},' + b"[" * 5000 + b"]" * 5000 + b',{"a":"\\ud800"},'
            for key in (b'"state": [', b'"auth_chain": ['):
                assert key in text
                text = text.replace(key, key + bad)
            return honest[0], text
        self.honest.lies["send_join"] = lie
        alice = self.accept(self.honest, room)
        self.assertIn(guest, self.ours.members(room.room_id, alice))
        event_id, event = room.say("all are here")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
        self.chat.wait_for("message.received", matrix_room_id=room.room_id, event_id=event_id)
