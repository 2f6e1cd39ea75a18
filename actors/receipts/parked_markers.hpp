#pragma once
#include "actors/effects.hpp"
#include "actors/receipts/unsent_markers.hpp"
#include "messages/receipts.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace causeway::receipts {

/// Markers of other servers' users at events that are not known here (yet): a receipt may overtake its event. They are
/// looked for again, with growing pauses. Pure.
class parked_markers {
public:
  static constexpr time_ms pause_ms_min = 250; ///< doubling
  static constexpr time_ms kept_ms = 600'000;  ///< an event that has not come by then is not waited for
  static constexpr std::size_t in_room_max = 1'000, all_max = 10'000; ///< beyond them a marker is dropped

  /// The newest of its user and thread is kept.
  /// @returns false: there is no place for it
  bool park(const markers_moved& of, const read_marker& x, time_ms now);
  /// Its event is known.
  void found(const std::string& room_id, const read_marker& x);
  /// Those to be looked for now, by room; they stay parked.
  std::vector<markers_moved> due(time_ms now);
  /// Not later than the first is due; 0: there is none.
  time_ms deadline() const { return all_.empty() ? 0 : next_; }
  void clear() { all_.clear(); }
  std::size_t size() const { return all_.size(); }

private:
  struct parked {
    std::string chat_room_id, origin;
    read_marker what;
    time_ms since = 0, next = 0, pause = 0;
  };
  std::map<marker_key, parked> all_; ///< those of a room together
  time_ms next_ = 0;
};

} // namespace causeway::receipts
