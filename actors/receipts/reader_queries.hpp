#pragma once
#include "actors/decision.hpp"
#include "messages/receipts.hpp"
#include "messages/store.hpp"

#include <cstddef>
#include <map>

namespace causeway::receipts {

/// query.receipts and query.read_positions.
class reader_queries {
public:
  /// Open ones; further ones are refused.
  static constexpr std::size_t open_max = 1'000;
  static constexpr time_ms answer_ms_max = 30'000;

  explicit reader_queries(decision& out) : out_(out) {}

  void take(const readers_request& m);
  void answered(token asked, const store::answer& found);
  void on_deadline();
  time_ms deadline() const { return open_.empty() ? 0 : open_.begin()->second.until; }

private:
  struct question {
    readers_request what;
    time_ms until = 0;
  };
  void fail(const readers_request& m, const fault& why);

  decision& out_;
  std::map<token, question> open_; ///< the oldest first
};

} // namespace causeway::receipts
