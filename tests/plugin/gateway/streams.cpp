// Bodies that never are in memory as a whole, both ways.
#include "messages/limits.hpp"
#include "tests/plugin/gateway/fixture.hpp"

#include <future>
#include <mutex>

namespace causeway::testing {
namespace {

constexpr std::size_t part = limits::streamed_part_bytes_max;

gateway::federation_answer streamed(std::uint64_t id, std::uint64_t bytes) {
  gateway::federation_answer out;
  out.id = id;
  out.content_type = "multipart/mixed; boundary=b";
  out.body = "head|";
  out.stream = "name";
  out.stream_bytes = bytes;
  out.tail = "|tail";
  return out;
}

gateway::federation_answer part_of(const gateway::body_request& x, char fill) {
  gateway::federation_answer out;
  out.id = x.id;
  out.body = std::string(x.bytes, fill);
  return out;
}

std::string reply_bytes(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Disposition: inline\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct stream_fixture : gateway_fixture {
  gateway::http_request request_to(const fake_peer& peer) {
    gateway::http_request x;
    x.id = 77;
    x.server_name = "localhost:" + std::to_string(peer.port());
    x.method = "GET";
    x.target = "/_matrix/federation/v1/media/download/x";
    x.response_bytes_max = 64 * 1024 * 1024;
    x.stream = 5;
    return x;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_streams, stream_fixture)

BOOST_AUTO_TEST_CASE(a_promised_body_is_asked_for_part_by_part) {
  start();
  auto peer = connect();
  peer.send(get(version_path));
  node->answer(streamed(node->wait_for_request().id, 2 * part + 10));
  // Read meanwhile: the kernel takes little that nobody reads.
  auto read = std::async(std::launch::async, [&] { return peer.read_reply(); });
  std::string expected = "head|";
  for (const auto& [offset, bytes, fill] :
       {std::tuple{std::size_t{0}, part, 'a'}, {part, part, 'b'}, {2 * part, std::size_t{10}, 'c'}}) {
    const auto wanted = node->wait_for_body_wanted();
    BOOST_TEST(wanted.stream == "name");
    BOOST_TEST(wanted.offset == offset);
    BOOST_TEST(wanted.bytes == bytes);
    node->answer(part_of(wanted, fill));
    expected += std::string(bytes, fill);
  }
  const auto reply = read.get();
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.headers.at("content-type") == "multipart/mixed; boundary=b");
  BOOST_TEST((reply.body == expected + "|tail"));
  peer.send(get(version_path)); // the connection goes on
  auto next = streamed(node->wait_for_request().id, 0);
  node->answer(next);
  BOOST_TEST(peer.read_reply().body == "head||tail");
}

BOOST_AUTO_TEST_CASE(a_part_that_cannot_be_had_ends_the_connection_short) {
  start();
  for (const bool wrong_length : {false, true}) {
    auto peer = connect();
    peer.send(get(version_path));
    node->answer(streamed(node->wait_for_request().id, 2 * part));
    auto wanted = node->wait_for_body_wanted();
    node->answer(part_of(wanted, 'a'));
    wanted = node->wait_for_body_wanted();
    auto answer = part_of(wanted, 'b');
    if (wrong_length) answer.body.pop_back();
    else answer.status = 404;
    node->answer(answer);
    BOOST_TEST(peer.read_reply().status == 0); // it ended before its length
  }
}

BOOST_AUTO_TEST_CASE(bodies_being_sent_are_bounded) {
  options.streams_max = 1;
  start();
  auto first = connect();
  first.send(get(version_path));
  node->answer(streamed(node->wait_for_request().id, 10));
  const auto wanted = node->wait_for_body_wanted();
  auto second = connect();
  second.send(get(version_path));
  node->answer(streamed(node->wait_for_request().id, 10));
  const auto refusal = second.read_reply();
  BOOST_TEST(refusal.status == 429);
  BOOST_TEST(refusal.headers.contains("retry-after"));
  node->answer(part_of(wanted, 'a'));
  BOOST_TEST(first.read_reply().status == 200);
  second.send(get(version_path));
  node->answer(streamed(node->wait_for_request().id, 10));
  node->answer(part_of(node->wait_for_body_wanted(), 'a'));
  BOOST_TEST(second.read_reply().body == "head|aaaaaaaaaa|tail");
}

#ifdef __SANITIZE_THREAD__
constexpr bool thread_sanitizer = true;
#else
constexpr bool thread_sanitizer = false;
#endif

boost::test_tools::assertion_result without_thread_sanitizer(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result answer(!thread_sanitizer);
  if (thread_sanitizer)
    answer.message()
      << "8 MiB take minutes under the thread sanitizer and the link's heartbeat gives up; run without it";
  return answer;
}

BOOST_AUTO_TEST_CASE(a_body_we_ask_for_comes_no_faster_than_it_is_granted,
                     *boost::unit_test::precondition(without_thread_sanitizer)) {
  start();
  const std::string body(8 * 1024 * 1024, 'x');
  const fake_peer peer{own, [&](const std::string&) { return reply_bytes(body); }};
  node->send(encode(request_to(peer)));
  // All that may come without a grant, and a piece; then nothing, however long one waits: the answer of another request
  // is later.
  std::size_t got = 0;
  const auto take = [&](std::size_t least) {
    while (got < least) {
      const auto piece = node->wait_for_piece();
      BOOST_TEST(piece.stream == 5u);
      BOOST_TEST(piece.content_type == (got == 0 ? "image/png" : ""));
      BOOST_TEST(piece.content_disposition == (got == 0 ? "inline" : ""));
      got += piece.body.size();
    }
  };
  take(limits::stream_window_bytes);
  auto other = request_to(peer);
  other.stream = 0;
  BOOST_TEST(node->ask(other).body.size() == body.size());
  BOOST_TEST(!node->has_piece());
  BOOST_TEST(got < limits::stream_window_bytes + 256 * 1024);
  node->send(encode(gateway::stream_credit{5, body.size(), false}));
  take(body.size());
  const auto end = node->wait_for_http_answer(77);
  BOOST_TEST(end.status == 200);
  BOOST_TEST(end.body == "");
  BOOST_TEST(got == body.size());
}

BOOST_AUTO_TEST_CASE(a_body_that_is_not_wanted_any_more_is_hung_up_on,
                     *boost::unit_test::precondition(without_thread_sanitizer)) {
  start();
  const std::string body(8 * 1024 * 1024, 'x');
  const fake_peer peer{own, [&](const std::string&) { return reply_bytes(body); }};
  node->send(encode(request_to(peer)));
  node->wait_for_piece();
  node->send(encode(gateway::stream_credit{5, 0, true}));
  const auto end = node->wait_for_http_answer(77);
  BOOST_TEST(end.status == 0);
  BOOST_TEST((end.why.code == fault_code::peer_bad_answer));
  BOOST_TEST(one->count().outgoing_requests == 0u);
}

BOOST_AUTO_TEST_CASE(an_error_comes_whole_and_too_much_is_a_fault) {
  start();
  {
    const fake_peer peer{
      own, [](const std::string&) { return std::string{"HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\noops!"}; }};
    node->send(encode(request_to(peer)));
    const auto end = node->wait_for_http_answer(77);
    BOOST_TEST(end.status == 404);
    BOOST_TEST(end.body == "oops!");
  }
  for (const std::string head : {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 500 No\r\n\r\n"}) {
    const fake_peer peer{own, [&](const std::string&) { return head + std::string(200'000, 'x'); }};
    auto x = request_to(peer);
    x.response_bytes_max = 100'000;
    node->send(encode(x));
    const auto end = node->wait_for_http_answer(77);
    BOOST_TEST(end.status == 0);
    BOOST_TEST((end.why.code == fault_code::too_large));
  }
}

BOOST_AUTO_TEST_CASE(a_url_is_asked_straight_and_only_by_https) {
  start();
  std::mutex mutex; // the peer has a thread of its own
  std::string asked;
  const fake_peer peer{own, [&](const std::string& request) {
                         const std::lock_guard lock{mutex};
                         asked = request.substr(0, request.find('\r'));
                         return reply_bytes("bytes");
                       }};
  auto x = request_to(peer);
  x.server_name.clear();
  x.target.clear();
  x.url = "https://localhost:" + std::to_string(peer.port()) + "/a/b?c=d";
  node->send(encode(x));
  BOOST_TEST(node->wait_for_piece().body == "bytes");
  BOOST_TEST(node->wait_for_http_answer(77).status == 200);
  {
    const std::lock_guard lock{mutex};
    BOOST_TEST(asked == "GET /a/b?c=d HTTP/1.1");
  }
  for (const auto* wrong : {"http://localhost/", "https://user@localhost/", "ftp://localhost/x", "nonsense"}) {
    x.url = wrong;
    BOOST_TEST((node->ask(x).why.code == fault_code::invalid_param), wrong);
  }
  x.url = "https://192.168.1.1/x";
  BOOST_TEST((node->ask(x).why.code == fault_code::peer_blocked_address));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
