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
/// and so many at a time without a connection: those that were heard of lately by themselves and faster, those that
/// failed last apart from those nobody has tried yet, which do not stand behind them. And what holds up the
/// gateway's thread counts as turns: where servers have died, libcurl closes their connections with the next attempt,
/// and whoever is alive stands behind that. So a crowd of dead servers, refusing or hanging, costs a bounded share of
/// the thread's time, of sockets and of lookups. Pure: time is passed in.
class attempt_gate {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using key = std::uint64_t;
  struct bounds {
    std::uint32_t per_second = 500; ///< attempts at servers not heard of lately
    std::uint32_t burst = 1;        ///< of them at once after a pause
    /// At servers heard of lately, but not just now.
    std::uint32_t heard_per_second = 1'000, heard_burst = 1;
    /// Of each kind without a connection at a time: not heard of, failed last, heard of lately.
    std::size_t parallel_max = 256;
    std::chrono::milliseconds just_now{1'000};    ///< an answer so long ago: it has no turn to wait for
    std::chrono::milliseconds lately{10'000};     ///< an answer counts so long
    std::chrono::milliseconds failing{3'600'000}; ///< a failure likewise
    std::size_t names_max = 20'000;               ///< servers remembered
  };

  explicit attempt_gate(bounds b)
      : bounds_(b), turns_(b.per_second, b.burst), heard_turns_(b.heard_per_second, b.heard_burst),
        known_(b.names_max) {}

  /// @returns true: it may begin; false: it waits, and `due` will tell
  bool ask(key k, const std::string& server, time_point now) {
    const auto* known = known_.find(server, now);
    const bool heard = known && known->is == standing::heard;
    if (heard && now - known->since < bounds_.just_now) return true;
    drop_ended(heard_);
    auto& kind = heard ? heard_ : known ? failing_ : unknown_;
    const auto may_begin = heard && heard_.waiting.empty() && has_place(heard_) && heard_turns_.take(now);
    kind.waiting.push_back(k);
    tickets_.emplace(k, ticket{&kind, false});
    ++waiting_;
    if (may_begin) begin(heard_);
    return may_begin;
  }
  /// Those that may begin now, in the order of asking within their kind: first those heard of lately; of four turns of
  /// the others one is for those that failed last.
  std::vector<key> due(time_point now) {
    std::vector<key> out;
    for (drop_ended(heard_); may_try(heard_) && heard_turns_.take(now); drop_ended(heard_))
      out.push_back(begin(heard_));
    for (auto* kind = next_kind(); kind != nullptr && turns_.take(now); kind = next_kind()) {
      out.push_back(begin(*kind));
      ++turn_;
    }
    return out;
  }
  /// When `due` has something to give, as it stands; nothing: nobody waits, or all wait for a place.
  std::optional<time_point> next() {
    for (auto* kind : {&heard_, &unknown_, &failing_}) drop_ended(*kind);
    std::optional<time_point> out;
    if (may_try(heard_)) out = heard_turns_.next();
    if (may_try(unknown_) || may_try(failing_)) out = std::min(out.value_or(time_point::max()), turns_.next());
    return out;
  }
  /// The thread was held up for so long until now; twice that goes by before the next turns, or three turns.
  void charge(std::chrono::nanoseconds held_up, time_point now) {
    if (held_up.count() == 0) return;
    for (auto* each : {&turns_, &heard_turns_}) each->charge(2 * held_up, now);
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
    if (how == outcome::answered) known_.put(server, {standing::heard, now}, now + bounds_.lately, now);
    if (how == outcome::failed) known_.put(server, {standing::failing, now}, now + bounds_.failing, now);
    return give_back(k);
  }
  void clear() {
    heard_ = unknown_ = failing_ = {};
    tickets_.clear();
    waiting_ = 0;
  }
  std::size_t waiting() const { return waiting_; }

private:
  enum class standing : std::uint8_t { heard, failing };
  struct last_outcome {
    standing is = standing::heard;
    time_point since;
  };
  struct kind {
    std::deque<key> waiting; ///< also some that ended meanwhile
    std::size_t trying = 0;
  };
  struct ticket {
    kind* of = nullptr;
    bool tries = false;
  };
  /// So many turns in a second, and a burst after a pause.
  class turns {
  public:
    turns(std::uint32_t per_second, std::uint32_t burst) : per_second_(per_second), burst_(burst), saved_(burst) {}
    bool take(time_point now) {
      refill(now);
      if (saved_ < whole_turn) return false;
      saved_ -= 1;
      return true;
    }
    /// Turns that nobody had; at most a few are owed, so that a quarter of the rate remains whatever a turn costs.
    void charge(std::chrono::duration<double> time, time_point now) {
      refill(now);
      saved_ = std::max(saved_ - time.count() * per_second_, -owed_max);
    }
    /// When there is one.
    time_point next() const {
      const std::chrono::duration<double> missing{saved_ >= whole_turn ? 0 : (1 - saved_) / per_second_};
      return refilled_ + std::chrono::ceil<std::chrono::milliseconds>(missing);
    }

  private:
    static constexpr double owed_max = 3, whole_turn = 1 - 1e-9; // of sums that are not exact
    void refill(time_point now) {
      const auto passed = std::chrono::duration<double>(now - refilled_).count();
      if (passed > 0) saved_ = std::min(burst_, saved_ + passed * per_second_);
      refilled_ = std::max(refilled_, now);
    }
    double per_second_, burst_, saved_;
    time_point refilled_{};
  };

  key begin(kind& x) {
    const auto k = x.waiting.front();
    x.waiting.pop_front();
    ++x.trying;
    tickets_.at(k).tries = true;
    --waiting_;
    return k;
  }
  void drop_ended(kind& x) {
    while (!x.waiting.empty() && !tickets_.contains(x.waiting.front())) x.waiting.pop_front();
  }
  bool has_place(const kind& x) const { return x.trying < bounds_.parallel_max; }
  bool may_try(const kind& x) const { return !x.waiting.empty() && has_place(x); }
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
  turns turns_, heard_turns_; ///< of those not heard of, and of those heard of lately
  std::uint64_t turn_ = 0;
  kind heard_, unknown_, failing_;
  std::unordered_map<key, ticket> tickets_;
  std::size_t waiting_ = 0;
  expiring_cache<last_outcome> known_;
};

} // namespace causeway::gateway
