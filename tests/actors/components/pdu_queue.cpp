#include "actors/remote_server/pdu_queue.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(pdu_queue_alone)

namespace {

struct pdus_rig : server_rig {
  pdu_queue queue{server, out, store};

  bool push(const std::string& room, int n) {
    return queue.push({message_from_here("!" + room + ":here.example", n), "room", {}});
  }
};

std::vector<std::string> bodies(const pdu_batch& batch) {
  std::vector<std::string> list;
  for (const auto& q : batch.pdus) list.push_back(*q.event->content().find("body")->as_string());
  return list;
}
using list = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(each_event_is_queued_once_and_leaves_in_order) {
  pdus_rig r;
  BOOST_TEST(r.push("a", 1));
  BOOST_TEST(!r.push("a", 1));
  BOOST_TEST(r.push("b", 2));
  const auto batch = r.queue.take();
  BOOST_TEST(bodies(batch) == (list{"1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(batch.texts.size() == 2u);
  BOOST_TEST(!r.push("a", 1)); // it is on its way
  r.queue.completed(batch.pdus);
  BOOST_TEST(r.queue.is_empty());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_stays_in_the_store_and_is_read_once) {
  pdus_rig r;
  change(r.node).federation.queue_memory_pdus_max = 2;
  BOOST_TEST(r.push("a", 1));
  BOOST_TEST(r.push("a", 2));
  BOOST_TEST(!r.push("a", 3));
  BOOST_TEST(r.queue.has_more_in_store());
  r.queue.completed(r.queue.take().pdus);
  BOOST_TEST(r.queue.needs_refill());
  r.queue.refill();
  r.queue.refill();
  BOOST_TEST(of_kind<ask_store>(r.take()).size() == 1u);
  store::destination_loaded found;
  found.pdus.push_back(message_from_here("!a:here.example", 3));
  BOOST_TEST((r.queue.refilled(&found) == pdu_queue::refill_result::complete));
  BOOST_TEST(!r.queue.has_more_in_store());
  BOOST_TEST(bodies(r.queue.take()) == (list{"3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refused_batch_comes_first_again_in_halves_and_grows_back) {
  pdus_rig r;
  for (int i = 1; i <= 5; ++i) r.push("a", i);
  r.queue.put_back(r.queue.take());
  BOOST_TEST(r.queue.at_once() == 2u);
  BOOST_TEST(bodies(r.queue.take()) == (list{"1", "2"}), boost::test_tools::per_element());
  r.queue.grow();
  BOOST_TEST(r.queue.at_once() == 4u);
  for (int i = 0; i < 10; ++i) r.queue.grow();
  BOOST_TEST(r.queue.at_once() == limits::pdus_per_transaction_max);
}

BOOST_AUTO_TEST_CASE(after_a_long_outage_the_newest_of_each_room_goes_alone_and_first) {
  pdus_rig r;
  change(r.node).federation.catch_up_pdus_min = 4;
  for (int i = 1; i <= 4; ++i) r.push(i % 2 == 0 ? "even" : "odd", i);
  r.queue.catch_up(r.now - r.node.settings().federation.catch_up_after_ms);
  BOOST_TEST(r.queue.is_catching_up());
  BOOST_TEST(bodies(r.queue.take()) == (list{"3", "4"}), boost::test_tools::per_element());
  r.push("odd", 5); // what is written meanwhile does not wait behind the rest
  BOOST_TEST(bodies(r.queue.take()) == (list{"5", "1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(!r.queue.is_catching_up());
}

BOOST_AUTO_TEST_CASE(short_outage_and_short_queue_are_sent_in_order) {
  pdus_rig r;
  change(r.node).federation.catch_up_pdus_min = 2;
  r.push("a", 1);
  r.queue.catch_up(r.now - r.node.settings().federation.catch_up_after_ms);
  BOOST_TEST(!r.queue.is_catching_up());
  r.push("a", 2);
  r.queue.catch_up(r.now - r.node.settings().federation.catch_up_after_ms + 1);
  BOOST_TEST(!r.queue.is_catching_up());
  BOOST_TEST(bodies(r.queue.take()) == (list{"1", "2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(transaction_under_way_is_no_part_of_the_queue_that_is_loaded) {
  pdus_rig r;
  store::destination_loaded stored;
  for (int i = 1; i <= 2; ++i) stored.pdus.push_back(message_from_here("!a:here.example", i));
  stored.in_flight.push_back(message_from_here("!a:here.example", 7)); // sent before its turn
  stored.destination.transaction_pdus = {stored.in_flight[0]->event_id, stored.pdus[0]->event_id};
  const auto in_flight = r.queue.load(stored);
  BOOST_TEST(bodies({in_flight, {}}) == (list{"7", "1"}), boost::test_tools::per_element());
  BOOST_TEST(bodies(r.queue.take()) == (list{"2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
