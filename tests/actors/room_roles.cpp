// Roles: given, lost to somebody else's change, given again, and what may be done beforehand.
#include "messages/edge/packing.hpp"
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_roles)

namespace {

constexpr const char* versions[] = {"10", "11", "12"};

struct room_of_roles : shared_room {
  using shared_room::shared_room;

  effects give(const std::string& by, const std::string& user, chat::role wanted) {
    return command(chat::member_set_role{"chat-1", by, user, wanted});
  }
  matrix::event_ptr levels() const { return event(state().at({"m.room.power_levels", ""})); }
  std::int64_t level(const std::string& user) const {
    const auto create = event(state().at({"m.room.create", ""}));
    return matrix::power_levels{create.get(), levels().get()}.of_user(user);
  }
  bool names(const std::string& user) const {
    const auto* users = levels()->content().find("users");
    return users && users->find(user) != nullptr;
  }
  /// A change of the levels on what is known now; it says that it was made a minute later.
  matrix::event_ptr change_of(const std::string& by, const std::function<void(object&)>& change) {
    auto content = levels()->content();
    change(content);
    now += 60'000;
    auto x = made(by, "m.room.power_levels", std::move(content), "");
    now -= 60'000;
    return x;
  }
  matrix::event_ptr level_by(const std::string& by, const std::string& user, std::int64_t level) {
    return change_of(by, [&](object& content) {
      auto users = content.find("users") ? *content.find("users")->as_object() : object{};
      users.set(user, level);
      content.set("users", std::move(users));
    });
  }
  chat::can_answer can(const std::string& user, chat::action what, std::optional<std::string> target = {},
                       std::optional<chat::role> wanted = {}) {
    const auto list = command(chat::query_can{"chat-1", user, what, std::move(target), wanted});
    return *edge::unpack<chat::can_answer>(told<command_done>(list).at(0).second.body, fault_code::bad_body);
  }
};

std::string body_of_result(const effects& list) { return told<command_done>(list).at(0).second.body; }

} // namespace

BOOST_AUTO_TEST_CASE(a_role_is_given_as_a_change_of_the_levels_that_are_in_force) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    auto content = r.levels()->content();
    content.set("org.example.unknown", object{{"kept", true}});
    r.push({r.made(ann, "m.room.power_levels", content, "")}, "here.example");
    struct {
      chat::role wanted;
      std::int64_t level;
    } const roles[] = {{chat::role::owner, 100},
                       {chat::role::moderator, 50},
                       {chat::role::leader, 10},
                       {chat::role::muted, -1},
                       {chat::role::member, 0}};
    // Who was made an owner stays one: nobody but a creator of version 12 is above them.
    for (const auto& x : roles) {
      if (x.wanted == chat::role::owner && std::string{version} != "12") continue;
      const auto list = r.give(ann, eve, x.wanted);
      BOOST_TEST(body_of_result(list) ==
                   chat::encode(chat::answer{chat::role_answer{
                     r.levels()->event_id, chat::roles[static_cast<std::size_t>(x.wanted)], x.level}}),
                 version);
      BOOST_TEST(r.level(eve) == x.level);
      BOOST_TEST(r.names(eve) == (x.wanted != chat::role::member));
      BOOST_TEST(r.levels()->content().contains("org.example.unknown"));
      BOOST_TEST(told<pdu_queued>(list).size() == 1U);
      const auto told = notified<chat::role_changed>(list);
      BOOST_REQUIRE(told.size() == 1U);
      BOOST_TEST(told[0].user == eve);
      BOOST_TEST(told[0].by == ann);
      BOOST_TEST(told[0].level == x.level);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_role_they_have_is_not_given_again) {
  room_of_roles r;
  r.give(ann, eve, chat::role::moderator);
  const auto before = r.levels()->event_id;
  const auto list = r.give(ann, eve, chat::role::moderator);
  BOOST_TEST(body_of_result(list) == chat::encode(chat::answer{chat::role_answer{{}, "moderator", 50}}));
  BOOST_TEST(r.levels()->event_id == before);
}

