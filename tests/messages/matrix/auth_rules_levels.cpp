// The auth rules that ask for a power level, and those of m.room.power_levels.
#include "auth_rules_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(auth_rules_levels)

using namespace auth_rules_play;

// ---- sending
BOOST_AUTO_TEST_CASE(sender_must_be_joined_and_of_the_required_level) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    CHECK_RULE("allowed", room.verdict("m.room.message", carol, std::nullopt, "{}"));
    CHECK_RULE("6", room.verdict("m.room.message", dave, std::nullopt, "{}"));
    room.put_member(dave, "invite");
    CHECK_RULE("6", room.verdict("m.room.message", dave, std::nullopt, "{}"));
    CHECK_RULE("8", room.verdict("m.room.topic", carol, "", "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.topic", bob, "", "{}"));
    room.put("m.room.power_levels", alice, "",
             R"({"users":{"@bob:b.test":50},"events":{"m.room.topic":0,"m.room.message":51},"state_default":60})");
    CHECK_RULE("allowed", room.verdict("m.room.topic", carol, "", "{}"));
    CHECK_RULE("8", room.verdict("m.room.message", bob, std::nullopt, "{}"));
    CHECK_RULE("8", room.verdict("m.room.name", bob, "", "{}"));
    CHECK_RULE("allowed", room.verdict("m.reaction", carol, std::nullopt, "{}"));
  }
}

BOOST_AUTO_TEST_CASE(state_of_another_user_is_out_of_reach) {
  const auto room = staffed("11");
  CHECK_RULE("allowed", room.verdict("org.example.note", alice, std::string{alice}, "{}"));
  CHECK_RULE("9", room.verdict("org.example.note", alice, std::string{bob}, "{}"));
  CHECK_RULE("9", room.verdict("org.example.note", alice, "@", "{}"));
  CHECK_RULE("allowed", room.verdict("org.example.note", alice, "bob", "{}"));
}

// ---- power levels
BOOST_AUTO_TEST_CASE(levels_without_a_power_levels_event) {
  for (const auto version : versions_from(1)) {
    const made_room room{version};
    const power_levels levels{&room.create(), nullptr};
    BOOST_TEST(levels.of_user(alice) == (room.rules().privileged_creators ? infinite_power : 100));
    BOOST_TEST(levels.of_user(bob) == 0);
    BOOST_TEST(levels.of_action("ban") == 50);
    BOOST_TEST(levels.of_action("kick") == 50);
    BOOST_TEST(levels.of_action("redact") == 50);
    BOOST_TEST(levels.of_action("invite") == 0);
    BOOST_TEST(levels.of_event("m.room.topic", true) == 50);
    BOOST_TEST(levels.of_event("m.room.message", false) == 0);
    BOOST_TEST(levels.of_notification("room") == 50);
    BOOST_TEST(levels.is_creator(alice));
    BOOST_TEST(!levels.is_creator(bob));
  }
}

BOOST_AUTO_TEST_CASE(creator_has_no_level_of_their_own_once_there_is_an_event_before_version_12) {
  made_room room{"11"};
  const auto& event = room.put("m.room.power_levels", alice, "", R"({"users_default":7,"users":{"@bob:b.test":50}})");
  const power_levels levels{&room.create(), &event};
  BOOST_TEST(levels.of_user(alice) == 7);
  BOOST_TEST(levels.of_user(bob) == 50);
}

BOOST_AUTO_TEST_CASE(creators_of_version_12_are_above_everybody) {
  auto room = staffed("12", R"({"additional_creators":["@bob:b.test"]})");
  room.put("m.room.power_levels", alice, "", R"({"ban":9007199254740991,"users":{"@carol:c.test":9007199254740991}})");
  const power_levels levels{&room.create(), room.state()("m.room.power_levels", "")};
  BOOST_TEST(levels.of_user(alice) == infinite_power);
  BOOST_TEST(levels.of_user(bob) == infinite_power);
  CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{carol}, member_content("ban")));
  CHECK_RULE("5.6.3", room.verdict("m.room.member", carol, std::string{bob}, member_content("ban")));
  CHECK_RULE("5.6.3",
             room.verdict("m.room.member", alice, std::string{bob}, member_content("ban"))); // not even one another
}

