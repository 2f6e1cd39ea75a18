#pragma once
#include "actors/shell.hpp"

namespace causeway {

/// Messages it has handled, of those routed to it.
std::uint64_t handled_by(const supervisor_state::child& x);

/// How it is, in a word; others than these there are not.
std::string_view phase_name(const supervisor_state::child& x);

/// When the oldest message that waits for it came, as far as that is known; 0: none waits.
time_ms oldest_waiting_of(const supervisor_state::child& x, std::uint64_t handled);

/// One child as the operator sees it.
supervision describe(const supervisor_state& of, const std::string& key, const supervisor_state::child& x);

/// Which children have changed since they were swept last: a part of them each time, in the order of their keys, round
/// and round. So whoever looks once a second costs the supervisor a millisecond or two, however many there are, and
/// learns within seconds what each of a hundred thousand does.
/// @param rows_max  as many changed ones at most; 0: none, but the totals of all (a walk over all of them: seldom)
children_seen sweep(supervisor_state& of, std::size_t rows_max);

/// Of those that end, for who sweeps.
void note_gone(supervisor_state& of, const std::string& key);

} // namespace causeway
