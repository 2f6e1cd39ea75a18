"""What the demo's chat server makes of what it is told, without a broker."""

import unittest

from causeway_demo.chat_server import CommandError, Notification
from causeway_demo.web.actions import Actions, Refused
from causeway_demo.web.asker import knows
from causeway_demo.web.book import ROOMS_MAX, Book
from causeway_demo.web.changes import Changes
from causeway_demo.web.newcomers import ASKED_MAX, COME_MAX, Newcomers
from causeway_demo.web.people import PEOPLE_MAX

ROOM = "!r"


class BookCase(unittest.TestCase):
    def setUp(self):
        self.changes = Changes()
        self.asked = []
        self.book = Book("A", self.changes, self.asked.append)

    def told(self, name, /, room=ROOM, **body):
        self.book.told(Notification(name, {"room": "", "matrix_room_id": room, "ts": 1000, "reason": "", **body}, 0, 1))

    def invitation(self, state, before, ts=1000, user="@b:y"):
        self.told(
            "invitation.changed", user=user, by="@a:x", direction="outgoing", state=state, previous_state=before, ts=ts
        )

    def listed(self, state, user="@b:y"):
        """What query.invitations answers of one."""
        return [
            {
                "user": user,
                "by": "@a:x",
                "direction": "outgoing",
                "state": state,
                "reason": "",
                "since_ts": 3,
                "attempts": 0,
                "retry_at_ts": 0,
                "last_fault": "",
                "room": "",
                "matrix_room_id": ROOM,
            }
        ]

    def system(self, kind, target, **more):
        self.told(
            "system.message",
            kind=kind,
            actor="@a:x",
            target=target,
            event_id=f"${kind}{target}{more.get('ts', '')}",
            **more,
        )

    def message(self, event_id, **more):
        self.told(
            "message.received",
            **{
                "event_id": event_id,
                "sender": "@b:y",
                "msgtype": "m.text",
                "text": event_id,
                "html": "",
                "reply_to": "",
                "thread": "",
                "mentions": [],
                "historical": False,
                **more,
            },
        )


