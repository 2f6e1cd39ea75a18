#include "actors/room/roles.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;
using chat::role;

namespace causeway::chat {
std::ostream& operator<<(std::ostream& out, role x) { return out << roles[static_cast<std::size_t>(x)]; }
} // namespace causeway::chat

BOOST_AUTO_TEST_SUITE(room_roles_of_levels)

namespace {

const std::string ann = "@ann:here.example", bob = "@bob:here.example", eve = "@eve:there.example";
constexpr const char* versions[] = {"10", "11", "12"};

matrix::event_ptr state_of(const std::string& version, const std::string& type, object content) {
  const auto& rules = *matrix::find_room_version(version);
  const bool names_room = type != "m.room.create" || !rules.room_id_is_create_hash;
  object pdu{{"type", type},
             {"sender", ann},
             {"state_key", ""},
             {"content", std::move(content)},
             {"origin_server_ts", noon},
             {"depth", 1},
             {"prev_events", matrix::json::array{}},
             {"auth_events", matrix::json::array{}}};
  if (names_room) pdu.set("room_id", rules.room_id_is_create_hash ? "!" + std::string(43, 'r') : "!r:here.example");
  return *matrix::hash_and_sign(std::move(pdu), rules, "here.example", key_of('h'));
}

struct scale_of {
  matrix::event_ptr create, levels;
  room::role_scale scale;

