#include "actors/session/outbox_stream.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(session_outbox_stream)

namespace {

using session::connection_key;
using session::outbox_stream;
using cursors = std::vector<std::int64_t>;

std::vector<store::outbox_row> rows_of(const cursors& list) {
  std::vector<store::outbox_row> rows;
  for (const auto cursor : list) rows.push_back({cursor, "message.created", "body " + std::to_string(cursor)});
  return rows;
}

/// A stream whose rows up to `head` were written, and none acknowledged.
outbox_stream loaded(std::int64_t acknowledged, std::int64_t head) {
  outbox_stream s;
  s.load(acknowledged, head);
  return s;
}

/// Sends what is here, at most so many rows. @returns their cursors
cursors send(outbox_stream& s, std::size_t most = 1'000) {
  cursors sent;
  for (const auto* row = s.next(); row && sent.size() < most; row = s.next()) {
    const auto cursor = row->cursor;
    const auto body = s.sent_next({cursor, "$" + std::to_string(cursor), "!room:here.example", cursor * 100});
    BOOST_TEST(body == "body " + std::to_string(cursor));
    sent.push_back(cursor);
  }
  return sent;
}

} // namespace

BOOST_AUTO_TEST_CASE(rows_are_sent_once_in_order_and_leave_the_flight_when_they_are_acknowledged) {
  auto s = loaded(3, 6);
  BOOST_TEST(s.has_more());
  BOOST_TEST(s.wants_rows());
  s.fetched(rows_of({4, 5, 6}), 6);
  BOOST_TEST(!s.wants_rows());
  s.fetched(rows_of({5, 6}), 6); // read twice
  BOOST_TEST(send(s) == (cursors{4, 5, 6}), boost::test_tools::per_element());
  BOOST_TEST(!s.has_more());
  BOOST_TEST(s.delivered() == 6);
  BOOST_TEST(s.acknowledge(5, 0) == 2u);
  BOOST_TEST(s.acknowledge(5, 0) == 0u);
  BOOST_TEST(s.acked() == 5);
  BOOST_TEST(s.in_flight() == 1u);
  BOOST_TEST(s.is_in_flight(6));
  BOOST_TEST(!s.is_in_flight(5));
}

