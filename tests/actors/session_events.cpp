#include "messages/edge/packing.hpp"
#include "tests/actors/session_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using edge::verb;
using test::connection;
using test::session_rig;
using cursors = std::vector<std::int64_t>;

BOOST_AUTO_TEST_SUITE(session_events)

namespace {

const auto peer = connection("p");
const auto other = connection("q");

session_rig connected(std::uint32_t streams = 1, edge::credit_grant credit = {1'000, 10'000'000}) {
  session_rig rig{streams};
  rig.begin();
  rig.hello(peer, credit);
  rig.sent.clear();
  return rig;
}

void gets(session_rig& rig, const edge::connection& c, const cursors& expected) {
  const auto got = rig.cursors(c);
  BOOST_TEST(got == expected, boost::test_tools::per_element());
}

void is_error(session_rig& rig, const edge::connection& c, fault_code code) {
  const auto f = rig.only(c);
  BOOST_TEST((chat::decode_fault(f.body).code == code), to_string(chat::decode_fault(f.body)));
  BOOST_TEST(edge::decode_header<edge::error_header>(f.header)->stream.has_value());
}

std::string packed(const std::map<std::string, std::map<std::string, std::map<std::string, std::string>>>& x) {
  msgpack::sbuffer out;
  msgpack::pack(out, x);
  return {out.data(), out.size()};
}

} // namespace

BOOST_AUTO_TEST_CASE(notifications_come_with_stream_cursor_and_name) {
  auto rig = connected();
  rig.notify(0, "hello", "room.created");
  const auto f = rig.only(peer);
  const auto header = edge::decode_header<edge::event_header>(f.header);
  BOOST_TEST(header->stream.value() == 0u);
  BOOST_TEST(header->cursor.value() == 1);
  BOOST_TEST(header->event == "room.created");
  BOOST_TEST(f.body == "hello");
}

BOOST_AUTO_TEST_CASE(rows_told_by_their_commit_are_sent_without_being_read) {
  auto rig = connected();
  rig.answers_at_once = false;
  rig.notify_with_row(0, "hello", "room.created");
  rig.notify_with_row(0);
  BOOST_TEST(rig.asked.empty());
  const auto frames = rig.take(peer);
  BOOST_REQUIRE(frames.size() == 2u);
  BOOST_TEST(frames[0].body == "hello");
  BOOST_TEST(edge::decode_header<edge::event_header>(frames[0].header)->event == "room.created");
  BOOST_TEST(edge::decode_header<edge::event_header>(frames[1].header)->cursor.value() == 2);
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_follow_what_was_read_are_read_with_what_is_missing) {
  auto rig = connected();
  rig.store.add(0, "x", ""); // its word was lost
  rig.notify_with_row(0);
  gets(rig, peer, {1, 2});
  rig.answers_at_once = false;
  rig.notify(0);
  rig.notify_with_row(0); // while the one before it is being read
  gets(rig, peer, {});
  rig.answer_all();
  rig.answer_all();
  gets(rig, peer, {3, 4});
  rig.notify_with_row(0);
  gets(rig, peer, {5});
}

BOOST_AUTO_TEST_CASE(a_row_told_twice_comes_once) {
  auto rig = connected();
  rig.notify_with_row(0);
  auto again = std::make_shared<std::map<std::uint32_t, std::vector<store::outbox_row>>>();
  (*again)[0] = rig.store.streams[0].rows;
  rig.give(outbox_advanced{{{0, 1}}, std::move(again)});
  gets(rig, peer, {1});
}

BOOST_AUTO_TEST_CASE(rows_told_while_nobody_is_connected_come_after_hello) {
  session_rig rig;
  rig.begin();
  for (int i = 0; i < 300; ++i) rig.notify_with_row(0);
  rig.hello(peer);
  const auto got = rig.cursors(peer);
  BOOST_TEST(got.size() == 300u);
  BOOST_TEST(std::ranges::is_sorted(got));
}

BOOST_AUTO_TEST_CASE(what_waited_before_hello_comes_after_it) {
  session_rig rig;
  for (int i = 0; i < 600; ++i) rig.store.add(0, "x", "");
  rig.begin();
  rig.hello(peer);
  const auto got = rig.cursors(peer);
  BOOST_REQUIRE(got.size() == 600u);
  BOOST_TEST(std::ranges::is_sorted(got));
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_beyond_the_credit_in_messages) {
  auto rig = connected(1, {2, 1'000});
  for (int i = 0; i < 5; ++i) rig.notify(0);
  gets(rig, peer, {1, 2});
  rig.ack(peer, 0, 2); // an ACK is not a grant
  gets(rig, peer, {});
  rig.credit(peer, 2, 0);
  gets(rig, peer, {3, 4});
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_beyond_the_credit_in_bytes) {
  auto rig = connected(1, {100, 10});
  rig.notify(0, "123456");
  rig.notify(0, "123456");
  gets(rig, peer, {1});
  rig.credit(peer, 0, 2);
  gets(rig, peer, {2});
}

BOOST_AUTO_TEST_CASE(huge_grants_do_not_overflow) {
  auto rig = connected(1, {~std::uint64_t{0}, ~std::uint64_t{0}});
  rig.credit(peer, ~std::uint64_t{0}, ~std::uint64_t{0});
  rig.notify(0);
  gets(rig, peer, {1});
}

BOOST_AUTO_TEST_CASE(events_in_flight_are_bounded_whatever_was_granted) {
  session_rig rig;
  rig.settings.event_credit_max = 3;
  rig.machine = std::make_unique<session::session_machine>(rig.settings);
  rig.begin();
  rig.hello(peer);
  for (int i = 0; i < 5; ++i) rig.notify(0);
  gets(rig, peer, {1, 2, 3});
  rig.ack(peer, 0, 1);
  gets(rig, peer, {4});
}

BOOST_AUTO_TEST_CASE(acks_are_cumulative_and_written_late_or_in_numbers) {
  auto rig = connected();
  for (int i = 0; i < 300; ++i) rig.notify(0);
  rig.ack(peer, 0, 3);
  rig.ack(peer, 0, 7);
  BOOST_TEST(rig.batches.empty());
  rig.advance(50);
  BOOST_REQUIRE(rig.batches.size() == 1u);
  BOOST_TEST(rig.store.streams[0].acknowledged == 7);
  rig.ack(peer, 0, 300);
  BOOST_TEST(rig.store.streams[0].acknowledged == 300);
  BOOST_TEST(rig.batches.size() == 2u);
  rig.ack(peer, 0, 300);
  rig.advance(50);
  BOOST_TEST(rig.batches.size() == 2u); // nothing new
}

BOOST_AUTO_TEST_CASE(an_ack_of_what_was_not_sent_is_refused) {
  auto rig = connected();
  rig.notify(0);
  rig.sent.clear();
  rig.ack(peer, 0, 2);
  is_error(rig, peer, fault_code::cursor_out_of_range);
  rig.ack(peer, 9, 1);
  is_error(rig, peer, fault_code::cursor_out_of_range);
  rig.hello(other, {1, 1}, std::vector<std::uint32_t>{});
  rig.sent.clear();
  rig.ack(other, 0, 1);
  is_error(rig, other, fault_code::cursor_out_of_range);
}

BOOST_AUTO_TEST_CASE(a_new_connection_goes_on_after_the_last_ack) {
  auto rig = connected();
  for (int i = 0; i < 4; ++i) rig.notify(0);
  gets(rig, peer, {1, 2, 3, 4});
  rig.ack(peer, 0, 2);
  rig.give(connection_lost{peer});
  rig.hello(other);
  gets(rig, other, {3, 4});
  rig.hello(other); // begins anew
  gets(rig, other, {3, 4});
}

BOOST_AUTO_TEST_CASE(a_restarted_session_goes_on_after_the_last_written_ack) {
  auto rig = connected();
  for (int i = 0; i < 4; ++i) rig.notify(0);
  rig.ack(peer, 0, 2);
  rig.advance(50);
  rig.ack(peer, 0, 3); // not written when it dies
  rig.restart();
  rig.sent.clear();
  rig.ack(peer, 0, 4);
  BOOST_TEST((rig.error(peer).code == fault_code::hello_required));
  rig.hello(peer);
  gets(rig, peer, {3, 4});
}

BOOST_AUTO_TEST_CASE(a_stale_read_does_not_send_twice) {
  auto rig = connected();
  rig.answers_at_once = false;
  rig.notify(0);
  BOOST_REQUIRE(rig.asked.size() == 1u);
  const auto stale = rig.asked[0];
  rig.give(connection_lost{peer});
  rig.hello(other);
  BOOST_REQUIRE(rig.asked.size() == 2u);
  rig.answer(stale);
  gets(rig, other, {});
  rig.answer(rig.asked[1]);
  gets(rig, other, {1});
}

BOOST_AUTO_TEST_CASE(an_unreadable_outbox_is_read_again) {
  auto rig = connected();
  rig.store.broken = true;
  rig.notify(0);
  gets(rig, peer, {});
  rig.store.broken = false;
  rig.advance(1'000);
  gets(rig, peer, {1});
}

BOOST_AUTO_TEST_CASE(rows_that_were_cleaned_up_are_stepped_over) {
  session_rig rig;
  for (int i = 0; i < 4; ++i) rig.store.add(0, "x", "");
  rig.store.streams[0].first_kept = 4;
  rig.begin();
  rig.hello(peer);
  gets(rig, peer, {4});
}

// -- several connections ----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(streams_are_shared_by_the_connections_that_want_them) {
  session_rig rig{4};
  rig.begin();
  rig.hello(peer);
  rig.hello(other);
  rig.hello(connection("none"), {10, 10}, std::vector<std::uint32_t>{});
  rig.sent.clear();
  for (std::uint32_t i = 0; i < 4; ++i) rig.notify(i);
  BOOST_TEST(rig.cursors(peer).size() == 2u);
  BOOST_TEST(rig.cursors(other).size() == 2u);
  rig.give(connection_lost{peer});
  BOOST_TEST(rig.cursors(other).size() == 2u); // what the first had not acknowledged
}

BOOST_AUTO_TEST_CASE(a_stream_moves_to_a_new_connection_only_when_its_flight_is_over) {
  auto rig = connected(2);
  rig.notify(0);
  rig.notify(1);
  gets(rig, peer, {1, 1});
  rig.hello(other);
  gets(rig, other, {});
  rig.notify(0);
  rig.notify(1);
  BOOST_TEST(rig.cursors(other).empty());
  BOOST_TEST(rig.cursors(peer).size() == 1u); // the one that stays
  rig.ack(peer, 0, 1);
  rig.ack(peer, 1, 1);
  gets(rig, other, {2});
}

BOOST_AUTO_TEST_CASE(connections_without_credit_do_not_keep_streams_from_one_that_has_some) {
  // The operator saw: three connections of a monitoring script that granted nothing, and three rooms of four were
  // silent.
  for (const bool before : {true, false}) {
    session_rig rig{4};
    rig.begin();
    if (!before) rig.hello(peer);
    for (const auto* name : {"z1", "z2", "z3"}) rig.hello(connection(name), {0, 0});
    if (before) rig.hello(peer);
    rig.sent.clear();
    for (std::uint32_t stream = 0; stream < 4; ++stream) rig.notify(stream);
    rig.advance(session::starved_after_ms);
    gets(rig, peer, {1, 1, 1, 1});
    // Whoever grants credit afterwards has his share, as soon as what is on its way is acknowledged.
    for (std::uint32_t stream = 0; stream < 4; ++stream) rig.ack(peer, stream, 1);
    rig.credit(connection("z1"), 100, 1'000'000);
    rig.sent.clear();
    for (std::uint32_t stream = 0; stream < 4; ++stream) rig.notify(stream);
    gets(rig, peer, {2, 2});
    gets(rig, connection("z1"), {2, 2});
  }
}

BOOST_AUTO_TEST_CASE(an_event_beyond_the_credit_of_one_connection_goes_to_another_that_has_enough) {
  session_rig rig{1};
  rig.begin();
  rig.hello(other, {100, 100});
  rig.hello(peer);
  rig.sent.clear();
  rig.notify(0, std::string(200, 'x'));
  gets(rig, peer, {});
  rig.advance(session::starved_after_ms);
  gets(rig, peer, {1});
  gets(rig, other, {});
}

BOOST_AUTO_TEST_CASE(events_on_their_way_to_a_connection_without_further_credit_stay_its_own) {
  session_rig rig{1};
  rig.begin();
  rig.hello(other, {1, 1'000});
  rig.hello(peer, {0, 0});
  rig.credit(peer, 100, 1'000);
  rig.sent.clear();
  rig.notify(0);
  rig.notify(0);
  rig.advance(10 * session::starved_after_ms);
  gets(rig, other, {1});
  gets(rig, peer, {});
  rig.ack(other, 0, 1);
  rig.advance(session::starved_after_ms);
  gets(rig, peer, {2});
}

BOOST_AUTO_TEST_CASE(a_stream_nobody_wants_waits) {
  session_rig rig{2};
  rig.begin();
  rig.hello(peer, {100, 100}, std::vector<std::uint32_t>{1});
  rig.sent.clear();
  rig.notify(0);
  BOOST_TEST(rig.sent.empty());
  rig.hello(other);
  gets(rig, other, {1});
}

BOOST_AUTO_TEST_CASE(a_busy_stream_does_not_starve_another) {
  auto rig = connected(2, {0, 1'000'000});
  for (int i = 0; i < 100; ++i) rig.notify(0);
  rig.notify(1);
  rig.credit(peer, 4, 0); // these also start the reading
  rig.credit(peer, 4, 0);
  BOOST_TEST(rig.cursors(peer).size() == 8u);
  rig.ack(peer, 1, 1);
  BOOST_TEST(rig.sent.empty()); // no ERROR: stream 1 had its turn
}

// -- NACK and SEEK ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_refused_event_comes_again_after_a_while_with_all_that_follow) {
  auto rig = connected();
  for (int i = 0; i < 3; ++i) rig.notify(0);
  gets(rig, peer, {1, 2, 3});
  rig.nack(peer, 0, 2, false);
  rig.notify(0);
  rig.advance(999);
  gets(rig, peer, {});
  rig.advance(1);
  gets(rig, peer, {2, 3, 4});
  rig.nack(peer, 0, 2, false); // longer the second time
  rig.advance(1'999);
  gets(rig, peer, {});
  rig.advance(1);
  gets(rig, peer, {2, 3, 4});
  rig.ack(peer, 0, 4);
  BOOST_TEST(rig.sent.empty());
}

BOOST_AUTO_TEST_CASE(after_a_refusal_later_events_cannot_be_acknowledged_past_it) {
  auto rig = connected();
  for (int i = 0; i < 3; ++i) rig.notify(0);
  rig.nack(peer, 0, 2, false);
  rig.sent.clear();
  rig.ack(peer, 0, 3);
  is_error(rig, peer, fault_code::cursor_out_of_range);
}

BOOST_AUTO_TEST_CASE(an_event_refused_for_good_becomes_a_dead_letter_and_the_rest_goes_on) {
  auto rig = connected();
  for (int i = 0; i < 3; ++i) rig.notify(0);
  rig.sent.clear();
  rig.nack(peer, 0, 2, true);
  BOOST_REQUIRE(rig.store.dead_letters.size() == 1u);
  BOOST_TEST(rig.store.dead_letters[0].cursor == 2);
  BOOST_TEST(rig.store.dead_letters[0].reason == "why");
  BOOST_TEST(rig.store.dead_letters[0].ts == rig.now);
  rig.nack(peer, 0, 2, true); // not in flight any more
  is_error(rig, peer, fault_code::cursor_out_of_range);
  rig.give(connection_lost{peer});
  rig.hello(other);
  gets(rig, other, {1, 3});
  rig.ack(other, 0, 1); // 2 is settled, so this reaches it
  rig.advance(50);
  BOOST_TEST(rig.store.streams[0].acknowledged == 2);
}

BOOST_AUTO_TEST_CASE(a_dead_letter_says_which_event_it_is_about) {
  auto rig = connected();
  chat::message_received message;
  message.matrix_room_id = "!r:s";
  message.event_id = "$e";
  rig.notify(0, chat::encode(chat::notification{message}));
  rig.nack(peer, 0, 1, true);
  BOOST_REQUIRE(rig.store.dead_letters.size() == 1u);
  BOOST_TEST(rig.store.dead_letters[0].room_id == "!r:s");
  BOOST_TEST(rig.store.dead_letters[0].event_id == "$e");
}

BOOST_AUTO_TEST_CASE(the_last_event_refused_for_good_counts_as_acknowledged) {
  auto rig = connected();
  rig.notify(0);
  rig.notify(0);
  rig.nack(peer, 0, 2, true);
  rig.ack(peer, 0, 1);
  rig.advance(50);
  BOOST_TEST(rig.store.streams[0].acknowledged == 2);
}

BOOST_AUTO_TEST_CASE(dead_letters_do_not_carry_the_ack_over_events_that_were_not_sent_again) {
  auto rig = connected();
  for (int i = 0; i < 3; ++i) rig.notify(0);
  rig.nack(peer, 0, 3, true);
  rig.give(connection_lost{peer});
  rig.hello(other, {1, 1'000});
  gets(rig, other, {1});
  rig.nack(other, 0, 1, true);
  rig.advance(50);
  BOOST_TEST(rig.store.streams[0].acknowledged == 1); // not 3: 2 is still owed
  rig.credit(other, 5, 1'000);
  gets(rig, other, {2});
}

BOOST_AUTO_TEST_CASE(seek_replays_what_is_kept) {
  auto rig = connected();
  for (int i = 0; i < 5; ++i) rig.notify(0);
  rig.ack(peer, 0, 5);
  rig.sent.clear();
  rig.seek(peer, 0, 2);
  gets(rig, peer, {3, 4, 5});
  rig.ack(peer, 0, 4); // harmless: it was acknowledged before
  rig.give(connection_lost{peer});
  rig.hello(other);
  gets(rig, other, {});
}

BOOST_AUTO_TEST_CASE(seek_forward_skips) {
  auto rig = connected(1, {1, 1'000});
  for (int i = 0; i < 5; ++i) rig.notify(0);
  rig.sent.clear();
  rig.seek(peer, 0, 4);
  rig.credit(peer, 5, 1'000);
  gets(rig, peer, {5});
  rig.ack(peer, 0, 5);
  rig.advance(50);
  BOOST_TEST(rig.store.streams[0].acknowledged == 5);
}

BOOST_AUTO_TEST_CASE(seek_outside_of_what_is_kept_is_refused_and_the_flight_repeated) {
  auto rig = connected();
  for (int i = 0; i < 5; ++i) rig.notify(0);
  rig.ack(peer, 0, 3);
  rig.store.streams[0].first_kept = 3;
  rig.sent.clear();
  for (const std::int64_t cursor : {1, 6, -1}) {
    rig.seek(peer, 0, cursor);
    const auto frames = rig.take(peer);
    BOOST_REQUIRE(frames.size() == 4u); // ERROR, SEEK, and 4, 5 again
    BOOST_TEST((chat::decode_fault(frames[0].body).code == fault_code::cursor_out_of_range));
    BOOST_TEST(edge::decode_header<edge::error_header>(frames[0].header)->stream.value() == 0u);
    const auto position = *edge::decode_header<edge::sought_header>(frames[1].header);
    BOOST_TEST(position.cursor == 3);
    BOOST_TEST(!position.granted);
  }
  rig.seek(peer, 0, 2);
  gets(rig, peer, {3, 4, 5});
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_between_seek_and_its_answer) {
  auto rig = connected();
  rig.notify(0);
  rig.answers_at_once = false;
  rig.sent.clear();
  rig.seek(peer, 0, 0);
  rig.from(peer, verb::ping, edge::encode_header(edge::ping_header{1}));
  rig.notify(0);
  BOOST_TEST((rig.only(peer).what == verb::pong));
  rig.answer_all();
  const auto frames = rig.take(peer);
  BOOST_REQUIRE(frames.size() == 3u);
  BOOST_TEST((frames[0].what == verb::seek)); // before what follows from it
}

BOOST_AUTO_TEST_CASE(each_seek_and_each_passing_refusal_is_answered_once) {
  auto rig = connected();
  const auto answers = [&](const std::vector<std::pair<std::int64_t, bool>>& expected) {
    std::vector<std::pair<std::int64_t, bool>> got;
    for (const auto& f : rig.take(peer)) {
      if (f.what != verb::seek) continue;
      const auto x = *edge::decode_header<edge::sought_header>(f.header);
      got.emplace_back(x.cursor, x.granted);
    }
    std::string told;
    for (const auto& [cursor, granted] : got) told += std::to_string(cursor) + (granted ? "+ " : "- ");
    BOOST_TEST((got == expected), told);
  };
  for (int i = 0; i < 3; ++i) rig.notify(0);
  rig.nack(peer, 0, 2, false);
  answers({{1, true}});
  rig.nack(peer, 0, 3, false); // not in flight any more
  answers({{0, false}});
  rig.nack(peer, 5, 1, false);
  answers({{0, false}});
  rig.seek(peer, 5, 1);
  answers({{0, false}});
  rig.answers_at_once = false;
  rig.seek(peer, 0, 1);
  rig.seek(peer, 0, 2);
  rig.nack(peer, 0, 1, false);
  rig.answer_all();
  answers({{0, false}, {0, false}, {1, true}});
}

// -- bindings ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_ack_binds_what_it_acknowledges_in_one_batch) {
  auto rig = connected();
  chat::message_received message;
  message.matrix_room_id = "!r:b";
  message.event_id = "$e";
  rig.notify(0, chat::encode(chat::notification{message}));
  rig.ack(peer, 0, 1, packed({{"bind", {{"messages", {{"$e", "m1"}}}, {"rooms", {{"!r:b", "r1"}}}}}}));
  rig.advance(50);
  BOOST_REQUIRE(rig.batches.size() == 1u);
  BOOST_TEST(rig.batches[0].writes.size() == 3u);
  BOOST_REQUIRE(rig.store.bound_rooms.size() == 1u); // also of a room that none of us is in yet
  BOOST_TEST(rig.store.bound_rooms[0].room_id == "!r:b");
  BOOST_TEST(rig.store.bound_rooms[0].chat_room_id == "r1");
  BOOST_REQUIRE(rig.store.bindings.size() == 1u);
  BOOST_TEST(rig.store.bindings[0].room_id == "!r:b");
  BOOST_TEST(rig.store.bindings[0].chat_message_id == "m1");
  BOOST_TEST(rig.store.bindings[0].event_id == "$e");
  BOOST_TEST(rig.store.streams[0].acknowledged == 1);
  BOOST_REQUIRE(rig.rooms_named.size() == 1u);
  BOOST_TEST(rig.rooms_named[0].room_id == "!r:b");
  BOOST_TEST(rig.rooms_named[0].chat_room_id == "r1");
}

BOOST_AUTO_TEST_CASE(a_late_binding_asks_the_store_for_the_room) {
  auto rig = connected();
  rig.notify(0);
  rig.store.rooms_of_events["$old"] = "!r:b";
  rig.ack(peer, 0, 1, packed({{"bind", {{"messages", {{"$old", "m0"}, {"$unknown", "m?"}}}}}}));
  rig.advance(50);
  BOOST_REQUIRE(rig.store.bindings.size() == 1u);
  BOOST_TEST(rig.store.bindings[0].room_id == "!r:b");
  BOOST_TEST(std::ranges::count(rig.notes, std::string{"E506 binding dropped: unknown event"}) == 1);
}

BOOST_AUTO_TEST_CASE(a_command_behind_an_ack_finds_the_names_it_has_bound) {
  auto rig = connected();
  chat::message_received message;
  message.matrix_room_id = "!r:b";
  message.event_id = "$e";
  rig.notify(0, chat::encode(chat::notification{message}));
  rig.commits_at_once = false;
  const chat::command reply = chat::message_send{"r1", "ann", "m2", "yes", {}, "m1"};
  rig.ack(peer, 0, 1, packed({{"bind", {{"messages", {{"$e", "m1"}}}}}}));
  rig.command(peer, "c1", reply); // at once, not 50 ms later
  BOOST_TEST(rig.commands.empty());
  rig.command(peer, "c2", reply);
  BOOST_TEST(rig.commands.empty());
  rig.commit_all();
  BOOST_TEST(rig.store.bindings.size() == 1u);
  BOOST_REQUIRE(rig.commands.size() == 2u);
  BOOST_TEST(rig.commands[0].reference.command_id == "c1");
  rig.advance(1);
  rig.command(peer, "c3", reply); // nothing is on its way to the disk
  BOOST_TEST(rig.commands.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_command_behind_a_late_binding_waits_until_its_room_is_known) {
  auto rig = connected();
  rig.notify(0);
  rig.store.rooms_of_events["$old"] = "!r:b";
  rig.answers_at_once = false;
  rig.ack(peer, 0, 1, packed({{"bind", {{"messages", {{"$old", "m0"}, {"$unknown", "m?"}}}}}}));
  rig.command(peer, "c1", chat::message_send{"r1", "ann", "m2", "yes", {}, "m0"});
  BOOST_TEST(rig.commands.empty());
  rig.answer_all();
  BOOST_TEST(rig.store.bindings.size() == 1u);
  BOOST_TEST(rig.commands.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_wrong_binding_refuses_the_ack) {
  auto rig = connected();
  rig.notify(0);
  rig.sent.clear();
  for (const auto& body :
       {packed({{"bind", {{"messages", {{"e", "m"}}}}}}), packed({{"bind", {{"rooms", {{"$r", "r"}}}}}}),
        packed({{"bind", {{"rooms", {{"!r", ""}}}}}}), std::string{"junk"}}) {
    rig.ack(peer, 0, 1, body);
    is_error(rig, peer, fault_code::bad_body);
  }
  rig.advance(50);
  BOOST_TEST(rig.store.streams[0].acknowledged == 0);
}

// -- ephemeral --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(ephemeral_notifications_use_credit_and_have_no_cursor) {
  auto rig = connected(1, {1, 100});
  rig.give(ephemeral_notification{"typing", "k", "body"});
  const auto f = rig.only(peer);
  const auto header = edge::decode_header<edge::event_header>(f.header);
  BOOST_TEST(!header->cursor);
  BOOST_TEST(!header->stream);
  BOOST_TEST(header->event == "typing");
  rig.notify(0);
  BOOST_TEST(rig.sent.empty());
}

BOOST_AUTO_TEST_CASE(without_credit_the_newest_of_a_key_wins) {
  auto rig = connected(1, {0, 0});
  rig.give(ephemeral_notification{"typing", "a", "old"});
  rig.give(ephemeral_notification{"typing", "b", "b"});
  rig.give(ephemeral_notification{"typing", "a", "new"});
  BOOST_TEST(rig.sent.empty());
  rig.credit(peer, 10, 100);
  const auto frames = rig.take(peer);
  BOOST_REQUIRE(frames.size() == 2u);
  BOOST_TEST(frames[0].body == "new");
  BOOST_TEST(frames[1].body == "b");
}

BOOST_AUTO_TEST_CASE(kept_ephemeral_notifications_are_bounded_and_the_oldest_goes) {
  auto rig = connected(1, {0, 0});
  for (std::size_t i = 0; i <= session::ephemeral_pending_max; ++i)
    rig.give(ephemeral_notification{"typing", "k" + std::to_string(i), std::to_string(i)});
  rig.credit(peer, 10'000, 100'000);
  const auto frames = rig.take(peer);
  BOOST_REQUIRE(frames.size() == session::ephemeral_pending_max);
  BOOST_TEST(frames.front().body == "1");
}

BOOST_AUTO_TEST_CASE(durable_notifications_go_before_ephemeral_ones) {
  auto rig = connected(1, {0, 0});
  rig.give(ephemeral_notification{"typing", "k", "x"});
  rig.notify(0);
  rig.credit(peer, 1, 100);
  gets(rig, peer, {1});
}

BOOST_AUTO_TEST_SUITE_END()
