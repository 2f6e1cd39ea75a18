#include "tests/plugin/gateway/fixture.hpp"

#include <atomic>
#include <cstdlib>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace causeway::testing {
namespace {

struct outbound_fixture : gateway_fixture {
  /// Asks `server` for "/x" and waits for the answer.
  gateway::http_answer ask(const std::string& server, std::uint32_t timeout_ms = 20'000,
                           std::uint64_t response_bytes_max = 1'000'000) {
    gateway::http_request x;
    x.server_name = server;
    x.method = "GET";
    x.target = "/x";
    x.authorization = {"X-Matrix a", "X-Matrix b"};
    x.timeout_ms = timeout_ms;
    x.response_bytes_max = response_bytes_max;
    return node->ask(x);
  }
  std::string at(const fake_peer& peer, const std::string& host = "localhost") const {
    return host + ':' + std::to_string(peer.port());
  }
};

std::string code(const gateway::http_answer& x) { return std::string{info(x.why.code).name}; }

std::string code_and_phase(const gateway::http_answer& x) { return code(x) + " in " + std::string{name(x.phase)}; }

const auto plain_answer = [](const std::string&) { return reply_json("{}"); };

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_peer_requests, outbound_fixture)

BOOST_AUTO_TEST_CASE(request_line_host_and_signatures_go_out_as_given) {
  fake_peer peer{own, [](const std::string& request) { return reply_json(request); }};
  start();
  gateway::http_request x;
  x.server_name = at(peer);
  x.method = "PUT";
  x.target = "/a/../b/./%2E%2e/c%2F?q=%20&r=[]|\"";
  x.authorization = {"X-Matrix a", "X-Matrix b"};
  x.body = R"({"k":1})";
  const auto answer = node->ask(x);
  BOOST_TEST(answer.status == 200);
  const auto has = [&](const std::string& text) { return answer.body.find(text) != std::string::npos; };
  BOOST_TEST(answer.body.starts_with("PUT " + x.target + " HTTP/1.1\r\n"));
  BOOST_TEST(has("\r\nHost: " + at(peer) + "\r\n"));
  BOOST_TEST(has("\r\nAuthorization: X-Matrix a\r\nAuthorization: X-Matrix b\r\n"));
  BOOST_TEST(has("\r\nContent-Type: application/json\r\n"));
  BOOST_TEST(has("\r\nContent-Length: 7\r\n"));
  BOOST_TEST(!has("Expect"));
  BOOST_TEST(answer.body.ends_with("\r\n\r\n" + x.body));
  BOOST_TEST(peer.server_name_asked() == "localhost");
}

