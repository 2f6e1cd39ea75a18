#pragma once
#include "messages/limits.hpp"
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// m.receipt EDUs. Source: server-server-api, "Receipts"; client-server-api, "Receipts" (threads); MSC4102, MSC4514.
namespace causeway::matrix {

/// A user has read up to an event.
struct receipt {
  std::string room_id, user_id, event_id;
  std::string thread_id; ///< empty: not about a thread; main; or the event id of the root
  std::int64_t ts = 0;
  bool operator==(const receipt&) const = default;
};

/// Receipts of one EDU that are looked at; what comes behind them is passed over.
inline constexpr std::size_t receipts_per_edu_max = 5'000;
/// An EDU of ours with type and content, bytes: others drop what is longer than an event may be.
inline constexpr std::size_t receipt_edu_bytes_max = limits::event_bytes_max;

/// The public receipts of users of `origin` in the content of an m.receipt EDU. What is malformed, of other users or
/// not m.read is passed over, as the specification asks.
std::vector<receipt> receipts_of(const json::object& content, std::string_view origin);

/// Puts the content of an m.receipt EDU together. A user has one receipt of each room in it: that is the form of the
/// EDU, so what they have read in a second thread needs another one.
class receipt_content {
public:
  /// @returns false: it has no place for it. Nothing is changed
  bool add(const receipt& x);
  bool empty() const { return rooms_.empty(); }
  /// Canonical JSON.
  std::string text() const;

private:
  std::map<std::string, std::map<std::string, std::string>> rooms_; ///< room -> user -> JSON of the receipt
  std::size_t bytes_ = 0;                                           ///< of the EDU, at most
};

} // namespace causeway::matrix
