#pragma once
#include "messages/probe.hpp"
#include "messages/remote_server.hpp"
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"

#include <cstddef>
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
struct query_results {
  std::map<std::string, store::answer, std::less<>> answers;
  std::optional<std::string> status; ///< JSON of the actor that was asked; empty text: it is not in memory
  std::optional<std::vector<actor_row>> actors;
  std::optional<result<actors_ranked>> ranked;
  std::optional<probe::report> probed;
  std::map<std::string, peer_answer, std::less<>> peers;    ///< by part; those that have answered
  std::map<std::string, pdus_handled, std::less<>> handled; ///< by part
  /// Why we do not federate with a server; empty: we do.
  std::function<std::string(std::string_view server)> why_excluded;

  /// The answer called `part` if it came and is a `T`; otherwise null.
  template <class T>
  const T* find(std::string_view part) const {
    auto at = answers.find(part);
    return at == answers.end() ? nullptr : std::get_if<T>(&at->second);
  }
  /// Why there is no answer called `part`.
  fault why_not(std::string_view part) const;
};

/// Collects the answers of one command, which come from any thread, then calls `done` exactly once: when all are there,
/// or at the deadline with those that are. An answer that comes later is dropped.
class scatter_gather {
public:
  /// @param timeout_ms  from `now_ms` on
  scatter_gather(std::size_t parts, std::int64_t now_ms, std::int64_t timeout_ms,
                 std::function<void(query_results)> done)
      : missing_(parts), timeout_ms_(timeout_ms), deadline_ms_(now_ms + timeout_ms), done_(std::move(done)) {}

  void answered(const std::string& part, store::answer x);
  void status_response(std::string json);
  void actors_listed(std::vector<actor_row> rows);
  void actors_in_order(result<actors_ranked> x);
  void probed(probe::report x);
  void peer_answered(const std::string& part, peer_answer x);
  void pdus_taken(const std::string& part, pdus_handled x);
  void expire(std::int64_t now_ms);
  bool finished() const;

private:
  template <class Change>
  void take(Change change);

  mutable std::mutex mutex_;
  std::size_t missing_;
  const std::int64_t timeout_ms_, deadline_ms_;
  std::function<void(query_results)> done_; ///< empty once called
  query_results found_;
};

} // namespace causeway::admin
