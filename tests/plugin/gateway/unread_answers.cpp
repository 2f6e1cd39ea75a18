// Clients that ask for much and do not read it, or hardly.
#include "tests/plugin/gateway/fixture.hpp"

#include <chrono>
#include <thread>

namespace causeway::testing {
namespace {

const std::string state_path = "/_matrix/federation/v1/state/!r:x?event_id=$e";
constexpr std::size_t mib = std::size_t{1} << 20;

/// Answers each request with so much that no socket takes it unread.
std::optional<gateway::federation_answer> much(const gateway::federation_request&) {
  gateway::federation_answer out;
  out.body.assign(8 * mib, 'x');
  return out;
}

/// A state request in the name of a server.
std::string ask_as(const std::string& origin) {
  return "GET " + state_path + " HTTP/1.1\r\nHost: h\r\nAuthorization: X-Matrix origin=\"" + origin +
         "\",key=\"ed25519:k\",sig=\"x\"\r\n\r\n";
}

template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{wait_s_max};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_unread_answers, gateway_fixture)

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_its_answer_is_cut_off) {
  tuning.write_window = std::chrono::milliseconds{300};
  start(much);
  auto silent = connect();
  silent.send(get(state_path));
  BOOST_TEST(comes_true([&] { return one->count().slow_readers == 1; }));
  BOOST_TEST(comes_true([&] { return one->count().connections == 0; }));
}

BOOST_AUTO_TEST_CASE(a_client_that_shut_its_side_and_does_not_read_is_cut_off_too) {
  options.plain_http = true;
  tuning.write_window = std::chrono::milliseconds{300};
  start(much);
  auto half = tls_socket::connect_plain(port());
  half.send(get(state_path));
  half.shut_sending();
  BOOST_TEST(comes_true([&] { return one->count().slow_readers == 1; }));
  BOOST_TEST(comes_true([&] { return one->count().connections == 0; }));
}

BOOST_AUTO_TEST_CASE(a_client_that_reads_in_its_time_gets_the_whole_answer) {
  tuning.write_window = std::chrono::milliseconds{2'000};
  start(much);
  auto peer = connect();
  for (int i = 0; i < 3; ++i) {
    peer.send(get(state_path));
    BOOST_TEST(peer.read_reply().body.size() == 8 * mib);
  }
  BOOST_TEST(one->count().slow_readers == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_server_has_not_read_is_bounded_whatever_the_number_of_its_connections) {
  options.plain_http = true; // no address is known, so only the name counts
  options.answers_per_peer_mib = 9;
  start(much);
  auto first = tls_socket::connect_plain(port()), second = tls_socket::connect_plain(port()),
       other = tls_socket::connect_plain(port());
  first.send(ask_as("one.example"));
  BOOST_TEST(comes_true([&] { return one->count().waiting_for_node == 0 && node->answered() == 1; }));
  second.send(ask_as("one.example"));
  BOOST_TEST(second.read_reply().status == 429);
  BOOST_TEST(one->count().answers_refused == 1u);
  other.send(ask_as("two.example"));
  BOOST_TEST(other.read_reply().body.size() == 8 * mib);
  BOOST_TEST(first.read_reply().body.size() == 8 * mib);
  second.send(ask_as("one.example"));
  BOOST_TEST(second.read_reply().body.size() == 8 * mib);
}

BOOST_AUTO_TEST_CASE(many_names_from_one_address_share_its_part_and_pipelined_questions_wait) {
  options.answers_per_peer_mib = 8;
  start(much);
  auto first = connect(), second = connect();
  first.send(ask_as("one.example") + ask_as("one.example"));
  BOOST_TEST(comes_true([&] { return node->answered() == 1; }));
  second.send(ask_as("two.example"));
  BOOST_TEST(second.read_reply().status == 429); // the node was not even asked
  BOOST_TEST(node->answered() == 1u);
  second.send(put(send_path, "{}")); // a transaction is taken all the same, its answer is small as a rule
  BOOST_TEST(comes_true([&] { return node->answered() == 2; }));
  BOOST_TEST(first.read_reply().body.size() == 8 * mib);
  BOOST_TEST(first.read_reply().body.size() == 8 * mib);
}

BOOST_AUTO_TEST_CASE(nobody_uses_up_the_share_of_a_server_whose_name_he_only_claims) {
  options.plain_http = true;
  options.answers_per_peer_mib = 9;
  start(much);
  auto stranger = tls_socket::connect_plain(port()), named = tls_socket::connect_plain(port());
  stranger.send("GET /_matrix/key/v2/query/x HTTP/1.1\r\nHost: h\r\n"
                "Authorization: X-Matrix origin=\"one.example\",key=\"ed25519:k\",sig=\"x\"\r\n\r\n");
  BOOST_TEST(comes_true([&] { return one->count().waiting_for_node == 0 && node->answered() == 1; }));
  named.send(ask_as("one.example"));
  BOOST_TEST(named.read_reply().body.size() == 8 * mib);
}

BOOST_AUTO_TEST_CASE(a_proxy_says_whom_it_speaks_for) {
  options.plain_http = true;
  start(echo);
  const auto address_of = [&](const std::string& lines) {
    auto peer = tls_socket::connect_plain(port());
    peer.send("GET " + version_path + " HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n");
    peer.read_reply();
    return node->last_address();
  };
  BOOST_TEST(address_of("X-Forwarded-For: 192.0.2.7\r\n") == "192.0.2.7");
  BOOST_TEST(address_of("X-Forwarded-For: 10.0.0.1, 192.0.2.8 \r\n") ==
             "192.0.2.8"); // what the client wrote comes first
  BOOST_TEST(address_of("X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-For: 192.0.2.9\r\n") == "192.0.2.9");
  BOOST_TEST(address_of("").empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
