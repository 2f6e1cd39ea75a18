/// Rooms and words for the tests of the auth rules.
#pragma once

#include "made_room.hpp"
#include "messages/matrix/auth_rules.hpp"
#include "room_check.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::test::auth_rules_play {

constexpr std::string_view alice = "@alice:a.test", bob = "@bob:b.test", carol = "@carol:c.test", dave = "@dave:d.test";

inline std::string member_content(std::string_view x) { return R"({"membership":")" + std::string{x} + R"("})"; }
inline std::string join_rule(std::string_view x) { return R"({"join_rule":")" + std::string{x} + R"("})"; }

/// alice 100 (infinite in version 12), bob 50, carol 0, all joined; invite-only.
inline made_room staffed(std::string_view version, std::string_view create_content = "{}") {
  made_room room{version, create_content};
  for (const auto user_id : {alice, bob, carol}) room.put_member(user_id, "join");
  room.put("m.room.power_levels", alice, "",
           room.rules().privileged_creators ? R"({"users":{"@bob:b.test":50}})"
                                            : R"({"users":{"@alice:a.test":100,"@bob:b.test":50}})");
  room.put("m.room.join_rules", alice, "", join_rule("invite"));
  return room;
}

inline std::string rule_of(const status& verdict) {
  const auto text = words(verdict);
  return text.substr(0, text.find(' '));
}

// The verdict's rule number, or "allowed".
#define CHECK_RULE(expected, ...) BOOST_TEST(rule_of(__VA_ARGS__) == (expected), words(__VA_ARGS__))

inline std::vector<std::string_view> versions_from(int first) {
  std::vector<std::string_view> result;
  for (const auto& rules : room_versions())
    if (std::stoi(std::string{rules.id}) >= first) result.push_back(rules.id);
  return result;
}
inline std::vector<std::string_view> versions_to(int last) {
  std::vector<std::string_view> result;
  for (const auto& rules : room_versions())
    if (std::stoi(std::string{rules.id}) <= last) result.push_back(rules.id);
  return result;
}

inline json::object membership_vectors() {
  auto file = read_json(std::filesystem::path{CAUSEWAY_TEST_DATA} / "vectors" / "membership_auth.json");
  BOOST_TEST_REQUIRE(file.has_value());
  return *file;
}

inline std::string text_of(const json::value& x) { return x.as_string() ? *x.as_string() : std::string{}; }

} // namespace causeway::test::auth_rules_play
