#include "actors/directory/remote_aliases.hpp"

#include "actors/handshake.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"

#include <utility>

namespace causeway::directory {
namespace {

result<remote_aliases::place> place_in(const peer_answer& m, const std::string& alias) {
  if (m.status != 200) {
    if (m.status == 404 && is_refusal(m)) return {fault_code::not_found, "alias " + alias + ": " + m.why.detail};
    if (m.status == 403 && is_refusal(m)) return {fault_code::forbidden, "alias " + alias + ": " + m.why.detail};
    return m.why;
  }
  const auto body = matrix::json::parse(m.body);
  const auto* room = body ? body->find_string("room_id") : nullptr;
  if (!room || !matrix::is_room_id(*room))
    return {fault_code::peer_bad_answer, m.server_name + " does not say which room " + alias + " is"};
  remote_aliases::place found{*room, {}};
  if (const auto* list = body->find_array("servers"))
    for (const auto& s : *list)
      if (s.as_string() && matrix::is_server_name(*s.as_string()) && found.servers.size() < remote_aliases::servers_max)
        found.servers.push_back(*s.as_string());
  return found;
}

} // namespace

void remote_aliases::ask(const command_received& m, entry wanted, const std::string& alias, const std::string& server) {
  peer_request r;
  r.reply_to = {actor_kind::directory, ""};
  r.asked = out_.next_token();
  r.endpoint = matrix::endpoint::query_directory;
  r.query = {{"room_alias", alias}};
  r.timeout_ms = node_.settings().federation.request_timeout_ms;
  if (open_.empty()) out_.wake_at(out_.now() + r.timeout_ms + slack_ms, timer);
  open_.emplace(r.asked, question{m, std::move(wanted), alias, out_.now()});
  out_.send_at_once({actor_kind::remote_server, server}, std::move(r));
}

std::optional<remote_aliases::ended> remote_aliases::answered(const peer_answer& m) {
  const auto it = open_.find(m.asked);
  if (it == open_.end()) return {};
  auto q = std::move(it->second);
  open_.erase(it);
  return ended{std::move(q.command), std::move(q.wanted), place_in(m, q.alias)};
}

std::optional<remote_aliases::ended> remote_aliases::take_overdue() {
  if (open_.empty()) return {};
  const auto first = open_.begin();
  if (out_.now() - first->second.since < patience()) {
    out_.wake_at(first->second.since + patience(), timer);
    return {};
  }
  auto q = std::move(first->second);
  open_.erase(first);
  return ended{std::move(q.command), std::move(q.wanted), fault{fault_code::peer_timeout, "alias " + q.alias}};
}

} // namespace causeway::directory
