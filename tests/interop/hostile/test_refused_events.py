"""A server that is there and refuses: one event for ever, ephemeral items, everything for a while. The rest goes on, nothing is lost."""

import threading

from .case import HostileCase

REFUSAL = {"errcode": "M_BAD_JSON", "error": "I do not like it"}


class RefusedEvents(HostileCase):
    settings = {"federation": {"retry_delay_ms_min": 50, "retry_delay_ms_max": 200, "delivery_notifications": "delayed"}}

    def setUp(self):
        super().setUp()
        self.peer = self.play()
        self.alice = self.ours.user(self.fresh("alice"))
        self.rooms = [self.ours.create_public(self.alice, self.fresh("open")) for _ in range(2)]
        for room in self.rooms:
            self.peer.join(room, "mallory")
        self.heard = []  # texts of messages it took, in order
        self.lock = threading.Lock()

    def refuse(self, what):
        """From now on the peer answers what `what(texts, edus)` returns, and 200 where that is nothing."""
        def answer(_honest, _parts, _query, body):
            texts = [pdu["content"].get("body") for pdu in body["pdus"]]
            refusal = what([text for text in texts if text], body.get("edus", []))
            if refusal:
                return refusal
            with self.lock:
                self.heard += [text for text in texts if text and text not in self.heard]
            return 200, {"pdus": {}}
        self.peer.lies["send"] = answer

    def show(self):
        return self.inspect("server", "show", self.peer.server_name)

    def test_one_event_is_set_aside_and_the_rest_goes_on_in_order(self):
        for status, body in ((400, REFUSAL), (400, b"400 Bad Request: invalid format"), (403, b"<html>blocked by the firewall</html>"), (422, REFUSAL)):
            with self.subTest(status=status, body=body):
                self.heard.clear()
                poison, texts = self.fresh("poison"), [f"{self.fresh('text')} {n}" for n in range(10)]
                self.refuse(lambda said, _edus, poison=poison, answer=(status, body): answer if poison in said else None)
                before = self.show()["server"]["refused"]
                said = texts[:3] + [poison] + texts[3:]
                for n, text in enumerate(said):
                    self.ours.send(self.rooms[n % 2], self.alice, text)
                self.until_equal(lambda: list(self.heard), texts, "all the others, in order")
                def told():
                    return [each.body["reason"] for each in self.chat.find("delivery.changed", server=self.peer.server_name, state="failed")]
                self.until_equal(lambda: len(told()), before + 1, "what became of it")
                self.assertIn(str(status), told()[-1])
                self.until(lambda: self.show()["server"]["queued"] == 0, "the end of the queue")
                shown = self.show()
                self.assertEqual(shown["server"]["refused"], before + 1)
                self.assertEqual(shown["server"]["failures"], 0)
                self.assertEqual(shown["refused"][0]["room_id"], self.rooms[1])
                self.assertIn(str(status), shown["refused"][0]["reason"])

    def test_it_stays_set_aside_after_a_restart(self):
        poison = self.fresh("poison")
        asked = []
        self.refuse(lambda said, _edus: poison in said and (asked.append(said) or (400, REFUSAL)))
        self.ours.send(self.rooms[0], self.alice, poison)
        self.until(lambda: self.show()["server"]["refused"] == 1, "the event is set aside")
        self.ours.kill_server()
        self.ours.start_server()
        attempts = len(asked)
        self.ours.send(self.rooms[0], self.alice, "after the restart")
        self.until_equal(lambda: list(self.heard), ["after the restart"], "what was said afterwards")
        self.assertEqual(len(asked), attempts)
        self.assertEqual(self.show()["server"]["refused"], 1)

    def test_a_kill_in_the_middle_loses_nothing(self):
        poison = self.fresh("poison")
        asked = []
        self.refuse(lambda said, _edus: poison in said and (asked.append(said) or (400, REFUSAL)))
        texts = [f"text {n}" for n in range(5)]
        self.ours.send(self.rooms[0], self.alice, poison)
        for text in texts:
            self.ours.send(self.rooms[0], self.alice, text)
        self.until(lambda: len(asked) >= 2, "attempts")
        self.ours.kill_server()
        self.ours.start_server()
        self.until_equal(lambda: list(self.heard), texts, "all the others")
        self.until(lambda: self.show()["server"]["refused"] == 1, "the event is set aside")

    def test_a_server_that_refuses_everything_for_a_while_loses_nothing(self):
        texts = [f"{self.fresh('text')} {n}" for n in range(5)]
        asked = []
        self.refuse(lambda said, _edus: (asked.append(said), (400, REFUSAL))[1])
        for text in texts:
            self.ours.send(self.rooms[0], self.alice, text)
        self.until(lambda: len(asked) >= 40, "many attempts")
        self.assertEqual(self.show()["server"]["refused"], 0)
        self.refuse(lambda *_: None)
        self.until_equal(lambda: list(self.heard), texts, "all of it")

    def test_typing_that_is_refused_blocks_no_message(self):
        self.refuse(lambda _said, edus: (400, REFUSAL) if edus else None)
        for n in range(3):
            self.chat.command("typing", {"user": self.alice, "room": self.rooms[0], "typing": n % 2 == 0})
            self.ours.send(self.rooms[0], self.alice, f"text {n}")
        self.until_equal(lambda: list(self.heard), [f"text {n}" for n in range(3)], "the messages")
        self.assertEqual(self.show()["server"]["refused"], 0)


class OddPdus(HostileCase):
    def test_every_pdu_of_a_transaction_is_judged_alone_whatever_it_is(self):
        shared = self.share()
        for odd in (7, -0.5, None, True, "text", "", [], [{}], {}, {"room_id": 5}, {"room_id": shared.room_id}, {"room_id": "!nowhere:" + self.hostile.server_name}):
            with self.subTest(odd=odd):
                event_id, event = shared.room.say(f"beside {odd!r}")
                typing = {"edu_type": "m.typing", "content": {"room_id": shared.room_id, "user_id": next(iter(shared.room.joined())), "typing": True}}
                status, answer = self.honest.send([odd, event, odd], [odd, typing, odd])
                self.assertEqual(status, 200, answer)
                self.assertEqual(answer["pdus"].get(event_id), {})
                self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)

    def test_lists_that_are_none_are_refused(self):
        for key in ("pdus", "edus"):
            for odd in (7, None, "[]", {}, True):
                with self.subTest(key=key, odd=odd):
                    answer = self.honest.request("PUT", "/_matrix/federation/v1/send/" + self.fresh("t"),
                                                 {"origin": self.honest.server_name, "origin_server_ts": 1, "pdus": [], "edus": [], key: odd})
                    self.refused(answer, 400, "M_BAD_JSON")
