"""The checker on ledgers written by hand: one that keeps all promises, and one for each promise that is broken in each way."""

import json
import unittest

import finds_harness  # noqa: F401 - first: it finds the harness
import ledger as book
from checker import PROMISES, Checker, invitation_table
from harness import matrix
from recorder import refused_in

A, B = "a.example", "b.example"
ALICE, BOB, MALLORY = "@alice:a.example", "@bob:b.example", "@mallory:b.example"
ROOM = "!room:a.example"


def pdu_of(sender, text, edits=None):
    content = {"msgtype": "m.text", "body": text}
    if edits:
        content = {"msgtype": "m.text", "body": "* " + text, "m.new_content": content, "m.relates_to": {"rel_type": "m.replace", "event_id": edits}}
    return {"type": "m.room.message", "room_id": ROOM, "sender": sender, "content": content, "depth": 7, "prev_events": [], "auth_events": [],
            "origin_server_ts": 1_700_000_000_000, "hashes": {"sha256": matrix.content_hash({"content": content, "sender": sender})}}


def id_of(sender, text, edits=None):
    return matrix.event_id(pdu_of(sender, text, edits), "11")


def transaction(sender, receiver, name, pdus, status=200, refused=()):
    return book.Transaction(sender, receiver, name, json.dumps({"pdus": pdus, "edus": []}).encode(), status, tuple(refused))


def command(sender, text, refused="", answered=True):
    event_id = id_of(sender, text) if answered and not refused else ""
    return book.Command("id of " + text, "message.send", ROOM, sender, text, (B,) if sender == ALICE else (A,), event_id, refused)


def shown(sender, text):
    return book.Shown(book.MESSAGE, ROOM, id_of(sender, text), sender, text)


def good():
    """Alice says two things and Bob two, his second is an edit; Bob is invited and reads; Mallory is banned."""
    ledger = book.Ledger("11")
    first, second, third = command(ALICE, "one"), command(ALICE, "two"), command(BOB, "three")
    edit = book.Command("id of four", "message.edit", ROOM, BOB, "four", (A,), id_of(BOB, "four", third.event_id))
    ledger.commands = [first, third, second, edit]
    ledger.again = [(each.id, each.event_id) for each in ledger.commands]
    ledger.shown = {B: [shown(ALICE, "one"), shown(ALICE, "two"), book.Shown(book.BAN, ROOM, "$ban", MALLORY)],
                    A: [shown(BOB, "three"), book.Shown(book.EDIT, ROOM, edit.event_id, BOB, "four", third.event_id), book.Shown(book.BAN, ROOM, "$ban", MALLORY)]}
    ledger.transactions = [transaction(A, B, "t1", [pdu_of(ALICE, "one")], status=0),
                           transaction(A, B, "t1", [pdu_of(ALICE, "one")]),
                           transaction(A, B, "t2", [pdu_of(ALICE, "two")]),
                           transaction(B, A, "t1", [pdu_of(BOB, "three"), pdu_of(BOB, "four", third.event_id)])]
    ledger.changes = {A: [book.Change(ROOM, BOB, "outgoing", "", "sending"), book.Change(ROOM, BOB, "outgoing", "sending", "sending"),
                          book.Change(ROOM, BOB, "outgoing", "sending", "pending"), book.Change(ROOM, BOB, "outgoing", "pending", "accepted")],
                      B: [book.Change(ROOM, BOB, "incoming", "", "pending"), book.Change(ROOM, BOB, "incoming", "pending", "accepted")]}
    ledger.receipts = {A: [book.Receipt(ROOM, BOB, "", first.event_id), book.Receipt(ROOM, BOB, "", second.event_id)], B: []}
    return ledger