class Rooms(BookCase):
    def test_an_invitation_has_the_states_it_went_through(self):
        for state, before, ts in (("sending", "", 1), ("sending", "sending", 2), ("pending", "sending", 3)):
            self.invitation(state, before, ts)
        self.book.looked(ROOM, None, self.listed("pending"), None, None)
        trail = self.book.room(ROOM)["invitations"][0]["trail"]
        self.assertEqual([(each["state"], each["ts"]) for each in trail], [("sending", 1), ("pending", 3)])
        self.invitation("sending", "", 9)  # another one
        self.book.looked(ROOM, None, self.listed("sending"), None, None)
        self.assertEqual(len(self.book.room(ROOM)["invitations"][0]["trail"]), 1)

    def test_an_invitation_that_is_told_in_two_ways_is_shown_once(self):
        received = {
            "user": "@b:y",
            "by": "@a:x",
            "by_display_name": "",
            "name": "Lobby",
            "type": "channel",
            "room_version": "12",
        }
        for order in (("system", "received"), ("received", "system")):
            room = "!" + order[0]
            for way in order:
                if way == "system":
                    self.system("invited", "@b:y", room=room)
                else:
                    self.told("invitation.received", room=room, **received)
            self.assertEqual([each["what"] for each in self.book.entries(room)], ["invited"], order)
        self.system("rejected", "@b:y", room="!system")
        self.system("invited", "@b:y", room="!system", ts=2000)
        self.assertEqual([each["what"] for each in self.book.entries("!system")], ["invited", "rejected", "invited"])

    def test_a_room_that_is_gone_for_a_user_comes_back_with_them(self):
        self.told("room.removed_for", user="@a:x", cause="banned", by="@b:y", event_id="$1")
        self.assertEqual(self.book.room(ROOM)["gone"]["@a:x"]["cause"], "banned")
        self.told(
            "member.changed", user="@a:x", membership="invite", previous_membership="leave", by="@b:y", event_id="$2"
        )
        self.assertEqual(self.book.room(ROOM)["gone"], {})

    def test_whatever_is_told_of_a_room_makes_the_broker_be_asked_about_it(self):
        self.told("something.new", user="@a:x")
        self.assertEqual(self.asked, [ROOM])

    def test_an_upgraded_room_names_the_one_it_goes_on_as(self):
        self.told(
            "room.created",
            name="Lobby",
            topic="",
            type="channel",
            room_version="11",
            creator="@a:x",
            members=[],
            more_members=False,
        )
        self.told("room.upgraded", room="!new", old_matrix_room_id=ROOM, by="@a:x", room_version="12", event_id="$t")
        self.assertEqual(self.book.room(ROOM)["upgraded_to"], "!new")

    def test_a_change_of_role_has_the_roles_name_in_whichever_order_it_is_told(self):
        role = {"role": "moderator", "previous_role": "member", "level": 50, "by": "@a:x"}
        for order in (("system", "role"), ("role", "system")):
            room = "!" + order[0]
            for way in order:
                if way == "system":
                    self.system("role_changed", "@b:y", room=room, level=50)
                else:
                    self.told("role.changed", room=room, user="@b:y", event_id="$role_changed@b:y", **role)
            self.assertEqual([(each["what"], each["role"]) for each in self.book.entries(room)], [("role_changed", "moderator")])

    def test_people_are_as_the_broker_has_told_and_bounded(self):
        told = {"previous_membership": "join", "membership": "join", "by": "@b:y", "event_id": "$m"}
        self.told("member.changed", user="@b:y", display_name="Bob", avatar="mxc://y/1", **told)
        self.book.told_at_once("presence", {"user": "@b:y", "state": "unavailable", "status": "at lunch"})
        self.assertEqual(
            self.changes.get(("person", "A", "@b:y")),
            {"name": "Bob", "avatar": "mxc://y/1", "state": "unavailable", "status": "at lunch"},
        )
        self.book.people.is_called("@b:y", "Robert", None)  # the picture stays
        self.assertEqual(self.changes.get(("person", "A", "@b:y"))["avatar"], "mxc://y/1")
        for number in range(PEOPLE_MAX):
            self.book.people.is_there(f"@{number}:z", "online", "")
        self.assertIsNone(self.changes.get(("person", "A", "@b:y")))

    def test_a_join_is_shown_until_its_room_is_open(self):
        progress = {"room": "", "matrix_room_id": "!z", "user": "@a:x", "server": "y", "done": 1, "total": 2}
        self.book.told_at_once("join.progress", {**progress, "phase": "verifying"})
        self.assertEqual(
            self.changes.get(("joining", "A", "@a:x")), {"phase": "verifying", "server": "y", "done": 1, "total": 2}
        )
        self.book.told_at_once("join.progress", {**progress, "phase": "members"})
        self.assertIsNone(self.changes.get(("joining", "A", "@a:x")))

    def refounded(self, old, new):
        self.told(
            "room.refounded",
            room=new,
            previous_matrix_room_id=old,
            room_version="11",
            previous_room_version="12",
            server="y",
        )

    def test_a_room_that_is_founded_again_keeps_what_it_shows_under_its_new_id(self):
        self.message("$1")
        self.invitation("sending", "", 1)
        self.refounded(ROOM, "!s")
        self.refounded("!s", "!t")
        self.assertEqual(self.book.rooms(), ["!t"])
        self.assertEqual((self.book.room("!t")["was"], self.book.room("!t")["room_version"]), ([ROOM, "!s"], "11"))
        self.assertNotIn(f'"{ROOM}"]', self.changes.everything()[1].replace('"was":["!r"', ""))
        # Whoever acts may not have seen it yet: the former ids mean the room.
        self.book.reacts(ROOM, "$1", "x", "@a:x", "$r")
        self.assertIn("x", self.book.entries("!t")[0]["reactions"])
        self.invitation_in("!t", "pending", "sending", 2)
        self.book.looked("!t", None, self.listed("pending"), None, None)
        trail = self.book.room("!t")["invitations"][0]["trail"]
        self.assertEqual([each["state"] for each in trail], ["sending", "pending"])

    def invitation_in(self, room, state, before, ts):
        self.told(
            "invitation.changed",
            room=room,
            user="@b:y",
            by="@a:x",
            direction="outgoing",
            state=state,
            previous_state=before,
            ts=ts,
        )

    def test_rooms_are_bounded_and_take_their_entries_along(self):
        for number in range(ROOMS_MAX + 1):
            room = f"!{number}"
            self.told(
                "room.created",
                room=room,
                name=room,
                topic="",
                type="channel",
                room_version="12",
                creator="",
                members=[],
            )
            self.system("created", "", room=room)
        self.assertIsNone(self.book.room("!0"))
        self.assertEqual(len(self.book.rooms()), ROOMS_MAX)
        self.assertNotIn('"!0"', self.changes.everything()[1])


