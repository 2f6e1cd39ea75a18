#include "actors/room/moderation_commands.hpp"

#include "messages/invitation_key.hpp"
#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using matrix::membership;

BOOST_AUTO_TEST_SUITE(room_moderation_commands_alone)

namespace {

struct moderation_rig : command_rig {
  room::moderation_commands moderation{room, authoring, invitations};

  explicit moderation_rig(std::string version = "11") : command_rig(std::move(version)) {}
  room::command_outcome kick(const std::string& by, const std::string& user, std::optional<std::string> reason = {},
                             bool withdrawn = false) {
    auto c = queued();
    c.withdrawn = withdrawn;
    return moderation.run(c, chat::member_kick{"chat-1", by, user, std::move(reason)});
  }
  room::command_outcome ban(const std::string& by, const std::string& user, std::optional<std::string> reason = {},
                            bool redact_events = false) {
    return moderation.run(queued(), chat::member_ban{"chat-1", by, user, std::move(reason), redact_events});
  }
  room::command_outcome unban(const std::string& by, const std::string& user) {
    return moderation.run(queued(), chat::member_unban{"chat-1", by, user, {}});
  }
  chat::banned_answer banned(std::optional<std::string> after = {}) {
    const auto outcome = moderation.run(queued(), chat::query_banned{"chat-1", std::move(after)});
    BOOST_TEST(!std::get<room::succeeded>(outcome).keep);
    return answer_of<chat::banned_answer>(outcome);
  }
  /// All three by this member on that one.
  bool all_refuse(const std::string& by, const std::string& user, fault_code code) {
    return refusal_of(kick(by, user)) == code && refusal_of(ban(by, user)) == code &&
           refusal_of(unban(by, user)) == code;
  }
};

std::string event_in(const room::command_outcome& x) { return answer_of<chat::event_answer>(x).event_id; }
const std::string* reason_of(const matrix::event& x) {
  const auto* reason = x.content().find("reason");
  return reason ? reason->as_string() : nullptr;
}

} // namespace

// -- all of them

