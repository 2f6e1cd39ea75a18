#pragma once
#include "actors/effects.hpp"

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace causeway::simulation {

/// Microseconds of virtual time.
using time_us = std::int64_t;

/// Virtual time: what is to happen, in order. Two things at the same time happen in the order they were entered.
class timeline {
public:
  explicit timeline(time_ms begin) : now_(begin * 1'000) {}

  time_us now_us() const { return now_; }
  time_ms now() const { return now_ / 1'000; }
  void at(time_us when, std::function<void()> what) {
    entries_.push({when < now_ ? now_ : when, ++last_, std::move(what)});
  }
  void after(time_us delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  /// Lets everything happen that is due until `when`; then it is `when`.
  void run_until(time_us when) {
    while (!entries_.empty() && entries_.top().when <= when) {
      // The queue gives out only const access; the entry is popped right after, so moving out of it is safe.
      auto next = std::move(const_cast<entry&>(entries_.top()));
      entries_.pop();
      now_ = next.when;
      ++steps_;
      next.what();
    }
    now_ = when;
  }
  void run_for_ms(time_ms duration) { run_until(now_ + duration * 1'000); }
  std::uint64_t steps() const { return steps_; }

private:
  struct entry {
    time_us when = 0;
    std::uint64_t order = 0;
    std::function<void()> what;
    bool operator<(const entry& other) const { return std::pair{when, order} > std::pair{other.when, other.order}; }
  };
  time_us now_;
  std::uint64_t last_ = 0, steps_ = 0;
  std::priority_queue<entry> entries_;
};

} // namespace causeway::simulation
