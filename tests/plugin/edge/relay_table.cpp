#include "plugin/edge/relay_table.hpp"

#include "messages/chat/codec.hpp"
#include "messages/edge/header.hpp"
#include "plugin/edge/relay_greeting.hpp"

#include <boost/test/unit_test.hpp>
#include <msgpack.hpp>

#include <map>
#include <string>
#include <variant>
#include <vector>

using namespace causeway;
using edge::connection;
using edge::frame;
using edge::relay_table;
using edge::role;
using edge::verb;

namespace {

const connection alice{0, std::string("\0aaaa", 5), role::chat, {}};
const connection bob{1, std::string("\0aaaa", 5), role::chat, {}}; // the same routing id at another endpoint

/// What is to be done, as words: `open 1`, `1 < COMMAND c` (to the node), `alice > EVENT e` (to the chat server),
/// `close 1`.
struct spelt {
  std::string peer_of(const connection& x) const { return x.endpoint == alice.endpoint ? "alice" : "bob"; }
  static std::string text_of(const frame& x) {
    std::string text{edge::name(x.what)};
    if (x.what == verb::bye) return text + " " + edge::decode_header<edge::bye_header>(x.header)->reason;
    if (x.what == verb::error && !x.body.empty())
      return text.append(" ").append(info(chat::decode_fault(x.body).code).name);
    return x.body.empty() ? text : text + " " + x.body;
  }
  std::string operator()(const relay_table::open_way& x) const { return "open " + std::to_string(x.to); }
  std::string operator()(const relay_table::to_node& x) const { return std::to_string(x.to) + " < " + text_of(x.what); }
  std::string operator()(const relay_table::close_way& x) const { return "close " + std::to_string(x.to); }
  std::string operator()(const relay_table::to_peer& x) const { return peer_of(x.to) + " > " + text_of(x.what); }
};

using words = std::vector<std::string>;
words spell(const relay_table::effects& done) {
  words all;
  for (const auto& x : done) all.push_back(std::visit(spelt{}, x));
  return all;
}
frame said(verb what, std::string body = {}) { return {what, "\x80", std::move(body)}; }

const words no_words;
const std::string told_to_return = " < BYE the chat server was told to connect again";

struct table_rig {
  std::int64_t now = 1'000;
  relay_table table{{.connections_max = 2, .greeting_ms = 4'000, .silence_ms = 30'000}};

  words peer(const connection& from, verb what, std::string body = {}) {
    return spell(table.on_peer(from, said(what, std::move(body)), now));
  }
  words node(relay_table::number from, verb what, std::string body = {}) {
    return spell(table.on_node(from, said(what, std::move(body)), now));
  }
  words error_of_node(relay_table::number from, fault_code code) {
    return spell(table.on_node(from, edge::make_error({code, ""}), now));
  }
  words tick() { return spell(table.tick(now)); }
  /// Of alice, by way 1.
  void open() {
    BOOST_TEST(spell(table.serve(true)) == no_words, boost::test_tools::per_element());
    peer(alice, verb::hello);
    node(1, verb::welcome);
    BOOST_TEST(table.size() == 1u);
  }
};

void are(const words& done, const words& wanted) { BOOST_TEST(done == wanted, boost::test_tools::per_element()); }

} // namespace

BOOST_FIXTURE_TEST_SUITE(relay_tables, table_rig)

BOOST_AUTO_TEST_CASE(frames_pass_in_both_directions_and_only_hello_opens_a_way) {
  table.serve(true);
  are(peer(alice, verb::command, "c"), {"alice > ERROR hello_required"});
  are(peer(alice, verb::pong), {});
  are(peer(alice, verb::bye), {});
  are(peer(alice, verb::hello), {"open 1", "1 < HELLO"});
  are(peer(bob, verb::hello), {"open 2", "2 < HELLO"});
  are(node(2, verb::welcome), {"bob > WELCOME"});
  are(node(1, verb::welcome), {"alice > WELCOME"});
  are(peer(alice, verb::command, "c"), {"1 < COMMAND c"});
  are(node(1, verb::event, "e"), {"alice > EVENT e"});
  are(node(2, verb::result, "r"), {"bob > RESULT r"});
  are(peer(bob, verb::ack), {"2 < ACK"});
  are(node(7, verb::event, "of nobody"), {});
}

