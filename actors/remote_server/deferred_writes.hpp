#pragma once
#include "actors/decision.hpp"

#include <iterator>
#include <utility>
#include <vector>

namespace causeway::remote_server {

/// Rows that may be lost in a crash: they are written with something else, or a moment later.
class deferred_writes {
public:
  static constexpr timer_kind timer = timer_kind::lazy;
  static constexpr time_ms delay_ms = 1'000;

  explicit deferred_writes(decision& out) : out_(out) {}

  void add(store::write row) { rows_.push_back(std::move(row)); }
  /// At the end of each decision.
  void flush() {
    if (!out_.writes().empty()) write();
    if (is_timer_set_ || rows_.empty()) return;
    is_timer_set_ = true;
    out_.wake_at(out_.now() + delay_ms, timer);
  }
  void on_timer() {
    is_timer_set_ = false;
    write();
  }
  bool is_idle() const { return rows_.empty(); }

private:
  void write() {
    auto& all = out_.writes();
    all.insert(all.end(), std::make_move_iterator(rows_.begin()), std::make_move_iterator(rows_.end()));
    rows_.clear();
  }

  decision& out_;
  std::vector<store::write> rows_;
  bool is_timer_set_ = false;
};

} // namespace causeway::remote_server
