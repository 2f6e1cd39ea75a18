#include "plugin/admin/admin_service.hpp"

#include "plugin/admin/verbs.hpp"
#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

/// What changes something needs a reason and leaves a row; and the verbs that change.
namespace causeway::admin::testing {

BOOST_FIXTURE_TEST_SUITE(admin_audit, fixture)

BOOST_AUTO_TEST_CASE(every_verb_that_changes_something_refuses_to_work_without_a_reason) {
  arguments x;
  x.room = x.user = "nobody";
  x.server = "dead.example";
  x.letter = "0-7";
  for (const auto& [command, run] : verbs()) {
    if (!command.changes) continue;
    for (const auto* reason : {"", " \t"}) {
      std::string body;
      x.reason = reason;
      service.ask(edge::role::admin, command.name, encode_arguments(x), [&](bool succeeded, std::string text) {
        BOOST_TEST(!succeeded);
        body = std::move(text);
      });
      BOOST_TEST(body.find("needs reason: say why (--reason TEXT)") != std::string::npos, command.name);
    }
  }
  BOOST_TEST(node.audit.empty());
  BOOST_TEST(node.told.empty());
}

BOOST_AUTO_TEST_CASE(row_says_who_did_what_why_and_how_it_ended) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  operator_.peer_name = "desk";
  auto with = with_server("dead.example");
  with.reason = "they said it is up";
  with.by = "ann";
  ask("server.retry", with);
  BOOST_TEST(refusal("dead_letter.drop", with_letter("0-9")) == "not_found");
  const auto body = ask("audit");
  const auto& rows = *body.find_array("audit");
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(rows[0].find_string("outcome")->starts_with("not_found: "));
  BOOST_TEST(*rows[1].find_string("peer") == "desk");
  BOOST_TEST(*rows[1].find_string("by") == "ann");
  BOOST_TEST(*rows[1].find_string("verb") == "server.retry");
  BOOST_TEST(*rows[1].find_string("arguments") == R"({"server":"dead.example"})");
  BOOST_TEST(*rows[1].find_string("reason") == "they said it is up");
  BOOST_TEST(*rows[1].find_string("outcome") == "done");
}

BOOST_AUTO_TEST_CASE(actors_are_told_only_when_the_row_is_on_disk) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  node.answers = false;
  send("server.retry", with_server("dead.example"));
  BOOST_TEST(node.told.empty());
  BOOST_TEST_REQUIRE(node.kept.size() == 1U); // the commit, and nothing else yet
  node.answers = true;
  node.kept.front()();
  BOOST_TEST(node.told.size() == 1U);
  BOOST_TEST(node.audit.size() == 1U);
}

BOOST_AUTO_TEST_CASE(store_that_does_not_write_lets_nothing_be_changed) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  node.commits = fault{fault_code::store_failed, "disk full"};
  BOOST_TEST(refusal("server.retry", with_server("dead.example")) == "store_failed");
  BOOST_TEST(node.told.empty());
}

BOOST_AUTO_TEST_CASE(command_that_waited_long_for_the_store_is_not_carried_out) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  node.answers = false;
  send("server.retry", with_server("dead.example"));
  node.answers = true;
  node.now += desk::audit_patience_ms + 1;
  node.kept.front()();
  const auto [succeeded, body] = take();
  BOOST_TEST(!succeeded);
  BOOST_TEST(*body.find_string("code") == "timed_out");
  BOOST_TEST(node.told.empty());
  BOOST_TEST(node.audit.front().outcome.starts_with("timed_out"));
}

BOOST_AUTO_TEST_CASE(rows_of_one_millisecond_have_numbers_of_their_own) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  for (int i = 0; i < 3; ++i) ask("server.retry", with_server("dead.example"));
  BOOST_TEST(node.audit.size() == 3U);
}

BOOST_AUTO_TEST_CASE(rows_of_two_nodes_in_one_millisecond_have_numbers_of_their_own) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  auto with = with_server("dead.example");
  with.reason = "test";
  for (const std::int64_t incarnation : {70'001, 70'002}) {
    admin_service other{{"chat.example", "0.1.0", "ed25519:a1", "PUBLIC", {}, {}, incarnation}, node};
    for (int i = 0; i < 2; ++i)
      other.ask(edge::role::admin, "server.retry", encode_arguments(with), [](bool, const std::string&) {});
  }
  ask("server.retry", with);
  BOOST_TEST(node.audit.size() == 5U);
}