BOOST_AUTO_TEST_CASE(a_second_hello_passes_on_the_same_way) {
  open();
  are(peer(alice, verb::hello), {"1 < HELLO"});
  are(node(1, verb::welcome), {"alice > WELCOME"});
}

BOOST_AUTO_TEST_CASE(bye_passes_and_ends_the_way) {
  open();
  are(peer(alice, verb::bye), {"1 < BYE ", "close 1"});
  are(node(1, verb::event, "late"), {});
  are(peer(alice, verb::ack), {"alice > ERROR hello_required"});
  are(peer(alice, verb::hello), {"open 2", "2 < HELLO"}); // its number is new: what was on its way meets nobody
  are(node(2, verb::bye), {"alice > BYE ", "close 2"});
  BOOST_TEST(table.size() == 0u);
}

BOOST_AUTO_TEST_CASE(who_connects_while_nobody_serves_is_told_to_come_again) {
  are(peer(alice, verb::hello), {"alice > ERROR stopping"});
  are(spell(table.serve(true)), {});
  are(peer(alice, verb::hello), {"open 1", "1 < HELLO"});
}

BOOST_AUTO_TEST_CASE(all_connect_again_when_another_node_serves) {
  open();
  peer(bob, verb::hello); // not answered yet
  are(spell(table.serve(true)), {"alice > BYE stopping", "1" + told_to_return, "close 1", "bob > ERROR stopping",
                                 "2" + told_to_return, "close 2"});
  are(node(1, verb::result, "of the node before"), {});
  are(peer(alice, verb::command, "c"), {"alice > ERROR hello_required"});
  are(peer(alice, verb::hello), {"open 3", "3 < HELLO"});
  are(spell(table.serve(false)), {"alice > ERROR stopping", "3" + told_to_return, "close 3"});
  are(peer(alice, verb::hello), {"alice > ERROR stopping"});
  BOOST_TEST(!table.next_tick());
}

BOOST_AUTO_TEST_CASE(a_chat_server_that_is_gone_leaves_its_streams_at_once) {
  open();
  are(spell(table.on_peer_lost(alice)), {"1 < BYE the connection was lost", "close 1"});
  are(spell(table.on_peer_lost(alice)), {});
  are(spell(table.on_peer_lost(bob)), {});
}

BOOST_AUTO_TEST_CASE(a_node_that_takes_nothing_ends_the_connection) {
  open();
  are(spell(table.on_node_lost(1)), {"alice > BYE stopping", "1" + told_to_return, "close 1"});
  are(spell(table.on_node_lost(1)), {});
}

