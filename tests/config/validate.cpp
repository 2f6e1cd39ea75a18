#include "config/validate.hpp"

#include "config/endpoints.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway::config;

BOOST_AUTO_TEST_SUITE(config_validate)

namespace {

const std::string curve_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

options valid() {
  options x;
  x.node.server_name = "chat.example.org";
  x.gateway.plain_http = true;
  return x;
}

bool refused(const options& x, std::string_view key, std::string_view part = {}, purpose what_for = purpose::node) {
  auto problems = validate(x, what_for);
  for (const auto& p : problems)
    if (p.key == key && p.what.find(part) != std::string::npos) return true;
  for (const auto& p : problems) BOOST_TEST_MESSAGE(to_string(p));
  return false;
}

} // namespace

BOOST_AUTO_TEST_CASE(least_configuration_has_no_problems) {
  for (const auto& p : validate(valid())) BOOST_ERROR(to_string(p));
}

BOOST_AUTO_TEST_CASE(server_name_is_required_checked_and_in_lower_case) {
  auto x = valid();
  x.node.server_name.clear();
  BOOST_TEST(refused(x, "node.server_name", "is required"));
  x.node.server_name = "https://chat.example.org";
  BOOST_TEST(refused(x, "node.server_name", "is no server name"));
  x.node.server_name = "Chat.example.org";
  BOOST_TEST(refused(x, "node.server_name", "lower case"));
  x.node.server_name = "[2001:db8::1]:8448";
  BOOST_TEST(validate(x).empty());
}

BOOST_AUTO_TEST_CASE(a_gateway_alone_needs_no_server_name_but_an_address) {
  options x;
  x.gateway.plain_http = true;
  BOOST_TEST(validate(x, purpose::gateway).empty());
  x.gateway.listen.clear();
  BOOST_TEST(refused(x, "gateway.listen", "is empty", purpose::gateway));
}

BOOST_AUTO_TEST_CASE(chat_endpoint_for_other_machines_without_curve_is_refused) {
  auto x = valid();
  for (const char* endpoint : {"tcp://0.0.0.0:5000", "tcp://*:5000", "tcp://192.0.2.1:5000", "tcp://[::]:5000",
                               "tcp://eth0:5000", "tcp://127.example.org:5000"}) {
    x.edge.chat_endpoints = {endpoint};
    BOOST_TEST(refused(x, "edge.chat_endpoints", "CURVE"), endpoint);
  }
  for (const char* endpoint :
       {"tcp://127.0.0.1:5000", "tcp://127.1.2.3:*", "tcp://[::1]:5000", "tcp://localhost:5000", "ipc:///x"}) {
    x.edge.chat_endpoints = {endpoint};
    BOOST_TEST(validate(x).empty(), endpoint);
  }
  x.edge.chat_endpoints = {"tcp://0.0.0.0:5000"};
  x.edge.curve_secret_key_file = "/etc/causeway/curve.key";
  BOOST_TEST(refused(x, "edge.chat_endpoints", "nobody could connect"));
  x.edge.peers = {{curve_key, "chat-1", "chat"}};
  BOOST_TEST(validate(x).empty());
}

BOOST_AUTO_TEST_CASE(gateway_and_admin_endpoints_obey_the_same_rule) {
  auto x = valid();
  x.edge.gateway_endpoints = {"tcp://0.0.0.0:5001"};
  BOOST_TEST(refused(x, "edge.gateway_endpoints", "CURVE"));
  x = valid();
  x.edge.admin_endpoint = "tcp://0.0.0.0:5002";
  BOOST_TEST(refused(x, "edge.admin_endpoint", "CURVE"));
  x.edge.admin_endpoint.clear();
  BOOST_TEST(validate(x).empty());
}

BOOST_AUTO_TEST_CASE(a_web_inspector_for_other_machines_without_a_token_is_refused) {
  auto x = valid();
  for (const char* address : {"0.0.0.0:9090", "192.0.2.1:9090", "[::]:9090"}) {
    x.admin.web_listen = address;
    BOOST_TEST(refused(x, "admin.web_listen", "needs a token"), address);
    x.admin.web_token_file = "/etc/causeway/web-token";
    BOOST_TEST(validate(x).empty(), address);
    x.admin.web_token_file.clear();
  }
  for (const char* address : {"", "9090", "127.0.0.1:9090", "[::1]:9090"}) {
    x.admin.web_listen = address;
    BOOST_TEST(validate(x).empty(), address);
  }
  for (const char* address : {"localhost:9090", "99999", "9090 "}) {
    x.admin.web_listen = address;
    BOOST_TEST(refused(x, "admin.web_listen"), address);
  }
}

BOOST_AUTO_TEST_CASE(servers_with_a_metric_of_their_own_are_servers_and_few) {
  auto x = valid();
  x.admin.metrics_servers = {"matrix.example.org", "https://x"};
  BOOST_TEST(refused(x, "admin.metrics_servers", "is no server name"));
  x.admin.metrics_servers.assign(metrics_servers_max + 1, "x.example");
  BOOST_TEST(refused(x, "admin.metrics_servers", "more than 64"));
  x.admin.metrics_servers.pop_back();
  x.admin.web_hosts = {"ops.example.org"};
  BOOST_TEST(validate(x).empty());
  x.admin.web_hosts = {"ops.example.org:443"};
  BOOST_TEST(refused(x, "admin.web_hosts", "without a port"));
}

