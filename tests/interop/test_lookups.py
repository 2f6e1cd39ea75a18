"""What a chat server looks up beyond its own rooms: public rooms, people, servers; and what others see of our directory."""

import uuid

from causeway_demo.chat_server import CommandError
from causeway_demo.process import free_port
from harness.case import InteropCase
from harness.synapse import ClientError
from scenarios import Scenarios

# Synapse shows its directory to nobody, and publishes no room, unless it is told to.
OPEN_DIRECTORY = {"allow_public_rooms_over_federation": True, "allow_public_rooms_without_auth": True,
                  "room_list_publication_rules": [{"action": "allow"}]}


class LookupScenarios:
    fresh = Scenarios.fresh

    def look_up(self, **wanted):
        return self.ours.chat.command("query.public_rooms", wanted)

    def refusal(self, name, body):
        with self.assertRaises(CommandError) as caught:
            self.ours.chat.command(name, body)
        return caught.exception

    def verified(self, *users):
        answer = self.ours.chat.command("query.verify_users", {"users": list(users)})
        return {each["user"]: each for each in answer["users"]}

    def server(self):
        """What the chat user is told of the other server; None: nothing."""
        answer = self.ours.chat.command("query.servers", {})
        return next((each for each in answer["servers"] if each["server"] == self.theirs.server_name), None)

    # -- public rooms

    def test_a_chat_user_finds_a_channel_of_another_server_and_joins_it(self):
        alice, bob, word = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("cats")
        rooms = [self.publish(bob, f"{word}{number}") for number in range(3)]
        self.publish(bob, self.fresh("dogs"))
        first = self.look_up(server=self.theirs.server_name, search=word, limit=2)
        self.assertEqual(len(first["rooms"]), 2)
        rest = self.look_up(server=self.theirs.server_name, search=word, limit=2, after=first["next"])
        found = first["rooms"] + rest["rooms"]
        self.assertEqual({each["matrix_room_id"] for each in found}, set(rooms))
        self.assertNotIn("next", rest)
        for each in found:
            self.assertEqual((each["members"], each["room"]), (1, ""))
            self.assertEqual(each["alias"], f"#{each['name']}:{self.theirs.server_name}")
        joined = self.ours.join(found[0]["alias"], alice)
        self.assertEqual(joined, found[0]["matrix_room_id"])
        self.ours.send(joined, alice, "found you")
        self.until_equal(lambda: self.theirs.texts(joined, bob, alice), ["found you"], "the Matrix user to read who has found the room")
        self.assertEqual(self.look_up(server=self.theirs.server_name, search=word + "nothing")["rooms"], [])
        everything = self.look_up(server=self.theirs.server_name, limit=100)
        self.assertLess(set(rooms), {each["matrix_room_id"] for each in everything["rooms"]})

    def test_a_user_there_finds_our_channel_and_joins_it(self):
        alice, bob, word = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("birds")
        room = self.ours.create_public(alice, word)
        self.ours.create_channel(alice, [])  # a private one is in no directory
        found = self.find_ours(bob, word)
        self.assertEqual([(each["room_id"], each["canonical_alias"], each["num_joined_members"]) for each in found],
                         [(room, f"#{word}:{self.ours.server_name}", 1)])
        self.theirs.join(found[0]["canonical_alias"], bob)
        self.until(lambda: self.ours.is_in(room, bob) or bob in self.ours.members(room, alice), "the chat user to see who has come in")
        self.assertEqual(self.find_ours(bob, word)[0]["num_joined_members"], 2)
        own = self.look_up(search=word)
        self.assertEqual([(each["matrix_room_id"], each["members"]) for each in own["rooms"]], [(room, 2)])
        self.assertEqual(own["server"], self.ours.server_name)
        self.assertTrue(own["rooms"][0]["room"])  # the chat server's own id of it

    def test_a_server_that_is_away_or_none_is_told_in_words(self):
        nobody = f"localhost:{free_port()}"
        why = self.refusal("query.public_rooms", {"server": nobody})
        self.assertEqual(why.code, "peer_unreachable")
        self.assertIn(nobody.split(":")[1], why.detail)
        self.assertEqual(self.refusal("query.public_rooms", {"server": "no server!"}).code, "invalid_identifier")
        self.assertEqual(self.refusal("query.public_rooms", {"after": "no place"}).code, "invalid_param")

    # -- people

    def test_a_chat_user_is_told_who_exists_before_inviting_them(self):
        bob, alice = self.theirs.user(self.fresh("bob")), self.ours.user(self.fresh("alice"))
        nobody, away = f"@{self.fresh('nobody')}:{self.theirs.server_name}", f"@carol:localhost:{free_port()}"
        ghost = f"@{self.fresh('ghost')}:{self.ours.server_name}"
        told = self.verified(bob, nobody, away, alice, ghost, "bob@example.org")
        self.assertEqual({user: each["state"] for user, each in told.items()},
                         {bob: "verified", nobody: "unverified", away: "unable_to_verify", alice: "verified", ghost: "unverified",
                          "bob@example.org": "unable_to_verify"})
        self.assertEqual(told[away]["fault"], "peer_unreachable")
        self.assertIn("localhost", told[away]["reason"])
        self.assertEqual(told["bob@example.org"]["fault"], "invalid_identifier")
        self.assertNotIn("fault", told[nobody])

    # -- servers

    def test_a_server_that_fails_is_seen_with_why_and_what_waits_for_it(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [bob])
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        before = (self.server() or {"rooms": 0})["rooms"]
        self.theirs.accept(room, bob)
        self.until(lambda: (self.server() or {"rooms": 0})["rooms"] == before + 1, "the shared room to be counted")
        self.until(lambda: self.server()["reachable"] and self.server()["queued"] == 0, "all to be delivered")
        self.theirs.stop_server()
        try:
            self.ours.send(room, alice, "are you there?")
            self.until(lambda: not self.server()["reachable"], "the failure to be seen")
            told = self.server()
            self.assertGreaterEqual(told["failures"], 1)
            self.assertGreaterEqual(told["queued"], 1)
            self.assertTrue(told["last_fault"].startswith("peer_unreachable"), told)
            self.assertGreater(told["retry_at_ts"], told["failing_since_ts"])
            self.assertIn("oldest_queued_ts", told)
        finally:
            self.theirs.start_server()
        self.until(lambda: self.server()["reachable"] and self.server()["queued"] == 0, "what waited to be delivered")
        self.assertNotIn("failing_since_ts", self.server())
        self.until_equal(lambda: self.theirs.texts(room, bob, alice), ["are you there?"], "the Matrix user to read what waited")