BOOST_AUTO_TEST_CASE(how_long_nothing_was_acknowledged_goes_on_where_it_is_sent_again) {
  auto s = loaded(0, 3);
  s.fetched(rows_of({1, 2, 3}), 3);
  BOOST_TEST(s.unacknowledged_since() == 0);
  send(s);
  BOOST_TEST(s.unacknowledged_since() == 100);
  s.acknowledge(1, 1'000); // slowly, and not silent
  BOOST_TEST(s.unacknowledged_since() == 1'000);
  s.acknowledge(1, 2'000); // says nothing new
  BOOST_TEST(s.unacknowledged_since() == 1'000);
  s.rewind(5'000); // the chat server ends, and is away for long
  BOOST_TEST(s.unacknowledged_since() == 0);
  s.rewind(6'000);
  s.fetched({{2, "message.created", "body 2"}, {3, "message.created", "body 3"}}, 3);
  s.sent_next({2, {}, {}, 90'000});
  BOOST_TEST(s.unacknowledged_since() == 86'000);
  s.give_up(2, 91'000);
  BOOST_TEST(s.unacknowledged_since() == 0);
  s.sent_next({3, {}, {}, 95'000});
  BOOST_TEST(s.unacknowledged_since() == 95'000);
  s.acknowledge(3, 96'000);
  BOOST_TEST(s.unacknowledged_since() == 0);
}

BOOST_AUTO_TEST_CASE(who_seeks_back_and_acknowledges_is_not_silent) {
  auto s = loaded(3, 3);
  s.seek(0);
  s.fetched(rows_of({1, 2, 3}), 3);
  send(s);
  BOOST_TEST(s.unacknowledged_since() == 100);
  s.acknowledge(2, 1'000);
  BOOST_TEST(s.unacknowledged_since() == 1'000);
  s.acknowledge(3, 2'000);
  BOOST_TEST(s.unacknowledged_since() == 0);
  s.seek(0);
  s.fetched(rows_of({1, 2, 3}), 3);
  send(s);
  s.rewind(9'000); // nothing of that is owed
  s.grow(4);
  s.fetched({{4, "message.created", "body 4"}}, 4);
  s.sent_next({4, {}, {}, 10'000});
  BOOST_TEST(s.unacknowledged_since() == 10'000);
}

BOOST_AUTO_TEST_CASE(a_gap_that_was_cleaned_up_is_stepped_over) {
  auto s = loaded(0, 100);
  s.fetched({}, 100);
  BOOST_TEST(!s.wants_rows());
  BOOST_TEST(!s.has_more());
  s.fetched(rows_of({101}), 101);
  BOOST_TEST(send(s) == cursors{101}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_of_a_commit_are_taken_only_where_they_follow_and_somebody_gets_them) {
  auto s = loaded(0, 0);
  s.appended(rows_of({1}));
  BOOST_TEST(s.buffered() == 0u); // nobody has the stream
  s.owner = connection_key{0, "peer"};
  s.appended(rows_of({2})); // 1 is not here
  BOOST_TEST(s.buffered() == 0u);
  s.appended(rows_of({1, 2}));
  BOOST_TEST(s.buffered() == 2u);
  BOOST_TEST(s.head() == 2);
  s.seeking = true;
  s.appended(rows_of({3}));
  BOOST_TEST(s.buffered() == 2u);
}

BOOST_AUTO_TEST_CASE(a_row_given_up_in_flight_is_acknowledged_with_what_is_before_it) {
  auto s = loaded(0, 3);
  s.fetched(rows_of({1, 2, 3}), 3);
  send(s);
  BOOST_TEST(s.give_up(2, 0) == 1u);
  BOOST_TEST(s.acked() == 0); // 1 is still with the peer
  BOOST_TEST(s.acknowledge(1, 0) == 1u);
  BOOST_TEST(s.acked() == 2);
  BOOST_TEST(s.in_flight() == 1u);
}

BOOST_AUTO_TEST_CASE(a_row_given_up_is_not_sent_when_the_stream_is_sent_again) {
  auto s = loaded(0, 3);
  s.fetched(rows_of({1, 2, 3}), 3);
  send(s);
  s.give_up(2, 0);
  BOOST_TEST(s.rewind(0) == 2u);
  s.fetched(rows_of({1, 2, 3}), 3);
  BOOST_TEST(send(s) == (cursors{1, 3}), boost::test_tools::per_element());
  s.acknowledge(3, 0);
  BOOST_TEST(s.acked() == 3);
}

BOOST_AUTO_TEST_CASE(the_peer_that_wants_a_row_again_gets_it_and_all_that_follow) {
  auto s = loaded(0, 4);
  s.fetched(rows_of({1, 2, 3, 4}), 4);
  send(s, 3);
  s.reading = 7;
  BOOST_TEST(s.step_back(2) == 2u);
  BOOST_TEST(s.reading == 0u); // the answer to it is stale
  BOOST_TEST(s.buffered() == 0u);
  BOOST_TEST(s.fetched_to() == 1);
  BOOST_TEST(s.delivered() == 1);
  s.fetched(rows_of({2, 3, 4}), 4);
  BOOST_TEST(send(s) == (cursors{2, 3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_peer_goes_on_behind_the_last_acknowledgement) {
  auto s = loaded(0, 3);
  s.fetched(rows_of({1, 2, 3}), 3);
  send(s);
  s.acknowledge(1, 0);
  s.seeking = true;
  s.paused_until = 5;
  BOOST_TEST(s.rewind(0) == 2u);
  BOOST_TEST(!s.seeking);
  BOOST_TEST(s.paused_until == 0);
  BOOST_TEST(s.fetched_to() == 1);
  BOOST_TEST(s.in_flight() == 0u);
}

BOOST_AUTO_TEST_CASE(behind_a_seek_what_was_sought_past_may_be_acknowledged) {
  auto s = loaded(2, 10);
  s.seek(8);
  BOOST_TEST(s.delivered() == 8);
  BOOST_TEST(s.acked() == 2);
  s.acknowledge(8, 0);
  BOOST_TEST(s.acked() == 8);
  s.seek(4); // back: what was delivered once stays acknowledgeable
  BOOST_TEST(s.delivered() == 8);
  BOOST_TEST(s.fetched_to() == 4);
}

BOOST_AUTO_TEST_CASE(refusals_of_a_row_are_forgotten_when_it_is_acknowledged) {
  auto s = loaded(0, 2);
  s.fetched(rows_of({1, 2}), 2);
  send(s);
  s.refused_cursor = 2;
  s.refusals = 3;
  s.acknowledge(1, 0);
  BOOST_TEST(s.refusals == 3u);
  s.acknowledge(2, 0);
  BOOST_TEST(s.refusals == 0u);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_finds_the_events_it_covers) {
  auto s = loaded(0, 3);
  s.fetched(rows_of({1, 2, 3}), 3);
  send(s);
  const auto rooms = s.rooms_in_flight(2);
  BOOST_TEST(rooms.size() == 2u);
  BOOST_TEST(rooms.contains("$1"));
  BOOST_TEST(!rooms.contains("$3"));
  BOOST_TEST(s.in_flight_at(3).event_id == "$3");
}

BOOST_AUTO_TEST_CASE(no_more_is_read_while_much_is_here_or_a_read_is_under_way) {
  auto s = loaded(0, 1'000);
  s.reading = 1;
  BOOST_TEST(!s.wants_rows());
  s.reading = 0;
  cursors many;
  for (std::int64_t i = 1; i <= 200; ++i) many.push_back(i);
  s.fetched(rows_of(many), 1'000);
  BOOST_TEST(!s.wants_rows());
  send(s, 150);
  BOOST_TEST(s.wants_rows());
  BOOST_TEST(s.front_bytes() == std::string{"body 151"}.size());
}

BOOST_AUTO_TEST_SUITE_END()
