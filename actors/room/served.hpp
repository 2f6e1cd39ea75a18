#pragma once
#include "messages/matrix/event.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// Appends `"key":[..]` with the events as other servers are served them.
inline void write_events(std::string& out, std::string_view key, const std::vector<matrix::event_ptr>& events) {
  matrix::json::write_string(out, key);
  out += ":[";
  bool first = true;
  for (const auto& e : events) {
    if (!first) out += ',';
    first = false;
    matrix::write_served(out, *e);
  }
  out += ']';
}

/// JSON array of ids.
inline std::string write_ids(const std::vector<std::string>& ids) {
  matrix::json::array list;
  for (const auto& id : ids) list.emplace_back(id);
  return matrix::json::canonical(matrix::json::value{std::move(list)});
}

} // namespace causeway::room
