#include "actors/room/service_user.hpp"

#include "actors/room/roles.hpp"

namespace causeway::room {

std::string service_user_of(const room_state& room) {
  const auto create = room.graph.create();
  if (!create || !room.node.is_local(create->sender)) return {};
  const auto* named = create->content().find(service_user_key);
  const auto* user = named ? named->as_string() : nullptr;
  if (!user || !room.node.is_local(*user) || room.graph.membership(*user) != matrix::membership::join) return {};
  return *user;
}

std::vector<std::string> who_changes_levels(const room_state& room, const std::string& by, const std::string& user) {
  std::vector<std::string> found{by};
  auto service = service_user_of(room);
  if (!service.empty() && service != by && service != user && room.roles().of_user(by) == chat::role::owner)
    found.push_back(std::move(service));
  return found;
}

bool is_left_to_service_user(const room_state& room) {
  const auto& ours = room.graph.members().local_joined();
  if (ours.size() != 1) return false;
  const auto service = service_user_of(room);
  return !service.empty() && ours.contains(service);
}

} // namespace causeway::room
