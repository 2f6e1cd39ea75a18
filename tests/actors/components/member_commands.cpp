#include "actors/room/member_commands.hpp"

#include "messages/invitation_key.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::membership;

BOOST_AUTO_TEST_SUITE(room_member_commands_alone)

namespace {

struct members_rig : command_rig {
  room::member_commands members{room, out, authoring, invitations, inbound};

  room::command_outcome invite(const std::string& by, const std::string& user, std::optional<std::string> reason = {}) {
    return members.run(queued(), chat::invite_send{"chat-1", by, user, std::move(reason)});
  }
  room::command_outcome leave(const std::string& user, std::optional<std::string> reason = {}, bool withdrawn = false) {
    auto c = queued();
    c.withdrawn = withdrawn;
    return members.run(c, chat::member_leave{"chat-1", user, std::move(reason)});
  }
  room::command_outcome knock(const std::string& user, std::optional<std::string> reason = {},
                              std::vector<store::put_user> profiles = {}) {
    auto c = queued();
    c.command.profiles = std::make_shared<const std::vector<store::put_user>>(std::move(profiles));
    return members.run(c, chat::room_knock{"chat-1", user, {}, std::move(reason)});
  }
  room::command_outcome reject(const std::string& by, const std::string& user, std::optional<std::string> reason = {}) {
    return members.run(queued(), chat::knock_reject{"chat-1", by, user, std::move(reason)});
  }
  void let_knock() { set(ann, "m.room.join_rules", {{"join_rule", "knock"}}); }
  address invitation_of(const std::string& user) const {
    return {actor_kind::invitation, invitation::key_of(room_id, user)};
  }
};

bool ends_elsewhere(const room::command_outcome& x) { return std::holds_alternative<room::ends_later>(x); }
std::string word_in(const matrix::event& x, const char* key) {
  const auto* found = x.content().find(key);
  return found && found->as_string() ? *found->as_string() : "-";
}

} // namespace

// -- invite.send

