#include "tests/plugin/gateway/fixture.hpp"

#include "messages/limits.hpp"

namespace causeway::testing {
namespace {

bool has_errcode(const http_reply& x, const std::string& errcode) {
  return x.body.find("\"errcode\":\"" + errcode + '"') != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_http_server, gateway_fixture)

BOOST_AUTO_TEST_CASE(request_reaches_the_node_as_it_was_on_the_wire) {
  start();
  auto peer = connect();
  const std::string target = "/_matrix/federation/v1/send/a%2fb%20c?x=%7E&y";
  peer.send("PUT " + target +
            " HTTP/1.1\r\nHost: h\r\nAuthorization: X-Matrix one\r\nContent-Length: 2\r\n"
            "authorization: X-Matrix two\r\n\r\n{}");
  const auto got = node->wait_for_request();
  BOOST_TEST(got.method == "PUT");
  BOOST_TEST(got.target == target);
  BOOST_TEST((got.authorization == std::vector<std::string>{"X-Matrix one", "X-Matrix two"}));
  BOOST_TEST(got.body == "{}");
  BOOST_TEST(got.remote_address.starts_with("127.0.0.1:"));
  gateway::federation_answer answer;
  answer.id = got.id;
  answer.status = 403;
  answer.headers = {{"X-Test", "yes"}};
  answer.body = R"({"errcode":"M_FORBIDDEN"})";
  node->answer(answer);
  const auto reply = peer.read_reply();
  BOOST_TEST(reply.status == 403);
  BOOST_TEST(reply.headers.at("content-type") == "application/json");
  BOOST_TEST(reply.headers.at("x-test") == "yes");
  BOOST_TEST(reply.body == answer.body);
}

BOOST_AUTO_TEST_CASE(connection_serves_many_requests) {
  start(echo);
  auto peer = connect();
  for (int i = 0; i < 20; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 7'000, 'x');
    peer.send(put(send_path, body));
    const auto reply = peer.read_reply();
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.body.size() == 4 + send_path.size() + 1 + body.size());
  }
  BOOST_TEST(one->count().connections == 1u);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
  start(echo);
  auto peer = connect();
  peer.send(put(send_path, "1") + get(version_path) + get("/nowhere") + put(send_path, "2"));
  BOOST_TEST(peer.read_reply().body == "PUT " + send_path + "\n1");
  BOOST_TEST(peer.read_reply().body == "GET " + version_path + "\n");
  BOOST_TEST(peer.read_reply().status == 404);
  BOOST_TEST(peer.read_reply().body == "PUT " + send_path + "\n2");
}

BOOST_AUTO_TEST_CASE(several_threads_serve_several_connections) {
  options.threads = 3;
  start(echo);
  std::vector<tls_socket> peers;
  for (int i = 0; i < 9; ++i) peers.push_back(connect());
  for (int round = 0; round < 3; ++round) {
    for (auto& peer : peers) peer.send(put(send_path, std::to_string(round)));
    for (auto& peer : peers) BOOST_TEST(peer.read_reply().body == "PUT " + send_path + '\n' + std::to_string(round));
  }
}

BOOST_AUTO_TEST_CASE(unknown_path_is_404_without_the_node) {
  start();
  auto peer = connect();
  for (const auto* path : {"/", "/_matrix/federation/v1/nothing", "/_matrix/client/v3/sync", "*"}) {
    peer.send(get(path));
    const auto reply = peer.read_reply();
    BOOST_TEST(reply.status == 404, path);
    BOOST_TEST(has_errcode(reply, "M_UNRECOGNIZED"), path);
  }
}

BOOST_AUTO_TEST_CASE(wrong_method_is_405_without_the_node) {
  start();
  auto peer = connect();
  peer.send(get(send_path));
  const auto reply = peer.read_reply();
  BOOST_TEST(reply.status == 405);
  BOOST_TEST(has_errcode(reply, "M_UNRECOGNIZED"));
  peer.send("HEAD " + version_path + " HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto head = peer.read_reply(true);
  BOOST_TEST(head.status == 405);
  BOOST_TEST(peer.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(well_known_file_comes_from_the_options) {
  options.well_known_server = "matrix.example.org:443";
  start();
  auto peer = connect();
  peer.send(get("/.well-known/matrix/server"));
  const auto reply = peer.read_reply();
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body == R"({"m.server":"matrix.example.org:443"})");
}

BOOST_AUTO_TEST_CASE(well_known_file_is_404_when_there_is_none) {
  start();
  auto peer = connect();
  peer.send(get("/.well-known/matrix/server"));
  BOOST_TEST(peer.read_reply().status == 404);
}

BOOST_AUTO_TEST_CASE(announced_body_over_the_bound_is_413_before_it_is_read) {
  start();
  auto peer = connect();
  peer.send("PUT " + send_path + " HTTP/1.1\r\nHost: h\r\nContent-Length: " +
            std::to_string(limits::transaction_bytes_max + 1) + "\r\n\r\n");
  const auto reply = peer.read_reply();
  BOOST_TEST(reply.status == 413);
  BOOST_TEST(has_errcode(reply, "M_TOO_LARGE"));
  BOOST_TEST(reply.headers.at("connection") == "close");
  BOOST_TEST(peer.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(sender_that_goes_on_sending_still_sees_the_413) {
  start();
  auto peer = connect();
  std::string head = "POST " + missing_events_path +
                     " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(2 * limits::request_bytes_max) +
                     "\r\n\r\n";
  BOOST_TEST(peer.send(head + std::string(limits::request_bytes_max, ' ')));
  BOOST_TEST(peer.read_reply().status == 413);
}

BOOST_AUTO_TEST_CASE(chunked_body_is_bounded_as_it_comes) {
  start(echo);
  auto peer = connect();
  const std::string head = "POST " + missing_events_path + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  peer.send(head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  BOOST_TEST(peer.read_reply().body == "POST " + missing_events_path + "\nabcde");
  peer.send(head);
  const auto chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
  for (std::size_t sent = 0; sent <= limits::request_bytes_max; sent += 0x10000) peer.send(chunk);
  BOOST_TEST(peer.read_reply().status == 413);
}

BOOST_AUTO_TEST_CASE(body_of_an_endpoint_without_body_is_refused) {
  start(echo);
  auto peer = connect();
  peer.send("GET " + version_path + " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
  BOOST_TEST(peer.read_reply().status == 413);
}

#ifdef __SANITIZE_THREAD__
constexpr bool thread_sanitizer = true;
#else
constexpr bool thread_sanitizer = false;
#endif

boost::test_tools::assertion_result fast_enough(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result answer(!thread_sanitizer);
  if (thread_sanitizer)
    answer.message()
      << "large bodies take minutes under the thread sanitizer and the link's heartbeat gives up; run without it";
  return answer;
}

BOOST_AUTO_TEST_CASE(largest_transaction_passes, *boost::unit_test::precondition(fast_enough)) {
  start(echo);
  auto peer = connect();
  peer.send(put(send_path, std::string(limits::transaction_bytes_max, 'a')));
  const auto reply = peer.read_reply();
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body.size() > limits::transaction_bytes_max);
}

BOOST_AUTO_TEST_CASE(header_over_16_kib_is_431) {
  start();
  auto peer = connect();
  peer.send("GET " + version_path + " HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  BOOST_TEST(peer.read_reply().status == 431);
  BOOST_TEST(peer.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(what_could_smuggle_a_request_is_400) {
  start(echo);
  for (const auto* lines : {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                            "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: -1\r\n",
                            "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked, gzip\r\n", "Bad Name: 1\r\n"}) {
    auto peer = connect();
    peer.send("PUT " + send_path + " HTTP/1.1\r\nHost: h\r\n" + lines + "\r\nabc");
    BOOST_TEST(peer.read_reply().status == 400, lines);
    BOOST_TEST(peer.is_closed_by_peer(), lines);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_refused) {
  start();
  auto peer = connect();
  peer.send("\x16\x03\x01 nonsense\r\n\r\n");
  BOOST_TEST(peer.read_reply().status == 400);
  auto plain = tls_socket::connect_plain(port());
  plain.send("GET / HTTP/1.1\r\n\r\n");
  plain.read_reply();
  BOOST_TEST(plain.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(expect_continue_is_answered_before_the_body) {
  start(echo);
  auto peer = connect();
  peer.send("PUT " + send_path + " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  BOOST_TEST(peer.read_reply().status == 100);
  peer.send("{}");
  BOOST_TEST(peer.read_reply().body == "PUT " + send_path + "\n{}");
}

BOOST_AUTO_TEST_CASE(http_1_0_is_answered_and_closed) {
  start(echo);
  auto peer = connect();
  peer.send("GET " + version_path + " HTTP/1.0\r\n\r\n");
  BOOST_TEST(peer.read_reply().status == 200);
  BOOST_TEST(peer.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(slow_request_is_cut_off) {
  options.request_read_timeout_s = 1;
  start(echo);
  auto in_header = connect();
  in_header.send("GET " + version_path + " HTT");
  auto in_body = connect();
  in_body.send("PUT " + send_path + " HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{");
  auto in_handshake = tls_socket::connect_plain(port());
  BOOST_TEST(in_header.is_closed_by_peer());
  BOOST_TEST(in_body.is_closed_by_peer());
  BOOST_TEST(in_handshake.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(idle_connection_is_closed) {
  options.idle_timeout_s = 1;
  start(echo);
  auto peer = connect();
  peer.send(get(version_path));
  BOOST_TEST(peer.read_reply().status == 200);
  BOOST_TEST(peer.is_closed_by_peer());
}

BOOST_AUTO_TEST_CASE(over_the_cap_whoever_has_been_idle_for_longest_gives_way) {
  options.connections_max = 4; // of which one address may have half
  start(echo);
  auto first = connect(), second = connect();
  for (auto* peer : {&first, &second}) {
    peer->send(get(version_path));
    BOOST_TEST(peer->read_reply().status == 200);
  }
  auto third = connect();
  BOOST_TEST(first.is_closed_by_peer());
  for (auto* peer : {&second, &third}) {
    peer->send(get(version_path));
    BOOST_TEST(peer->read_reply().status == 200);
  }
}

BOOST_AUTO_TEST_CASE(a_request_names_one_host) {
  start(echo);
  for (const std::string hosts : {"", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost: a\r\n"}) {
    auto peer = connect();
    peer.send("GET " + version_path + " HTTP/1.1\r\n" + hosts + "\r\n");
    BOOST_TEST(peer.read_reply().status == 400);
    BOOST_TEST(peer.is_closed_by_peer());
  }
  auto old = connect();
  old.send("GET " + version_path + " HTTP/1.0\r\n\r\n"); // knows no hosts
  BOOST_TEST(old.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(plain_http_is_served_behind_a_proxy) {
  options.plain_http = true;
  options.certificate_file.clear();
  start(echo);
  auto peer = tls_socket::connect_plain(port());
  peer.send(put(send_path, "{}") + get(version_path));
  BOOST_TEST(peer.read_reply().body == "PUT " + send_path + "\n{}");
  BOOST_TEST(peer.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(old_tls_is_refused) {
  start(echo);
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> tls{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  const auto handshake = [&](int version) {
    SSL_CTX_set_min_proto_version(tls.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls.get(), version);
    SSL_CTX_set_security_level(tls.get(), 0);
    return tls_socket::can_connect(port(), tls.get());
  };
  BOOST_TEST(!handshake(TLS1_1_VERSION));
  BOOST_TEST(handshake(TLS1_2_VERSION));
  BOOST_TEST(handshake(TLS1_3_VERSION));
}

BOOST_AUTO_TEST_CASE(reloaded_certificate_serves_new_connections) {
  start(echo);
  auto before = connect();
  const auto other = authority.issue("other", {"DNS:localhost"});
  std::filesystem::copy_file(other.certificate, own.certificate, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(other.key, own.key, std::filesystem::copy_options::overwrite_existing);
  BOOST_TEST(one->reload_certificate().operator bool());
  auto after = connect();
  BOOST_TEST(after.peer_common_name() == "other");
  before.send(get(version_path));
  BOOST_TEST(before.read_reply().status == 200);

  std::filesystem::remove(own.key);
  BOOST_TEST(!one->reload_certificate());
  BOOST_TEST(connect().peer_common_name() == "other");
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_replaced_is_served_by_itself) {
  tuning.certificate_check = std::chrono::milliseconds{20};
  start(echo);
  const auto other = authority.issue("other", {"DNS:localhost"});
  std::filesystem::rename(other.certificate, own.certificate);
  BOOST_TEST(connect().peer_common_name() == "own"); // its key has not come
  std::filesystem::rename(other.key, own.key);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (connect().peer_common_name() != "other") BOOST_REQUIRE(std::chrono::steady_clock::now() < deadline);
}

BOOST_AUTO_TEST_CASE(node_that_is_silent_becomes_504) {
  options.answer_timeout_s = 1;
  start();
  auto peer = connect();
  peer.send(get(version_path));
  const auto got = node->wait_for_request();
  BOOST_TEST(peer.read_reply().status == 504);
  gateway::federation_answer late;
  late.id = got.id;
  node->answer(late); // meets nobody, harms nobody
  peer.send(get(version_path));
  late.id = node->wait_for_request().id;
  late.body = "in time";
  node->answer(late);
  BOOST_TEST(peer.read_reply().body == "in time");
}

BOOST_AUTO_TEST_CASE(large_bodies_share_one_budget_and_small_ones_need_none,
                     *boost::unit_test::precondition(fast_enough)) {
  options.inbound_bodies_mib = 1;
  start();
  auto first = connect(), second = connect(), small = connect();
  const std::string large(700'000, 'x'), usual(60'000, 'y');
  first.send(put(send_path, large));
  const auto got = node->wait_for_request();
  BOOST_TEST(got.body.size() == large.size());
  // The first is held until it is answered.
  second.send(put(send_path, large));
  const auto reply = second.read_reply();
  BOOST_TEST(reply.status == 429);
  BOOST_TEST(reply.headers.contains("retry-after"));
  BOOST_TEST(has_errcode(reply, "M_LIMIT_EXCEEDED"));
  BOOST_TEST(second.is_closed_by_peer()); // the rest of it was not read
  small.send(put(send_path, usual));
  gateway::federation_answer answer;
  answer.id = node->wait_for_request().id;
  node->answer(answer);
  BOOST_TEST(small.read_reply().status == 200);
  answer.id = got.id;
  node->answer(answer);
  BOOST_TEST(first.read_reply().status == 200);
  // Now there is room.
  first.send(put(send_path, large));
  answer.id = node->wait_for_request().id;
  node->answer(answer);
  BOOST_TEST(first.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(a_body_that_stops_half_way_gives_its_share_back, *boost::unit_test::precondition(fast_enough)) {
  options.inbound_bodies_mib = 1;
  options.request_read_timeout_s = 1;
  start(echo);
  const std::string large(700'000, 'x');
  {
    auto gone = connect();
    gone.send("PUT " + send_path + " HTTP/1.1\r\nHost: h\r\nContent-Length: 800000\r\n\r\n" + large);
    BOOST_TEST(gone.is_closed_by_peer()); // too slow
  }
  auto peer = connect();
  peer.send(put(send_path, large));
  BOOST_TEST(peer.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(requests_over_the_bound_are_429) {
  options.pending_requests_max = 1;
  start();
  auto first = connect(), second = connect();
  first.send(get(version_path));
  const auto got = node->wait_for_request();
  second.send(get(version_path));
  const auto reply = second.read_reply();
  BOOST_TEST(reply.status == 429);
  BOOST_TEST(reply.headers.contains("retry-after"));
  BOOST_TEST(has_errcode(reply, "M_LIMIT_EXCEEDED"));
  gateway::federation_answer answer;
  answer.id = got.id;
  node->answer(answer);
  BOOST_TEST(first.read_reply().status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
