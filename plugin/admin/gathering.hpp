#pragma once
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::admin {

/// What was asked for one command and what came back in time.
struct findings {
  std::map<std::string, store::answer, std::less<>> answers;
  std::optional<std::string> status; ///< JSON of the actor that was asked; empty text: it is not in memory
  std::optional<std::vector<actor_row>> actors;

  /// The answer called `part` if it came and is a `T`; otherwise null.
  template <class T>
  const T* find(std::string_view part) const {
    auto at = answers.find(part);
    return at == answers.end() ? nullptr : std::get_if<T>(&at->second);
  }
  /// Why there is no answer called `part`.
  fault why_not(std::string_view part) const;
};

/// Collects the answers of one command, which come from any thread, then calls `done` exactly once: when all are there, or at
/// the deadline with those that are. An answer that comes later is dropped.
class gathering {
public:
  gathering(std::size_t parts, std::int64_t deadline_ms, std::function<void(findings)> done)
      : missing_(parts), deadline_ms_(deadline_ms), done_(std::move(done)) {}

  void answered(const std::string& part, store::answer x);
  void status_told(std::string json);
  void actors_listed(std::vector<actor_row> rows);
  void expire(std::int64_t now_ms);
  bool finished() const;

private:
  template <class Change>
  void take(Change change);

  mutable std::mutex mutex_;
  std::size_t missing_;
  const std::int64_t deadline_ms_;
  std::function<void(findings)> done_; ///< empty once called
  findings found_;
};

} // namespace causeway::admin
