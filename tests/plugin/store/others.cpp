#include "samples.hpp"

#include "messages/chat/codec.hpp"

#include <sqlite3.h>

/// Other servers, the chat side, invitations and people.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_others, *boost::unit_test::timeout(120))

namespace {

struct in_memory {
  std::unique_ptr<engine> store = must_open(":memory:");

  matrix::event_ptr stored(std::int64_t n) {
    auto event = sample_event({.body = std::to_string(n), .origin_server_ts = 1'000 + n});
    must_commit(*store, put_event{sample_room, event, verdict::accepted, 0, 0, n, ""});
    return event;
  }
  std::vector<std::string> queue_of(const std::string& server, std::size_t limit = 1'000) {
    std::vector<std::string> all;
    for (const auto& event : must_ask<destination_loaded>(*store, load_destination{server, limit}).pdus)
      all.push_back(*event->content().find("body")->as_string());
    return all;
  }
};

using texts = std::vector<std::string>;

put_invitation sample_invitation(const std::string& user_id, const std::string& state) {
  return {sample_room,
          user_id,
          "11",
          "@alice:here.example",
          "outgoing",
          state,
          "because",
          "{\"type\":\"m.room.member\"}",
          "[]",
          "DM1",
          "dm",
          100,
          200,
          3,
          400,
          "invite",
          "there.example other.example",
          "peer_unreachable: refused"};
}

} // namespace

// -- destinations -------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(queue_of_a_server_keeps_the_order_of_queueing, in_memory) {
  auto one = stored(1), two = stored(2), three = stored(3), four = stored(4);
  must_commit(*store, queue_pdu{"a.example", three->event_id}, queue_pdu{"a.example", one->event_id},
              queue_pdu{"b.example", two->event_id}, queue_pdu{"a.example", four->event_id},
              queue_pdu{"a.example", two->event_id});
  BOOST_TEST(queue_of("a.example") == (texts{"3", "1", "4", "2"}), boost::test_tools::per_element());
  BOOST_TEST(queue_of("b.example") == (texts{"2"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(queued_messages_come_with_what_the_chat_server_calls_them, in_memory) {
  auto one = stored(1), two = stored(2), three = stored(3);
  auto head = sample_head();
  head.chat_room_id = "GENERAL";
  put_destination busy;
  busy.server_name = "a.example";
  busy.transaction_id = "t";
  busy.transaction_pdus = {three->event_id};
  must_commit(*store, head, bind_message{sample_room, "m1", one->event_id},
              bind_message{sample_room, "m3", three->event_id}, queue_pdu{"a.example", one->event_id},
              queue_pdu{"a.example", two->event_id}, queue_pdu{"a.example", three->event_id}, busy);
  const auto loaded = must_ask<destination_loaded>(*store, load_destination{"a.example", 2});
  BOOST_TEST(loaded.in_flight.size() == 1u);
  const auto name_of = [&](const matrix::event_ptr& e) {
    const auto found = loaded.names_of.find(e->event_id);
    return found == loaded.names_of.end() ? std::string{"none"}
                                          : found->second.chat_room_id + " " + found->second.chat_message_id;
  };
  BOOST_TEST(name_of(one) == "GENERAL m1");
  BOOST_TEST(name_of(two) == "GENERAL ");
  BOOST_TEST(name_of(three) == "GENERAL m3");
}

BOOST_FIXTURE_TEST_CASE(newest_event_of_each_room_is_found_in_a_queue, in_memory) {
  std::vector<matrix::event_ptr> events;
  for (std::int64_t n = 0; n < 4; ++n) events.push_back(stored(n));
  auto elsewhere = sample_event({.room_id = "!other:here.example", .body = "x", .origin_server_ts = 5});
  must_commit(*store, put_event{"!other:here.example", elsewhere, verdict::accepted, 0, 0, 1, ""});
  // The newest of a room is the one that was queued last, not the one that was stored last.
  must_commit(*store, queue_pdu{"a.example", events[3]->event_id}, queue_pdu{"a.example", elsewhere->event_id},
              queue_pdu{"a.example", events[0]->event_id}, queue_pdu{"b.example", events[1]->event_id});
  auto newest = [&](std::size_t limit) {
    texts all;
    auto found = must_ask<destination_loaded>(*store, load_destination{"a.example", limit, true});
    for (const auto& event : found.pdus) all.push_back(*event->content().find("body")->as_string());
    BOOST_TEST(found.more == (limit == 1));
    return all;
  };
  BOOST_TEST(newest(10) == (texts{"0", "x"}), boost::test_tools::per_element());
  BOOST_TEST(newest(1) == (texts{"0"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(events_of_the_transaction_under_way_are_told_wherever_they_are_in_the_queue, in_memory) {
  std::vector<matrix::event_ptr> events;
  for (std::int64_t n = 0; n < 4; ++n) {
    events.push_back(stored(n));
    must_commit(*store, queue_pdu{"a.example", events.back()->event_id});
  }
  put_destination under_way;
  under_way.server_name = "a.example";
  under_way.transaction_id = "t";
  under_way.transaction_pdus = {events[3]->event_id, events[0]->event_id};
  must_commit(*store, under_way);
  auto found = must_ask<destination_loaded>(*store, load_destination{"a.example", 2});
  BOOST_TEST(found.pdus.size() == 2u);
  BOOST_REQUIRE(found.in_flight.size() == 1u); // the other one is among `pdus`
  BOOST_TEST(found.in_flight[0]->event_id == events[3]->event_id);
}

BOOST_FIXTURE_TEST_CASE(repeated_queueing_is_ignored, in_memory) {
  auto one = stored(1), two = stored(2);
  for (int round = 0; round < 3; ++round)
    must_commit(*store, queue_pdu{"a.example", two->event_id}, queue_pdu{"a.example", one->event_id});
  BOOST_TEST(queue_of("a.example") == (texts{"2", "1"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(order_of_a_queue_survives_removal_and_events_queued_late, in_memory) {
  std::vector<matrix::event_ptr> events;
  for (std::int64_t n = 0; n < 6; ++n) events.push_back(stored(n));
  auto id = [&](std::size_t n) { return events[n]->event_id; };
  must_commit(*store, queue_pdu{"a.example", id(2)}, queue_pdu{"a.example", id(0)}, queue_pdu{"a.example", id(1)},
              queue_pdu{"a.example", id(3)}, queue_pdu{"a.example", id(4)});
  must_commit(*store, remove_destination_pdus{"a.example", {id(0), id(3), "$unknown"}},
              remove_destination_pdus{"nobody.example", {id(1)}});
  BOOST_TEST(queue_of("a.example") == (texts{"2", "1", "4"}), boost::test_tools::per_element());
  must_commit(*store, queue_pdu{"a.example", id(0)}, queue_pdu{"a.example", id(5)}, queue_pdu{"a.example", id(1)});
  BOOST_TEST(queue_of("a.example") == (texts{"2", "1", "4", "0", "5"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(long_queue_is_read_in_parts, in_memory) {
  for (std::int64_t n = 0; n < 5; ++n) must_commit(*store, queue_pdu{"a.example", stored(n)->event_id});
  auto part = must_ask<destination_loaded>(*store, load_destination{"a.example", 3});
  BOOST_TEST(part.pdus.size() == 3u);
  BOOST_TEST(part.more);
  part = must_ask<destination_loaded>(*store, load_destination{"a.example", 5});
  BOOST_TEST(part.pdus.size() == 5u);
  BOOST_TEST(!part.more);
}

BOOST_FIXTURE_TEST_CASE(queueing_an_event_that_is_not_stored_fails_the_batch, in_memory) {
  auto event = sample_message(1);
  auto batch = batch_of(append_outbox{0, "x", "y"}, queue_pdu{"a.example", event->event_id});
  auto refused = store->commit({&batch, 1});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::internal));
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).rows.empty());
}

BOOST_FIXTURE_TEST_CASE(destination_has_its_transaction_back_off_and_keys, in_memory) {
  put_destination owed{"a.example", "txn7", 1'234, {"$1", "$2"},  {"{\"edu_type\":\"m.typing\"}"},
                       5,           99,     1'999, "peer_timeout"};
  matrix::verify_keys keys{{"ed25519:a", {"AAAA", 5'000, false}}, {"ed25519:b", {"BBBB", 7, true}}};
  must_commit(*store, put_destination{owed}, put_server_keys{"a.example", keys, 77, "{}"});
  auto loaded = must_ask<destination_loaded>(*store, load_destination{"a.example"});
  BOOST_TEST(loaded.destination.server_name == "a.example");
  BOOST_TEST(loaded.destination.transaction_id == "txn7");
  BOOST_TEST(loaded.destination.transaction_ts == 1'234);
  BOOST_TEST(loaded.destination.transaction_pdus == owed.transaction_pdus, boost::test_tools::per_element());
  BOOST_TEST(loaded.destination.transaction_edus == owed.transaction_edus, boost::test_tools::per_element());
  BOOST_TEST(loaded.destination.failures == 5u);
  BOOST_TEST(loaded.destination.first_failure_ts == 99);
  BOOST_TEST(loaded.destination.retry_at_ts == 1'999);
  BOOST_TEST(loaded.destination.last_fault == "peer_timeout");
  BOOST_TEST((loaded.keys.keys == keys));
  BOOST_TEST(loaded.keys.fetched_ts == 77);
  BOOST_TEST(loaded.keys.documents == "{}");
  BOOST_TEST(loaded.keys.server_name == "a.example");
  auto unknown = must_ask<destination_loaded>(*store, load_destination{"b.example"});
  BOOST_TEST(unknown.destination.transaction_id == "");
  BOOST_TEST(unknown.keys.keys.empty());
}

BOOST_FIXTURE_TEST_CASE(a_key_id_that_stood_for_other_keys_before_keeps_them, in_memory) {
  matrix::verify_keys keys{{"ed25519:a", {"AAAA", 5'000, false, {{"BBBB", 10}, {"CCCC", 20}}}},
                           {"ed25519:b", {"DDDD", 7, true}}};
  must_commit(*store, put_server_keys{"a.example", keys, 77, {}});
  BOOST_TEST((must_ask<destination_loaded>(*store, load_destination{"a.example"}).keys.keys == keys));
}

BOOST_FIXTURE_TEST_CASE(refused_events_are_kept_for_the_operator_and_counted, in_memory) {
  auto event = stored(1);
  must_commit(*store, queue_pdu{"a.example", event->event_id}, put_destination{"a.example"});
  must_commit(*store, put_refused_pdu{"a.example", event->event_id, sample_room, "m.room.message", "HTTP 400", 12},
              remove_destination_pdus{"a.example", {event->event_id}});
  must_commit(*store, put_refused_pdu{"b.example", "$other", sample_room, "m.room.topic", "HTTP 422", 13});
  auto loaded = must_ask<destination_loaded>(*store, load_destination{"a.example"});
  BOOST_TEST(loaded.pdus.empty());
  BOOST_TEST(loaded.refused_count == 1);
  BOOST_REQUIRE(loaded.refused.size() == 1u);
  const auto& x = loaded.refused[0];
  BOOST_TEST(x.event_id == event->event_id);
  BOOST_TEST(x.room_id == sample_room);
  BOOST_TEST(x.type == "m.room.message");
  BOOST_TEST(x.reason == "HTTP 400");
  BOOST_TEST(x.ts == 12);
  for (std::size_t i = 0; i < refused_pdus_kept_max; ++i)
    must_commit(*store, put_refused_pdu{"a.example", "$" + std::to_string(i), sample_room, "m.x", "no", 20});
  loaded = must_ask<destination_loaded>(*store, load_destination{"a.example"});
  BOOST_TEST(loaded.refused_count == static_cast<std::int64_t>(refused_pdus_kept_max) + 1);
  BOOST_TEST(loaded.refused.size() == refused_pdus_kept_max);
  BOOST_TEST(loaded.refused.front().event_id == "$" + std::to_string(refused_pdus_kept_max - 1));
  for (const auto& one : must_ask<destinations_listed>(*store, list_destinations{}).destinations)
    if (one.destination.server_name == "a.example") BOOST_TEST(one.refused == loaded.refused_count);
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"b.example"}).refused_count == 1);
}

BOOST_FIXTURE_TEST_CASE(destinations_are_listed_with_what_they_are_owed, in_memory) {
  auto one = stored(1), two = stored(2);
  must_commit(*store, queue_pdu{"a.example", one->event_id}, queue_pdu{"a.example", two->event_id},
              put_destination{"b.example"}, put_server_keys{"only-keys.example", {}, 1});
  auto listed = must_ask<destinations_listed>(*store, list_destinations{}).destinations;
  BOOST_REQUIRE(listed.size() == 2u);
  BOOST_TEST(listed[0].destination.server_name == "a.example");
  BOOST_TEST(listed[0].queued == 2);
  BOOST_TEST(listed[0].oldest_queued_ts == 1'001);
  BOOST_TEST(listed[1].destination.server_name == "b.example");
  BOOST_TEST(listed[1].queued == 0);
}

BOOST_FIXTURE_TEST_CASE(received_transaction_is_known_by_origin_and_id, in_memory) {
  must_commit(*store, put_received_transaction{"a.example", "1", "{\"pdus\":{}}", 5});
  BOOST_TEST(
    must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "1"}).response.value() ==
    "{\"pdus\":{}}");
  BOOST_TEST(!must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "2"}).response);
  BOOST_TEST(!must_ask<received_transaction_found>(*store, find_received_transaction{"b.example", "1"}).response);
}

// -- the chat side ------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(deliveries_of_one_commit_are_one_notification_behind_the_others, in_memory) {
  const auto delayed = [](const std::string& server) {
    return append_delivery{0, {"r", sample_room, "m", "$1", server, "delayed", "refused", 7}};
  };
  std::vector<store_batch> batches{batch_of(delayed("a"), put_destination{"a"}), batch_of(delayed("b")),
                                   batch_of(append_outbox{0, "x", "y"})};
  auto outcomes = store->commit(batches);
  BOOST_REQUIRE(outcomes);
  BOOST_TEST((*outcomes)[0].outbox_heads.empty());
  BOOST_TEST((*outcomes)[2].outbox_heads.at(0) == 2);
  BOOST_TEST((*outcomes)[2].outbox_rows.at(0).size() == 2u);
  must_commit(*store, delayed("c")); // of a commit of its own
  const auto rows = must_ask<outbox_read>(*store, read_outbox{}).rows;
  BOOST_REQUIRE(rows.size() == 3u);
  BOOST_TEST(rows[0].name == "x");
  const auto servers = [&](std::size_t i) {
    const auto told = chat::decode_notification(rows[i].name, rows[i].body);
    BOOST_REQUIRE(told);
    const auto& x = std::get<chat::delivery_changed>(*told);
    texts all{x.server};
    for (const auto& each : x.more_servers.value_or(std::vector<chat::delivery_elsewhere>{}))
      all.push_back(each.server);
    return all;
  };
  BOOST_TEST(servers(1) == (texts{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(servers(2) == (texts{"c"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_outcome_carries_all_rows_of_its_batch_or_none, in_memory) {
  const std::string half(outcome_bytes_max / 2, 'x');
  std::vector<store_batch> batches{
    batch_of(append_outbox{0, "a", half}, append_outbox{0, "b", half}, append_outbox{1, "c", "small"}),
    batch_of(append_outbox{0, "d", half})};
  auto outcomes = store->commit(batches);
  BOOST_REQUIRE(outcomes);
  BOOST_TEST((*outcomes)[0].outbox_rows.empty());
  BOOST_TEST((*outcomes)[0].outbox_heads.at(0) == 2);
  BOOST_TEST((*outcomes)[1].outbox_rows.at(0).at(0).body == half);
}

BOOST_FIXTURE_TEST_CASE(cursors_grow_per_stream_and_outcomes_name_the_highest, in_memory) {
  std::vector<store_batch> batches{
    batch_of(append_outbox{0, "a", "1"}, append_outbox{0, "b", "2"}, append_outbox{3, "c", "3"}),
    batch_of(append_outbox{3, "d", "4"}), batch_of(put_user{"@u:x"})};
  auto outcomes = store->commit(batches);
  BOOST_REQUIRE(outcomes);
  BOOST_TEST(((*outcomes)[0].outbox_heads == std::map<std::uint32_t, std::int64_t>{{0, 2}, {3, 1}}));
  BOOST_TEST(((*outcomes)[1].outbox_heads == std::map<std::uint32_t, std::int64_t>{{3, 2}}));
  BOOST_TEST((*outcomes)[2].outbox_heads.empty());
  const auto& appended = (*outcomes)[0].outbox_rows;
  BOOST_REQUIRE(appended.at(0).size() == 2u);
  BOOST_TEST(appended.at(0)[1].cursor == 2);
  BOOST_TEST(appended.at(0)[1].name == "b");
  BOOST_TEST(appended.at(0)[1].body == "2");
  BOOST_TEST((*outcomes)[1].outbox_rows.at(3).at(0).cursor == 2);
  auto read = must_ask<outbox_read>(*store, read_outbox{3, 0});
  BOOST_REQUIRE(read.rows.size() == 2u);
  BOOST_TEST(read.stream == 3u);
  BOOST_TEST(read.rows[0].cursor == 1);
  BOOST_TEST(read.rows[0].name == "c");
  BOOST_TEST(read.rows[0].body == "3");
  BOOST_TEST(read.rows[1].cursor == 2);
  BOOST_TEST(read.head == 2);
  BOOST_TEST(read.first_kept == 1);
  BOOST_TEST(read.acknowledged == 0);
}

BOOST_FIXTURE_TEST_CASE(outbox_is_read_after_a_cursor_within_count_and_bytes, in_memory) {
  for (int n = 1; n <= 10; ++n) must_commit(*store, append_outbox{0, "name", std::string(96, 'x')});
  auto cursors = [&](read_outbox x) {
    std::vector<std::int64_t> all;
    for (const auto& row : must_ask<outbox_read>(*store, x).rows) all.push_back(row.cursor);
    return all;
  };
  using expected = std::vector<std::int64_t>;
  BOOST_TEST(cursors({.after = 7}) == (expected{8, 9, 10}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 2, .limit = 2}) == (expected{3, 4}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 2, .bytes_max = 300}) == (expected{3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 2, .bytes_max = 1}) == (expected{3}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = -5, .limit = 1}) == (expected{1}), boost::test_tools::per_element());
  BOOST_TEST(cursors({.after = 10}).empty());
  BOOST_TEST(cursors({.after = INT64_MAX}).empty());
  BOOST_TEST(cursors({.stream = 9}).empty());
}

BOOST_FIXTURE_TEST_CASE(acknowledgement_is_cumulative_and_bounded_by_the_head, in_memory) {
  auto acknowledged = [&] { return must_ask<outbox_read>(*store, read_outbox{}).acknowledged; };
  must_commit(*store, acknowledge_outbox{0, 5});
  BOOST_TEST(acknowledged() == 0);
  for (int n = 0; n < 3; ++n) must_commit(*store, append_outbox{0, "n", "b"});
  must_commit(*store, acknowledge_outbox{0, 2});
  BOOST_TEST(acknowledged() == 2);
  must_commit(*store, acknowledge_outbox{0, 1});
  BOOST_TEST(acknowledged() == 2);
  must_commit(*store, acknowledge_outbox{0, 1'000});
  BOOST_TEST(acknowledged() == 3);
}

BOOST_FIXTURE_TEST_CASE(first_result_of_a_command_stays, in_memory) {
  must_commit(*store, put_command_result{"c1", "message.send", false, std::string{"\x80\0x", 3}, 55});
  must_commit(*store, put_command_result{"c1", "message.send", true, "other", 66});
  auto found = must_ask<command_result_found>(*store, find_command_result{"c1"}).result.value();
  BOOST_TEST(found.command_id == "c1");
  BOOST_TEST(found.command_name == "message.send");
  BOOST_TEST(!found.succeeded);
  BOOST_TEST(found.body == (std::string{"\x80\0x", 3}));
  BOOST_TEST(found.ts == 55);
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"c2"}).result);
}

BOOST_FIXTURE_TEST_CASE(message_is_found_by_either_name_within_its_room, in_memory) {
  must_commit(*store, bind_message{sample_room, "m1", "$1"}, bind_message{sample_room, "m1", "$2"},
              bind_message{"!b:x", "m1", "$3"});
  auto find = [&](const std::string& room, const std::string& id) {
    auto found = must_ask<message_found>(*store, find_message{room, id});
    return found.chat_message_id + " " + found.event_id;
  };
  BOOST_TEST(find(sample_room, "m1") == "m1 $1");
  BOOST_TEST(find(sample_room, "$2") == "m1 $2");
  BOOST_TEST(find("!b:x", "m1") == "m1 $3");
  BOOST_TEST(find("!b:x", "$1") == " ");
  BOOST_TEST(find("!c:x", "m1") == " ");
  must_commit(*store, bind_message{sample_room, "m9", "$2"}, bind_message{sample_room, "m9", "$2"});
  BOOST_TEST(find(sample_room, "$2") == "m9 $2");
  BOOST_TEST(find(sample_room, "m9") == "m9 $2");
  BOOST_TEST(find(sample_room, "m1") == "m1 $1");
}

BOOST_FIXTURE_TEST_CASE(a_room_that_nobody_is_in_yet_keeps_the_name_it_was_given, in_memory) {
  must_commit(*store, sample_invitation("@bob:there.example", "pending"), bind_room{sample_room, "r1"},
              bind_room{"!unknown:x", "r2"});
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(!loaded.exists);
  BOOST_TEST(loaded.room.chat_room_id == "r1");
  const auto invitation =
    must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation.value();
  BOOST_TEST(invitation.chat_room_id == "r1");
  auto named = [&] {
    std::map<std::string, std::string> names;
    for (const auto& r : must_ask<directory_loaded>(*store, load_directory{}).rooms) names[r.chat_room_id] = r.room_id;
    return names;
  };
  const std::map<std::string, std::string> expected{{"r1", sample_room}, {"r2", "!unknown:x"}};
  BOOST_TEST((named() == expected));
  must_commit(*store, bind_room{"!third:x", "r1"}); // whoever came first keeps it
  BOOST_TEST((named() == expected));
  // The room's own actor has not heard of the name when we join.
  auto head = sample_head();
  head.chat_room_id.clear();
  must_commit(*store, head);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.chat_room_id == "r1");
  must_commit(*store, bind_room{sample_room, "r3"});
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.chat_room_id == "r3");
}

// -- invitations and people ---------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(invitation_is_keyed_by_room_and_user_and_replaced, in_memory) {
  must_commit(*store, sample_invitation("@bob:there.example", "sending"));
  must_commit(*store, sample_invitation("@bob:there.example", "pending"));
  auto x = must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation.value();
  BOOST_TEST(x.room_id == sample_room);
  BOOST_TEST(x.user_id == "@bob:there.example");
  BOOST_TEST(x.room_version == "11");
  BOOST_TEST(x.inviter == "@alice:here.example");
  BOOST_TEST(x.direction == "outgoing");
  BOOST_TEST(x.state == "pending");
  BOOST_TEST(x.reason == "because");
  BOOST_TEST(x.event == "{\"type\":\"m.room.member\"}");
  BOOST_TEST(x.invite_room_state == "[]");
  BOOST_TEST(x.chat_room_id == "DM1");
  BOOST_TEST(x.type == "dm");
  BOOST_TEST(x.since_ts == 100);
  BOOST_TEST(x.deadline_ts == 200);
  BOOST_TEST(x.attempts == 3u);
  BOOST_TEST(x.retry_at_ts == 400);
  BOOST_TEST(x.pending_request == "invite");
  BOOST_TEST(x.via == "there.example other.example");
  BOOST_TEST(x.last_fault == "peer_unreachable: refused");
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@carol:x"}).invitation);
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{"!none:x", "@bob:there.example"}).invitation);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).invitations.size() == 1u);
  BOOST_TEST(!must_ask<room_loaded>(*store, load_room{sample_room}).exists);
}

BOOST_FIXTURE_TEST_CASE(invitations_are_found_by_room_user_and_openness, in_memory) {
  auto elsewhere = sample_invitation("@bob:x", "rejected");
  elsewhere.room_id = "!b:x";
  must_commit(*store, sample_invitation("@bob:x", "pending"), sample_invitation("@carol:x", "accepted"), elsewhere);
  auto count = [&](find_invitations x) { return must_ask<invitations_found>(*store, x).invitations.size(); };
  BOOST_TEST(count({}) == 3u);
  BOOST_TEST(count({sample_room, ""}) == 2u);
  BOOST_TEST(count({"", "@bob:x"}) == 2u);
  BOOST_TEST(count({"!b:x", "@bob:x"}) == 1u);
  BOOST_TEST(count({"", "", invitations_wanted::open}) == 1u);
  BOOST_TEST(count({"", "@bob:x", invitations_wanted::open}) == 1u);
  BOOST_TEST(count({"!none:x", ""}) == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_another_server_has_still_to_hear_is_found_though_nobody_may_answer_it, in_memory) {
  auto taken_back = sample_invitation("@bob:x", "revoked_unconfirmed"),
       said_no = sample_invitation("@carol:x", "rejected"), over = sample_invitation("@dan:x", "accepted");
  taken_back.pending_request = over.pending_request = "";
  said_no.pending_request = "leave";
  must_commit(*store, taken_back, said_no, over, sample_invitation("@eve:x", "sending"));
  texts users;
  for (const auto& x :
       must_ask<invitations_found>(*store, find_invitations{"", "", invitations_wanted::unsettled}).invitations)
    users.push_back(x.user_id);
  BOOST_TEST(users == (texts{"@bob:x", "@carol:x", "@eve:x"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(user_is_replaced_as_a_whole, in_memory) {
  must_commit(*store, put_user{"@u:x", "u", "You", "mxc://x/1"});
  must_commit(*store, put_user{"@u:x", "u", "Thou", ""});
  auto found = must_ask<user_found>(*store, find_user{"@u:x"}).user.value();
  BOOST_TEST(found.user_id == "@u:x");
  BOOST_TEST(found.chat_name == "u");
  BOOST_TEST(found.display_name == "Thou");
  BOOST_TEST(found.avatar_url == "");
  BOOST_TEST(!must_ask<user_found>(*store, find_user{"@v:x"}).user);
}

BOOST_FIXTURE_TEST_CASE(directory_names_all_that_has_to_be_woken, in_memory) {
  auto head = sample_head();
  head.chat_room_id = "GENERAL";
  auto settled = sample_invitation("@done:x", "accepted");
  settled.deadline_ts = 0;
  settled.pending_request = "";
  must_commit(*store, head, sample_invitation("@bob:x", "pending"), settled, put_user{"@u:x", "u"},
              put_destination{"idle.example"}, put_destination{"flying.example", "txn"});
  must_commit(*store, queue_pdu{"queued.example", stored(1)->event_id}, put_destination{"queued.example", "txn"});
  auto loaded = must_ask<directory_loaded>(*store, load_directory{});
  BOOST_REQUIRE(loaded.rooms.size() == 1u);
  BOOST_TEST(loaded.rooms[0].room_id == sample_room);
  BOOST_TEST(loaded.rooms[0].chat_room_id == "GENERAL");
  BOOST_TEST(loaded.rooms[0].room_version == "11");
  BOOST_TEST(loaded.destinations_owed == (texts{"flying.example", "queued.example"}), boost::test_tools::per_element());
  BOOST_REQUIRE(loaded.invitations_pending.size() == 1u);
  BOOST_TEST(loaded.invitations_pending[0].second == "@bob:x");
  BOOST_REQUIRE(loaded.users.size() == 1u);
  BOOST_TEST(loaded.users[0].user_id == "@u:x");
}

BOOST_FIXTURE_TEST_CASE(names_that_mean_something_are_told_at_start, in_memory) {
  auto early = put_server_keys{"early.example", {}, 100, {}},
       late = put_server_keys{"late.example", {}, 200, R"(["d"])"};
  must_commit(*store, sample_head(), sample_invitation("@bob:x", "revoked"), early, late);
  const auto known = must_ask<known_loaded>(*store, load_known{});
  BOOST_TEST(known.rooms == texts{sample_room}, boost::test_tools::per_element());
  BOOST_REQUIRE(known.invitations.size() == 1u);
  BOOST_TEST(known.invitations[0].first == sample_room);
  BOOST_TEST(known.invitations[0].second == "@bob:x");
  BOOST_TEST(known.servers == (texts{"late.example", "early.example"}), boost::test_tools::per_element());
  BOOST_TEST(must_ask<known_loaded>(*store, load_known{1}).servers == texts{"late.example"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_room_somebody_is_invited_to_is_no_room_of_ours, in_memory) {
  must_commit(*store, sample_invitation("@bob:x", "pending"));
  const auto known = must_ask<known_loaded>(*store, load_known{});
  BOOST_TEST(known.rooms.empty());
  BOOST_TEST(known.invitations.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(documents_of_keys_are_told_for_many_servers_at_once, in_memory) {
  must_commit(*store, put_server_keys{"a.example", {}, 100, R"(["a"])"}, put_server_keys{"none.example", {}, 100, {}});
  const auto found =
    must_ask<key_documents_loaded>(*store, load_key_documents{{"a.example", "none.example", "unknown.example"}})
      .documents;
  BOOST_TEST(found.size() == 1u);
  BOOST_TEST(found.at("a.example") == R"(["a"])");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