BOOST_AUTO_TEST_CASE(the_date_and_the_pause_of_an_answer_are_told_the_date_only_of_what_no_cache_can_have_kept) {
  fake_peer peer{own, [](const std::string&) {
                   return std::string{"HTTP/1.1 429 Too Many Requests\r\nDate: Thu, 01 Jan 2026 12:00:00 GMT\r\n"
                                      "Retry-After: 7\r\nContent-Length: 2\r\n\r\n{}"};
                 }};
  start();
  const auto with_signature = ask(at(peer));
  BOOST_TEST(with_signature.status == 429);
  BOOST_TEST(with_signature.retry_after_ms == 7'000u);
  BOOST_TEST(with_signature.date_ms == 1'767'268'800'000);
  gateway::http_request x;
  x.server_name = at(peer);
  x.method = "GET";
  x.target = "/x";
  BOOST_TEST(node->ask(x).date_ms == 0);
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_told_as_such) {
  start();
  auto second = options;
  second.listen = {"127.0.0.1:" + std::to_string(one->ports().at(0))};
  gateway::gateway another{second, context, endpoint, std::nullopt, tuning};
  const auto refused = another.start();
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::address_in_use), to_string(refused.error()));
  BOOST_TEST(refused.error().detail.find("gateway.listen: '127.0.0.1:") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(connection_is_reused) {
  fake_peer peer{own, plain_answer};
  start();
  for (int i = 0; i < 5; ++i) BOOST_TEST(ask(at(peer)).status == 200);
  BOOST_TEST(peer.connections() == 1);
}

namespace {

/// Takes connections and says nothing.
struct silent_port {
  silent_port() : fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    BOOST_REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    BOOST_REQUIRE(::listen(fd, 64) == 0);
    BOOST_REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  silent_port(const silent_port&) = delete;
  ~silent_port() { ::close(fd); }
  std::string name() const { return "localhost:" + std::to_string(port); }

  int fd;
  std::uint16_t port = 0;
};

gateway::http_request request_to(const std::string& server, std::uint64_t id, std::uint32_t timeout_ms) {
  gateway::http_request x;
  x.id = id;
  x.server_name = server;
  x.method = "GET";
  x.target = "/";
  x.timeout_ms = timeout_ms;
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(servers_that_hang_hold_up_their_kind_and_nobody_who_answered_lately) {
  tuning.attempts.parallel_max = 1;
  options.connect_timeout_ms = 1'000;
  fake_peer friendly{own, plain_answer}, fresh{own, plain_answer};
  const silent_port hanging;
  start();
  BOOST_TEST(ask(at(friendly)).status == 200);
  node->send(encode(request_to(hanging.name(), 1'001, 20'000)));
  node->send(encode(request_to(at(fresh), 1'002, 20'000)));
  BOOST_TEST(ask(at(friendly)).status == 200); // while the hanging one is tried
  BOOST_TEST(one->count().outgoing_waiting == 1u);
  BOOST_TEST(code(node->wait_for_http_answer(1'001)) == "peer_unreachable");
  BOOST_TEST(node->wait_for_http_answer(1'002).status == 200); // then its turn comes
  BOOST_TEST(one->count().outgoing_waiting == 0u);
}

BOOST_AUTO_TEST_CASE(who_has_no_turn_in_half_of_its_time_is_told_so) {
  tuning.attempts.parallel_max = 1;
  options.connect_timeout_ms = 10'000;
  const silent_port hanging;
  fake_peer fresh{own, plain_answer};
  start();
  node->send(encode(request_to(hanging.name(), 1'001, 10'000)));
  node->send(encode(request_to(at(fresh), 1'002, 200)));
  const auto untried = node->wait_for_http_answer(1'002);
  BOOST_TEST(code(untried) == "overloaded");
  BOOST_TEST(fresh.connections() == 0);
}

BOOST_AUTO_TEST_CASE(connections_to_one_server_are_bounded) {
  options.connections_per_destination_max = 2;
  fake_peer peer{own, plain_answer};
  start();
  for (std::uint64_t id = 1; id <= 20; ++id) {
    gateway::http_request x;
    x.id = 1'000 + id;
    x.server_name = at(peer);
    x.method = "GET";
    x.target = "/";
    node->send(encode(x));
  }
  for (std::uint64_t id = 1; id <= 20; ++id) BOOST_TEST(node->wait_for_http_answer(1'000 + id).status == 200);
  BOOST_TEST(peer.connections() <= 2);
}

BOOST_AUTO_TEST_CASE(certificate_of_an_unknown_authority_is_peer_tls) {
  certificate_authority stranger{directory, "stranger"};
  fake_peer peer{stranger.issue("forged", {"DNS:localhost"}), plain_answer};
  start();
  BOOST_TEST(code_and_phase(ask(at(peer))) == "peer_tls in TLS");
}

BOOST_AUTO_TEST_CASE(a_ca_file_stands_in_place_of_the_systems_authorities) {
  certificate_authority system{directory, "system"};
  const char* before = std::getenv("SSL_CERT_FILE");
  const std::string kept = before ? before : "";
  ::setenv("SSL_CERT_FILE", system.file().c_str(), 1); // what OpenSSL takes for the system's
  fake_peer theirs{system.issue("theirs", {"DNS:localhost"}), plain_answer};
  fake_peer listed{own, plain_answer};
  start();
  BOOST_TEST(code(ask(at(theirs))) == "peer_tls");
  BOOST_TEST(ask(at(listed)).status == 200);
  one->stop();
  one.reset();
  node.reset();
  options.ca_file.clear();
  endpoint = "inproc://another-node"; // libzmq gives a name back some time
  start();
  BOOST_TEST(ask(at(theirs)).status == 200);
  BOOST_TEST(code(ask(at(listed))) == "peer_tls");
  if (before) ::setenv("SSL_CERT_FILE", kept.c_str(), 1);
  else ::unsetenv("SSL_CERT_FILE");
}

BOOST_AUTO_TEST_CASE(certificate_for_another_name_is_peer_tls) {
  fake_peer peer{authority.issue("elsewhere", {"DNS:elsewhere.org"}), plain_answer};
  start();
  BOOST_TEST(code(ask(at(peer))) == "peer_tls");
  BOOST_TEST(code(ask(at(peer, "127.0.0.1"))) == "peer_tls");
}

BOOST_AUTO_TEST_CASE(ip_literal_needs_its_address_in_the_certificate) {
  fake_peer peer{own, plain_answer};
  start();
  BOOST_TEST(ask(at(peer, "127.0.0.1")).status == 200);
  BOOST_TEST(peer.server_name_asked() == ""); // SNI is for names only
}

BOOST_AUTO_TEST_CASE(private_addresses_are_blocked_unless_allowed) {
  options.allowed_networks.clear();
  fake_peer peer{own, plain_answer};
  start();
  BOOST_TEST(code(ask(at(peer, "127.0.0.1"))) == "peer_blocked_address");
  BOOST_TEST(code(ask(at(peer))) == "peer_blocked_address");
  BOOST_TEST(code(ask("[::ffff:127.0.0.1]:" + std::to_string(peer.port()))) == "peer_blocked_address");
  BOOST_TEST(code(ask("169.254.169.254:80")) == "peer_blocked_address");
  BOOST_TEST(peer.connections() == 0);
}

BOOST_AUTO_TEST_CASE(closed_port_is_peer_unreachable) {
  std::string server;
  {
    fake_peer gone{own, plain_answer};
    server = at(gone);
  }
  start();
  BOOST_TEST(code_and_phase(ask(server)) == "peer_unreachable in TCP");
}

BOOST_AUTO_TEST_CASE(silent_peer_is_peer_timeout) {
  fake_peer peer{own, [](const std::string&) { return std::string{}; }};
  start();
  const auto answer = ask(at(peer), 300);
  BOOST_TEST(code_and_phase(answer) == "peer_timeout in HTTP");
  BOOST_TEST(answer.elapsed_ms >= 299u);
  BOOST_TEST(answer.status == 0);
}

BOOST_AUTO_TEST_CASE(response_over_the_bound_is_too_large) {
  fake_peer announced{own, [](const std::string&) { return reply_json(std::string(5'000, 'x')); }};
  fake_peer chunked{own, [](const std::string&) {
                      return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + std::string(5'000, 'x') +
                             "\r\n0\r\n\r\n";
                    }};
  start();
  BOOST_TEST(ask(at(announced), 20'000, 5'000).status == 200);
  BOOST_TEST(code_and_phase(ask(at(announced), 20'000, 4'999)) == "too_large in body");
  BOOST_TEST(ask(at(chunked), 20'000, 5'000).status == 200);
  BOOST_TEST(code(ask(at(chunked), 20'000, 4'999)) == "too_large");
}

BOOST_AUTO_TEST_CASE(response_header_flood_is_a_bad_answer) {
  fake_peer peer{own, [](const std::string&) {
                   std::string lines;
                   for (int i = 0; i < 1'000; ++i)
                     lines += "X-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n";
                   return reply_json("{}", lines);
                 }};
  start();
  BOOST_TEST(code(ask(at(peer))) == "peer_bad_answer");
}

BOOST_AUTO_TEST_CASE(answer_that_is_no_http_is_a_fault) {
  fake_peer peer{own, [](const std::string&) { return std::string{"SSH-2.0-surprise\r\n\r\n"}; }};
  start();
  const auto answer = ask(at(peer), 2'000);
  BOOST_TEST(answer.status == 0);
  BOOST_TEST((answer.why.code != fault_code::none));
}

BOOST_AUTO_TEST_CASE(redirects_of_requests_are_not_followed) {
  fake_peer peer{own, [](const std::string&) {
                   return std::string{
                     "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.org/\r\nContent-Length: 0\r\n\r\n"};
                 }};
  start();
  const auto answer = ask(at(peer));
  BOOST_TEST(answer.status == 302);
  BOOST_TEST(peer.connections() == 1);
}

BOOST_AUTO_TEST_CASE(request_that_would_break_out_of_its_place_is_refused) {
  fake_peer peer{own, plain_answer};
  start();
  gateway::http_request x;
  x.server_name = at(peer);
  x.method = "GET";
  x.target = "/x HTTP/1.1\r\nX-Evil: 1\r\n\r\n";
  BOOST_TEST(code(node->ask(x)) == "invalid_param");
  x.target = "x";
  BOOST_TEST(code(node->ask(x)) == "invalid_param");
  x.target = "/x";
  x.authorization = {"a\r\nX-Evil: 1"};
  BOOST_TEST(code(node->ask(x)) == "invalid_param");
  x.authorization.clear();
  x.method = "GET /y";
  BOOST_TEST(code(node->ask(x)) == "invalid_param");
  x.method = "GET";
  x.server_name = "localhost:1/@evil.org";
  BOOST_TEST(code(node->ask(x)) == "invalid_identifier");
  BOOST_TEST(peer.connections() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A world of names: every name leads to loopback, and well-known files are on a port of ours.
struct named_fixture : outbound_fixture {
  void use(const fake_peer& well_known) {
    options.dns_server = dns.address();
    tuning.well_known_port = well_known.port();
  }
  certificate_files files_for(const std::string& name) const { return authority.issue(name, {"DNS:" + name}); }
  fake_dns dns;
};

std::string first_line_and_host(const std::string& request) {
  const auto host = request.find("Host: ");
  return request.substr(0, request.find("\r\n")) + ' ' + request.substr(host, request.find("\r\n", host) - host);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_discovery_on_the_network, named_fixture)

BOOST_AUTO_TEST_CASE(well_known_delegation_is_followed_and_remembered) {
  fake_peer delegated{files_for("b.test"),
                      [](const std::string& request) { return reply_json(first_line_and_host(request)); }};
  std::string target = "b.test:" + std::to_string(delegated.port());
  fake_peer files{files_for("a.test"),
                  [&](const std::string&) { return reply_json(R"({"m.server":")" + target + "\"}"); }};
  dns.add_address("a.test", "127.0.0.1");
  dns.add_address("b.test", "127.0.0.1");
  use(files);
  start();
  for (int i = 0; i < 3; ++i) {
    const auto answer = ask("a.test");
    BOOST_TEST(to_string(answer.why) == "none");
    BOOST_TEST(answer.body == "GET /x HTTP/1.1 Host: " + target);
  }
  BOOST_TEST(delegated.server_name_asked() == "b.test");
  BOOST_TEST(files.connections() == 1);
  BOOST_TEST(dns.queries("b.test") <= 2); // A and AAAA, once
}

BOOST_AUTO_TEST_CASE(well_known_redirects_are_followed_within_bounds) {
  fake_peer peer{files_for("a.test"), plain_answer};
  std::atomic<int> asked = 0; // counted on the peer's thread
  fake_peer files{authority.issue("files", {"DNS:a.test", "DNS:c.test"}), [&](const std::string& request) {
                    ++asked;
                    if (request.starts_with("GET /.well-known/matrix/server "))
                      return "HTTP/1.1 301 Moved\r\nLocation: https://c.test:" +
                             std::to_string(tuning.well_known_port) + "/else?where\r\nContent-Length: 0\r\n\r\n";
                    if (request.starts_with("GET /else?where "))
                      return reply_json(R"({"m.server":"a.test:)" + std::to_string(peer.port()) + "\"}");
                    return std::string{"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n"};
                  }};
  dns.add_address("a.test", "127.0.0.1");
  dns.add_address("c.test", "127.0.0.1");
  use(files);
  start();
  BOOST_TEST(ask("a.test").status == 200);
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(well_known_redirect_loop_ends_and_plain_http_is_not_followed) {
  fake_peer peer{files_for("a.test"), plain_answer};
  std::atomic<int> asked = 0;
  fake_peer files{authority.issue("files", {"DNS:a.test", "DNS:d.test"}), [&](const std::string& request) {
                    ++asked;
                    const bool plain = request.find("Host: d.test") != std::string::npos;
                    return "HTTP/1.1 302 Found\r\nLocation: " + std::string{plain ? "http://d.test/" : "/loop"} +
                           "\r\nContent-Length: 0\r\n\r\n";
                  }};
  dns.add_address("a.test", "127.0.0.1");
  dns.add_address("d.test", "127.0.0.1");
  for (const auto* name : {"_matrix-fed._tcp.a.test", "_matrix-fed._tcp.d.test"})
    dns.add_service(name, {1, 1, peer.port(), "a.test"});
  use(files);
  start();
  BOOST_TEST(ask("a.test").status == 200);
  BOOST_TEST(asked == 6);
  BOOST_TEST(code(ask("d.test")) == "peer_tls"); // fell through to SRV; the certificate there is a.test's
  BOOST_TEST(asked == 7);
}

BOOST_AUTO_TEST_CASE(srv_records_are_tried_by_priority_with_the_name_before_srv) {
  fake_peer live{files_for("a.test"),
                 [](const std::string& request) { return reply_json(first_line_and_host(request)); }};
  fake_peer files{own, plain_answer}; // its certificate is not a.test's, so there is no well-known file
  std::uint16_t dead_port = 0;
  {
    fake_peer gone{own, plain_answer};
    dead_port = gone.port();
  }
  dns.add_address("a.test", "127.0.0.1");
  dns.add_address("dead.test", "127.0.0.1");
  dns.add_address("live.test", "127.0.0.1");
  dns.add_service("_matrix-fed._tcp.a.test", {1, 0, dead_port, "dead.test"});
  dns.add_service("_matrix-fed._tcp.a.test", {1, 0, 1, "nowhere.test"});
  dns.add_service("_matrix-fed._tcp.a.test", {2, 0, live.port(), "live.test"});
  use(files);
  start();
  const auto answer = ask("a.test");
  BOOST_TEST(to_string(answer.why) == "none");
  BOOST_TEST(answer.body == "GET /x HTTP/1.1 Host: a.test");
  BOOST_TEST(live.server_name_asked() == "a.test");
}

BOOST_AUTO_TEST_CASE(deprecated_srv_is_asked_second) {
  fake_peer peer{files_for("a.test"), plain_answer};
  fake_peer files{own, plain_answer};
  dns.add_address("a.test", "127.0.0.1");
  dns.add_service("_matrix._tcp.a.test", {1, 0, peer.port(), "a.test"});
  use(files);
  start();
  BOOST_TEST(ask("a.test").status == 200);
  BOOST_TEST(dns.queries("_matrix-fed._tcp.a.test") == 1);
}

BOOST_AUTO_TEST_CASE(name_without_address_is_peer_unresolvable) {
  fake_peer files{own, plain_answer};
  use(files);
  start();
  BOOST_TEST(code_and_phase(ask("nobody.test")) == "peer_unresolvable in DNS");
  BOOST_TEST(code(ask("nobody.test:8448")) == "peer_unresolvable");
}

BOOST_AUTO_TEST_CASE(well_known_that_leads_to_a_private_address_is_blocked) {
  options.allowed_networks = {"127.0.0.1"};
  fake_peer files{files_for("a.test"), [](const std::string&) { return reply_json(R"({"m.server":"127.0.0.2:22"})"); }};
  dns.add_address("a.test", "127.0.0.1");
  use(files);
  start();
  BOOST_TEST(code(ask("a.test")) == "peer_blocked_address");
}

BOOST_AUTO_TEST_CASE(requests_for_one_name_share_one_discovery) {
  fake_peer peer{files_for("a.test"), plain_answer};
  fake_peer files{files_for("a.test"), [&](const std::string&) {
                    return reply_json(R"({"m.server":"a.test:)" + std::to_string(peer.port()) + "\"}");
                  }};
  dns.add_address("a.test", "127.0.0.1");
  use(files);
  start();
  for (std::uint64_t id = 1; id <= 10; ++id) {
    gateway::http_request x;
    x.id = 2'000 + id;
    x.server_name = "a.test";
    x.method = "GET";
    x.target = "/";
    node->send(encode(x));
  }
  for (std::uint64_t id = 1; id <= 10; ++id) BOOST_TEST(node->wait_for_http_answer(2'000 + id).status == 200);
  BOOST_TEST(files.connections() == 1);
}

BOOST_AUTO_TEST_CASE(discovery_counts_against_the_requests_timeout) {
  fake_peer files{files_for("a.test"), [](const std::string&) { return std::string{}; }};
  dns.add_address("a.test", "127.0.0.1");
  use(files);
  start();
  const auto answer = ask("a.test", 300);
  BOOST_TEST(code(answer) == "peer_timeout");
  BOOST_TEST(answer.elapsed_ms < 5'000u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
