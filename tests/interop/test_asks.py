"""The broker asks its chat server about users it was not told of; and tells it where a room has taken power from its users."""

import threading

from harness.case import InteropCase
from harness.fake_homeserver import FEDERATION, FakeHomeserver, quote
from harness.synapse import ClientError
from scenarios import Scenarios

ASKING = {"federation": {"ask_user": True, "ask_user_timeout_ms": 8000, "ask_user_cache_s": 3600}}


class AskScenarios:
    fresh = Scenarios.fresh

    def setUp(self):
        self.people = {}  # localpart -> rest of answer.user
        self.ours.chat.knows_user = lambda body: self.people.get(body["localpart"], {"exists": False})

    def tearDown(self):
        super().tearDown()
        self.ours.chat.knows_user = None

    def unknown(self, name, **answer):
        """Matrix id of a user whom the broker was not told of; with `answer` the chat server has them."""
        localpart = self.fresh(name)
        if answer:
            self.people[localpart] = answer
        return f"@{localpart}:{self.ours.server_name}"

    def asked(self, user):
        return len(self.ours.chat.ephemeral("ask.user", user=user))

    def test_a_user_nobody_has_told_of_is_invited_and_comes(self):
        bob, carol = self.theirs.user(self.fresh("bob")), self.unknown("carol", exists=True, display_name="Carol")
        room = self.theirs.create_channel(bob, [carol])
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=carol)
        self.assertEqual(self.asked(carol), 1)
        self.ours.accept(room, carol)
        self.until(lambda: carol in self.theirs.members(room, bob), "the Matrix user to see her come in")
        self.ours.send(room, carol, "here I am")
        self.until_equal(lambda: self.theirs.texts(room, bob, carol), ["here I am"], "the Matrix user to read her")
        self.assertEqual(self.asked(carol), 1)  # known from the first answer on
        self.assertEqual(self.ours.chat.command("query.user", {"user": carol})["display_name"], "Carol")

    def test_a_user_whom_the_chat_server_does_not_have_cannot_be_invited(self):
        bob, nobody = self.theirs.user(self.fresh("bob")), self.unknown("nobody")
        room = self.theirs.create_channel(bob, [])
        self.invitation_fails(room, bob, nobody)
        self.invitation_fails(room, bob, nobody)
        self.assertEqual(self.asked(nobody), 1)  # the second time it is known
        self.assertEqual(self.ours.chat.find("invitation.received", matrix_room_id=room), [])

    def test_one_who_takes_no_invitations_is_somebody_and_not_invited(self):
        bob, carol = self.theirs.user(self.fresh("bob")), self.unknown("carol", exists=True, display_name="Carol", invites="block")
        room = self.theirs.create_channel(bob, [])
        self.invitation_fails(room, bob, carol)
        self.assertEqual(self.ours.chat.find("invitation.received", matrix_room_id=room), [])
        self.assertEqual(self.ours.chat.command("query.user", {"user": carol})["invites"], "block")
        self.ours.chat.command("user.profile", {"user": carol, "invites": "allow"})
        other = self.theirs.create_channel(bob, [carol])
        self.ours.chat.wait_for("invitation.received", matrix_room_id=other, user=carol)

    def test_one_who_may_not_federate_is_nobody_there(self):
        bob, carol = self.theirs.user(self.fresh("bob")), self.unknown("carol", exists=True, may_federate=False)
        room = self.theirs.create_channel(bob, [])
        self.invitation_fails(room, bob, carol)
        self.assertEqual(self.ours.chat.find("invitation.received", matrix_room_id=room), [])