BOOST_AUTO_TEST_CASE(a_node_that_says_nothing_any_more_ends_the_connection) {
  open();
  BOOST_TEST(*table.next_tick() == 31'000);
  now = 30'000;
  peer(alice, verb::ping); // says nothing about the node
  are(tick(), {});
  are(node(1, verb::ping), {"alice > PING"});
  now = 59'999;
  are(tick(), {});
  now = 60'000;
  are(tick(), {"alice > BYE stopping", "1" + told_to_return, "close 1"});
}

BOOST_AUTO_TEST_CASE(a_hello_nobody_answers_is_answered_although_it_is_repeated) {
  table.serve(true);
  peer(alice, verb::hello);
  now = 4'000;
  are(peer(alice, verb::hello), {"1 < HELLO"});
  are(tick(), {});
  now = 5'000;
  are(tick(), {"alice > ERROR stopping", "1" + told_to_return, "close 1"});
  are(peer(alice, verb::hello), {"open 2", "2 < HELLO"});
}

BOOST_AUTO_TEST_CASE(a_hello_that_is_refused_has_its_answer_and_may_be_repeated) {
  table.serve(true);
  peer(alice, verb::hello);
  are(error_of_node(1, fault_code::unsupported_version), {"alice > ERROR unsupported_version"});
  now = 4'000;
  are(peer(alice, verb::hello), {"1 < HELLO"}); // begins its time anew
  now = 5'000;
  are(tick(), {});
  are(error_of_node(1, fault_code::stopping), {"alice > ERROR stopping"});
  now = 8'000;
  are(tick(), {"1" + told_to_return, "close 1"}); // and no further word
}

BOOST_AUTO_TEST_CASE(an_error_on_an_open_connection_passes) {
  open();
  are(error_of_node(1, fault_code::hello_required), {"alice > ERROR hello_required"});
  are(peer(alice, verb::hello), {"1 < HELLO"});
}

BOOST_AUTO_TEST_CASE(connections_are_bounded) {
  table.serve(true);
  peer(alice, verb::hello);
  peer(bob, verb::hello);
  const connection third{0, std::string("\0cccc", 5), role::chat, {}};
  are(peer(third, verb::hello), {"alice > ERROR overloaded"}); // spelt by its endpoint
  are(peer(bob, verb::bye), {"2 < BYE ", "close 2"});
  are(peer(third, verb::hello), {"open 3", "3 < HELLO"});
  BOOST_TEST(relay_table::bounds{}.connections_max == 256u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(relay_greetings)

namespace {

std::string packed(const std::map<std::string, std::string>& more) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer> p{out};
  p.pack_map(static_cast<std::uint32_t>(2 + more.size()));
  p.pack(std::string{"versions"});
  p.pack(std::vector<int>{1});
  for (const auto& [key, value] : more) {
    p.pack(key);
    p.pack(value);
  }
  p.pack(std::string{"credit"});
  p.pack(std::map<std::string, int>{{"messages", 10}, {"bytes", 1'000'000}});
  return {out.data(), out.size()};
}
connection with_key(const std::string& name) { return {0, "\0aaaa", role::chat, name}; }

fault greeting_refused(const connection& from, const std::string& header) {
  const auto passed = greeting_of(from, {verb::hello, header, {}});
  BOOST_REQUIRE(!passed);
  return passed.error();
}

} // namespace

BOOST_AUTO_TEST_CASE(without_curve_hello_stays_as_it_is) {
  for (const auto& header : {packed({{"peer", "bob"}, {"of_a_newer_client", "x"}}), std::string{"no map"}}) {
    const auto passed = edge::greeting_of(alice, {verb::hello, header, {}});
    BOOST_REQUIRE(passed);
    BOOST_TEST(passed->header == header);
  }
}

BOOST_AUTO_TEST_CASE(with_curve_it_leaves_with_the_name_of_the_key_and_all_else_as_it_was) {
  for (const auto& own : std::vector<std::map<std::string, std::string>>{{}, {{"peer", ""}}, {{"peer", "chat one"}}}) {
    auto more = own;
    more["of_a_newer_client"] = "x";
    const auto passed = edge::greeting_of(with_key("chat one"), {verb::hello, packed(more), {}});
    BOOST_REQUIRE_MESSAGE(passed, to_string(passed ? fault{} : passed.error()));
    const auto header = edge::decode_header<edge::hello_header>(passed->header);
    BOOST_REQUIRE(header);
    BOOST_TEST(header->peer == "chat one");
    BOOST_TEST(header->credit.bytes == 1'000'000u);
    BOOST_TEST(passed->header.find("of_a_newer_client") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(with_curve_nobody_takes_another_ones_name) {
  BOOST_TEST((greeting_refused(with_key("chat one"), packed({{"peer", "chat two"}})).code == fault_code::role_denied));
  BOOST_TEST((greeting_refused(with_key("chat one"), "no map").code == fault_code::bad_frame));
  BOOST_TEST((greeting_refused({0, "\0aaaa", role::gateway, "g"}, packed({})).code == fault_code::role_denied));
}

BOOST_AUTO_TEST_SUITE_END()
