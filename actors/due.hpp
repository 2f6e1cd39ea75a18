#pragma once
#include "actors/effects.hpp"

/// Times that were stored, beside a clock that may have been wrong when they were: days ahead for some seconds is
/// enough. One that lies further ahead than any pause can reach was written by such a clock, and counts as come.
namespace causeway {

/// Whether a stored time to act has come.
/// @param longest_ms  how far ahead an honest one can lie
constexpr bool is_due(time_ms at, time_ms now, time_ms longest_ms) { return at <= now || at - now > longest_ms; }

/// Whether less than `pause_ms` have passed since something was done at `since`. 0, and a time that is still to come:
/// it was never done.
constexpr bool is_within(time_ms since, time_ms pause_ms, time_ms now) {
  return since != 0 && since <= now && now - since < pause_ms;
}

/// A stored time of something that has happened. One that is still to come was written by such a clock: it counts as
/// now, and from now on.
constexpr time_ms happened_at(time_ms stored, time_ms now) { return stored < now ? stored : now; }

} // namespace causeway
