#pragma once
#include "actors/shell.hpp"

namespace causeway {

/// Messages it has handled, of those routed to it.
std::uint64_t handled_by(const supervisor_state::child& x);

/// Whether something waits for it.
bool has_work(const supervisor_state::child& x, std::uint64_t handled);

/// How it is, in a word; others than these there are not.
std::string_view phase_name(const supervisor_state::child& x);

/// When the oldest message that waits for it came, as far as that is known; 0: none waits.
time_ms oldest_waiting_of(const supervisor_state::child& x, std::uint64_t handled);

/// One child as the operator sees it.
supervision describe(const supervisor_state& of, const std::string& key, const supervisor_state::child& x);

/// Which children have changed since the last sweep. Those that have had something to do are looked at and no others:
/// so whoever looks once a second costs the supervisor as much as changes, however many there are. What is beyond
/// `rows_max` is told by the next sweep, the oldest first. The first one tells nothing but that it `begins`: who looks
/// reads the list behind it; likewise the first after half a minute in which nobody swept.
/// @param rows_max  as many changed ones at most; 0: none, but the totals of all (a walk over all of them: seldom)
children_seen sweep(supervisor_state& of, std::size_t rows_max);

/// Of those that end, for who sweeps.
void note_gone(supervisor_state& of, const std::string& key);

} // namespace causeway
