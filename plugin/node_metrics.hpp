#pragma once
#include "actors/type_ids.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/node_traffic.hpp"
#include "plugin/store/store_thread.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace causeway {

/// What we owe to other servers, and how these do, by their rows in the store.
struct owed_figures {
  std::size_t servers = 0;
  std::size_t failing = 0; ///< whose last attempt failed
  /// By the state that the operator's list of servers shows; the others are healthy.
  std::size_t paused = 0, backing_off = 0, sending = 0, waiting = 0;
  std::int64_t queued = 0;           ///< events owed to them
  std::int64_t oldest_queued_ts = 0; ///< of those; 0: none
  std::int64_t longest_back_off_ms = 0;

  void count(const store::destinations_listed& x, std::int64_t now_ms);
};

/// What the rows of the store tell for the metrics. Taken seldom: it walks over rooms and servers.
struct stored_figures {
  std::int64_t taken_ms = 0; ///< 0: never
  std::size_t rooms = 0;
  owed_figures owed;
  std::int64_t staged = 0;
  /// Rooms with at most so many forward extremities, and with more; not cumulative.
  static constexpr std::array<std::int64_t, 9> extremity_bounds = {1, 2, 3, 5, 7, 10, 15, 20, 50};
  std::array<std::uint64_t, extremity_bounds.size() + 1> extremities{};
  std::int64_t extremities_sum = 0;
  std::map<std::pair<std::string, std::string>, std::size_t> invitations; ///< (direction, state)

  void count(const store::rooms_listed& x);
  void count(const store::invitations_found& x);
};

/// What the session says of the chat side.
struct edge_figures {
  struct peer {
    std::string name;
    std::int64_t credit_messages = 0, in_flight = 0, open_commands = 0;
  };
  struct stream {
    std::int64_t lag = 0, in_flight = 0;
  };
  std::vector<peer> peers; ///< at most `peers_max`
  std::vector<stream> streams;
  std::map<std::string, std::int64_t> counts; ///< events_sent, commands, ... as the session names them
  static constexpr std::size_t peers_max = 64;

  /// @param description  of itself, by the session
  static edge_figures of(const std::string& description);
};

/// All that is told to Prometheus at one moment.
struct metrics_input {
  std::string server_name, version;
  std::int64_t now_ms = 0, started_ms = 0;
  const traffic* seen = nullptr;
  store::store_counters store;
  edge::counters frames;
  std::vector<children_seen> actors; ///< totals, one per kind
  std::vector<admin::alarm_row> alarms;
  std::vector<admin::certificate_row> certificates;
  stored_figures stored;
  edge_figures chat;
};

/// Prometheus' text format. Names of Synapse (synapse_...) where the meaning is the same, so that the federation row of
/// its Grafana dashboard can be drawn; else causeway_... . Labels have bounded values: kinds, states, streams, the
/// connected peers, and the servers of admin.metrics_servers.
std::string metrics_text(const metrics_input& x);

/// Alarms that may stand, for a 0 where they do not.
inline constexpr std::array<const char*, 4> alarm_names = {"clock", "limits", "media", "store"};

} // namespace causeway
