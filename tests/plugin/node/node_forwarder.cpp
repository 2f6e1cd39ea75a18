// A node that stands by and the HTTPS ports it has meanwhile: real gateway, real edge, no database.
#include "plugin/node_forwarder.hpp"

#include "tests/plugin/node/standby_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(node_forwarders)

using namespace causeway;
using test::asked;
using test::own_host;
using test::serving_node;
using test::until;

namespace {

const std::string version_target = "/_matrix/federation/v1/version";

struct forwarder_rig {
  test::scratch dir;
  config::options options;
  std::unique_ptr<node_log> log;
  std::unique_ptr<node_forwarder> forwarder;

  forwarder_rig() {
    options.node.server_name = "ours.example";
    options.gateway.listen = {own_host() + ":0"};
    options.gateway.plain_http = true;
    options.edge.gateway_endpoints = {own_endpoint("own")};
    options.log.level = "error";
    log = std::make_unique<node_log>(options.log);
  }
  /// After `options` is what is wanted.
  node_forwarder& start(node_forwarder::patience how_long = {60'000, 0}) {
    forwarder = std::make_unique<node_forwarder>(options, *log, "two", how_long);
    return *forwarder;
  }
  std::string own_endpoint(const std::string& name) const { return "ipc://" + dir.file(name + ".sock"); }
  static store::store_in_use serves(const std::string& name, const std::string& address) {
    return {name, "tcp://127.0.0.1:8471 gateway=" + address, 3'000, false};
  }
  static store::store_in_use starts(const std::string& name) { return {name, "", 3'000, false}; }
  static store::store_in_use nobody() { return {"one", "tcp://127.0.0.1:8471 gateway=ipc:///gone", -1, true}; }
  std::string ask(const std::string& target = version_target, const std::string& headers = {}) const {
    return asked(forwarder->ports().at(0), target, headers);
  }
};

bool is_answered(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 200") && answer.find("Causeway") != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(what_other_servers_ask_a_node_that_stands_by_is_answered_by_the_one_that_serves,
                        forwarder_rig) {
  const serving_node one{own_endpoint("one")};
  auto& two = start();
  BOOST_TEST(!two.is_up());
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST(until([&] { return two.is_up(); }));
  BOOST_TEST(is_answered(ask()));
  two.see({}); // the database is away for a moment
  BOOST_TEST(two.is_up());
  BOOST_TEST(is_answered(ask()));
}

BOOST_FIXTURE_TEST_CASE(no_port_is_opened_before_somebody_serves_who_can_be_reached, forwarder_rig) {
  auto& two = start();
  two.see(nobody());
  two.see(starts("one"));
  two.see({});
  two.see({"one", "tcp://127.0.0.1:8471", 3'000, false}); // of an older version, or without the option
  two.see(serves("one", "carrier-pigeon://one"));
  two.see(serves("one", "tcp://192.0.2.1:8470")); // without CURVE
  BOOST_TEST(two.ports().empty());
  BOOST_TEST(!two.is_up());
}

BOOST_FIXTURE_TEST_CASE(a_request_waits_for_the_node_that_follows, forwarder_rig) {
  auto one = std::make_unique<serving_node>(own_endpoint("one"));
  auto& two = start();
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST(until([&] { return two.is_up(); }));
  one.reset();
  two.see(nobody());
  BOOST_TEST(until([&] { return !two.is_up(); }));
  auto answer = std::async(std::launch::async, [&] { return ask(); });
  two.see(starts("three"));
  const serving_node three{own_endpoint("three")};
  two.see(serves("three", own_endpoint("three")));
  BOOST_TEST(is_answered(answer.get()));
  BOOST_TEST(two.is_up());
}

BOOST_FIXTURE_TEST_CASE(a_node_that_cannot_listen_yet_gets_the_ports, forwarder_rig) {
  const serving_node one{own_endpoint("one")};
  auto& two = start({0, 0});
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST_REQUIRE(two.ports().size() == 1U);
  const auto port = two.ports().front();
  two.see(nobody());
  BOOST_TEST(two.ports().size() == 1U); // whoever follows may be elsewhere
  two.see(starts("three"));
  BOOST_TEST(two.ports().empty());
  BOOST_TEST(asked(port, version_target).empty());
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST(two.ports().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_port_in_use_is_tried_again, forwarder_rig) {
  const serving_node one{own_endpoint("one")};
  const int other = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  ::inet_pton(AF_INET, own_host().c_str(), &at.sin_addr);
  socklen_t size = sizeof at;
  BOOST_REQUIRE(::bind(other, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 && ::listen(other, 1) == 0);
  BOOST_REQUIRE(::getsockname(other, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  options.gateway.listen = {own_host() + ":" + std::to_string(ntohs(at.sin_port))};
  auto& two = start();
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST(two.ports().empty());
  ::close(other);
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST(two.ports().size() == 1U);
  BOOST_TEST(until([&] { return two.is_up(); }));
}

BOOST_FIXTURE_TEST_CASE(what_is_open_when_this_node_has_its_turn_is_repeated_by_its_server, forwarder_rig) {
  const serving_node one{own_endpoint("one")};
  auto& two = start();
  two.see(serves("one", own_endpoint("one")));
  BOOST_TEST(until([&] { return two.is_up(); }));
  const auto port = two.ports().front();
  auto answer = std::async(std::launch::async, [&] {
    return ask("/_matrix/federation/v1/query/profile?user_id=%40a%3Aours.example",
               "Authorization: X-Matrix origin=\"theirs.example\",destination=\"ours.example\",key=\"ed25519:1\","
               "sig=\"AAAA\"\r\n");
  });
  BOOST_TEST(until([&] { return one.handed_on() == 1; }));
  two.close(true);
  BOOST_TEST(answer.get().starts_with("HTTP/1.1 503")); // who waits for the answer cuts the connection at last
  BOOST_TEST(asked(port, version_target).empty());
}

BOOST_FIXTURE_TEST_CASE(nodes_know_each_other_by_their_curve_keys, forwarder_rig) {
  const auto of_one = test::curve_pair(), of_two = test::curve_pair();
  const std::vector<config::edge_peer> peers = {{of_one.public_key, "one", "node"}, {of_two.public_key, "two", "node"}};
  const test::scratch of_first;
  const serving_node one{"tcp://127.0.0.1:*", [&](config::edge_options& o) {
                           o.curve_secret_key_file = test::key_file(of_first, of_one.secret_key);
                           o.peers = peers;
                         }};
  options.edge.curve_secret_key_file = test::key_file(dir, of_two.secret_key);
  options.edge.peers = peers;
  auto& two = start();
  two.see(serves("nobody of the list", one.endpoint()));
  BOOST_TEST(two.ports().empty());
  two.see(serves("one", one.endpoint()));
  BOOST_TEST(until([&] { return two.is_up(); }));
  BOOST_TEST(is_answered(ask()));
}

BOOST_AUTO_TEST_CASE(it_is_wanted_where_nodes_have_an_address_and_this_process_has_a_gateway) {
  config::options x;
  BOOST_TEST(!node_forwarder::is_wanted(x, false));
  x.edge.gateway_endpoints = {"tcp://10.0.0.1:8470"};
  BOOST_TEST(node_forwarder::is_wanted(x, false));
  BOOST_TEST(!node_forwarder::is_wanted(x, true));
  x.gateway.listen.clear();
  BOOST_TEST(!node_forwarder::is_wanted(x, false));
}

BOOST_AUTO_TEST_SUITE_END()
