#include "engines.hpp"

#include "messages/chat/codec.hpp"
#include "tests/invitation_words.hpp"

/// Other servers, the chat side, invitations and people.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_others, *boost::unit_test::timeout(120))

namespace {

struct with_events : fresh_store {
  using fresh_store::fresh_store;

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

put_invitation sample_invitation(const std::string& user_id, invitation_state state) {
  return {sample_room,
          user_id,
          "11",
          "@alice:here.example",
          invitation_direction::outgoing,
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
          next_request::invite,
          "there.example other.example",
          "peer_unreachable: refused"};
}

} // namespace

// -- destinations -----------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(queue_of_a_server_keeps_the_order_of_queueing, with_events) {
  auto one = stored(1), two = stored(2), three = stored(3), four = stored(4);
  must_commit(*store, queue_pdu{"a.example", three->event_id}, queue_pdu{"a.example", one->event_id},
              queue_pdu{"b.example", two->event_id}, queue_pdu{"a.example", four->event_id},
              queue_pdu{"a.example", two->event_id});
  BOOST_TEST(queue_of("a.example") == (texts{"3", "1", "4", "2"}), boost::test_tools::per_element());
  BOOST_TEST(queue_of("b.example") == (texts{"2"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(queued_messages_come_with_what_the_chat_server_calls_them, with_events) {
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

CAUSEWAY_ENGINE_CASE(newest_event_of_each_room_is_found_in_a_queue, with_events) {
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

CAUSEWAY_ENGINE_CASE(events_of_the_transaction_under_way_are_told_wherever_they_are_in_the_queue, with_events) {
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

CAUSEWAY_ENGINE_CASE(repeated_queueing_is_ignored, with_events) {
  auto one = stored(1), two = stored(2);
  for (int round = 0; round < 3; ++round)
    must_commit(*store, queue_pdu{"a.example", two->event_id}, queue_pdu{"a.example", one->event_id});
  BOOST_TEST(queue_of("a.example") == (texts{"2", "1"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(order_of_a_queue_survives_removal_and_events_queued_late, with_events) {
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

CAUSEWAY_ENGINE_CASE(long_queue_is_read_in_parts, with_events) {
  for (std::int64_t n = 0; n < 5; ++n) must_commit(*store, queue_pdu{"a.example", stored(n)->event_id});
  auto part = must_ask<destination_loaded>(*store, load_destination{"a.example", 3});
  BOOST_TEST(part.pdus.size() == 3u);
  BOOST_TEST(part.more);
  part = must_ask<destination_loaded>(*store, load_destination{"a.example", 5});
  BOOST_TEST(part.pdus.size() == 5u);
  BOOST_TEST(!part.more);
}

CAUSEWAY_ENGINE_CASE(queueing_an_event_that_is_not_stored_fails_the_batch, fresh_store) {
  auto event = sample_message(1);
  auto batch = batch_of(append_outbox{0, "x", "y"}, queue_pdu{"a.example", event->event_id});
  auto refused = store->commit({&batch, 1});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::internal));
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).rows.empty());
}

CAUSEWAY_ENGINE_CASE(destination_has_its_transaction_back_off_and_keys, fresh_store) {
  put_destination owed{"a.example",    "txn7", 1'234, {"$1", "$2"}, {"{\"edu_type\":\"m.typing\"}"}, 5, 99, 1'999,
                       "peer_timeout", "$1",   50,    "too slow"};
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
  BOOST_TEST(loaded.destination.delayed_event_id == "$1");
  BOOST_TEST(loaded.destination.paused_since_ts == 50);
  BOOST_TEST(loaded.destination.pause_reason == "too slow");
  BOOST_TEST((loaded.keys.keys == keys));
  BOOST_TEST(loaded.keys.fetched_ts == 77);
  BOOST_TEST(loaded.keys.documents == "{}");
  BOOST_TEST(loaded.keys.server_name == "a.example");
  auto unknown = must_ask<destination_loaded>(*store, load_destination{"b.example"});
  BOOST_TEST(unknown.destination.transaction_id == "");
  BOOST_TEST(unknown.keys.keys.empty());
}

CAUSEWAY_ENGINE_CASE(a_key_id_that_stood_for_other_keys_before_keeps_them, fresh_store) {
  matrix::verify_keys keys{{"ed25519:a", {"AAAA", 5'000, false, {{"BBBB", 10}, {"CCCC", 20}}}},
                           {"ed25519:b", {"DDDD", 7, true}}};
  must_commit(*store, put_server_keys{"a.example", keys, 77, {}});
  BOOST_TEST((must_ask<destination_loaded>(*store, load_destination{"a.example"}).keys.keys == keys));
}

CAUSEWAY_ENGINE_CASE(what_a_server_sent_and_rooms_stage_is_listed_oldest_first, fresh_store) {
  must_commit(*store, sample_head(), put_inbox{sample_room, "$2", "a.example", "{}", 20},
              put_inbox{sample_room, "$1", "a.example", "{}", 10}, put_inbox{sample_room, "$2", "b.example", "{}", 30});
  const auto all = must_ask<staged_listed>(*store, list_staged{"a.example"});
  BOOST_TEST(all.total == 2);
  BOOST_TEST_REQUIRE(all.staged.size() == 2u);
  BOOST_TEST(all.staged[0].event_id == "$2"); // which came first
  BOOST_TEST(all.staged[0].room_id == sample_room);
  BOOST_TEST(all.staged[1].received_ts == 10);
  const auto some = must_ask<staged_listed>(*store, list_staged{"a.example", 1});
  BOOST_TEST(some.staged.size() == 1u);
  BOOST_TEST(some.total == 2);
  BOOST_TEST(must_ask<staged_listed>(*store, list_staged{"c.example"}).total == 0);
}

CAUSEWAY_ENGINE_CASE(rooms_shared_with_a_server_are_those_whose_listing_names_it, fresh_store) {
  for (const auto* id : {"!a:here.example", "!b:here.example", "!left:here.example", "!quiet:here.example"})
    must_commit(*store, sample_head(id));
  auto left = sample_head("!left:here.example");
  left.phase = room_phase::left;
  must_commit(*store, left);
  must_commit(*store, put_room_listing{"!a:here.example", R"({"servers":["x.example","a.example"]})"},
              put_room_listing{"!b:here.example", R"({"servers":["a.example"]})"},
              put_room_listing{"!left:here.example", R"({"servers":["a.example"]})"},
              put_room_listing{"!quiet:here.example", ""});
  const auto found = must_ask<shared_rooms_found>(*store, find_shared_rooms{"a.example", 1});
  BOOST_TEST(found.total == 2);
  BOOST_TEST_REQUIRE(found.rooms.size() == 1u);
  BOOST_TEST(found.rooms[0].room_id == "!a:here.example");
  BOOST_TEST(must_ask<shared_rooms_found>(*store, find_shared_rooms{"example"}).total == 0);
}

// -- the operator -----------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(audit_has_its_rows_latest_first_with_their_outcome, fresh_store) {
  put_audit retry{7'000, 7, "desk", "ann", "server.retry", R"({"server":"a.example"})", "they said it is up", "begun"};
  put_audit drop{8'000, 8, "", "bob", "dead_letter.drop", R"({"letter":"0-1"})", "spam", "begun"};
  must_commit(*store, put_audit{retry});
  must_commit(*store, put_audit{drop});
  retry.outcome = "done";
  must_commit(*store, put_audit{retry});
  const auto rows = must_ask<audit_listed>(*store, list_audit{}).rows;
  BOOST_TEST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[0].verb == "dead_letter.drop");
  BOOST_TEST(rows[0].outcome == "begun");
  const auto& x = rows[1];
  BOOST_TEST(x.number == 7'000);
  BOOST_TEST(x.ts == 7);
  BOOST_TEST(x.peer == "desk");
  BOOST_TEST(x.by == "ann");
  BOOST_TEST(x.arguments == R"({"server":"a.example"})");
  BOOST_TEST(x.reason == "they said it is up");
  BOOST_TEST(x.outcome == "done");
  BOOST_TEST(must_ask<audit_listed>(*store, list_audit{8}).rows.size() == 1u);
  BOOST_TEST(must_ask<audit_listed>(*store, list_audit{0, 1}).rows.at(0).number == 8'000);
}

CAUSEWAY_ENGINE_CASE(audit_keeps_the_latest_rows_and_no_more, fresh_store) {
  store_batch many;
  constexpr std::int64_t surplus = 3;
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(audit_kept_max); ++i) {
    put_audit row;
    row.number = i;
    many.writes.emplace_back(std::move(row));
  }
  BOOST_REQUIRE(store->commit({&many, 1}));
  for (std::int64_t i = 1; i <= surplus; ++i) {
    put_audit row;
    row.number = static_cast<std::int64_t>(audit_kept_max) + i;
    must_commit(*store, std::move(row));
  }
  const auto rows = must_ask<audit_listed>(*store, list_audit{0, rows_max}).rows;
  BOOST_TEST(rows.size() == audit_kept_max);
  BOOST_TEST(rows.back().number == surplus + 1);
}

CAUSEWAY_ENGINE_CASE(dead_letter_is_loaded_with_what_it_says, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "the body"});
  must_commit(*store, put_dead_letter{0, 1, "no such room", 5, sample_room, "$e"});
  const auto found = must_ask<dead_letter_loaded>(*store, load_dead_letter{{0, 1}});
  BOOST_TEST_REQUIRE(found.letter.has_value());
  BOOST_TEST(found.body == "the body");
  BOOST_TEST((found.letter->at == dead_letter_place{0, 1}));
  BOOST_TEST(found.letter->reason == "no such room");
  BOOST_TEST(found.letter->event_id == "$e");
  BOOST_TEST(!must_ask<dead_letter_loaded>(*store, load_dead_letter{{0, 2}}).letter.has_value());
}

// -- what a server refuses --------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(refused_events_are_kept_for_the_operator_and_counted, with_events) {
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

CAUSEWAY_ENGINE_CASE(destinations_are_listed_with_what_they_are_owed, with_events) {
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

CAUSEWAY_ENGINE_CASE(destinations_are_listed_by_name_from_one_on, with_events) {
  const auto one = stored(1);
  put_destination failing{"d.example"};
  failing.failures = 3;
  must_commit(*store, put_destination{"c.example"}, std::move(failing), queue_pdu{"b.example", one->event_id},
              put_destination{"a.example"}, put_server_keys{"b2.example", {}, 1});
  const auto names = [&](const std::string& after, std::size_t limit) {
    texts all;
    for (const auto& x : must_ask<destinations_listed>(*store, list_destinations{{}, limit, after}).destinations)
      all.push_back(x.destination.server_name);
    return all;
  };
  BOOST_TEST(names("", 9) == (texts{"a.example", "b.example", "c.example", "d.example"}),
             boost::test_tools::per_element());
  BOOST_TEST(names("b.example", 1) == texts{"c.example"}, boost::test_tools::per_element());
  BOOST_TEST(names("d.example", 9).empty());
}

CAUSEWAY_ENGINE_CASE(received_transaction_is_known_by_origin_and_id, fresh_store) {
  must_commit(*store, put_received_transaction{"a.example", "1", "{\"pdus\":{}}", 5});
  BOOST_TEST(
    must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "1"}).response.value() ==
    "{\"pdus\":{}}");
  BOOST_TEST(!must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "2"}).response);
  BOOST_TEST(!must_ask<received_transaction_found>(*store, find_received_transaction{"b.example", "1"}).response);
}

// -- the chat side ----------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(deliveries_of_one_commit_are_one_notification_behind_the_others, fresh_store) {
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

CAUSEWAY_ENGINE_CASE(an_outcome_carries_all_rows_of_its_batch_or_none, fresh_store) {
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

CAUSEWAY_ENGINE_CASE(cursors_grow_per_stream_and_outcomes_name_the_highest, fresh_store) {
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

CAUSEWAY_ENGINE_CASE(outbox_is_read_after_a_cursor_within_count_and_bytes, fresh_store) {
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

// -- dead letters -----------------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(dead_letter_is_kept_with_its_notification_and_told, fresh_store) {
  must_commit(*store, append_outbox{2, "message.received", "body"});
  const auto outcome = must_commit(*store, put_dead_letter{2, 1, "why", 70, "!r:here.example", "$e"});
  BOOST_TEST(outcome.outbox_heads.at(2) == 2);
  const auto& told = outcome.outbox_rows.at(2).at(0);
  BOOST_TEST(told.name == "dead_letter");
  const auto x = chat::decode_notification(told.name, told.body);
  BOOST_REQUIRE(x);
  const auto& letter = std::get<chat::dead_letter>(*x);
  BOOST_TEST(letter.id == "2-1");
  BOOST_TEST(letter.event == "message.received");
  BOOST_TEST(letter.reason == "why");
  BOOST_TEST(letter.ts == 70);
  BOOST_TEST(letter.matrix_room_id.value() == "!r:here.example");
  BOOST_TEST(letter.event_id.value() == "$e");
  reopen();
  const auto listed = must_ask<dead_letters_listed>(*store, list_dead_letters{});
  BOOST_REQUIRE(listed.letters.size() == 1u);
  const auto& kept = listed.letters[0];
  BOOST_TEST((kept.at == dead_letter_place{2, 1}));
  BOOST_TEST(kept.name == "message.received");
  BOOST_TEST(kept.reason == "why");
  BOOST_TEST(kept.bytes == 4);
  BOOST_TEST(kept.ts == 70);
  BOOST_TEST(kept.room_id == "!r:here.example");
  BOOST_TEST(kept.event_id == "$e");
}

CAUSEWAY_ENGINE_CASE(dead_letter_refused_again_is_told_once, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "body"}, put_dead_letter{0, 1, "why", 70});
  BOOST_TEST(must_commit(*store, put_dead_letter{0, 1, "again", 80}).outbox_heads.empty());
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.at(0).reason == "why");
}

CAUSEWAY_ENGINE_CASE(refused_word_of_a_dead_letter_makes_no_other, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "body"}, put_dead_letter{0, 1, "why", 70});
  BOOST_TEST(must_commit(*store, put_dead_letter{0, 2, "not this either", 71}).outbox_heads.empty());
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.size() == 1u);
}

CAUSEWAY_ENGINE_CASE(dead_letter_that_is_tried_again_is_the_newest_of_its_stream, fresh_store) {
  must_commit(*store, append_outbox{0, "message.received", "body"}, put_dead_letter{0, 1, "why", 70},
              append_outbox{0, "n", "b"});
  const auto outcome = must_commit(*store, retry_dead_letter{0, 1});
  BOOST_TEST(outcome.outbox_heads.at(0) == 4);
  BOOST_TEST(outcome.outbox_rows.at(0).at(0).name == "message.received");
  BOOST_TEST(outcome.outbox_rows.at(0).at(0).body == "body");
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.empty());
  BOOST_TEST(must_commit(*store, retry_dead_letter{0, 1}).outbox_heads.empty()); // it is none any more
  must_commit(*store, put_dead_letter{0, 4, "still", 90});
  BOOST_TEST(must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.at(0).at.cursor == 4);
}

CAUSEWAY_ENGINE_CASE(dead_letter_that_is_dropped_is_gone_and_no_other, fresh_store) {
  for (int n = 1; n <= 3; ++n)
    must_commit(*store, append_outbox{1, "message.received", "body"}, put_dead_letter{1, 2 * n - 1, "why", 70});
  BOOST_TEST(must_commit(*store, drop_dead_letter{1, 3}).outbox_heads.empty());
  const auto left = must_ask<dead_letters_listed>(*store, list_dead_letters{});
  BOOST_REQUIRE(left.letters.size() == 2u);
  BOOST_TEST(left.letters[0].at.cursor == 1);
  BOOST_TEST(left.letters[1].at.cursor == 5);
}

CAUSEWAY_ENGINE_CASE(dead_letters_are_listed_in_pages_over_all_streams, fresh_store) {
  for (std::uint32_t stream = 0; stream < 3; ++stream)
    for (std::int64_t n = 0; n < 4; ++n)
      must_commit(*store, append_outbox{stream, "n", "b"}, put_dead_letter{stream, 2 * n + 1, "why", 70});
  std::optional<dead_letter_place> after;
  std::vector<dead_letter_place> seen;
  for (int page = 0; page < 3; ++page) {
    const auto listed = must_ask<dead_letters_listed>(*store, list_dead_letters{after, 5});
    BOOST_TEST(listed.more == (page < 2));
    for (const auto& x : listed.letters) seen.push_back(x.at);
    after = seen.back();
  }
  BOOST_REQUIRE(seen.size() == 12u);
  BOOST_TEST((seen[4] == dead_letter_place{1, 1}));
  BOOST_TEST((seen[11] == dead_letter_place{2, 7}));
}

CAUSEWAY_ENGINE_CASE(of_too_many_dead_letters_the_oldest_go, fresh_store) {
  constexpr auto kept = static_cast<std::int64_t>(dead_letters_kept_max);
  store_batch batch;
  for (std::int64_t n = 1; n <= kept + 5; ++n) batch.writes.emplace_back(put_dead_letter{0, 1'000'000 + n, "", n});
  BOOST_REQUIRE(store->commit({&batch, 1}));
  reopen();
  auto listed = must_ask<dead_letters_listed>(*store, list_dead_letters{{}, rows_max});
  BOOST_TEST(listed.letters.size() == dead_letters_kept_max);
  BOOST_TEST(listed.letters.at(0).ts == 6);
  // After some have gone there is room for others.
  must_commit(*store, drop_dead_letter{0, 1'000'006}, put_dead_letter{1, 1, "", kept + 6});
  listed = must_ask<dead_letters_listed>(*store, list_dead_letters{{}, rows_max});
  BOOST_TEST(listed.letters.size() == dead_letters_kept_max);
  BOOST_TEST(listed.letters.at(0).ts == 7);
}

CAUSEWAY_ENGINE_CASE(acknowledgement_is_cumulative_and_bounded_by_the_head, fresh_store) {
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

CAUSEWAY_ENGINE_CASE(first_result_of_a_command_stays, fresh_store) {
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

CAUSEWAY_ENGINE_CASE(message_is_found_by_either_name_within_its_room, fresh_store) {
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

CAUSEWAY_ENGINE_CASE(names_of_a_message_go_on_in_the_room_that_follows, fresh_store) {
  const auto find = [&](const std::string& room, const std::string& id) {
    auto found = must_ask<message_found>(*store, find_message{room, id});
    return found.chat_message_id + " " + found.event_id;
  };
  must_commit(*store, bind_message{"!a:x", "m1", "$a1"}, put_former_name{"!b:x", "$b1", "!a:x", "$a1"},
              put_former_name{"!b:x", "$b2", "!a:x", "$a2"});
  BOOST_TEST(find("!b:x", "m1") == "m1 $b1");
  BOOST_TEST(find("!b:x", "$b1") == "m1 $b1");
  BOOST_TEST(find("!b:x", "$a1") == " $b1");
  BOOST_TEST(find("!b:x", "$b2") == "$a2 $b2"); // the chat server has no other name of it
  BOOST_TEST(find("!b:x", "$a2") == "$a2 $b2");
  BOOST_TEST(find("!a:x", "m1") == "m1 $a1");
  // And in the one after that.
  must_commit(*store, put_former_name{"!c:x", "$c1", "!b:x", "$b1"}, put_former_name{"!c:x", "$c2", "!b:x", "$b2"});
  BOOST_TEST(find("!c:x", "m1") == "m1 $c1");
  BOOST_TEST(find("!c:x", "$a1") == " $c1");
  BOOST_TEST(find("!c:x", "$b1") == " $c1");
  BOOST_TEST(find("!c:x", "$a2") == "$a2 $c2");
  BOOST_TEST(find("!c:x", "$b2") == " $c2");
  must_commit(*store, put_former_name{"!c:x", "$c1", "!b:x", "$b1"}); // twice
  BOOST_TEST(find("!c:x", "m1") == "m1 $c1");
}

CAUSEWAY_ENGINE_CASE(room_that_is_founded_again_is_known_with_what_follows_it, fresh_store) {
  auto head = sample_head();
  head.refounded_as = "!next:x";
  head.founding = "{}";
  must_commit(*store, head);
  const auto room_of = [&](const std::string& id) {
    for (const auto& one : must_ask<directory_loaded>(*store, load_directory{}).rooms)
      if (one.room_id == id) return one;
    return directory_loaded::room{};
  };
  BOOST_TEST(room_of(sample_room).refounded_as == "!next:x");
  BOOST_TEST(room_of(sample_room).has_inbox); // it has to be woken
  auto loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(loaded.room.founding == "{}");
  head.founding.clear();
  head.refounded_from = "!before:x";
  must_commit(*store, head);
  BOOST_TEST(!room_of(sample_room).has_inbox);
  loaded = must_ask<room_loaded>(*store, load_room{sample_room});
  BOOST_TEST(loaded.room.refounded_from == "!before:x");
}

CAUSEWAY_ENGINE_CASE(invitation_that_another_room_has_is_none_any_more, fresh_store) {
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::sending),
              sample_invitation("@eve:there.example", invitation_state::sending));
  must_commit(*store, remove_invitation{sample_room, "@bob:there.example"});
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation);
  BOOST_TEST(must_ask<invitations_found>(*store, find_invitations{}).invitations.size() == 1u);
}

CAUSEWAY_ENGINE_CASE(a_room_that_nobody_is_in_yet_keeps_the_name_it_was_given, fresh_store) {
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::pending), bind_room{sample_room, "r1"},
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

// -- invitations and people -------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(invitation_is_keyed_by_room_and_user_and_replaced, fresh_store) {
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::sending));
  must_commit(*store, sample_invitation("@bob:there.example", invitation_state::pending));
  auto x = must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@bob:there.example"}).invitation.value();
  BOOST_TEST(x.room_id == sample_room);
  BOOST_TEST(x.user_id == "@bob:there.example");
  BOOST_TEST(x.room_version == "11");
  BOOST_TEST(x.inviter == "@alice:here.example");
  BOOST_TEST(x.direction == invitation_direction::outgoing);
  BOOST_TEST(x.state == invitation_state::pending);
  BOOST_TEST(x.reason == "because");
  BOOST_TEST(x.event == "{\"type\":\"m.room.member\"}");
  BOOST_TEST(x.invite_room_state == "[]");
  BOOST_TEST(x.chat_room_id == "DM1");
  BOOST_TEST(x.type == "dm");
  BOOST_TEST(x.since_ts == 100);
  BOOST_TEST(x.deadline_ts == 200);
  BOOST_TEST(x.attempts == 3u);
  BOOST_TEST(x.retry_at_ts == 400);
  BOOST_TEST(x.pending_request == next_request::invite);
  BOOST_TEST(x.via == "there.example other.example");
  BOOST_TEST(x.last_fault == "peer_unreachable: refused");
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@carol:x"}).invitation);
  BOOST_TEST(!must_ask<invitation_loaded>(*store, load_invitation{"!none:x", "@bob:there.example"}).invitation);
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).invitations.size() == 1u);
  BOOST_TEST(!must_ask<room_loaded>(*store, load_room{sample_room}).exists);
}

