"""How far people have read: who sees whose marker, and what becomes of it."""

import os
import signal

from causeway_demo.chat_server import CommandError
from harness.case import InteropCase
from scenarios import Conversation, ScenarioBase

ON, OFF = {"federation": {"receipts": True}}, {"federation": {"receipts": False}}


class BehindAFront(ScenarioBase):
    """What we push to their server is seen on its way: a Synapse does not say what it was told before."""

    @classmethod
    def start_both(cls, synapse, ours, room_version="11"):
        if synapse:
            cls.theirs, cls.front = cls.start_synapse_behind_front("synapse", room_version=room_version)
        else:
            cls.theirs, cls.front = cls.start_causeway_behind_front("theirs", settings=ON)
        cls.ours = cls.start_causeway("ours", room_version=room_version, settings=ours)

    def sent(self, talk):
        """Event ids of alice's markers that their server was sent, in order."""
        return self.front.receipts(talk.room, talk.alice)


class ReceiptScenarios(BehindAFront):
    def _talk(self, ours=("one", "two"), theirs=("uno", "due")):
        """A conversation in which each has said some things that the other has received."""
        talk = Conversation(self)
        for text in ours:
            self.ours.send(talk.room, talk.alice, text)
        for text in theirs:
            self.theirs.send(talk.room, talk.bob, text)
        self.until_equal(talk.read_by_bob, list(ours), "our messages there")
        self.until_equal(talk.read_by_alice, list(theirs), "their messages here")
        return talk

    def _here(self, talk, text):
        """Event id of what bob said, as our side knows it."""
        return self.ours.event_id(talk.room, talk.alice, talk.bob, text)

    def _ours(self, talk, text):
        """Event id of what alice said."""
        return self.ours.event_id(talk.room, talk.alice, talk.alice, text)

    def _until_there(self, talk, text, thread="", what="our marker there"):
        wanted = self._here(talk, text)
        self.until_equal(lambda: self.theirs.markers(talk.room, talk.bob).get((talk.alice, thread)), wanted, what)

    def _nothing_else_there(self, talk, text):
        """Of alice nothing but the marker there was told."""
        self.until_equal(lambda: self.sent(talk), [self._here(talk, text)], "what was sent")

    def _told(self, talk, event_id, **wanted):
        """The notification of bob's marker at that event."""
        def found():
            return self.ours.chat.ephemeral("receipt", matrix_room_id=talk.room, user=talk.bob, event_id=event_id, **wanted)
        self.until(found, f"their marker at {event_id}")
        return found()[0]

    def test_what_we_read_is_seen_there_and_in_our_own_lists(self):
        talk = self._talk()
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        self._until_there(talk, "uno")
        self.ours.read(talk.room, talk.alice, talk.bob, "due")
        self._until_there(talk, "due")
        readers = self.ours.chat.command("query.receipts", {"room": talk.room, "message": self._here(talk, "uno")})["readers"]
        self.assertEqual([(each["user"], each["event_id"]) for each in readers], [(talk.alice, self._here(talk, "due"))])

    def test_what_they_read_is_told_and_listed_with_our_names(self):
        talk = self._talk()
        self.theirs.read(talk.room, talk.bob, talk.alice, "two")
        told = self._told(talk, self._ours(talk, "two"))
        self.assertEqual(told["message"], f"{talk.room} {talk.alice} two")
        self.assertGreater(told["ts"], 1_600_000_000_000)
        for text in ("one", "two"):
            readers = self.ours.chat.command("query.receipts", {"room": talk.room, "message": f"{talk.room} {talk.alice} {text}"})
            self.assertEqual([(each["user"], each["message"], each["ts"]) for each in readers["readers"]],
                             [(talk.bob, told["message"], told["ts"])])
        positions = self.ours.chat.command("query.read_positions", {"room": talk.room})
        self.assertEqual([(each["user"], each["event_id"]) for each in positions["positions"]], [(talk.bob, told["event_id"])])
        self.assertFalse(positions["more_positions"])

    def test_who_comes_later_is_told_how_far_we_have_read(self):
        alice, carol, bob = self.ours.user(self.fresh("alice")), self.ours.user(self.fresh("carol")), self.theirs.user(self.fresh("bob"))
        room = self.ours.create_channel(alice, [carol])
        self.ours.send(room, carol, "before you came")
        self.ours.read(room, alice, carol, "before you came")
        self.ours.invite(room, alice, bob)
        self.until(lambda: self.theirs.has_invitation(room, bob), "the invitation to reach them")
        self.theirs.accept(room, bob)
        wanted = self.ours.event_id(room, alice, carol, "before you came")
        self.until_equal(lambda: self.theirs.markers(room, bob).get((alice, "")), wanted, "the marker from before the join")

    def test_no_marker_moves_backwards(self):
        talk = self._talk(theirs=("uno", "due", "tre"))
        self.ours.read(talk.room, talk.alice, talk.bob, "due")
        self._until_there(talk, "due")
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        self.theirs.read(talk.room, talk.bob, talk.alice, "two")
        self._told(talk, self._ours(talk, "two"))
        self.ours.read(talk.room, talk.alice, talk.bob, "tre")
        self._until_there(talk, "tre")
        self.until_equal(lambda: self.sent(talk), [self._here(talk, "due"), self._here(talk, "tre")], "what was sent")
        seen = self.ours.chat.ephemeral("receipt", matrix_room_id=talk.room)
        self.assertEqual([each["event_id"] for each in seen], [self._ours(talk, "two")])

    def test_threads_are_told_apart_both_ways(self):
        talk = self._talk()
        root = self._here(talk, "uno")
        self.ours.chat.command("message.send", {"room": talk.room, "sender": talk.alice, "text": "in the thread", "thread": root,
                                                "message": "m-thread-" + talk.room})
        self.until(lambda: "in the thread" in talk.read_by_bob(), "our message in the thread there")
        self.theirs.read(talk.room, talk.bob, talk.alice, "in the thread", thread=(talk.bob, "uno"))
        told = self.ours.chat.ephemeral
        self.until(lambda: told("receipt", matrix_room_id=talk.room, user=talk.bob, thread=root), "their marker in the thread")
        self.theirs.read(talk.room, talk.bob, talk.alice, "one", thread="main")
        self._told(talk, self._ours(talk, "one"), thread="main")
        self.ours.read(talk.room, talk.alice, talk.bob, "uno", thread=(talk.bob, "uno"))
        self.ours.read(talk.room, talk.alice, talk.bob, "due", thread="main")
        self._until_there(talk, "uno", root, "our marker in the thread")
        self._until_there(talk, "due", "main", "our marker outside of threads")
        readers = self.ours.chat.command("query.receipts", {"room": talk.room, "message": "m-thread-" + talk.room})["readers"]
        self.assertEqual([(each["user"], each.get("thread")) for each in readers], [(talk.bob, root)])

    def test_private_markers_stay_at_home(self):
        talk = self._talk()
        self.ours.read(talk.room, talk.alice, talk.bob, "due", private=True)
        self.theirs.read(talk.room, talk.bob, talk.alice, "two", private=True)
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        self.theirs.read(talk.room, talk.bob, talk.alice, "one")
        self._until_there(talk, "uno")
        self._told(talk, self._ours(talk, "one"))
        self.assertEqual([each["event_id"] for each in self.ours.chat.ephemeral("receipt", matrix_room_id=talk.room)],
                         [self._ours(talk, "one")])
        readers = self.ours.chat.command("query.receipts", {"room": talk.room, "message": self._here(talk, "due")})["readers"]
        self.assertEqual(readers, [])
        positions = self.ours.chat.command("query.read_positions", {"room": talk.room})["positions"]
        self.assertEqual([(each["user"], each["event_id"], each.get("private")) for each in positions],
                         sorted([(talk.alice, self._here(talk, "due"), True), (talk.bob, self._ours(talk, "one"), None)]))

    def test_after_an_outage_of_theirs_and_a_crash_of_ours_the_newest_marker_alone_arrives(self):
        talk = self._talk(theirs=("uno", "due", "tre"))
        self.stop_theirs()
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        self.ours.kill_server()
        self.ours.start_server()
        self.ours.read(talk.room, talk.alice, talk.bob, "due")
        self.ours.read(talk.room, talk.alice, talk.bob, "tre")
        self.ours.kill_server()
        self.theirs.start_server()
        self.theirs.until_it_listens(talk.room)  # what is ephemeral is told to who is there
        self.ours.start_server()
        self.until_they_reach_us(talk.room, talk.bob)
        self._until_there(talk, "tre")
        self._nothing_else_there(talk, "tre")
        readers = self.ours.chat.command("query.receipts", {"room": talk.room, "message": self._here(talk, "tre")})["readers"]
        self.assertEqual([each["user"] for each in readers], [talk.alice])

    def test_markers_are_what_they_were_after_a_restart_of_both_and_move_on_from_there(self):
        talk = self._talk()

        def positions():
            listed = self.ours.chat.command("query.read_positions", {"room": talk.room})["positions"]
            return {each["user"]: (each["event_id"], each["ts"]) for each in listed}
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        self._until_there(talk, "uno")
        self.theirs.read(talk.room, talk.bob, talk.alice, "one")
        self._told(talk, self._ours(talk, "one"))
        before = positions()
        self.assertEqual({user: event_id for user, (event_id, _) in before.items()},
                         {talk.alice: self._here(talk, "uno"), talk.bob: self._ours(talk, "one")})
        self.stop_theirs()
        self.ours.kill_server()
        self.theirs.start_server()
        self.theirs.until_it_listens(talk.room)  # what is ephemeral is told to who is there
        self.ours.start_server()
        self.assertEqual(positions(), before)
        self.ours.read(talk.room, talk.alice, talk.bob, "due")
        self._until_there(talk, "due")
        self.theirs.read(talk.room, talk.bob, talk.alice, "two")
        self._told(talk, self._ours(talk, "two"))
        self.until_equal(lambda: self.sent(talk), [self._here(talk, "uno"), self._here(talk, "due")], "what was sent")

    def test_what_is_read_while_it_is_switched_off_stays_at_home(self):
        talk = self._talk(theirs=("uno", "due", "tre"))
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        self._until_there(talk, "uno")
        self.addCleanup(self.ours.chat.command, "federation.configure", {"receipts": True})
        self.assertFalse(self.ours.chat.command("federation.configure", {"receipts": False})["receipts"])
        self.ours.read(talk.room, talk.alice, talk.bob, "due")
        self.ours.send(talk.room, talk.alice, "which I have read")
        self.until(lambda: "which I have read" in talk.read_by_bob(), "what was said after it there")
        self.assertEqual(self.theirs.markers(talk.room, talk.bob).get((talk.alice, "")), self._here(talk, "uno"))
        readers = self.ours.chat.command("query.receipts", {"room": talk.room, "message": self._here(talk, "due")})["readers"]
        self.assertEqual([each["user"] for each in readers], [talk.alice])
        self.ours.kill_server()
        self.ours.start_server()  # the switch outlives it
        self.assertFalse(self.ours.chat.command("query.federation", {})["receipts"])
        self.ours.chat.command("federation.configure", {"receipts": True})
        self.ours.read(talk.room, talk.alice, talk.bob, "tre")
        self._until_there(talk, "tre")
        self.until_equal(lambda: self.sent(talk), [self._here(talk, "uno"), self._here(talk, "tre")], "what was sent")

    def test_who_is_no_member_and_what_is_no_message_is_refused(self):
        talk = self._talk()
        stranger = self.ours.user(self.fresh("stranger"))
        for user, message, code in ((stranger, self._here(talk, "uno"), "not_member"), (talk.alice, "$unheard-of", "not_found"),
                                    (talk.alice, "no such message", "not_found"), (talk.bob, self._here(talk, "uno"), "invalid_param")):
            with self.assertRaises(CommandError) as refused:
                self.ours.chat.command("read", {"room": talk.room, "user": user, "message": message})
            self.assertEqual(refused.exception.code, code)