BOOST_AUTO_TEST_CASE(who_may_not_give_a_role_does_not) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    BOOST_TEST((refusal_in(r.give(bob, eve, chat::role::moderator)).code == fault_code::forbidden), version);
    BOOST_TEST((refusal_in(r.give(ann, "@zoe:there.example", chat::role::moderator)).code == fault_code::not_member));
    BOOST_TEST((refusal_in(r.give("@ben:here.example", eve, chat::role::moderator)).code == fault_code::not_member));
    const auto demoted = r.give(bob, ann, chat::role::member);
    BOOST_TEST((refusal_in(demoted).code == fault_code::forbidden));
    if (std::string{version} == "12") BOOST_TEST(refusal_in(demoted).detail.find("creator") != std::string::npos);
    BOOST_TEST(!r.names(eve));
  }
}

BOOST_AUTO_TEST_CASE(a_role_that_no_level_makes_is_a_conflict) {
  room_of_roles r;
  auto content = r.levels()->content();
  auto events = *content.find("events")->as_object(); // some of them are above her
  events.set("m.room.power_levels", 50);
  content.set("events", std::move(events));
  r.push({r.made(ann, "m.room.power_levels", content, "")}, "here.example");
  const auto refusal = refusal_in(r.give(ann, eve, chat::role::moderator));
  BOOST_TEST((refusal.code == fault_code::conflict), to_string(refusal));
}

BOOST_AUTO_TEST_CASE(roles_given_elsewhere_and_thresholds_moved_there_are_told) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    r.give(ann, eve, chat::role::owner);
    const auto given = r.level_by(eve, bob, 50);
    auto told = notified<chat::role_changed>(r.push({given}));
    BOOST_REQUIRE_MESSAGE(told.size() == 1U, version);
    BOOST_TEST(told[0].user == bob);
    BOOST_TEST(told[0].role == "moderator");
    BOOST_TEST(told[0].previous_role == "member");
    BOOST_TEST(told[0].by == eve);
    BOOST_TEST(told[0].event_id == given->event_id);
    BOOST_TEST(told[0].level == 50);
    told = notified<chat::role_changed>(r.push({r.change_of(eve, [](object& x) { x.set("ban", 75); })}));
    BOOST_REQUIRE(told.size() == 1U);
    BOOST_TEST(told[0].user == bob);
    BOOST_TEST(told[0].role == "leader");
    told = notified<chat::role_changed>(r.push({r.change_of(eve, [](object& x) { x.set("events_default", 60); })}));
    BOOST_REQUIRE(told.size() == 2U);
    BOOST_TEST(told[0].user == ""); // everybody without a level of their own
    BOOST_TEST(told[0].role == "muted");
    BOOST_TEST(told[1].user == bob);
    BOOST_TEST(told[1].role == "muted");
  }
}

