#include "plugin/admin/admin_service.hpp"

#include "messages/edge/header.hpp"
#include "messages/matrix/json.hpp"
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/verbs.hpp"
#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <mutex>
#include <thread>

using namespace causeway;
using namespace causeway::admin;
using namespace causeway::admin::testing;

BOOST_FIXTURE_TEST_SUITE(admin_service_, fixture)

BOOST_AUTO_TEST_CASE(hello_is_answered_with_who_we_are) {
  edge::hello_header hello;
  hello.versions = {1};
  service.on_frame(operator_, {edge::verb::hello, edge::encode_header(hello), {}});
  BOOST_TEST_REQUIRE(node.sent.size() == 1U);
  auto welcome = edge::decode_header<edge::welcome_header>(node.sent[0].header);
  BOOST_REQUIRE(welcome);
  BOOST_TEST(welcome->server_name == "chat.example");
  BOOST_TEST(welcome->broker == "causeway 0.1.0");
}

BOOST_AUTO_TEST_CASE(hello_of_another_version_is_refused) {
  edge::hello_header hello;
  hello.versions = {7};
  service.on_frame(operator_, {edge::verb::hello, edge::encode_header(hello), {}});
  BOOST_TEST_REQUIRE(node.sent.size() == 1U);
  BOOST_TEST((node.sent[0].what == edge::verb::error));
  auto header = edge::decode_header<edge::error_header>(node.sent[0].header);
  BOOST_REQUIRE(header);
  BOOST_REQUIRE(header->versions);
  BOOST_TEST(header->versions->at(0) == 1U);
}

BOOST_AUTO_TEST_CASE(ping_is_answered_with_its_own_time) {
  edge::ping_header ping;
  ping.t = 42;
  service.on_frame(operator_, {edge::verb::ping, edge::encode_header(ping), {}});
  BOOST_TEST_REQUIRE(node.sent.size() == 1U);
  BOOST_TEST((node.sent[0].what == edge::verb::pong));
  BOOST_TEST(edge::decode_header<edge::ping_header>(node.sent[0].header)->t == 42);
}

