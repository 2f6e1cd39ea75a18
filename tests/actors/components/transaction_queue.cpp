#include "actors/remote_server/transaction_queue.hpp"

#include "tests/actors/components/server_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::remote_server;

BOOST_AUTO_TEST_SUITE(transaction_queue_alone)

namespace {

constexpr const char* some_room = "!r:here.example";

struct queue_rig : server_rig {
  transaction_queue queue{server, out, requests, store, events};
  std::uint64_t request = 0; ///< the latest

  effects push(int n) {
    queue.push(pdu_queued{message_from_here(some_room, n), "room", "m" + std::to_string(n)});
    return watch();
  }
  effects watch() {
    auto list = take();
    for (const auto& [to, r] : told<gateway::http_request>(list)) request = r.id;
    return list;
  }
  effects answer(int status, std::string body = "{}") {
    auto closed = requests.close(http_answer(request, status, std::move(body)));
    queue.answered(closed->answer);
    return watch();
  }
  effects push_typing() {
    queue.push(edu_queued{"m.typing", "k", R"({"edu_type":"m.typing","content":{}})"});
    return watch();
  }
  effects wait_for_attempt() {
    after(3'600'000);
    queue.on_timer();
    return watch();
  }
};

/// What the chat server is notified of.
std::vector<std::string> notified(const effects& list) {
  std::vector<std::string> all;
  for (const auto& x : written<store::append_delivery>(list)) all.push_back(x.told.message + " " + x.told.state);
  return all;
}

using words = std::vector<std::string>;

/// A state event, which the chat server is not notified of.
matrix::event_ptr topic_from_here(int number) {
  matrix::json::object pdu{{"type", "m.room.topic"},
                           {"state_key", ""},
                           {"room_id", some_room},
                           {"sender", "@ann:here.example"},
                           {"content", matrix::json::object{{"topic", std::to_string(number)}}},
                           {"origin_server_ts", noon},
                           {"depth", number},
                           {"prev_events", matrix::json::array{}},
                           {"auth_events", matrix::json::array{}}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "here.example", key_of('h'));
}

} // namespace

BOOST_AUTO_TEST_CASE(whoever_asks_hears_what_became_of_an_edu_and_when_the_server_is_back) {
  queue_rig r;
  change(r.node).federation.receipts = true;
  token asked = 0;
  const auto push = [&] {
    r.queue.push(edu_queued{"m.receipt", "receipt|0", "{}", 1, {actor_kind::receipts, ""}, ++asked});
    return r.watch();
  };
  const auto fate = [](const effects& list) {
    words all;
    for (const auto& [to, x] : told<edu_completed>(list))
      all.push_back(std::to_string(x.asked) + (x.delivered ? " arrived" : " dropped"));
    return all;
  };
  BOOST_TEST(fate(push()).empty());
  BOOST_TEST(fate(r.answer(200)) == words{"1 arrived"}, boost::test_tools::per_element());
  push();
  BOOST_TEST(fate(r.answer(0)) == words{"2 dropped"}, boost::test_tools::per_element());
  BOOST_TEST(r.queue.is_backing_off());
  BOOST_TEST(fate(push()) == words{"3 dropped"}, boost::test_tools::per_element()); // it is known to be down
  r.queue.on_contact();
  BOOST_TEST(told<server_alive>(r.watch()).size() == 1u);
  r.push(1);
  push();
  r.wait_for_attempt();
  const auto done = r.answer(200);
  BOOST_TEST(told<server_alive>(done).size() == 1u);
  BOOST_TEST(r.queue.failures() == 0u);
}

