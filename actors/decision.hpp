#pragma once
#include "actors/effects.hpp"
#include "messages/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway {

/// What a machine has decided so far about the message at hand: rows to commit, what is sent when they are committed,
/// and what is done at once. Components of a machine share one; `take` hands it to the shell as effects.
class decision {
public:
  using fields = std::vector<std::pair<std::string, std::string>>;

  /// @param self  the actor's address, to which answers come
  explicit decision(address self) : self_{std::move(self)} {}
  decision(const decision&) = delete;
  decision& operator=(const decision&) = delete;

  const address& self() const { return self_; }
  /// Time of the message at hand.
  time_ms now() const { return now_; }
  void set_now(time_ms now) { now_ = now; }
  /// What follows is decided because of `at_hand`.
  void begin(const message& at_hand, time_ms now) {
    now_ = now;
    watched_ = at_hand.watched;
    trace_ = at_hand.trace;
  }
  /// What follows, up to the end of this decision or the next such call, is because of something that has waited, such
  /// as a message that was kept.
  /// @returns because of what it was before
  trace_id continue_trace(trace_id of) { return std::exchange(trace_, of); }
  trace_id trace() const { return trace_; }
  /// A number that no other question of this incarnation has, nor, with `begin_tokens`, any of an earlier one.
  token next_token() { return ++last_token_; }
  /// An answer to an earlier incarnation of this actor must not be taken for one to this.
  void begin_tokens() { first_token_ = last_token_ = static_cast<token>(now_) << 16; }
  /// Where the numbers of this incarnation begin; for counters beside these.
  token first_token() const { return first_token_; }

  // -- committed
  void write(store::write row) { writes_.push_back(std::move(row)); }
  /// The rows of this decision may wait so long for others of their kind, milliseconds (store_batch::may_wait_ms).
  void let_wait(std::uint32_t ms) { may_wait_ms_ = ms; }
  /// They may wait so long for somebody else's commit, milliseconds (store_batch::may_ride_ms).
  void let_ride(std::uint32_t ms) { may_ride_ms_ = ms; }
  /// Rows that are to be committed, for functions that append to such a list.
  std::vector<store::write>& writes() { return writes_; }

  // -- done when they are committed
  void send(address to, message body) {
    stamp(body);
    after_commit_.emplace_back(tell{std::move(to), std::move(body)});
  }
  void ask_after_commit(token asked, store::query question) {
    after_commit_.emplace_back(ask_store{asked, std::move(question)});
  }
  void after_commit(effect x) { after_commit_.push_back(std::move(x)); }
  /// Drops what was to be done: the rows it belongs to are dropped as well.
  void drop_after_commit() { after_commit_.clear(); }

  /// Ahead of the commit: whoever hears of that may ask `to` at once. It stands even if the commit fails.
  void send_ahead(address to, message body) {
    stamp(body);
    ahead_.emplace_back(tell{std::move(to), std::move(body)});
  }

  // -- done at once, but behind the start of the commit: a question to the store sees the rows of the same decision
  void send_at_once(address to, message body) {
    stamp(body);
    at_once_.emplace_back(tell{std::move(to), std::move(body)});
  }
  void ask(token asked, store::query question) { at_once_.emplace_back(ask_store{asked, std::move(question)}); }
  void wake_at(time_ms at, timer_name timer) { at_once_.emplace_back(wake_me_at{at, timer}); }
  void log(log_level level, std::string what, fields with = {}) {
    at_once_.emplace_back(note{level, std::move(what), std::move(with), trace_});
  }
  /// Whether lines of level debug are written: they are made only then.
  bool logs_debug() const { return (watched_ & watched_debug) != 0; }
  /// The event has come so far; nothing is made of it while nobody listens. That it is on disk, and queued for servers,
  /// is seen by its rows.
  void hop(const std::string& event_id, hop_stage stage, std::shared_ptr<const hop_details> more = nullptr) {
    if (!is_listened_to()) return;
    if (hops_.empty()) hops_.reserve(hops_usual);
    hops_.push_back({event_id, stage, std::move(more)});
  }
  /// For `hop`; null while nobody listens. @param make  called only while somebody does
  template <class Make>
  std::shared_ptr<const hop_details> details(Make make) const {
    return is_listened_to() ? std::make_shared<const hop_details>(make()) : nullptr;
  }
  bool is_listened_to() const { return (watched_ & watched_hops) != 0; }
  void finish(causeway::finish x = {}) { at_once_.emplace_back(x); }
  void at_once(effect x) { at_once_.push_back(std::move(x)); }

  /// All of it, and begins anew.
  effects take();

private:
  void stamp(message& x) const {
    if (x.trace == 0) x.trace = trace_;
  }
  /// What the rows to be committed say of events.
  void add_hops();

  static constexpr std::size_t hops_usual = 16;

  address self_;
  time_ms now_ = 0;
  std::uint8_t watched_ = 0;
  trace_id trace_ = 0; ///< 0: whatever the shell knows
  token first_token_ = 0, last_token_ = 0;
  std::vector<store::write> writes_;
  std::optional<std::uint32_t> may_wait_ms_, may_ride_ms_;
  effects ahead_, after_commit_, at_once_;
  std::vector<causeway::hop> hops_; ///< handed out ahead of the commit
};

/// While it lives, what is decided is because of something that has waited in a queue.
class trace_scope {
public:
  trace_scope(decision& out, trace_id of) : out_(out), before_(out.continue_trace(of)) {}
  ~trace_scope() { out_.continue_trace(before_); }
  trace_scope(const trace_scope&) = delete;
  trace_scope& operator=(const trace_scope&) = delete;

private:
  decision& out_;
  const trace_id before_;
};

} // namespace causeway
