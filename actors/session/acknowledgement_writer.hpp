#pragma once
#include "actors/decision.hpp"
#include "actors/session/outbox_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::session {

/// ACKs are written to the store this late at most, or after this many events.
inline constexpr time_ms acknowledge_delay_ms = 50;
inline constexpr std::size_t acknowledge_events = 256;

/// ACKs, and the names that came with them, on their way to the store: collected for a moment, then written as one
/// batch, so that no event is acknowledged and its name lost.
class acknowledgement_writer {
public:
  static constexpr timer_kind timer = timer_kind::acknowledge;

  acknowledgement_writer(decision& out, const std::vector<outbox_stream>& streams) : out_(out), streams_(streams) {}

  /// The chat server's name of something, to be written with the next ACKs.
  void bind(store::write binding) { bindings_.push_back(std::move(binding)); }
  bool has_bindings() const { return !bindings_.empty(); }
  /// The stream's acknowledgement has moved, by so many events.
  void acknowledged(std::uint32_t stream, std::size_t events);
  /// Writes what has been collected.
  void flush();
  bool is_empty() const { return dirty_.empty() && bindings_.empty(); }
  /// Whether names that were handed to the store are not on disk yet.
  bool has_bindings_in_flight() const { return bindings_on_disk_ < bindings_handed_over_; }
  /// @returns whether the timer was one of these
  bool timer_due(timer_name name);

private:
  decision& out_;
  const std::vector<outbox_stream>& streams_;
  std::set<std::uint32_t> dirty_;      ///< streams with an ACK that is not written yet
  std::vector<store::write> bindings_; ///< to be written with the ACKs
  std::size_t unwritten_events_ = 0;
  bool timer_is_set_ = false;
  std::uint64_t bindings_handed_over_ = 0, bindings_on_disk_ = 0; ///< batches
};

} // namespace causeway::session
