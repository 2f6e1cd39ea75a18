// A node that stands by and the HTTPS ports it has meanwhile: real gateway, real edge, no database.
#include "plugin/node_forwarder.hpp"

#include "plugin/edge/edge.hpp"
#include "plugin/node_gateways.hpp"
#include "tests/actors/machine_rig.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(node_forwarders)

using namespace causeway;

namespace {

bool until(const std::function<bool()>& holds) {
  for (const auto deadline = std::chrono::steady_clock::now() + test::patience; !holds();) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A node that serves, as far as gateways see it: it answers what no actor has to be asked for.
class serving_node : edge::frame_sink {
public:
  serving_node(const std::string& endpoint, const std::function<void(config::edge_options&)>& change = {}) {
    config::edge_options o;
    o.chat_endpoints.clear();
    o.admin_endpoint.clear();
    o.gateway_endpoints = {endpoint};
    if (change) change(o);
    auto bound = edge::edge::open(zmq_, o, *this);
    BOOST_REQUIRE_MESSAGE(bool(bound), (bound ? "" : to_string(bound.error())));
    edge_ = *std::move(bound);
    is_open_ = true;
    is_open_.notify_all();
  }
  ~serving_node() override { edge_->stop(); }
  serving_node(const serving_node&) = delete;

  std::string endpoint() const { return edge_->endpoints().front().address; }
  /// Requests that were handed to actors, of which there are none here.
  int handed_on() const { return handed_on_; }

private:
  void on_frame(const edge::connection& from, edge::frame&& x) override {
    is_open_.wait(false);
    links_.on_frame(from, std::move(x));
  }
  void on_lost(const edge::connection&) override {}

  context node_ = test::node_of("ours.example", *matrix::signing_key::from_seed(std::string(32, 's')));
  zmq::context_t zmq_{1};
  std::atomic<bool> is_open_ = false;
  std::atomic<int> handed_on_ = 0;
  std::unique_ptr<edge::edge> edge_;
  gateway_links links_{node_, [this](const address&, const message&) { ++handed_on_; },
                       [this](const edge::connection& to, edge::frame f) { edge_->send(to, std::move(f)); },
                       [] { return time_ms{1'700'000'000'000}; }};
};

/// A loopback address of this process alone: a port that is let go there is nobody else's until it is wanted again.
std::string own_host() {
  const auto number = static_cast<unsigned>(::getpid());
  return "127." + std::to_string(1 + number % 250) + "." + std::to_string(number / 250 % 250) + ".7";
}

/// Whole answer of one request; empty: nobody listens, or the connection was cut.
std::string asked(std::uint16_t port, const std::string& target, const std::string& headers = {}) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval most{test::patience.count() / 1'000, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, own_host().c_str(), &to.sin_addr);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    const auto request =
      "GET " + target + " HTTP/1.1\r\nHost: ours.example\r\nConnection: close\r\n" + headers + "\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()))
      for (char some[4096];;) {
        const auto count = ::recv(fd, some, sizeof some, 0);
        if (count <= 0) break;
        answer.append(some, static_cast<std::size_t>(count));
      }
  }
  ::close(fd);
  return answer;
}

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