class Promises(unittest.TestCase):
    def broken(self, ledger):
        """Names of the promises that the ledger breaks."""
        return sorted({each.promise for each in Checker(ledger).problems()})

    def breaks(self, promises, ledger):
        self.assertEqual(self.broken(ledger), sorted(promises.split()), [str(each) for each in Checker(ledger).problems()])

    def test_all_are_kept_by_a_good_ledger(self):
        self.breaks("", good())

    def test_every_promise_is_broken_by_a_case_of_this_file(self):
        with open(__file__, encoding="utf8") as text:
            named = {word for line in text if "self.breaks(\"" in line for word in line.split('"')[1].split()}
        self.assertEqual(named, set(PROMISES))

    # -- acknowledged

    def test_an_acknowledged_message_that_is_shown_to_nobody_is_lost(self):
        ledger = good()
        ledger.transactions = ledger.transactions[:2] + ledger.transactions[3:]
        del ledger.shown[B][1]
        self.breaks("acknowledged", ledger)

    def test_an_acknowledged_edit_that_is_shown_to_nobody_is_lost(self):
        ledger = good()
        ledger.transactions.pop()
        del ledger.shown[A][1]
        self.breaks("acknowledged", ledger)

    def test_a_message_that_is_shown_twice_is_doubled(self):
        ledger = good()
        ledger.shown[B].insert(1, ledger.shown[B][0])
        self.breaks("acknowledged answered", ledger)

    def test_each_reader_counts(self):
        ledger = good()
        ledger.commands[0].readers = (B, "c.example")
        self.breaks("acknowledged", ledger)

    def test_a_command_without_a_result_promises_nothing(self):
        ledger = good()
        ledger.commands.append(command(ALICE, "into the dark", answered=False))
        self.breaks("", ledger)

    # -- answered

    def test_a_pdu_that_was_answered_with_200_and_is_shown_to_nobody_is_lost(self):
        ledger = good()
        ledger.commands.append(command(BOB, "five", answered=False))
        ledger.transactions.append(transaction(B, A, "t9", [pdu_of(BOB, "five")]))
        self.breaks("answered", ledger)

    def test_a_pdu_without_an_answer_or_refused_by_name_promises_nothing(self):
        ledger = good()
        ledger.commands.append(command(BOB, "five", answered=False))
        ledger.transactions.append(transaction(B, A, "t9", [pdu_of(BOB, "five")], status=502))
        self.breaks("", ledger)
        ledger.transactions.append(transaction(B, A, "t9", [pdu_of(BOB, "five")], refused=[id_of(BOB, "five")]))
        self.breaks("", ledger)

    # -- unasked

    def test_a_message_that_nobody_has_written_is_unasked(self):
        ledger = good()
        ledger.shown[B].append(shown(ALICE, "who said that"))
        self.breaks("unasked", ledger)

    def test_a_message_under_another_name_or_in_another_room_is_unasked(self):
        for change in ({"sender": "@eve:a.example"}, {"room": "!other:a.example"}):
            ledger = good()
            for name, value in change.items():
                setattr(ledger.shown[B][1], name, value)
            with self.subTest(change):
                self.assertIn("unasked", self.broken(ledger))

    def test_a_refused_command_whose_message_is_shown_all_the_same_is_unasked(self):
        ledger = good()
        ledger.commands.append(command(ALICE, "five", refused="already_exists"))
        ledger.shown[B].append(shown(ALICE, "five"))
        self.breaks("unasked", ledger)

    # -- order

    def test_messages_that_a_reader_sees_in_another_order_than_they_were_sent(self):
        ledger = good()
        ledger.shown[B][:2] = ledger.shown[B][1::-1]
        self.breaks("order", ledger)

    def test_two_readers_who_see_two_senders_in_different_orders(self):
        ledger = good()
        ledger.shown["c.example"] = [shown(BOB, "three"), shown(ALICE, "one")]
        ledger.shown["d.example"] = [shown(ALICE, "one"), shown(BOB, "three")]
        self.breaks("order", ledger)

    def test_an_edit_before_its_message(self):
        ledger = good()
        ledger.shown[A][:2] = ledger.shown[A][1::-1]
        self.breaks("order", ledger)

    def test_an_edit_may_come_behind_what_was_said_after_it(self):
        ledger = good()
        ledger.commands.append(command(BOB, "five"))
        ledger.shown[A].insert(1, shown(BOB, "five"))
        self.breaks("", ledger)

    # -- one_event

    def test_a_command_that_was_repeated_and_made_a_second_event(self):
        ledger = good()
        second = book.Shown(book.MESSAGE, ROOM, "$another", ALICE, "two")
        ledger.shown[B].append(second)
        self.breaks("one_event", ledger)

    def test_a_command_that_is_answered_with_another_event_when_it_is_repeated(self):
        ledger = good()
        ledger.again[0] = (ledger.again[0][0], "$another")
        self.breaks("one_event", ledger)

    def test_a_second_event_that_was_sent_and_is_not_shown_is_one_too_many(self):
        ledger = good()
        second = {**pdu_of(ALICE, "two"), "depth": 8}
        ledger.transactions.append(transaction(A, B, "t3", [second], status=0))
        self.breaks("one_event", ledger)

    # -- transaction

    def test_a_transaction_id_with_other_bytes(self):
        ledger = good()
        ledger.transactions.append(transaction(A, B, "t1", [pdu_of(ALICE, "one"), pdu_of(ALICE, "two")], status=0))
        self.assertIn("transaction", self.broken(ledger))
        ledger = good()
        ledger.transactions[0].body += b" "
        self.breaks("transaction", ledger)

    def test_a_pdu_under_a_second_transaction_id(self):
        ledger = good()
        ledger.transactions[0].id = "t0"
        self.breaks("transaction", ledger)

    def test_the_same_id_of_two_servers_and_to_two_servers_is_no_matter(self):
        ledger = good()
        ledger.transactions.append(transaction(A, "c.example", "t1", [pdu_of(ALICE, "two")], status=0))
        self.breaks("", ledger)

    # -- invitations

    def test_a_change_that_the_table_does_not_have(self):
        ledger = good()
        ledger.changes[A].append(book.Change(ROOM, BOB, "outgoing", "accepted", "pending"))
        self.breaks("invitations", ledger)

    def test_a_change_that_nobody_was_told(self):
        ledger = good()
        del ledger.changes[A][2]
        self.breaks("invitations", ledger)

    def test_a_change_that_was_told_twice(self):
        ledger = good()
        ledger.changes[B].append(ledger.changes[B][1])
        self.breaks("invitations", ledger)

    def test_a_new_invitation_takes_the_place_of_one_that_has_ended(self):
        ledger = good()
        ledger.changes[A].append(book.Change(ROOM, BOB, "outgoing", "", "sending"))
        self.breaks("", ledger)

    def test_the_table_is_that_of_the_contract(self):
        table = invitation_table()
        self.assertIn(("outgoing", "", "sending"), table)
        self.assertIn(("outgoing", "pending", "revoked_unconfirmed"), table)
        self.assertIn(("incoming", "", "pending"), table)
        self.assertNotIn(("incoming", "rejected", "accepted"), table)

    # -- receipts

    def test_a_marker_that_goes_back(self):
        ledger = good()
        ledger.receipts[A].reverse()
        self.breaks("receipts", ledger)

    def test_markers_of_a_thread_and_of_the_room_are_two(self):
        ledger = good()
        ledger.receipts[A].append(book.Receipt(ROOM, BOB, "main", ledger.commands[0].event_id))
        self.breaks("", ledger)

    def read_and_kept(self, *kept):
        """Bob's broker has acknowledged that he has read both messages of Alice, and has these markers."""
        ledger = good()
        marks = [book.Receipt(ROOM, BOB, "", each.event_id) for each in ledger.commands if each.sender == ALICE]
        ledger.read = [(B, each) for each in marks]
        ledger.positions = {B: [marks[number] for number in kept]}
        return ledger

    def test_an_acknowledged_marker_that_is_lost_or_older_than_that(self):
        self.breaks("", self.read_and_kept(1))
        self.breaks("receipts", self.read_and_kept(0))
        self.breaks("receipts", self.read_and_kept())

    def test_a_marker_nobody_has_asked_for_yet(self):
        ledger = self.read_and_kept()
        ledger.positions = {}
        self.breaks("", ledger)

    # -- banned

    def test_a_message_of_a_banned_user(self):
        ledger = good()
        ledger.commands.append(command(MALLORY, "ha"))
        ledger.shown[A].append(shown(MALLORY, "ha"))
        self.breaks("banned", ledger)

    def test_what_was_said_before_the_ban_and_after_the_return(self):
        ledger = good()
        ledger.commands += [command(MALLORY, "ha"), command(MALLORY, "sorry")]
        ledger.shown[A].insert(0, shown(MALLORY, "ha"))
        ledger.shown[A] += [book.Shown(book.JOIN, ROOM, "$back", MALLORY), shown(MALLORY, "sorry")]
        self.breaks("", ledger)

    def test_what_a_banned_user_was_acknowledged_is_promised_to_nobody(self):
        ledger = good()
        ledger.commands.append(command(MALLORY, "ha"))
        ledger.transactions.append(transaction(B, A, "t9", [pdu_of(MALLORY, "ha")]))
        self.breaks("", ledger)


