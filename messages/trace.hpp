#pragma once
#include <cstdint>
#include <string>

namespace causeway {

/// Names what began at a border of the node (a COMMAND, a request of another server, a timer, the node itself), and
/// with it all that is done because of it, in whichever actor. 0: not known yet. Unique over restarts: the time of the
/// start above, a counter below.
using trace_id = std::uint64_t;
/// Bits of the counter.
inline constexpr int trace_counter_bits = 20;

/// As logs and operators have it: 16 hexadecimal digits.
std::string trace_text(trace_id x);

} // namespace causeway
