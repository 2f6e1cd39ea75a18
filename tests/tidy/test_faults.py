"""Each code of the table of faults (messages/fault.cpp, CONTRACT.md "Faults") comes out somewhere and is seen by a test.

Each is produced by a test that is named here (PRODUCED): by a real broker where a peer, a chat server or an operator
can cause it, else by the actor or the engine that answers with it. A test sees a code by its name (`fault_code::NAME`, or "NAME" as the chat server reads it) or by its Matrix errcode,
where no other code has the same one; a test that looks at the table alone sees none."""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = ("messages", "config", "actors", "plugin", "tools")
TABLE = ("messages/fault.hpp", "messages/fault.cpp")
# They look at every row, or at words that happen to be codes.
NO_PROOF = ("tests/messages/fault.cpp", "tests/messages/chat/bodies.cpp", "tests/tidy", "tests/vectors",
            "tests/fuzz/corpus")
# Told by nobody yet: what they are for is not built. Whoever builds it takes the code out of here.
UNUSED = set()
BAD_CHAT, BAD_PEERS = "tests/interop/test_bad_chat_input.py", "tests/interop/test_bad_federation_input.py"
USER_FAULTS, SWITCHING = "tests/interop/test_user_faults.py", "tests/interop/test_switching.py"
HOSTILE = "tests/interop/hostile/"
# Code -> file and case that produce it; a third entry is what the file has in place of the code's names, where others
# have the same errcode.
PRODUCED = {
    "not_json": (BAD_PEERS, "test_a_body_that_is_no_json_is_named_so"),
    "bad_json": (BAD_PEERS, "test_a_transaction_of_the_wrong_shape_is_bad_json", "M_BAD_JSON"),
    "missing_param": (BAD_PEERS, "test_an_invitation_of_version_12_without_the_rooms_create_event_misses_a_parameter"),
    "invalid_param": ("tests/interop/test_receipts.py", "test_who_is_no_member_and_what_is_no_message_is_refused"),
    "invalid_identifier": (BAD_CHAT, "test_malformed_user_ids_are_refused_with_what_is_wrong"),
    "too_large": (BAD_CHAT, "test_a_text_over_the_bound_is_too_large"),
    "bad_signature": (HOSTILE + "test_old_rooms.py", "test_a_name_of_another_server_needs_its_signature"),
    "bad_hash": (BAD_PEERS, "test_an_invitation_that_was_altered_on_its_way_is_refused", "content hash"),
    "unrecognized": (BAD_PEERS, "test_an_unknown_path_is_not_recognised", "M_UNRECOGNIZED"),
    "method_not_allowed": (BAD_PEERS, "test_a_wrong_method_is_not_recognised", "405"),
    "not_canonical": (HOSTILE + "test_malformed_events.py",
                      "test_numbers_that_are_no_integers_of_canonical_json_are_refused"),
    "unsupported_media": (HOSTILE + "test_media.py", "test_a_bomb_is_not_decoded_and_nonsense_is_refused", "M_UNKNOWN"),
    "unauthorized": (BAD_PEERS, "test_an_unsigned_request_is_unauthorised"),
    "forbidden": (BAD_CHAT, "test_who_is_not_in_the_room_cannot_write"),
    "server_denied": (SWITCHING, "test_a_denied_server_waits_and_the_operator_is_told"),
    "invite_blocked": (SWITCHING, "test_invitations_of_others_are_blocked_for_all_or_for_one"),
    "unable_to_authorise_join": (
        USER_FAULTS, "test_who_asks_a_server_that_cannot_know_or_cannot_let_them_in_may_ask_another"),
    "unable_to_grant_join": (USER_FAULTS, "test_a_server_that_asks_us_is_told_which_of_the_two_it_is"),
    "limit_exceeded": ("tests/interop/test_served.py", "test_a_server_that_asks_too_much_is_told_when_to_come_again",
                       "M_LIMIT_EXCEEDED"),
    "federation_disabled": (SWITCHING, "test_while_it_is_off_nothing_goes_out_or_comes_in_and_nothing_is_lost"),
    "missing_token": ("tests/interop/test_served.py", "test_no_openid_token_is_known"),
    "unknown_token": ("tests/interop/test_served.py", "test_no_openid_token_is_known"),
    "policy_denied": (HOSTILE + "test_policy_servers.py",
                      "test_our_message_it_refuses_is_sent_to_nobody_and_the_chat_server_is_told_why"),
    "may_not_federate": (SWITCHING, "test_who_may_not_federate_is_in_no_federated_room_until_it_is_allowed"),
    "user_deactivated": (SWITCHING, "test_who_is_deactivated_leaves_every_room_and_is_nobody_for_others"),
    "not_found": (BAD_CHAT, "test_an_unknown_room_is_not_found"),
    "incompatible_room_version": ("tests/interop/test_invitations.py",
                                  "test_room_that_somebody_else_has_seen_stays_and_the_invitation_fails"),
    "unsupported_room_version": ("tests/interop/room_scenarios.py", "test_who_may_not_upgrade_is_refused"),
    "already_exists": ("tests/interop/test_users.py", "test_a_message_id_under_another_command_sends_nothing"),
    "not_member": (BAD_CHAT, "test_who_is_not_in_the_room_cannot_write"),
    "conflict": (BAD_CHAT, "test_the_same_id_for_another_command_is_a_conflict"),
    "not_federated": (BAD_CHAT, "test_a_room_that_does_not_federate_refuses_users_of_other_servers"),
    "not_yet_uploaded": (HOSTILE + "test_media.py", "test_a_refusal_is_told_and_asked_again_later"),
    "peer_unreachable": ("tests/interop/scenarios.py",
                         "test_what_we_may_not_join_or_cannot_find_is_refused_with_the_reason"),
    "peer_timeout": (HOSTILE + "test_endless_answers.py", "test_a_server_that_says_nothing_is_left_after_the_time_out"),
    "peer_refused": (HOSTILE + "test_endless_answers.py", "test_errors_of_any_kind_end_a_join"),
    "peer_bad_answer": (HOSTILE + "test_lying_residents.py", "test_answers_of_odd_shapes_are_no_join"),
    "peer_blocked_address": (HOSTILE + "test_forged_requests.py",
                             "test_names_that_lead_to_private_addresses_are_not_visited"),
    "peer_unresolvable": (USER_FAULTS, "test_a_server_whose_name_has_no_address_is_told_from_one_that_is_away"),
    "peer_tls": (USER_FAULTS, "test_a_server_whose_certificate_is_not_valid_is_asked_for_nothing"),
    # No input that is known causes it: it is the answer to a defect.
    "internal": ("tests/actors/invitation_machine.cpp",
                 "a_command_that_was_handed_to_the_wrong_actor_is_answered_as_the_defect_it_is"),
    "store_failed": ("tests/interop/test_postgresql.py",
                     "test_what_is_said_while_the_database_is_away_is_refused_and_taken_when_it_is_back"),
    "overloaded": (USER_FAULTS, "test_what_is_asked_beyond_the_bound_is_overloaded_and_may_be_repeated"),
    "stopping": ("tests/interop/test_start.py", "test_a_chat_server_is_told_that_the_broker_stops"),
    "parked": (USER_FAULTS,
               "test_what_is_said_in_a_room_that_cannot_be_read_is_refused_until_it_can_and_other_rooms_go_on"),
    # After 300 s in which a part of the broker says nothing: the clock of the test is a number.
    "timed_out": ("tests/actors/session_machine.cpp", "a_command_nobody_answers_times_out_and_can_be_repeated"),
    "clock_wrong": ("tests/interop/attack/test_clocks.py",
                    "test_three_servers_that_say_so_end_all_signing_until_it_is_right"),
    "address_in_use": ("tests/interop/test_start.py", "test_a_port_in_use_is_told_as_such"),
    "store_damaged": ("tests/interop/test_start.py", "test_a_damaged_store_is_told_as_such"),
    # A node that was replaced ends itself as soon as the database tells it; what it was doing by then is refused there.
    "stale_owner": ("tests/plugin/store/membership.cpp",
                    "an_engine_whose_store_was_taken_writes_nothing_and_says_so_first"),
    "bad_frame": (BAD_CHAT, "test_a_wrong_magic_is_a_bad_frame"),
    "unsupported_version": (BAD_CHAT, "test_an_unknown_version_is_answered_with_the_known_ones"),
    "unknown_verb": (BAD_CHAT, "test_an_unknown_verb_is_named_so"),
    "unknown_command": (BAD_CHAT, "test_an_unknown_command_is_named_so"),
    "bad_body": (BAD_CHAT, "test_a_missing_or_wrong_field_is_named"),
    "hello_required": (BAD_CHAT, "test_a_command_before_hello_is_told_to_greet"),
    "credit_exceeded": (USER_FAULTS, "test_a_command_beyond_the_credit_is_refused_and_the_others_go_on"),
    "role_denied": ("tests/interop/test_inspector_http.py", "test_a_change_needs_a_post_a_token_and_a_reason"),
    "cursor_out_of_range": (BAD_CHAT, "test_an_acknowledgement_of_what_was_never_sent_is_out_of_range"),
}
ROW = re.compile(r'fault_info\{\s*(\w+),\s*"(\w+)",\s*"(\w*)"')


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf8", errors="replace") as text:
        return text.read()