BOOST_AUTO_TEST_CASE(a_role_that_a_change_made_at_the_same_moment_has_put_aside_is_given_again_on_top_of_it) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    r.give(ann, eve, chat::role::owner);
    const auto theirs = r.level_by(eve, eli, 50);
    r.give(ann, bob, chat::role::moderator);
    const auto lost = r.push({theirs});
    BOOST_REQUIRE_MESSAGE(r.level(bob) == 0, version);
    BOOST_TEST(r.level(eli) == 50);
    auto told = notified<chat::role_changed>(lost);
    BOOST_REQUIRE(told.size() == 2U); // the chat server sees what is true meanwhile
    BOOST_TEST(told[0].user == bob);
    BOOST_TEST(told[0].role == "member");
    const auto again = r.pass(1'500);
    BOOST_TEST(r.level(bob) == 50);
    BOOST_TEST(r.level(eli) == 50);
    BOOST_TEST(r.levels()->sender == ann);
    told = notified<chat::role_changed>(again);
    BOOST_REQUIRE(told.size() == 1U);
    BOOST_TEST(told[0].role == "moderator");
    BOOST_TEST(notified<chat::role_changed>(r.pass(60'000)).empty());
  }
}

BOOST_AUTO_TEST_CASE(what_the_other_change_says_of_the_same_user_stands) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  const auto theirs = r.level_by(eve, bob, 10);
  r.give(ann, bob, chat::role::moderator);
  r.push({theirs});
  r.pass(5'000);
  BOOST_TEST(r.level(bob) == 10);
  BOOST_TEST(r.levels()->event_id == theirs->event_id);
}

BOOST_AUTO_TEST_CASE(who_takes_a_role_away_knowing_of_it_is_not_contradicted) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  r.give(ann, bob, chat::role::moderator);
  const auto taken = r.change_of(eve, [](object& content) {
    auto users = *content.find("users")->as_object();
    users.erase(bob);
    content.set("users", std::move(users));
  });
  r.push({taken});
  r.pass(5'000);
  BOOST_TEST(r.level(bob) == 0);
  BOOST_TEST(r.levels()->event_id == taken->event_id);
}

BOOST_AUTO_TEST_CASE(a_role_that_is_lost_again_and_again_is_given_up_after_the_third_time) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  auto theirs = r.level_by(eve, eli, 10);
  r.give(ann, bob, chat::role::moderator);
  for (int round = 0; round < 3; ++round) {
    r.push({theirs});
    BOOST_REQUIRE_MESSAGE(r.level(bob) == 0, round);
    theirs = r.level_by(eve, eli, 11 + round); // made before they hear of what we do next
    r.pass(1'500);
    BOOST_REQUIRE_MESSAGE(r.level(bob) == 50, round);
    r.now += 1;
  }
  r.push({theirs});
  r.pass(60'000);
  BOOST_TEST(r.level(bob) == 0);
}

BOOST_AUTO_TEST_CASE(a_role_whose_giver_may_give_none_any_more_stays_lost) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  r.give(ann, bob, chat::role::owner);
  const auto demoted = r.made(
    bob, "m.room.power_levels",
    [&] {
      auto content = r.levels()->content();
      auto users = *content.find("users")->as_object();
      users.erase(bob);
      content.set("users", std::move(users));
      return content;
    }(),
    "");
  r.give(bob, eli, chat::role::moderator);
  r.push({demoted}, "here.example");
  r.pass(5'000);
  BOOST_TEST(r.level(bob) == 0);
  BOOST_TEST(r.level(eli) == 0);
}

// -- permission.drift

BOOST_AUTO_TEST_CASE(a_role_given_up_after_the_third_loss_is_told_with_what_can_be_done) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  auto theirs = r.level_by(eve, eli, 10);
  r.give(ann, bob, chat::role::moderator);
  for (int round = 0; round < 3; ++round) {
    const auto lost = r.push({theirs});
    BOOST_TEST(notified<chat::permission_drift>(lost).empty(), round); // it is given again in a moment
    theirs = r.level_by(eve, eli, 11 + round);
    BOOST_TEST(notified<chat::permission_drift>(r.pass(1'500)).empty(), round);
    r.now += 1;
  }
  const auto told = notified<chat::permission_drift>(r.push({theirs}));
  BOOST_REQUIRE(told.size() == 1U);
  const auto& x = told[0];
  BOOST_TEST(x.room == "chat-1");
  BOOST_TEST(x.user == bob);
  BOOST_TEST(x.cause == "lost_update");
  BOOST_TEST(x.role == "member");
  BOOST_TEST(x.wanted_role == "moderator");
  BOOST_TEST(x.by == eve);
  BOOST_TEST(x.event_id == theirs->event_id);
  BOOST_TEST(x.remedy == "push");
  BOOST_TEST(x.fixable_by.value() == ann);
  BOOST_TEST((std::ranges::find(x.missing, "ban") != x.missing.end()));
  // What it says can be done can be done.
  BOOST_TEST((refusal_in(r.give(*x.fixable_by, x.user, chat::role::moderator)).code == fault_code::none));
}

BOOST_AUTO_TEST_CASE(power_taken_from_ours_by_another_server_is_told_with_who_may_give_it_back) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    r.give(ann, eve, chat::role::owner);
    r.give(ann, bob, chat::role::moderator);
    const auto taken = r.level_by(eve, bob, 0);
    auto told = notified<chat::permission_drift>(r.push({taken}));
    BOOST_REQUIRE_MESSAGE(told.size() == 1U, version);
    BOOST_TEST(told[0].user == bob);
    BOOST_TEST(told[0].cause == "foreign_edit");
    BOOST_TEST(told[0].by == eve);
    BOOST_TEST(told[0].event_id == taken->event_id);
    BOOST_TEST(told[0].wanted_role == "moderator");
    BOOST_TEST(told[0].role == "member");
    BOOST_TEST((told[0].missing == std::vector<std::string>{"mention_room", "invite", "kick", "ban", "unban",
                                                            "delete_others", "set_name", "set_topic", "set_avatar"}));
    BOOST_TEST(told[0].fixable_by.value() == ann);
    BOOST_TEST((refusal_in(r.give(ann, bob, chat::role::moderator)).code == fault_code::none));
    BOOST_TEST(notified<chat::permission_drift>(r.push({r.level_by(eve, eli, 10)})).empty()); // not about ours
  }
}

BOOST_AUTO_TEST_CASE(thresholds_raised_by_another_server_are_told_of_whom_they_leave_behind) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  r.give(ann, bob, chat::role::moderator);
  auto told = notified<chat::permission_drift>(r.push({r.change_of(eve, [](object& x) { x.set("ban", 75); })}));
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].user == bob);
  BOOST_TEST(told[0].cause == "threshold_changed");
  BOOST_TEST((told[0].missing == std::vector<std::string>{"ban", "unban"}));
  BOOST_TEST(told[0].remedy == "push"); // a moderator has 75 there now, and ann has more
  BOOST_TEST((refusal_in(r.give(*told[0].fixable_by, bob, chat::role::moderator)).code == fault_code::none));
  told = notified<chat::permission_drift>(r.push({r.change_of(eve, [](object& x) { x.set("ban", 100); })}));
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].user == bob);
  BOOST_TEST(told[0].remedy == "pull"); // whoever may ban there is an owner: no level makes a moderator
  BOOST_TEST(!told[0].fixable_by);
  BOOST_TEST(told[0].fix.starts_with("No level of the room makes a moderator any more"), told[0].fix);
}

