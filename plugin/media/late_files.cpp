#include "plugin/media/late_files.hpp"

#include <algorithm>

namespace causeway::media {

void late_files::failed(const name& file, bool is_asked_for, time_ms now) {
  const auto known = files_.find(file);
  if (known == files_.end()) {
    if (!is_asked_for) return;
    if (files_.size() >= files_max)
      files_.erase(std::min_element(files_.begin(), files_.end(), [](const auto& a, const auto& b) {
        return a.second.asked_for_at < b.second.asked_for_at;
      }));
    files_.emplace(file, late_file{now, now + pause_ms_min, pause_ms_min, false});
    return;
  }
  auto& x = known->second;
  if (is_asked_for) x.asked_for_at = now;
  if (!x.is_tried) return; // somebody asks between two attempts of ours
  x.is_tried = false;
  x.pause_ms = std::min(2 * x.pause_ms, pause_ms_max);
  x.next_at = now + x.pause_ms;
}

std::optional<late_files::name> late_files::next(time_ms now) {
  for (auto at = files_.begin(); at != files_.end();) {
    auto& x = at->second;
    // A clock that was set back ends no wait, and makes none longer.
    x.asked_for_at = std::min(x.asked_for_at, now);
    x.next_at = std::min(x.next_at, now + pause_ms_max);
    if (now - x.asked_for_at > kept_ms) {
      at = files_.erase(at);
      continue;
    }
    if (!x.is_tried && x.next_at <= now) {
      x.is_tried = true;
      return at->first;
    }
    ++at;
  }
  return {};
}

} // namespace causeway::media
