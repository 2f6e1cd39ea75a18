#pragma once
#include "actors/room/inbound_event.hpp"
#include "messages/matrix/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::room {

/// The events on their way into the room, as `missing_events` sees them that fetches what they lack. `inbound_events`
/// implements it.
class events_under_way {
public:
  virtual ~events_under_way() = default;
  virtual inbound_map& all() = 0;
  virtual const std::unordered_map<std::string, std::uint64_t>& by_event() const = 0;
  /// Whether the store is asked for what they cite.
  virtual bool is_looking_up() const = 0;
  /// The store is to be asked once more for what it did not have.
  virtual void forget_absent() = 0;
  virtual bool is_refuted(const std::string& event_id) const = 0;
  /// @returns how many of them are new, or another form of one that is not verified yet
  virtual std::size_t enqueue_pulled(const std::vector<matrix::event_ptr>& events, const std::string& origin,
                                     std::uint64_t gap_number) = 0;
  /// @returns whether `parent` does not count among the parents of `x`: it is refuted, and another is not
  virtual bool is_left_out(const matrix::event& x, const std::string& parent) const = 0;
  /// Whether others have waited long enough for this one: it may wait for a key, or for what nobody has, for a day.
  virtual bool is_stalled(const inbound_event& w) const = 0;
  /// Places every event that can be placed; asks for what is missing.
  virtual void advance() = 0;
  /// @param error  for whoever waits for it; empty: it was taken
  virtual void end_work(std::uint64_t id, const std::string& error) = 0;
  /// What is staged and given up may take back an invitation, which has to hear of it.
  virtual void hand_over_rescission(inbound_event& w) = 0;
};

} // namespace causeway::room
