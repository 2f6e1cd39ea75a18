// A node that stands by and the chat endpoints it has meanwhile: real edges, no database.
#include "plugin/node_chat.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/header.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(chat_forwarders)

using namespace causeway;
using edge::verb;
using test::dealer;
using test::edge_rig;

namespace {

std::string greeting() {
  edge::hello_header x;
  x.versions = {1};
  x.credit = {10, 1'000'000};
  return edge::encode_header(x);
}

struct chat_rig {
  test::scratch dir;
  zmq::context_t unused{1}; // of in-process peers, of which there are none
  config::options options;
  std::unique_ptr<node_log> log;
  std::unique_ptr<chat_forwarder> forwarder;

  chat_rig() {
    options.node.server_name = "ours.example";
    options.edge.chat_endpoints = {"tcp://127.0.0.1:*"};
    options.edge.gateway_endpoints = {"tcp://127.0.0.1:8470"};
    options.log.level = "error";
    log = std::make_unique<node_log>(options.log);
  }
  /// After `options` is what is wanted.
  chat_forwarder& start(chat_forwarder::patience how_long = {60'000, 0}) {
    forwarder = std::make_unique<chat_forwarder>(options, *log, how_long);
    return *forwarder;
  }
  static store::store_in_use serves(const std::string& name, const std::string& address) {
    return {name, "tcp://127.0.0.1:8471 gateway=tcp://127.0.0.1:8470 chat=" + address, 3'000, false};
  }
  static store::store_in_use starts(const std::string& name) { return {name, "", 3'000, false}; }
  static store::store_in_use nobody() { return {"one", "tcp://127.0.0.1:8471 chat=tcp://127.0.0.1:8471", -1, true}; }
  /// A name of its own for the endpoint: nobody else takes it while it is free, as a port.
  std::string own_door() const { return "ipc://" + dir.file("chat.sock"); }
  std::unique_ptr<dealer> chat_server() { return std::make_unique<dealer>(unused, forwarder->addresses().at(0)); }
  /// Once `see` has returned, HELLO goes to the node it was told.
  static bool reaches(dealer& from, edge_rig& node) {
    from.send({"CW1", "H", greeting(), ""});
    const auto got = node.next();
    if (!got || got->second.what != verb::hello) return false;
    node.served->send(got->first, {verb::welcome, "\x80", ""});
    const auto answer = from.receive();
    return answer.size() == 4 && answer[1] == "W";
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_chat_server_that_knows_the_node_that_stands_by_speaks_to_whoever_serves, chat_rig) {
  auto one = std::make_unique<edge_rig>();
  auto& two = start();
  BOOST_TEST(!two.is_up());
  two.see(serves("one", one->chat()));
  BOOST_TEST(two.is_up());
  const auto alice = chat_server();
  BOOST_TEST(reaches(*alice, *one));
  two.see({}); // the database is away for a moment
  alice->send({"CW1", "C", "\x80", "said to one"});
  const auto said = one->next();
  BOOST_REQUIRE(said);
  BOOST_TEST(said->second.body == "said to one");
  one.reset();
  two.see(nobody());
  BOOST_TEST(!two.is_up());
  const auto bye = alice->receive();
  BOOST_REQUIRE(bye.size() == 4u);
  BOOST_TEST(bye[1] == "B");
  BOOST_TEST(edge::decode_header<edge::bye_header>(bye[2])->reason == edge::bye_stopping);
  two.see(starts("three"));
  alice->send({"CW1", "H", greeting(), ""});
  const auto refusal = alice->receive();
  BOOST_REQUIRE(refusal.size() == 4u);
  BOOST_TEST((chat::decode_fault(refusal[3]).code == fault_code::stopping));
  edge_rig three;
  two.see(serves("three", three.chat()));
  BOOST_TEST(two.is_up());
  BOOST_TEST(reaches(*alice, three));
}

BOOST_FIXTURE_TEST_CASE(no_chat_endpoint_is_opened_before_somebody_serves_who_can_be_reached, chat_rig) {
  auto& two = start();
  two.see(nobody());
  two.see(starts("one"));
  two.see({});
  two.see({"one", "tcp://127.0.0.1:8471 gateway=tcp://127.0.0.1:8470", 3'000, false}); // of an older version
  two.see(serves("one", "carrier-pigeon://one"));
  two.see(serves("one", "tcp://192.0.2.1:8471")); // without CURVE
  BOOST_TEST(two.addresses().empty());
  BOOST_TEST(!two.is_up());
}

BOOST_FIXTURE_TEST_CASE(a_node_does_not_connect_to_itself, chat_rig) {
  const auto free_port = [] {
    const edge_rig x;
    return x.chat();
  }();
  options.edge.chat_endpoints = {free_port};
  auto& two = start();
  two.see(serves("one", free_port)); // of this machine, with the same configuration, and just about to end
  BOOST_TEST(two.addresses().empty());
}

BOOST_FIXTURE_TEST_CASE(a_node_that_cannot_listen_yet_gets_the_chat_endpoints, chat_rig) {
  edge_rig one;
  options.edge.chat_endpoints = {own_door()};
  auto& two = start({0, 0});
  two.see(serves("one", one.chat()));
  BOOST_TEST_REQUIRE(two.addresses().size() == 1u);
  two.see(nobody());
  BOOST_TEST(two.addresses().size() == 1u); // whoever follows may be elsewhere
  two.see(starts("three"));
  BOOST_TEST(two.addresses().empty());
  {
    const edge_rig three{[&](config::edge_options& o) { o.chat_endpoints = {own_door()}; }};
  }
  two.see(serves("one", one.chat()));
  BOOST_TEST(two.is_up());
}

BOOST_FIXTURE_TEST_CASE(a_chat_endpoint_in_use_is_tried_again, chat_rig) {
  edge_rig one;
  auto other = std::make_unique<edge_rig>([this](config::edge_options& o) { o.chat_endpoints = {own_door()}; });
  options.edge.chat_endpoints = {own_door()};
  auto& two = start();
  two.see(serves("one", one.chat()));
  BOOST_TEST(two.addresses().empty());
  other.reset();
  two.see(serves("one", one.chat()));
  BOOST_TEST(two.is_up());
  const auto alice = chat_server();
  BOOST_TEST(reaches(*alice, one));
}

BOOST_FIXTURE_TEST_CASE(nodes_that_know_each_other_by_their_curve_keys_pass_chat_servers_on, chat_rig) {
  const auto of_one = test::curve_pair(), of_two = test::curve_pair(), of_alice = test::curve_pair();
  const std::vector<config::edge_peer> peers = {
    {of_one.public_key, "one", "node"}, {of_two.public_key, "two", "node"}, {of_alice.public_key, "alice", "chat"}};
  const test::scratch of_first;
  edge_rig one{[&](config::edge_options& o) {
    o.curve_secret_key_file = test::key_file(of_first, of_one.secret_key);
    o.peers = peers;
  }};
  options.edge.curve_secret_key_file = test::key_file(dir, of_two.secret_key);
  options.edge.peers = peers;
  auto& two = start();
  two.see(serves("nobody of the list", one.chat()));
  BOOST_TEST(two.addresses().empty());
  two.see(serves("one", one.chat()));
  BOOST_TEST_REQUIRE(two.addresses().size() == 1u);
  dealer alice{unused, two.addresses().front(), test::curve_client(of_two.public_key, of_alice)};
  BOOST_TEST(reaches(alice, one));
}

BOOST_AUTO_TEST_CASE(chat_servers_are_taken_where_nodes_are_told_an_address_for_them) {
  config::options x;
  x.edge.chat_endpoints = {"tcp://10.0.0.1:8471"};
  BOOST_TEST(!chat_forwarder::is_wanted(x));
  x.edge.gateway_endpoints = {"tcp://10.0.0.1:8470"};
  BOOST_TEST(chat_forwarder::is_wanted(x));
  x.edge.chat_endpoints = {"ipc:///run/causeway/chat.sock", "tcp://*:8471"};
  BOOST_TEST(!chat_forwarder::is_wanted(x));
}

BOOST_AUTO_TEST_SUITE_END()