// -- pause ------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(paused_server_is_told_to_its_actor_and_says_so_in_words) {
  auto with = with_server("dead.example");
  with.reason = "their disk is full";
  ask("server.pause", with);
  BOOST_TEST_REQUIRE(node.told.size() == 1U);
  BOOST_TEST((node.told[0].first == address{actor_kind::remote_server, "dead.example"}));
  const auto& wanted = std::get<pause_request>(node.told[0].second);
  BOOST_TEST(wanted.paused);
  BOOST_TEST(wanted.reason == "their disk is full");
  auto row = late("dead.example", 2, node.now - 60'000, 3);
  row.destination.paused_since_ts = node.now - 30'000;
  row.destination.pause_reason = "their disk is full";
  node.destinations = {row};
  const auto body = ask("server.show", with_server("dead.example"));
  BOOST_TEST(*body.find_object("server")->find("state")->as_string() == "paused");
  const auto& words = *body.find_array("waits_for");
  BOOST_TEST(
    words[0].as_string()->find("An operator has paused it 30 s ago: their disk is full. `causeway server resume "
                               "dead.example` ends that.") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_a_paused_server_is_resumed_and_its_invitations_go_on) {
  BOOST_TEST(refusal("server.resume", with_server("dead.example")) == "conflict");
  BOOST_TEST(refusal("server.pause", with_server("chat.example")) == "invalid_param"); // ourselves
  BOOST_TEST(refusal("server.pause", with_server("no name")) == "invalid_identifier");
  auto row = late("dead.example", 2, node.now - 60'000, 0);
  row.destination.paused_since_ts = node.now - 30'000;
  node.destinations = {row};
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.user_id = "@f:dead.example";
  x.direction = invitation_direction::outgoing;
  x.state = invitation_state::sending;
  x.pending_request = next_request::invite;
  node.invitations = {x};
  ask("server.resume", with_server("dead.example"));
  BOOST_TEST_REQUIRE(node.told.size() == 2U);
  BOOST_TEST(!std::get<pause_request>(node.told[0].second).paused);
  BOOST_TEST((node.told[1].first == address{actor_kind::invitation, "!r:chat.example|@f:dead.example"}));
}

BOOST_AUTO_TEST_CASE(server_show_tells_errors_both_ways_and_what_of_theirs_is_staged) {
  node.destinations = {late("dead.example", 0, 0, 0)};
  node.status = R"({"edus":3,"oldest_edu_ts":7,"last_errors":[{"ts":1,"phase":"TLS","text":"expired"}],)"
                R"("returned_errors":[{"ts":2,"phase":"HTTP","text":"403"}]})";
  node.shared = {{{"!r:chat.example", "general"}}, 3};
  node.staged = {{{"!r:chat.example", "$x", "dead.example", "", 5}}, 1};
  const auto body = ask("server.show", with_server("dead.example"));
  BOOST_TEST(*body.find_array("errors")->at(0).find_string("phase") == "TLS");
  BOOST_TEST(*body.find_array("returned")->at(0).find_string("text") == "403");
  BOOST_TEST(*body.find_object("ephemeral")->find("queued")->as_integer() == 3);
  BOOST_TEST(*body.find_array("staged")->at(0).find_string("event_id") == "$x");
  BOOST_TEST(*body.find_integer("staged_total") == 1);
  BOOST_TEST(*body.find_array("rooms")->at(0).find_string("chat_room_id") == "general");
  BOOST_TEST(*body.find_integer("rooms_total") == 3);
  BOOST_TEST(*body.find_array("waits_for")->back().as_string() ==
             "1 event of it waits in rooms here; what for stands below.");
}

// -- invitations ------------------------------------------------------------------------------------------------------

store::put_invitation invitation_in(invitation_state state, next_request pending = next_request::none) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.chat_room_id = "general";
  x.user_id = "@f:dead.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.state = state;
  x.pending_request = pending;
  return x;
}

arguments about_it() {
  auto with = with_room("general");
  with.user = "@f:dead.example";
  return with;
}

const chat::command& command_told(const fake_node& node) {
  BOOST_REQUIRE(!node.told.empty());
  BOOST_TEST((node.told.back().first == address{actor_kind::directory, ""}));
  return *std::get<command_received>(node.told.back().second).body;
}

BOOST_AUTO_TEST_CASE(invitation_is_revoked_by_whoever_of_ours_has_made_it) {
  node.invitations = {invitation_in(invitation_state::pending)};
  auto with = about_it();
  with.reason = "wrong person";
  ask("invite.revoke", with);
  const auto& wanted = std::get<chat::invite_revoke>(command_told(node));
  BOOST_TEST(wanted.room == "!r:chat.example");
  BOOST_TEST(wanted.by == "@me:chat.example");
  BOOST_TEST(wanted.user == "@f:dead.example");
  BOOST_TEST(wanted.reason.value() == "wrong person");
}

BOOST_AUTO_TEST_CASE(invitation_that_is_over_or_not_ours_is_not_revoked) {
  for (const auto state : {invitation_state::accepted, invitation_state::revoked, invitation_state::failed}) {
    node.invitations = {invitation_in(state)};
    BOOST_TEST(refusal("invite.revoke", about_it()) == "conflict");
  }
  node.invitations = {invitation_in(invitation_state::pending)};
  node.invitations[0].direction = invitation_direction::incoming;
  BOOST_TEST(refusal("invite.revoke", about_it()) == "conflict");
  BOOST_TEST(node.told.empty());
}

BOOST_AUTO_TEST_CASE(invitation_that_waits_is_tried_now_and_one_that_failed_is_made_anew) {
  node.invitations = {invitation_in(invitation_state::sending, next_request::invite)};
  BOOST_TEST(*ask("invite.resend", about_it()).find_string("action") == "tried_now");
  BOOST_TEST_REQUIRE(node.told.size() == 2U);
  BOOST_TEST(std::holds_alternative<server_alive>(node.told[1].second));
  node.invitations = {invitation_in(invitation_state::failed)};
  BOOST_TEST(*ask("invite.resend", about_it()).find_string("action") == "invited_again");
  BOOST_TEST(std::get<chat::invite_send>(command_told(node)).user == "@f:dead.example");
  node.invitations = {invitation_in(invitation_state::pending)};
  BOOST_TEST(refusal("invite.resend", about_it()) == "conflict");
}

// -- dead letters, rooms ----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(dead_letter_is_shown_with_what_it_is_about_and_without_texts) {
  node.letters = {{{0, 7}, "message.received", "no such room", 70, 1'000, "!r:chat.example", "$e"}};
  // {"text": "hi", "sender": "@a:x", "n": 7, "list": [true, "no"]}
  node.letter_body = "\x84\xa4text\xa2hi\xa6sender\xa4@a:x\xa1n\x07\xa4list\x92\xc3\xa2no";
  const auto body = ask("dead_letter.show", with_letter("0-7"));
  BOOST_TEST(*body.find_object("letter")->find("reason")->as_string() == "no such room");
  const json::value about{*body.find_object("body")};
  BOOST_TEST(*about.find_string("text") == "(2 bytes)");
  BOOST_TEST(*about.find_string("sender") == "@a:x");
  BOOST_TEST(*about.find_integer("n") == 7);
  BOOST_TEST(*about.find_array("list")->at(1).as_string() == "(2 bytes)");
  node.letter_body = "\xc1";
  BOOST_TEST(ask("dead_letter.show", with_letter("0-7")).find("body")->is_null());
  BOOST_TEST(refusal("dead_letter.show", with_letter("0-8")) == "not_found");
}

BOOST_AUTO_TEST_CASE(room_show_lists_as_many_members_as_are_wanted_and_counts_all) {
  store::room_summary summary;
  summary.room_id = "!r:chat.example";
  node.rooms = {summary};
  node.room.room.state_group = 1;
  matrix::state_map state;
  for (int i = 0; i < 5; ++i) {
    const auto user = "@u" + std::to_string(i) + ":chat.example";
    auto joined = member("$" + std::to_string(i), user, "join", "");
    state.insert_or_assign({"m.room.member", user}, joined->event_id);
    node.room.state_events.push_back({joined, store::verdict::accepted, 0, 0, 0});
  }
  node.room.state_groups[1] = std::make_shared<matrix::state_map>(state);
  auto with = with_room("!r:chat.example");
  with.limit = 2;
  const auto body = ask("room.show", with);
  BOOST_TEST(body.find_array("members")->size() == 2U);
  BOOST_TEST(*body.find_integer("members_total") == 5);
}

BOOST_AUTO_TEST_CASE(room_show_cuts_servers_invitations_and_sentences_too_and_what_waits_is_left) {
  store::room_summary summary;
  summary.room_id = "!r:chat.example";
  node.rooms = {summary};
  node.room.room.state_group = 1;
  matrix::state_map state;
  for (int i = 0; i < 5; ++i) {
    const auto user = "@u:" + std::string(1, static_cast<char>('a' + i)) + ".example";
    auto joined = member("$" + std::to_string(i), user, "join", "");
    state.insert_or_assign({"m.room.member", user}, joined->event_id);
    node.room.state_events.push_back({joined, store::verdict::accepted, 0, 0, 0});
    auto one = invitation_in(i < 3 ? invitation_state::accepted : invitation_state::pending);
    one.user_id = user;
    node.room.invitations.push_back(one);
  }
  node.room.state_groups[1] = std::make_shared<matrix::state_map>(state);
  node.destinations = {late("e.example", 4, node.now - 60'000, 2)};
  auto with = with_room("!r:chat.example");
  with.limit = 1;
  const auto body = ask("room.show", with);
  BOOST_TEST_REQUIRE(body.find_array("servers")->size() == 1U);
  BOOST_TEST(*body.find_array("servers")->at(0).find_string("server_name") == "e.example");
  BOOST_TEST(*body.find_integer("servers_total") == 5);
  BOOST_TEST_REQUIRE(body.find_array("invitations")->size() == 1U);
  BOOST_TEST(*body.find_array("invitations")->at(0).find_string("state") == "pending");
  BOOST_TEST(*body.find_integer("invitations_total") == 5);
  BOOST_TEST(body.find_array("waits_for")->size() == 1U);
  BOOST_TEST(*body.find_integer("waits_for_total") == 3); // two invitations, one server
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
