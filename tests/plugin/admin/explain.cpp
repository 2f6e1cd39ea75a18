#include "plugin/admin/explain.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::admin;

namespace {

constexpr std::int64_t now = 1'700'000'000'000;
constexpr std::int64_t minute = 60'000;

store::destination_summary owed(std::int64_t queued, std::int64_t age_ms) {
  store::destination_summary x;
  x.destination.server_name = "far.example";
  x.queued = queued;
  x.oldest_queued_ts = now - age_ms;
  return x;
}

bool says(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return true;
  BOOST_TEST_MESSAGE(text);
  return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(admin_explain)

BOOST_AUTO_TEST_CASE(of_a_server_we_do_not_federate_with_it_says_so_and_what_waits) {
  auto row = describe(owed(2, 0), true, now);
  exclude(row, "");
  BOOST_TEST(row.state == "waiting");
  exclude(row, "the federation is switched off");
  BOOST_TEST(row.state == "excluded");
  BOOST_TEST(says(row.waits_for, "the federation is switched off. 2 events wait until that ends."));
}

BOOST_AUTO_TEST_CASE(durations_read_like_speech) {
  BOOST_TEST(human_duration(-5) == "0 s");
  BOOST_TEST(human_duration(0) == "0 ms");
  BOOST_TEST(human_duration(999) == "999 ms");
  BOOST_TEST(human_duration(1'234) == "1.2 s");
  BOOST_TEST(human_duration(59'999) == "59 s");
  BOOST_TEST(human_duration(5 * minute) == "5 min");
  BOOST_TEST(human_duration(120 * minute) == "2 h");
  BOOST_TEST(human_duration(125 * minute) == "2 h 5 min");
  BOOST_TEST(human_duration(4 * 24 * 60 * minute) == "4 days");
}

BOOST_AUTO_TEST_CASE(server_without_anything_owed_is_healthy_and_waits_for_nothing) {
  auto row = describe(owed(0, 0), true, now);
  BOOST_TEST(row.state == "healthy");
  BOOST_TEST(row.waits_for == "");
  BOOST_TEST(row.oldest_waiting_ts == 0);
}

BOOST_AUTO_TEST_CASE(server_that_fails_says_since_when_why_and_when_next) {
  auto x = owed(3, 12 * minute);
  x.destination.failures = 5;
  x.destination.first_failure_ts = now - 11 * minute;
  x.destination.retry_at_ts = now + 40'000;
  x.destination.last_fault = "peer_unreachable: connection refused";
  auto row = describe(x, true, now);
  BOOST_TEST(row.state == "backing_off");
  BOOST_TEST(says(row.waits_for, "3 events wait, the oldest for 12 min."));
  BOOST_TEST(says(row.waits_for, "5 attempts failed in the last 11 min, last: peer_unreachable: connection refused."));
  BOOST_TEST(
    says(row.waits_for, "The next attempt is made in 40 s; `causeway server retry far.example` makes it now."));
  BOOST_TEST(says(advice(x.destination.last_fault), "does not accept connections"));
  BOOST_TEST(says(advice(x.destination.last_fault), "`causeway doctor NAME`"));
  BOOST_TEST(says(advice("peer_tls: certificate has expired"), "certificate has expired; tell its operator"));
  BOOST_TEST(says(advice("peer_tls: self-signed certificate"), "`causeway server probe`"));
  BOOST_TEST(describe(x, false, now).state == "never_contacted");
  x.destination.retry_at_ts = now - 1;
  BOOST_TEST(says(describe(x, true, now).waits_for, "An attempt is due or under way now."));
}

BOOST_AUTO_TEST_CASE(one_event_and_one_attempt_are_told_in_the_singular) {
  auto x = owed(1, 1'500);
  x.destination.failures = 1;
  auto row = describe(x, true, now);
  BOOST_TEST(says(row.waits_for, "1 event waits, the oldest for 1.5 s. 1 attempt failed."));
}

BOOST_AUTO_TEST_CASE(server_with_a_transaction_waits_for_its_answer) {
  auto x = owed(60, minute);
  x.destination.transaction_id = "t17";
  x.destination.transaction_pdus.resize(50);
  x.destination.transaction_edus.resize(1);
  auto row = describe(x, true, now);
  BOOST_TEST(row.state == "sending");
  BOOST_TEST(row.in_flight_pdus == 50);
  BOOST_TEST(says(row.waits_for, "Transaction t17 with 50 events and 1 ephemeral item is under way"));
}

BOOST_AUTO_TEST_CASE(server_with_a_queue_and_no_transaction_is_about_to_send) {
  auto row = describe(owed(2, 100), true, now);
  BOOST_TEST(row.state == "waiting");
  BOOST_TEST(says(row.waits_for, "about to be sent"));
}

BOOST_AUTO_TEST_CASE(failed_server_with_nothing_owed_says_so) {
  auto x = owed(0, 0);
  x.destination.failures = 2;
  BOOST_TEST(says(describe(x, true, now).waits_for, "Nothing is owed to it."));
}

BOOST_AUTO_TEST_CASE(open_invitations_say_whom_they_wait_for) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.user_id = "@friend:far.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.since_ts = now - 3 * minute;
  x.state = invitation_state::sending;
  x.pending_request = next_request::invite;
  x.attempts = 2;
  x.retry_at_ts = now + 8'000;
  BOOST_TEST(says(describe(x, now).waits_for,
                  "far.example has not taken the invitation yet. 2 attempts so far; the next is made in 8.0 s"));
  x.last_fault = "peer_unreachable: refused";
  BOOST_TEST(says(describe(x, now).waits_for,
                  "2 attempts so far, the last failed: peer_unreachable: refused; the next is made in 8.0 s"));
  x.last_fault.clear();
  x.state = invitation_state::pending;
  x.pending_request = next_request::none;
  BOOST_TEST(says(describe(x, now).waits_for, "@friend:far.example has not answered for 3 min; it never expires."));
  x.deadline_ts = now + 5 * 24 * 60 * minute;
  BOOST_TEST(says(describe(x, now).waits_for, "it expires in 5 days."));
  x.state = invitation_state::revoked_unconfirmed;
  BOOST_TEST(says(describe(x, now).waits_for, "has not confirmed that the invitation is revoked."));
  x.state = invitation_state::accepted;
  BOOST_TEST(describe(x, now).waits_for == "");
  x.state = invitation_state::rejected;
  x.direction = invitation_direction::incoming;
  x.inviter = "@boss:other.example";
  x.pending_request = next_request::leave;
  BOOST_TEST(says(describe(x, now).waits_for, "other.example has still to be told (leave)."));
}

BOOST_AUTO_TEST_CASE(knocks_say_whom_they_wait_for) {
  store::put_invitation x;
  x.room_id = "!r:far.example";
  x.user_id = x.inviter = "@me:chat.example";
  x.direction = invitation_direction::knock;
  x.via = {"far.example", "other.example"};
  x.since_ts = now - 3 * minute;
  x.state = invitation_state::sending;
  x.pending_request = next_request::knock;
  x.retry_at_ts = now + 8'000;
  BOOST_TEST(other_side(x) == "far.example");
  BOOST_TEST(describe(x, now).waits_for ==
             "No server of the room has taken the knock yet; far.example is tried again in 8.0 s.");
  x.state = invitation_state::pending;
  x.pending_request = next_request::ask;
  BOOST_TEST(describe(x, now).waits_for == "Nobody has let @me:chat.example in or turned them away for 3 min. "
                                           "far.example is asked in 8.0 s whether the knock still stands.");
  x.pending_request = next_request::none; // made in a room of ours
  BOOST_TEST(describe(x, now).waits_for == "Nobody has let @me:chat.example in or turned them away for 3 min.");
  x.state = invitation_state::revoked;
  x.pending_request = next_request::leave;
  BOOST_TEST(says(describe(x, now).waits_for, "far.example has still to be told that the knock is taken back"));
  x.state = invitation_state::accepted;
  x.pending_request = next_request::join;
  BOOST_TEST(
    says(describe(x, now).waits_for, "@me:chat.example was let in; the next attempt to join is made in 8.0 s."));
  x.pending_request = next_request::none;
  BOOST_TEST(describe(x, now).waits_for == "");
}

BOOST_AUTO_TEST_CASE(rooms_say_what_is_staged_and_whether_the_join_is_under_way) {
  store::room_summary x;
  x.room_id = "!r:far.example";
  BOOST_TEST(describe(x).waits_for == "");
  x.staged = 2;
  x.phase = store::room_phase::joining;
  auto row = describe(x);
  BOOST_TEST(row.phase == "joining");
  BOOST_TEST(says(row.waits_for, "2 received events wait for events that we do not have, or for a key of a server"));
  BOOST_TEST(says(row.waits_for, "join through another server is under way"));
}

BOOST_AUTO_TEST_CASE(every_column_has_a_sentence_and_every_row_a_value_for_it) {
  auto check = [](const std::vector<column>& columns, const matrix::json::object& row) {
    BOOST_TEST(columns.size() == row.size());
    for (const auto& x : columns) {
      BOOST_CHECK_MESSAGE(x.doc.ends_with('.'), std::string{x.name});
      BOOST_CHECK_MESSAGE(row.contains(x.name), std::string{x.name});
    }
  };
  check(columns<room_row>(), to_json(room_row{}));
  check(columns<server_row>(), to_json(server_row{}));
  check(columns<invite_row>(), to_json(invite_row{}));
  check(columns<actor_row>(), to_json(actor_row{}));
  check(columns<key_row>(), to_json(key_row{}));
  check(columns<member_row>(), to_json(member_row{}));
  check(columns<event_row>(), to_json(event_row{}));
  check(columns<staged_row>(), to_json(staged_row{}));
  check(columns<refused_row>(), to_json(refused_row{}));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_text_do_not_break_the_json) {
  server_row row;
  row.last_fault = "peer_bad_answer: \xff\xfe!";
  auto text = matrix::json::canonical(to_json(row));
  BOOST_TEST(matrix::json::is_utf8(text));
  BOOST_TEST(text.find("peer_bad_answer: ?\?!") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
