#pragma once
#include "messages/edge/traceparent.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace causeway::session {

/// Which notifications follow from a COMMAND that had a `traceparent`: their EVENT has it too. Kept in memory only: an
/// EVENT that comes again after a restart has none.
class outer_traces {
public:
  static constexpr std::size_t commands_max = 4'096;
  static constexpr std::size_t rows_max = 16'384;

  /// A command begins. @param ours  rises from one to the next
  void begun(trace_id ours, edge::outer_trace theirs) {
    begun_.insert_or_assign(ours, std::move(theirs));
    if (begun_.size() > commands_max) begun_.erase(begun_.begin());
  }
  /// A commit under this trace has appended notifications to a stream.
  void appended(trace_id ours, std::uint32_t stream, std::int64_t first, std::int64_t last) {
    const auto of = begun_.find(ours);
    if (of == begun_.end()) return;
    const auto text = edge::traceparent_of(of->second, ours);
    for (auto cursor = first; cursor <= last && last - cursor < static_cast<std::int64_t>(rows_max); ++cursor) {
      if (rows_.insert_or_assign({stream, cursor}, text).second) order_.emplace_back(stream, cursor);
      if (order_.size() <= rows_max) continue;
      rows_.erase(order_.front());
      order_.pop_front();
    }
  }
  /// Of a notification; nothing: it follows from no such command, or from one too long ago.
  std::optional<std::string> of(std::uint32_t stream, std::int64_t cursor) const {
    if (rows_.empty()) return std::nullopt;
    const auto at = rows_.find({stream, cursor});
    return at == rows_.end() ? std::nullopt : std::optional{at->second};
  }

private:
  using place = std::pair<std::uint32_t, std::int64_t>;
  std::map<trace_id, edge::outer_trace> begun_; ///< oldest first
  std::map<place, std::string> rows_;
  std::deque<place> order_; ///< of `rows_`, as they came
};

} // namespace causeway::session
