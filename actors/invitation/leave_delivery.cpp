#include "actors/invitation/leave_delivery.hpp"

#include "actors/handshake.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::invitation {
namespace {

using matrix::endpoint;
using matrix::json::object;

/// Refusals that are not yet believed; about two minutes with the default back-off.
constexpr std::uint32_t leave_refusals_believed_after = 8;
/// The leave is offered that long.
constexpr time_ms leave_give_up_ms = 7 * 24 * 3'600'000LL;
constexpr std::size_t leave_via_max = 5;

} // namespace

std::vector<std::string> leave_delivery::via() const {
  const auto& row = record_.row;
  std::vector<std::string> servers{std::string{matrix::server_name_of(row.inviter)}};
  auto add = [&](std::string_view s) {
    if (matrix::is_server_name(s) && s != record_.node.server_name &&
        std::find(servers.begin(), servers.end(), s) == servers.end() && servers.size() < leave_via_max)
      servers.emplace_back(s);
  };
  if (auto list = matrix::json::parse(row.invite_room_state.empty() ? "[]" : row.invite_room_state);
      list && list->as_array())
    for (const auto& e : *list->as_array())
      if (const auto* sender = e.find_string("sender")) add(matrix::server_name_of(*sender));
  for (const auto& s : row.via) add(s);
  add(matrix::server_name_of(record_.room_id));
  return servers;
}

std::string leave_delivery::server() const {
  const auto& row = record_.row;
  if (row.direction == invitation_direction::knock && !row.via.empty()) return row.via.front();
  const auto servers = via();
  return servers[at_via_ % servers.size()];
}

void leave_delivery::begin() {
  auto r = question_.ask(server_request::make_leave, endpoint::make_leave, record_.user_id,
                         record_.node.settings().federation.make_join_timeout_ms);
  ++record_.row.attempts;
  record_.out.send({actor_kind::remote_server, server()}, std::move(r));
}

void leave_delivery::answered(server_request step, const peer_answer& m) {
  auto& row = record_.row;
  if (row.pending_request != next_request::leave) return;
  // Every server of the room can tell it the others; but only the inviter's knows that the room has no such invitation.
  const bool is_inviters = record_.is_open_knock() || server() == matrix::server_name_of(row.inviter);
  const bool is_final = is_refusal(m) && m.status != 401 && is_inviters;
  if (m.status != 200 && !is_final) return try_next(m.why);
  // A server that has not yet taken its own invitation into the room refuses at first: ask again a few times before
  // believing it.
  if (m.status != 200 && row.attempts < leave_refusals_believed_after) return record_.retry_later(m.why);
  if (m.status != 200 || step == server_request::send_leave) return give_up(); // told, or nothing to tell any more
  send(m);
}

void leave_delivery::send(const peer_answer& made) {
  const auto& row = record_.row;
  auto body = matrix::json::parse(made.body);
  const auto* shape = body ? body->find_object("event") : nullptr;
  const auto* rules = matrix::find_room_version(row.room_version);
  if (!rules) return give_up();
  if (!shape) return try_next({fault_code::peer_bad_answer, "make_leave: no event"});
  object content{{"membership", "leave"}};
  if (!row.reason.empty()) content.set("reason", row.reason);
  const auto x = sign_from_template(record_.node, *shape, *rules, record_.room_id, record_.user_id, std::move(content),
                                    record_.out.now());
  if (!x) return try_next({fault_code::peer_bad_answer, "make_leave: " + x.error().detail});
  auto r = question_.ask(server_request::send_leave, endpoint::send_leave_v2, (*x)->event_id,
                         record_.node.settings().federation.request_timeout_ms);
  r.body = (*x)->to_json();
  record_.out.send_at_once({actor_kind::remote_server, server()}, std::move(r));
}

void leave_delivery::try_next(const fault& why) {
  if (record_.out.now() - record_.row.since_ts > leave_give_up_ms) return give_up();
  ++at_via_;
  record_.retry_later(why);
}

void leave_delivery::give_up() {
  record_.forget_request();
  record_.save();
}

} // namespace causeway::invitation
