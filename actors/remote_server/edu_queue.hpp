#pragma once
#include "actors/decision.hpp"
#include "actors/due.hpp"
#include "actors/effects.hpp"
#include "actors/remote_server/homeserver.hpp"
#include "actors/remote_server/refusals.hpp"
#include "messages/limits.hpp"
#include "messages/matrix/json.hpp"
#include "messages/remote_server.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace causeway::remote_server {

/// EDUs that are to go with the next transaction. They are hints: of each key the newest counts, at the bound the
/// oldest goes, and a server that refuses them gets none for a while. Whoever wants to know what becomes of one is told
/// in every case.
class edu_queue {
public:
  edu_queue(const homeserver& server, decision& out) : server_(server), out_(out) {}

  void push(const edu_queued& x, std::size_t max) {
    std::erase_if(queue_, [&](const auto& e) {
      if (e.key != x.key) return false;
      tell(e, false);
      return true;
    });
    queue_.push_back({x, out_.now()});
    if (queue_.size() <= max) return;
    tell(queue_.front(), false);
    queue_.pop_front();
  }
  /// JSON texts for one transaction, which is under way until `complete`.
  std::vector<std::string> take() {
    std::vector<std::string> texts;
    for (; !queue_.empty() && texts.size() < limits::edus_per_transaction_max; queue_.pop_front()) {
      if (queue_.front().asked != 0) under_way_.push_back({queue_.front().reply_to, queue_.front().asked});
      std::string text = "{\"content\":" + queue_.front().content + ",\"edu_type\":";
      matrix::json::write_string(text, queue_.front().edu_type);
      texts.push_back(std::move(text) + "}");
    }
    return texts;
  }
  /// What was taken has arrived, or is dropped.
  void complete(bool delivered) {
    for (const auto& x : std::exchange(under_way_, {})) tell(x, delivered);
  }
  void clear() {
    for (const auto& x : std::exchange(queue_, {})) tell(x, false);
  }
  void refused(time_ms now) { refused_until_ = now + refused_edus_pause_ms; }
  /// It was not the EDUs that were refused.
  void allowed() { refused_until_ = 0; }
  /// Forgets what a server would refuse.
  void drop_refused(time_ms now) {
    if (!is_due(refused_until_, now, refused_edus_pause_ms)) clear();
  }
  bool is_empty() const { return queue_.empty(); }
  std::size_t size() const { return queue_.size(); }
  /// When the oldest was queued; 0: there is none.
  time_ms oldest_ts() const { return queue_.empty() ? 0 : queue_.front().queued_ts; }

private:
  struct entry : edu_queued {
    time_ms queued_ts = 0;
  };
  struct waiting {
    address reply_to;
    token asked = 0;
  };
  void tell(const auto& x, bool delivered) {
    if (x.asked != 0) out_.send_at_once(x.reply_to, edu_completed{x.asked, server_.name, delivered});
  }

  const homeserver& server_;
  decision& out_;
  std::deque<entry> queue_;
  std::vector<waiting> under_way_; ///< those of the EDUs under way that somebody wants to know of
  time_ms refused_until_ = 0;
};

} // namespace causeway::remote_server