BOOST_AUTO_TEST_CASE(creators_of_version_12_are_not_listed_among_users) {
  const auto room = staffed("12", R"({"additional_creators":["@bob:b.test"]})");
  const auto verdict = [&](std::string_view content) {
    return room.verdict("m.room.power_levels", alice, "", content);
  };
  CHECK_RULE("10.4", verdict(R"({"users":{"@alice:a.test":100}})"));
  CHECK_RULE("10.4", verdict(R"({"users":{"@bob:b.test":0}})"));
  CHECK_RULE("allowed", verdict(R"({"users":{"@carol:c.test":100}})"));
  CHECK_RULE("allowed",
             staffed("11", R"({"additional_creators":["@bob:b.test"]})")
               .verdict("m.room.power_levels", alice, "", R"({"users":{"@alice:a.test":100,"@bob:b.test":50}})"));
}

BOOST_AUTO_TEST_CASE(levels_are_integers_from_version_10) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.remove("m.room.power_levels", "");
    const auto verdict = [&](std::string_view content) {
      return room.verdict("m.room.power_levels", alice, "", content);
    };
    const bool strict = room.rules().integer_power_levels;
    CHECK_RULE("allowed", verdict("{}"));
    CHECK_RULE(
      "allowed",
      verdict(R"({"ban":-5,"users":{"@bob:b.test":7},"events":{"m":1},"notifications":{"room":2},"other":"x"})"));
    for (const auto* key : {"users_default", "events_default", "state_default", "ban", "redact", "kick", "invite"}) {
      const auto with = [&](std::string_view value) {
        return verdict(R"({")" + std::string{key} + R"(":)" + std::string{value} + "}");
      };
      // What nobody compares yet may be anything.
      for (const auto* odd : {R"("50")", "true", "false", "null", "[]", "{}", R"("")", R"("5.0")", R"("five")"})
        CHECK_RULE(strict ? "10.1" : "allowed", with(odd));
    }
    for (const auto* odd : {R"({"events":{"m":" +010 "}})", R"({"events":{"m":true}})", R"({"events":[]})",
                            R"({"events":null})", R"({"notifications":{"room":true}})", R"({"notifications":5})"})
      CHECK_RULE(strict ? "10.2" : "allowed", verdict(odd));
    for (const auto* lenient : {R"("-5")", "true", R"(" 5_0 ")", R"("\uff15")"})
      CHECK_RULE(strict ? "10.3" : "allowed", verdict(R"({"users":{"@bob:b.test":)" + std::string{lenient} + "}}"));
    for (const auto* unreadable : {"null", R"("")", R"("x")", "[]", R"("5__0")", R"("1e3")", R"("+-5")"})
      CHECK_RULE("10.3", verdict(R"({"users":{"@bob:b.test":)" + std::string{unreadable} + "}}"));
    CHECK_RULE("10.3", verdict(R"({"users":[]})"));
    CHECK_RULE("10.3", verdict(R"({"users":null})"));
  }
}

BOOST_AUTO_TEST_CASE(a_blank_behind_a_name_among_the_users_does_not_fork_the_room) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.remove("m.room.power_levels", "");
    const auto verdict = [&](std::string_view key) {
      return room.verdict("m.room.power_levels", alice, "", R"({"users":{")" + std::string{key} + R"(":5}})");
    };
    for (const auto* key :
         {"@mallory:evil.example ", "@bob:b.test\\n", "@:", "@a b:c d", "@BOB:b.test", "@:[::1", "@a:b:c"})
      CHECK_RULE("allowed", verdict(key));
    for (const auto* key : {"bob", "", ":", "bob:b.test", " @bob:b.test", "@bob", "#bob:b.test"})
      CHECK_RULE("10.3", verdict(key));
  }
}

