"""What stands between us and a homeserver answers too: a proxy, a hosting page, a captive portal, often with 200. Nothing of that is an answer:
what was asked is asked again, and what was said is said again, until the homeserver itself has spoken."""

import socket

from .case import HostileCase

PAGE = b"<!DOCTYPE html>\n<html><head><title>Welcome to nginx!</title></head><body>hosted here</body></html>"


def cut_off(handler):
    """The head of an answer and half of its body; then the connection ends."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"pdus":{')
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


def redirect(handler):
    handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: https://portal.invalid/login\r\nContent-Length: 0\r\n\r\n")


# Name -> answer that is none, to whatever was asked.
STRANGE = {
    "a web page": (200, PAGE),
    "nothing": (200, b""),
    "a list": (200, b"[]"),
    "null": (200, b"null"),
    "another program's JSON": (200, {"status": "success", "login": "https://portal.invalid"}),
    "an error with 200": (200, {"errcode": "M_UNKNOWN", "error": "oops"}),
    "half of an answer": (200, cut_off),
    "no content": (204, b""),
    "a redirect": (302, redirect),
    "a page not found": (404, PAGE),
    "a page that forbids": (403, PAGE),
}


class StrangeAnswers(HostileCase):
    settings = {"invitation": {"retry_delay_ms_min": 50, "retry_delay_ms_max": 100, "knock_check_s": 1},
                "federation": {"retry_delay_ms_min": 50, "retry_delay_ms_max": 200, "key_fetch_retry_ms": 100}}

    def lie(self, word, answer):
        """From now on `word` is answered so, and the homeserver behind hears nothing of it."""
        heard = []

        def strange(*_):
            heard.append(word)
            return answer
        self.hostile.lies[word] = strange
        return heard

    def test_a_message_is_delivered_when_the_homeserver_has_taken_it_and_not_before(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.create_public(alice, self.fresh("open"))
        self.hostile.join(room, self.fresh("mallory"))
        for name, answer in STRANGE.items():
            with self.subTest(name):
                text = f"said while there was {name}"
                heard = self.lie("send", answer)
                self.ours.send(room, alice, text)
                self.until(lambda heard=heard: len(heard) >= 3, "the same transaction again and again")
                self.assertEqual(self.inspect("server", "show", self.hostile.server_name)["server"]["queued"], 1)
                self.hostile.received_pdus.clear()
                self.hostile.lies.clear()
                self.until(lambda text=text: text in [pdu["content"].get("body") for pdu in list(self.hostile.received_pdus)], "the message")
                self.until(lambda: self.inspect("server", "show", self.hostile.server_name)["server"]["queued"] == 0, "the end of the queue")

    def test_answers_of_servers_in_use_that_are_not_the_letter_count_as_delivered(self):
        alice = self.ours.user(self.fresh("alice"))
        room = self.ours.create_public(alice, self.fresh("open"))
        self.hostile.join(room, self.fresh("mallory"))
        for answer in ({}, {"pdus": {}, "edus": {}}, {"$ejabberd": {}}, {"$ejabberd": {"error": "not_allowed"}}):
            with self.subTest(answer):
                self.hostile.lies["send"] = lambda *_, answer=answer: (200, answer)
                self.ours.send(room, alice, f"answered {answer}")
                self.until(lambda: self.inspect("server", "show", self.hostile.server_name)["server"]["queued"] == 0, "the end of the queue")

    def test_a_rejection_is_told_as_soon_as_the_homeserver_answers(self):
        for word in ("make_leave", "send_leave"):
            for name, answer in STRANGE.items():
                with self.subTest(f"{word}: {name}"):
                    room = self.hostile.found_room()
                    alice = self.ours.user(self.fresh("alice"))
                    self.assertEqual(self.hostile.invite(room, alice)[0], 200)
                    self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
                    left = []
                    honest = {
                        "make_leave": lambda _h, parts, *_, room=room: (200, {"event": room.template(parts[5], "leave"), "room_version": "11"}),
                        "send_leave": lambda _h, _p, _q, body, left=left: (200, left.append(body) or {})}
                    self.hostile.lies.update(honest)
                    heard = self.lie(word, answer)
                    self.chat.answer(room.room_id, alice, accept=False)
                    self.until(lambda heard=heard: len(heard) >= 10, "attempts beyond those after which a refusal is believed")
                    self.hostile.lies.update(honest)
                    self.until(lambda left=left: left, "the rejection")
                    self.assertEqual((left[0]["sender"], left[0]["content"]["membership"]), (alice, "leave"))

    def test_an_invitation_is_offered_until_the_homeserver_answers(self):
        for name, answer in STRANGE.items():
            with self.subTest(name):
                heard = self.lie("invite", answer)
                alice, user = self.ours.user(self.fresh("alice")), self.hostile.user(self.fresh("guest"))
                room = self.ours.create_channel(alice, [user])
                self.until(lambda heard=heard: len(heard) >= 3, "attempts")
                self.hostile.lies.clear()
                self.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="pending")

    def test_a_join_that_met_something_strange_succeeds_when_it_is_tried_again(self):
        for word in ("make_join", "send_join"):
            for name, answer in STRANGE.items():
                with self.subTest(f"{word}: {name}"):
                    room = self.hostile.found_room()
                    alice = self.ours.user(self.fresh("alice"))
                    self.assertEqual(self.hostile.invite(room, alice)[0], 200)
                    self.chat.wait_for("invitation.received", matrix_room_id=room.room_id, user=alice)
                    self.lie(word, answer)
                    with self.assertRaises(Exception):
                        self.chat.answer(room.room_id, alice, accept=True)
                    self.hostile.lies.clear()
                    if word == "make_join":
                        self.chat.answer(room.room_id, alice, accept=True)
                    # The answer to a join that was sent may have been lost: it is repeated by itself.
                    self.until(lambda room=room, alice=alice: room.membership(alice) == "join" and self.chat.find("room.created", matrix_room_id=room.room_id),
                               "the join")

    def test_a_knock_is_offered_until_the_homeserver_answers(self):
        for word in ("make_knock", "send_knock"):
            for name, answer in STRANGE.items():
                with self.subTest(f"{word}: {name}"):
                    room = self.hostile.found_room(join_rule="knock")
                    alice = self.ours.user(self.fresh("alice"))
                    heard = self.lie(word, answer)
                    self.ours.knock(room.room_id, alice, [self.hostile.server_name])
                    self.until(lambda heard=heard: len(heard) >= 3, "attempts")
                    self.hostile.lies.clear()
                    self.until(lambda room=room, alice=alice: room.membership(alice) == "knock", "the knock")

    def test_keys_are_fetched_until_the_homeserver_answers(self):
        for name, answer in STRANGE.items():
            with self.subTest(name):
                server = self.play()
                server.lies["key"] = lambda *_, answer=answer: answer
                self.refused(server.request("GET", "/_matrix/federation/v1/query/profile?user_id=x"), 401, "M_UNAUTHORIZED")
                server.lies.clear()
                self.until(lambda server=server: server.request("GET", "/_matrix/federation/v1/query/profile?user_id=x")[0] != 401, "the key")


class StrangeAnswersAboutTheRoom(HostileCase):
    settings = {"room": {"inbox_retry_ms": 200}, "federation": {"retry_delay_ms_min": 50, "retry_delay_ms_max": 200}}

    def test_a_gap_is_closed_when_the_homeserver_answers(self):
        for word in ("get_missing_events",):
            for name, answer in STRANGE.items():
                if answer[0] in (403, 404):
                    continue  # some servers refuse without an errcode: then the state is asked for, as after any refusal
                with self.subTest(f"{word}: {name}"):
                    shared = self.share()
                    self.honest.lies[word] = lambda *_, answer=answer: answer
                    missed = shared.room.say(f"missed while there was {name}")
                    event_id, event = shared.room.say("after it")
                    self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})
                    self.until(lambda: self.honest.count(word) >= 1, "the question")
                    self.honest.lies.clear()
                    self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
                    self.assertEqual(self.chat.messages(shared.room_id)[-2:], [missed[1]["content"]["body"], "after it"])
