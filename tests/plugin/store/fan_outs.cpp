#include "stored_events.hpp"

/// Events that are still to be queued for further servers.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_fan_outs, *boost::unit_test::timeout(120))

CAUSEWAY_ENGINE_CASE(a_room_is_loaded_with_the_servers_its_events_have_still_to_reach, with_stored_events) {
  const auto one = stored(1), two = stored(2);
  auto head = sample_head();
  head.chat_room_id = "GENERAL";
  must_commit(*store, head, bind_message{sample_room, "m1", one->event_id},
              put_fan_out{sample_room, 1, one->event_id, {"a.example", "b.example"}},
              put_fan_out{sample_room, 2, one->event_id, {"c.example"}},
              put_fan_out{sample_room, 3, two->event_id, {"a.example"}});
  auto found = must_ask<room_loaded>(*store, load_room{sample_room}).fan_outs;
  BOOST_REQUIRE(found.size() == 3u);
  BOOST_TEST(found[0].number == 1);
  BOOST_TEST(found[0].event->event_id == one->event_id);
  BOOST_TEST(found[0].chat_message_id == "m1");
  BOOST_TEST(found[0].servers == (texts{"a.example", "b.example"}), boost::test_tools::per_element());
  BOOST_TEST(found[2].event->event_id == two->event_id);
  BOOST_TEST(found[2].chat_message_id == "");
  BOOST_TEST(must_ask<directory_loaded>(*store, load_directory{}).rooms.at(0).has_inbox); // the room has to be woken
  must_commit(*store, queue_pdu{"a.example", one->event_id}, queue_pdu{"b.example", one->event_id},
              remove_fan_out{sample_room, 1}, remove_fan_out{"!unknown:x", 1}, remove_fan_out{sample_room, 9});
  found = must_ask<room_loaded>(*store, load_room{sample_room}).fan_outs;
  BOOST_REQUIRE(found.size() == 2u);
  BOOST_TEST(found[0].number == 2);
  BOOST_TEST(queue_of("a.example") == texts{"1"}, boost::test_tools::per_element());
  must_commit(*store, remove_fan_out{sample_room, 2}, remove_fan_out{sample_room, 3});
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).fan_outs.empty());
  BOOST_TEST(!must_ask<directory_loaded>(*store, load_directory{}).rooms.at(0).has_inbox);
}

CAUSEWAY_ENGINE_CASE(an_event_that_is_not_stored_is_owed_to_nobody, with_stored_events) {
  auto batch = batch_of(append_outbox{0, "x", "y"}, put_fan_out{sample_room, 1, "$unknown", {"a.example"}});
  BOOST_TEST(!store->commit({&batch, 1}));
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).rows.empty());
}

CAUSEWAY_ENGINE_CASE(whom_an_event_has_still_to_reach_is_told_with_whom_it_is_queued_for, with_stored_events) {
  const auto one = stored(1);
  must_commit(*store, queue_pdu{"b.example", one->event_id},
              put_fan_out{sample_room, 1, one->event_id, {"c.example", "a.example"}});
  const auto found = must_ask<owed_found>(*store, find_owed{one->event_id});
  BOOST_TEST(found.servers == 3);
  BOOST_REQUIRE(found.debts.size() == 3u);
  BOOST_TEST(found.debts[0].destination.server_name == "a.example");
  BOOST_TEST(found.debts[0].first_event_id == "");
  BOOST_TEST(found.debts[1].first_event_id == one->event_id);
  BOOST_TEST(must_ask<owed_found>(*store, find_owed{one->event_id, 2}).debts.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store
