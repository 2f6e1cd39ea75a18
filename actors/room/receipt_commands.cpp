#include "actors/room/receipt_commands.hpp"

#include "actors/room/receipt_intake.hpp"

#include <utility>

namespace causeway::room {
namespace {

fault no_such_message(const char* field, const std::string& named) {
  return {fault_code::not_found, std::string{field} + ": there is no message " + named + " in this room"};
}

} // namespace

command_outcome receipt_commands::run(const queued_command& c, const chat::mark_read& x) {
  if (room_.graph.membership(x.user) != matrix::membership::join)
    return fault{fault_code::not_member, x.user + " is not in the room"};
  read_marker marker{x.user, c.event_ids.at(x.message), {}, x.ts.value_or(0), x.is_private};
  if (marker.event_id == "?") return no_such_message("message", x.message);
  if (x.thread) {
    marker.thread = *x.thread == chat::main_thread ? *x.thread : c.event_ids.at(*x.thread);
    if (marker.thread == "?") return no_such_message("thread", *x.thread);
  }
  markers_moved moved{room_.id, room_.head.chat_room_id, {}, {}};
  moved.markers.push_back(std::move(marker));
  if (!x.is_private && room_.node.settings().federation.receipts) moved.servers = servers();
  moved.command = c.command.reference;
  out_.send({actor_kind::receipts, ""}, std::move(moved));
  return ends_later{};
}

command_outcome receipt_commands::run(const queued_command& c, const chat::query_receipts& x) {
  const auto& event_id = c.event_ids.at(x.message);
  if (event_id == "?") return no_such_message("message", x.message);
  out_.send({actor_kind::receipts, ""}, readers_request{c.command.reference, room_.id, event_id, x.after.value_or("")});
  return ends_later{};
}

command_outcome receipt_commands::run(const queued_command& c, const chat::query_read_positions& x) {
  out_.send({actor_kind::receipts, ""}, readers_request{c.command.reference, room_.id, "", x.after.value_or("")});
  return ends_later{};
}

std::shared_ptr<const std::vector<std::string>> receipt_commands::servers() {
  const auto now = room_.graph.current().group;
  // Where members are omitted it may change without the state, also when they are known at last: nothing is kept.
  if (!room_.servers_of_omitted.empty()) return std::make_shared<const std::vector<std::string>>(other_servers(room_));
  if (servers_ && servers_at_ == now) return servers_;
  servers_ = std::make_shared<const std::vector<std::string>>(other_servers(room_));
  servers_at_ = now;
  return servers_;
}

} // namespace causeway::room
