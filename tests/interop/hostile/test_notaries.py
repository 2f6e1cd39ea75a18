"""Servers that are gone for good: their keys come from a notary, or their events are not believed."""

from causeway_demo.process import free_port
from harness import matrix

from .case import HostileCase

NOTARY_PORT = free_port()


class DeadServer:
    """Nobody listens at its name; its key signs what it once said."""

    def __init__(self):
        self.server_name = f"localhost:{free_port()}"
        self.key = matrix.Key(self.server_name)

    def user(self, localpart):
        return f"@{localpart}:{self.server_name}"

    def document(self):
        return self.key.sign_json({"server_name": self.server_name, "valid_until_ts": matrix.now_ms() + 86_400_000, "old_verify_keys": {},
                                   "verify_keys": {self.key.key_id: {"key": self.key.public}}}, self.server_name)


class Notary(HostileCase):
    settings = {"federation": {"trusted_key_servers": [f"localhost:{NOTARY_PORT}"]}}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.notary = cls.play(NOTARY_PORT)

    def setUp(self):
        super().setUp()
        self.known = {}       # server name -> document
        self.questions = []   # server names of each
        self.countersigner = self.notary.key
        self.notary.lies["key"] = self.answer

    def answer(self, honest, path, query, body):
        if path[3] != "query":
            return honest
        self.questions.append(sorted(body["server_keys"]))
        return 200, {"server_keys": [self.countersigner.sign_json(dict(self.known[name], signatures=dict(self.known[name]["signatures"])), self.notary.server_name)
                                     for name in body["server_keys"] if name in self.known]}

    def dead(self, known=True):
        server = DeadServer()
        if known:
            self.known[server.server_name] = server.document()
        return server

    def test_what_a_dead_server_said_is_believed_when_a_notary_knows_its_key(self):
        dead = self.dead()
        shared = self.share()
        user = shared.room.join_of(dead, self.fresh("ghost"))
        event_id, event = shared.room.say("from beyond", sender=user, signer=dead)
        join = shared.room.events[event["prev_events"][0]]
        self.assertEqual(self.verdicts(self.honest, [join, event])[event_id], {})
        self.chat.wait_for("message.received", matrix_room_id=shared.room_id, event_id=event_id)
        # And we tell it to others, though the server is dead.
        status, answer = self.honest.request("GET", f"/_matrix/key/v2/query/{dead.server_name}")
        self.assertEqual(status, 200)
        self.assertEqual(answer["server_keys"][0]["verify_keys"], {dead.key.key_id: {"key": dead.key.public}})
        self.assertIn(self.ours.server_name, answer["server_keys"][0]["signatures"])

    def test_a_document_the_notary_did_not_sign_or_the_server_did_not_sign_is_not_believed(self):
        for name in ("countersignature", "signature"):
            with self.subTest(name):
                dead = self.dead()
                if name == "countersignature":
                    self.countersigner = matrix.Key("not the notary's")
                else:
                    self.known[dead.server_name]["valid_until_ts"] += 1
                shared = self.share()
                user = shared.room.join_of(dead, self.fresh("ghost"))
                join_id = shared.room.head
                verdict = self.verdicts(self.honest, [shared.room.events[join_id]])[join_id]
                self.assertEqual(verdict, {})  # kept until its key may be had: it is answered for, and no part of the room
                self.assertTrue(any(dead.server_name in question for question in self.questions))
                self.assertNotIn(user, str(self.chat.command("query.room", {"room": shared.room_id})))
                self.countersigner = self.notary.key

    def test_the_keys_of_many_dead_servers_are_asked_for_in_one_question(self):
        room = self.honest.found_room()
        ghosts = [self.dead() for _ in range(30)]
        users = [room.join_of(ghost, self.fresh("ghost")) for ghost in ghosts]
        self.accept(self.honest, room)
        members = str(self.chat.command("query.room", {"room": room.room_id}))
        for user in users:
            self.assertIn(user, members)
        wanted = {ghost.server_name for ghost in ghosts}
        about_them = [question for question in self.questions if wanted & set(question)]
        self.assertEqual(len(about_them), 1)
        self.assertLessEqual(wanted, set(about_them[0]))
