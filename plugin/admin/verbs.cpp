#include "plugin/admin/verbs.hpp"

#include <algorithm>
#include <utility>

namespace causeway::admin {

store::find_invitations every_invitation(store::invitations_wanted which) {
  constexpr std::size_t bytes_max = std::size_t{64} * 1024 * 1024;
  return {.which = which, .limit = store::rows_max, .bytes_max = bytes_max};
}

void tell_staged_waits(desk& at, const job& work, staged_waits waits, matrix::json::object body) {
  questions ask{waits.questions(), {}, false}; // before they are moved
  if (auto server = waits.key_server(); !server.empty()) ask.status = {{actor_kind::remote_server, std::move(server)}};
  at.gather(work, std::move(ask),
            [waits = std::move(waits), body = std::move(body)](desk& d, const job& j, const query_results& f) mutable {
              waits.take(f);
              waits.fill(body, d.now_ms());
              d.answer(j, std::move(body));
            });
}

const std::vector<verb>& verbs() {
  static const auto all = [] {
    std::vector<verb> joined;
    for (const auto group :
         {room_verbs(), comparing_verbs(), server_verbs(), invitation_verbs(), dead_letter_verbs(), event_verbs(),
          edge_verbs(), actor_verbs(), audit_verbs(), cluster_verbs(), doctor_verbs(), check_verbs(), node_verbs()})
      joined.insert(joined.end(), group.begin(), group.end());
    return joined;
  }();
  return all;
}

const verb* find_verb(std::string_view name) {
  const auto& all = verbs();
  const auto at = std::find_if(all.begin(), all.end(), [name](const verb& x) { return x.info.name == name; });
  return at == all.end() ? nullptr : &*at;
}

} // namespace causeway::admin
