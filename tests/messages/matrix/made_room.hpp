#pragma once
#include "messages/matrix/auth_rules.hpp"
#include "messages/matrix/state_resolution.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Events made by hand, with ids a person can read, for tests of the rules. No hashes, no signatures.
namespace causeway::test {

using namespace causeway::matrix;

/// JSON of an object written in a test; throws when it is none.
json::object parsed(std::string_view text);
/// An event from its members (`event_id` among them), without any check.
event_ptr made_event(const json::object& members, const room_version_rules& rules);

/// A room's current state and the events ever made in it. Servers and users: `@alice:a.test` founded the room.
class made_room {
public:
  static constexpr std::string_view founder = "@alice:a.test";

  /// With its create event; `create_content` is merged into what the version demands.
  explicit made_room(std::string_view version, std::string_view create_content = "{}");

  const room_version_rules& rules() const { return *rules_; }
  const event& create() const { return *create_; }

  /// An event of the room that is not part of it; the parents are those of a running room.
  event_ptr proposed(std::string_view type, std::string_view sender, std::optional<std::string> state_key,
                     std::string_view content) const;
  /// The verdict on such an event by the current state.
  status verdict(std::string_view type, std::string_view sender, std::optional<std::string> state_key,
                 std::string_view content) const;
  status verdict(const event& x) const;
  /// Makes an event current without asking the rules.
  const event& put(std::string_view type, std::string_view sender, std::string_view state_key,
                   std::string_view content);
  const event& put_member(std::string_view user_id, std::string_view membership) {
    return put("m.room.member", user_id, user_id, R"({"membership":")" + std::string{membership} + R"("})");
  }
  void remove(std::string_view type, std::string_view state_key) {
    state_.erase({std::string{type}, std::string{state_key}});
  }

  state_lookup state() const;
  const event* find(std::string_view event_id) const;

private:
  const room_version_rules* rules_;
  event_ptr create_;
  std::map<state_key_pair, event_ptr> state_;
  std::unordered_map<std::string, event_ptr> events_;
  mutable int next_id_ = 0;
};

/// Words of a verdict: "allowed", or the rule.
std::string words(const status& verdict);

} // namespace causeway::test