BOOST_AUTO_TEST_CASE(a_level_that_nobody_can_read_refuses_what_asks_for_it) {
  for (const auto version : versions_to(9)) {
    auto room = staffed(version);
    const auto levels = [&](std::string_view more) {
      room.put("m.room.power_levels", alice, "",
               R"({"users":{"@alice:a.test":100,"@bob:b.test":50},)" + std::string{more} + "}");
    };
    levels(R"("events":null)");
    CHECK_RULE("8", room.verdict("m.room.message", alice, std::nullopt, "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.member", alice, std::string{dave}, member_content("invite")));
    levels(R"("ban":"nobody")");
    CHECK_RULE("allowed", room.verdict("m.room.message", carol, std::nullopt, "{}"));
    CHECK_RULE("5", room.verdict("m.room.member", alice, std::string{dave}, member_content("invite")));
    CHECK_RULE("10.6", room.verdict("m.room.power_levels", alice, "", R"({"users":{"@alice:a.test":100}})"));
    levels(R"("state_default":null)");
    CHECK_RULE("8", room.verdict("m.room.topic", alice, "", "{}"));
    CHECK_RULE("allowed", room.verdict("m.room.message", carol, std::nullopt, "{}"));
    levels(R"("ban":null,"users_default":null,"events":{"m.room.topic":null})");
    CHECK_RULE("allowed", room.verdict("m.room.member", bob, std::string{carol}, member_content("ban")));
    CHECK_RULE("allowed", room.verdict("m.room.topic", bob, "", "{}"));
    CHECK_RULE("8", room.verdict("m.room.topic", carol, "", "{}"));
    levels(R"("redact":[])");
    CHECK_RULE("11", room.verdict("m.room.redaction", alice, std::nullopt, "{}"));
  }
}

BOOST_AUTO_TEST_CASE(levels_as_text_and_floats_count_as_their_integer) {
  const auto level_in = [](std::string_view version, std::string_view value) {
    made_room room{version};
    const auto& event = room.put("m.room.power_levels", alice, "",
                                 R"({"users":{"@bob:b.test":)" + std::string{value} + R"(},"users_default":-1})");
    return power_levels{&room.create(), &event}.of_user(bob);
  };
  BOOST_TEST(level_in("9", R"("50")") == 50);
  BOOST_TEST(level_in("9", R"(" \t+00050\n")") == 50);
  BOOST_TEST(level_in("9", R"("-7 ")") == -7);
  BOOST_TEST(level_in("9", R"("5 0")") == -1);
  BOOST_TEST(level_in("9", R"("1_000")") == 1000);
  BOOST_TEST(level_in("9", R"("\u0665\u0660")") == 50); // Arabic digits
  BOOST_TEST(level_in("9", R"("99999999999999999999999")") == infinite_power - 1);
  BOOST_TEST(level_in("9", R"("-99999999999999999999999")") == 1 - infinite_power);
  BOOST_TEST(level_in("10", R"("50")") == -1); // never accepted there, so only a hostile state could hold it
  BOOST_TEST(level_in("9", "true") == 1);
  BOOST_TEST(level_in("10", "true") == -1);
  BOOST_TEST(level_in("5", "50.57") == 50);
  BOOST_TEST(level_in("5", "-50.57") == -50);
  BOOST_TEST(level_in("5", "5.114698E4") == 51146);
  BOOST_TEST(level_in("5", "9007199254740993") == 9'007'199'254'740'993);
  BOOST_TEST(level_in("5", "1e300") == infinite_power - 1);
  BOOST_TEST(level_in("5", "-1e300") == 1 - infinite_power);
  BOOST_TEST(level_in("5", "1e999") == -1); // beyond a double: refused
}

BOOST_AUTO_TEST_CASE(no_level_is_raised_or_taken_from_above_the_own) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    const std::string before =
      R"("users":{"@bob:b.test":50},"events":{"m.high":60,"m.low":10},"kick":60,"redact":40,"invite":50)";
    room.put("m.room.power_levels", alice, "", "{" + before + R"(,"events_default":0})");
    const auto verdict = [&](std::string_view content) {
      return room.verdict("m.room.power_levels", bob, "", content);
    };
    CHECK_RULE("allowed", verdict("{" + before + "}")); // events_default removed
    CHECK_RULE(
      "allowed",
      verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":60,"redact":50,"state_default":50})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":50})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60}})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":60,"redact":51})"));
    CHECK_RULE("10.6", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60},"kick":60,"ban":51})"));
    CHECK_RULE("10.7", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":50},"kick":60})"));
    CHECK_RULE("10.7", verdict(R"({"users":{"@bob:b.test":50},"kick":60})"));
    CHECK_RULE("10.7", verdict(R"({"users":{"@bob:b.test":50},"events":{"m.high":60,"m.new":51},"kick":60})"));
    CHECK_RULE("8", room.verdict("m.room.power_levels", carol, "", "{" + before + "}"));
  }
}

