#pragma once
#include "actors/effects.hpp"
#include "messages/limits.hpp"

namespace causeway::room {

/// Text of the PDUs of one server that a room keeps in memory while they wait for keys, parents or our join, bytes: a
/// thousand long messages. Beyond it that server's transactions are put off.
inline constexpr std::size_t staged_bytes_of_server_max = 4 * 1024 * 1024;
/// The same of all servers together: beyond it the longest waiting of the server with most of them go.
inline constexpr std::size_t staged_bytes_max = 16 * 1024 * 1024;
static_assert(staged_bytes_of_server_max > limits::pdus_per_transaction_max * limits::event_bytes_max);
/// A server that is at its share loses what has waited so long, ms: a day of waiting for what nobody has must not keep
/// it out of its other rooms.
inline constexpr time_ms hopeless_after_ms = 60'000;
/// What came during a join is kept so long, ms, where a restart has interrupted that join: whoever wants it asks for it
/// again.
inline constexpr time_ms held_ms_max = 24 * 3'600'000;

/// So long an event waits for the key of its server, ms.
inline constexpr time_ms keys_give_up_ms = 24 * 3'600'000;
/// After this a staged event whose parents nobody has is given up, ms.
inline constexpr time_ms gap_give_up_ms = 24 * 3'600'000;

} // namespace causeway::room