class Messages(BookCase):
    def test_what_was_said_before_the_join_stands_above_what_is_said_since(self):
        self.message("$new")
        self.message("$old", historical=True, ts=5)
        self.assertEqual(
            [each["id"] for each in sorted(self.book.entries(ROOM), key=lambda each: each["order"])], ["$old", "$new"]
        )

    def test_delivery_is_shown_of_every_server_and_also_before_the_answer_came(self):
        self.book.writes(ROOM, "m1", {"sender": "@a:x", "text": "hello"})
        self.told(
            "delivery.changed",
            message="m1",
            event_id="$1",
            server="y",
            state="delayed",
            more_servers=[{"server": "z", "reason": "r"}],
        )
        self.book.change(ROOM, "m1", state="accepted", event_id="$1")
        self.told("delivery.changed", message="", event_id="$1", server="y", state="delivered")
        servers = self.book.entries(ROOM)[0]["servers"]
        self.assertEqual({name: each["state"] for name, each in servers.items()}, {"y": "delivered", "z": "delayed"})

    def test_an_edit_that_was_taken_back_shows_the_first_text(self):
        self.message("$1")
        edit = {"event_id": "$1", "message": "", "sender": "@b:y", "html": "", "mentions": [], "historical": False}
        self.told("message.edited", **edit, edit_event_id="$2", text="better")
        self.assertEqual(
            (self.book.entries(ROOM)[0]["text"], self.book.entries(ROOM)[0]["edited"]["event_id"]), ("better", "$2")
        )
        self.told("message.edited", **edit, edit_event_id="", text="$1")
        self.assertEqual((self.book.entries(ROOM)[0]["text"], self.book.entries(ROOM)[0]["edited"]), ("$1", None))

    def test_who_types_is_shown_until_they_have_written(self):
        self.message("$0")
        self.book.told_at_once("typing", {"room": "", "matrix_room_id": ROOM, "user": "@b:y", "typing": True})
        self.assertEqual(self.changes.get(("typing", "A", ROOM)), ["@b:y"])
        self.message("$1")
        self.assertIsNone(self.changes.get(("typing", "A", ROOM)))

    def test_a_receipt_moves_the_reader(self):
        self.message("$0")
        self.book.told_at_once(
            "receipt", {"room": "", "matrix_room_id": ROOM, "user": "@b:y", "event_id": "$0", "message": "", "ts": 7}
        )
        self.assertEqual(self.book.room(ROOM)["readers"], {"@b:y": {"event_id": "$0", "ts": 7}})


    def test_who_has_read_a_thread_has_not_read_the_room_by_that(self):
        self.message("$1")
        self.book.told_at_once("receipt", {"matrix_room_id": ROOM, "user": "@b:y", "event_id": "$1", "ts": 5, "thread": "$1"})
        room = self.book.room(ROOM)
        self.assertEqual((room["readers"], room["thread_readers"]), ({}, {"$1": {"@b:y": {"event_id": "$1", "ts": 5}}}))
        self.book.told_at_once("receipt", {"matrix_room_id": ROOM, "user": "@b:y", "event_id": "$1", "ts": 6, "thread": "main"})
        self.assertEqual(self.book.room(ROOM)["readers"], {"@b:y": {"event_id": "$1", "ts": 6}})
        for number in range(60):
            marker = {"matrix_room_id": ROOM, "user": "@b:y", "event_id": "$1", "ts": 7, "thread": f"$t{number}"}
            self.book.told_at_once("receipt", marker)
        self.assertEqual(len(self.book.room(ROOM)["thread_readers"]), 50)
        self.assertIn("$t59", self.book.room(ROOM)["thread_readers"])

    def test_what_is_read_in_private_is_known_as_that(self):
        self.message("$1")
        self.book.reads(ROOM, "@a:x", "$1", True)
        self.assertTrue(self.book.room(ROOM)["readers"]["@a:x"]["private"])
        self.book.reads(ROOM, "@a:x", "$1")
        self.assertNotIn("private", self.book.room(ROOM)["readers"]["@a:x"])

    def test_a_message_that_was_bound_is_known_by_both_ids(self):
        self.message("$1")
        self.book.binds(ROOM, "$1", "m1")
        self.book.binds(ROOM, "$1", "m2")
        self.told("message.deleted", event_id="$1", message="m1", by="@b:y")
        self.assertNotIn("deleted", self.book.entries(ROOM)[0])
        self.told("message.deleted", event_id="$1", message="m2", by="@b:y")
        self.assertEqual(self.book.entries(ROOM)[0]["deleted"]["by"], "@b:y")

    def test_a_dead_letter_is_told_where_it_is_missing(self):
        self.told("dead_letter", id="0-1", event="message.received", event_id="$1")
        self.assertEqual(self.book.entries(ROOM)[0]["about"], "message.received")


