#pragma once
#include "plugin/gateway/expiring_cache.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::gateway {

/// Who may be tried now. A server that answered a moment ago always may. All others take turns: so many in a second,
/// and so many at a time without a connection, those that failed last by themselves. So a crowd of dead servers,
/// refusing or hanging, costs the gateway's thread a bounded share of its time, its sockets and its lookups, and one
/// that nobody has tried yet does not stand behind those that are known to be dead. Pure: time is passed in.
class attempt_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using key = std::uint64_t;
  struct bounds {
    std::uint32_t per_second = 500; ///< attempts at servers not heard of lately
    std::uint32_t burst = 4;        ///< of them at once after a pause: each takes the gateway's thread some 0.2 ms
    /// Of them without a connection at a time; of those that failed last as many again.
    std::size_t parallel_max = 256;
    std::chrono::milliseconds lately{10'000};     ///< an answer counts so long
    std::chrono::milliseconds failing{3'600'000}; ///< a failure likewise
    std::size_t names_max = 20'000;               ///< servers remembered
  };

  explicit attempt_gate(bounds b) : bounds_(b), tokens_(b.burst), known_(b.names_max) {}

  /// @returns true: it may begin; false: it waits, and `due` will tell
  bool ask(key k, const std::string& server, time_point now) {
    const auto* known = known_.find(server, now);
    if (known && *known == standing::heard) return true;
    auto& kind = known ? failing_ : unknown_;
    kind.waiting.push_back(k);
    tickets_.emplace(k, ticket{&kind, false});
    ++waiting_;
    return false;
  }
  /// Those that may begin now, in the order of asking within their kind; of four turns one is for those that failed
  /// last.
  std::vector<key> due(time_point now) {
    refill(now);
    std::vector<key> out;
    while (tokens_ >= 1) {
      auto* kind = next_kind();
      if (kind == nullptr) break;
      out.push_back(kind->waiting.front());
      kind->waiting.pop_front();
      ++kind->trying;
      tickets_.at(out.back()).tries = true;
      --waiting_;
      tokens_ -= 1;
      ++turn_;
    }
    return out;
  }
  /// When `due` has something to give, as it stands; nothing: nobody waits, or all wait for a place.
  std::optional<time_point> next() {
    drop_ended(unknown_);
    drop_ended(failing_);
    if (!may_try(unknown_) && !may_try(failing_)) return {};
    const auto missing = tokens_ >= 1 ? 0.0 : 1 - tokens_;
    return refilled_ +
           std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>{missing / bounds_.per_second});
  }
  /// A connection is there: its place is free. @returns whether somebody waits for one
  bool reached(key k) { return give_back(k); }
  enum class outcome : std::uint8_t {
    answered, ///< whatever it said
    failed,
    untried, ///< it says nothing of the server
  };
  /// @returns whether somebody waits for the place that became free
  bool ended(key k, const std::string& server, outcome how, time_point now) {
    if (how == outcome::answered) known_.put(server, standing::heard, now + bounds_.lately, now);
    if (how == outcome::failed) known_.put(server, standing::failing, now + bounds_.failing, now);
    return give_back(k);
  }
  void clear() {
    unknown_ = failing_ = {};
    tickets_.clear();
    waiting_ = 0;
  }
  std::size_t waiting() const { return waiting_; }

private:
  enum class standing : std::uint8_t { heard, failing };
  struct kind {
    std::deque<key> waiting; ///< also some that ended meanwhile
    std::size_t trying = 0;
  };
  struct ticket {
    kind* of = nullptr;
    bool tries = false;
  };

  void refill(time_point now) {
    const auto passed = std::chrono::duration<double>(now - refilled_).count();
    if (passed > 0) tokens_ = std::min<double>(bounds_.burst, tokens_ + passed * bounds_.per_second);
    refilled_ = std::max(refilled_, now);
  }
  void drop_ended(kind& x) {
    while (!x.waiting.empty() && !tickets_.contains(x.waiting.front())) x.waiting.pop_front();
  }
  bool may_try(const kind& x) const { return !x.waiting.empty() && x.trying < bounds_.parallel_max; }
  kind* next_kind() {
    drop_ended(unknown_);
    drop_ended(failing_);
    const bool unknown = may_try(unknown_), failing = may_try(failing_);
    if (unknown && failing) return turn_ % 4 == 3 ? &failing_ : &unknown_;
    return unknown ? &unknown_ : failing ? &failing_ : nullptr;
  }
  bool give_back(key k) {
    const auto found = tickets_.find(k);
    if (found == tickets_.end()) return false;
    if (found->second.tries) --found->second.of->trying;
    else --waiting_;
    tickets_.erase(found);
    return waiting_ > 0;
  }

  bounds bounds_;
  double tokens_;
  time_point refilled_{};
  std::uint64_t turn_ = 0;
  kind unknown_, failing_;
  std::unordered_map<key, ticket> tickets_;
  std::size_t waiting_ = 0;
  expiring_cache<standing> known_;
};

} // namespace causeway::gateway
