#include "stored_events.hpp"

/// Other servers: what they are owed, what is known of them, what they refuse.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_destinations, *boost::unit_test::timeout(120))

CAUSEWAY_ENGINE_CASE(queue_of_a_server_keeps_the_order_of_queueing, with_stored_events) {
  auto one = stored(1), two = stored(2), three = stored(3), four = stored(4);
  must_commit(*store, queue_pdu{"a.example", three->event_id}, queue_pdu{"a.example", one->event_id},
              queue_pdu{"b.example", two->event_id}, queue_pdu{"a.example", four->event_id},
              queue_pdu{"a.example", two->event_id});
  BOOST_TEST(queue_of("a.example") == (texts{"3", "1", "4", "2"}), boost::test_tools::per_element());
  BOOST_TEST(queue_of("b.example") == (texts{"2"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(queued_messages_come_with_what_the_chat_server_calls_them, with_stored_events) {
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

CAUSEWAY_ENGINE_CASE(newest_event_of_each_room_is_found_in_a_queue, with_stored_events) {
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

CAUSEWAY_ENGINE_CASE(events_of_the_transaction_under_way_are_told_wherever_they_are_in_the_queue, with_stored_events) {
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

CAUSEWAY_ENGINE_CASE(servers_that_are_owed_an_event_share_it_until_it_is_redacted, with_stored_events) {
  auto said = stored(1), why = stored(2);
  must_commit(*store, queue_pdu{"a.example", said->event_id}, queue_pdu{"b.example", said->event_id});
  const auto next_for = [&](const char* server) {
    return must_ask<destination_loaded>(*store, load_destination{server}).pdus.at(0);
  };
  const auto first = next_for("a.example");
  BOOST_TEST(next_for("b.example") == first); // not parsed again
  must_commit(*store, redact_event{sample_room, matrix::redacted(*said), why->event_id});
  for (const auto* server : {"a.example", "b.example"})
    BOOST_TEST(next_for(server)->to_json() == matrix::redacted(*said)->to_json());
}

CAUSEWAY_ENGINE_CASE(event_that_is_made_whole_again_is_queued_whole, fresh_store) {
  const auto said = sample_message(1);
  must_commit(*store, sample_head(), put_event{sample_room, matrix::redacted(*said), verdict::accepted, 0, 0, 1, ""},
              queue_pdu{"a.example", said->event_id});
  const auto next = [&] { return must_ask<destination_loaded>(*store, load_destination{"a.example"}).pdus.at(0); };
  const auto stripped = next();
  BOOST_TEST(stripped->content().empty());
  must_commit(*store, restore_event{sample_room, said});
  BOOST_TEST(next()->to_json() == said->to_json());
}

CAUSEWAY_ENGINE_CASE(repeated_queueing_is_ignored, with_stored_events) {
  auto one = stored(1), two = stored(2);
  for (int round = 0; round < 3; ++round)
    must_commit(*store, queue_pdu{"a.example", two->event_id}, queue_pdu{"a.example", one->event_id});
  BOOST_TEST(queue_of("a.example") == (texts{"2", "1"}), boost::test_tools::per_element());
}

CAUSEWAY_ENGINE_CASE(order_of_a_queue_survives_removal_and_events_queued_late, with_stored_events) {
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

CAUSEWAY_ENGINE_CASE(long_queue_is_read_in_parts, with_stored_events) {
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
              put_inbox{sample_room, "$1", "a.example", "{\"depth\":1}", 10},
              put_inbox{sample_room, "$2", "b.example", "{}", 30});
  const auto all = must_ask<staged_listed>(*store, list_staged{"a.example"});
  BOOST_TEST(all.total == 2);
  BOOST_TEST_REQUIRE(all.staged.size() == 2u);
  BOOST_TEST(all.staged[0].event_id == "$2"); // which came first
  BOOST_TEST(all.staged[0].room_id == sample_room);
  BOOST_TEST(all.staged[1].received_ts == 10);
  BOOST_TEST(all.staged[1].origin == "a.example");
  BOOST_TEST(all.staged[1].pdu == "{\"depth\":1}"); // what it cites is what it may wait for
  const auto some = must_ask<staged_listed>(*store, list_staged{"a.example", 1});
  BOOST_TEST(some.staged.size() == 1u);
  BOOST_TEST(some.total == 2);
  BOOST_TEST(must_ask<staged_listed>(*store, list_staged{"c.example"}).total == 0);
  const auto of_any = must_ask<staged_listed>(*store, list_staged{"", 2});
  BOOST_TEST(of_any.total == 3);
  BOOST_TEST_REQUIRE(of_any.staged.size() == 2u);
  BOOST_TEST(of_any.staged[0].origin == "a.example");
  BOOST_TEST(of_any.staged[0].event_id == "$2");
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

// -- what a server refuses --------------------------------------------------------------------------------------------

CAUSEWAY_ENGINE_CASE(refused_events_are_kept_for_the_operator_and_counted, with_stored_events) {
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

CAUSEWAY_ENGINE_CASE(destinations_are_listed_with_what_they_are_owed, with_stored_events) {
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

CAUSEWAY_ENGINE_CASE(destinations_are_listed_by_name_from_one_on, with_stored_events) {
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

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
