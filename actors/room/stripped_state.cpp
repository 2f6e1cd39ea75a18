#include "actors/room/stripped_state.hpp"

namespace causeway::room {
namespace {

/// Members after whom a room without a name is called.
constexpr std::size_t named_members_max = 5;

} // namespace

std::string stripped_state(const room_state& room, std::string_view inviter) {
  // Full PDUs, always with m.room.create (MSC4311): what strict servers demand and lenient ones accept.
  matrix::json::array list;
  auto add = [&](std::string_view type, std::string_view key) {
    if (auto e = room.graph.state_event(type, key)) list.emplace_back(e->source);
  };
  for (const auto* type : {"m.room.create", "m.room.join_rules", "m.room.canonical_alias", "m.room.avatar",
                           "m.room.name", "m.room.encryption", "m.room.topic"})
    add(type, "");
  if (!inviter.empty()) add("m.room.member", inviter);
  if (!inviter.empty() && room.is_direct()) {
    // What has no name is called after its people, and is a group by their number.
    auto others = named_members_max;
    room.graph.for_each_member(room.graph.current(), [&](const matrix::event_ptr& e) {
      if (e->membership() == matrix::membership::join && *e->state_key != inviter) {
        list.emplace_back(e->source);
        --others;
      }
      return others > 0;
    });
  }
  return matrix::json::canonical(matrix::json::value{std::move(list)});
}

} // namespace causeway::room
