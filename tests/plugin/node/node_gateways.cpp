#include "plugin/node_gateways.hpp"

#include "messages/edge/header.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

namespace {

/// The node's end of the gateway edge; gateways, actors and the clock are the test.
struct rig {
  context node = here();
  std::vector<std::pair<address, message>> delivered;
  std::vector<std::pair<edge::connection, edge::frame>> sent;
  time_ms now = noon;
  gateway_links links{node, [this](const address& to, message m) { delivered.emplace_back(to, std::move(m)); },
                      [this](const edge::connection& to, edge::frame f) { sent.emplace_back(to, std::move(f)); },
                      [this] { return now; }};
  edge::connection connected{1, "g", edge::role::gateway, ""};

  void hello() { links.on_frame(connected, {edge::verb::hello, edge::encode_header(edge::hello_header{}), {}}); }
  void ask(std::uint64_t id = 1, std::uint32_t timeout_ms = 60'000) {
    gateway::http_request x;
    x.id = id;
    x.server_name = "there.example";
    x.method = "PUT";
    x.target = "/_matrix/federation/v2/invite/r/e";
    x.timeout_ms = timeout_ms;
    links.send(std::move(x));
  }
  std::vector<gateway::http_request> requests() const {
    std::vector<gateway::http_request> all;
    for (const auto& [to, f] : sent)
      if (f.what == edge::verb::command)
        if (auto x = gateway::decode_http_request(f)) all.push_back(*x);
    return all;
  }
  /// Why the requests failed that were answered without a gateway.
  std::vector<fault> failed() const {
    std::vector<fault> all;
    for (const auto& [to, m] : delivered)
      if (const auto* a = std::get_if<http_answered>(&m)) all.push_back(a->answer->why);
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_gateways)

BOOST_AUTO_TEST_CASE(a_first_request_right_after_the_start_waits_for_the_gateway_instead_of_failing) {
  rig r;
  r.ask(1);
  r.ask(2);
  r.links.expire();
  BOOST_TEST(r.failed().empty());
  r.now += 300;
  r.hello();
  const auto requests = r.requests();
  BOOST_REQUIRE(requests.size() == 2u);
  BOOST_TEST(requests[0].timeout_ms == 59'700u); // what is left of it
  BOOST_TEST(r.failed().empty());
  r.ask(3);
  BOOST_TEST(r.requests().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_request_that_no_gateway_takes_fails_after_ten_seconds) {
  rig r;
  r.ask();
  r.now += 9'999;
  r.links.expire();
  BOOST_TEST(r.failed().empty());
  r.now += 1;
  r.links.expire();
  BOOST_REQUIRE(r.failed().size() == 1u);
  BOOST_TEST((r.failed()[0].code == fault_code::peer_unreachable));
  BOOST_TEST(r.failed()[0].detail == "no gateway is connected");
  r.hello();
  BOOST_TEST(r.requests().empty()); // it is not sent behind its own answer
}

BOOST_AUTO_TEST_CASE(requests_wait_for_a_gateway_that_is_started_again) {
  rig r;
  r.hello();
  r.links.on_lost(r.connected);
  r.ask(1, 2'000);
  r.now += 5'000;
  r.hello();
  BOOST_REQUIRE(r.requests().size() == 1u);
  BOOST_TEST(r.requests()[0].timeout_ms == 1'000u);
}

BOOST_AUTO_TEST_SUITE_END()
