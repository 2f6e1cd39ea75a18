#include "actors/room/role_commands.hpp"

#include "actors/room/member_commands.hpp"
#include "actors/room/moderation_commands.hpp"
#include "actors/room/moderation_rules.hpp"

#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using chat::action;
using chat::role;

BOOST_AUTO_TEST_SUITE(room_role_commands_alone)

namespace {

struct roles_rig : command_rig {
  room::role_commands roles{room, authoring, invitations};

  explicit roles_rig(std::string version = "11") : command_rig(std::move(version)) {}
  room::command_outcome give(const std::string& by, const std::string& user, role wanted) {
    return roles.run(queued(), chat::member_set_role{"chat-1", by, user, wanted});
  }
  /// Users of ours that the directory has; nothing: it does not say.
  std::optional<std::vector<store::put_user>> known;

  chat::can_answer can(const std::string& user, action what, std::optional<std::string> target = {},
                       std::optional<role> wanted = {}) {
    auto c = queued();
    if (known) c.command.profiles = std::make_shared<const std::vector<store::put_user>>(*known);
    const auto outcome = roles.run(c, chat::query_can{"chat-1", user, what, std::move(target), wanted});
    BOOST_TEST(!std::get<room::succeeded>(outcome).keep);
    return answer_of<chat::can_answer>(outcome);
  }
  std::string verdict(const std::string& user, action what, std::optional<std::string> target = {},
                      std::optional<role> wanted = {}) {
    const auto answer = can(user, what, std::move(target), wanted);
    BOOST_TEST(answer.reason.empty() == (answer.verdict == "yes"), answer.reason);
    return answer.verdict;
  }
  /// The code that is foretold; none: the command would be carried out.
  fault_code code(const std::string& user, action what, std::optional<std::string> target = {},
                  std::optional<role> wanted = {}) {
    const auto answer = can(user, what, std::move(target), wanted);
    BOOST_TEST(answer.code.has_value() == (answer.verdict == "no" || answer.verdict == "not_member"), answer.verdict);
    return answer.code ? find_fault(*answer.code)->code : fault_code::none;
  }
  std::int64_t level_of(const std::string& user) const { return room.graph.levels().of_user(user); }
};

} // namespace

// -- member.set_role

BOOST_FIXTURE_TEST_CASE(a_role_is_a_level_that_all_servers_hear_of, roles_rig) {
  const auto answer = answer_of<chat::role_answer>(give(ann, bob, role::moderator));
  BOOST_TEST(answer.role == "moderator");
  BOOST_TEST(answer.level == 50);
  BOOST_TEST(answer.event_id == state_of("m.room.power_levels")->event_id);
  BOOST_TEST(level_of(bob) == 50);
  BOOST_TEST(level_of(ann) == 100);
  BOOST_TEST((servers_of_events(take()) == std::set<std::string>{"there.example"}));
}

