#include "actors/room/history_visibility.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <set>

namespace causeway::room {

const std::vector<std::string>& history_viewer::users() {
  if (users_) return *users_;
  std::set<std::string> found;
  for (const auto& [id, n] : graph_.nodes())
    if (n.event->type == "m.room.member" && n.event->state_key && matrix::server_name_of(*n.event->state_key) == server_) found.insert(*n.event->state_key);
  return users_.emplace(found.begin(), found.end());
}

bool history_viewer::takes_part(const state_ref& state, bool invited_count) {
  const auto [it, is_new] = took_part_.try_emplace({state.group, invited_count});
  if (is_new)
    it->second = std::any_of(users().begin(), users().end(), [&](const auto& user) {
      const auto membership = graph_.membership(state, user);
      return membership == "join" || (invited_count && membership == "invite");
    });
  return it->second;
}

bool history_viewer::may_see(const store::stored_event& s, const state_ref& before) {
  if (!before) return graph_.is_open_history(s.position); // fetched: the states around it are not known
  const auto visibility = history_visibility(graph_.state_event(before, "m.room.history_visibility").get());
  if (visibility != "invited" && visibility != "joined") return true;
  const bool invited_count = visibility == "invited";
  const auto& x = *s.event;
  // By the event itself he comes in.
  if (x.type == "m.room.member" && x.state_key && matrix::server_name_of(*x.state_key) == server_ &&
      (x.membership() == "join" || (invited_count && x.membership() == "invite")))
    return true;
  return takes_part(before, invited_count);
}

} // namespace causeway::room
