#pragma once
#include "actors/effects.hpp"
#include "actors/session/connection_table.hpp"
#include "actors/session/outbox_stream.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace causeway::session {

/// Decides which connection gets which stream: each stream has one owner, so that its events come in order. Shares are
/// even among those that want a stream and have credit, and a stream goes to another connection only when nothing of it
/// is in flight: two never work on the same events. Sends nothing: whoever got a stream is named, for the machine to
/// send to.
class stream_assignment {
public:
  stream_assignment(std::vector<outbox_stream>& streams, connection_table& connections)
      : streams_(streams), connections_(connections) {}

  /// An owner for each stream that has none and is wanted.
  void assign();
  /// Whose share is too large gives streams to others as soon as nothing of them is in flight (`hand_over_next`).
  void balance();
  /// Hands the first stream over that can be. @returns who got it; nothing: none can be
  std::optional<connection_key> hand_over_next(time_ms now);
  /// Its owner loses it; what was in flight comes again.
  void take(outbox_stream& s, time_ms now);
  /// A connection is gone, or begins anew.
  void take_all_of(const connection_key& key, time_ms now);
  /// So many events of the stream are in flight no more.
  void left_flight(const outbox_stream& s, std::size_t count);

  /// Whether something of a stream waits for nothing but credit of its owner, while others are there to take it.
  bool has_starved(time_ms now) const;
  /// Gives such streams to those that have credit. @returns whether one was
  bool feed_starved(time_ms now);

private:
  std::size_t load_of(const connection_key& key) const;
  bool is_starved(const outbox_stream& s, time_ms now) const;

  std::vector<outbox_stream>& streams_;
  connection_table& connections_;
};

} // namespace causeway::session
