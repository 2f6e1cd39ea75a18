#pragma once
#include "actors/effects.hpp"
#include "messages/message.hpp"

#include <string>
#include <utility>
#include <vector>

namespace causeway {

/// What a machine has decided so far about the message at hand: rows to commit, what is sent when they are committed, and what is done at
/// once. Components of a machine share one; `take` hands it to the shell as effects.
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
  /// A number that no other question of this incarnation has, nor, with `begin_tokens`, any of an earlier one.
  token next_token() { return ++last_token_; }
  /// An answer to an earlier incarnation of this actor must not be taken for one to this.
  void begin_tokens() { first_token_ = last_token_ = static_cast<token>(now_) << 16; }
  /// Where the numbers of this incarnation begin; for counters beside these.
  token first_token() const { return first_token_; }

  // -- committed
  void write(store::write row) { writes_.push_back(std::move(row)); }
  /// Rows that are to be committed, for functions that append to such a list.
  std::vector<store::write>& writes() { return writes_; }

  // -- done when they are committed
  void send(address to, message body) { after_commit_.push_back(tell{std::move(to), std::move(body)}); }
  void ask_after_commit(token asked, store::query question) {
    after_commit_.push_back(ask_store{asked, std::move(question)});
  }
  /// Drops what was to be done: the rows it belongs to are dropped as well.
  void drop_after_commit() { after_commit_.clear(); }

  // -- done at once, but behind the start of the commit: a question to the store sees the rows of the same decision
  void send_at_once(address to, message body) { at_once_.push_back(tell{std::move(to), std::move(body)}); }
  void ask(token asked, store::query question) { at_once_.push_back(ask_store{asked, std::move(question)}); }
  void wake_at(time_ms at, std::string timer) { at_once_.push_back(wake_me_at{at, std::move(timer)}); }
  void log(log_level level, std::string what, fields with = {}) {
    at_once_.push_back(note{level, std::move(what), std::move(with)});
  }
  void finish(causeway::finish x = {}) { at_once_.push_back(x); }
  void at_once(effect x) { at_once_.push_back(std::move(x)); }

  /// All of it, and begins anew.
  effects take();

private:
  address self_;
  time_ms now_ = 0;
  token first_token_ = 0, last_token_ = 0;
  std::vector<store::write> writes_;
  effects after_commit_, at_once_;
};

} // namespace causeway
