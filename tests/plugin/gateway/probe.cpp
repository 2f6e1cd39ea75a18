#include "plugin/gateway/probe.hpp"

#include "tests/plugin/gateway/certificates.hpp"
#include "tests/plugin/gateway/fake_peer.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>

namespace causeway::testing {
namespace {

constexpr std::int64_t now_ms = 1'700'000'000'000;

std::string answer_of_homeserver(const std::string& request) {
  if (request.starts_with("GET /_matrix/key/v2/server "))
    return reply_json(R"({"server_name":"x"})", "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n");
  if (request.starts_with("GET /_matrix/federation/v1/version ")) return reply_json(R"({"server":{"name":"Fake"}})");
  return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
}

struct probe_fixture {
  probe_fixture() {
    options.ca_file = authority.file();
    options.allowed_networks = {"127.0.0.0/8"};
    options.dns_server = dns.address();
    options.connect_timeout_ms = 2'000;
  }
  probe::report look(const std::string& server) { return gateway::probe_server(options, server, now_ms, tuning); }
  static bool failed(const probe::report& x, const std::string& phase) {
    return std::any_of(x.phases.begin(), x.phases.end(),
                       [&](const auto& p) { return p.name == phase && !p.succeeded; });
  }

  temporary_directory directory;
  certificate_authority authority{directory};
  certificate_files own = authority.issue("own", {"DNS:localhost", "DNS:hs.example", "IP:127.0.0.1"});
  fake_dns dns;
  config::gateway_options options;
  gateway::probe_tuning tuning;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_probe, probe_fixture)

BOOST_AUTO_TEST_CASE(homeserver_by_address_is_seen_with_certificate_keys_date_and_version) {
  fake_peer peer{own, &answer_of_homeserver};
  const auto seen = look("127.0.0.1:" + std::to_string(peer.port()));
  BOOST_TEST(seen.why.detail == "");
  BOOST_TEST(!seen.delegation.asked);
  BOOST_TEST_REQUIRE(seen.connections.size() == 1U);
  const auto& x = seen.connections[0];
  BOOST_TEST(x.problem == "");
  BOOST_TEST(x.connected);
  BOOST_TEST(x.encrypted);
  BOOST_TEST(x.is_trusted);
  BOOST_TEST(x.names_match);
  BOOST_TEST_REQUIRE(!x.certificates.empty());
  BOOST_TEST(x.certificates[0].names.size() == 3U);
  BOOST_TEST(x.certificates[0].not_after_ts > now_ms);
  BOOST_TEST(x.certificates[0].sha256.size() == 64U);
  BOOST_TEST(x.keys_status == 200);
  BOOST_TEST(x.date_ts == now_ms);
  BOOST_TEST(x.version_body.find("Fake") != std::string::npos);
  std::vector<std::string> names;
  for (const auto& p : seen.phases) names.push_back(p.name);
  BOOST_TEST(names == (std::vector<std::string>{"TCP", "TLS", "keys", "version"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(well_known_file_and_srv_records_are_followed_and_told) {
  fake_peer peer{own, &answer_of_homeserver};
  dns.add_address("machine.example", "127.0.0.1");
  dns.add_service("_matrix-fed._tcp.hs.example", {1, 2, peer.port(), "machine.example"});
  dns.add_address("chat.example", "127.0.0.1");
  const auto web = authority.issue("web", {"DNS:chat.example"});
  fake_peer file{web, [](const std::string&) { return reply_json(R"({"m.server":"hs.example"})"); }};
  tuning.well_known_port = file.port();
  const auto seen = look("chat.example");
  BOOST_TEST(seen.delegation.delegated == "hs.example");
  BOOST_TEST(seen.tls_name == "hs.example");
  BOOST_TEST_REQUIRE(!seen.lookups.empty());
  BOOST_TEST_REQUIRE(seen.lookups[0].records.size() == 1U);
  BOOST_TEST(seen.lookups[0].records[0].port == peer.port());
  BOOST_TEST_REQUIRE(seen.connections.size() == 1U);
  BOOST_TEST(seen.connections[0].keys_status == 200);
  BOOST_TEST(seen.connections[0].names_match);
}

BOOST_AUTO_TEST_CASE(certificate_for_another_name_is_told_and_what_lies_behind_it_is_read_all_the_same) {
  const auto other = authority.issue("other", {"DNS:other.example"});
  fake_peer peer{other, &answer_of_homeserver};
  const auto x = look("127.0.0.1:" + std::to_string(peer.port())).connections.at(0);
  BOOST_TEST(x.is_trusted);
  BOOST_TEST(!x.names_match);
  BOOST_TEST(x.keys_status == 200);
}

BOOST_AUTO_TEST_CASE(certificate_of_an_unknown_authority_is_not_trusted) {
  const certificate_authority stranger{directory, "stranger"};
  fake_peer peer{stranger.issue("strange", {"IP:127.0.0.1"}), &answer_of_homeserver};
  const auto x = look("127.0.0.1:" + std::to_string(peer.port())).connections.at(0);
  BOOST_TEST(!x.is_trusted);
  BOOST_TEST(!x.trust_problem.empty());
  BOOST_TEST(x.keys_status == 200);
}

BOOST_AUTO_TEST_CASE(private_address_is_told_and_not_connected_to) {
  fake_peer peer{own, &answer_of_homeserver};
  options.allowed_networks.clear();
  const auto seen = look("127.0.0.1:" + std::to_string(peer.port()));
  BOOST_TEST_REQUIRE(seen.connections.size() == 1U);
  BOOST_TEST(seen.connections[0].is_private);
  BOOST_TEST(!seen.connections[0].connected);
  BOOST_TEST(peer.connections() == 0);
}

BOOST_AUTO_TEST_CASE(port_that_nobody_listens_on_fails_at_tcp) {
  std::uint16_t port = 0;
  {
    fake_peer gone{own, &answer_of_homeserver};
    port = gone.port();
  }
  const auto seen = look("127.0.0.1:" + std::to_string(port));
  BOOST_TEST(failed(seen, "TCP"));
  BOOST_TEST(!seen.connections.at(0).connected);
}

BOOST_AUTO_TEST_CASE(server_that_closes_after_its_keys_is_a_homeserver_all_the_same) {
  fake_peer peer{own, [](const std::string&) { return reply_json("{}", "Connection: close\r\n"); }};
  const auto x = look("127.0.0.1:" + std::to_string(peer.port())).connections.at(0);
  BOOST_TEST(x.keys_status == 200);
  BOOST_TEST(x.version_status == 0);
  BOOST_TEST(x.problem == "");
}

BOOST_AUTO_TEST_CASE(probe_ends_when_it_is_not_wanted_any_more) {
  fake_peer peer{own, [](const std::string&) { return std::string{}; }};
  const std::atomic<bool> is_ended = true;
  tuning.is_ended = &is_ended;
  BOOST_TEST(look("127.0.0.1:" + std::to_string(peer.port())).elapsed_ms < tuning.patience.count());
}

BOOST_AUTO_TEST_CASE(server_that_never_answers_ends_with_the_patience) {
  fake_peer peer{own, [](const std::string&) { return std::string{}; }};
  tuning.patience = std::chrono::milliseconds{500};
  const auto seen = look("127.0.0.1:" + std::to_string(peer.port()));
  BOOST_TEST_REQUIRE(seen.connections.size() == 1U);
  BOOST_TEST(seen.connections[0].encrypted);
  BOOST_TEST(seen.connections[0].keys_status == 0);
  BOOST_TEST(seen.connections[0].problem == "it did not answer in time");
}

BOOST_AUTO_TEST_CASE(body_over_the_bound_is_not_read) {
  fake_peer peer{own,
                 [](const std::string&) { return reply_json(std::string(2 * gateway::probed_body_bytes_max, 'x')); }};
  const auto seen = look("127.0.0.1:" + std::to_string(peer.port()));
  BOOST_TEST(failed(seen, "keys"));
  BOOST_TEST(seen.connections.at(0).keys_body == "");
}

BOOST_AUTO_TEST_CASE(name_that_does_not_resolve_says_so_and_no_name_is_refused) {
  const auto seen = look("nowhere.example:1234");
  BOOST_TEST((seen.why.code == fault_code::peer_unresolvable));
  BOOST_TEST(failed(seen, "DNS"));
  BOOST_TEST((look("no name").why.code == fault_code::invalid_identifier));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::testing
