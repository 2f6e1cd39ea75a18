// What a room is called and shown with, and which own ids it and its messages have.
#include "messages/edge/packing.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_changes)

namespace {

chat::room_changed only_change(const effects& list) {
  const auto told = notified<chat::room_changed>(list);
  BOOST_REQUIRE(told.size() == 1U);
  return told[0];
}

std::vector<std::string> kinds_shown(const effects& list) {
  std::vector<std::string> found;
  for (const auto& n : notified<chat::system_message>(list)) found.push_back(n.kind);
  return found;
}

std::string event_id_in(const effects& list) {
  const auto done = told<command_done>(list);
  BOOST_REQUIRE(done.size() == 1U);
  const auto map = edge::unpacked_map::parse(done[0].second.body, fault_code::bad_body);
  return map->find("event_id")->as<std::string>();
}

std::string type_of(const shared_room& r) {
  return *matrix::json::parse(r.machine->describe(r.now))->find_string("type");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_name_a_topic_and_a_picture_are_set_and_told) {
  for (const auto* version : {"10", "11", "12"}) {
    shared_room r{version};
    auto list = r.command(chat::room_set_name{"chat-1", ann, "Lobby"});
    auto change = only_change(list);
    BOOST_TEST((change.room_name == "Lobby"), version);
    BOOST_TEST((!change.topic && !change.avatar));
    BOOST_TEST(change.by == ann);
    BOOST_TEST(change.room == "chat-1");
    BOOST_TEST(change.matrix_room_id == r.room_id);
    BOOST_TEST(change.event_id == event_id_in(list));
    BOOST_TEST(kinds_shown(list) == std::vector<std::string>{"renamed"}, boost::test_tools::per_element());
    BOOST_TEST(r.event(change.event_id)->content().find("name")->as_string()->compare("Lobby") == 0);
    list = r.command(chat::room_set_topic{"chat-1", ann, "Weather"});
    BOOST_TEST((only_change(list).topic == "Weather"));
    BOOST_TEST(kinds_shown(list) == std::vector<std::string>{"topic_changed"}, boost::test_tools::per_element());
    list = r.command(chat::room_set_avatar{"chat-1", ann, "mxc://here.example/1"});
    BOOST_TEST((only_change(list).avatar == "mxc://here.example/1"));
    BOOST_TEST(kinds_shown(list) == std::vector<std::string>{"avatar_changed"}, boost::test_tools::per_element());
    list = r.command(chat::room_set_avatar{"chat-1", ann, {}});
    BOOST_TEST((only_change(list).avatar == ""));
  }
}

BOOST_AUTO_TEST_CASE(what_is_so_already_is_not_set_again) {
  shared_room r;
  r.command(chat::room_set_name{"chat-1", ann, "Lobby"});
  const auto list = r.command(chat::room_set_name{"chat-1", ann, "Lobby"});
  BOOST_TEST((refusal_in(list).code == fault_code::none));
  BOOST_TEST(event_id_in(list) == "");
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(notified<chat::room_changed>(list).empty());
  BOOST_TEST(event_id_in(r.command(chat::room_set_topic{"chat-1", ann, {}})) == ""); // it has none
}

BOOST_AUTO_TEST_CASE(who_has_no_power_or_is_not_there_changes_nothing) {
  shared_room r;
  BOOST_TEST((refusal_in(r.command(chat::room_set_name{"chat-1", bob, "x"})).code == fault_code::forbidden));
  BOOST_TEST(
    (refusal_in(r.command(chat::room_set_topic{"chat-1", "@cyd:here.example", "x"})).code == fault_code::not_member));
  for (const auto* odd : {"https://here.example/a.png", "mxc://", "mxc://here.example"})
    BOOST_TEST((refusal_in(r.command(chat::room_set_avatar{"chat-1", ann, odd})).code == fault_code::invalid_param),
               odd);
}

BOOST_AUTO_TEST_CASE(a_change_by_another_server_is_told_once_and_only_what_has_changed) {
  shared_room r;
  r.command(chat::member_set_role{"chat-1", ann, eve, chat::role::moderator});
  auto change = only_change(r.push({r.made(eve, "m.room.topic", {{"topic", "Rain"}}, "")}));
  BOOST_TEST(change.by == eve);
  BOOST_TEST((change.topic == "Rain" && !change.room_name && !change.avatar));
  // The same once more is shown by nobody as a change.
  BOOST_TEST(notified<chat::room_changed>(r.push({r.made(eve, "m.room.topic", {{"topic", "Rain"}}, "")})).empty());
  change = only_change(r.push({r.made(eve, "m.room.topic", {{"topic", 5}}, "")}));
  BOOST_TEST((change.topic == ""));
}

BOOST_AUTO_TEST_CASE(a_redacted_name_is_told_as_none) {
  shared_room r;
  r.command(chat::member_set_role{"chat-1", ann, eve, chat::role::moderator});
  const auto named = r.made(eve, "m.room.name", {{"name", "rude"}}, "");
  r.push({named});
  const auto change = only_change(r.push({r.redaction_of(eve, named->event_id)}));
  BOOST_TEST((change.room_name == ""));
  BOOST_TEST(change.by == eve);
}

BOOST_AUTO_TEST_CASE(a_direct_message_that_gets_a_name_stays_one) {
  shared_room r{"11", false};
  r.join(eve);
  r.command(chat::member_leave{"chat-1", bob, {}});
  r.disk.head.type = chat::room_type::dm;
  r.restart();
  r.command(chat::member_set_role{"chat-1", ann, eve, chat::role::moderator});
  r.push({r.made(eve, "m.room.name", {{"name", "Us"}}, "")});
  BOOST_TEST(type_of(r) == "dm");
  r.command(chat::room_set_name{"chat-1", ann, "The two of us"});
  r.restart();
  BOOST_TEST(type_of(r) == "dm");
}

// -- own ids of messages

BOOST_AUTO_TEST_CASE(a_message_of_theirs_gets_an_own_id_and_is_answered_by_it) {
  shared_room r;
  const auto said = r.message_of(eve, "hello");
  r.push({said});
  auto list = r.command(chat::message_bind{"chat-1", said->event_id, "m-7"});
  BOOST_TEST((refusal_in(list).code == fault_code::none));
  BOOST_REQUIRE(written<store::bind_message>(list).size() == 1U);
  BOOST_TEST(written<store::bind_message>(list)[0].event_id == said->event_id);
  chat::message_send reply;
  reply.room = "chat-1";
  reply.sender = ann;
  reply.message = "m-8";
  reply.text = "hello yourself";
  reply.reply_to = "m-7";
  list = r.command(std::move(reply));
  BOOST_REQUIRE((refusal_in(list).code == fault_code::none));
  const auto sent = r.event(event_id_in(list));
  BOOST_TEST(*sent->content().find("m.relates_to")->find("m.in_reply_to")->find_string("event_id") == said->event_id);
  // Once more it is the same, for another message the id is in use.
  BOOST_TEST((refusal_in(r.command(chat::message_bind{"chat-1", said->event_id, "m-7"})).code == fault_code::none));
  BOOST_TEST(
    (refusal_in(r.command(chat::message_bind{"chat-1", said->event_id, "m-8"})).code == fault_code::already_exists));
  r.restart();
  BOOST_TEST(
    (refusal_in(r.command(chat::message_bind{"chat-1", said->event_id, "m-8"})).code == fault_code::already_exists));
}

BOOST_AUTO_TEST_CASE(a_message_that_is_none_of_the_room_gets_no_own_id) {
  shared_room r;
  BOOST_TEST((refusal_in(r.command(chat::message_bind{"chat-1", "$nothing", "m-7"})).code == fault_code::not_found));
  BOOST_TEST((refusal_in(r.command(chat::message_bind{"chat-1", "m-0", "m-7"})).code == fault_code::not_found));
}

// -- the room is removed

namespace {

/// Whom it has left, as it is told.
std::vector<chat::room_removed_for> removals(const effects& list) { return notified<chat::room_removed_for>(list); }

std::string phase_of(const shared_room& r) {
  return *matrix::json::parse(r.machine->describe(r.now))->find_string("phase");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_removed_room_is_left_by_all_of_ours_and_closed_behind_them) {
  for (const auto* version : {"10", "11", "12"}) {
    shared_room r{version};
    const auto list = r.command(chat::room_remove{"chat-1", ann, "it is over"});
    BOOST_REQUIRE((refusal_in(list).code == fault_code::none));
    for (const auto& user : {ann, bob, eve, eli}) BOOST_TEST(r.membership(user) == "leave", user);
    BOOST_TEST(*r.event(r.state().at({"m.room.join_rules", ""}))->content().find("join_rule")->as_string() == "invite");
    BOOST_TEST(r.event(r.state().at({"m.room.member", eve}))->sender == ann);
    const auto gone = removals(list);
    BOOST_REQUIRE(gone.size() == 2U);
    for (const auto& each : gone) {
      BOOST_TEST(each.cause == "removed");
      BOOST_TEST(each.by == ann);
      BOOST_TEST(each.reason == "it is over");
      BOOST_TEST(each.room == "chat-1");
    }
    BOOST_TEST(gone[0].user == bob);
    BOOST_TEST(gone[1].user == ann);
    BOOST_TEST(phase_of(r) == "left");
    // The other server hears of each.
    std::size_t queued = 0;
    for (const auto& [to, m] : told<pdu_queued>(list)) queued += to.key == "there.example" ? 1 : 0;
    BOOST_TEST(queued >= 3U);
    // Again, also after a restart.
    BOOST_TEST((refusal_in(r.command(chat::room_remove{"chat-1", ann, {}})).code == fault_code::none));
    r.restart();
    BOOST_TEST((refusal_in(r.command(chat::room_remove{"chat-1", ann, {}})).code == fault_code::none));
  }
}

BOOST_AUTO_TEST_CASE(who_has_no_power_leaves_the_room_to_the_others) {
  shared_room r;
  const auto list = r.command(chat::room_remove{"chat-1", bob, {}});
  BOOST_REQUIRE((refusal_in(list).code == fault_code::none));
  BOOST_TEST(r.membership(ann) == "leave");
  BOOST_TEST(r.membership(bob) == "leave");
  BOOST_TEST(r.membership(eve) == "join");
  BOOST_TEST(*r.event(r.state().at({"m.room.join_rules", ""}))->content().find("join_rule")->as_string() == "public");
  BOOST_TEST(removals(list).size() == 2U);
}

BOOST_AUTO_TEST_CASE(who_is_not_in_a_room_does_not_remove_it) {
  shared_room r;
  BOOST_TEST(
    (refusal_in(r.command(chat::room_remove{"chat-1", "@cyd:here.example", {}})).code == fault_code::not_member));
  BOOST_TEST(r.membership(ann) == "join");
}

BOOST_AUTO_TEST_CASE(invitations_of_a_removed_room_are_taken_back_first) {
  shared_room r;
  const std::string zoe = "@zoe:third.example", zac = "@zac:third.example";
  r.command(chat::invite_send{"chat-1", ann, zoe, {}});
  r.on(invite_accepted_by_server{zoe, *matrix::parse_event(r.disk.invitations.back().event, r.rules())});
  BOOST_REQUIRE(r.membership(zoe) == "invite");
  r.command(chat::invite_send{"chat-1", ann, zac, {}}); // whose server has not answered
  auto list = r.command(chat::room_remove{"chat-1", ann, "over"});
  BOOST_TEST(told<command_done>(list).empty());
  BOOST_TEST(r.membership(ann) == "join");
  // The invitation takes it back, as it was never offered.
  std::string revoked;
  for (const auto& [to, m] : told<chat_command>(list))
    if (const auto* x = std::get_if<chat::invite_revoke>(m.body.get())) revoked = x->user;
  BOOST_REQUIRE(revoked == zac);
  list = r.on(invite_abandoned{zac, {}});
  BOOST_REQUIRE((refusal_in(list).code == fault_code::none));
  BOOST_TEST(r.membership(zoe) == "leave");
  BOOST_TEST(r.event(r.state().at({"m.room.member", zoe}))->sender == ann);
  BOOST_TEST(r.membership(ann) == "leave");
  bool third_is_told = false;
  for (const auto& [to, m] : told<pdu_queued>(list))
    third_is_told = third_is_told || (to.key == "third.example" && *m.event->state_key == zoe);
  BOOST_TEST(third_is_told);
}

BOOST_AUTO_TEST_SUITE_END()
