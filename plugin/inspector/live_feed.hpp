#pragma once
#include "plugin/inspector/services.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace causeway::inspector {

/// Who looks at what, and what of it is news to whom: the server-sent events of all viewers. Pure: time is a number,
/// input and output are the session's. One thread.
///
/// A topic is asked for once a second for all viewers together, less often when telling it takes long, and not at all
/// while nobody looks. Only rows that differ from the time before are sent: {"changed":[ROW...],"gone":[KEY...]}. Who
/// begins to look reads the list itself when `is_open` says so: what changes after that is told. Each event has an id;
/// whoever comes back with the id of the last one (Last-Event-ID) goes on from there, or gets `gap` when that is not
/// kept any more, as does one who reads more slowly than things change. Then they read the lists again.
///
/// `rates` is a series rather than a list: {"points":[[TS,{...}],...]}, the last ten minutes at first, then point by
/// point.
class live_feed {
public:
  using viewer = std::uint64_t;

  static constexpr std::int64_t poll_interval_ms = 1'000;
  /// A topic that takes long to be told is asked for so much less often: it costs at most a hundredth of the time.
  static constexpr std::int64_t pause_per_cost = 100;
  /// Of a topic whose answer is lost.
  static constexpr std::int64_t answer_patience_ms = 10'000;
  static constexpr std::int64_t heartbeat_ms = 15'000;
  /// So long a topic is still asked for after its last viewer has gone: a connection that broke comes back.
  static constexpr std::int64_t linger_ms = 10'000;
  static constexpr std::size_t points_max = 600; ///< ten minutes of `rates`
  static constexpr std::size_t viewers_max = 32;
  /// Of events kept for those who come back, bytes.
  static constexpr std::size_t kept_bytes_max = 4 * 1024 * 1024;
  /// Of events that wait for one viewer, bytes; beyond they have missed something.
  static constexpr std::size_t waiting_bytes_max = 1024 * 1024;

  /// @param boot  tells events of this start from those of an earlier one
  explicit live_feed(std::string boot);

  static bool is_topic(std::string_view name);

  /// A new viewer. @pre `has_room()`, and all of `topics` are ones
  /// @param last_event_id  as the browser sends it; empty: they are new
  viewer join(const std::set<std::string>& topics, std::string_view last_event_id, std::int64_t now_ms);
  void leave(viewer x, std::int64_t now_ms);
  bool has_room() const { return viewers_.size() < viewers_max; }
  std::size_t viewers() const { return viewers_.size(); }

  /// Topics to be asked for now.
  std::vector<std::string> due(std::int64_t now_ms);
  /// The answer. Nothing: it could not be told.
  void polled(const std::string& name, std::optional<topic_rows> now, std::int64_t now_ms);
  /// A point of `rates`. @param json  an object
  void sampled(const std::string& json, std::int64_t now_ms);

  /// Whether everything is known that changes are told of from now on: only then is a list read that misses nothing.
  bool is_open(viewer who) const;
  /// What to write to them now; empty: nothing.
  std::string take(viewer who, std::int64_t now_ms);

private:
  struct event {
    std::uint64_t id = 0;
    std::string topic;
    std::string text; ///< as it is sent
  };
  using event_ptr = std::shared_ptr<const event>;
  struct looking {
    std::set<std::string> topics;
    std::deque<event_ptr> waiting;
    std::size_t waiting_bytes = 0;
    bool missed = false;
    std::string first; ///< what they get before all else
    std::int64_t last_written_ms = 0;
  };
  struct topic_state {
    bool is_known = false;
    std::unordered_map<std::string, std::size_t> rows; ///< key -> hash of the row
    std::int64_t asked_ms = 0;                         ///< 0: no answer is awaited
    std::int64_t next_ms = 0;
    std::int64_t lingers_until_ms = 0;
  };

  bool is_watched(const std::string& name, std::int64_t now_ms) const;
  void publish(const std::string& topic, const std::string& data);
  void hand(looking& to, const event_ptr& x);
  void missed(const std::string& topic);
  static void forget(looking& of);
  std::string gap(const looking& of) const;
  std::string series() const;
  std::string id_text(std::uint64_t id) const { return boot_ + "-" + std::to_string(id); }

  const std::string boot_;
  viewer last_viewer_ = 0;
  std::uint64_t last_event_ = 0;
  std::map<viewer, looking> viewers_;
  std::map<std::string, topic_state, std::less<>> topics_;
  std::deque<event_ptr> kept_; ///< oldest first
  std::size_t kept_bytes_ = 0;
  std::deque<std::string> points_; ///< each "[TS,{...}]"
};

} // namespace causeway::inspector