BOOST_FIXTURE_TEST_CASE(one_of_ours_is_invited_at_once_and_the_type_of_the_room_is_answered, members_rig) {
  const auto answer = answer_of<chat::invited_answer>(invite(ann, cyd, "welcome"));
  BOOST_TEST(answer.state == "pending");
  BOOST_TEST(answer.type == "channel");
  BOOST_TEST((of(cyd) == membership::invite));
  BOOST_TEST(word_in(*member_event_of(cyd), "reason") == "welcome");
  BOOST_TEST((servers_of_events(take()) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(a_user_of_another_server_is_invited_by_an_actor_that_answers, members_rig) {
  BOOST_TEST(ends_elsewhere(invite(ann, zoe)));
  const auto list = take();
  const auto words = told<room_invite_request>(list);
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == invitation_of(zoe)));
  BOOST_TEST((words[0].second.type == chat::room_type::channel));
  BOOST_REQUIRE(words[0].second.command.has_value());
  BOOST_TEST(words[0].second.command->command_id == "c1");
  BOOST_TEST((of(zoe) == membership::none)); // her server has not signed it
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST((refusal_of(invite(bob, zoe)) == fault_code::conflict)); // is under way
}

BOOST_FIXTURE_TEST_CASE(a_room_that_does_not_federate_takes_our_users_alone, members_rig) {
  room.head.federated = false;
  BOOST_TEST((refusal_of(invite(ann, zoe)) == fault_code::not_federated));
  BOOST_TEST(told<room_invite_request>(take()).empty());
  BOOST_TEST(is_done(invite(ann, cyd)));
}

BOOST_FIXTURE_TEST_CASE(who_cannot_be_invited_is_refused_with_a_reason_and_hears_nothing, members_rig) {
  member(ann, "@mal:there.example", "ban");
  BOOST_TEST((refusal_of(invite(ann, "@mal:there.example")) == fault_code::forbidden));
  BOOST_TEST((refusal_of(invite(ann, eve)) == fault_code::conflict));
  BOOST_TEST((refusal_of(invite(cyd, zoe)) == fault_code::not_member));
  BOOST_TEST((refusal_of(invite(bob, zoe)) == fault_code::forbidden)); // has no power
  BOOST_TEST((refusal_of(invite(eve, zoe)) == fault_code::invalid_param));
  change(node).federation.deny_servers = {"third.example"};
  BOOST_TEST((refusal_of(invite(ann, zoe)) == fault_code::server_denied));
  BOOST_TEST(told<room_invite_request>(take()).empty());
  BOOST_TEST(!invitations.is_uncommitted(zoe));
}

BOOST_FIXTURE_TEST_CASE(a_direct_message_that_a_third_is_invited_to_is_a_group, members_rig) {
  member(eli, eli, "leave");
  member(eve, eve, "leave");
  room.head.type = chat::room_type::dm;
  BOOST_TEST(answer_of<chat::invited_answer>(invite(ann, cyd)).type == "group_dm");
  BOOST_TEST((room.type() == chat::room_type::group_dm));
}

BOOST_FIXTURE_TEST_CASE(a_direct_message_to_which_nobody_could_be_invited_stays_one, members_rig) {
  member(eli, eli, "leave");
  member(eve, eve, "leave");
  room.head.type = chat::room_type::dm;
  BOOST_TEST((refusal_of(invite(bob, cyd)) == fault_code::forbidden));
  BOOST_TEST((room.type() == chat::room_type::dm));
}

// -- member.leave

BOOST_FIXTURE_TEST_CASE(who_leaves_is_out_and_who_is_out_does_not_leave, members_rig) {
  BOOST_TEST(is_done(leave(bob, "bye")));
  BOOST_TEST((of(bob) == membership::leave));
  BOOST_TEST(word_in(*member_event_of(bob), "reason") == "bye");
  BOOST_TEST((servers_of_events(take()) == std::set<std::string>{"there.example"}));
  for (const auto& user : {bob, cyd}) BOOST_TEST((refusal_of(leave(user)) == fault_code::not_member), user);
  member(ann, cyd, "invite");
  BOOST_TEST((refusal_of(leave(cyd)) == fault_code::not_member)); // an invitation is answered, not left
}

BOOST_FIXTURE_TEST_CASE(who_has_invited_takes_that_back_first_and_whoever_has_not_just_goes, members_rig) {
  have_invited_zoe(ann);
  BOOST_TEST(is_done(leave(bob)));
  BOOST_TEST(std::holds_alternative<room::waits_for_withdrawals>(leave(ann)));
  BOOST_TEST((of(ann) == membership::join));
  const auto words = told<chat_command>(take());
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == invitation_of(zoe)));
  BOOST_TEST(std::holds_alternative<chat::invite_revoke>(*words[0].second.body));
  BOOST_TEST(is_done(leave(ann, {}, true)));
  BOOST_TEST((of(ann) == membership::leave));
}

BOOST_FIXTURE_TEST_CASE(with_the_last_of_ours_all_invitations_end_whoever_has_sent_them, members_rig) {
  give_level(bob, 50);
  have_invited_zoe(bob);
  const std::string yan = "@yan:far.example";
  member(ann, yan, "invite");
  member(bob, bob, "leave");
  BOOST_TEST(std::holds_alternative<room::waits_for_withdrawals>(leave(ann)));
  BOOST_TEST(is_done(leave(ann, {}, true)));
  BOOST_TEST((of(yan) == membership::leave)); // nobody would be left to let them in
}

BOOST_FIXTURE_TEST_CASE(who_leaves_while_the_policy_server_is_asked_is_in_the_room_still, members_rig) {
  guard();
  BOOST_TEST(asks_policy_server(leave(bob)));
  BOOST_TEST((of(bob) == membership::join));
  forbid();
  BOOST_TEST((refusal_of(leave(bob)) == fault_code::forbidden));
}

