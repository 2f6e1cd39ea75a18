"""The federation is switched on and off, who may federate, who is gone, and what people are called: with a real Synapse and
between two brokers. Each case says what the chat user and what the Matrix user sees."""

import http.client
import json
import ssl
import subprocess

from causeway_demo.broker import find_binary
from causeway_demo.chat_server import CommandError
from causeway_demo.process import free_port
from harness.case import PATIENCE_S, InteropCase
from harness.synapse import ClientError
from moderation_scenarios import REFUSED, ModerationBase


class SwitchingBase(ModerationBase):
    room_version = "11"

    def configure(self, **switches):
        """What is in force then."""
        return self.ours.chat.command("federation.configure", switches)

    def in_force(self):
        return self.ours.chat.command("query.federation", {})

    def restart_ours_hard(self):
        self.ours.kill_server()
        self.ours.start_server()

    def say(self, room, user, text):
        self.ours.chat.command("message.send", {"room": room, "sender": user, "text": text, "message": f"{room} {user} {text}"}, timeout=90)

    def get(self, path):
        """Status of a request to our federation port by somebody who says not who he is."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.ours.broker.port, timeout=120, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


class SwitchingScenarios(SwitchingBase):
    def tearDown(self):
        super().tearDown()
        self.configure(enabled=True, typing=True, allow=[], deny=[], invites="allow")

    def test_while_it_is_off_nothing_goes_out_or_comes_in_and_nothing_is_lost(self):
        alice, bob = self.people()
        carl = self.ours.user(self.fresh("carl"))
        room = self.our_channel(alice, bob)
        self._talk_in(room, alice, bob)
        since = self.configure(enabled=False)["since_ts"]
        self.say(room, alice, "while it is off")
        with self.assertRaises(CommandError) as refused:
            self.ours.chat.create_room("channel", alice, [bob])
        self.assertEqual(refused.exception.code, "federation_disabled")
        self.refused("federation_disabled", "invite.send", {"room": room, "by": alice, "user": self.theirs.user(self.fresh("dan"))})
        self.refused("federation_disabled", "room.join", {"room": f"#nowhere:{self.theirs.server_name}", "user": carl})
        # Among our own users the room goes on.
        self.ours.invite(room, alice, carl)
        self.ours.accept(room, carl)
        self.assertIn(carl, self.ours.members(room, alice))
        delayed = self.ours.chat.wait_for("delivery.changed", PATIENCE_S, matrix_room_id=room, state="delayed").body
        self.assertTrue(delayed["reason"].startswith("federation_disabled"), delayed)
        self.restart_ours_hard()
        told = self.in_force()
        self.assertEqual((told["enabled"], told["since_ts"]), (False, since))
        self.assertIn("enabled", told["configured"])
        self.assertEqual([self.get(path) for path in ("/_matrix/key/v2/server", "/_matrix/federation/v1/version")], [200, 200])
        self.theirs.send(room, bob, "into the void")
        self.not_invited(bob, alice, "M_FORBIDDEN")
        self.say(room, carl, "I am here too")
        self.assertNotIn("while it is off", self.theirs.texts(room, bob, alice))
        self.assertNotIn("into the void", self.ours.texts(room, alice, bob))
        self.configure(enabled=True)
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["from here", "while it is off"], "what was said meanwhile, there")
        self.until_equal(lambda: self.theirs.texts(room, bob, carl), ["I am here too"], "what was said after the restart, there")
        self.ours.chat.wait_for("delivery.changed", PATIENCE_S, matrix_room_id=room, state="delivered")
        self.until_they_reach_us(room, bob)
        self.until_equal(lambda: self.ours.texts(room, alice, bob)[:2], ["from there", "into the void"], "what he said meanwhile, in its place")
        self.assertIn(carl, self.theirs.members(room, bob))

    def test_a_denied_server_waits_and_the_operator_is_told(self):
        alice, bob = self.people()
        room, public = self.our_channel(alice, bob), self.ours.create_public(alice, self.fresh("lobby"))
        told = self.configure(deny=["*.example.org", self.theirs.server_name])
        self.assertEqual(told["deny"], ["*.example.org", self.theirs.server_name])
        self.say(room, alice, "for nobody yet")
        self.refused("server_denied", "invite.send", {"room": room, "by": alice, "user": self.theirs.user(self.fresh("dan"))})
        done = subprocess.run([find_binary("causeway"), "--json", "--socket", self.ours.broker.admin_endpoint, "server", "show", self.theirs.server_name],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = json.loads(done.stdout)["server"]
        self.assertEqual((shown["state"], shown["queued"]), ("excluded", 1))
        self.assertIn("1 event waits", shown["waits_for"])
        self.not_invited(bob, alice, "M_FORBIDDEN")
        with self.assertRaises(REFUSED):
            self.theirs.join(public, bob, [self.ours.server_name])
        self.theirs.send(room, bob, "let me in")  # which is refused, and not lost
        self.configure(deny=["*.example.org"])
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["for nobody yet"], "what was kept for them")
        self.until_they_reach_us(room, bob)
        self.until_equal(lambda: self.ours.texts(room, alice, bob)[:1], ["let me in"], "what he said meanwhile, in its place")
        # An allow list is the other way round.
        self.configure(allow=["friend.example"])
        self.refused("server_denied", "invite.send", {"room": room, "by": alice, "user": self.theirs.user(self.fresh("eli"))})
        self.configure(allow=["friend.example", self.theirs.server_name])
        self.ours.invite(room, alice, self.theirs.user(self.fresh("fay")))
        self.assertEqual(self.theirs.join(public, bob, [self.ours.server_name]), public)

    def test_an_entry_without_a_port_is_the_host_and_one_with_a_star_what_is_below_it(self):
        alice, bob = self.people()
        room = self.ours.create_channel(alice, [])
        host = self.theirs.server_name.partition(":")[0]

        def invited(side):
            return {"room": room, "by": alice, "user": side.user(self.fresh("dan"))}
        for lists in ({"deny": [host]}, {"deny": [host], "allow": [self.theirs.server_name]}, {"allow": ["*." + host]}):
            with self.subTest(lists=lists):
                self.configure(**{"allow": [], "deny": [], **lists})
                self.refused("server_denied", "invite.send", invited(self.theirs))
                self.ours.chat.command("invite.send", invited(self.ours))  # our own users are of no other server
                self.not_invited(bob, alice, "M_FORBIDDEN")
        for lists in ({"deny": ["*." + host]}, {"allow": [host]}, {"allow": ["*.example.org", host], "deny": ["*." + host]}):
            with self.subTest(lists=lists):
                self.configure(**{"allow": [], "deny": [], **lists})
                body = invited(self.theirs)
                self.ours.chat.command("invite.send", body)
                self.until(lambda body=body: self.theirs.has_invitation(room, body["user"]), "the invitation to reach them")
        self.their_channel(bob, alice)

    def test_who_has_read_and_who_is_there_is_told_nobody_until_it_is_switched_on(self):
        alice, bob = self.people()
        told = self.in_force()
        self.assertEqual((told["enabled"], told["typing"], told["receipts"], told["presence"]), (True, True, False, False))
        room = self.our_channel(alice, bob)
        self._talk_in(room, alice, bob)
        self.ours.read(room, alice, bob, "from there")
        self.ours.set_presence(alice, "online", "at work")
        self.theirs.read(room, bob, alice, "from here")
        for side, user, text in ((self.ours, alice, "behind it here"), (self.theirs, bob, "behind it there")):
            side.send(room, user, text)
        self.until(lambda: "behind it here" in self.theirs.texts(room, bob, alice), "what was said after it, there")
        self.until(lambda: "behind it there" in self.ours.texts(room, alice, bob), "what was said after it, here")
        self.assertNotIn(alice, {user for user, _ in self.theirs.markers(room, bob)})
        self.assertEqual(self.ours.chat.ephemeral("receipt", matrix_room_id=room), [])
        positions = self.ours.chat.command("query.read_positions", {"room": room})["positions"]
        self.assertEqual([each["user"] for each in positions], [alice])

    def test_a_wrong_entry_is_named_and_nothing_is_changed(self):
        before = self.in_force()
        words = self.refused("bad_body", "federation.configure", {"enabled": False, "deny": ["good.example", "bad.*"]})
        self.assertIn("bad.*", words)
        self.assertEqual(self.in_force(), before)

    def test_typing_is_switched_off_both_ways(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.configure(typing=False)
        self.ours.set_typing(room, alice, True)
        self.theirs.set_typing(room, bob, True)
        self._talk_in(room, alice, bob)  # whatever was to arrive would have come before
        self.assertFalse(self.theirs.sees_typing(room, bob, alice))
        self.assertFalse(self.ours.sees_typing(room, alice, bob))
        self.configure(typing=True)
        self.ours.set_typing(room, alice, True)
        self.until(lambda: self.theirs.sees_typing(room, bob, alice), "our typing there")

    def test_invitations_of_others_are_blocked_for_all_or_for_one(self):
        alice, bob = self.people()
        self.configure(invites="block")
        self.not_invited(bob, alice, "M_INVITE_BLOCKED")
        self.configure(invites="allow")
        self.ours.chat.command("user.profile", {"user": alice, "invites": "block"})
        self.restart_ours()
        self.not_invited(bob, alice, "M_INVITE_BLOCKED")
        self.ours.chat.command("user.profile", {"user": alice, "invites": "allow"})
        self.their_channel(bob, alice)


class SynapseRefusals:
    """What a Matrix user is told at once."""

    def not_invited(self, bob, alice, errcode):
        room = self.theirs.create_channel(bob, [])
        with self.assertRaises(ClientError) as refused:
            self.theirs.invite(room, bob, alice)
        self.assertEqual((refused.exception.status, refused.exception.errcode), (403 if errcode != "M_NOT_FOUND" else 404, errcode))
        self.assertFalse(self.ours.has_invitation(room, alice))

    def profile_is_gone(self, bob, user):
        with self.assertRaises(ClientError) as refused:
            self.theirs.profile(bob, user)
        self.assertEqual(refused.exception.status, 404)


class CausewayRefusals:
    """What the user of another chat server is told when the answer is there."""

    def not_invited(self, bob, alice, errcode):
        room = self.theirs.create_channel(bob, [])
        self.theirs.invite(room, bob, alice)
        told = self.theirs.chat.wait_for("invitation.changed", PATIENCE_S, matrix_room_id=room, user=alice, state="failed").body
        self.assertIn(errcode, told["reason"])
        self.assertFalse(self.ours.has_invitation(room, alice))

    def profile_is_gone(self, bob, user):
        with self.assertRaises(CommandError) as refused:
            self.theirs.chat.command("query.profile", {"user": user})
        self.assertEqual(refused.exception.code, "not_found")


class MayFederateScenarios(SwitchingBase):
    def tearDown(self):
        super().tearDown()
        self.configure(users_may_federate="all")

    def test_who_may_not_federate_is_in_no_federated_room_until_it_is_allowed(self):
        alice, bob = self.people()
        carl = self.ours.user(self.fresh("carl"))
        self.ours.chat.command("user.may_federate", {"user": carl, "may": False})
        self.restart_ours()
        with self.assertRaises(CommandError) as refused:
            self.ours.chat.create_room("channel", alice, [carl, bob])
        self.assertEqual(refused.exception.code, "may_not_federate")
        self.assertTrue(self.ours.chat.create_room("channel", alice, [carl], federated=False)["matrix_room_id"])
        room = self.our_channel(alice, bob)
        self.refused("may_not_federate", "invite.send", {"room": room, "by": alice, "user": carl})
        public = self.theirs.create_public(bob, self.fresh("lobby"))
        self.refused("may_not_federate", "room.join", {"room": public, "user": carl, "via": [self.theirs.server_name]})
        self.not_invited(bob, carl, "M_FORBIDDEN")
        self.ours.chat.command("user.may_federate", {"user": carl, "may": True})
        theirs = self.their_channel(bob, carl)
        self.assertIn(carl, self.theirs.members(theirs, bob))
        self.assertEqual(self.ours.join(public, carl, [self.theirs.server_name]), public)

    def test_only_those_who_were_allowed(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        self.configure(users_may_federate="allowed")
        self._talk_in(room, alice, bob)  # who is in a room stays there
        carl = self.ours.user(self.fresh("carl"))
        self.not_invited(bob, carl, "M_FORBIDDEN")
        self.ours.chat.command("user.may_federate", {"user": carl, "may": True})
        self.their_channel(bob, carl)
        with self.assertRaises(CommandError) as refused:
            self.ours.chat.create_room("channel", alice, [])
        self.assertEqual(refused.exception.code, "may_not_federate")


class DeactivationScenarios(SwitchingBase):
    def test_who_is_deactivated_leaves_every_room_and_is_nobody_for_others(self):
        alice, bob = self.people()
        carl = self.ours.user(self.fresh("carl"))
        ours, theirs = self.our_channel(alice, bob, friends=[carl]), self.their_channel(bob, carl)
        invited = self.theirs.create_channel(bob, [carl])
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=invited, user=carl)
        self.until(lambda: carl in self.theirs.members(ours, bob), "him to be seen there")
        gone = self.ours.chat.command("user.deactivate", {"user": carl})
        self.restart_ours_hard()  # in the middle of it
        for room in (ours, theirs):
            self.until(lambda room=room: carl not in self.theirs.members(room, bob), "him to be gone there")
            self.ours.chat.wait_for("room.removed_for", PATIENCE_S, matrix_room_id=room, user=carl, cause="left")
        self.until(lambda: not self.ours.has_invitation(invited, carl), "his invitation to be over")
        self.assertEqual(self.ours.members(ours, alice), {alice, bob})
        self.assertEqual(self.ours.chat.command("user.deactivate", {"user": carl})["deactivated_ts"], gone["deactivated_ts"])
        self.profile_is_gone(bob, carl)
        self.not_invited(bob, carl, "M_NOT_FOUND")
        self.refused("user_deactivated", "invite.send", {"room": ours, "by": alice, "user": carl})
        self.refused("user_deactivated", "message.send", {"room": ours, "sender": carl, "message": self.fresh("m"), "text": "still here"})
        self._talk_in(ours, alice, bob)


class ProfileScenarios(SwitchingBase):
    def test_a_new_name_reaches_every_room_the_user_is_in(self):
        alice, bob = self.people()
        rooms = [self.our_channel(alice, bob), self.their_channel(bob, alice)]
        name = self.fresh("Alice the Great")
        self.ours.rename(alice, "on the way")
        self.ours.rename(alice, name)
        self.restart_ours_hard()  # in the middle of it
        for room in rooms:
            self.until_equal(lambda room=room: self.theirs.name_of(room, bob, alice), name, "her new name there")
            self.until_equal(lambda room=room: self.ours.name_of(room, alice, alice), name, "her new name here")
        self._talk_in(rooms[0], alice, bob)

    def test_a_new_picture_is_seen_on_the_other_side_and_outlives_a_crash(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        name = self.ours.name_of(room, alice, alice)
        self.ours.set_picture(alice, "mxc://example.org/alice")
        self.theirs.set_picture(bob, "mxc://example.org/bob")
        self.until_equal(lambda: self.theirs.picture_of(room, bob, alice), "mxc://example.org/alice", "her picture there")
        told = self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, avatar="mxc://example.org/bob").body
        self.assertEqual((told["membership"], told["previous_membership"]), ("join", "join"))
        self.restart_ours_hard()
        for user, picture in ((alice, "mxc://example.org/alice"), (bob, "mxc://example.org/bob")):
            self.assertEqual(self.ours.picture_of(room, alice, user), picture)
        self.assertEqual(self.ours.name_of(room, alice, alice), name)
        self.assertEqual(self.theirs.name_of(room, bob, alice), name)

    def test_a_user_whose_id_is_none_of_matrix_is_one_person_for_both_sides(self):
        bob = self.theirs.user(self.fresh("bob"))
        own = self.fresh("José_Al")
        alice = self.ours.chat.command("user.profile", {"user": own, "display_name": "José"})["user"]
        self.assertRegex(alice, r"^@_jos=c3=a9___al\d+:")
        room = self.our_channel(own, bob)
        self.until_equal(lambda: self.theirs.name_of(room, bob, alice), "José", "what she is called there")
        self.ours.chat.command("message.send", {"room": room, "sender": own, "message": self.fresh("m"), "text": "hello"})
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["hello"], "what she says, there")
        theirs = self.theirs.create_channel(bob, [alice])
        self.ours.chat.wait_for("invitation.received", PATIENCE_S, matrix_room_id=theirs, user=alice)
        self.restart_ours_hard()
        self.ours.accept(theirs, own)
        self.until(lambda: alice in self.theirs.members(theirs, bob), "her join to arrive")
        self.assertEqual(self.ours.chat.command("query.user", {"user": alice})["own_id"], own)

    def test_their_new_name_is_told_with_the_member(self):
        alice, bob = self.people()
        room = self.our_channel(alice, bob)
        name = self.fresh("Bob the Builder")
        self.theirs.rename(bob, name)
        told = self.ours.chat.wait_for("member.changed", PATIENCE_S, matrix_room_id=room, user=bob, display_name=name).body
        self.assertEqual((told["membership"], told["previous_membership"]), ("join", "join"))
        self.assertEqual(self.ours.name_of(room, alice, bob), name)

    def test_all_that_a_user_there_shows_is_told_who_asks_in_no_room_with_them(self):
        bob, name, links = self.theirs.user(self.fresh("bob")), self.fresh("Bob"), [{"name": "home", "at": 1}]
        self.theirs.rename(bob, name)
        self.theirs.set_field(bob, "m.tz", "Europe/Berlin")
        self.theirs.set_field(bob, "org.example.links", links)

        def shown(**wanted):
            told = self.ours.chat.command("query.profile", {"user": bob, **wanted})
            return told | {"fields": {key: json.loads(text) for key, text in told.get("fields", {}).items()}}

        self.assertEqual(shown(), {"user": bob, "display_name": name, "fields": {"m.tz": "Europe/Berlin", "org.example.links": links}})
        self.assertEqual(shown(field="m.tz"), {"user": bob, "fields": {"m.tz": "Europe/Berlin"}})
        self.assertEqual(shown(field="displayname"), {"user": bob, "display_name": name, "fields": {}})

    def test_a_profile_that_is_not_shown_says_why(self):
        for user, code in ((f"@{self.fresh('nobody')}:{self.theirs.server_name}", "not_found"), (f"@carol:localhost:{free_port()}", "peer_unreachable")):
            with self.subTest(user=user), self.assertRaises(CommandError) as caught:
                self.ours.chat.command("query.profile", {"user": user})
            self.assertEqual(caught.exception.code, code)


class WithSynapse(SynapseRefusals):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class WithCauseway(CausewayRefusals):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)


class SwitchingWithSynapse(WithSynapse, SwitchingScenarios, InteropCase):
    pass


class SwitchingWithCauseway(WithCauseway, SwitchingScenarios, InteropCase):
    room_version = "12"


class MayFederateWithSynapse(WithSynapse, MayFederateScenarios, InteropCase):
    pass


class MayFederateWithCauseway(WithCauseway, MayFederateScenarios, InteropCase):
    room_version = "12"


class DeactivationWithSynapse(WithSynapse, DeactivationScenarios, InteropCase):
    pass


class DeactivationWithCauseway(WithCauseway, DeactivationScenarios, InteropCase):
    pass


class ProfilesWithSynapse(WithSynapse, ProfileScenarios, InteropCase):
    def test_further_fields_are_told_who_asks(self):
        alice, bob = self.people()
        self.ours.chat.command("user.profile", {"user": alice, "fields": {"m.tz": '"Europe/Berlin"'}})
        self.assertEqual(self.theirs.profile(bob, alice).get("m.tz"), "Europe/Berlin")


class ProfilesWithCauseway(WithCauseway, ProfileScenarios, InteropCase):
    room_version = "12"


class FederationWithSynapseInVersion10(WithSynapse, SwitchingScenarios, MayFederateScenarios, DeactivationScenarios, ProfileScenarios, InteropCase):
    """All of it, in rooms of another version."""

    takes_long = True
    room_version = "10"


class FederationWithSynapseInVersion12(FederationWithSynapseInVersion10):
    room_version = "12"
