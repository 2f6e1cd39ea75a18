#pragma once
#include "messages/message.hpp"

#include <cstddef>
#include <optional>
#include <variant>

namespace causeway::remote_server {

/// What goes to more servers than this takes turns (actors/bulk_pace.hpp).
inline constexpr std::size_t fan_out_at_once = 64;

/// Whether a crowd of servers is told `m`: none of them is waited for, and each costs a transaction of its own.
inline bool is_for_a_crowd(const message& m) {
  if (const auto* x = std::get_if<pdu_queued>(&m)) return x->destinations > fan_out_at_once;
  if (const auto* x = std::get_if<edu_queued>(&m)) return x->destinations > fan_out_at_once;
  return false;
}

/// Whether `m` says that the server has answered a request of ours, whatever it said, or that it has not.
inline std::optional<bool> answer_in(const message& m) {
  const auto* x = std::get_if<http_answered>(&m);
  return x ? std::optional{x->answer->status != 0} : std::nullopt;
}

} // namespace causeway::remote_server