// -- room.knock

BOOST_FIXTURE_TEST_CASE(one_of_ours_knocks_with_name_and_picture_and_is_followed_like_an_invitation, members_rig) {
  let_knock();
  store::put_user someone{bob, "bob", "Bob", "mxc://here.example/b"},
    profile{cyd, "cyd", "Cyd", "mxc://here.example/c"};
  BOOST_TEST(ends_elsewhere(knock(cyd, "please", {someone, profile})));
  BOOST_TEST((of(cyd) == membership::knock));
  const auto& e = *member_event_of(cyd);
  BOOST_TEST(word_in(e, "reason") == "please");
  BOOST_TEST(word_in(e, "displayname") == "Cyd");
  BOOST_TEST(word_in(e, "avatar_url") == "mxc://here.example/c");
  const auto list = take();
  const auto words = told<knock_made>(list);
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == invitation_of(cyd)));
  BOOST_TEST(words[0].second.event->event_id == e.event_id);
  BOOST_TEST(words[0].second.chat_room_id == "chat-1");
  BOOST_REQUIRE(words[0].second.command.has_value());
  BOOST_TEST(words[0].second.command->command_id == "c1");
  BOOST_TEST((servers_of_events(list) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(who_knocks_twice_has_knocked_once, members_rig) {
  let_knock();
  (void)knock(cyd);
  const auto first = member_event_of(cyd)->event_id;
  (void)take();
  events.changes.clear();
  BOOST_TEST(ends_elsewhere(knock(cyd, "hurry")));
  const auto list = take();
  BOOST_TEST(told<knock_made>(list).at(0).second.event->event_id == first);
  BOOST_TEST(written<store::put_event>(list).empty());
}

BOOST_FIXTURE_TEST_CASE(who_is_in_or_invited_does_not_knock_and_who_may_not_is_refused, members_rig) {
  BOOST_TEST((refusal_of(knock(cyd)) == fault_code::forbidden)); // the room is public: they join
  let_knock();
  BOOST_TEST((refusal_of(knock(bob)) == fault_code::conflict));
  member(ann, cyd, "invite");
  BOOST_TEST((refusal_of(knock(cyd)) == fault_code::conflict));
  member(ann, cyd, "ban");
  BOOST_TEST((refusal_of(knock(cyd)) == fault_code::forbidden));
  BOOST_TEST(told<knock_made>(take()).empty());
}

BOOST_FIXTURE_TEST_CASE(a_knock_that_the_policy_server_is_asked_about_is_followed_by_nobody_yet, members_rig) {
  let_knock();
  guard();
  BOOST_TEST(asks_policy_server(knock(cyd)));
  BOOST_TEST(told<knock_made>(take()).empty());
  BOOST_TEST((of(cyd) == membership::none));
}

// -- knock.reject

BOOST_FIXTURE_TEST_CASE(a_knock_is_refused_and_their_server_hears_it, members_rig) {
  let_knock();
  member(zoe, zoe, "knock");
  BOOST_TEST((refusal_of(reject(bob, zoe)) == fault_code::forbidden));
  BOOST_TEST((of(zoe) == membership::knock));
  (void)take();
  BOOST_TEST(is_done(reject(ann, zoe, "full")));
  BOOST_TEST((of(zoe) == membership::leave));
  BOOST_TEST(word_in(*member_event_of(zoe), "reason") == "full");
  BOOST_TEST(servers_of_events(take()).contains("third.example"));
}

BOOST_FIXTURE_TEST_CASE(whoever_does_not_knock_is_not_put_out_by_a_refusal, members_rig) {
  for (const auto& user : {eve, cyd}) BOOST_TEST((refusal_of(reject(ann, user)) == fault_code::conflict), user);
  BOOST_TEST((of(eve) == membership::join));
  BOOST_TEST(is_untouched());
}

BOOST_AUTO_TEST_SUITE_END()