BOOST_AUTO_TEST_CASE(queue_says_when_events_have_left_it_and_when_it_stands_still) {
  queue_rig r;
  r.push(1);
  BOOST_TEST(r.queue.has_backlog());
  r.answer(500);
  BOOST_TEST(r.events.count("queue_stopped") == 1u);
  BOOST_TEST(r.queue.is_backing_off());
  BOOST_TEST(r.queue.failures() == 1u);
  r.after(1'000);
  r.queue.on_timer();
  r.watch();
  BOOST_TEST(r.events.count("queue_advanced") == 0u);
  r.answer(200);
  BOOST_TEST(r.events.count("queue_advanced") == 1u);
  BOOST_TEST(r.queue.delivered() == 1u);
  BOOST_TEST(r.queue.is_idle());
}

BOOST_AUTO_TEST_CASE(store_that_is_busy_is_asked_again_and_ends_nothing) {
  queue_rig r;
  r.queue.look_again();
  BOOST_TEST(of_kind<ask_store>(r.take()).size() == 1u);
  r.queue.refilled(nullptr);
  BOOST_TEST(timer_at(r.take(), transaction_queue::timer) == r.now + transaction_queue::store_retry_ms);
  BOOST_TEST(r.events.said.empty());
  BOOST_TEST(r.queue.owes());
  r.queue.on_timer();
  BOOST_TEST(of_kind<ask_store>(r.take()).size() == 1u);
  const store::destination_loaded nothing;
  r.queue.refilled(&nothing);
  BOOST_TEST(r.events.count("queue_is_empty") == 1u);
  BOOST_TEST(!r.queue.owes());
}

BOOST_AUTO_TEST_CASE(event_written_while_the_store_is_read_is_read_in_the_next_turn) {
  queue_rig r;
  r.queue.look_again();
  r.take();
  r.push(1); // its row may be younger than the answer
  const store::destination_loaded nothing;
  r.queue.refilled(&nothing);
  BOOST_TEST(of_kind<ask_store>(r.watch()).size() == 1u);
  store::destination_loaded found;
  found.pdus.push_back(message_from_here(some_room, 1));
  r.queue.refilled(&found);
  BOOST_TEST(told<gateway::http_request>(r.watch()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(contact_brings_the_next_attempt_forward_but_not_before_the_shortest_pause) {
  queue_rig r;
  r.push(1);
  for (int i = 0; i < 5; ++i) {
    r.answer(500);
    r.after(60'000);
    r.queue.on_timer();
    r.watch();
  }
  r.answer(500);
  r.queue.on_contact();
  BOOST_TEST(timer_at(r.take(), transaction_queue::timer) == r.now + r.node.settings().federation.retry_delay_ms_min);
  r.after(r.node.settings().federation.retry_delay_ms_min);
  r.queue.on_timer();
  BOOST_TEST(told<gateway::http_request>(r.watch()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(contact_of_a_server_that_refuses_the_event_changes_nothing_and_the_operator_does) {
  queue_rig r;
  r.push(1);
  r.answer(400, R"({"errcode":"M_BAD_JSON","error":"no"})");
  r.answer(200); // the probe
  BOOST_TEST(r.queue.is_backing_off());
  r.queue.on_contact();
  BOOST_TEST(told<gateway::http_request>(r.watch()).empty());
  r.queue.retry_now();
  BOOST_TEST(told<gateway::http_request>(r.watch()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(outage_that_began_with_typing_is_notified_by_the_message_that_comes_later) {
  queue_rig r;
  r.push_typing();
  BOOST_TEST(notified(r.answer(502)).empty());
  BOOST_TEST(notified(r.push(1)) == (words{"m1 delayed"}), boost::test_tools::per_element());
  BOOST_TEST(notified(r.push(2)).empty());
  r.wait_for_attempt();
  BOOST_TEST(notified(r.answer(502)).empty());
  r.wait_for_attempt();
  BOOST_TEST(notified(r.answer(200)) == (words{"m1 delivered"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(message_written_while_typing_is_on_its_way_is_notified_when_that_fails) {
  queue_rig r;
  r.push_typing();
  BOOST_TEST(notified(r.push(1)).empty()); // nobody knows yet
  BOOST_TEST(notified(r.answer(502)) == (words{"m1 delayed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(outage_that_began_with_state_is_notified_and_ends_with_the_message_not_with_the_state) {
  queue_rig r;
  r.queue.push(pdu_queued{topic_from_here(1), "room", ""});
  r.watch();
  BOOST_TEST(notified(r.answer(502)).empty());
  BOOST_TEST(notified(r.push(2)) == (words{"m2 delayed"}), boost::test_tools::per_element());
  r.wait_for_attempt();
  BOOST_TEST(notified(r.answer(200)).empty()); // the topic
  BOOST_TEST(notified(r.answer(200)) == (words{"m2 delivered"}), boost::test_tools::per_element());
  r.push(3);
  BOOST_TEST(notified(r.answer(502)) == (words{"m3 delayed"}), boost::test_tools::per_element()); // another outage
}

BOOST_AUTO_TEST_CASE(message_that_goes_to_the_store_in_an_outage_is_notified_too) {
  queue_rig r;
  r.push_typing();
  r.answer(502);
  r.queue.look_again(); // from here on what comes is left in the store
  r.take();
  BOOST_TEST(notified(r.push(1)) == (words{"m1 delayed"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(delay_is_notified_after_a_restart_if_nothing_was_before_it) {
  queue_rig before;
  before.push_typing();
  const auto failed = before.answer(502);
  store::destination_loaded stored;
  stored.destination = written<store::put_destination>(failed).at(0);
  stored.pdus = {message_from_here(some_room, 1)}; // the actor had ended; the message made a new one
  stored.names_of[stored.pdus[0]->event_id] = {"room", "m1"};

  queue_rig r;
  r.queue.load(stored);
  const auto loaded = r.watch();
  BOOST_TEST(notified(loaded) == (words{"m1 delayed"}), boost::test_tools::per_element());

  stored.destination = written<store::put_destination>(loaded).at(0);
  queue_rig again;
  again.queue.load(stored);
  BOOST_TEST(notified(again.watch()).empty());
  again.wait_for_attempt();
  BOOST_TEST(notified(again.answer(502)).empty());
  again.wait_for_attempt();
  BOOST_TEST(notified(again.answer(200)) == (words{"m1 delivered"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(message_that_was_notified_as_delayed_and_is_refused_ends_the_outage_with_that) {
  queue_rig r;
  const auto refused = message_from_here(some_room, 1)->event_id;
  r.push(1);
  r.push(2);
  BOOST_TEST(notified(r.answer(502)) == (words{"m1 delayed"}), boost::test_tools::per_element());
  r.wait_for_attempt();
  BOOST_TEST(notified(r.answer(200, R"({"pdus":{")" + refused + R"(":{"error":"no"}}})")) == (words{"m1 failed"}),
             boost::test_tools::per_element());
  BOOST_TEST(notified(r.answer(200)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