class WhoIsAskedFor(unittest.TestCase):
    def setUp(self):
        self.told = []
        self.newcomers = Newcomers(lambda localpart, exists: self.told.append((localpart, exists)))

    def exists(self, localpart):
        return self.newcomers.answer({"user": f"@{localpart}:x", "localpart": localpart})["exists"]

    def test_nobody_exists_whom_the_rule_does_not_name(self):
        self.assertFalse(self.exists("eve"))
        self.newcomers.welcome(["eve", "guest-*"])
        asked = ("eve", "guest-7", "mallory", "my-guest-7")
        self.assertEqual([self.exists(each) for each in asked], [True, True, False, False])
        self.assertEqual(self.told[-1], ("my-guest-7", False))
        shown = [each["user"] for each in self.newcomers.document()["asked"]]
        self.assertEqual(shown[:2], ["@my-guest-7:x", "@mallory:x"])

    def test_a_rule_is_a_list_of_names_and_beginnings(self):
        for names in (None, "eve", [1], [""], ["*x"], ["[ab]"], ["?"], ["x" * 101], ["x"] * 21):
            with self.assertRaises(Refused, msg=names):
                self.newcomers.welcome(names)

    def test_who_comes_so_and_what_is_shown_of_it_is_bounded(self):
        self.newcomers.welcome(["*"])
        self.assertEqual(sum(self.exists(str(number)) for number in range(COME_MAX + 5)), COME_MAX)
        self.assertTrue(self.exists("0"))
        self.assertEqual(len(self.newcomers.document()["asked"]), ASKED_MAX)


class FakeChat:
    """Refuses everything with the same code."""

    def __init__(self, code):
        self.code = code

    def command(self, name, body, timeout):
        raise CommandError(self.code, "no")


class AskingTheBroker(BookCase):
    def test_a_command_is_known_unless_its_name_is_refused(self):
        self.assertFalse(knows(FakeChat("unknown_command"), "room.upgrade"))
        self.assertTrue(knows(FakeChat("bad_body"), "room.upgrade"))

    def test_while_the_broker_is_down_messages_alone_wait_for_it(self):
        actions = Actions(FakeChat("stopping"), self.book, self.asked.append, lambda: False)
        self.addCleanup(actions.close)
        with self.assertRaises(Refused) as refused:
            actions.carry_out("member.leave", {"room": ROOM, "user": "@a:x"})
        self.assertEqual(refused.exception.code, "broker_down")
        self.assertEqual(actions.carry_out("message.send", {"room": ROOM, "sender": "@a:x", "text": "hello"}), {})
        self.assertEqual(self.book.entries(ROOM)[0]["text"], "hello")

    def test_what_is_no_command_of_the_page_is_not_sent(self):
        actions = Actions(FakeChat("bad_body"), self.book, self.asked.append, lambda: True)
        self.addCleanup(actions.close)
        for name in ("media.put", "federation.configure", "", None, "query.room"):
            with self.assertRaises(Refused) as refused:
                actions.carry_out(name, {})
            self.assertEqual(refused.exception.code, "unknown_command")


if __name__ == "__main__":
    unittest.main()
