#pragma once
#include "actors/effects.hpp"
#include "messages/gateway.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace causeway {

/// Durations by class, for one thread to add and another to read. 5 ns each.
class duration_classes {
public:
  /// Upper bounds, milliseconds; above the last there is one more class.
  static constexpr std::array<std::int64_t, 14> bounds_ms = {1,   2,   5,     10,    25,     50,     100,
                                                             250, 500, 1'000, 2'500, 10'000, 60'000, 600'000};

  void add(std::int64_t ms) {
    std::size_t i = 0;
    while (i < bounds_ms.size() && ms > bounds_ms[i]) ++i;
    counts_[i].fetch_add(1, std::memory_order_relaxed);
    sum_ms_.fetch_add(ms < 0 ? 0 : ms, std::memory_order_relaxed);
  }
  /// Not cumulative; the last one is above all bounds.
  std::array<std::uint64_t, bounds_ms.size() + 1> counts() const {
    std::array<std::uint64_t, bounds_ms.size() + 1> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = counts_[i].load(std::memory_order_relaxed);
    return out;
  }
  std::int64_t sum_ms() const { return sum_ms_.load(std::memory_order_relaxed); }

  struct reading {
    std::array<std::uint64_t, bounds_ms.size() + 1> counts{};
    std::int64_t sum_ms = 0;
  };
  reading read() const { return {counts(), sum_ms()}; }
  /// What was added between two readings.
  struct spell {
    std::uint64_t count = 0;
    std::int64_t mean_ms = 0;
    std::int64_t slowest_ms = 0; ///< upper bound of its class; of the last class, which has none, its lower one
  };
  static spell between(const reading& before, const reading& after) {
    spell out;
    for (std::size_t i = 0; i < after.counts.size(); ++i) {
      if (after.counts[i] <= before.counts[i]) continue;
      out.count += after.counts[i] - before.counts[i];
      out.slowest_ms = bounds_ms[i < bounds_ms.size() ? i : bounds_ms.size() - 1];
    }
    if (out.count > 0) out.mean_ms = (after.sum_ms - before.sum_ms) / static_cast<std::int64_t>(out.count);
    return out;
  }

private:
  std::array<std::atomic<std::uint64_t>, bounds_ms.size() + 1> counts_{};
  std::atomic<std::int64_t> sum_ms_{0};
};

/// What goes through the node, counted where it crosses a border (the commit, the gateway, the message_router): the
/// machines know nothing of it. A count is one relaxed addition, 1 to 5 ns. A transaction, an answer of another server
/// and a room's share of a transaction take a lock each, about 0.1 us.
///
/// Any thread.
class traffic {
public:
  using count = std::atomic<std::uint64_t>;

  /// EDUs that have a count of their own; the last is all others.
  static constexpr std::array<std::string_view, 7> edu_types = {
    "m.typing", "m.receipt", "m.presence", "m.direct_to_device", "m.device_list_update", "m.signing_key_update",
    "other"};

  /// @param nominated  servers whose last PDUs are noted
  traffic(std::string own_server, const std::vector<std::string>& nominated);

  /// What a batch holds, before it is submitted.
  struct weight {
    std::uint32_t accepted = 0, soft_failed = 0, rejected = 0, queued = 0, staged = 0, notified = 0;
    bool is_authored = false;     ///< events of ours are queued with it
    std::int64_t authored_ts = 0; ///< the first of them
  };
  weight weigh(const store::store_batch& batch);
  /// It is on disk.
  void committed(const weight& x, std::int64_t now_ms);

  void sent(const gateway::http_request& x);
  void answered(const std::string& server_name, const gateway::http_answer& x, std::int64_t now_ms);
  void replied(int http_status);
  /// Whether `passes` has to see it: it is asked of every message, before the clock is.
  static bool concerns(const message& body) {
    return std::holds_alternative<pdus_received>(body) || std::holds_alternative<pdus_handled>(body) ||
           std::holds_alternative<edu_received>(body) || std::holds_alternative<receipts_received>(body) ||
           std::holds_alternative<http_answered>(body);
  }
  void passes(const address& to, const message& body, std::int64_t now_ms);

  struct counts {
    count pdus_received, edus_received, pdus_queued, pdu_destinations, transactions, transaction_attempts;
    count events_accepted, events_soft_failed, events_rejected, notifications;
    count requests_out, requests_failed, requests_in, requests_refused, requests_limited;
    std::array<count, edu_types.size()> edus_sent;
    duration_classes send_lag, pdu_handling, request_time;
  };
  const counts& all() const { return counts_; }

  /// When the last PDU came from a nominated server and went to it, milliseconds since 1970; 0: none yet.
  struct last_seen {
    std::string server_name;
    std::int64_t received_ts = 0, sent_ts = 0;
  };
  std::vector<last_seen> nominated() const;

  /// Events that wait for missing ones.
  struct staging {
    std::size_t events = 0;
    std::int64_t oldest_ts = 0; ///< 0: none
  };
  staging staged() const; ///< a walk over them
  std::size_t staged_count() const;
  /// In transactions that are not answered with 200 yet.
  std::uint64_t edus_under_way() const;

private:
  /// A transaction as it was written before it was sent.
  struct transaction {
    std::size_t pdus = 0;
    std::array<std::uint32_t, edu_types.size()> edus{};
  };
  struct waiting_share {
    std::string origin;
    token asked = 0;
    bool operator==(const waiting_share&) const = default;
  };
  struct share_hash {
    std::size_t operator()(const waiting_share& x) const {
      return std::hash<std::string>{}(x.origin) ^ std::hash<token>{}(x.asked);
    }
  };
  /// Bounds of the tables below; what is beyond is not counted.
  static constexpr std::size_t table_max = 100'000;

  void note_transaction(const store::put_destination& x);
  void note_staged(const store::put_inbox& x);
  void note_removed(const store::remove_inbox& x);

  const std::string own_server_;
  counts counts_;
  mutable std::mutex mutex_; ///< guards all below
  std::map<std::string, last_seen, std::less<>> nominated_;
  std::unordered_map<std::string, transaction> in_flight_; ///< by server
  std::unordered_map<std::string, std::uint64_t> open_; ///< transactions that are not answered, by server: the request
  std::unordered_map<waiting_share, std::int64_t, share_hash> shares_; ///< rooms' shares that are being handled: since
  std::map<std::pair<std::string, std::string>, std::int64_t> staged_; ///< (room, event) -> when it came
};

} // namespace causeway