BOOST_AUTO_TEST_CASE(power_taken_from_all_without_a_level_is_told_once_and_not_of_who_has_one) {
  struct {
    const char* key;
    std::int64_t value;
    const char* cause;
  } const ways[] = {{"events_default", 10, "threshold_changed"}, {"users_default", -1, "foreign_edit"}};
  for (const auto* version : versions)
    for (const auto& x : ways) {
      room_of_roles r{version};
      r.give(ann, eve, chat::role::owner);
      const auto told = notified<chat::permission_drift>(
        r.push({r.change_of(eve, [&](object& content) { content.set(x.key, x.value); })}));
      // Not of ann: an owner keeps what they had, and of version 12 nobody takes anything from who has made the room.
      BOOST_REQUIRE_MESSAGE(told.size() == 1U, version << ' ' << x.key << ' ' << told.size());
      BOOST_TEST(told[0].user.empty());
      BOOST_TEST(told[0].cause == x.cause);
      BOOST_TEST(told[0].role == "muted");
      BOOST_TEST(told[0].wanted_role == "member");
      BOOST_TEST((std::ranges::find(told[0].missing, "send") != told[0].missing.end()));
      BOOST_TEST(told[0].remedy == "pull"); // bob, who has none, can be given one
      BOOST_TEST(told[0].fix.find("members without a level of their own are muted") != std::string::npos, told[0].fix);
      BOOST_TEST((refusal_in(r.give(ann, bob, chat::role::leader)).code == fault_code::none));
      BOOST_TEST(r.can(bob, chat::action::send).verdict == "yes");
    }
}

