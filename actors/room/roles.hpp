#pragma once
#include "messages/chat/vocabulary.hpp"
#include "messages/matrix/auth_rules.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Roles of the chat contract as a room's power levels make them. Pure. Source: CONTRACT.md, "Roles".
namespace causeway::room {

inline constexpr const char* levels_type = "m.room.power_levels";

/// What the levels of a room are worth. Capabilities come first: a role is what somebody may do there, whatever the
/// numbers are.
class role_scale {
public:
  /// Level of a leader in rooms we make: no threshold of theirs lies between it and a member's.
  static constexpr std::int64_t leader_level = 10;

  /// @param create  of the room; decides who its creators are.
  /// @param levels  the m.room.power_levels in force; null: there is none
  /// @param has_leaders  we have made the room: in any other a level below a moderator's means nothing to a chat server
  role_scale(const matrix::event* create, const matrix::event* levels, bool has_leaders);

  chat::role of_user(std::string_view user_id) const { return at(levels_.of_user(user_id)); }
  /// Of all who have no level of their own; not of a version 12 creator.
  chat::role of_default() const { return at(users_default_); }
  chat::role at(std::int64_t level) const;
  /// The level that makes somebody just this; nothing: none does, such as a moderator's where whoever may ban may
  /// change levels too.
  std::optional<std::int64_t> level_of(chat::role wanted) const;
  const matrix::power_levels& levels() const { return levels_; }

private:
  matrix::power_levels levels_;
  bool has_leaders_ = false;
  std::int64_t users_default_ = 0;
  std::int64_t moderate_ = 0; ///< least level to kick, ban and redact
  std::int64_t own_ = 0;      ///< and to change levels
  std::int64_t speak_ = 0;    ///< least level to send m.room.message
};

/// The contract's word.
const char* word_of(chat::role x);

/// The state event that an action is; null: it is none.
const char* state_type(chat::action x);
/// The least level for an action on nobody in particular.
std::int64_t level_needed(const matrix::power_levels& levels, chat::action x);

/// Content of the m.room.power_levels that gives a user another level and is otherwise what is in force, keys nobody
/// knows included. A level that everybody has is no entry.
/// @param levels  null: there is none; then the content says what is true without one
/// @pre `user` is no creator of a version 12 room
matrix::json::object with_level(const matrix::event& create, const matrix::event* levels, const std::string& user,
                                std::int64_t level);

struct changed_role {
  std::string user; ///< empty: everybody without a level of their own
  chat::role before = chat::role::member, now = chat::role::member;
  std::int64_t level = 0; ///< from now on
};
/// Whose role differs, by name, the empty one first: by other levels, or by others being needed.
/// @param before,  after null: there is none
std::vector<changed_role> changed_roles(const matrix::event* create, const matrix::event* before,
                                        const matrix::event* after, bool has_leaders);

/// A level as the contract writes it: a version 12 creator's is the greatest number there is.
std::int64_t shown_level(std::int64_t level);

} // namespace causeway::room
