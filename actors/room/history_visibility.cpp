#include "actors/room/history_visibility.hpp"

#include "messages/matrix/identifiers.hpp"

#include <memory>

namespace causeway::room {

bool history_viewer::takes_part(const state_ref& state, bool invited_count) {
  if (!known_in_ && graph_.current()) {
    known_in_ = graph_.current();
    known_ = graph_.members().of(server_);
  } else if (!known_in_) {
    known_in_ = {0, std::make_shared<const matrix::state_map>()};
  }
  if (known_in_.group != state.group) {
    known_ = graph_.members_in(state, server_, known_in_, known_);
    known_in_ = state;
  }
  return known_.joined > 0 || (invited_count && known_.invited > 0);
}

bool history_viewer::may_see(const store::stored_event& s, const state_ref& before) {
  if (!before) return graph_.is_open_history(s.position); // fetched: the states around it are not known
  const auto visibility = history_visibility(graph_.state_event(before, "m.room.history_visibility").get());
  if (visibility != "invited" && visibility != "joined") return true;
  const bool invited_count = visibility == "invited";
  const auto& x = *s.event;
  // By the event itself they come in.
  if (x.type == "m.room.member" && x.state_key && matrix::server_name_of(*x.state_key) == server_ &&
      (x.membership() == matrix::membership::join || (invited_count && x.membership() == matrix::membership::invite)))
    return true;
  return takes_part(before, invited_count);
}

} // namespace causeway::room
