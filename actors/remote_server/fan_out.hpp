#pragma once
#include "messages/message.hpp"

#include <cstddef>
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

} // namespace causeway::remote_server
