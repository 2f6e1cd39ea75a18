#include "tests/plugin/gateway/fixture.hpp"

#include "plugin/gateway/gateway_process.hpp"

#include <csignal>
#include <future>
#include <thread>
#include <unistd.h>

namespace causeway::testing {
namespace {

gateway::federation_answer ok_to(const gateway::federation_request& x, std::string body = "{}") {
  gateway::federation_answer out;
  out.id = x.id;
  out.body = std::move(body);
  return out;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_whole, gateway_fixture)

BOOST_AUTO_TEST_CASE(request_of_the_node_goes_out_and_comes_in_through_verified_tls) {
  start(echo);
  gateway::http_request x;
  x.server_name = "localhost:" + std::to_string(port());
  x.method = "PUT";
  x.target = "/_matrix/federation/v1/send/a%2Fb%7e/../c";
  x.body = std::string(50'000, 'e');
  auto answer = node->ask(x);
  BOOST_TEST(answer.status == 404); // the dot segments went out as they are, and name no endpoint
  x.target = "/_matrix/federation/v1/send/a%2Fb%7e";
  answer = node->ask(x);
  BOOST_TEST(to_string(answer.why) == "none");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.content_type == "application/json");
  BOOST_TEST(answer.body == "PUT " + x.target + '\n' + x.body);
  BOOST_TEST(answer.address == "127.0.0.1:" + std::to_string(port()));
}

BOOST_AUTO_TEST_CASE(node_that_freezes_is_503_at_once_and_found_again) {
  // Long enough that a node on a busy machine does not seem frozen before it is.
  tuning.link = {std::chrono::milliseconds{50}, std::chrono::milliseconds{50}, std::chrono::seconds{3}};
  start();
  auto waiting = connect();
  waiting.send(get(version_path));
  node->wait_for_request();
  node->mute = true;
  BOOST_TEST(waiting.read_reply().status == 503); // it was sent, and its answer will not come
  auto later = connect();
  later.send(get(version_path));
  const auto reply = later.read_reply();
  BOOST_TEST(reply.status == 503);
  BOOST_TEST(reply.headers.contains("retry-after"));
  BOOST_TEST(!one->connected());
  node->mute = false;
  BOOST_REQUIRE(node->wait_until_greeted(2));
  later.send(get(version_path));
  node->answer(ok_to(node->wait_for_request(), "back"));
  BOOST_TEST(later.read_reply().body == "back");
}

BOOST_AUTO_TEST_CASE(node_that_restarted_is_greeted_and_old_requests_end) {
  start();
  auto waiting = connect();
  waiting.send(get(version_path));
  node->wait_for_request();
  node->forgetful = true;
  auto second = connect();
  second.send(get(version_path)); // the first frame the new node sees: it asks for HELLO
  BOOST_TEST(waiting.read_reply().status == 503);
  BOOST_TEST(second.read_reply().status == 503);
  BOOST_REQUIRE(node->wait_until_greeted(2));
  second.send(get(version_path));
  node->answer(ok_to(node->wait_for_request()));
  BOOST_TEST(second.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(node_that_said_bye_gets_nothing_new_but_may_answer) {
  tuning.link.hello_interval = std::chrono::hours{1};
  start();
  auto waiting = connect();
  waiting.send(get(version_path));
  const auto got = node->wait_for_request();
  node->send({edge::verb::bye, "\x80", {}});
  node->send({edge::verb::ping, "\x80", {}});
  BOOST_REQUIRE(node->wait_until_greeted(2)); // PONG: the BYE before it was taken in
  auto later = connect();
  later.send(get(version_path));
  BOOST_TEST(later.read_reply().status == 503);
  node->answer(ok_to(got));
  BOOST_TEST(waiting.read_reply().status == 200);
}

BOOST_AUTO_TEST_CASE(request_waits_a_moment_for_the_node_that_follows) {
  tuning.held = {1, std::chrono::seconds{wait_s_max}};
  start();
  auto open = connect();
  open.send(get(version_path));
  const auto got = node->wait_for_request();
  one->retarget("");
  BOOST_TEST(open.read_reply().status == 503); // it may have been carried out: its server decides whether to repeat
  node->answer(ok_to(got, "late"));
  auto early = connect(), surplus = connect();
  early.send(get(version_path));
  while (one->count().held_for_node == 0) std::this_thread::yield();
  surplus.send(get(version_path));
  BOOST_TEST(surplus.read_reply().status == 503); // as many wait as may
  fake_node successor{context, "inproc://successor"};
  one->retarget("inproc://successor");
  successor.answer(ok_to(successor.wait_for_request(), "of the successor"));
  const auto reply = early.read_reply();
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body == "of the successor");
  BOOST_TEST(one->count().held_for_node == 0u);
}

BOOST_AUTO_TEST_CASE(request_that_no_node_follows_for_is_503_after_its_time) {
  tuning.held = {100, std::chrono::milliseconds{100}};
  start();
  one->retarget("");
  while (one->connected()) std::this_thread::yield();
  auto peer = connect();
  peer.send(get(version_path));
  const auto reply = peer.read_reply();
  BOOST_TEST(reply.status == 503);
  BOOST_TEST(reply.headers.contains("retry-after"));
}

BOOST_AUTO_TEST_CASE(request_that_waits_for_a_node_is_answered_when_the_gateway_stops) {
  tuning.held = {100, std::chrono::hours{1}};
  start();
  one->retarget("");
  while (one->connected()) std::this_thread::yield();
  auto peer = connect();
  peer.send(get(version_path));
  while (one->count().held_for_node == 0) std::this_thread::yield();
  one->stop();
  BOOST_TEST(peer.read_reply().status == 503);
}

BOOST_AUTO_TEST_CASE(link_works_over_tcp_with_curve) {
  const auto keys = [] {
    std::pair<std::string, std::string> out{std::string(41, 0), std::string(41, 0)};
    BOOST_REQUIRE(zmq_curve_keypair(out.first.data(), out.second.data()) == 0);
    out.first.resize(40);
    out.second.resize(40);
    return out;
  };
  const auto node_keys = keys(), own_keys = keys();
  zmq::socket_t router{context, zmq::socket_type::router};
  router.set(zmq::sockopt::linger, 0);
  router.set(zmq::sockopt::rcvtimeo, wait_s_max * 1000);
  router.set(zmq::sockopt::curve_server, true);
  router.set(zmq::sockopt::curve_secretkey, node_keys.second);
  router.bind("tcp://127.0.0.1:*");
  gateway::gateway over_tcp{options, context, router.get(zmq::sockopt::last_endpoint),
                            gateway::curve_keys{node_keys.first, own_keys.first, own_keys.second}, tuning};
  BOOST_REQUIRE(over_tcp.start());
  std::vector<std::string> parts;
  zmq::message_t part;
  do {
    BOOST_REQUIRE(router.recv(part));
    parts.push_back(part.to_string());
  } while (part.more());
  BOOST_REQUIRE(parts.size() == 5u);
  BOOST_TEST(parts[1] == "CW1");
  BOOST_TEST(parts[2] == "H");
  BOOST_TEST(parts[3] == "\x82\xa8protocol\x01\xa4name\xa7gateway");
}

BOOST_AUTO_TEST_CASE(context_that_ends_too_early_is_as_a_node_that_is_gone) {
  zmq::context_t own_context{1};
  gateway::gateway early{options, own_context, "tcp://127.0.0.1:9", std::nullopt, tuning};
  BOOST_REQUIRE(early.start());
  own_context.shutdown();
  auto peer = tls_socket::connect(early.ports().at(0));
  peer.send(get(version_path));
  BOOST_TEST(peer.read_reply().status == 503);
  early.stop();
}

BOOST_AUTO_TEST_CASE(stop_lets_requests_in_flight_finish) {
  start();
  auto busy = connect(), idle = connect();
  busy.send(get(version_path));
  const auto got = node->wait_for_request();
  idle.send(get("/nowhere"));
  BOOST_TEST(idle.read_reply().status == 404);
  auto stopping = std::async(std::launch::async, [this] { one->stop(); });
  BOOST_TEST(idle.is_closed_by_peer());
  gateway::http_request late;
  late.server_name = "localhost";
  late.method = "GET";
  late.target = "/";
  BOOST_TEST((node->ask(late).why.code == fault_code::stopping));
  node->answer(ok_to(got, "last"));
  const auto reply = busy.read_reply();
  BOOST_TEST(reply.body == "last");
  BOOST_TEST(reply.headers.at("connection") == "close");
  stopping.get();
  BOOST_TEST(node->wait_for(edge::verb::bye));
  BOOST_CHECK_THROW(connect(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(stop_ends_what_does_not_finish) {
  tuning.stop_timeout = std::chrono::milliseconds{200};
  fake_peer silent{own, [](const std::string&) { return std::string{}; }};
  start();
  auto busy = connect();
  busy.send(get(version_path));
  node->wait_for_request();
  gateway::http_request x;
  x.id = 77;
  x.server_name = "localhost:" + std::to_string(silent.port());
  x.method = "GET";
  x.target = "/";
  node->send(encode(x));
  node->send({edge::verb::ping, "\x80", {}});
  BOOST_REQUIRE(node->wait_until_greeted(2));
  one->stop();
  BOOST_TEST((node->wait_for_http_answer(77).why.code == fault_code::stopping));
  one.reset();
  BOOST_TEST(busy.read_reply().status == 0);
}

BOOST_AUTO_TEST_CASE(start_names_what_is_wrong) {
  const auto why = [this](auto change) {
    auto wrong = options;
    change(wrong);
    gateway::gateway x{wrong, context, endpoint, std::nullopt, tuning};
    const auto started = x.start();
    BOOST_REQUIRE(!started);
    return to_string(started.error());
  };
  const auto says = [](const std::string& text, const char* word) { return text.find(word) != std::string::npos; };
  BOOST_TEST(says(why([](auto& o) { o.certificate_file = "/nowhere.crt"; }), "certificate_file"));
  BOOST_TEST(
    says(why([this](auto& o) { o.private_key_file = authority.issue("x", {"DNS:x"}).key; }), "private_key_file"));
  BOOST_TEST(says(why([](auto& o) { o.ca_file = "/nowhere.crt"; }), "ca_file"));
  BOOST_TEST(says(why([](auto& o) { o.allowed_networks = {"ten"}; }), "allowed_networks"));
  BOOST_TEST(says(why([](auto& o) { o.listen = {"localhost"}; }), "listen"));
  BOOST_TEST(says(why([](auto& o) { o.listen = {}; }), "listen"));
  BOOST_TEST(says(why([](auto& o) { o.dns_server = "x:y:z"; }), "dns_server"));
  BOOST_TEST(says(why([this](auto&) { endpoint = "carrier-pigeon://x"; }), "node endpoint"));
  endpoint = "inproc://node";
  start();
  BOOST_TEST(says(why([this](auto& o) { o.listen = {"127.0.0.1:" + std::to_string(port())}; }), "in use"));
}

BOOST_AUTO_TEST_CASE(process_goes_to_the_node_that_is_there) {
  sigset_t handled, before;
  sigemptyset(&handled);
  for (const int which : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, which);
  pthread_sigmask(SIG_BLOCK, &handled, &before);
  const auto first = "ipc://" + directory.file("first.sock"), second = "ipc://" + directory.file("second.sock");
  node = std::make_unique<fake_node>(context, second); // the other one stands by, and does not listen
  auto process =
    std::async(std::launch::async, [&] { return gateway::run_gateway_process(options, {{first}, {second}}); });
  BOOST_TEST(node->wait_until_greeted());
  node.reset();
  node = std::make_unique<fake_node>(context, first);
  BOOST_TEST(node->wait_until_greeted());
  kill(getpid(), SIGTERM);
  BOOST_TEST(process.get() == 0);
  BOOST_TEST(node->wait_for(edge::verb::bye));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(process_stops_at_sigterm) {
  // The signal goes to the whole process, so every thread of this test blocks it.
  sigset_t handled, before;
  sigemptyset(&handled);
  for (const int which : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&handled, which);
  pthread_sigmask(SIG_BLOCK, &handled, &before);
  const auto address = "ipc://" + directory.file("node.sock");
  node = std::make_unique<fake_node>(context, address);
  auto process = std::async(std::launch::async, [&] { return gateway::run_gateway_process(options, {{address}}); });
  BOOST_TEST(node->wait_until_greeted());
  kill(getpid(), SIGHUP); // reads the certificate again and goes on
  kill(getpid(), SIGTERM);
  BOOST_TEST(process.get() == 0);
  BOOST_TEST(node->wait_for(edge::verb::bye));
  options.certificate_file = "/nowhere.crt";
  BOOST_TEST(gateway::run_gateway_process(options, {{address}}) == 1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
