// The order in which a server gets what it missed.
#include "actors/remote_server/remote_server_machine.hpp"
#include "messages/limits.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace causeway;
using namespace causeway::test;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_catch_up)

namespace {

/// there.example is down when the first event is written.
struct rig {
  context node = here();
  std::unique_ptr<remote_server_machine> machine;
  time_ms now = noon;
  std::uint64_t request = 0;
  std::vector<std::string> sent; ///< "room:number" of each event in the latest transaction

  explicit rig(std::uint32_t catch_up_pdus_min = 3) {
    change(node).federation.catch_up_pdus_min = catch_up_pdus_min;
    begin();
  }
  effects begin(store::destination_loaded stored = {}) {
    machine = std::make_unique<remote_server_machine>(node, "there.example");
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    return watch(machine->on(store_says(asked, std::move(stored)), now));
  }
  matrix::event_ptr event(const std::string& room, int n) {
    matrix::json::object pdu{{"type", "m.room.message"},
                             {"room_id", "!" + room + ":here.example"},
                             {"sender", "@ann:here.example"},
                             {"content", matrix::json::object{{"body", room + ":" + std::to_string(n)}}},
                             {"origin_server_ts", noon},
                             {"depth", n},
                             {"prev_events", matrix::json::array{}},
                             {"auth_events", matrix::json::array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), node.server_name, node.key);
  }
  effects watch(effects done) {
    for (const auto& [to, r] : told<gateway::http_request>(done)) {
      request = r.id;
      sent.clear();
      const auto body = matrix::json::parse(r.body);
      for (const auto& p : *body->find_array("pdus"))
        sent.push_back(*p.find_object("content")->find("body")->as_string());
    }
    return done;
  }
  effects on(const message& m) { return watch(machine->on(m, now)); }
  effects write(const std::string& room, int n) { return on(pdu_queued{event(room, n), {}}); }
  effects fail() { return on(http_says(request, 0, "", {fault_code::peer_unreachable, ""})); }
  effects take() { return on(http_says(request, 200)); }
  /// The first transaction fails; after `ms` the server is back and takes its repetition.
  effects outage(time_ms ms) {
    fail();
    now += ms;
    on(server_alive{"there.example"});
    return take();
  }
};

using texts = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(after_a_long_outage_the_newest_event_of_each_room_comes_first_and_the_rest_in_order) {
  rig r;
  r.write("a", 0);
  r.fail();
  for (int i = 1; i <= 3; ++i) {
    r.write("a", i);
    r.write("b", i);
  }
  r.now += 3'600'000;
  r.on(server_alive{"there.example"});
  BOOST_TEST(r.sent == (texts{"a:0"}),
             boost::test_tools::per_element()); // the transaction that was under way, as it was
  r.take();
  BOOST_TEST(r.sent == (texts{"a:3", "b:3"}), boost::test_tools::per_element());
  r.take();
  BOOST_TEST(r.sent == (texts{"a:1", "b:1", "a:2", "b:2"}), boost::test_tools::per_element());
  BOOST_TEST(told<gateway::http_request>(r.take()).empty()); // nothing twice
}

BOOST_AUTO_TEST_CASE(after_a_short_outage_or_with_little_to_say_all_is_in_order) {
  for (const auto& [outage, least] : {std::pair{3'599'999, 3u}, std::pair{3'600'000, 4u}}) {
    rig r{least};
    r.write("a", 0);
    r.fail();
    for (int i = 1; i <= 3; ++i) r.write("a", i);
    r.now += outage;
    r.on(server_alive{"there.example"});
    r.take();
    BOOST_TEST(r.sent == (texts{"a:1", "a:2", "a:3"}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(what_is_written_during_the_catch_up_does_not_wait_behind_the_rest) {
  rig r;
  r.write("a", 0);
  r.fail();
  for (int i = 1; i <= 200; ++i) r.write("a", i);
  r.now += 3'600'000;
  r.on(server_alive{"there.example"});
  r.take();
  BOOST_TEST(r.sent == (texts{"a:200"}), boost::test_tools::per_element());
  r.write("a", 201);
  r.write("a", 202);
  r.take();
  BOOST_TEST(r.sent.size() == 50u);
  BOOST_TEST(r.sent[0] == "a:201");
  BOOST_TEST(r.sent[1] == "a:202");
  BOOST_TEST(r.sent[2] == "a:1");
  // However much is written, half of each transaction is for the rest.
  for (int i = 203; i <= 300; ++i) r.write("a", i);
  r.take();
  BOOST_TEST(r.sent.size() == 50u);
  BOOST_TEST(r.sent[24] == "a:227");
  BOOST_TEST(r.sent[25] == "a:49");
  std::set<std::string> all;
  for (bool more = true; more; more = !told<gateway::http_request>(r.take()).empty())
    for (const auto& s : r.sent) BOOST_TEST(all.insert(s).second, s); // nothing twice
  BOOST_TEST(all.contains("a:300"));
  BOOST_TEST(all.contains("a:199"));
  // The catch-up is over: events wait their turn again.
  r.write("a", 301);
  BOOST_TEST(r.sent == (texts{"a:301"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_queue_longer_than_memory_the_store_knows_the_newest_events) {
  rig r;
  change(r.node).federation.queue_memory_pdus_max = 2;
  r.begin();
  r.write("a", 0);
  r.fail();
  for (int i = 1; i <= 4; ++i) r.write("a", i); // 1 and 2 are in memory
  r.write("b", 1);
  r.now += 3'600'000;
  r.on(server_alive{"there.example"});
  const auto question = of_kind<ask_store>(r.take());
  BOOST_REQUIRE(question.size() == 1u);
  BOOST_TEST(std::get<store::load_destination>(question[0].question).newest_per_room);
  r.write("a", 5); // the store is still looking
  store::destination_loaded newest;
  newest.pdus = {r.event("b", 1), r.event("a", 4)};
  r.on(store_says(question[0].asked, newest));
  BOOST_TEST(r.sent == (texts{"b:1", "a:4"}), boost::test_tools::per_element());
  r.take();
  BOOST_TEST(r.sent == (texts{"a:5", "a:1", "a:2"}), boost::test_tools::per_element());
  const auto refill = of_kind<ask_store>(r.take());
  BOOST_REQUIRE(refill.size() == 1u);
  store::destination_loaded rest;
  rest.pdus = {r.event("a", 3)};
  r.on(store_says(refill[0].asked, rest));
  BOOST_TEST(r.sent == (texts{"a:3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(newest_events_the_store_cannot_tell_are_sent_in_order) {
  rig r;
  change(r.node).federation.queue_memory_pdus_max = 2;
  r.begin();
  r.write("a", 0);
  r.fail();
  for (int i = 1; i <= 4; ++i) r.write("a", i);
  r.now += 3'600'000;
  r.on(server_alive{"there.example"});
  const auto question = of_kind<ask_store>(r.take());
  r.on(store_says(question.at(0).asked, fault{fault_code::overloaded, ""}));
  BOOST_TEST(r.sent == (texts{"a:1", "a:2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(transaction_sent_before_its_turn_is_repeated_after_a_restart_with_the_same_body) {
  rig r;
  r.write("a", 0);
  r.fail();
  for (int i = 1; i <= 4; ++i) r.write("a", i);
  r.now += 3'600'000;
  r.on(server_alive{"there.example"});
  const auto sent = r.take();
  const auto before = told<gateway::http_request>(sent).at(0).second;
  store::destination_loaded stored;
  for (const auto& d : written<store::put_destination>(sent)) stored.destination = d;
  stored.pdus = {r.event("a", 1), r.event("a", 2), r.event("a", 3)}; // as many as the store tells at once
  stored.in_flight = {r.event("a", 4)};
  stored.more = true;
  const auto again = told<gateway::http_request>(r.begin(stored)).at(0).second;
  BOOST_TEST(again.target == before.target);
  BOOST_TEST(again.body == before.body);
  r.take();
  BOOST_TEST(r.sent == (texts{"a:1", "a:2", "a:3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
