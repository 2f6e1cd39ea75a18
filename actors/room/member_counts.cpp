#include "actors/room/member_counts.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {

void member_counts::share::change(matrix::membership before, matrix::membership after) {
  joined = joined + (after == matrix::membership::join) - (before == matrix::membership::join);
  invited = invited + (after == matrix::membership::invite) - (before == matrix::membership::invite);
}

void member_counts::change(std::string_view user_id, matrix::membership before, matrix::membership after) {
  if (before == after) return;
  all_.change(before, after);
  const auto server = matrix::server_name_of(user_id);
  auto it = by_server_.find(server);
  if (it == by_server_.end()) it = by_server_.try_emplace(std::string{server}).first;
  const auto had_joined = it->second.joined > 0;
  it->second.change(before, after);
  const auto has_joined = it->second.joined > 0;
  if (it->second == share{}) by_server_.erase(it);
  if (had_joined != has_joined) note_server(server, has_joined);
  if (server != own_server_) return;
  if (after == matrix::membership::join) local_joined_.emplace(user_id);
  else if (const auto left = local_joined_.find(user_id); left != local_joined_.end()) local_joined_.erase(left);
}

void member_counts::clear() {
  all_ = {};
  by_server_.clear();
  servers_.clear();
  local_joined_.clear();
}

member_counts::share member_counts::of(std::string_view server) const {
  const auto it = by_server_.find(server);
  return it == by_server_.end() ? share{} : it->second;
}

void member_counts::note_server(std::string_view server, bool takes_part) {
  if (!matrix::is_server_name(server)) return;
  const auto at = std::lower_bound(servers_.begin(), servers_.end(), server);
  if (takes_part) servers_.emplace(at, server);
  else servers_.erase(at);
}

} // namespace causeway::room
