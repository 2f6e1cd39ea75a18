"""Faults that a chat user is shown and that no other chapter plays with a real broker: each code of CONTRACT.md's table as it comes out, and
what the chat server does about it."""

import contextlib
import glob
import os
import socket
import sqlite3

from causeway_demo.certificates import Authority
from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from harness.fake_homeserver import FakeHomeserver
from harness.raw_edge import RawEdge
from hostile.case import HostileCase
from scenarios import ScenarioBase

# Commands that one connection may have open; less than the broker's own bounds.
CREDIT = 8
# Users that the broker asks other servers for at once, and those that one command may name (actors/directory/user_checks.hpp, CONTRACT.md).
ASKED_MAX, NAMED_MAX = 500, 100


class UserFaults(ScenarioBase, InteropCase):
    """The other server never hears of any of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours", settings={"edge": {"command_credit": CREDIT}})
        # Of an authority that our broker has not been told of.
        cls.strange = Authority(os.path.join(cls.directory, "strange-tls"))

    def refusal(self, name, body):
        with self.assertRaises(CommandError) as refused:
            self.ours.chat.command(name, body)
        return refused.exception

    def stranger(self):
        """A server whose certificate nobody here can verify."""
        server = FakeHomeserver(self.strange, self.ours.broker)
        self.addCleanup(server.close)
        return server

    def mute(self):
        """Name of a server that takes connections and says nothing."""
        server = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.addCleanup(server.close)
        return f"localhost:{server.getsockname()[1]}"

    def connection(self):
        edge = RawEdge(self.ours.broker.chat_endpoint)
        self.addCleanup(edge.close)
        return edge.hello("chat-ours")

    # -- 4xx: the other server

    def test_a_server_whose_certificate_is_not_valid_is_asked_for_nothing(self):
        alice = self.ours.user(self.fresh("alice"))
        for name, of_server in (("room.join", "room"), ("room.knock", "room"), ("query.public_rooms", "server")):
            with self.subTest(command=name):
                server = self.stranger()
                body = {"user": alice, "room": f"#square:{server.server_name}"} if of_server == "room" else {"server": server.server_name}
                why = self.refusal(name, body)
                self.assertEqual((why.code, why.retryable), ("peer_tls", True), why)
                self.assertEqual(server.requests, [])

    def test_an_invitation_to_a_server_whose_certificate_is_not_valid_waits_and_says_so(self):
        alice, server = self.ours.user(self.fresh("alice")), self.stranger()
        bob = server.user("bob")
        room = self.ours.create_direct(alice, bob)

        def why():
            told = self.ours.chat.command("query.invitations", {"room": room, "user": bob})["invitations"]
            return [(each["state"], each["last_fault"].partition(":")[0]) for each in told]
        self.until_equal(why, [("sending", "peer_tls")], "the word why it waits")
        self.assertEqual(server.requests, [])
        # It can be taken back all the same.
        self.assertIn(self.ours.chat.revoke(room, alice, bob)["state"], ("revoked", "revoked_unconfirmed"))
        self.assertEqual(self.ours.chat.command("query.invitations", {"user": bob, "open_only": True})["invitations"], [])

    def test_a_server_whose_name_has_no_address_is_told_from_one_that_is_away(self):
        alice = self.ours.user(self.fresh("alice"))
        nobody = f"{self.fresh('nobody')}.invalid:8448"  # RFC 6761: such a name never has one
        why = self.refusal("room.join", {"user": alice, "room": f"#square:{nobody}"})
        self.assertEqual((why.code, why.retryable), ("peer_unresolvable", True), why)

    # -- 5xx and 6xx: too much at once

    def test_what_is_asked_beyond_the_bound_is_overloaded_and_may_be_repeated(self):
        edge, mute = self.connection(), self.mute()
        for number in range(ASKED_MAX // NAMED_MAX + 1):
            users = [f"@user{number}x{each}:{mute}" for each in range(NAMED_MAX)]
            edge.send(b"C", {"id": self.fresh("asked"), "command": "query.verify_users"}, {"users": users})
        _, header, body = edge.expect(b"R")  # the others wait for that server
        self.assertEqual((header["ok"], body["code"], body["retryable"]), (False, "overloaded", True))

    def test_a_command_beyond_the_credit_is_refused_and_the_others_go_on(self):
        edge, mute = self.connection(), self.mute()
        ids = [self.fresh("open") for _ in range(CREDIT + 1)]
        for command_id in ids:
            edge.send(b"C", {"id": command_id, "command": "query.public_rooms"}, {"server": mute, "search": command_id})
        _, header, body = edge.expect(b"R")
        self.assertEqual((header["id"], header["ok"], body["code"], body["retryable"]), (ids[-1], False, "credit_exceeded", True))
        # Another connection has a credit of its own.
        self.assertTrue(self.ours.chat.command("query.federation", {})["enabled"])


class JoinsThatOneServerCannotGrant(HostileCase):
    """A restricted room: whether somebody may join has to be known where they ask, and somebody there has to be able to let them in."""

    def test_who_asks_a_server_that_cannot_know_or_cannot_let_them_in_may_ask_another(self):
        for code in ("unable_to_authorise_join", "unable_to_grant_join"):
            with self.subTest(code=code):
                room = self.hostile.found_room()
                self.hostile.lies["make_join"] = lambda *_, code=code: (400, {"errcode": "M_" + code.upper(), "error": "not by me"})
                refusal = self.join_refused(self.hostile, room, code)
                self.assertTrue(refusal.retryable, refusal)
                self.assertIn("not by me", refusal.detail)

    def close(self, shared, allowed):
        """Only members of the room `allowed` may come in."""
        rule = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": allowed}]}
        self.changed(shared, "m.room.join_rules", rule)

    def changed(self, shared, kind, content):
        event_id, event = shared.room.add(kind, content, state_key="")
        self.assertEqual(self.verdicts(self.honest, [event]), {event_id: {}})

    def test_a_server_that_asks_us_is_told_which_of_the_two_it_is(self):
        shared, club = self.share(), self.share()
        new = self.hostile.user(self.fresh("new"))
        self.close(shared, f"!elsewhere:{self.honest.server_name}")  # none of ours is in that one
        self.refused(self.hostile.make_join(shared.room_id, new), 400, "M_UNABLE_TO_AUTHORISE_JOIN")
        self.close(shared, club.room_id)
        self.refused(self.hostile.make_join(shared.room_id, new), 403, "M_FORBIDDEN")
        levels = shared.room.content_of("m.room.power_levels")
        self.changed(shared, "m.room.power_levels", {**levels, "invite": 75})  # none of ours has that
        self.refused(self.hostile.make_join(shared.room_id, club.mallory), 400, "M_UNABLE_TO_GRANT_JOIN")
        self.changed(shared, "m.room.power_levels", {**levels, "invite": 0})
        self.assertEqual(self.hostile.make_join(shared.room_id, club.mallory)[0], 200)


class ParkedRooms(HostileCase):
    """A row of a room is damaged on disk, so the actor of the room cannot begin."""

    settings = {"supervisor": {"restart_limit": 2, "restart_delay_ms": 10}}

    def put_create_event(self, shared, text):
        """Writes it over the room's create event; returns what was there. The broker is down meanwhile."""
        event_id = shared.room.state["m.room.create", ""]
        self.ours.stop_server()
        database, = glob.glob(os.path.join(self.ours.broker.directory, "data", "*.db"))
        with contextlib.closing(sqlite3.connect(database)) as store, store:
            (before,), = store.execute("SELECT json FROM events WHERE event_id = ?", (event_id,))
            store.execute("UPDATE events SET json = ? WHERE event_id = ?", (text, event_id))
        self.ours.start_server()
        return before

    def test_what_is_said_in_a_room_that_cannot_be_read_is_refused_until_it_can_and_other_rooms_go_on(self):
        shared, other = self.share(), self.share()
        body = {"room": shared.room_id, "sender": shared.alice, "text": "does anybody hear me?", "message": self.fresh("m")}
        codes, command_id = [], self.fresh("parked")
        before = self.put_create_event(shared, "{")

        def is_parked():
            with self.assertRaises(CommandError) as refused:
                self.chat.command("message.send", body, command_id)
            self.assertTrue(refused.exception.retryable, refused.exception)
            codes.append(refused.exception.code)
            return refused.exception.code == "parked" and refused.exception.detail
        detail = self.until(is_parked, "the room to be parked")
        self.assertLessEqual(set(codes), {"store_failed", "parked"})
        self.assertIn(shared.room_id, detail)
        self.says(other, "we go on")
        self.put_create_event(shared, before)
        event_id = self.chat.command("message.send", body, command_id)["event_id"]
        self.until(lambda: "does anybody hear me?" in [pdu["content"].get("body") for pdu in list(self.honest.received_pdus)],
                   "the message to arrive")
        self.assertTrue(event_id.startswith("$"))
