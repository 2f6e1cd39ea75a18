#pragma once
#include "actors/shell.hpp"

namespace causeway {

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
