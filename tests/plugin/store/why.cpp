#include "engines.hpp"

/// What the operator asks about one event (`causeway why`).
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_why, *boost::unit_test::timeout(120))

namespace {

struct with_events : fresh_store {
  using fresh_store::fresh_store;

  matrix::event_ptr stored(std::int64_t n, const std::string& room_id = sample_room) {
    auto event = sample_message(n, room_id);
    must_commit(*store, put_event{room_id, event, verdict::accepted, 0, 0, n, ""});
    return event;
  }
  owed_found owed(const std::string& event_id, std::size_t limit = 1'000) {
    return must_ask<owed_found>(*store, find_owed{event_id, limit});
  }
  notification_found notification(const std::string& event_id, std::size_t rows_max = 20'000) {
    return must_ask<notification_found>(*store, find_notification{event_id, rows_max});
  }
};

} // namespace

CAUSEWAY_ENGINE_CASE(servers_that_an_event_is_owed_to_are_found_with_what_stands_before_it, with_events) {
  const auto one = stored(1), two = stored(2), three = stored(3);
  put_destination down;
  down.server_name = "b.example";
  down.failures = 4;
  down.last_fault = "peer_unreachable: refused";
  down.transaction_id = "t1";
  down.transaction_pdus = {one->event_id};
  down.transaction_edus = {"{}"};
  // In b.example's queue it stands behind a later event: it was queued there out of its order.
  must_commit(*store, queue_pdu{"a.example", one->event_id}, queue_pdu{"a.example", two->event_id},
              queue_pdu{"b.example", three->event_id}, queue_pdu{"b.example", two->event_id},
              queue_pdu{"c.example", three->event_id}, down);
  const auto found = owed(two->event_id);
  BOOST_TEST(found.servers == 2);
  BOOST_REQUIRE(found.debts.size() == 2u);
  BOOST_TEST(found.debts[0].destination.server_name == "a.example");
  BOOST_TEST(found.debts[0].before == 1);
  BOOST_TEST(found.debts[0].first_event_id == one->event_id);
  BOOST_TEST(found.debts[1].destination.server_name == "b.example");
  BOOST_TEST(found.debts[1].destination.failures == 4u);
  BOOST_TEST(found.debts[1].destination.transaction_edus.empty());
  BOOST_TEST(found.debts[1].before == 1);
  BOOST_TEST(found.debts[1].first_event_id == three->event_id);
  BOOST_TEST(owed(two->event_id, 1).debts.size() == 1u);
  BOOST_TEST(owed(two->event_id, 1).servers == 2);
  must_commit(*store, remove_destination_pdus{"b.example", {two->event_id}});
  BOOST_TEST(owed(two->event_id).servers == 1);
  BOOST_TEST(owed("$unknown").servers == 0);
}

CAUSEWAY_ENGINE_CASE(servers_that_refuse_an_event_are_found, with_events) {
  const auto one = stored(1);
  must_commit(*store, put_refused_pdu{"a.example", one->event_id, sample_room, "m.room.message", "HTTP 400", 7},
              put_refused_pdu{"b.example", "$other", sample_room, "m.room.message", "HTTP 403", 8});
  const auto found = owed(one->event_id);
  BOOST_TEST(found.servers == 0);
  BOOST_REQUIRE(found.refusals.size() == 1u);
  BOOST_TEST(found.refusals[0].server_name == "a.example");
  BOOST_TEST(found.refusals[0].reason == "HTTP 400");
  BOOST_TEST(found.refusals[0].ts == 7);
}

CAUSEWAY_ENGINE_CASE(staged_copies_of_an_event_are_found_whatever_their_room, with_events) {
  must_commit(*store, put_inbox{"!a:x", "$e", "one.example", R"({"a":1})", 5},
              put_inbox{"!a:x", "$other", "one.example", "{}", 6}, put_inbox{"!a:x", "$e", "two.example", "{}", 7});
  const auto found = must_ask<staged_found>(*store, find_staged{"$e"});
  BOOST_REQUIRE(found.copies.size() == 2u);
  BOOST_TEST(found.copies[0].room_id == "!a:x");
  BOOST_TEST(found.copies[0].event_id == "$e");
  BOOST_TEST(found.copies[0].origin == "one.example");
  BOOST_TEST(found.copies[0].pdu == R"({"a":1})");
  BOOST_TEST(found.copies[0].received_ts == 5);
  BOOST_TEST(found.copies[1].origin == "two.example");
  BOOST_TEST(must_ask<staged_found>(*store, find_staged{"$e", 1}).copies.size() == 1u);
  BOOST_TEST(must_ask<staged_found>(*store, find_staged{"$none"}).copies.empty());
}

