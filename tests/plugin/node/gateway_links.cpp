// The node's end of the gateway edge: what one gateway may say about another one's requests, and in whose name.
#include "plugin/node_gateways.hpp"

#include "messages/edge/header.hpp"
#include "messages/matrix/request_auth.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using test::change;
using test::node_of;

namespace {

/// Links with two gateways, and what went out.
struct links_rig : stream_sink {
  context node = node_of("ours.example", *matrix::signing_key::from_seed(std::string(32, 's')));
  std::vector<std::pair<address, message>> delivered;
  std::vector<std::pair<edge::connection, edge::frame>> sent;
  std::vector<gateway::http_piece> pieces;
  gateway_links links{node, [this](const address& to, message m) { delivered.emplace_back(to, std::move(m)); },
                      [this](const edge::connection& to, edge::frame f) { sent.emplace_back(to, std::move(f)); },
                      [] { return time_ms{1'700'000'000'000}; }};
  edge::connection first{1, "first", edge::role::gateway, "gw-1"}, second{1, "second", edge::role::gateway, "gw-2"};

  links_rig() {
    links.handle_streams(*this);
    for (const auto& each : {first, second})
      links.on_frame(each, {edge::verb::hello, edge::encode_header(edge::hello_header{}), {}});
    sent.clear();
  }
  void on_piece(gateway::http_piece x) override { pieces.push_back(std::move(x)); }
  void on_body_request(const std::string&, const gateway::body_request&) override {}
  /// Sends a request out. @returns the gateway that got it, the other one, and the request as it left
  std::tuple<edge::connection, edge::connection, gateway::http_request> ask(std::uint64_t stream = 0) {
    gateway::http_request x;
    x.server_name = "theirs.example";
    x.method = "GET";
    x.target = "/_matrix/key/v2/server";
    x.stream = stream;
    links.send(x);
    BOOST_REQUIRE(sent.size() == 1U);
    auto to = sent.front().first;
    return {to, to == first ? second : first, *gateway::decode_http_request(sent.front().second)};
  }
  static edge::frame answer_to(const gateway::http_request& x) {
    gateway::http_answer a;
    a.id = x.id;
    a.status = 200;
    a.body = "{}";
    return gateway::encode(a);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(gateway_links_, links_rig)

BOOST_AUTO_TEST_CASE(a_gateway_cannot_answer_what_another_one_was_asked) {
  auto [asked, other, request] = ask();
  links.on_frame(other, answer_to(request));
  BOOST_TEST(delivered.empty());
  links.on_frame(asked, answer_to(request));
  BOOST_REQUIRE(delivered.size() == 1U);
  BOOST_TEST((delivered[0].first == address{actor_kind::remote_server, "theirs.example"}));
  links.on_frame(asked, answer_to(request)); // once
  BOOST_TEST(delivered.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_gateway_cannot_put_bytes_into_the_stream_of_another_one) {
  auto [asked, other, request] = ask(77);
  for (const auto& from : {other, asked}) {
    gateway::http_piece piece;
    piece.stream = 77;
    piece.body = from == other ? "forged" : "true";
    links.on_frame(from, gateway::encode(piece));
  }
  BOOST_REQUIRE(pieces.size() == 1U);
  BOOST_TEST(pieces[0].body == "true");
  gateway::http_piece unknown;
  unknown.stream = 78;
  unknown.body = "x";
  links.on_frame(asked, gateway::encode(unknown));
  BOOST_TEST(pieces.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_gateway_that_said_no_hello_is_heard_in_nothing) {
  const edge::connection stranger{1, "stranger", edge::role::gateway, "gw-3"};
  gateway::federation_request x;
  x.id = 1;
  x.method = "GET";
  x.target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Aours.example";
  links.on_frame(stranger, gateway::encode(x));
  BOOST_TEST(delivered.empty());
  BOOST_REQUIRE(sent.size() == 1U);
  BOOST_TEST((sent[0].second.what == edge::verb::error));
}

BOOST_AUTO_TEST_CASE(a_request_without_or_with_our_own_name_gets_no_further_than_the_door) {
  gateway::federation_request x;
  x.method = "GET";
  x.target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Aours.example";
  for (const auto* claimed :
       {"", "X-Matrix origin=\"ours.example\",destination=\"ours.example\",key=\"ed25519:1\",sig=\"AAAA\"",
        "X-Matrix origin=\"no server name\",key=\"ed25519:1\",sig=\"AAAA\"", "Bearer x"}) {
    sent.clear();
    x.id += 1;
    x.authorization = {claimed};
    links.on_frame(first, gateway::encode(x));
    BOOST_TEST(delivered.empty(), claimed);
    BOOST_REQUIRE(sent.size() == 1U);
    auto answer = gateway::decode_federation_answer(sent[0].second);
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->status == 401, claimed);
  }
}

BOOST_AUTO_TEST_CASE(a_gateway_cannot_speak_for_a_server_without_its_signature) {
  // The name is a claim that goes with what is to prove it to the actor that has the keys of that server.
  gateway::federation_request x;
  x.id = 1;
  x.method = "GET";
  x.target = "/_matrix/federation/v1/query/profile?user_id=%40a%3Aours.example";
  x.authorization = {"X-Matrix origin=\"theirs.example\",destination=\"ours.example\",key=\"ed25519:1\",sig=\"AAAA\""};
  links.on_frame(first, gateway::encode(x));
  BOOST_REQUIRE(delivered.size() == 1U);
  BOOST_TEST((delivered[0].first == address{actor_kind::remote_server, "theirs.example"}));
  const auto* request = std::get_if<inbound_request>(&delivered[0].second);
  BOOST_REQUIRE(request);
  BOOST_TEST(*request->authorization == x.authorization, boost::test_tools::per_element());
}

// -- questions about keys, which anybody may ask ----------------------------------------------------------------------

namespace {

gateway::federation_request keys_question(std::uint64_t id, const std::string& address = "192.0.2.1:50000") {
  gateway::federation_request x;
  x.id = id;
  x.method = "GET";
  x.target = "/_matrix/key/v2/query/third.example";
  x.remote_address = address;
  return x;
}

/// Status of an answer that went to a gateway.
int status_of(const edge::frame& x) { return gateway::decode_federation_answer(x)->status; }

} // namespace

BOOST_AUTO_TEST_CASE(a_question_about_keys_is_the_directorys_or_that_of_the_server_that_signed_it) {
  links.on_frame(first, gateway::encode(keys_question(1)));
  BOOST_REQUIRE(delivered.size() == 1U);
  BOOST_TEST((delivered[0].first == address{actor_kind::directory, ""}));
  BOOST_TEST(std::get<federation_call>(delivered[0].second).origin.empty());
  auto with_name = keys_question(2);
  with_name.authorization = {"X-Matrix origin=\"theirs.example\",key=\"ed25519:k\",sig=\"AAAA\""};
  links.on_frame(first, gateway::encode(with_name));
  BOOST_REQUIRE(delivered.size() == 2U);
  BOOST_TEST((delivered[1].first == address{actor_kind::remote_server, "theirs.example"}));
  change(node).federation.notary = config::notary_service::cached;
  links.take_over(node.snapshot());
  links.on_frame(first, gateway::encode(with_name));
  BOOST_TEST((delivered.at(2).first == address{actor_kind::directory, ""}));
  change(node).federation.notary = config::notary_service::none;
  links.take_over(node.snapshot());
  links.on_frame(first, gateway::encode(with_name));
  BOOST_TEST(delivered.size() == 3U);
  BOOST_TEST(status_of(sent.at(0).second) == 404);
}

BOOST_AUTO_TEST_CASE(questions_about_keys_are_counted_by_address) {
  change(node).federation.notary_requests_burst = 3;
  links.take_over(node.snapshot());
  for (std::uint64_t id = 1; id <= 4; ++id) links.on_frame(first, gateway::encode(keys_question(id)));
  BOOST_TEST(delivered.size() == 3U);
  BOOST_REQUIRE(sent.size() == 1U);
  BOOST_TEST(status_of(sent[0].second) == 429);
  links.on_frame(first, gateway::encode(keys_question(5, "192.0.2.2:50000")));
  BOOST_TEST(delivered.size() == 4U);
}

BOOST_AUTO_TEST_CASE(the_answer_to_a_servers_call_is_told_to_its_actor_with_its_size) {
  links.send(federation_reply{"1|first", 9, 200, std::string(1'000, 'x'), 0, "theirs.example"});
  BOOST_REQUIRE(delivered.size() == 1U);
  BOOST_TEST((delivered[0].first == address{actor_kind::remote_server, "theirs.example"}));
  BOOST_TEST(std::get<call_answered>(delivered[0].second).bytes == 1'000U);
  BOOST_TEST(std::get<call_answered>(delivered[0].second).id == 9U);
  links.send(federation_reply{"1|first", 10, 200, "{}"});
  BOOST_TEST(delivered.size() == 1U);
  BOOST_TEST(sent.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_server_whose_keys_are_on_disk_is_no_stranger_after_a_restart) {
  gateway_links again{node,
                      [this](const address& to, message m) { delivered.emplace_back(to, std::move(m)); },
                      [this](const edge::connection& to, edge::frame f) { sent.emplace_back(to, std::move(f)); },
                      [] { return time_ms{1'700'000'000'000}; },
                      {"known.example"}};
  again.on_frame(first, {edge::verb::hello, edge::encode_header(edge::hello_header{}), {}});
  sent.clear();
  const auto ask = [&](const std::string& origin) {
    gateway::federation_request x;
    x.id = 1;
    x.method = "GET";
    x.target = "/_matrix/federation/v1/event/$e";
    x.authorization = {"X-Matrix origin=\"" + origin + "\",key=\"ed25519:k\",sig=\"AAAA\""};
    const auto before = delivered.size();
    again.on_frame(first, gateway::encode(x));
    return delivered.size() > before;
  };
  for (std::size_t i = 0; i < remote_server::stranger_gate::strangers_max; ++i)
    BOOST_REQUIRE(ask("s" + std::to_string(i) + ".example"));
  BOOST_TEST(!ask("one.more.example"));
  BOOST_TEST(status_of(sent.back().second) == 429);
  BOOST_TEST(ask("known.example"));
}

BOOST_AUTO_TEST_CASE(what_a_server_proves_counts_whatever_number_of_requests_others_have_open) {
  time_ms now = 1'700'000'000'000;
  std::size_t handed_on = 0;
  gateway_links some{node, [&](const address&, const message&) { ++handed_on; },
                     [](const edge::connection&, const edge::frame&) {}, [&] { return now; }};
  some.on_frame(first, {edge::verb::hello, edge::encode_header(edge::hello_header{}), {}});
  std::uint64_t last_id = 0;
  const auto ask = [&](const std::string& origin) {
    gateway::federation_request x;
    x.id = ++last_id;
    x.method = "GET";
    x.target = "/_matrix/federation/v1/event/$e";
    x.authorization = {"X-Matrix origin=\"" + origin + "\",key=\"ed25519:k\",sig=\"AAAA\""};
    const auto before = handed_on;
    some.on_frame(first, gateway::encode(x));
    return handed_on > before;
  };
  BOOST_TEST(ask("flood.example"));
  BOOST_TEST(ask("honest.example"));
  const auto honest = last_id;
  for (std::size_t i = 1; i < gateway_links::claims_max; ++i) ask("flood.example");
  some.send(federation_reply{"1|first", honest, 200, "{}"});
  // Its place among the strangers is gone, and others have taken all there are.
  now += remote_server::stranger_gate::stranger_ms + 1'000;
  for (std::size_t i = 0; i < remote_server::stranger_gate::strangers_max; ++i)
    BOOST_REQUIRE(ask("s" + std::to_string(i) + ".example"));
  BOOST_TEST(!ask("one.more.example"));
  BOOST_TEST(ask("honest.example"));
}

// -- gateways of nodes that stand by: they pass on what comes in, and are asked for nothing ---------------------------

namespace {

/// Links with a gateway of a node that stands by, and with none that takes requests.
struct standby_rig {
  time_ms now = 1'700'000'000'000;
  context node = node_of("ours.example", *matrix::signing_key::from_seed(std::string(32, 's')));
  std::vector<message> delivered;
  std::vector<std::pair<edge::connection, edge::frame>> sent;
  gateway_links links{node, [this](const address&, message m) { delivered.push_back(std::move(m)); },
                      [this](const edge::connection& to, edge::frame f) { sent.emplace_back(to, std::move(f)); },
                      [this] { return now; }};
  const edge::connection standby{1, "standby", edge::role::gateway, ""}, own{2, "own", edge::role::gateway, ""};

  standby_rig() { greet_standby(); }
  void greet_standby() { links.on_frame(standby, {edge::verb::hello, "\x82\xa4name\xa3two\xa8outbound\xc2", {}}); }
  void greet_own() { links.on_frame(own, {edge::verb::hello, edge::encode_header(edge::hello_header{}), {}}); }
  void ask_others(int count) {
    for (int i = 0; i < count; ++i) {
      gateway::http_request x;
      x.server_name = "s" + std::to_string(i) + ".example";
      x.method = "GET";
      x.target = "/_matrix/key/v2/server";
      links.send(x);
    }
  }
  /// Asks for our version, which is answered at once.
  void ask_version() {
    gateway::federation_request x;
    x.id = 7;
    x.method = "GET";
    x.target = "/_matrix/federation/v1/version";
    links.on_frame(standby, gateway::encode(x));
  }
  std::size_t count(edge::verb what, const edge::connection& to) const {
    return static_cast<std::size_t>(
      std::count_if(sent.begin(), sent.end(), [&](const auto& x) { return x.first == to && x.second.what == what; }));
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_gateway_that_takes_no_requests_gets_none, standby_rig) {
  ask_others(20); // they wait for one that does
  BOOST_TEST(count(edge::verb::command, standby) == 0U);
  greet_standby();
  BOOST_TEST(count(edge::verb::command, standby) == 0U);
  greet_own();
  BOOST_TEST(count(edge::verb::command, own) == 20U);
  ask_others(20);
  BOOST_TEST(count(edge::verb::command, own) == 40U);
  BOOST_TEST(count(edge::verb::command, standby) == 0U);
  BOOST_TEST(links.connected() == (std::vector<std::string>{"two", ""}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_waits_for_a_gateway_waits_no_longer_because_one_that_takes_none_has_come, standby_rig) {
  ask_others(1);
  for (int s = 0; s < 11; ++s) {
    now += 1'000;
    greet_standby();
    links.expire();
  }
  BOOST_REQUIRE(delivered.size() == 1U);
  BOOST_TEST((std::get<http_answered>(delivered[0]).answer->why.code == fault_code::peer_unreachable));
}

BOOST_FIXTURE_TEST_CASE(what_comes_in_over_a_node_that_stands_by_is_answered_there, standby_rig) {
  greet_own();
  ask_version();
  BOOST_REQUIRE(count(edge::verb::result, standby) == 1U);
  BOOST_TEST(count(edge::verb::result, own) == 0U);
  BOOST_TEST(status_of(sent.back().second) == 200);
}

BOOST_FIXTURE_TEST_CASE(a_silent_gateway_of_a_node_that_stands_by_is_asked_and_then_forgotten, standby_rig) {
  greet_own();
  for (int s = 0; s < 14; ++s) links.expire();
  BOOST_TEST(count(edge::verb::ping, standby) == 1U);
  links.on_frame(standby, {edge::verb::pong, "\x80", {}});
  for (int s = 0; s < 14; ++s) links.expire();
  BOOST_TEST(links.connected().size() == 2U);
  links.expire();
  BOOST_TEST(links.connected().size() == 1U); // whoever takes requests is found out by a frame that fails
  ask_version();
  BOOST_TEST(count(edge::verb::error, standby) == 1U); // hello_required
  greet_standby();
  ask_version();
  BOOST_TEST(count(edge::verb::result, standby) == 1U);
  BOOST_TEST(count(edge::verb::ping, own) == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_node_that_stops_says_so_to_those_that_stand_by_and_greets_them_no_more, standby_rig) {
  greet_own();
  links.say_goodbye();
  BOOST_TEST(count(edge::verb::bye, standby) == 1U);
  BOOST_TEST(count(edge::verb::bye, own) == 0U); // it has requests of ours under way
  sent.clear();
  greet_standby();
  BOOST_TEST(sent.empty());
  ask_version(); // was on its way
  BOOST_TEST(count(edge::verb::result, standby) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
