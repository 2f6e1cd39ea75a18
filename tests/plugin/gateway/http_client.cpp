#include "plugin/gateway/http_client.hpp"

#include "tests/plugin/gateway/certificates.hpp"
#include "tests/plugin/gateway/fake_peer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

using namespace causeway;
using namespace causeway::testing;
using gateway::http_client;
namespace asio = boost::asio;

BOOST_AUTO_TEST_SUITE(gateway_http_client)

namespace {

/// A client alone, and a homeserver on loopback.
struct rig {
  explicit rig(const gateway::http_client_options& options)
      : client(io, options, *gateway::address_policy::make({"127.0.0.0/8"}), *gateway::load_trust(authority.file())) {}

  gateway::https_call to(std::uint16_t port) const {
    gateway::https_call x;
    x.method = "GET";
    x.target = "/";
    x.to = {"127.0.0.1", port, true};
    x.host_header = x.tls_name = "localhost";
    return x;
  }
  int status_of(gateway::https_call x) {
    std::optional<int> status;
    client.start(std::move(x), [&](const gateway::https_outcome& y) { status = y.status; });
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!status && std::chrono::steady_clock::now() < until) io.run_one_until(until);
    return status.value_or(-1);
  }

  temporary_directory directory;
  certificate_authority authority{directory};
  fake_peer peer{authority.issue("own", {"DNS:localhost"}), [](const std::string&) { return reply_json("{}"); }};
  asio::io_context io;
  http_client client;
};

} // namespace

BOOST_AUTO_TEST_CASE(connection_is_kept_whatever_hangs_beside_it) {
  gateway::http_client_options options;
  options.idle_connections_max = 2;
  rig x{options};
  asio::ip::tcp::acceptor hangs{x.io, {asio::ip::address_v4::loopback(), 0}}; // accepts in the kernel, and says nothing
  for (int i = 0; i < 4; ++i) x.client.start(x.to(hangs.local_endpoint().port()), [](const auto&) {});
  for (int i = 0; i < 5; ++i) BOOST_TEST(x.status_of(x.to(x.peer.port())) == 200);
  BOOST_TEST(x.client.open_calls() == 4u);
  BOOST_TEST(x.peer.connections() == 1);
}

BOOST_AUTO_TEST_CASE(no_more_idle_connections_are_kept_than_it_may) {
  gateway::http_client_options options;
  options.idle_connections_max = 1;
  rig x{options};
  fake_peer other{x.authority.issue("other", {"DNS:localhost"}), [](const std::string&) { return reply_json("{}"); }};
  for (int i = 0; i < 3; ++i)
    for (const auto port : {x.peer.port(), other.port()}) BOOST_TEST(x.status_of(x.to(port)) == 200);
  BOOST_TEST(x.peer.connections() == 3);
  BOOST_TEST(other.connections() == 3);
}

BOOST_AUTO_TEST_CASE(calls_that_wait_for_a_connection_let_nobody_keep_more) {
  gateway::http_client_options options;
  options.idle_connections_max = 1;
  options.connections_per_destination_max = 1;
  rig x{options};
  fake_peer other{x.authority.issue("other", {"DNS:localhost"}), [](const std::string&) { return reply_json("{}"); }};
  asio::ip::tcp::acceptor hangs{x.io, {asio::ip::address_v4::loopback(), 0}};
  for (int i = 0; i < 10; ++i) x.client.start(x.to(hangs.local_endpoint().port()), [](const auto&) {});
  for (int i = 0; i < 3; ++i)
    for (const auto port : {x.peer.port(), other.port()}) BOOST_TEST(x.status_of(x.to(port)) == 200);
  BOOST_TEST(x.client.open_calls() == 10u);
  BOOST_TEST(x.peer.connections() == 3);
  BOOST_TEST(other.connections() == 3);
}

BOOST_AUTO_TEST_SUITE_END()