class ReceiptsWithSynapse(ReceiptScenarios, InteropCase):
    room_version = "11"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start_both(True, ON, cls.room_version)


class ReceiptsWithSynapseInVersion10(ReceiptsWithSynapse):
    room_version = "10"


class ReceiptsWithSynapseInVersion12(ReceiptsWithSynapse):
    room_version = "12"


class ReceiptsWithCauseway(ReceiptScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start_both(False, ON)

    def _nothing_else_there(self, talk, text):
        super()._nothing_else_there(talk, text)
        told = self.theirs.chat.ephemeral("receipt", matrix_room_id=talk.room, user=talk.alice)
        self.assertEqual([each["event_id"] for each in told], [self._here(talk, text)])

    def test_what_they_read_while_we_were_away_is_told_when_we_are_back(self):
        talk = self._talk()
        self.ours.stop_server()
        self.theirs.read(talk.room, talk.bob, talk.alice, "one")
        self.theirs.read(talk.room, talk.bob, talk.alice, "two")
        # It is told to who is there, so their server comes back after our chat server.
        self.stop_theirs()
        self.ours.start_server()
        self.ours.until_it_listens(talk.room)
        self.theirs.start_server()
        self.until_they_reach_us(talk.room, talk.bob)
        self._told(talk, self._ours(talk, "two"))


class SwitchedOffScenarios(BehindAFront):
    """By default: what is read here stays here."""

    def test_what_was_read_before_the_switch_stays_at_home_and_what_is_read_after_it_is_told(self):
        talk = Conversation(self)
        for text in ("uno", "due"):
            self.theirs.send(talk.room, talk.bob, text)
        self.until_equal(talk.read_by_alice, ["uno", "due"], "their messages here")
        self.ours.read(talk.room, talk.alice, talk.bob, "uno")
        positions = self.ours.chat.command("query.read_positions", {"room": talk.room})["positions"]
        self.assertEqual([(each["user"], each["event_id"]) for each in positions],
                         [(talk.alice, self.ours.event_id(talk.room, talk.alice, talk.bob, "uno"))])
        self._switch_on()
        self.ours.read(talk.room, talk.alice, talk.bob, "due")
        due = self.ours.event_id(talk.room, talk.alice, talk.bob, "due")
        self.until_equal(lambda: self.theirs.markers(talk.room, talk.bob).get((talk.alice, "")), due, "the marker after the switch there")
        self.until_equal(lambda: self.sent(talk), [due], "what was sent")

    def _switch_on(self):
        """Lives on: the file is changed and read again."""
        path = os.path.join(self.ours.broker.directory, "causeway.toml")
        with open(path, encoding="utf8") as old:
            text = old.read()
        with open(path, "w", encoding="utf8") as new:
            new.write(text.replace("receipts = false", "receipts = true"))
        os.kill(self.ours.broker.process.pid, signal.SIGHUP)
        self.until(lambda: "changed option reloaded" in self.ours.broker.process.tail(), "the switch")


class ReceiptsSwitchedOff(SwitchedOffScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start_both(False, OFF)


class ReceiptsSwitchedOffWithSynapse(SwitchedOffScenarios, InteropCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.start_both(True, OFF, "12")