CAUSEWAY_ENGINE_CASE(invitations_are_found_by_room_user_and_openness, fresh_store) {
  auto elsewhere = sample_invitation("@bob:x", invitation_state::rejected);
  elsewhere.room_id = "!b:x";
  must_commit(*store, sample_invitation("@bob:x", invitation_state::pending),
              sample_invitation("@carol:x", invitation_state::accepted), elsewhere);
  auto count = [&](find_invitations x) { return must_ask<invitations_found>(*store, x).invitations.size(); };
  BOOST_TEST(count({}) == 3u);
  BOOST_TEST(count({sample_room, ""}) == 2u);
  BOOST_TEST(count({"", "@bob:x"}) == 2u);
  BOOST_TEST(count({"!b:x", "@bob:x"}) == 1u);
  BOOST_TEST(count({"", "", invitations_wanted::open}) == 1u);
  BOOST_TEST(count({"", "@bob:x", invitations_wanted::open}) == 1u);
  BOOST_TEST(count({"!none:x", ""}) == 0u);
}

CAUSEWAY_ENGINE_CASE(what_another_server_has_still_to_hear_is_found_though_nobody_may_answer_it, fresh_store) {
  auto taken_back = sample_invitation("@bob:x", invitation_state::revoked_unconfirmed),
       said_no = sample_invitation("@carol:x", invitation_state::rejected),
       over = sample_invitation("@dan:x", invitation_state::accepted);
  taken_back.pending_request = over.pending_request = next_request::none;
  said_no.pending_request = next_request::leave;
  must_commit(*store, taken_back, said_no, over, sample_invitation("@eve:x", invitation_state::sending));
  texts users;
  for (const auto& x :
       must_ask<invitations_found>(*store, find_invitations{"", "", invitations_wanted::unsettled}).invitations)
    users.push_back(x.user_id);
  BOOST_TEST(users == (texts{"@eve:x", "@carol:x", "@bob:x"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(user_is_replaced_as_a_whole, fresh_store) {
  must_commit(*store, put_user{"@u:x", "u", "You", "mxc://x/1"});
  must_commit(*store, put_user{"@u:x", "u", "Thou", ""});
  auto found = must_ask<user_found>(*store, find_user{"@u:x"}).user.value();
  BOOST_TEST(found.user_id == "@u:x");
  BOOST_TEST(found.chat_name == "u");
  BOOST_TEST(found.display_name == "Thou");
  BOOST_TEST(found.avatar_url == "");
  BOOST_TEST(!must_ask<user_found>(*store, find_user{"@v:x"}).user);
}

CAUSEWAY_ENGINE_CASE(directory_names_all_that_has_to_be_woken, with_events) {
  auto head = sample_head();
  head.chat_room_id = "GENERAL";
  auto settled = sample_invitation("@done:x", invitation_state::accepted);
  settled.deadline_ts = 0;
  settled.pending_request = next_request::none;
  must_commit(*store, head, sample_invitation("@bob:x", invitation_state::pending), settled, put_user{"@u:x", "u"},
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

CAUSEWAY_ENGINE_CASE(names_that_mean_something_are_told_at_start, fresh_store) {
  auto early = put_server_keys{"early.example", {}, 100, {}},
       late = put_server_keys{"late.example", {}, 200, R"(["d"])"};
  must_commit(*store, sample_head(), sample_invitation("@bob:x", invitation_state::revoked), early, late);
  const auto known = must_ask<known_loaded>(*store, load_known{});
  BOOST_TEST(known.rooms == texts{sample_room}, boost::test_tools::per_element());
  BOOST_REQUIRE(known.invitations.size() == 1u);
  BOOST_TEST(known.invitations[0].first == sample_room);
  BOOST_TEST(known.invitations[0].second == "@bob:x");
  BOOST_TEST(known.servers == (texts{"late.example", "early.example"}), boost::test_tools::per_element());
  BOOST_TEST(must_ask<known_loaded>(*store, load_known{1}).servers == texts{"late.example"},
             boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(rooms_of_a_user_are_found_page_by_page, fresh_store) {
  must_commit(*store, put_member_room{"!a:x", "@u:x"}, put_member_room{"!b:x", "@other:x"},
              put_member_room{"!c:x", "@u:x"}, put_member_room{"!a:x", "@u:x"});
  const auto all = must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x"});
  BOOST_TEST(all.room_ids == (texts{"!a:x", "!c:x"}), boost::test_tools::per_element());
  BOOST_TEST(all.next == 0);
  const auto first = must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x", 0, 1});
  BOOST_TEST(first.room_ids == texts{"!a:x"}, boost::test_tools::per_element());
  const auto second = must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x", first.next, 1});
  BOOST_TEST(second.room_ids == texts{"!c:x"}, boost::test_tools::per_element());
  BOOST_TEST(must_ask<member_rooms_found>(*store, find_member_rooms{"@u:x", second.next, 1}).room_ids.empty());
  BOOST_TEST(must_ask<member_rooms_found>(*store, find_member_rooms{"@nobody:x"}).room_ids.empty());
}

CAUSEWAY_ENGINE_CASE(what_is_said_of_a_user_is_kept, fresh_store) {
  const put_user wanted{"@u:x",         "u", "You", "", user_right::no, invite_policy::block, 77, user_update::leave,
                        R"({"m.tz":1})"};
  must_commit(*store, put_user{"@u:x", "u"}, wanted);
  const auto found = must_ask<user_found>(*store, find_user{"@u:x"}).user.value();
  BOOST_TEST((found.may_federate == user_right::no));
  BOOST_TEST((found.invites == invite_policy::block));
  BOOST_TEST(found.deactivated_ts == 77);
  BOOST_TEST((found.update == user_update::leave));
  BOOST_TEST(found.fields == R"({"m.tz":1})");
}

CAUSEWAY_ENGINE_CASE(what_is_switched_is_told_to_node_and_directory_the_latest_word_alone, fresh_store) {
  BOOST_TEST(must_ask<known_loaded>(*store, load_known{}).switches.switches.empty());
  must_commit(*store, put_switches{R"({"enabled":true})", 100});
  must_commit(*store, put_switches{R"({"enabled":false})", 200});
  for (const auto& x : {must_ask<known_loaded>(*store, load_known{}).switches,
                        must_ask<directory_loaded>(*store, load_directory{}).switches}) {
    BOOST_TEST(x.switches == R"({"enabled":false})");
    BOOST_TEST(x.since_ts == 200);
  }
}

CAUSEWAY_ENGINE_CASE(a_room_somebody_is_invited_to_is_no_room_of_ours, fresh_store) {
  must_commit(*store, sample_invitation("@bob:x", invitation_state::pending));
  const auto known = must_ask<known_loaded>(*store, load_known{});
  BOOST_TEST(known.rooms.empty());
  BOOST_TEST(known.invitations.size() == 1u);
}

CAUSEWAY_ENGINE_CASE(documents_of_keys_are_told_for_many_servers_at_once, fresh_store) {
  must_commit(*store, put_server_keys{"a.example", {}, 100, R"(["a"])"}, put_server_keys{"none.example", {}, 100, {}});
  const auto found =
    must_ask<key_documents_loaded>(*store, load_key_documents{{"a.example", "none.example", "unknown.example"}})
      .documents;
  BOOST_TEST(found.size() == 1u);
  BOOST_TEST(found.at("a.example") == R"(["a"])");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