  scale_of(const std::string& version, std::optional<object> content, bool has_leaders = true)
      : create(state_of(version, "m.room.create",
                        version == "10" ? object{{"room_version", version}, {"creator", ann}}
                                        : object{{"room_version", version}})),
        levels(content ? state_of(version, "m.room.power_levels", std::move(*content)) : nullptr),
        scale(create.get(), levels.get(), has_leaders) {}
};

/// As rooms of ours begin.
object usual() {
  return {{"ban", 50},
          {"kick", 50},
          {"redact", 50},
          {"state_default", 50},
          {"users", object{{bob, 50}}},
          {"events", object{{"m.room.power_levels", 100}}}};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_level_is_what_it_allows) {
  for (const auto* version : versions) {
    const scale_of r{version, usual()};
    struct {
      std::int64_t level;
      role is;
    } const expected[] = {{101, role::owner}, {100, role::owner}, {99, role::moderator}, {50, role::moderator},
                          {49, role::leader}, {10, role::leader}, {1, role::leader},     {0, role::member},
                          {-1, role::muted},  {-100, role::muted}};
    for (const auto& x : expected) BOOST_TEST(r.scale.at(x.level) == x.is, version << ' ' << x.level);
    BOOST_TEST(r.scale.of_user(bob) == role::moderator);
    BOOST_TEST(r.scale.of_user(eve) == role::member);
    BOOST_TEST(r.scale.of_default() == role::member);
  }
}

BOOST_AUTO_TEST_CASE(only_a_room_of_ours_has_leaders) {
  const scale_of theirs{"11", usual(), false};
  BOOST_TEST(theirs.scale.at(49) == role::member);
  BOOST_TEST(theirs.scale.at(10) == role::member);
  BOOST_TEST(!theirs.scale.level_of(role::leader).has_value());
}

BOOST_AUTO_TEST_CASE(a_creator_of_version_12_is_its_owner_whatever_the_levels_say) {
  for (const auto* version : versions) {
    auto content = usual();
    content.set("ban", 1'000);
    const scale_of r{version, content};
    BOOST_TEST(r.scale.of_user(ann) == (std::string{version} == "12" ? role::owner : role::member), version);
    BOOST_TEST(!room::changed_roles(r.create.get(), nullptr, r.levels.get(), true).empty());
  }
}

BOOST_AUTO_TEST_CASE(without_levels_the_creator_is_owner_and_all_others_are_members) {
  for (const auto* version : versions) {
    const scale_of r{version, {}};
    BOOST_TEST(r.scale.of_user(ann) == role::owner, version);
    BOOST_TEST(r.scale.of_user(bob) == role::member, version);
  }
}

BOOST_AUTO_TEST_CASE(each_role_has_the_least_level_that_makes_it) {
  for (const auto* version : versions) {
    const scale_of r{version, usual()};
    BOOST_TEST(r.scale.level_of(role::owner).value() == 100);
    BOOST_TEST(r.scale.level_of(role::moderator).value() == 50);
    BOOST_TEST(r.scale.level_of(role::leader).value() == 10);
    BOOST_TEST(r.scale.level_of(role::member).value() == 0);
    BOOST_TEST(r.scale.level_of(role::muted).value() == -1);
  }
}

BOOST_AUTO_TEST_CASE(thresholds_of_the_room_decide_and_not_the_numbers_we_use) {
  auto content = usual();
  content.set("ban", 75); // who may kick may not ban: no moderator by that
  scale_of r{"11", content};
  BOOST_TEST(r.scale.of_user(bob) == role::leader);
  BOOST_TEST(r.scale.level_of(role::moderator).value() == 75);
  // Whoever moderates may change levels: there are owners only.
  content = usual();
  content.set("events", object{{"m.room.power_levels", 50}});
  r = scale_of{"11", content};
  BOOST_TEST(r.scale.of_user(bob) == role::owner);
  BOOST_TEST(!r.scale.level_of(role::moderator).has_value());
  BOOST_TEST(r.scale.level_of(role::owner).value() == 50);
  // A channel in which few may write: all others are muted, a member has to be made one.
  content = usual();
  content.set("events_default", 20);
  r = scale_of{"11", content};
  BOOST_TEST(r.scale.of_default() == role::muted);
  BOOST_TEST(r.scale.level_of(role::muted).value() == 0);
  BOOST_TEST(!r.scale.level_of(role::member).has_value()); // 20 is above everybody's: a leader
  BOOST_TEST(scale_of("11", content, false).scale.level_of(role::member).value() == 20);
}

BOOST_AUTO_TEST_CASE(another_level_is_a_change_of_what_is_in_force_and_of_nothing_else) {
  for (const auto* version : versions) {
    auto content = usual();
    content.set("org.example.unknown", object{{"kept", true}});
    content.set("users", object{{bob, 50}, {"@odd:there.example", 0}});
    const scale_of r{version, content};
    auto expected = content;
    expected.set("users", object{{bob, 50}, {eve, 10}, {"@odd:there.example", 0}});
    BOOST_TEST((room::with_level(*r.create, r.levels.get(), eve, 10) == expected), version);
    expected.set("users", object{{bob, 100}, {"@odd:there.example", 0}});
    BOOST_TEST((room::with_level(*r.create, r.levels.get(), bob, 100) == expected));
    // What everybody has is no entry.
    expected.set("users", object{{"@odd:there.example", 0}});
    BOOST_TEST((room::with_level(*r.create, r.levels.get(), bob, 0) == expected));
  }
}

BOOST_AUTO_TEST_CASE(the_first_levels_of_a_room_keep_its_creator_what_they_were) {
  BOOST_TEST((room::with_level(*scale_of("10", {}).create, nullptr, bob, 50) ==
              object{{"users", object{{ann, 100}, {bob, 50}}}}));
  BOOST_TEST((room::with_level(*scale_of("11", {}).create, nullptr, bob, 50) ==
              object{{"users", object{{ann, 100}, {bob, 50}}}}));
  // No creator may stand in the levels of version 12.
  BOOST_TEST((room::with_level(*scale_of("12", {}).create, nullptr, bob, 50) == object{{"users", object{{bob, 50}}}}));
}

BOOST_AUTO_TEST_CASE(roles_change_with_levels_and_with_what_is_needed_for_them) {
  for (const auto* version : versions) {
    const scale_of before{version, usual()};
    auto content = usual();
    content.set("users", object{{bob, 60}, {eve, 100}});
    auto after = state_of(version, "m.room.power_levels", content);
    auto changed = room::changed_roles(before.create.get(), before.levels.get(), after.get(), true);
    BOOST_REQUIRE_MESSAGE(changed.size() == 1U, version); // bob moderates with 60 as with 50
    BOOST_TEST(changed[0].user == eve);
    BOOST_TEST(changed[0].before == role::member);
    BOOST_TEST(changed[0].now == role::owner);
    BOOST_TEST(changed[0].level == 100);

    content = usual();
    content.set("ban", 75);
    after = state_of(version, "m.room.power_levels", content);
    changed = room::changed_roles(before.create.get(), before.levels.get(), after.get(), true);
    BOOST_REQUIRE(changed.size() == 1U);
    BOOST_TEST(changed[0].user == bob);
    BOOST_TEST(changed[0].now == role::leader);
    BOOST_TEST(changed[0].level == 50);

    content = usual();
    content.set("events_default", 50);
    after = state_of(version, "m.room.power_levels", content);
    changed = room::changed_roles(before.create.get(), before.levels.get(), after.get(), true);
    BOOST_REQUIRE(changed.size() == 1U); // everybody, told once
    BOOST_TEST(changed[0].user == "");
    BOOST_TEST(changed[0].now == role::muted);
    BOOST_TEST(changed[0].level == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