BOOST_AUTO_TEST_CASE(an_admin_endpoint_on_loopback_without_curve_is_refused) {
  auto x = valid();
  for (const char* endpoint :
       {"tcp://127.0.0.1:5002", "tcp://127.0.0.1:*", "tcp://[::1]:5002", "tcp://localhost:5002", "tcp://lo:5002"}) {
    x.edge.admin_endpoint = endpoint;
    BOOST_TEST(refused(x, "edge.admin_endpoint", "could act as the operator"), endpoint);
  }
  x.edge.curve_secret_key_file = "/etc/causeway/curve.key";
  x.edge.peers = {{curve_key, "ops", "admin"}};
  BOOST_TEST(validate(x).empty());
}

BOOST_AUTO_TEST_CASE(malformed_and_repeated_endpoints_are_refused) {
  auto x = valid();
  for (const char* endpoint : {"", "http://x", "ipc://", "tcp://127.0.0.1", "tcp://127.0.0.1:70000", "tcp://::1:5000",
                               "tcp://[zz]:1", "tcp://a b:1", "inproc://", "tcp://:5000"}) {
    x.edge.chat_endpoints = {endpoint};
    BOOST_TEST(refused(x, "edge.chat_endpoints"), endpoint);
  }
  x.edge.chat_endpoints = {"ipc://" + std::string(108, 'x')};
  BOOST_TEST(refused(x, "edge.chat_endpoints", "1..107 bytes"));
  x.edge.chat_endpoints = {"ipc:///a", "ipc:///a"};
  BOOST_TEST(refused(x, "edge.chat_endpoints", "used twice"));
  x.edge.chat_endpoints.clear();
  BOOST_TEST(refused(x, "edge.chat_endpoints", "no chat server could connect"));
}

BOOST_AUTO_TEST_CASE(peers_need_a_name_a_key_of_their_own_and_a_known_role) {
  auto x = valid();
  x.edge.peers = {{"short", "a", "chat"}};
  BOOST_TEST(refused(x, "edge.peers", "40 characters"));
  x.edge.peers = {{curve_key, "a", "king"}};
  BOOST_TEST(refused(x, "edge.peers", "unknown role \"king\""));
  x.edge.peers = {{curve_key, "two", "node"}};
  BOOST_TEST(validate(x).empty());
  x.edge.peers = {{curve_key, "", "chat"}};
  BOOST_TEST(refused(x, "edge.peers", "needs a name"));
  x.edge.peers = {{curve_key, "a", "chat"}, {curve_key, "b", "chat"}};
  BOOST_TEST(refused(x, "edge.peers", "of another peer"));
}

BOOST_AUTO_TEST_CASE(certificate_is_required_unless_http_is_plain_or_not_served) {
  auto x = valid();
  x.gateway.plain_http = false;
  BOOST_TEST(refused(x, "gateway.certificate_file", "is required"));
  BOOST_TEST(refused(x, "gateway.private_key_file", "is required"));
  x.gateway.listen.clear();
  BOOST_TEST(validate(x).empty());
}

BOOST_AUTO_TEST_CASE(network_addresses_are_checked) {
  auto x = valid();
  x.gateway.listen = {"chat.example.org:8448"};
  BOOST_TEST(refused(x, "gateway.listen", "must name an IP address"));
  x = valid();
  x.gateway.listen = {"0.0.0.0"};
  BOOST_TEST(refused(x, "gateway.listen", "must be ip:port"));
  x = valid();
  x.gateway.allowed_networks = {"10.0.0.0/8", "fd00::/8", "127.0.0.1"};
  BOOST_TEST(validate(x).empty());
  x.gateway.allowed_networks = {"10.0.0.0/33"};
  BOOST_TEST(refused(x, "gateway.allowed_networks", "0..32"));
  x.gateway.allowed_networks = {"example.org/8"};
  BOOST_TEST(refused(x, "gateway.allowed_networks"));
  x = valid();
  x.gateway.dns_server = "resolver";
  BOOST_TEST(refused(x, "gateway.dns_server"));
  x = valid();
  x.gateway.well_known_server = "https://x";
  BOOST_TEST(refused(x, "gateway.well_known_server"));
}

BOOST_AUTO_TEST_CASE(federation_values_are_checked_against_each_other) {
  auto x = valid();
  x.federation.room_version = "99";
  BOOST_TEST(refused(x, "federation.room_version", "known are 1, 2"));
  x.federation.room_version = "12";
  x.federation.room_version_min = "0";
  BOOST_TEST(refused(x, "federation.room_version_min", "known are 1, 2"));
  x = valid();
  x.federation.retry_delay_ms_min = 5'000;
  x.federation.retry_delay_ms_max = 1'000;
  BOOST_TEST(refused(x, "federation.retry_delay_ms_min", "5000 > 1000"));
  x = valid();
  x.federation.deny_servers = {"*.evil.example", "evil?.example"};
  BOOST_TEST(validate(x).empty());
  x.federation.deny_servers = {"@user:evil.example"};
  BOOST_TEST(refused(x, "federation.deny_servers"));
  x = valid();
  x.federation.trusted_key_servers = {"not a name"};
  BOOST_TEST(refused(x, "federation.trusted_key_servers"));
  x = valid();
  x.edge.peer_timeout_ms = 10'000;
  BOOST_TEST(refused(x, "edge.peer_timeout_ms", "twice"));
}

BOOST_AUTO_TEST_SUITE_END()