BOOST_FIXTURE_TEST_CASE(who_is_outside_and_who_means_themselves_moderates_nobody, moderation_rig) {
  BOOST_TEST(all_refuse(cyd, eve, fault_code::not_member));
  BOOST_TEST(all_refuse(ann, ann, fault_code::invalid_param));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(who_has_no_power_is_forbidden_and_nobody_notices, moderation_rig) {
  member(ann, zoe, "ban");
  BOOST_TEST((refusal_of(kick(bob, eve)) == fault_code::forbidden));
  BOOST_TEST((refusal_of(ban(bob, eve)) == fault_code::forbidden));
  BOOST_TEST((refusal_of(unban(bob, zoe)) == fault_code::forbidden));
  BOOST_TEST(is_untouched());
}

BOOST_AUTO_TEST_CASE(nobody_moderates_who_has_made_a_room_of_version_12) {
  moderation_rig r{"12"};
  r.give_level(bob, 100);
  BOOST_TEST(r.all_refuse(bob, ann, fault_code::forbidden));
  BOOST_TEST(r.is_untouched());
  BOOST_TEST(is_done(r.kick(bob, eve)));
}

BOOST_FIXTURE_TEST_CASE(while_the_policy_server_is_asked_nobody_is_out, moderation_rig) {
  guard();
  BOOST_TEST(asks_policy_server(kick(ann, eve)));
  BOOST_TEST((of(eve) == membership::join));
  forbid();
  BOOST_TEST((refusal_of(kick(ann, eve)) == fault_code::forbidden));
  BOOST_TEST((of(eve) == membership::join));
}

// -- kicks

BOOST_FIXTURE_TEST_CASE(who_is_kicked_is_out_and_their_server_hears_why, moderation_rig) {
  const auto id = event_in(kick(ann, eve, "spam"));
  BOOST_TEST((of(eve) == membership::leave));
  BOOST_TEST(member_event_of(eve)->event_id == id);
  BOOST_TEST(member_event_of(eve)->sender == ann);
  BOOST_REQUIRE(reason_of(*member_event_of(eve)));
  BOOST_TEST(*reason_of(*member_event_of(eve)) == "spam");
  BOOST_TEST((servers_of_events(take()) == std::set<std::string>{"there.example"}));
  BOOST_TEST((refusal_of(kick(ann, eve)) == fault_code::not_member)); // once
}

BOOST_FIXTURE_TEST_CASE(an_empty_reason_is_none, moderation_rig) {
  (void)kick(ann, eve, "");
  BOOST_TEST(reason_of(*member_event_of(eve)) == nullptr);
}

BOOST_FIXTURE_TEST_CASE(who_knocks_can_be_kicked_and_who_is_banned_or_was_never_there_cannot, moderation_rig) {
  member(zoe, zoe, "knock");
  member(ann, eli, "ban");
  (void)event_in(kick(ann, zoe));
  BOOST_TEST((of(zoe) == membership::leave));
  BOOST_TEST((refusal_of(kick(ann, eli)) == fault_code::not_member));
  BOOST_TEST((of(eli) == membership::ban));
  BOOST_TEST((refusal_of(kick(ann, cyd)) == fault_code::not_member));
}

BOOST_FIXTURE_TEST_CASE(the_last_of_another_server_hears_that_they_are_out, moderation_rig) {
  member(zoe, zoe, "join");
  (void)kick(ann, zoe);
  BOOST_TEST((servers_of_events(take()) == std::set<std::string>{"there.example", "third.example"}));
}

BOOST_FIXTURE_TEST_CASE(an_invitation_is_taken_back_in_the_name_of_the_inviter_whose_server_is_believed,
                        moderation_rig) {
  give_level(bob, 50);
  member(bob, zoe, "invite");
  (void)event_in(kick(ann, zoe));
  BOOST_TEST((of(zoe) == membership::leave));
  BOOST_TEST(member_event_of(zoe)->sender == bob);
  BOOST_TEST(servers_of_events(take()).contains("third.example"));
}

BOOST_FIXTURE_TEST_CASE(an_inviter_with_power_does_not_lend_it_to_who_has_none, moderation_rig) {
  member(ann, zoe, "invite");
  BOOST_TEST((refusal_of(kick(bob, zoe)) == fault_code::forbidden));
  BOOST_TEST((of(zoe) == membership::invite));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(an_invitation_that_its_server_has_not_taken_yet_is_taken_back_by_its_actor, moderation_rig) {
  have_invited_zoe();
  BOOST_TEST((refusal_of(kick(bob, zoe)) == fault_code::forbidden));
  BOOST_TEST(told<chat_command>(take()).empty());
  BOOST_TEST(std::holds_alternative<room::waits_for_withdrawals>(kick(ann, zoe, "no")));
  const auto words = told<chat_command>(take());
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == address{actor_kind::invitation, invitation::key_of(room_id, zoe)}));
  const auto& revocation = std::get<chat::invite_revoke>(*words[0].second.body);
  BOOST_TEST(revocation.user == zoe);
  BOOST_TEST(revocation.by == ann);
  BOOST_TEST(revocation.reason.value_or("") == "no");
  // Its end is not known in time.
  BOOST_TEST((refusal_of(kick(ann, zoe, "no", true)) == fault_code::timed_out));
  // It is: nothing was offered, so nothing is in the room.
  invitations.resolved(zoe, "");
  BOOST_TEST(event_in(kick(ann, zoe, "no", true)) == "");
  BOOST_TEST((of(zoe) == membership::none));
}

BOOST_FIXTURE_TEST_CASE(one_that_was_offered_meanwhile_is_answered_with_the_leave_that_ended_it, moderation_rig) {
  member(ann, zoe, "invite");
  member(ann, zoe, "leave");
  BOOST_TEST(event_in(kick(ann, zoe, {}, true)) == member_event_of(zoe)->event_id);
}

// -- bans

BOOST_FIXTURE_TEST_CASE(who_is_banned_is_out_and_stays_out, moderation_rig) {
  const auto id = event_in(ban(ann, eve, "spam", true));
  BOOST_TEST(member_event_of(eve)->event_id == id);
  BOOST_TEST((of(eve) == membership::ban));
  for (const auto* key : room::redactions::wish_keys) {
    const auto* wish = member_event_of(eve)->content().find(key);
    BOOST_TEST((wish && wish->as_bool() && *wish->as_bool()), key);
  }
  BOOST_TEST((servers_of_events(take()) == std::set<std::string>{"there.example"}));
  BOOST_TEST((refusal_of(ban(ann, eve)) == fault_code::already_exists));
}