BOOST_AUTO_TEST_CASE(power_that_only_an_equal_of_ours_could_give_back_is_theirs_to_give) {
  room_of_roles r;
  r.give(ann, eve, chat::role::owner);
  r.give(ann, bob, chat::role::moderator);
  r.command(chat::member_leave{"chat-1", ann, {}});
  const auto told = notified<chat::permission_drift>(r.push({r.level_by(eve, bob, 0)}));
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].cause == "foreign_edit");
  BOOST_TEST(told[0].remedy == "pull");
  BOOST_TEST(!told[0].fixable_by);
  BOOST_TEST(told[0].fix.starts_with("None of your users is above " + bob), told[0].fix);
  BOOST_TEST(told[0].fix.find("ask " + eve) != std::string::npos, told[0].fix);
}

BOOST_AUTO_TEST_CASE(power_that_is_gone_since_servers_did_not_agree_is_nobodys_doing_alone) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    r.give(ann, eve, chat::role::owner);
    r.give(ann, bob, chat::role::moderator);
    const auto theirs = r.level_by(eve, bob, 0);
    r.give(ann, eli, chat::role::leader); // at the same moment
    const auto told = notified<chat::permission_drift>(r.push({theirs}));
    BOOST_REQUIRE_MESSAGE(r.level(bob) == 0, version);
    BOOST_REQUIRE_MESSAGE(told.size() == 1U, version);
    BOOST_TEST(told[0].user == bob);
    BOOST_TEST(told[0].cause == "state_resolved");
    BOOST_TEST(told[0].by.empty());
    BOOST_TEST(told[0].event_id == theirs->event_id);
    BOOST_TEST(told[0].wanted_role == "moderator");
    BOOST_TEST(told[0].fixable_by.value() == ann);
  }
}

