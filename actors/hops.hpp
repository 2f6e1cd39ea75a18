#pragma once
#include "actors/effects.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace causeway {

/// One hop as it was seen: what, where, when, because of what.
struct seen_hop {
  time_ms at = 0;
  address where; ///< actor, or the border
  trace_id trace = 0;
  hop what;
};

/// The latest hops of all events of a node: as many as fit, of the last hour at most. Costs one relaxed load while it
/// is off: no machine makes a hop then. While it is on, a hop is its texts copied behind those before it under a mutex
/// that its thread hardly shares: a hundred bytes or two, no allocation but one a few hundred hops.
///
/// Safe for threads. Each writes into chunks of its shard; a chunk is forgotten as a whole. Whoever reads holds no lock
/// meanwhile: what was written is not changed.
class hop_ring {
public:
  /// So long a hop is of interest. Whole chunks go, so some stay longer.
  static constexpr time_ms kept_ms = 3'600'000;
  static constexpr std::size_t chunk_bytes = std::size_t{32} * 1024;
  static constexpr std::size_t shards_max = 8;
  /// Less is taken for that: each shard writes into a chunk of its own.
  static constexpr std::size_t bytes_min = (shards_max + 1) * chunk_bytes;

  /// From now on the latest `bytes_max` are kept; those of before are gone. Memory is taken as it is needed.
  void listen(std::size_t bytes_max);
  /// Nobody listens any more; what was kept is freed.
  void stop();
  bool is_on() const { return on_.load(std::memory_order_relaxed); }

  void add(time_ms at, const address& where, trace_id trace, const hop& x);
  /// Oldest first.
  std::vector<seen_hop> all() const;
  /// The way of one event: its hops, and those at the borders, where events have no name yet, under the trace of the
  /// first. Oldest first.
  std::vector<seen_hop> of(std::string_view event_id) const;
  /// The events that a transaction with this id held, ours or another server's, in the order seen; at most
  /// `limits::pdus_per_transaction_max` of the latest, each once.
  std::vector<std::string> events_of_transaction(std::string_view transaction) const;
  /// What is kept now, bytes.
  std::size_t bytes() const;

private:
  struct chunk;
  struct shard {
    mutable std::mutex mutex;
    std::deque<std::shared_ptr<chunk>> chunks; ///< guarded by mutex; the last one is written to
  };
  struct record;
  struct piece {
    std::shared_ptr<const chunk> of;
    std::size_t used = 0;
  };

  shard& own_shard() const;
  /// Frees what is too old, and one more where the bound is reached.
  void make_room(time_ms now);
  std::vector<piece> pieces() const;
  /// Calls `see(const record&)` for each hop, those of a shard in order.
  template <class See>
  void for_each(See see) const;

  std::atomic<bool> on_ = false;
  std::atomic<std::uint64_t> last_sequence_ = 0;
  std::atomic<std::size_t> chunks_ = 0, chunks_max_ = 0;
  std::mutex making_room_; ///< before that of a shard
  mutable std::array<shard, shards_max> shards_;
};

} // namespace causeway
