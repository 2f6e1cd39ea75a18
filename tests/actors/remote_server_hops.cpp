#include "actors/remote_server/remote_server_machine.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using remote_server::remote_server_machine;

BOOST_AUTO_TEST_SUITE(remote_server_hops)

namespace {

/// The actor of there.example while somebody listens to the hops of events.
struct watched_rig {
  context node = here();
  remote_server_machine machine{node, "there.example"};
  time_ms now = noon;
  std::vector<hop> hops;

  watched_rig() {
    const auto asked = of_kind<ask_store>(on(start{})).at(0).asked;
    on(store_says(asked, store::destination_loaded{}));
  }
  effects on(message m) {
    m.watched = watched_hops;
    auto list = machine.on(m, now);
    for (const auto& e : list)
      if (const auto* x = std::get_if<causeway::hops>(&e)) hops.insert(hops.end(), x->all.begin(), x->all.end());
    return list;
  }
  gateway::http_request send(const matrix::event_ptr& x) {
    return told<gateway::http_request>(on(pdu_queued{x, {}})).at(0).second;
  }
  matrix::event_ptr event() {
    matrix::json::object pdu{{"type", "m.room.message"},
                             {"room_id", "!r:here.example"},
                             {"sender", "@ann:here.example"},
                             {"content", matrix::json::object{{"body", "hello"}}},
                             {"origin_server_ts", now},
                             {"depth", 1},
                             {"prev_events", matrix::json::array{}},
                             {"auth_events", matrix::json::array{}}};
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), node.server_name, node.key);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(each_attempt_is_a_hop_with_its_number_its_transaction_and_what_it_failed_in) {
  watched_rig r;
  const auto x = r.event();
  auto request = r.send(x);
  auto failure = http_says(request.id, 0, "", {fault_code::peer_unreachable, "Connection timed out"});
  auto answer = std::make_shared<gateway::http_answer>(*std::get<http_answered>(failure).answer);
  answer->phase = request_phase::tls; // as the gateway has seen it: the text would say TCP
  std::get<http_answered>(failure).answer = answer;
  r.on(std::move(failure));
  request = told<gateway::http_request>(r.on(retry_now{})).at(0).second;
  r.on(http_says(request.id, 200, R"({"pdus":{}})"));

  BOOST_REQUIRE(r.hops.size() == 4u);
  const auto transaction = request.target.substr(request.target.rfind('/') + 1);
  for (const auto& h : r.hops) {
    BOOST_TEST(h.event_id == x->event_id);
    BOOST_REQUIRE(h.more);
    BOOST_TEST(h.more->server == "there.example");
    BOOST_TEST(h.more->transaction == transaction);
  }
  BOOST_TEST((r.hops[0].stage == hop_stage::sent));
  BOOST_TEST(r.hops[0].more->attempt == 1u);
  BOOST_TEST((r.hops[1].stage == hop_stage::failed));
  BOOST_TEST(r.hops[1].more->attempt == 1u);
  BOOST_TEST(name(r.hops[1].more->phase) == "TLS");
  BOOST_TEST(r.hops[1].more->answer == "peer_unreachable: Connection timed out");
  BOOST_TEST((r.hops[2].stage == hop_stage::sent));
  BOOST_TEST(r.hops[2].more->attempt == 2u);
  BOOST_TEST((r.hops[3].stage == hop_stage::acknowledged));
  BOOST_TEST(r.hops[3].more->answer == "200");
  BOOST_TEST(name(r.hops[3].more->phase).empty());
}

BOOST_AUTO_TEST_CASE(an_event_that_is_refused_in_the_answer_has_a_hop_that_says_why) {
  watched_rig r;
  const auto x = r.event();
  const auto request = r.send(x);
  r.on(http_says(request.id, 200, R"({"pdus":{")" + x->event_id + R"(":{"error":"not allowed"}}})"));
  BOOST_TEST((r.hops.back().stage == hop_stage::refused));
  BOOST_REQUIRE(r.hops.back().more);
  BOOST_TEST(r.hops.back().more->answer == "not allowed");
}

BOOST_AUTO_TEST_CASE(no_hop_is_made_while_nobody_listens) {
  watched_rig r;
  message m{pdu_queued{r.event(), {}}};
  const auto list = r.machine.on(m, r.now);
  BOOST_TEST(!told<gateway::http_request>(list).empty());
  BOOST_TEST(of_kind<hops>(list).empty());
}

BOOST_AUTO_TEST_SUITE_END()
