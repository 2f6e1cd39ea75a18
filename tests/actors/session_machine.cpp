#include "actors/session/session_machine.hpp"

#include "messages/limits.hpp"
#include "tests/actors/session_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using edge::verb;
using test::connection;
using test::session_rig;

namespace {

const auto peer = connection("p");
const auto other = connection("q");

void is_error(session_rig& rig, const edge::connection& c, fault_code code) {
  const auto why = rig.error(c);
  BOOST_TEST((why.code == code), to_string(why));
}

/// Connected, its WELCOME taken.
session_rig connected(std::uint32_t streams = 1) {
  session_rig rig{streams};
  rig.begin();
  rig.hello(peer);
  rig.sent.clear();
  return rig;
}

} // namespace

BOOST_AUTO_TEST_SUITE(session_connections)

BOOST_AUTO_TEST_CASE(hello_is_welcomed_with_positions_and_limits) {
  session_rig rig{2};
  rig.store.add(1, "x", "");
  rig.store.add(1, "x", "");
  rig.store.streams[1].acknowledged = 1;
  rig.begin();
  rig.hello(peer, {0, 0});
  const auto f = rig.only(peer);
  BOOST_REQUIRE((f.what == verb::welcome));
  const auto w = edge::decode_header<edge::welcome_header>(f.header);
  BOOST_REQUIRE(w);
  BOOST_TEST(w->version == 1u);
  BOOST_TEST(w->server_name == "a.example");
  BOOST_TEST(w->streams == 2u);
  BOOST_TEST(w->acked.at("0") == 0);
  BOOST_TEST(w->acked.at("1") == 1);
  BOOST_TEST(w->heads.at("1") == 2);
  BOOST_TEST(w->command_credit.messages == 1'000u);
  BOOST_TEST(w->heartbeat_ms == 10'000u);
  BOOST_TEST(w->peer_timeout_ms == 30'000u);
}

BOOST_AUTO_TEST_CASE(hello_waits_until_the_positions_are_loaded) {
  session_rig rig;
  rig.answers_at_once = false;
  rig.begin();
  rig.hello(peer);
  BOOST_TEST(rig.sent.empty());
  rig.answer_all();
  BOOST_TEST((rig.only(peer).what == verb::welcome));
}

BOOST_AUTO_TEST_CASE(positions_are_asked_for_again_when_the_store_fails) {
  session_rig rig;
  rig.store.broken = true;
  rig.begin();
  rig.hello(peer);
  BOOST_TEST(rig.sent.empty());
  rig.store.broken = false;
  rig.advance(1'000);
  BOOST_TEST((rig.only(peer).what == verb::welcome));
}

BOOST_AUTO_TEST_CASE(anything_before_hello_is_asked_for_hello) {
  session_rig rig;
  rig.begin();
  for (const auto what : {verb::command, verb::ack, verb::nack, verb::credit, verb::seek, verb::ping}) {
    rig.from(peer, what, "");
    is_error(rig, peer, fault_code::hello_required);
  }
  rig.from(peer, verb::bye, "");
  rig.from(peer, verb::pong, "");
  BOOST_TEST(rig.sent.empty());
}

BOOST_AUTO_TEST_CASE(unsupported_version_lists_ours) {
  session_rig rig;
  rig.begin();
  rig.from(peer, verb::hello, edge::encode_header(edge::hello_header{{2, 3}, "", "", {}, {1, 1}}));
  const auto f = rig.only(peer);
  BOOST_TEST((chat::decode_fault(f.body).code == fault_code::unsupported_version));
  BOOST_TEST(edge::decode_header<edge::error_header>(f.header)->versions.value().front() == 1u);
  rig.from(peer, verb::ping, "");
  is_error(rig, peer, fault_code::hello_required);
}

BOOST_AUTO_TEST_CASE(a_wrong_hello_is_refused) {
  session_rig rig;
  rig.begin();
  rig.from(peer, verb::hello, "junk");
  is_error(rig, peer, fault_code::bad_frame);
  rig.hello(peer, {1, 1}, std::vector<std::uint32_t>{1});
  is_error(rig, peer, fault_code::bad_frame);
  auto gateway = peer;
  gateway.peer_role = edge::role::gateway;
  rig.hello(gateway);
  is_error(rig, gateway, fault_code::role_denied);
  auto named = peer;
  named.peer_name = "rc2";
  rig.from(named, verb::hello, edge::encode_header(edge::hello_header{{1}, "", "rc1", {}, {1, 1}}));
  is_error(rig, named, fault_code::role_denied);
}

BOOST_AUTO_TEST_CASE(verbs_of_the_broker_are_not_for_peers) {
  auto rig = connected();
  for (const auto what : {verb::welcome, verb::result, verb::event}) {
    rig.from(peer, what, "");
    is_error(rig, peer, fault_code::unknown_verb);
  }
}

BOOST_AUTO_TEST_CASE(ping_is_answered_with_its_own_time) {
  auto rig = connected();
  rig.from(peer, verb::ping, edge::encode_header(edge::ping_header{42}));
  const auto f = rig.only(peer);
  BOOST_TEST((f.what == verb::pong));
  BOOST_TEST(edge::decode_header<edge::ping_header>(f.header)->t == 42);
}

BOOST_AUTO_TEST_CASE(a_silent_peer_is_pinged_then_dropped) {
  auto rig = connected();
  rig.advance(10'000);
  BOOST_TEST((rig.only(peer).what == verb::ping));
  rig.from(peer, verb::pong, "");
  rig.advance(20'000);
  BOOST_TEST(rig.take(peer).size() == 2u);
  rig.advance(10'000);
  BOOST_TEST((rig.only(peer).what == verb::bye));
  rig.from(peer, verb::pong, "");
  rig.from(peer, verb::ping, "");
  is_error(rig, peer, fault_code::hello_required);
}

BOOST_AUTO_TEST_CASE(a_new_connection_makes_the_others_prove_that_they_are_there) {
  auto rig = connected();
  rig.hello(other);
  BOOST_TEST((rig.only(peer).what == verb::ping));
}

BOOST_AUTO_TEST_CASE(bye_ends_the_connection) {
  auto rig = connected();
  rig.from(peer, verb::bye, "");
  rig.notify(0);
  BOOST_TEST(rig.sent.empty());
}

BOOST_AUTO_TEST_CASE(a_node_that_stops_says_bye_to_everybody_and_welcomes_nobody) {
  session_rig rig;
  rig.begin();
  rig.hello(peer);
  rig.hello(other);
  rig.notify(0);
  rig.ack(peer, 0, 1);
  rig.command(peer, "k1", chat::invite_send{"r", "a", "@u:b", {}});
  rig.sent.clear();
  rig.give(node_stopping{});
  for (const auto& c : {peer, other}) {
    const auto f = rig.only(c);
    BOOST_REQUIRE((f.what == verb::bye));
    BOOST_TEST(edge::decode_header<edge::bye_header>(f.header)->reason == "stopping");
  }
  BOOST_TEST(rig.store.streams[0].acknowledged == 1); // the ACK is written, not only noted
  rig.notify(0);
  rig.give(command_done{rig.commands.at(0).reference, true, "\x80"});
  rig.advance(60'000);
  BOOST_TEST(rig.sent.empty());
  rig.hello(peer);
  is_error(rig, peer, fault_code::stopping);
  rig.from(peer, verb::ping, "");
  is_error(rig, peer, fault_code::hello_required);
}

BOOST_AUTO_TEST_CASE(connections_are_bounded) {
  session_rig rig;
  rig.begin();
  for (std::size_t i = 0; i < session::connections_max; ++i) rig.hello(connection("c" + std::to_string(i)));
  rig.sent.clear();
  rig.hello(peer);
  is_error(rig, peer, fault_code::overloaded);
}

BOOST_AUTO_TEST_CASE(an_idle_session_ends_when_asked_and_a_used_one_does_not) {
  auto rig = connected();
  rig.give(passivate{});
  BOOST_TEST(!rig.finished);
  rig.notify(0);
  rig.ack(peer, 0, 1);
  rig.from(peer, verb::bye, "");
  rig.give(passivate{});
  BOOST_TEST(rig.finished);
  BOOST_TEST(rig.store.streams[0].acknowledged == 1);
}

BOOST_AUTO_TEST_CASE(status_is_told_as_json) {
  auto rig = connected();
  rig.notify(0);
  const auto told = rig.machine->describe(rig.now + 5);
  BOOST_TEST(told.find("\"phase\":\"connected\"") != std::string::npos, told);
  BOOST_TEST(told.find("\"in_flight\":1") != std::string::npos, told);
  BOOST_TEST(told.find("\"silent_ms\":5") != std::string::npos, told);
  BOOST_TEST(told.find("\"unacknowledged_ms\":5") != std::string::npos, told);
  rig.ack(peer, 0, 1);
  const auto after = rig.machine->describe(rig.now + 5);
  BOOST_TEST(after.find("\"unacknowledged_ms\":5") == std::string::npos, after);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(session_commands)

namespace {

edge::result_header result_of(const edge::frame& f) {
  BOOST_REQUIRE((f.what == verb::result));
  return *edge::decode_header<edge::result_header>(f.header);
}

void is_refused(session_rig& rig, const std::string& id, fault_code code) {
  const auto f = rig.only(peer);
  const auto header = result_of(f);
  BOOST_TEST(header.id == id);
  BOOST_TEST(!header.ok);
  BOOST_TEST((chat::decode_fault(f.body).code == code), to_string(chat::decode_fault(f.body)));
}

const chat::invite_send an_invitation{"r", "a", "@u:b", {}};

} // namespace

BOOST_AUTO_TEST_CASE(an_answer_no_message_holds_is_a_fault_and_not_the_end_of_the_connection) {
  auto rig = connected();
  rig.command(peer, "k1", chat::query_invitations{});
  rig.give(command_done{rig.commands.at(0).reference, true, std::string(limits::chat_frame_bytes_max, 'x')});
  const auto f = rig.only(peer);
  BOOST_TEST(!result_of(f).ok);
  const auto why = chat::decode_fault(f.body);
  BOOST_TEST((why.code == fault_code::too_large));
  BOOST_TEST(why.detail.find("ask for less") != std::string::npos, why.detail);
  rig.from(peer, verb::ping, "");
  BOOST_TEST((rig.only(peer).what == verb::pong));
}

BOOST_AUTO_TEST_CASE(a_command_goes_to_the_directory_and_its_result_back) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  BOOST_REQUIRE(rig.commands.size() == 1u);
  BOOST_TEST(rig.commands[0].reference.session == "rc1");
  BOOST_TEST(rig.commands[0].reference.command_id == "c1");
  BOOST_TEST(std::get<chat::invite_send>(*rig.commands[0].body).user == "@u:b");
  BOOST_TEST(rig.sent.empty());
  rig.give(command_done{rig.commands[0].reference, true, "answer"});
  const auto f = rig.only(peer);
  const auto header = result_of(f);
  BOOST_TEST(header.id == "c1");
  BOOST_TEST(header.ok);
  BOOST_TEST(!header.repeated);
  BOOST_TEST(f.body == "answer");
}

BOOST_AUTO_TEST_CASE(a_repeated_id_gets_the_stored_answer) {
  auto rig = connected();
  rig.store.results["c1"] = {"c1", "invite.send", false, "first answer", 0};
  rig.command(peer, "c1", an_invitation);
  BOOST_TEST(rig.commands.empty());
  const auto f = rig.only(peer);
  BOOST_TEST(result_of(f).repeated);
  BOOST_TEST(!result_of(f).ok);
  BOOST_TEST(f.body == "first answer");
}

BOOST_AUTO_TEST_CASE(a_repetition_while_it_runs_joins_it) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  rig.command(peer, "c1", an_invitation);
  rig.hello(other);
  rig.command(other, "c1", an_invitation);
  rig.sent.clear();
  BOOST_TEST(rig.commands.size() == 1u);
  rig.give(command_done{rig.commands[0].reference, true, ""});
  BOOST_TEST(!result_of(rig.only(peer)).repeated);
  BOOST_TEST(result_of(rig.only(other)).repeated);
}

BOOST_AUTO_TEST_CASE(when_the_store_does_not_write_open_commands_are_told_at_once_and_new_ones_are_not_begun) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  BOOST_REQUIRE(rig.commands.size() == 1u);
  rig.give(store_state_changed{{fault_code::store_failed, "disk full"}});
  is_refused(rig, "c1", fault_code::store_failed);
  rig.sent.clear();
  rig.give(store_state_changed{{fault_code::store_failed, "disk full"}}); // told at each attempt
  BOOST_TEST(rig.sent.empty());
  rig.command(peer, "c2", an_invitation);
  is_refused(rig, "c2", fault_code::store_failed);
  rig.sent.clear();
  rig.command(peer, "c1", an_invitation); // nobody can say how it ends
  is_refused(rig, "c1", fault_code::store_failed);
  BOOST_TEST(rig.commands.size() == 1u);
}

BOOST_AUTO_TEST_CASE(while_the_clock_is_wrong_nothing_new_is_begun_and_what_is_done_is_told) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  BOOST_REQUIRE(rig.commands.size() == 1u);
  rig.store.results["c0"] = {"c0", "invite.send", true, "first answer", 0};
  rig.give(clock_state_changed{{fault_code::clock_wrong, "two days ahead"}});
  BOOST_TEST(rig.sent.empty());
  rig.command(peer, "c2", an_invitation);
  is_refused(rig, "c2", fault_code::clock_wrong);
  rig.command(peer, "c0", an_invitation);
  BOOST_TEST(result_of(rig.only(peer)).repeated);
  rig.command(peer, "c3", chat::query_user{"ann"});
  BOOST_TEST(rig.commands.size() == 2u); // a question changes nothing
  rig.give(clock_state_changed{});
  rig.command(peer, "c2", an_invitation);
  BOOST_TEST(rig.commands.size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_was_begun_before_the_store_failed_ends_once_and_its_repetition_is_told_how) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  rig.give(store_state_changed{{fault_code::store_failed, "disk full"}});
  rig.give(store_state_changed{});
  rig.sent.clear();
  rig.command(peer, "c1", an_invitation);
  BOOST_TEST(rig.sent.empty());
  BOOST_TEST(rig.commands.size() == 1u); // it is not begun twice
  rig.give(command_done{rig.commands[0].reference, true, "answer"});
  BOOST_TEST(result_of(rig.only(peer)).ok);
  rig.sent.clear();
  rig.command(peer, "c2", an_invitation);
  BOOST_TEST(rig.commands.size() == 2u);
}

BOOST_AUTO_TEST_CASE(commands_of_an_actor_that_failed_are_told_at_once_and_may_be_repeated) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  rig.command(peer, "c2", an_invitation);
  auto older = rig.commands[0].reference;
  older.trace -= 1;
  rig.give(commands_lost{{older}, {fault_code::store_failed, "an earlier one of that id"}});
  BOOST_TEST(rig.sent.empty());
  rig.give(commands_lost{{rig.commands[0].reference}, {fault_code::store_failed, "the room failed"}});
  is_refused(rig, "c1", fault_code::store_failed);
  rig.sent.clear();
  rig.command(peer, "c1", an_invitation);
  BOOST_TEST(rig.commands.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_result_finds_the_peer_that_reconnected_and_repeated) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  rig.give(connection_lost{peer});
  rig.hello(other);
  rig.command(other, "c1", an_invitation);
  rig.sent.clear();
  rig.give(command_done{rig.commands[0].reference, true, ""});
  BOOST_TEST(rig.sent.size() == 1u);
  BOOST_TEST(result_of(rig.only(other)).id == "c1");
}

BOOST_AUTO_TEST_CASE(a_misspelt_field_is_told_with_the_result_whatever_became_of_the_command) {
  using ignored = std::vector<std::string>;
  const auto command = [](session_rig& rig, const std::string& id, const char* name, const std::string& body) {
    rig.from(peer, verb::command, edge::encode_header(edge::command_header{id, name}), body);
  };
  // {room: "r", by: "a", user: "@u:b", raeson: "x"}
  const std::string body =
    std::string{chat::encode(chat::command{an_invitation})}.replace(0, 1, "\x84") + "\xa6raeson\xa1x";
  auto rig = connected();
  command(rig, "c1", "invite.send", body);
  BOOST_REQUIRE(rig.commands.size() == 1u);
  command(rig, "c1", "invite.send", body); // joins it
  rig.give(command_done{rig.commands[0].reference, true, "answer"});
  const auto carried_out = rig.only(peer);
  BOOST_TEST(result_of(carried_out).ok);
  BOOST_TEST(result_of(carried_out).ignored.value() == ignored{"raeson"}, boost::test_tools::per_element());

  rig.store.results["c2"] = {"c2", "invite.send", false, "first answer", 0};
  command(rig, "c2", "invite.send", body);
  BOOST_TEST(result_of(rig.only(peer)).ignored.value() == ignored{"raeson"}, boost::test_tools::per_element());

  command(rig, "c3", "invite.send", "\x81\xa4romm\xa1r");
  const auto refused = rig.only(peer);
  BOOST_TEST(!result_of(refused).ok);
  BOOST_TEST(result_of(refused).ignored.value() == ignored{"romm"}, boost::test_tools::per_element());
  BOOST_TEST(chat::decode_fault(refused.body).detail == "room is missing; not known: romm (room?)");

  command(rig, "c4", "typing",
          "\x84\xa4room\xa1r\xa4user\xa1u\xa6typing\xc3\xa3"
          "for\x01");
  BOOST_TEST(result_of(rig.only(peer)).ignored.value() == ignored{"for"}, boost::test_tools::per_element());

  rig.command(peer, "c5", an_invitation);
  rig.give(command_done{rig.commands.back().reference, true, "answer"});
  BOOST_TEST(!result_of(rig.only(peer)).ignored);
}

BOOST_AUTO_TEST_CASE(an_id_of_another_command_is_a_conflict) {
  auto rig = connected();
  rig.store.results["c1"] = {"c1", "room.create", true, "", 0};
  rig.command(peer, "c1", an_invitation);
  is_refused(rig, "c1", fault_code::conflict);
  rig.command(peer, "c2", an_invitation);
  rig.command(peer, "c2", chat::query_room{"r"});
  is_refused(rig, "c2", fault_code::conflict);
}

BOOST_AUTO_TEST_CASE(lookups_that_answer_out_of_order_do_not_reorder_commands) {
  auto rig = connected();
  rig.answers_at_once = false;
  rig.command(peer, "c1", an_invitation);
  rig.command(peer, "c2", an_invitation);
  rig.command(peer, "c3", chat::query_room{"r"}); // needs no lookup
  rig.command(peer, "", chat::typing{"r", "u", true});
  BOOST_REQUIRE(rig.asked.size() == 2u);
  const auto first = rig.asked[0], second = rig.asked[1];
  rig.answer(second);
  BOOST_TEST(rig.commands.empty());
  rig.answer(first);
  BOOST_REQUIRE(rig.commands.size() == 4u);
  BOOST_TEST(rig.commands[0].reference.command_id == "c1");
  BOOST_TEST(rig.commands[1].reference.command_id == "c2");
  BOOST_TEST(rig.commands[2].reference.command_id == "c3");
  BOOST_TEST(rig.commands[3].reference.command_id == "");
}

BOOST_AUTO_TEST_CASE(a_failed_lookup_is_a_retryable_result_and_nothing_runs) {
  auto rig = connected();
  rig.store.broken = true;
  rig.command(peer, "c1", an_invitation);
  BOOST_TEST(rig.commands.empty());
  is_refused(rig, "c1", fault_code::store_failed);
}

BOOST_AUTO_TEST_CASE(a_bad_body_or_unknown_command_is_a_result) {
  auto rig = connected();
  rig.from(peer, verb::command, edge::encode_header(edge::command_header{"c1", "room.paint"}), "\x80");
  is_refused(rig, "c1", fault_code::unknown_command);
  rig.from(peer, verb::command, edge::encode_header(edge::command_header{"c2", "room.create"}), "\x80");
  is_refused(rig, "c2", fault_code::bad_body);
}

BOOST_AUTO_TEST_CASE(only_an_ephemeral_command_may_have_no_id) {
  auto rig = connected();
  rig.command(peer, "", an_invitation);
  is_error(rig, peer, fault_code::bad_frame);
  rig.from(peer, verb::command, "junk");
  is_error(rig, peer, fault_code::bad_frame);
  rig.command(peer, "", chat::typing{"r", "u", true});
  BOOST_TEST(rig.sent.empty());
  BOOST_REQUIRE(rig.commands.size() == 1u);
  BOOST_TEST(rig.commands[0].reference.command_id.empty());
  rig.command(peer, "t1", chat::typing{"r", "u", false});
  BOOST_TEST(result_of(rig.only(peer)).ok);
}

BOOST_AUTO_TEST_CASE(a_marker_is_answered_when_it_is_set_unless_it_has_no_id) {
  auto rig = connected();
  rig.answers_at_once = false;
  rig.command(peer, "", chat::mark_read{"r", "u", "m1", {}});
  rig.command(peer, "c1", chat::mark_read{"r", "u", "m2", {}});
  BOOST_TEST(rig.asked.empty()); // a repetition changes nothing: the store is not asked for one
  BOOST_TEST(rig.sent.empty());
  BOOST_REQUIRE(rig.commands.size() == 2u);
  BOOST_TEST(rig.commands[0].reference.command_id.empty());
  BOOST_TEST(rig.commands[1].reference.command_id == "c1");
}

BOOST_AUTO_TEST_CASE(commands_over_the_credit_are_refused_and_a_result_gives_it_back) {
  session_rig rig;
  rig.settings.command_credit = 2;
  rig.machine = std::make_unique<session::session_machine>(rig.settings);
  rig.begin();
  rig.hello(peer);
  rig.sent.clear();
  rig.command(peer, "c1", an_invitation);
  rig.command(peer, "c2", an_invitation);
  rig.command(peer, "c3", an_invitation);
  is_refused(rig, "c3", fault_code::credit_exceeded);
  rig.give(command_done{rig.commands[0].reference, true, ""});
  rig.sent.clear();
  rig.command(peer, "c3", an_invitation);
  BOOST_TEST(rig.commands.size() == 3u);
}

BOOST_AUTO_TEST_CASE(commands_over_the_credit_in_bytes_are_refused) {
  session_rig rig;
  rig.settings.command_credit_bytes = 2'000;
  rig.machine = std::make_unique<session::session_machine>(rig.settings);
  rig.begin();
  rig.hello(peer);
  rig.sent.clear();
  const chat::message_send message{"r", "a", "m", std::string(1'500, 'x'), {}, {}, {}, {}};
  rig.command(peer, "c1", message);
  rig.command(peer, "c2", message);
  is_refused(rig, "c2", fault_code::credit_exceeded);
}

BOOST_AUTO_TEST_CASE(the_part_of_a_file_that_is_asked_for_uses_credit_until_it_is_answered) {
  session_rig rig;
  rig.settings.command_credit_bytes = 600'000;
  rig.machine = std::make_unique<session::session_machine>(rig.settings);
  rig.begin();
  rig.hello(peer);
  rig.sent.clear();
  const chat::media_get part{"mxc://a.example/m", 0, 500'000};
  rig.command(peer, "c1", part);
  rig.command(peer, "c2", part);
  is_refused(rig, "c2", fault_code::credit_exceeded);
  BOOST_REQUIRE_EQUAL(rig.commands.size(), 1u);
  rig.give(command_done{rig.commands.front().reference, true, "\x80"});
  rig.command(peer, "c2", part);
  BOOST_TEST(rig.commands.size() == 2u);
}

BOOST_AUTO_TEST_CASE(reconnecting_does_not_multiply_the_commands_a_peer_may_open) {
  session_rig rig;
  rig.settings.command_credit = 1;
  rig.machine = std::make_unique<session::session_machine>(rig.settings);
  rig.begin();
  for (std::size_t i = 0; i < session::open_commands_factor; ++i) {
    const auto c = connection("c" + std::to_string(i));
    rig.hello(c);
    rig.command(c, "c" + std::to_string(i), an_invitation);
    rig.give(connection_lost{c});
  }
  rig.hello(peer);
  rig.sent.clear();
  rig.command(peer, "one more", an_invitation);
  is_refused(rig, "one more", fault_code::overloaded);
}

BOOST_AUTO_TEST_CASE(a_command_nobody_answers_times_out_and_can_be_repeated) {
  auto rig = connected();
  rig.command(peer, "c1", an_invitation);
  for (int i = 0; i < 30; ++i) {
    rig.sent.clear();
    rig.from(peer, verb::pong, "");
    rig.advance(10'000);
  }
  const auto frames = rig.take(peer);
  BOOST_REQUIRE(frames.size() == 2u); // PING, RESULT
  BOOST_TEST((chat::decode_fault(frames[1].body).code == fault_code::timed_out));
  rig.give(command_done{rig.commands[0].reference, true, ""}); // too late: nobody asks for it
  BOOST_TEST(rig.sent.empty());
  rig.command(peer, "c1", an_invitation);
  BOOST_TEST(rig.commands.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_command_goes_on_under_the_trace_of_its_frame_also_when_it_waits_for_another_one) {
  auto rig = connected();
  rig.answers_at_once = false;
  rig.command(peer, "c1", an_invitation);
  const auto first = rig.last_trace;
  rig.command(peer, "c2", an_invitation);
  const auto second = rig.last_trace;
  BOOST_REQUIRE(rig.asked.size() == 2u);
  const auto lookup = rig.asked[0];
  rig.answer(rig.asked[1]);
  rig.answer(lookup); // lets both go on
  BOOST_REQUIRE(rig.commands.size() == 2u);
  BOOST_TEST(rig.commands[0].reference.trace == first);
  BOOST_TEST(rig.commands[1].reference.trace == second);
}

BOOST_AUTO_TEST_SUITE_END()