BOOST_AUTO_TEST_CASE(garbage_is_answered_and_never_ends_anything) {
  for (auto what : {edge::verb::hello, edge::verb::command, edge::verb::ping})
    for (const std::string& bytes :
         {std::string{"\xc1"}, std::string{"\xdf\xff\xff\xff\xff"}, std::string(70'000, '\x91'), std::string{"\x01"}}) {
      node.sent.clear();
      service.on_frame(operator_, {what, bytes, bytes});
      BOOST_TEST_REQUIRE(node.sent.size() == 1U);
      BOOST_TEST((node.sent[0].what == edge::verb::error));
    }
  node.sent.clear();
  service.on_frame(operator_, {edge::verb::seek, {}, {}});
  BOOST_TEST((node.sent.at(0).what == edge::verb::error));
  node.sent.clear();
  service.on_frame(operator_, {edge::verb::bye, {}, {}});
  BOOST_TEST(node.sent.empty());
  edge::command_header header;
  header.id = "1";
  header.command = "rooms";
  service.on_frame(operator_, {edge::verb::command, edge::encode_header(header), "\xc1"});
  BOOST_TEST(!take().first);
}

BOOST_AUTO_TEST_CASE(unknown_command_and_missing_argument_are_named) {
  BOOST_TEST(refusal("make_coffee") == "unknown_command");
  BOOST_TEST(refusal("room.show") == "bad_body");
  BOOST_TEST(refusal("invite.show", with_room("!r:chat.example")) == "bad_body");
  arguments x;
  x.limit = 0;
  BOOST_TEST(refusal("rooms", x) == "invalid_param");
}

BOOST_AUTO_TEST_CASE(chat_peer_may_ask_nothing_and_inspector_may_change_nothing) {
  operator_.peer_role = edge::role::chat;
  BOOST_TEST(refusal("rooms") == "role_denied");
  operator_.peer_role = edge::role::gateway;
  BOOST_TEST(refusal("rooms") == "role_denied");
  operator_.peer_role = edge::role::inspector;
  ask("rooms");
  BOOST_TEST(refusal("server.retry", with_server("far.example")) == "role_denied");
  BOOST_TEST(node.told.empty());
}

BOOST_AUTO_TEST_CASE(every_command_of_the_table_is_answered) {
  arguments x;
  x.room = x.user = x.event = x.key = "nobody";
  x.kind = "room";
  x.server = "nobody.example";
  x.letter = "0-9";
  for (const auto& [command, run] : verbs()) {
    node.sent.clear();
    send(command.name, x);
    auto [succeeded, body] = take();
    const auto code = succeeded ? std::string{} : *body.find_string("code");
    // `conflict`: only a paused server is resumed.
    BOOST_TEST((succeeded || code == "not_found" || code == "invalid_identifier" || code == "conflict"), command.name);
  }
}

BOOST_AUTO_TEST_CASE(rooms_that_wait_come_first_and_lists_can_be_filtered_and_cut) {
  store::room_summary quiet, waiting;
  quiet.room_id = "!a:chat.example";
  waiting.room_id = "!z:far.example";
  waiting.staged = 3;
  node.rooms = {quiet, waiting};
  auto body = ask("rooms");
  BOOST_TEST(*body.find_integer("total") == 2);
  BOOST_TEST(*body.find_array("rooms")->at(0).find_string("room_id") == "!z:far.example");
  arguments x;
  x.filter = "chat.example";
  body = ask("rooms", x);
  BOOST_TEST(*body.find_integer("total") == 1);
  x.filter.clear();
  x.limit = 1;
  body = ask("rooms", x);
  BOOST_TEST(*body.find_integer("total") == 2);
  BOOST_TEST(body.find_array("rooms")->size() == 1U);
}

BOOST_AUTO_TEST_CASE(latest_server_comes_first) {
  node.destinations = {late("fine.example", 0, 0, 0), late("slow.example", 1, node.now - 1'000, 0),
                       late("dead.example", 9, node.now - 90'000, 4)};
  auto body = ask("servers");
  const auto& rows = *body.find_array("servers");
  BOOST_TEST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(*rows[0].find_string("server_name") == "dead.example");
  BOOST_TEST(*rows[0].find_string("state") == "backing_off");
  BOOST_TEST(*rows[1].find_string("server_name") == "slow.example");
  BOOST_TEST(*rows[2].find_string("state") == "healthy");
}

BOOST_AUTO_TEST_CASE(server_show_says_in_words_what_it_waits_for) {
  auto x = late("dead.example", 2, node.now - 120'000, 3);
  x.destination.last_fault = "peer_tls: certificate has expired";
  x.destination.retry_at_ts = node.now + 30'000;
  node.destinations = {x};
  node.destination.pdus = {member("$1", "@me:chat.example", "join", "me")};
  auto body = ask("server.show", with_server("dead.example"));
  BOOST_TEST(*body.find_object("server")->find("state")->as_string() == "never_contacted");
  const auto& words = *body.find_array("waits_for");
  BOOST_TEST_REQUIRE(words.size() == 3U);
  BOOST_TEST(words[0].as_string()->find("2 events wait, the oldest for 2 min.") == 0U);
  BOOST_TEST(words[0].as_string()->find("certificate has expired") != std::string::npos);
  BOOST_TEST(words[1].as_string()->find("never answered") != std::string::npos);
  BOOST_TEST(words[2].as_string()->find("certificate has expired") != std::string::npos);
  BOOST_TEST(*body.find_array("queue")->at(0).find_string("event_id") == "$1");
  BOOST_TEST(*body.find_object("actor")->find("phase")->as_string() == "idle");
  BOOST_TEST_REQUIRE(node.statuses_asked.size() == 1U);
  BOOST_TEST((node.statuses_asked[0] == address{actor_kind::remote_server, "dead.example"}));
}

BOOST_AUTO_TEST_CASE(server_that_only_has_an_invitation_to_take_is_shown_and_can_be_retried) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.user_id = "@f:dead.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.state = invitation_state::sending;
  x.pending_request = next_request::invite;
  node.invitations = {x};
  auto body = ask("server.show", with_server("dead.example"));
  BOOST_TEST(body.find_array("invitations")->size() == 1U);
  const auto& words = *body.find_array("waits_for");
  BOOST_TEST_REQUIRE(words.size() == 2U);
  BOOST_TEST(words[0].as_string()->starts_with("1 invitation waits."));
  BOOST_TEST(
    words[1].as_string()->starts_with("Invitation of @f:dead.example: dead.example has not taken the invitation yet."));
  ask("server.retry", with_server("dead.example"));
  BOOST_TEST(node.told.size() == 2U); // its actor, and the invitation
}

BOOST_AUTO_TEST_CASE(revocation_that_waits_to_be_confirmed_is_shown_though_nobody_may_answer) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.user_id = "@f:dead.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.state = invitation_state::revoked_unconfirmed;
  node.invitations = {x};
  for (const auto& body : {ask("invites", {}), ask("server.show", with_server("dead.example"))}) {
    const auto& rows = *body.find_array("invitations");
    BOOST_TEST_REQUIRE(rows.size() == 1U);
    BOOST_TEST(*rows[0].find_string("state") == "revoked_unconfirmed");
    BOOST_TEST(*rows[0].find_string("waits_for") == "dead.example has not confirmed that the invitation is revoked.");
  }
}

BOOST_AUTO_TEST_CASE(
  servers_and_invite_show_tell_why_an_invitation_waits_how_often_it_was_tried_and_when_it_is_tried_next) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.user_id = "@f:dead.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.state = invitation_state::sending;
  x.pending_request = next_request::invite;
  x.attempts = 3;
  x.retry_at_ts = node.now + 40'000;
  x.last_fault = "peer_unresolvable: dead.example";
  auto answered = x; // his user is asked, not the server
  answered.user_id = "@g:dead.example";
  answered.state = invitation_state::pending;
  answered.pending_request = next_request::none;
  node.invitations = {x, answered};
  node.destinations = {late("fine.example", 0, 0, 0)};
  auto body = ask("servers");
  const auto& rows = *body.find_array("servers");
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(*rows[0].find_string("server_name") == "dead.example");
  BOOST_TEST(*rows[0].find_string("state") == "waiting");
  BOOST_TEST(*rows[0].find_integer("invitations") == 1);
  BOOST_TEST(*rows[0].find_integer("retry_at_ts") == x.retry_at_ts);
  BOOST_TEST(*rows[0].find_string("last_fault") == x.last_fault);
  BOOST_TEST(
    *rows[0].find_string("waits_for") ==
    "1 invitation waits, the last attempt failed: peer_unresolvable: dead.example. The next attempt is made in 40 s.");
  BOOST_TEST(*rows[1].find_integer("invitations") == 0);

  auto with = with_room("!r:chat.example");
  with.user = x.user_id;
  body = ask("invite.show", with);
  BOOST_TEST(*body.find_object("invitation")->find("last_fault")->as_string() == x.last_fault);
  BOOST_TEST(*body.find_object("invitation")->find("attempts")->as_integer() == 3);
  BOOST_TEST(*body.find_object("server")->find("state")->as_string() == "waiting"); // not well
  const auto& words = *body.find_array("waits_for");
  BOOST_TEST_REQUIRE(words.size() == 2U);
  BOOST_TEST(words[0].as_string()->find(
               "3 attempts so far, the last failed: peer_unresolvable: dead.example; the next is made in 40 s") !=
             std::string::npos);
  BOOST_TEST(words[1].as_string()->find("check its spelling and DNS") != std::string::npos);

  body = ask("server.retry", with_server("dead.example"));
  BOOST_TEST(*body.find_integer("invitations") == 1);
  BOOST_TEST_REQUIRE(node.told.size() == 2U);
  BOOST_TEST((node.told[1].first == address{actor_kind::invitation, "!r:chat.example|@f:dead.example"}));
  BOOST_TEST(std::holds_alternative<server_alive>(node.told[1].second));
}

BOOST_AUTO_TEST_CASE(invitation_that_failed_says_why_and_what_to_do) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.user_id = "@f:dead.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.state = invitation_state::failed;
  x.deadline_ts = x.retry_at_ts = node.now + 1'000;
  x.reason = "peer_blocked_address: no address is admitted";
  node.invitations = {x};
  auto with = with_room("!r:chat.example");
  with.user = x.user_id;
  auto body = ask("invite.show", with);
  const auto& words = *body.find_array("waits_for");
  BOOST_TEST_REQUIRE(words.size() == 2U);
  BOOST_TEST(*words[0].as_string() == "The invitation is over (failed, peer_blocked_address: no address is admitted).");
  BOOST_TEST(words[1].as_string()->find("gateway.allowed_networks") != std::string::npos);
  BOOST_TEST(*body.find_object("invitation")->find("deadline_ts")->as_integer() == 0);
  BOOST_TEST(*body.find_object("invitation")->find("retry_at_ts")->as_integer() == 0);
}

BOOST_AUTO_TEST_CASE(unknown_server_is_not_found) {
  node.status.clear();
  BOOST_TEST(refusal("server.show", with_server("typo.example")) == "not_found");
  BOOST_TEST(refusal("server.retry", with_server("typo.example")) == "not_found");
}

BOOST_AUTO_TEST_CASE(retry_tells_the_server_s_actor) {
  node.destinations = {late("dead.example", 2, node.now, 3)};
  auto body = ask("server.retry", with_server("dead.example"));
  BOOST_TEST(*body.find_bool("retried"));
  BOOST_TEST_REQUIRE(node.told.size() == 1U);
  BOOST_TEST((node.told[0].first == address{actor_kind::remote_server, "dead.example"}));
  BOOST_TEST(std::holds_alternative<retry_now>(node.told[0].second));
}

BOOST_AUTO_TEST_CASE(dead_letters_are_listed_latest_first) {
  node.letters = {{{0, 7}, "message.received", "no such room", 70, 1'000, "!r:chat.example", "$e"},
                  {{1, 3}, "room.changed", "why", 8, 2'000, "", ""}};
  const auto body = ask("dead_letters");
  const auto& rows = *body.find_array("dead_letters");
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(*rows[0].find_string("id") == "1-3");
  BOOST_TEST(*rows[1].find_string("event") == "message.received");
  BOOST_TEST(*rows[1].find_string("reason") == "no such room");
  BOOST_TEST(*rows[1].find_integer("refused_ts") == 1'000);
}

BOOST_AUTO_TEST_CASE(dead_letter_is_brought_again_or_dropped_by_the_directory) {
  node.letters = {{{0, 7}, "message.received", "why", 70, 1'000, "", ""}};
  BOOST_TEST(*ask("dead_letter.retry", with_letter("0-7")).find_string("event") == "message.received");
  ask("dead_letter.drop", with_letter("0-7"));
  BOOST_TEST_REQUIRE(node.told.size() == 2U);
  BOOST_TEST((node.told[0].first == address{actor_kind::directory, ""}));
  const auto& retry = std::get<command_received>(node.told[0].second);
  BOOST_TEST(retry.reference.command_id.empty());
  BOOST_TEST(std::get<chat::dead_letter_retry>(*retry.body).id == "0-7");
  BOOST_TEST(std::get<chat::dead_letter_drop>(*std::get<command_received>(node.told[1].second).body).id == "0-7");
  node.told.clear();
  BOOST_TEST(refusal("dead_letter.retry", with_letter("0-8")) == "not_found");
  BOOST_TEST(refusal("dead_letter.drop", with_letter("seven")) == "invalid_param");
  BOOST_TEST(refusal("dead_letter.drop") == "bad_body");
  operator_.peer_role = edge::role::inspector;
  BOOST_TEST(refusal("dead_letter.drop", with_letter("0-7")) == "role_denied");
  BOOST_TEST(node.told.empty());
}

BOOST_AUTO_TEST_CASE(room_show_finds_a_room_by_either_name_and_tells_members_servers_and_waits) {
  store::room_summary summary;
  summary.room_id = "!r:chat.example";
  summary.chat_room_id = "general";
  summary.staged = 1;
  node.rooms = {summary};
  node.room.exists = true;
  node.room.room.state_group = 7;
  auto me = member("$me", "@me:chat.example", "join", "Me"), remote = member("$f", "@f:dead.example", "join", "Friend"),
       gone = member("$g", "@g:gone.example", "leave", "");
  for (const auto& x : {gone, me, remote}) node.room.state_events.push_back({x, store::verdict::accepted, 0, 0, 0});
  node.room.state_groups[7] =
    std::make_shared<matrix::state_map>(matrix::state_map{{{"m.room.member", "@g:gone.example"}, "$g"},
                                                          {{"m.room.member", "@me:chat.example"}, "$me"},
                                                          {{"m.room.member", "@f:dead.example"}, "$f"},
                                                          {{"m.room.name", ""}, "$unknown"}});
  node.room.extremities.push_back({me, store::verdict::accepted, 0, 0, 0});
  node.room.inbox.push_back({"!r:chat.example", "$later", "dead.example", "{}", node.now - 5'000});
  node.destinations = {late("dead.example", 4, node.now - 60'000, 2)};
  for (const char* name : {"general", "!r:chat.example"}) {
    auto body = ask("room.show", with_room(name));
    const auto& members = *body.find_array("members");
    BOOST_TEST_REQUIRE(members.size() == 3U);
    BOOST_TEST(*members[2].find_string("membership") == "leave");
    BOOST_TEST(*members[0].find_string("display_name") == "Friend");
    const auto& servers = *body.find_array("servers");
    BOOST_TEST_REQUIRE(servers.size() == 1U); // not ours, not those that left
    BOOST_TEST(*servers[0].find_string("server_name") == "dead.example");
    BOOST_TEST(*body.find_array("extremities")->at(0).find_string("event_id") == "$me");
    BOOST_TEST(*body.find_array("staged")->at(0).find_string("origin") == "dead.example");
    BOOST_TEST(body.find_array("waits_for")->size() == 2U);
  }
  BOOST_TEST(refusal("room.show", with_room("random")) == "not_found");
}

BOOST_AUTO_TEST_CASE(invitation_is_found_by_room_and_user) {
  store::put_invitation x;
  x.room_id = "!r:chat.example";
  x.chat_room_id = "general";
  x.user_id = "@f:dead.example";
  x.inviter = "@me:chat.example";
  x.direction = invitation_direction::outgoing;
  x.state = invitation_state::pending;
  node.invitations = {x};
  node.destinations = {late("dead.example", 4, node.now - 60'000, 2)};
  auto with = with_room("general");
  with.user = "@f:dead.example";
  auto body = ask("invite.show", with);
  BOOST_TEST(*body.find_object("invitation")->find("state")->as_string() == "pending");
  BOOST_TEST(*body.find_object("server")->find("server_name")->as_string() == "dead.example");
  BOOST_TEST((node.statuses_asked.at(0) == address{actor_kind::invitation, "!r:chat.example|@f:dead.example"}));
  with.user = "@other:dead.example";
  BOOST_TEST(refusal("invite.show", with) == "not_found");
}

BOOST_AUTO_TEST_CASE(actors_in_trouble_come_first) {
  actor_row fine, parked;
  fine.kind = parked.kind = "room";
  fine.phase = "running";
  fine.mailbox = 50;
  parked.phase = "parked";
  node.actors = {fine, parked};
  auto body = ask("actors");
  BOOST_TEST(*body.find_array("actors")->at(0).find_string("phase") == "parked");
}

BOOST_AUTO_TEST_CASE(of_actors_that_run_those_are_cut_off_last_whose_messages_have_waited_for_longest) {
  for (const auto& [key, mailbox, oldest] :
       {std::tuple{"idle", 0, 0}, std::tuple{"busy", 500, 200}, std::tuple{"stuck", 1, 100}}) {
    auto& row = node.actors.emplace_back();
    row.kind = "room";
    row.key = key;
    row.phase = "running";
    row.mailbox = mailbox;
    row.oldest_waiting_ts = oldest;
  }
  arguments with;
  with.limit = 2;
  const auto body = ask("actors", with);
  BOOST_TEST_REQUIRE(body.find_array("actors")->size() == 2U);
  BOOST_TEST(*body.find_array("actors")->at(0).find_string("key") == "stuck");
  BOOST_TEST(*body.find_array("actors")->at(1).find_string("key") == "busy");
  BOOST_TEST(*body.find_integer("total") == 3);
}

BOOST_AUTO_TEST_CASE(the_first_actors_by_a_column_are_asked_of_who_has_them) {
  actor_row busy;
  busy.key = "busy";
  node.ranked = actors_ranked{{busy}, 100'000, {{"running", 99'999}, {"parked", 1}}};
  arguments with;
  with.sort = "mailbox:desc";
  with.filter = "b";
  with.limit = 40;
  const auto body = ask("actors", with);
  BOOST_TEST(*body.find_array("actors")->at(0).find_string("key") == "busy");
  BOOST_TEST(*body.find_integer("total") == 100'000);
  BOOST_TEST(*body.find_object("counts")->find("parked")->as_integer() == 1);
  BOOST_TEST_REQUIRE(node.ranks_asked.size() == 1U);
  BOOST_TEST(node.ranks_asked[0].column == "mailbox");
  BOOST_TEST(node.ranks_asked[0].descending);
  BOOST_TEST(node.ranks_asked[0].filter == "b");
  BOOST_TEST(node.ranks_asked[0].limit == 40U);
  with.sort = "mailbox:up";
  BOOST_TEST(refusal("actors", with) == "invalid_param");
  node.ranked = fault{fault_code::invalid_param, "sort: there is no column"};
  with.sort = "nothing";
  BOOST_TEST(refusal("actors", with) == "invalid_param");
}

BOOST_AUTO_TEST_CASE(a_list_is_sorted_by_a_column_and_says_how_many_are_in_which_state) {
  node.destinations = {late("a.example", 1, node.now - 60'000, 0), late("b.example", 9, node.now - 1'000, 2),
                       late("c.example", 5, node.now - 30'000, 2)};
  arguments with;
  with.sort = "queued:desc";
  with.limit = 2;
  auto body = ask("servers", with);
  BOOST_TEST_REQUIRE(body.find_array("servers")->size() == 2U);
  BOOST_TEST(*body.find_array("servers")->at(0).find_string("server_name") == "b.example");
  BOOST_TEST(*body.find_array("servers")->at(1).find_string("server_name") == "c.example");
  BOOST_TEST(*body.find_integer("total") == 3);
  std::int64_t counted = 0;
  for (const auto& x : *body.find_object("counts")) counted += *x.mapped.as_integer();
  BOOST_TEST(counted == 3);
  with.sort = "server_name";
  BOOST_TEST(*ask("servers", with).find_array("servers")->at(0).find_string("server_name") == "a.example");
  with.sort = "colour";
  BOOST_TEST(refusal("servers", with) == "invalid_param");
}

BOOST_AUTO_TEST_CASE(servers_that_are_owed_receipts_stand_apart_from_the_rest_of_the_actor) {
  node.status = R"({"unsent":3,"servers":[{"server":"dead.example","failures":2}]})";
  auto body = ask("receipts");
  BOOST_TEST((node.statuses_asked.at(0) == address{actor_kind::receipts, ""}));
  BOOST_TEST(*body.find_array("servers")->at(0).find_string("server") == "dead.example");
  BOOST_TEST(*body.find_object("actor")->find("unsent")->as_integer() == 3);
  BOOST_TEST(body.find_object("actor")->size() == 1u);
  node.status = "";
  BOOST_TEST(ask("receipts").find_array("servers")->empty());
}

BOOST_AUTO_TEST_CASE(keys_are_ours_without_a_name_and_another_server_s_with_one) {
  auto body = ask("keys");
  BOOST_TEST(*body.find_array("keys")->at(0).find_string("key_id") == "ed25519:a1");
  node.destination.keys.keys["ed25519:far"] = {"FARKEY", node.now, false};
  body = ask("keys", with_server("far.example"));
  BOOST_TEST(*body.find_array("keys")->at(0).find_string("public_key") == "FARKEY");
  BOOST_TEST(!*body.find_array("keys")->at(0).find_bool("ours"));
}

BOOST_AUTO_TEST_CASE(fault_of_the_store_is_the_answer) {
  node.store_fault = fault{fault_code::store_failed, "disk full"};
  BOOST_TEST(refusal("rooms") == "store_failed");
  BOOST_TEST(refusal("room.show", with_room("!r:chat.example")) == "store_failed");
}

BOOST_AUTO_TEST_CASE(command_that_gets_no_answer_ends_at_its_deadline) {
  node.answers = false;
  send("rooms");
  service.expire();
  BOOST_TEST(node.sent.empty());
  node.now += admin_service::answer_timeout_ms;
  service.expire();
  auto [succeeded, body] = take();
  BOOST_TEST(!succeeded);
  BOOST_TEST(*body.find_string("code") == "timed_out");
  // What comes later is dropped.
  for (auto& x : node.kept) x();
  BOOST_TEST(node.sent.empty());
}

BOOST_AUTO_TEST_CASE(actor_that_hangs_does_not_hide_what_the_store_knows) {
  node.destinations = {late("dead.example", 2, node.now - 120'000, 3)};
  node.actors_hang = true;
  admin_service patient{{"chat.example", "0.1.0", "ed25519:a1", "PUBLIC"}, node};
  edge::command_header header;
  header.id = "1";
  header.command = "server.show";
  patient.on_frame(operator_,
                   {edge::verb::command, edge::encode_header(header), encode_arguments(with_server("dead.example"))});
  BOOST_TEST(node.sent.empty());
  node.now += admin_service::answer_timeout_ms;
  patient.expire();
  auto [succeeded, body] = take();
  BOOST_TEST(succeeded);
  BOOST_TEST(body.find_array("waits_for")->back().as_string()->find("did not answer in time") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(actor_that_is_not_in_memory_is_no_reproach) {
  node.destinations = {late("far.example", 0, 0, 0)};
  node.status.clear();
  auto body = ask("server.show", with_server("far.example"));
  BOOST_TEST(body.find("actor")->is_null());
  BOOST_TEST(*body.find_array("waits_for")->at(0).as_string() == "Nothing waits for far.example.");
  BOOST_TEST(body.find_array("waits_for")->size() == 1U);
}

BOOST_AUTO_TEST_CASE(more_commands_than_the_bound_are_refused_and_the_bound_recovers) {
  node.answers = false;
  for (std::size_t i = 0; i < admin_service::open_commands_max; ++i) send("rooms");
  BOOST_TEST(node.sent.empty());
  BOOST_TEST(refusal("rooms") == "overloaded");
  node.now += admin_service::answer_timeout_ms;
  service.expire();
  BOOST_TEST(node.sent.size() == admin_service::open_commands_max);
  node.sent.clear();
  node.answers = true;
  ask("rooms");
}

BOOST_AUTO_TEST_CASE(answers_after_the_end_of_the_service_are_dropped) {
  node.answers = false;
  {
    admin_service shorter{{"chat.example", "0.1.0", "k", "P"}, node};
    edge::command_header header;
    header.id = "1";
    header.command = "rooms";
    shorter.on_frame(operator_, {edge::verb::command, edge::encode_header(header), {}});
  }
  for (auto& x : node.kept) x();
  BOOST_TEST(node.sent.empty());
}

BOOST_AUTO_TEST_CASE(answers_may_come_from_many_threads_and_each_command_is_answered_once) {
  std::atomic<int> results = 0;
  std::mutex guard;
  std::vector<std::function<void()>> open;
  struct : fake_node {
    std::function<void(std::function<void(store::answer)>)> keep;
    std::function<void()> answered;
    void ask_store(store::query, std::function<void(store::answer)> then) override { keep(std::move(then)); }
    void send(edge::connection, edge::frame) override { answered(); }
    std::int64_t now_ms() override { return 1; }
  } x;
  x.keep = [&](std::function<void(store::answer)> then) {
    std::lock_guard lock{guard};
    open.emplace_back([then = std::move(then)] { then(store::rooms_listed{}); });
  };
  x.answered = [&] { ++results; };
  admin_service busy{{"chat.example", "0.1.0", "k", "P"}, x};
  constexpr int commands_wanted = 2'000;
  std::atomic<int> begun = 0;
  std::vector<std::thread> threads;
  edge::command_header header;
  header.id = "1";
  header.command = "rooms";
  auto frame = edge::frame{edge::verb::command, edge::encode_header(header), {}};
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      while (begun++ < commands_wanted) busy.on_frame(operator_, frame);
    });
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      while (results < commands_wanted) {
        std::vector<std::function<void()>> mine;
        {
          std::lock_guard lock{guard};
          mine.swap(open);
        }
        for (auto& answer : mine) answer();
        busy.expire();
        std::this_thread::yield();
      }
    });
  for (auto& t : threads) t.join();
  BOOST_TEST(results == commands_wanted);
}

BOOST_AUTO_TEST_SUITE_END()