BOOST_AUTO_TEST_CASE(power_taken_from_ours_is_given_again_where_the_operator_says_push_and_not_for_ever) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    change(r.node).room.permission_drift = config::drift_policy::push;
    r.give(ann, eve, chat::role::owner);
    r.give(ann, bob, chat::role::moderator);
    for (int round = 0; round < 3; ++round) {
      const auto told = notified<chat::permission_drift>(r.push({r.level_by(eve, bob, 0)}));
      BOOST_REQUIRE_MESSAGE(told.size() == 1U, version << ' ' << round);
      BOOST_TEST(told[0].policy.value() == "push");
      BOOST_TEST(told[0].remedy == "push");
      const auto again = notified<chat::role_changed>(r.pass(1'500));
      BOOST_REQUIRE_MESSAGE(again.size() == 1U, version << ' ' << round);
      BOOST_TEST(again[0].by == ann);
      BOOST_TEST(r.level(bob) == 50);
      r.now += 1;
    }
    // An owner there who insists wins, and it is told.
    const auto told = notified<chat::permission_drift>(r.push({r.level_by(eve, bob, 0)}));
    BOOST_TEST(std::ranges::count(told, "lost_update", &chat::permission_drift::cause) == 1);
    r.pass(5'000);
    BOOST_TEST(r.level(bob) == 0);
    r.give(ann, bob, chat::role::moderator);
    r.push({r.level_by(eve, bob, 0)}); // and goes on winning
    r.pass(5'000);
    BOOST_TEST(r.level(bob) == 0);
  }
}

BOOST_AUTO_TEST_CASE(power_that_nobody_of_ours_may_give_is_not_given_under_push_either) {
  room_of_roles r;
  change(r.node).room.permission_drift = config::drift_policy::push;
  r.give(ann, eve, chat::role::owner);
  r.give(ann, bob, chat::role::moderator);
  const auto told = notified<chat::permission_drift>(r.push({r.change_of(eve, [](object& x) { x.set("ban", 100); })}));
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].remedy == "pull");
  BOOST_TEST(notified<chat::role_changed>(r.pass(5'000)).empty());
}

BOOST_AUTO_TEST_CASE(power_taken_from_ours_is_to_be_taken_over_where_the_operator_says_pull) {
  room_of_roles r;
  change(r.node).room.permission_drift = config::drift_policy::pull;
  r.give(ann, eve, chat::role::owner);
  r.give(ann, bob, chat::role::moderator);
  const auto told = notified<chat::permission_drift>(r.push({r.level_by(eve, bob, 0)}));
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told[0].policy.value() == "pull");
  BOOST_TEST(told[0].remedy == "pull");
  r.pass(5'000);
  BOOST_TEST(r.level(bob) == 0);
}

BOOST_AUTO_TEST_CASE(what_our_own_command_takes_away_is_no_drift) {
  room_of_roles r;
  r.give(ann, bob, chat::role::moderator);
  const auto list = r.give(ann, bob, chat::role::member);
  BOOST_TEST(notified<chat::role_changed>(list).size() == 1U);
  BOOST_TEST(notified<chat::permission_drift>(list).empty());
}

BOOST_AUTO_TEST_CASE(what_may_be_done_is_known_beforehand) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    r.give(ann, bob, chat::role::moderator);
    using chat::action;
    for (const auto what : {action::send, action::react, action::mention_room, action::invite, action::set_name,
                            action::set_topic, action::set_avatar, action::delete_others})
      BOOST_TEST(r.can(bob, what).verdict == "yes", version << ' ' << static_cast<int>(what));
    for (const auto what : {action::kick, action::ban}) {
      auto answer = r.can(bob, what, eve);
      BOOST_TEST(answer.verdict == "yes");
      BOOST_TEST(answer.needed == 50);
      BOOST_TEST(answer.level == 50);
      answer = r.can(bob, what, ann);
      BOOST_TEST(answer.verdict == "no");
      BOOST_TEST(!answer.reason.empty());
      BOOST_TEST(answer.needed == (std::string{version} == "12" ? limits::canonical_integer_max : 101));
      BOOST_TEST(r.can(ann, what, bob).verdict == "yes");
    }
    BOOST_TEST(r.can(bob, action::unban, eve).verdict == "no");
    r.command(chat::member_ban{"chat-1", bob, eve, {}, false});
    BOOST_TEST(r.can(bob, action::unban, eve).verdict == "yes");
    BOOST_TEST(r.can(bob, action::ban, eve).verdict == "no");
    BOOST_TEST(r.can(bob, action::kick, eve).verdict == "no");
    BOOST_TEST(r.can(bob, action::invite, eve).verdict == "no");
    BOOST_TEST(r.can("@ben:here.example", action::send).verdict == "not_member");
    r.give(ann, bob, chat::role::muted);
    const auto muted = r.can(bob, action::send);
    BOOST_TEST(muted.verdict == "no");
    BOOST_TEST(muted.needed == 0);
    BOOST_TEST(muted.level == -1);
    for (const auto what : {action::react, action::invite, action::mention_room, action::set_name,
                            action::delete_others, action::upgrade})
      BOOST_TEST(r.can(bob, what).verdict == "no", version << ' ' << static_cast<int>(what));
  }
}

BOOST_AUTO_TEST_CASE(what_is_asked_beforehand_is_what_happens) {
  for (const auto* version : versions)
    for (const auto& by : {ann, bob})
      for (const auto& user : {ann, bob, eve})
        for (const auto wanted :
             {chat::role::owner, chat::role::moderator, chat::role::leader, chat::role::member, chat::role::muted}) {
          const auto has = user == ann ? chat::role::owner : user == bob ? chat::role::moderator : chat::role::leader;
          if (wanted == has) continue; // no change, whoever asks for it
          room_of_roles r{version};
          r.give(ann, bob, chat::role::moderator);
          r.give(ann, eve, chat::role::leader);
          const auto said = r.can(by, chat::action::set_role, user, wanted).verdict;
          const bool is_done = refusal_in(r.give(by, user, wanted)).code == fault_code::none;
          BOOST_TEST((is_done == (said == "yes" || said == "irreversible")),
                     version << ' ' << by << ' ' << user << ' ' << static_cast<int>(wanted) << ' ' << said);
        }
}

BOOST_AUTO_TEST_CASE(what_is_said_of_members_beforehand_is_what_their_commands_answer) {
  const std::string fay = "@fay:there.example", gil = "@gil:there.example", zoe = "@zoe:far.example";
  for (const auto* version : versions)
    for (const auto& by : {ann, bob})
      for (const auto& user : {ann, bob, eve, fay, gil, zoe}) {
        using chat::action;
        for (const auto what : {action::invite, action::kick, action::ban, action::unban}) {
          room_of_roles r{version};
          r.give(ann, bob, chat::role::moderator);
          r.command(chat::member_ban{"chat-1", ann, fay, {}, false});
          r.command(chat::invite_send{"chat-1", ann, gil, {}}); // on its way: not in the room yet
          const auto said = r.can(by, what, user).verdict;
          const auto list = what == action::invite ? r.command(chat::invite_send{"chat-1", by, user, {}})
                            : what == action::kick ? r.command(chat::member_kick{"chat-1", by, user, {}})
                            : what == action::ban  ? r.command(chat::member_ban{"chat-1", by, user, {}, false})
                                                   : r.command(chat::member_unban{"chat-1", by, user, {}});
          // One that has been begun is answered when the invited server has been asked.
          const bool is_refused = !told<command_done>(list).empty() && refusal_in(list).code != fault_code::none;
          BOOST_TEST((is_refused == (said == "no")),
                     version << ' ' << by << ' ' << user << ' ' << static_cast<int>(what) << ' ' << said);
        }
      }
}

BOOST_AUTO_TEST_CASE(an_invitation_that_is_refused_before_the_rules_are_asked_is_a_no_beforehand) {
  room_of_roles r;
  const std::string zoe = "@zoe:far.example";
  BOOST_TEST(r.can(ann, chat::action::invite, zoe).verdict == "yes");
  change(r.node).federation.deny_servers = {"far.example"};
  const auto denied = r.can(ann, chat::action::invite, zoe);
  BOOST_TEST(denied.verdict == "no");
  BOOST_TEST(denied.reason.find("far.example") != std::string::npos, denied.reason);
  change(r.node).federation.deny_servers.clear();
  change(r.node).federation.enabled = false;
  BOOST_TEST(r.can(ann, chat::action::invite, zoe).verdict == "no");
  BOOST_TEST(r.can(ann, chat::action::invite, "@ben:here.example").verdict == "yes");
}

BOOST_AUTO_TEST_CASE(who_may_delete_what_they_have_written_is_known_beforehand) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    r.give(ann, eve, chat::role::owner);
    BOOST_TEST(r.can(bob, chat::action::delete_own).verdict == "yes");
    r.push({r.change_of(eve, [](object& x) {
      auto events = x.find("events") ? *x.find("events")->as_object() : object{};
      events.set("m.room.redaction", 50);
      x.set("events", std::move(events));
    })});
    const auto said = r.can(bob, chat::action::delete_own);
    BOOST_TEST(said.verdict == "no", version);
    BOOST_TEST(said.needed == 50);
    BOOST_TEST(r.can(ann, chat::action::delete_own).verdict == "yes");
  }
}

BOOST_AUTO_TEST_CASE(a_level_that_nobody_could_take_back_is_said_to_be_irreversible) {
  for (const auto* version : versions) {
    room_of_roles r{version};
    const bool has_creator_above = std::string{version} == "12";
    const auto owner = r.can(ann, chat::action::set_role, eve, chat::role::owner);
    BOOST_TEST(owner.verdict == (has_creator_above ? "yes" : "irreversible"), version);
    BOOST_TEST(r.can(ann, chat::action::set_role, eve, chat::role::moderator).verdict == "yes");
    r.give(ann, eve, chat::role::moderator);
    BOOST_TEST(r.can(ann, chat::action::set_role, eve, chat::role::member).verdict == "yes");
    // The only owner who steps down.
    if (!has_creator_above) {
      BOOST_TEST(r.can(ann, chat::action::set_role, ann, chat::role::member).verdict == "irreversible");
      r.give(ann, bob, chat::role::owner);
      BOOST_TEST(r.can(ann, chat::action::set_role, ann, chat::role::member).verdict == "yes");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