BOOST_FIXTURE_TEST_CASE(who_never_was_in_the_room_can_be_banned_and_without_the_wish_messages_stay, moderation_rig) {
  BOOST_TEST(is_done(ban(ann, zoe)));
  BOOST_TEST((of(zoe) == membership::ban));
  for (const auto* key : room::redactions::wish_keys) BOOST_TEST(!member_event_of(zoe)->content().find(key), key);
}

BOOST_FIXTURE_TEST_CASE(who_is_invited_and_banned_is_told_that_the_invitation_is_taken_back, moderation_rig) {
  member(ann, zoe, "invite");
  const auto id = event_in(ban(ann, zoe, "spam"));
  BOOST_TEST((of(zoe) == membership::ban));
  BOOST_TEST(member_event_of(zoe)->event_id == id);
  const auto list = take();
  std::vector<std::string> for_zoe;
  for (const auto& row : written<store::queue_pdu>(list))
    if (row.server_name == "third.example") for_zoe.push_back(row.event_id);
  BOOST_REQUIRE(!for_zoe.empty());
  BOOST_TEST(for_zoe.front() != id); // a server that is not in the room applies no ban
  BOOST_TEST(written<store::put_event>(list).size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(one_of_ours_who_is_invited_is_banned_at_once, moderation_rig) {
  member(ann, cyd, "invite");
  (void)event_in(ban(ann, cyd));
  BOOST_TEST(written<store::put_event>(take()).size() == 1u);
  BOOST_TEST((of(cyd) == membership::ban));
}

BOOST_FIXTURE_TEST_CASE(who_may_not_ban_leaves_the_invitation_as_it_is, moderation_rig) {
  member(ann, zoe, "invite");
  BOOST_TEST((refusal_of(ban(bob, zoe)) == fault_code::forbidden));
  BOOST_TEST((of(zoe) == membership::invite));
  guard();
  BOOST_TEST(asks_policy_server(ban(ann, zoe)));
  BOOST_TEST((of(zoe) == membership::invite));
}

BOOST_FIXTURE_TEST_CASE(a_ban_is_lifted_and_one_that_is_none_is_not, moderation_rig) {
  BOOST_TEST((refusal_of(unban(ann, eve)) == fault_code::conflict));
  BOOST_TEST((of(eve) == membership::join));
  (void)ban(ann, eve);
  const auto id = event_in(unban(ann, eve));
  BOOST_TEST(member_event_of(eve)->event_id == id);
  BOOST_TEST((of(eve) == membership::leave));
  BOOST_TEST((refusal_of(unban(ann, eve)) == fault_code::conflict));
}

// -- the list

BOOST_FIXTURE_TEST_CASE(who_is_banned_is_listed_with_by_whom_and_why, moderation_rig) {
  BOOST_TEST(banned().banned.empty());
  (void)ban(ann, zoe);
  (void)ban(ann, eve, "spam");
  const auto list = banned();
  BOOST_REQUIRE(list.banned.size() == 2u);
  BOOST_TEST(list.banned[0].user == eve);
  BOOST_TEST(list.banned[0].by == ann);
  BOOST_TEST(list.banned[0].reason == "spam");
  BOOST_TEST(list.banned[0].event_id == member_event_of(eve)->event_id);
  BOOST_TEST(list.banned[1].user == zoe);
  BOOST_TEST(list.banned[1].reason == "");
  BOOST_TEST(!list.more_banned);
  BOOST_TEST(banned(eve).banned.size() == 1u);
  BOOST_TEST(banned(zoe).banned.empty());
}

BOOST_FIXTURE_TEST_CASE(a_long_list_comes_in_pages_and_its_end_says_so, moderation_rig) {
  const auto user = [](std::size_t i) { return "@u" + std::to_string(10'000 + i) + ":third.example"; };
  for (std::size_t i = 0; i < chat::listed_members_max; ++i) member(ann, user(i), "ban");
  BOOST_TEST(banned().banned.size() == chat::listed_members_max);
  BOOST_TEST(!banned().more_banned);
  member(ann, user(chat::listed_members_max), "ban");
  const auto first = banned();
  BOOST_TEST(first.banned.size() == chat::listed_members_max);
  BOOST_TEST(first.more_banned);
  BOOST_TEST(banned(first.banned.back().user).banned.at(0).user == user(chat::listed_members_max));
}

BOOST_AUTO_TEST_SUITE_END()