class Reading(unittest.TestCase):
    class Told:
        def __init__(self, name, **body):
            self.name, self.body = name, body

    def test_notifications_become_what_was_shown(self):
        ledger = book.Ledger()
        told = [self.Told("message.received", matrix_room_id=ROOM, event_id="$m", sender=BOB, text="hi"),
                self.Told("message.edited", matrix_room_id=ROOM, event_id="$m", edit_event_id="$e", sender=BOB, text="ho"),
                self.Told("member.changed", matrix_room_id=ROOM, event_id="$b", user=BOB, membership="ban"),
                self.Told("member.changed", matrix_room_id=ROOM, event_id="$l", user=BOB, membership="leave"),
                self.Told("room.created", matrix_room_id=ROOM),
                self.Told("invitation.received", matrix_room_id=ROOM, user=ALICE),
                self.Told("invitation.changed", matrix_room_id=ROOM, user=ALICE, direction="incoming", previous_state="pending", state="revoked")]
        book.read_notifications(ledger, A, told, [{"matrix_room_id": ROOM, "user": BOB, "event_id": "$m", "thread": "main"}])
        self.assertEqual(ledger.shown[A], [book.Shown(book.MESSAGE, ROOM, "$m", BOB, "hi"), book.Shown(book.EDIT, ROOM, "$e", BOB, "ho", "$m"),
                                           book.Shown(book.BAN, ROOM, "$b", BOB)])
        self.assertEqual(ledger.changes[A], [book.Change(ROOM, ALICE, "incoming", "", "pending"), book.Change(ROOM, ALICE, "incoming", "pending", "revoked")])
        self.assertEqual(ledger.receipts[A], [book.Receipt(ROOM, BOB, "main", "$m")])

    def test_events_that_an_answer_refuses_by_name(self):
        self.assertEqual(refused_in(b'{"pdus":{"$a":{},"$b":{"error":"no"}}}'), ("$b",))
