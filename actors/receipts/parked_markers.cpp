#include "actors/receipts/parked_markers.hpp"

#include "actors/alarm_time.hpp"

#include <algorithm>
#include <utility>

namespace causeway::receipts {

bool parked_markers::park(const markers_moved& of, const read_marker& x, time_ms now) {
  const marker_key key{of.room_id, x.user_id, x.thread};
  const auto known = all_.find(key);
  if (known != all_.end()) {
    if (known->second.what.event_id == x.event_id) return true; // looked for in vain
    known->second = {of.chat_room_id, of.origin, x, now, now + pause_ms_min, pause_ms_min};
    next_ = std::min(next_, now + pause_ms_min);
    return true;
  }
  std::size_t in_room = 0;
  for (auto at = all_.lower_bound({of.room_id, "", ""}); at != all_.end() && at->first.room_id == of.room_id; ++at)
    ++in_room;
  if (in_room >= in_room_max || all_.size() >= all_max) return false;
  next_ = all_.empty() ? now + pause_ms_min : std::min(next_, now + pause_ms_min);
  all_.emplace(key, parked{of.chat_room_id, of.origin, x, now, now + pause_ms_min, pause_ms_min});
  return true;
}

void parked_markers::found(const std::string& room_id, const read_marker& x) {
  const auto known = all_.find({room_id, x.user_id, x.thread});
  if (known != all_.end() && known->second.what.event_id == x.event_id) all_.erase(known);
}

std::vector<markers_moved> parked_markers::due(time_ms now) {
  std::vector<markers_moved> list;
  next_ = 0;
  for (auto at = all_.begin(); at != all_.end();) {
    auto& [key, x] = *at;
    if (x.next > now) {
      next_ = earlier(next_, x.next);
      ++at;
      continue;
    }
    if (now - x.since >= kept_ms) {
      at = all_.erase(at);
      continue;
    }
    x.pause *= 2;
    x.next = now + x.pause;
    next_ = earlier(next_, x.next);
    if (list.empty() || list.back().room_id != key.room_id || list.back().origin != x.origin)
      list.push_back({key.room_id, x.chat_room_id, x.origin, {}});
    list.back().markers.push_back(x.what);
    ++at;
  }
  return list;
}

} // namespace causeway::receipts
