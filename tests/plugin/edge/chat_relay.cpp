// Chat servers, a node that stands by, and the node that serves: real sockets on both sides, no session.
#include "plugin/edge/chat_relay.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/header.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace causeway;
using edge::chat_relay;
using edge::verb;
using test::dealer;
using test::edge_rig;
using test::scratch;

namespace {

using parts_of_message = std::vector<std::string>;
const parts_of_message welcome = {"CW1", "W", "\x80", ""};

bool until(const std::function<bool()>& holds) {
  for (const auto deadline = std::chrono::steady_clock::now() + test::patience; !holds();) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string hello(const std::string& peer = {}) {
  edge::hello_header x;
  x.versions = {1};
  x.peer = peer;
  x.credit = {10, 1'000'000};
  return edge::encode_header(x);
}

fault_code refusal(const parts_of_message& answer) {
  BOOST_REQUIRE(answer.size() == 4u);
  BOOST_REQUIRE(answer[1] == "X");
  return chat::decode_fault(answer[3]).code;
}
std::string reason(const parts_of_message& bye) {
  BOOST_REQUIRE(bye.size() == 4u);
  BOOST_REQUIRE(bye[1] == "B");
  return edge::decode_header<edge::bye_header>(bye[2])->reason;
}

struct relay_rig {
  zmq::context_t unused{1}; // of in-process peers, of which there are none
  std::unique_ptr<chat_relay> relay;

  chat_relay& start(const std::function<void(config::edge_options&, chat_relay::bounds&)>& change = {}) {
    config::edge_options options;
    options.chat_endpoints = {"tcp://127.0.0.1:*"};
    options.gateway_endpoints = {"tcp://127.0.0.1:1"}; // which is not the relay's to open
    auto most = chat_relay::bounds_for(options);
    if (change) change(options, most);
    auto made = chat_relay::open(options, most);
    BOOST_REQUIRE_MESSAGE(made, to_string(made ? fault{} : made.error()));
    relay = std::move(*made);
    return *relay;
  }
  std::string door() const { return relay->endpoints().front().address; }
  std::unique_ptr<dealer> chat_server(const std::function<void(zmq::socket_t&)>& prepare = {}) {
    return std::make_unique<dealer>(unused, door(), prepare);
  }
  /// Up to the WELCOME. @returns its connection as the node that serves sees it
  static edge::connection greet(dealer& from, edge_rig& node) {
    from.send({"CW1", "H", hello(), ""});
    const auto got = node.next();
    BOOST_REQUIRE(got);
    BOOST_REQUIRE((got->second.what == verb::hello));
    node.served->send(got->first, {verb::welcome, "\x80", ""});
    BOOST_TEST(from.receive() == welcome, boost::test_tools::per_element());
    return got->first;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(chat_relays, relay_rig)

BOOST_AUTO_TEST_CASE(a_chat_server_speaks_to_the_node_that_serves_in_order_and_in_both_directions) {
  edge_rig node;
  start().retarget(node.chat(), {});
  const auto alice = chat_server();
  const auto seen = greet(*alice, node);
  BOOST_TEST((seen.peer_role == edge::role::chat));
  constexpr int many = 5'000; // more than a pipe holds
  for (int i = 0; i < many; ++i) alice->send({"CW1", "C", "\x80", std::to_string(i)});
  for (int i = 0; i < many; ++i) {
    const auto got = node.next();
    BOOST_REQUIRE(got);
    BOOST_REQUIRE(got->second.body == std::to_string(i));
    node.served->send(got->first, {verb::result, "of a newer node", std::to_string(i)});
  }
  for (int i = 0; i < many; ++i)
    BOOST_REQUIRE((alice->receive() == parts_of_message{"CW1", "R", "of a newer node", std::to_string(i)}));
  const std::string large(900'000, 'x');
  node.served->send(seen, {verb::event, "\x80", large});
  BOOST_TEST(alice->receive().at(3) == large);
}

BOOST_AUTO_TEST_CASE(two_chat_servers_are_two_connections) {
  edge_rig node;
  start().retarget(node.chat(), {});
  const auto alice = chat_server(), bob = chat_server();
  const auto first = greet(*alice, node), second = greet(*bob, node);
  BOOST_TEST(first.routing_id != second.routing_id);
  node.served->send(second, {verb::event, "\x80", "for bob"});
  node.served->send(first, {verb::event, "\x80", "for alice"});
  BOOST_TEST(alice->receive().at(3) == "for alice");
  BOOST_TEST(bob->receive().at(3) == "for bob");
  BOOST_TEST(until([&] { return relay->connections() == 2; }));
}

BOOST_AUTO_TEST_CASE(while_nobody_serves_a_chat_server_is_told_to_come_again) {
  start();
  const auto alice = chat_server();
  alice->send({"CW1", "C", "\x80", ""});
  BOOST_TEST((refusal(alice->receive()) == fault_code::hello_required));
  alice->send({"CW1", "H", hello(), ""});
  BOOST_TEST((refusal(alice->receive()) == fault_code::stopping));
  edge_rig node;
  relay->retarget(node.chat(), {});
  greet(*alice, node);
}

BOOST_AUTO_TEST_CASE(when_another_node_serves_all_connect_again_and_hear_nothing_of_the_one_before) {
  auto one = std::make_unique<edge_rig>();
  edge_rig two;
  start().retarget(one->chat(), {});
  const auto alice = chat_server();
  const auto at_one = greet(*alice, *one);
  relay->retarget(two.chat(), {});
  BOOST_TEST(reason(alice->receive()) == edge::bye_stopping);
  const auto bye = one->next(); // so its streams are free there at once
  BOOST_REQUIRE(bye);
  BOOST_TEST((bye->second.what == verb::bye));
  one->served->send(at_one, {verb::event, "\x80", "late"});
  const auto at_two = greet(*alice, two); // WELCOME is the next it hears
  two.served->send(at_two, {verb::event, "\x80", "of the node that serves"});
  BOOST_TEST(alice->receive().at(3) == "of the node that serves");
  one.reset(); // nothing of it is missed
  alice->send({"CW1", "A", "\x80", ""});
  const auto got = two.next();
  BOOST_REQUIRE(got);
  BOOST_TEST((got->second.what == verb::ack));
}

BOOST_AUTO_TEST_CASE(the_node_that_serves_ends_and_says_so) {
  edge_rig node;
  start().retarget(node.chat(), {});
  const auto alice = chat_server();
  const auto seen = greet(*alice, node);
  node.served->send(seen, {verb::bye, edge::encode_header(edge::bye_header{edge::bye_stopping}), ""});
  BOOST_TEST(reason(alice->receive()) == edge::bye_stopping);
  BOOST_TEST(until([&] { return relay->connections() == 0; }));
  const auto again = greet(*alice, node);
  BOOST_TEST(again.routing_id != seen.routing_id);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_gone_without_a_word_is_noticed_by_its_silence) {
  auto node = std::make_unique<edge_rig>();
  start([](auto&, chat_relay::bounds& most) { most.table.silence_ms = 300; }).retarget(node->chat(), {});
  const auto alice = chat_server();
  greet(*alice, *node);
  node.reset();
  BOOST_TEST(reason(alice->receive()) == edge::bye_stopping);
}

BOOST_AUTO_TEST_CASE(a_hello_that_nobody_answers_is_answered) {
  const scratch dir;
  start([](auto&, chat_relay::bounds& most) {
    most.table.greeting_ms = 100;
  }).retarget("ipc://" + dir.file("nobody.sock"), {});
  const auto alice = chat_server();
  alice->send({"CW1", "H", hello(), ""});
  BOOST_TEST((refusal(alice->receive()) == fault_code::stopping));
  BOOST_TEST(until([&] { return relay->connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(an_address_that_is_none_ends_the_connection_and_not_the_relay) {
  edge_rig node;
  start().retarget("carrier-pigeon://one", {});
  const auto alice = chat_server();
  alice->send({"CW1", "H", hello(), ""});
  BOOST_TEST((refusal(alice->receive()) == fault_code::stopping));
  relay->retarget(node.chat(), {});
  const auto bob = chat_server();
  greet(*bob, node);
}

BOOST_AUTO_TEST_CASE(too_much_that_waits_for_the_node_ends_the_connection) {
  const scratch dir; // nobody listens there, so only the pipe takes something
  start([](auto&, chat_relay::bounds& most) {
    most.pipe_messages = 2;
    most.unsent = {3, 1'000'000};
  }).retarget("ipc://" + dir.file("nobody.sock"), {});
  const auto alice = chat_server();
  alice->send({"CW1", "H", hello(), ""});
  for (int i = 0; i < 20; ++i) alice->send({"CW1", "P", "\x80", ""});
  BOOST_TEST((refusal(alice->receive()) == fault_code::stopping));
  BOOST_TEST((refusal(alice->receive()) == fault_code::hello_required)); // of a PING behind it
}

BOOST_AUTO_TEST_CASE(too_much_that_waits_of_all_together_ends_the_connection_that_has_the_most) {
  const scratch dir;
  constexpr std::size_t most_bytes = 8'000;
  start([](auto&, chat_relay::bounds& most) {
    most.pipe_messages = 2;
    most.waiting_bytes_max = most_bytes;
    most.table.greeting_ms = 600'000;
  }).retarget("ipc://" + dir.file("nobody.sock"), {});
  const auto alice = chat_server(), bob = chat_server();
  for (const auto& x : {alice.get(), bob.get()}) x->send({"CW1", "H", hello(), ""});
  for (int i = 0; i < 10; ++i) alice->send({"CW1", "P", "\x80", std::string(200, 'a')});
  BOOST_TEST(until([&] { return relay->waiting_bytes() >= 1'000; })); // ten, but for those that pipes take
  for (int i = 0; i < 20; ++i) bob->send({"CW1", "P", "\x80", std::string(1'000, 'b')});
  BOOST_TEST((refusal(bob->receive()) == fault_code::stopping));
  BOOST_TEST((refusal(bob->receive()) == fault_code::hello_required)); // of a PING behind it
  BOOST_TEST(until([&] { return relay->connections() == 1; }));
  BOOST_TEST(relay->waiting_bytes() <= most_bytes);
}

BOOST_AUTO_TEST_CASE(at_its_end_it_tells_all_to_connect_again_and_its_port_is_free) {
  edge_rig node;
  start().retarget(node.chat(), {});
  const auto alice = chat_server();
  greet(*alice, node);
  const auto door_before = door();
  relay.reset();
  BOOST_TEST(reason(alice->receive()) == edge::bye_stopping);
  const auto bye = node.next();
  BOOST_REQUIRE(bye);
  BOOST_TEST((bye->second.what == verb::bye));
  const edge_rig own{[&](config::edge_options& o) { o.chat_endpoints = {door_before}; }}; // the node has its turn
  BOOST_TEST(own.chat() == door_before);
}

BOOST_AUTO_TEST_CASE(one_that_cannot_listen_says_why) {
  edge_rig other;
  config::edge_options options;
  options.chat_endpoints = {other.chat()};
  const auto made = chat_relay::open(options);
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().code == fault_code::address_in_use));
}

BOOST_AUTO_TEST_CASE(with_curve_chat_servers_keep_their_names_behind_a_node_that_has_its_own_key) {
  const scratch at_one, at_two;
  const auto of_one = test::curve_pair(), of_two = test::curve_pair(), of_alice = test::curve_pair();
  edge_rig one{[&](config::edge_options& o) {
    o.curve_secret_key_file = test::key_file(at_one, of_one.secret_key);
    o.peers = {{of_two.public_key, "two", "node"}};
  }};
  start([&](config::edge_options& o, auto&) {
    o.curve_secret_key_file = test::key_file(at_two, of_two.secret_key);
    o.peers = {{of_alice.public_key, "alice", "chat"}};
  }).retarget(one.chat(), edge::relay_keys{of_one.public_key, of_two.public_key, of_two.secret_key});
  const auto alice = chat_server(test::curve_client(of_two.public_key, of_alice));
  alice->send({"CW1", "H", hello("bob"), ""});
  BOOST_TEST((refusal(alice->receive()) == fault_code::role_denied));
  alice->send({"CW1", "H", hello(), ""});
  const auto got = one.next();
  BOOST_REQUIRE(got);
  BOOST_TEST((got->first.peer_role == edge::role::chat));
  BOOST_TEST(got->first.peer_name == ""); // else the session would refuse the name in HELLO
  const auto header = edge::decode_header<edge::hello_header>(got->second.header);
  BOOST_REQUIRE(header);
  BOOST_TEST(header->peer == "alice");
}

BOOST_AUTO_TEST_SUITE_END()