def files(folders, left_out):
    for folder in folders:
        for where, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in names:
                path = os.path.relpath(os.path.join(where, name), ROOT)
                if name.endswith((".cpp", ".hpp", ".py")) and not path.startswith(left_out):
                    yield path


def table():
    """{code: Matrix errcode, or "" where another code has it too}"""
    rows = [(code, errcode) for code, _, errcode in ROW.findall(read("messages/fault.cpp")) if code != "none"]
    shared = {errcode for _, errcode in rows if sum(errcode == other for _, other in rows) > 1}
    return {code: "" if errcode in shared else errcode for code, errcode in rows}


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def lacking(text, code, errcode):
    """What of a code's names is not in the text."""
    if re.search(rf"\bfault_code::{code}\b|[\"']{code}[\"':]", text):
        return False
    return not (errcode and re.search(rf"\b{errcode}\b", text))


def has_case(text, case):
    """Whether a file of tests has a case of that name: a method, or a case of Boost.Test, with a fixture or without."""
    return bool(re.search(rf"^ +def {case}\(self\b|^\w+_CASE\({case}\b", text, re.M))


def unproduced(produced, codes, read_file):
    """What is wrong with the table of tests that produce codes."""
    wrong = [f"{code} has no test that produces it" for code in sorted(set(codes) - set(produced))]
    wrong += [f"{code} is no code" for code in sorted(set(produced) - set(codes))]
    for code in sorted(set(produced) & set(codes)):
        path, case, *word = produced[code]
        text = read_file(path)
        if not has_case(text, case):
            wrong.append(f"{code}: {path} has no case {case}")
        elif word[0] not in text if word else lacking(text, code, codes[code]):
            wrong.append(f"{code}: {path} does not name it")
    return wrong


