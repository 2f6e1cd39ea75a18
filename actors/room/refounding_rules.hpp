#pragma once
#include "actors/context.hpp"
#include "actors/room/authoring.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/room_version.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

/// What it takes to make a room again in another version. Pure.
namespace causeway::room {

/// The next older version in which a room can be what it is; null: there is none.
/// @param least  no version before this one
/// @param join_rules  of the room; null: it has none
const matrix::room_version_rules* next_older_version(const matrix::room_version_rules& current, std::string_view least,
                                                     const matrix::event* join_rules);

/// The create event of a room that takes the place of another one of ours, which is as if it had never been. The same
/// room and version lead to the same id.
/// @param former  its create event
result<matrix::event_ptr> found_again(const context& node, const matrix::event& former,
                                      const matrix::room_version_rules& rules);

/// Level of those who make a room, where a version has no power beyond all levels for them.
inline constexpr std::int64_t creator_level = 100;

/// Makes the events of a room once more, for a room of another version, one after the other in their order. What is
/// deleted is not made again, nor is what deletes or what relates to it.
class room_copy {
public:
  /// @param creator  of both rooms
  /// @param level_of_creator  where the version gives creators no level of their own
  room_copy(const matrix::room_version_rules& from, const matrix::room_version_rules& to, std::string creator,
            std::int64_t level_of_creator)
      : from_(from), to_(to), creator_(std::move(creator)), creator_level_(level_of_creator) {}

  /// The same event for the other room; nothing: it is left out.
  std::optional<draft> draft_of(const matrix::event& former) const;
  /// So it is called there.
  void made(const matrix::event& former, std::string event_id) { ids_[former.event_id] = std::move(event_id); }

private:
  /// Puts the id of today in the place of an event's; false: there is none.
  bool rename(matrix::json::value* id) const;
  bool rename_relations(matrix::json::object& content) const;
  matrix::json::object levels(matrix::json::object content) const;

  const matrix::room_version_rules& from_;
  const matrix::room_version_rules& to_;
  std::string creator_;
  std::int64_t creator_level_;
  std::unordered_map<std::string, std::string> ids_; ///< former event id -> that of today
};

} // namespace causeway::room