class AsksOfSynapse(AskScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version, settings=ASKING)

    def person(self, user):
        return self.theirs.synapse.user(user[1:].split(":")[0])

    def invitation_fails(self, room, by, user):
        with self.assertRaises(ClientError):
            self.theirs.invite(room, by, user)

    def test_a_profile_is_shown_of_one_whom_the_broker_did_not_know(self):
        bob, carol = self.theirs.user(self.fresh("bob")), self.unknown("carol", exists=True, display_name="Carol")
        self.assertEqual(self.person(bob).profile(carol)["displayname"], "Carol")
        with self.assertRaises(ClientError) as caught:
            self.person(bob).profile(self.unknown("nobody"))
        self.assertEqual(caught.exception.status, 404)

    def test_power_that_a_user_there_takes_from_ours_is_told_with_who_can_give_it_back(self):
        alice, carol, bob = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("carol")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [carol, bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        self.until(lambda: bob in self.ours.members(room, alice), "bob to be in")
        self.ours.make_moderator(room, alice, carol)
        self.ours.chat.command("member.set_role", {"room": room, "by": alice, "user": bob, "role": "owner"})
        self.until_equal(lambda: self.theirs.level_of(room, bob, bob), 100, "bob to be an owner there")
        self.person(bob).set_level(room, carol, 0)
        drift = self.ours.chat.wait_for("permission.drift", matrix_room_id=room, user=carol).body
        self.assertEqual((drift["cause"], drift["by"], drift["role"], drift["wanted_role"], drift["remedy"], drift["fixable_by"]),
                         ("foreign_edit", bob, "member", "moderator", "push", alice))
        self.assertIn("ban", drift["missing"])
        # What it says can be done mends it, and the Matrix user sees that.
        self.ours.chat.command("member.set_role", {"room": room, "by": drift["fixable_by"], "user": carol, "role": drift["wanted_role"]})
        self.until_equal(lambda: self.theirs.level_of(room, bob, carol), 50, "the Matrix user to see her role again")
        self.assertEqual(len(self.ours.chat.find("permission.drift", matrix_room_id=room)), 1)


class AsksOfSynapseInVersion10(AsksOfSynapse):
    room_version = "10"


class AsksOfSynapseInVersion12(AsksOfSynapse):
    room_version = "12"


class AsksOfCauseway(AskScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours", settings=ASKING)
        cls.stranger = FakeHomeserver(cls.authority, cls.ours.broker)
        cls.addClassCleanup(cls.stranger.close)

    def invitation_fails(self, room, by, user):
        self.theirs.invite(room, by, user)
        self.theirs.chat.wait_for("invitation.changed", matrix_room_id=room, user=user, state="failed")

    def profile(self, user):
        return self.stranger.request("GET", f"{FEDERATION}/v1/query/profile?user_id={quote(user)}")

    def test_an_invitation_to_one_whom_the_chat_server_cannot_say_yet_waits_for_its_answer(self):
        bob, carol = self.theirs.user(self.fresh("bob")), self.unknown("carol", exists=True)
        self.ours.chat.knows_user = None  # it is busy with something else
        room = self.theirs.create_channel(bob, [carol])
        self.until(lambda: self.asked(carol) >= 1, "the question")
        sending = self.theirs.chat.wait_for("invitation.changed", matrix_room_id=room, user=carol).body
        self.assertEqual(sending["state"], "sending")  # not failed: nobody has said that there is no such user
        self.ours.chat.knows_user = lambda body: self.people.get(body["localpart"], {"exists": False})
        self.ours.chat.wait_for("invitation.received", matrix_room_id=room, user=carol)
        self.theirs.chat.wait_for("invitation.changed", matrix_room_id=room, user=carol, state="pending")

    def test_many_who_ask_at_once_make_one_question(self):
        carol, wait = self.unknown("carol"), threading.Event()

        def answer(_):
            wait.wait(60)
            return {"exists": True, "display_name": "Carol"}
        self.ours.chat.knows_user = answer
        answers = []
        askers = [threading.Thread(target=lambda: answers.append(self.profile(carol))) for _ in range(8)]
        for each in askers:
            each.start()
        self.until(lambda: self.asked(carol) == 1, "the question")
        wait.set()
        for each in askers:
            each.join()
        self.assertEqual(answers, [(200, {"displayname": "Carol"})] * 8)
        self.assertEqual(self.asked(carol), 1)

    def test_a_chat_server_that_does_not_answer_is_no_such_user_for_nobody(self):
        carol = self.unknown("carol", exists=True)
        self.ours.chat.knows_user = None
        self.assertEqual(self.profile(carol)[0], 504)
        self.ours.chat.knows_user = lambda body: self.people.get(body["localpart"])
        self.assertEqual(self.profile(carol)[0], 200)


class NobodyIsAsked(InteropCase):
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ours = cls.start_causeway("ours")
        cls.stranger = FakeHomeserver(cls.authority, cls.ours.broker)
        cls.addClassCleanup(cls.stranger.close)

    def test_without_the_option_there_is_no_such_user_and_no_question(self):
        user = f"@{self.fresh('carol')}:{self.ours.server_name}"
        self.assertEqual(self.stranger.request("GET", f"{FEDERATION}/v1/query/profile?user_id={quote(user)}")[0], 404)
        self.assertEqual(self.ours.chat.ephemeral("ask.user"), [])
