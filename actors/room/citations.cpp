#include "actors/room/citations.hpp"

#include <unordered_map>

namespace causeway::room {

std::vector<matrix::event_ptr> reached_by_auth(const std::vector<std::string>& ids,
                                               const std::vector<matrix::event_ptr>& among) {
  std::unordered_map<std::string_view, matrix::event_ptr> open;
  for (const auto& x : among) open.emplace(x->event_id, x);
  std::vector<matrix::event_ptr> reached;
  auto reach = [&](const std::vector<std::string>& cited) {
    for (const auto& id : cited)
      if (auto it = open.find(id); it != open.end()) {
        reached.push_back(std::move(it->second));
        open.erase(it);
      }
  };
  reach(ids);
  for (std::size_t i = 0; i < reached.size(); ++i) {
    reach(matrix::event_ptr { reached[i] } -> auth_events); // its own pointer: `reached` grows
  }
  return reached;
}

} // namespace causeway::room
