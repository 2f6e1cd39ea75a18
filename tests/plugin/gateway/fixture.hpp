#pragma once
#include "plugin/gateway/gateway.hpp"
#include "tests/plugin/gateway/certificates.hpp"
#include "tests/plugin/gateway/fake_node.hpp"
#include "tests/plugin/gateway/fake_peer.hpp"
#include "tests/plugin/gateway/tls_socket.hpp"

#include <boost/test/unit_test.hpp>

#include <zmq.hpp>

#include <memory>
#include <string>

namespace causeway::testing {

inline const std::string send_path = "/_matrix/federation/v1/send/1";
inline const std::string version_path = "/_matrix/federation/v1/version";
inline const std::string missing_events_path = "/_matrix/federation/v1/get_missing_events/!r:x";

/// A gateway on loopback with a node behind it. Change `options` and `tuning`, then call `start`.
struct gateway_fixture {
  gateway_fixture() {
    options.listen = {"127.0.0.1:0"};
    options.certificate_file = own.certificate;
    options.private_key_file = own.key;
    options.ca_file = authority.file();
    options.allowed_networks = {"127.0.0.0/8"};
    tuning.stop_timeout = std::chrono::seconds{20};
  }

  void start(fake_node::answerer answer = {}) {
    node = std::make_unique<fake_node>(context, endpoint, std::move(answer));
    one = std::make_unique<gateway::gateway>(options, context, endpoint, std::nullopt, tuning);
    const auto started = one->start();
    BOOST_REQUIRE_MESSAGE(started, (started ? "" : to_string(started.error())));
    BOOST_REQUIRE(node->wait_until_greeted());
  }

  std::uint16_t port() const { return one->ports().at(0); }
  tls_socket connect() const { return tls_socket::connect(port()); }

  temporary_directory directory;
  certificate_authority authority{directory};
  certificate_files own = authority.issue("own", {"DNS:localhost", "IP:127.0.0.1"});
  config::gateway_options options;
  gateway::gateway_tuning tuning;
  zmq::context_t context{1};
  std::string endpoint = "inproc://node";
  std::unique_ptr<fake_node> node;
  std::unique_ptr<gateway::gateway> one;
};

/// Answers every request with what it was.
inline std::optional<gateway::federation_answer> echo(const gateway::federation_request& x) {
  gateway::federation_answer out;
  out.body = x.method + ' ' + x.target + '\n' + x.body;
  return out;
}

} // namespace causeway::testing