class LookupsWithSynapse(LookupScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse", room_version=cls.room_version, settings=OPEN_DIRECTORY)
        cls.ours = cls.start_causeway("ours", room_version=cls.room_version)

    def publish(self, user, name):
        return self.theirs.synapse.user(user[1:].split(":")[0]).create_room(preset="public_chat", visibility="public", room_alias_name=name, name=name)

    def find_ours(self, user, word):
        return self.theirs.synapse.user(user[1:].split(":")[0]).public_rooms(self.ours.server_name, word)["chunk"]

    def test_a_user_there_pages_through_our_directory(self):
        alice, bob, word = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob")), self.fresh("pages")
        rooms = {self.ours.create_public(alice, f"{word}{number}") for number in range(5)}
        person, seen, since = self.theirs.synapse.user(bob[1:].split(":")[0]), [], None
        while True:
            page = person.public_rooms(self.ours.server_name, word, limit=2, since=since)
            seen += [each["room_id"] for each in page["chunk"]]
            since = page.get("next_batch")
            if not since:
                break
        self.assertEqual((len(seen), set(seen)), (5, rooms))


class LookupsWithSynapseInVersion10(LookupsWithSynapse):
    room_version = "10"


class LookupsWithSynapseInVersion12(LookupsWithSynapse):
    room_version = "12"


class ClosedDirectories(InteropCase):
    fresh = Scenarios.fresh

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_synapse("synapse")  # as it is out of the box
        cls.ours = cls.start_causeway("ours", settings={"federation": {"public_directory": False}})

    def test_a_chat_user_is_told_that_their_directory_is_closed(self):
        with self.assertRaises(CommandError) as caught:
            self.ours.chat.command("query.public_rooms", {"server": self.theirs.server_name})
        self.assertEqual(caught.exception.code, "forbidden")
        self.assertIn(self.theirs.server_name, caught.exception.detail)

    def test_our_closed_directory_is_shown_to_nobody_but_our_own(self):
        alice, bob = self.ours.user(self.fresh("alice")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_public(alice, self.fresh("hidden"))
        with self.assertRaises(ClientError):
            self.theirs.synapse.user(bob[1:].split(":")[0]).public_rooms(self.ours.server_name)
        own = self.ours.chat.command("query.public_rooms", {})
        self.assertIn(room, {each["matrix_room_id"] for each in own["rooms"]})


class LookupsWithCauseway(LookupScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.start_causeway("theirs")
        cls.ours = cls.start_causeway("ours")

    def publish(self, user, name):
        return self.theirs.create_public(user, name)

    def find_ours(self, user, word):
        """In the words of the other test: what a Matrix client is shown."""
        answer = self.theirs.chat.command("query.public_rooms", {"server": self.ours.server_name, "search": word})
        return [{"room_id": each["matrix_room_id"], "canonical_alias": each["alias"], "num_joined_members": each["members"]} for each in answer["rooms"]]

    def test_a_user_there_finds_nobody_by_an_id_that_was_never_told(self):
        ghost = f"@{uuid.uuid4().hex}:{self.theirs.server_name}"
        self.assertEqual(self.verified(ghost)[ghost]["state"], "unverified")
        self.theirs.chat.command("user.profile", {"user": ghost})
        self.assertEqual(self.verified(ghost)[ghost]["state"], "unverified")  # as it was a moment ago: answers are kept
