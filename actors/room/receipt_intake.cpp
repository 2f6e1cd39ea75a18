#include "actors/room/receipt_intake.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace causeway::room {

std::vector<std::string> other_servers(const room_state& room) {
  auto servers = room.servers();
  std::erase(servers, room.node.server_name);
  std::sort(servers.begin(), servers.end());
  return servers;
}

void receipt_intake::receive(const receipts_received& m) {
  if (!room_.takes_part() || !room_.node.settings().federation.receipts || !room_.acl_admits(m.origin)) return;
  markers_moved moved{room_.id, room_.head.chat_room_id, m.origin, {}};
  for (const auto& x : m.markers)
    if (room_.graph.membership(x.user_id) == matrix::membership::join) moved.markers.push_back(x);
  if (!moved.markers.empty()) out_.send({actor_kind::receipts, ""}, std::move(moved));
}

void receipt_intake::observe(const std::vector<state_change>& changes) {
  if (!room_.takes_part() || !room_.node.settings().federation.receipts) return;
  std::map<std::string_view, std::int64_t> came; ///< server -> joined members more than before
  for (const auto& c : changes) {
    if (c.key.first != "m.room.member" || room_.node.is_local(c.key.second)) continue;
    const auto joined = [](const matrix::event_ptr& e) {
      return e && e->membership() == matrix::membership::join ? 1 : 0;
    };
    came[matrix::server_name_of(c.key.second)] += joined(c.after) - joined(c.before);
  }
  const auto& members = room_.graph.members();
  std::erase_if(came, [&](const auto& x) {
    return x.second <= 0 || members.of(x.first).joined != static_cast<std::size_t>(x.second);
  });
  // Of so many at once the room has only been told: they were here before.
  if (came.empty() || came.size() > newcomers_max || members.local_joined().empty()) return;
  const auto& ours = members.local_joined();
  const std::vector<std::string> users{
    ours.begin(),
    std::next(ours.begin(), static_cast<std::ptrdiff_t>(std::min(ours.size(), server_joined_members_max)))};
  for (const auto& [server, count] : came)
    out_.send({actor_kind::receipts, ""}, server_joined{room_.id, std::string{server}, users});
}

void receipt_intake::send_servers(const room_servers_request& m) {
  room_servers_response told{m.asked, {}};
  const auto is_meant = [&] {
    return m.user_id.empty() || (room_.graph.membership(m.user_id) == matrix::membership::join &&
                                 bool{room_.acl_admits(matrix::server_name_of(m.user_id))});
  };
  if (room_.takes_part() && is_meant()) told.servers = other_servers(room_);
  out_.send(m.reply_to, std::move(told));
}

} // namespace causeway::room