BOOST_AUTO_TEST_CASE(notifications_are_guarded_from_version_6) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.power_levels", alice, "", R"({"users":{"@bob:b.test":50},"notifications":{"room":60}})");
    const auto verdict = [&](std::string_view content) {
      return room.verdict("m.room.power_levels", bob, "", content);
    };
    const auto* refused = room.rules().limit_notifications_levels ? "10.7" : "allowed";
    CHECK_RULE(refused, verdict(R"({"users":{"@bob:b.test":50},"notifications":{"room":50}})"));
    CHECK_RULE(refused, verdict(R"({"users":{"@bob:b.test":50}})"));
    CHECK_RULE(refused, verdict(R"({"users":{"@bob:b.test":50},"notifications":{"room":60,"other":70}})"));
    CHECK_RULE("allowed", verdict(R"({"users":{"@bob:b.test":50},"notifications":{"room":60,"other":50}})"));
  }
}

BOOST_AUTO_TEST_CASE(users_of_the_own_level_or_above_keep_theirs) {
  for (const auto version : versions_from(1)) {
    auto room = staffed(version);
    room.put("m.room.power_levels", alice, "",
             R"({"users":{"@bob:b.test":50,"@carol:c.test":50,"@dave:d.test":60,"@erin:e.test":40}})");
    const auto verdict = [&](std::string_view users) {
      return room.verdict("m.room.power_levels", bob, "", R"({"users":{)" + std::string{users} + "}}");
    };
    const std::string equal = R"("@carol:c.test":50,)", higher = R"("@dave:d.test":60,)",
                      lower = R"("@erin:e.test":40)";
    CHECK_RULE("allowed", verdict(equal + higher + R"("@erin:e.test":50,"@bob:b.test":50)"));
    CHECK_RULE("allowed", verdict(equal + higher + lower)); // bob gives up his own
    CHECK_RULE("allowed", verdict(equal + higher + R"("@bob:b.test":50,"@frank:f.test":50)"));
    CHECK_RULE("10.10", verdict(equal + higher + lower + R"(,"@bob:b.test":51)"));
    CHECK_RULE("10.10", verdict(equal + higher + lower + R"(,"@bob:b.test":50,"@frank:f.test":51)"));
    CHECK_RULE("10.9", verdict(higher + lower + R"(,"@bob:b.test":50)"));
    CHECK_RULE("10.9", verdict(R"("@carol:c.test":49,)" + higher + lower));
    CHECK_RULE("10.9", verdict(equal + lower));
    if (!room.rules().integer_power_levels) // the same number written otherwise is no change
      CHECK_RULE("allowed", verdict(R"("@carol:c.test":"50","@dave:d.test":" 60","@erin:e.test":40)"));
  }
}

BOOST_AUTO_TEST_CASE(creator_of_version_12_changes_any_level) {
  auto room = staffed("12");
  room.put("m.room.power_levels", alice, "", R"({"ban":9007199254740991,"users":{"@bob:b.test":9007199254740991}})");
  CHECK_RULE("allowed", room.verdict("m.room.power_levels", alice, "", R"({"users":{}})"));
}

BOOST_AUTO_TEST_SUITE_END()