CAUSEWAY_ENGINE_CASE(what_is_staged_and_cites_an_event_is_found_however_much_came_before_it, with_events) {
  for (int i = 0; i < 600; ++i)
    must_commit(*store, put_inbox{"!a:x", "$" + std::to_string(i), "one.example", R"({"prev_events":["$aXb"]})", 5});
  must_commit(*store, put_inbox{"!a:x", "$waits", "one.example", R"({"prev_events":["$a_b"]})", 6},
              put_inbox{"!b:x", "$waits", "two.example", R"({"auth_events":["$a_b"]})", 7});
  const auto found = must_ask<staged_listed>(*store, list_staged{{}, 500, "$a_b"});
  BOOST_REQUIRE(found.staged.size() == 2u); // and a "_" stands for itself
  BOOST_TEST(found.staged[0].room_id == "!a:x");
  BOOST_TEST(found.staged[0].event_id == "$waits");
  BOOST_TEST(found.staged[1].origin == "two.example");
  BOOST_TEST(must_ask<staged_listed>(*store, list_staged{{}, 500, "$A_B"}).staged.empty());
  BOOST_TEST(must_ask<staged_listed>(*store, list_staged{{}, 500, "%"}).staged.empty());
}

CAUSEWAY_ENGINE_CASE(a_notification_is_found_until_it_is_acknowledged, with_events) {
  must_commit(*store, append_outbox{0, "message.received", std::string{"\x81\xa8"} + "event_id\xa2$a"},
              append_outbox{1, "delivery.changed", "$b"}, append_outbox{1, "message.received", "of $b indeed"});
  auto found = notification("$b");
  BOOST_REQUIRE(found.stream);
  BOOST_TEST(*found.stream == 1u);
  BOOST_TEST(found.cursor == 2); // not the one that tells of its delivery
  BOOST_TEST(found.name == "message.received");
  BOOST_TEST(found.whole);
  BOOST_REQUIRE(found.streams.size() == 2u);
  BOOST_TEST(found.streams[1].head == 2);
  BOOST_TEST(found.streams[1].acknowledged == 0);
  BOOST_TEST(*notification("$a").stream == 0u);
  BOOST_TEST(!notification("$b", 1).whole);
  BOOST_TEST(!notification("$b", 1).stream);
  must_commit(*store, acknowledge_outbox{1, 2});
  BOOST_TEST(!notification("$b").stream);
}

CAUSEWAY_ENGINE_CASE(a_notification_that_the_chat_server_has_refused_is_found_by_its_event, with_events) {
  must_commit(*store, append_outbox{0, "message.received", "$a"},
              put_dead_letter{0, 1, "no such room", 9, sample_room, "$a"}, acknowledge_outbox{0, 1});
  const auto found = notification("$a");
  BOOST_REQUIRE(found.refusal);
  BOOST_TEST(found.refusal->reason == "no such room");
  BOOST_TEST(found.refusal->cursor == 1);
  BOOST_TEST(found.refusal->ts == 9);
  BOOST_TEST(!notification("$b").refusal);
}

CAUSEWAY_ENGINE_CASE(a_message_is_found_without_its_room_the_one_named_last_where_several_have_that_id, with_events) {
  stored(1);
  stored(1, "!b:x");
  must_commit(*store, bind_message{sample_room, "m1", "$1"}, bind_message{"!b:x", "m1", "$2"},
              bind_message{sample_room, "m2", "$3"});
  const auto find = [&](const std::string& id) {
    const auto found = must_ask<message_found>(*store, find_message{"", id});
    return found.room_id + " " + found.chat_message_id + " " + found.event_id;
  };
  BOOST_TEST(find("m1") == "!b:x m1 $2");
  BOOST_TEST(find("$1") == sample_room + " m1 $1");
  BOOST_TEST(find("m2") == sample_room + " m2 $3");
  BOOST_TEST(find("m3") == "  ");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store