class Faults(unittest.TestCase):
    def test_every_code_is_told_by_somebody(self):
        sources = (path for path in files(SOURCES, TABLE) if path.endswith("pp"))
        told = "\n".join(without_comments(read(path)) for path in sources)
        unused = {code for code in table() if not re.search(rf"\bfault_code::{code}\b", told)}
        self.assertEqual(unused - UNUSED, set(), "nobody tells these")

    def test_every_code_is_seen_by_a_test(self):
        seen = "\n".join(without_comments(read(path)) if path.endswith("pp") else read(path)
                         for path in files(["tests"], NO_PROOF))
        unseen = {code for code, errcode in table().items() if lacking(seen, code, errcode)}
        self.assertEqual(unseen - UNUSED, set(), "no test sees these")

    def test_every_code_is_in_the_contract(self):
        page = read("messages/chat/CONTRACT.md")
        begin = page.index("<!-- printed: faults -->")
        printed = set(re.findall(r"^\| `(\w+)` \|", page[begin:page.index("<!-- /printed -->", begin)], re.M))
        self.assertEqual(printed, set(table()))

    def test_every_code_is_produced_by_the_test_that_is_named_for_it(self):
        self.assertEqual(unproduced(PRODUCED, table(), read), [])

    def test_a_code_without_its_test_is_found(self):
        texts = {"a.py": "class A:\n    def test_one(self):\n        'conflict'\n",
                 "b.cpp": "CAUSEWAY_ENGINE_CASE(two, with_place) {\n  fault_code::parked;\n"}
        codes = {"conflict": "", "parked": "", "internal": ""}
        fine = {"conflict": ("a.py", "test_one"), "parked": ("b.cpp", "two")}
        self.assertEqual(unproduced(fine, codes, texts.get), ["internal has no test that produces it"])
        for wrong in ({"internal": ("a.py", "test_one")}, {"internal": ("a.py", "test_two")}, {"internal": ("b.cpp", "tw")},
                      {"internal": ("a.py", "test_one", "a word")}, {"internal": ("b.cpp", "two"), "other": ("a.py", "test_one")}):
            self.assertEqual(len(unproduced({**fine, **wrong}, codes, texts.get)), 1 + ("other" in wrong), wrong)
        self.assertEqual(unproduced({**fine, "internal": ("a.py", "test_one", "conflict")}, codes, texts.get), [])

    def test_a_code_that_no_test_sees_is_found(self):
        self.assertTrue(lacking('fault_code::not_found, "not_member", M_FORBIDDEN', "conflict", ""))
        self.assertFalse(lacking("fault_code::conflict", "conflict", ""))
        self.assertFalse(lacking('== "conflict"', "conflict", ""))
        self.assertTrue(lacking("M_LIMIT", "limit_exceeded", "M_LIMIT_EXCEEDED"))
        self.assertFalse(lacking("'M_BAD_JSON'", "bad_json", "M_BAD_JSON"))


if __name__ == "__main__":
    unittest.main()
