#include "actors/room/put_out_servers.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {

time_ms put_out_servers::last_of(const room_graph& graph, std::string_view server) {
  const auto& now = graph.current();
  if (!now) return 0;
  if (group_ != now.group) {
    group_ = now.group;
    last_of_.clear();
    graph.for_each_member(now, [this](const matrix::event_ptr& e) {
      const auto membership = e->membership();
      if ((membership == matrix::membership::leave || membership == matrix::membership::ban) &&
          e->sender != *e->state_key) {
        auto& last = last_of_[std::string{matrix::server_name_of(*e->state_key)}];
        last = std::max(last, time_ms{e->origin_server_ts});
      }
      return true;
    });
  }
  const auto found = last_of_.find(std::string{server});
  return found == last_of_.end() ? 0 : found->second;
}

} // namespace causeway::room