BOOST_FIXTURE_TEST_CASE(who_has_the_role_keeps_the_level_by_which_they_have_it, roles_rig) {
  give_level(bob, 70);
  const auto answer = answer_of<chat::role_answer>(give(ann, bob, role::moderator));
  BOOST_TEST(answer.event_id == "");
  BOOST_TEST(answer.level == 70);
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(who_is_outside_gives_and_gets_no_role, roles_rig) {
  BOOST_TEST((refusal_of(give(cyd, bob, role::moderator)) == fault_code::not_member));
  BOOST_TEST((refusal_of(give(ann, cyd, role::moderator)) == fault_code::not_member));
  member(ann, cyd, "invite");
  BOOST_TEST((refusal_of(give(ann, cyd, role::moderator)) == fault_code::not_member));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(who_has_no_power_makes_nobody_more_not_even_themselves, roles_rig) {
  BOOST_TEST((refusal_of(give(bob, bob, role::owner)) == fault_code::forbidden));
  BOOST_TEST((refusal_of(give(bob, eve, role::muted)) == fault_code::forbidden));
  give_level(bob, 50); // a moderator does not change levels
  BOOST_TEST((refusal_of(give(bob, eve, role::moderator)) == fault_code::forbidden));
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_second_owner_is_not_put_down_by_the_first_but_goes_down_by_themselves, roles_rig) {
  BOOST_TEST(is_done(give(ann, bob, role::owner)));
  BOOST_TEST((refusal_of(give(ann, bob, role::member)) == fault_code::forbidden));
  BOOST_TEST(level_of(bob) == 100);
  BOOST_TEST(answer_of<chat::role_answer>(give(bob, bob, role::member)).level == 0);
  BOOST_TEST(state_of("m.room.power_levels")->content().find("users")->find(bob) == nullptr); // everybody's is no entry
}

BOOST_AUTO_TEST_CASE(who_has_made_a_room_of_version_12_stays_its_owner) {
  roles_rig r{"12"};
  BOOST_TEST((refusal_of(r.give(ann, ann, role::member)) == fault_code::forbidden));
  BOOST_TEST(r.is_untouched());
  BOOST_TEST((r.verdict(ann, action::set_role, ann, role::member) == "no"));
}

BOOST_FIXTURE_TEST_CASE(a_role_that_no_level_of_the_room_makes_is_a_conflict, roles_rig) {
  set_level("ban", 100); // whoever may moderate may change levels, too
  BOOST_TEST((refusal_of(give(ann, bob, role::moderator)) == fault_code::conflict));
  BOOST_TEST(level_of(bob) == 0);
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_role_is_not_changed_before_the_policy_server_has_said_yes, roles_rig) {
  guard();
  BOOST_TEST(asks_policy_server(give(ann, bob, role::moderator)));
  BOOST_TEST(level_of(bob) == 0);
  forbid();
  BOOST_TEST((refusal_of(give(ann, bob, role::moderator)) == fault_code::forbidden));
  BOOST_TEST(level_of(bob) == 0);
}

// -- query.can

BOOST_FIXTURE_TEST_CASE(what_one_can_is_asked_without_a_trace_in_the_room, roles_rig) {
  guard(); // nor is the policy server asked
  for (const auto what :
       {action::send, action::react, action::set_name, action::set_topic, action::set_avatar, action::mention_room,
        action::upgrade, action::invite, action::delete_others, action::delete_own}) {
    BOOST_TEST((verdict(ann, what) == "yes"), static_cast<int>(what));
    BOOST_TEST((verdict(cyd, what) == "not_member"), static_cast<int>(what));
  }
  BOOST_TEST(told<peer_request>(take()).empty());
  BOOST_TEST(is_untouched());
}

BOOST_FIXTURE_TEST_CASE(a_member_without_power_speaks_and_that_is_all, roles_rig) {
  for (const auto what : {action::send, action::react, action::delete_own})
    BOOST_TEST((verdict(bob, what) == "yes"), static_cast<int>(what));
  for (const auto what : {action::set_name, action::set_topic, action::set_avatar, action::mention_room, action::invite,
                          action::upgrade, action::delete_others})
    BOOST_TEST((verdict(bob, what) == "no"), static_cast<int>(what));
  const auto answer = can(bob, action::set_name);
  BOOST_TEST(answer.level == 0);
  BOOST_TEST(answer.needed == 50);
  BOOST_TEST(can(ann, action::set_name).level == 100);
}

BOOST_FIXTURE_TEST_CASE(who_is_muted_deletes_not_even_what_they_have_written, roles_rig) {
  auto levels = state_of("m.room.power_levels")->content();
  levels.find("events")->as_object()->set("m.room.redaction", 50);
  levels.set("events_default", 50);
  set(ann, "m.room.power_levels", levels);
  BOOST_TEST((verdict(bob, action::send) == "no"));
  BOOST_TEST((verdict(bob, action::delete_own) == "no"));
}

BOOST_FIXTURE_TEST_CASE(messages_of_our_own_users_are_deleted_by_any_of_us, roles_rig) {
  BOOST_TEST((verdict(bob, action::delete_others, ann) == "yes"));
  BOOST_TEST((verdict(bob, action::delete_others, eve) == "no"));
}

BOOST_FIXTURE_TEST_CASE(whom_invite_send_refuses_nobody_can_invite, roles_rig) {
  member(ann, "@mal:there.example", "ban");
  have_invited_zoe();
  BOOST_TEST((verdict(ann, action::invite, "@mal:there.example") == "no"));
  BOOST_TEST((verdict(ann, action::invite, eve) == "no"));
  BOOST_TEST((verdict(ann, action::invite, zoe) == "no"));
  BOOST_TEST((verdict(ann, action::invite, cyd) == "yes"));
  BOOST_TEST((verdict(bob, action::invite, cyd) == "no"));
  change(node).federation.deny_servers = {"far.example"};
  BOOST_TEST((verdict(ann, action::invite, "@f:far.example") == "no"));
  room.head.federated = false;
  BOOST_TEST((verdict(ann, action::invite, "@g:fourth.example") == "no"));
  BOOST_TEST((verdict(ann, action::invite, cyd) == "yes"));
}

BOOST_FIXTURE_TEST_CASE(whom_the_broker_does_not_know_nobody_can_invite, roles_rig) {
  store::put_user gone{cyd};
  gone.deactivated_ts = 1;
  known = {gone};
  BOOST_TEST((code(ann, action::invite, "@ghost:here.example") == fault_code::not_found));
  BOOST_TEST((code(ann, action::invite, cyd) == fault_code::user_deactivated));
  // The name comes before everything else, as it does for the command.
  BOOST_TEST((code("@dan:here.example", action::invite, "@ghost:here.example") == fault_code::not_found));
  BOOST_TEST((code(bob, action::invite, "@ghost:here.example") == fault_code::not_found));
  // What is done to members asks the room alone: they may be gone, and are banned all the same.
  BOOST_TEST((code(ann, action::ban, cyd) == fault_code::none));
  BOOST_TEST((code(ann, action::invite, "@b ob:there.example") == fault_code::invalid_identifier));
  known = {store::put_user{cyd}};
  BOOST_TEST((code(ann, action::invite, cyd) == fault_code::none));
}

BOOST_FIXTURE_TEST_CASE(who_may_not_federate_is_not_invited_and_invites_nobody_of_another_server, roles_rig) {
  store::put_user home{cyd}, inviter{ann};
  home.may_federate = inviter.may_federate = user_right::no;
  known = {home, inviter};
  BOOST_TEST((code(ann, action::invite, cyd) == fault_code::may_not_federate));
  BOOST_TEST((code(ann, action::invite, "@f:far.example") == fault_code::may_not_federate));
  room.head.federated = false;
  BOOST_TEST((code(ann, action::invite, cyd) == fault_code::none));
}

BOOST_FIXTURE_TEST_CASE(the_code_that_is_foretold_is_that_of_the_command, roles_rig) {
  member(ann, "@mal:there.example", "ban");
  room::moderation_commands moderation{room, authoring, invitations};
  room::member_commands members{room, out, authoring, invitations, inbound};
  for (const auto& by : {ann, bob, cyd})
    for (const auto& user : {ann, bob, cyd, eve, std::string{"@mal:there.example"}}) {
      BOOST_TEST_CONTEXT(by << " and " << user) {
        const auto foretold = code(by, action::kick, user);
        if (foretold != fault_code::none)
          BOOST_TEST((refusal_of(moderation.run(queued(), chat::member_kick{"chat-1", by, user, {}})) == foretold));
        const auto of_ban = code(by, action::ban, user);
        if (of_ban != fault_code::none)
          BOOST_TEST((refusal_of(moderation.run(queued(), chat::member_ban{"chat-1", by, user, {}})) == of_ban));
        const auto of_unban = code(by, action::unban, user);
        if (of_unban != fault_code::none)
          BOOST_TEST((refusal_of(moderation.run(queued(), chat::member_unban{"chat-1", by, user, {}})) == of_unban));
        const auto of_invite = code(by, action::invite, user);
        if (of_invite != fault_code::none)
          BOOST_TEST((refusal_of(members.run(queued(), chat::invite_send{"chat-1", by, user, {}})) == of_invite));
        const auto of_role = code(by, action::set_role, user, role::moderator);
        if (of_role != fault_code::none) BOOST_TEST((refusal_of(give(by, user, role::moderator)) == of_role));
      }
    }
  BOOST_TEST(is_untouched()); // all that was tried was to be refused
}

BOOST_FIXTURE_TEST_CASE(who_has_the_role_already_can_be_given_it_by_anybody, roles_rig) {
  BOOST_TEST((verdict(bob, action::set_role, ann, role::owner) == "yes"));
  BOOST_TEST(is_done(give(bob, ann, role::owner)));
  give_level(bob, 70); // a moderator by another level stays what they are
  BOOST_TEST((verdict(bob, action::set_role, bob, role::moderator) == "yes"));
}

BOOST_FIXTURE_TEST_CASE(who_may_not_call_everybody_is_refused_nothing, roles_rig) {
  const auto answer = can(bob, action::mention_room);
  BOOST_TEST(answer.verdict == "no");
  BOOST_TEST(!answer.code);
}

BOOST_FIXTURE_TEST_CASE(what_the_membership_forbids_nobody_can, roles_rig) {
  member(ann, "@mal:there.example", "ban");
  have_invited_zoe();
  for (const auto what : {action::kick, action::ban, action::unban})
    BOOST_TEST((verdict(ann, what, ann) == "no"), static_cast<int>(what));
  BOOST_TEST((verdict(ann, action::kick, eve) == "yes"));
  BOOST_TEST((verdict(ann, action::kick, cyd) == "no"));
  BOOST_TEST((verdict(ann, action::ban, "@mal:there.example") == "no"));
  BOOST_TEST((verdict(ann, action::unban, "@mal:there.example") == "yes"));
  BOOST_TEST((verdict(ann, action::unban, eve) == "no"));
  BOOST_TEST((verdict(bob, action::kick, eve) == "no"));
  BOOST_TEST(can(bob, action::kick, ann).needed == 101); // above whom it is done to
}

BOOST_FIXTURE_TEST_CASE(a_room_that_goes_on_as_another_is_not_upgraded_again, roles_rig) {
  writer.go_on_as("!next:here.example");
  BOOST_TEST((verdict(ann, action::upgrade) == "no"));
  BOOST_TEST((code(ann, action::upgrade) == fault_code::already_exists));
}

BOOST_FIXTURE_TEST_CASE(a_room_that_somebody_else_is_upgrading_is_not_upgraded, roles_rig) {
  writer.put_succession("theirs");
  BOOST_TEST((code(ann, action::upgrade) == fault_code::conflict));
}

BOOST_FIXTURE_TEST_CASE(a_role_that_nobody_could_take_back_is_said_to_be_so, roles_rig) {
  BOOST_TEST((verdict(ann, action::set_role, bob, role::moderator) == "yes"));
  BOOST_TEST((verdict(ann, action::set_role, bob, role::owner) == "irreversible"));
  BOOST_TEST((verdict(ann, action::set_role, ann, role::member) == "irreversible")); // nobody could give it back
  give_level(bob, 100);
  BOOST_TEST((verdict(ann, action::set_role, ann, role::member) == "yes"));
  BOOST_TEST((verdict(ann, action::set_role, bob, role::member) == "no"));
  BOOST_TEST((verdict(ann, action::set_role, cyd, role::member) == "no"));
}

BOOST_FIXTURE_TEST_CASE(who_could_take_it_back_has_to_be_in_the_room, roles_rig) {
  give_level(cyd, 100);
  BOOST_TEST((verdict(ann, action::set_role, ann, role::member) == "irreversible"));
  member(cyd, cyd, "join");
  BOOST_TEST((verdict(ann, action::set_role, ann, role::member) == "yes"));
}

BOOST_AUTO_TEST_SUITE_END()
