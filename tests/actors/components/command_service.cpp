#include "actors/room/command_service.hpp"

#include "messages/edge/packing.hpp"
#include "messages/invitation_key.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_command_service_alone)

namespace {

struct service_rig : command_rig {
  room::command_service commands{
    {room, out, pending, writer, authoring, redacted, invitations, inbound, joins, notifier}};
  int number = 0;
  user_right right = user_right::unsaid; ///< of cyd, as the directory says it with a command

  effects give(chat::command x) {
    chat_command c;
    c.reference = {"s", "c" + std::to_string(++number), 0};
    c.room_id = room_id;
    c.body = std::make_shared<const chat::command>(std::move(x));
    store::put_user profile{cyd, "cyd", "Cyd", ""};
    profile.may_federate = right;
    c.profiles = std::make_shared<const std::vector<store::put_user>>(std::vector{profile});
    commands.take(c);
    return take();
  }
  fault_code refused(chat::command x) { return refusal_in(give(std::move(x))).code; }
  std::size_t waiting() const {
    matrix::json::object o;
    commands.describe(o, now);
    return static_cast<std::size_t>(*o.find("commands_waiting")->as_integer());
  }
  address invitation_of(const std::string& user) const {
    return {actor_kind::invitation, invitation::key_of(room_id, user)};
  }
};

const command_reference first_command{"s", "c1", 0};
chat::command rename(const std::string& by = ann, const std::string& text = "Lobby") {
  return chat::room_set_name{"chat-1", by, text};
}
chat::command join_of(const std::string& user) { return chat::room_join{"chat-1", user, {"there.example"}}; }
using texts = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_CASE(each_command_reaches_who_carries_it_out, service_rig) {
  // By the word of its own handler about somebody who is not in the room.
  const std::vector<chat::command> all{rename(cyd),
                                       chat::room_set_topic{"chat-1", cyd, "x"},
                                       chat::room_set_avatar{"chat-1", cyd, ""},
                                       chat::member_leave{"chat-1", cyd, {}},
                                       chat::member_kick{"chat-1", cyd, eve, {}},
                                       chat::member_ban{"chat-1", cyd, eve, {}},
                                       chat::member_unban{"chat-1", cyd, eve, {}},
                                       chat::member_set_role{"chat-1", cyd, bob, chat::role::moderator},
                                       chat::typing{"chat-1", cyd, true},
                                       chat::room_remove{"chat-1", cyd, {}},
                                       chat::room_upgrade{"chat-1", cyd, {}}};
  for (const auto& x : all) BOOST_TEST((refused(x) == fault_code::not_member), x.index());
  BOOST_TEST((refused(chat::knock_reject{"chat-1", ann, cyd, {}}) == fault_code::conflict));
  BOOST_TEST(told<readers_request>(give(chat::query_read_positions{"chat-1"})).size() == 1u);
  BOOST_TEST(ended_commands(give(chat::query_banned{"chat-1", {}})).size() == 1u);
  chat::query_can can;
  can.room = "chat-1";
  can.user = cyd;
  BOOST_TEST(ended_commands(give(can)).size() == 1u);
  BOOST_TEST(written<store::put_event>(give(rename())).size() == 1u);
  BOOST_TEST(commands.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_room_that_exists_is_not_created, service_rig) {
  chat::room_create x;
  x.room = "chat-2";
  x.creator = ann;
  BOOST_TEST((refused(x) == fault_code::already_exists));
}

BOOST_FIXTURE_TEST_CASE(a_command_that_is_none_of_a_room_ends_as_our_mistake, service_rig) {
  BOOST_TEST((refused(chat::query_servers{}) == fault_code::internal));
}

BOOST_FIXTURE_TEST_CASE(in_a_room_that_nobody_of_ours_was_in_there_is_nothing_to_do_but_to_join, service_rig) {
  room.clear();
  (void)take();
  BOOST_TEST((refused(rename()) == fault_code::not_found));
  BOOST_TEST((refused(chat::query_room{"chat-1", {}}) == fault_code::not_found));
  BOOST_TEST((refused(chat::room_remove{"chat-1", ann, {}}) == fault_code::not_found));
  BOOST_TEST(told<command_done>(give(join_of(cyd))).empty());
}

BOOST_FIXTURE_TEST_CASE(a_room_that_all_have_left_is_shown_and_removed_and_nothing_else, service_rig) {
  writer.left();
  BOOST_TEST((refused(rename()) == fault_code::not_member));
  BOOST_TEST((refused(chat::query_banned{"chat-1", {}}) == fault_code::not_member));
  BOOST_TEST(ended_commands(give(chat::room_remove{"chat-1", ann, {}})) == texts{"c3"},
             boost::test_tools::per_element());
  BOOST_TEST(of_kind<ask_store>(give(chat::query_room{"chat-1", {}})).size() == 1u);
  BOOST_TEST(!commands.is_idle());
  after(room::pending_questions::store_patience_ms);
  auto [q, nobody] = expired<room::question::room_view>();
  commands.answered(q, nobody);
  BOOST_TEST((refusal_in(take()).code == fault_code::timed_out));
  BOOST_TEST(commands.is_idle());
}

// -- invitations

BOOST_FIXTURE_TEST_CASE(what_is_about_an_invitation_goes_to_its_actor_behind_what_came_before, service_rig) {
  const std::vector<chat::command> all{chat::invite_revoke{"chat-1", ann, zoe, {}},
                                       chat::invite_answer{"chat-1", zoe, false, {}},
                                       chat::knock_retract{"chat-1", zoe, {}}};
  for (const auto& x : all) {
    const auto list = give(x);
    const auto words = told<chat_command>(list);
    BOOST_REQUIRE(words.size() == 1u);
    BOOST_TEST((words[0].first == invitation_of(zoe)));
    BOOST_TEST(words[0].second.body->index() == x.index());
    BOOST_TEST(told<command_done>(list).empty());
  }
  // Behind a join that is under way.
  (void)give(join_of(cyd));
  BOOST_TEST(told<chat_command>(give(all[0])).empty());
  commands.join_ended({"s", "c4", 0}, {});
  BOOST_TEST(told<chat_command>(take()).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(who_knocks_at_a_room_of_ours_is_heard_here_and_elsewhere_by_an_actor_of_their_own,
                        service_rig) {
  BOOST_TEST((refused(chat::room_knock{"chat-1", cyd, {}, {}}) == fault_code::forbidden)); // it is public
  writer.left();
  BOOST_TEST((told<chat_command>(give(chat::room_knock{"chat-1", cyd, {}, {}})).at(0).first == invitation_of(cyd)));
}

BOOST_FIXTURE_TEST_CASE(while_the_federation_is_off_nobody_goes_where_others_have_to_be_asked, service_rig) {
  change(node).federation.enabled = false;
  writer.left();
  BOOST_TEST((refused(join_of(cyd)) == fault_code::federation_disabled));
  BOOST_TEST((refused(chat::room_knock{"chat-1", cyd, {}, {}}) == fault_code::federation_disabled));
  BOOST_TEST((refused(chat::invite_answer{"chat-1", cyd, true, {}}) == fault_code::federation_disabled));
  BOOST_TEST(told<chat_command>(give(chat::invite_answer{"chat-1", cyd, false, {}})).size() == 1u); // no is no
}

BOOST_FIXTURE_TEST_CASE(in_a_room_of_ours_nobody_else_has_to_be_asked, service_rig) {
  change(node).federation.enabled = false;
  BOOST_TEST((refused(rename()) == fault_code::none));
  BOOST_TEST(told<chat_command>(give(chat::invite_answer{"chat-1", cyd, true, {}})).size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(who_may_not_federate_comes_into_no_room_that_does, service_rig) {
  right = user_right::no;
  BOOST_TEST((refused(join_of(cyd)) == fault_code::may_not_federate));
  BOOST_TEST((refused(chat::invite_send{"chat-1", ann, cyd, {}}) == fault_code::may_not_federate));
  BOOST_TEST((refused(chat::invite_answer{"chat-1", cyd, true, {}}) == fault_code::may_not_federate));
  BOOST_TEST(told<chat_command>(give(chat::invite_answer{"chat-1", cyd, false, {}})).size() == 1u);
  room.head.federated = false; // for our own users alone
  BOOST_TEST((refused(chat::invite_send{"chat-1", ann, cyd, {}}) == fault_code::none));
}

// -- the order of commands

BOOST_FIXTURE_TEST_CASE(behind_a_join_all_wait_for_how_it_ends, service_rig) {
  room.clear();
  (void)take();
  BOOST_TEST(told<command_done>(give(join_of(cyd))).empty());
  BOOST_TEST(told<command_done>(give(rename())).empty());
  BOOST_TEST(!commands.may_carry_out());
  BOOST_TEST(waiting() == 1u);
  commands.join_ended(first_command, {fault_code::peer_timeout, "there.example"});
  BOOST_TEST(ended_commands(take()) == (texts{"c1!", "c2!"}), boost::test_tools::per_element());
  BOOST_TEST(commands.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_join_that_succeeds_is_answered_with_the_room, service_rig) {
  writer.left();
  (void)give(join_of(cyd));
  commands.join_ended(first_command, {});
  const auto done = told<command_done>(take());
  BOOST_REQUIRE(done.size() == 1u);
  BOOST_TEST(done[0].second.succeeded);
  const auto answer = edge::unpack<chat::room_joined_answer>(done[0].second.body, fault_code::bad_body);
  BOOST_REQUIRE(!!answer);
  BOOST_TEST(answer->matrix_room_id == room_id);
}

BOOST_FIXTURE_TEST_CASE(behind_an_invitation_that_is_taken_back_all_wait, service_rig) {
  have_invited_zoe();
  BOOST_TEST(ended_commands(give(chat::member_kick{"chat-1", ann, zoe, {}})).empty());
  BOOST_TEST(ended_commands(give(rename())).empty());
  BOOST_TEST(!commands.may_carry_out());
  BOOST_TEST(waiting() == 2u);
  invitations.resolved(zoe, "");
  BOOST_TEST(events.withdrawals == 1);
  BOOST_TEST(commands.may_carry_out());
  commands.run(); // as the machine has it
  BOOST_TEST(ended_commands(take()) == (texts{"c1", "c2"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(behind_an_event_that_the_policy_server_has_all_wait_and_are_then_carried_out, service_rig) {
  guard();
  BOOST_TEST(ended_commands(give(rename())).empty());
  BOOST_TEST(ended_commands(give(chat::query_banned{"chat-1", {}})).empty());
  BOOST_TEST(!commands.may_carry_out());
  forbid();
  BOOST_TEST(commands.may_carry_out());
  commands.run();
  BOOST_TEST(ended_commands(take()) == (texts{"c1!", "c2"}), boost::test_tools::per_element());
}

// -- another room goes on as this one

BOOST_FIXTURE_TEST_CASE(what_is_said_while_a_room_is_upgraded_is_said_in_the_new_one, service_rig) {
  const auto wanted = told<successor_request>(give(chat::room_upgrade{"chat-1", ann, {}}));
  BOOST_REQUIRE(wanted.size() == 1u);
  const auto next = wanted[0].second.create->room_id;
  BOOST_TEST(!commands.is_idle());
  BOOST_TEST(commands.deadline() != 0);
  BOOST_TEST(ended_commands(give(rename(bob))).empty());
  commands.successor_founded({next, {}});
  const auto list = take();
  BOOST_TEST(ended_commands(list) == texts{"c1"}, boost::test_tools::per_element());
  const auto handed = told<chat_command>(list);
  BOOST_REQUIRE(handed.size() == 1u);
  BOOST_TEST((handed[0].first == address{actor_kind::room, next}));
  BOOST_TEST(handed[0].second.room_id == next);
  BOOST_TEST(handed[0].second.reference.command_id == "c2");
  BOOST_TEST(waiting() == 0u);
}

BOOST_FIXTURE_TEST_CASE(an_upgrade_that_fails_leaves_the_commands_to_the_room, service_rig) {
  const auto wanted = told<successor_request>(give(chat::room_upgrade{"chat-1", ann, {}}));
  (void)give(rename());
  commands.successor_founded({wanted.at(0).second.create->room_id, {fault_code::too_large, "the topic"}});
  BOOST_TEST(ended_commands(take()) == (texts{"c1!", "c2"}), boost::test_tools::per_element());
  BOOST_TEST(room.text("m.room.name", "name") == "Lobby");
}

BOOST_FIXTURE_TEST_CASE(a_word_about_a_handover_that_nobody_waits_for_changes_nothing, service_rig) {
  commands.on(handover_ended{});
  commands.on(room_succeeded{room_id, "!other:here.example", "chat-1"});
  commands.on(refounding_done{});
  commands.on_deadline();
  BOOST_TEST(take().empty());
  BOOST_TEST(!commands.takes_over());
  BOOST_TEST(!commands.is_creating());
  BOOST_TEST(commands.removed_by() == "");
  BOOST_TEST((refused(rename()) == fault_code::none));
}

BOOST_AUTO_TEST_SUITE_END()
