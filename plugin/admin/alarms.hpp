#pragma once
#include "plugin/admin/rows.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::admin {

/// What is wrong with the broker as a whole, for `causeway status`. Safe for threads.
class alarms {
public:
  /// Begins the alarm `name`, changes what it says, or ends it. @param what  empty: all is well
  void set(std::string_view name, std::string what, std::int64_t now_ms) {
    std::lock_guard guard(mutex_);
    auto at = std::find_if(rows_.begin(), rows_.end(), [&](const auto& x) { return x.name == name; });
    if (at == rows_.end()) {
      if (what.empty()) return;
      at = rows_.insert(at, alarm_row{});
      at->name = name;
    }
    if (at->what.empty() != what.empty()) {
      at->since_ts = now_ms;
      if (!what.empty()) ++at->times;
    }
    at->what = std::move(what);
  }
  /// Those that stand.
  std::vector<alarm_row> all() const {
    std::lock_guard guard(mutex_);
    std::vector<alarm_row> standing;
    for (const auto& x : rows_)
      if (!x.what.empty()) standing.push_back(x);
    return standing;
  }

private:
  mutable std::mutex mutex_;
  std::vector<alarm_row> rows_; ///< also those that are over, for their count
};

} // namespace causeway::admin
