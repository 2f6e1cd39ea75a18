#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/event.hpp"

namespace causeway::room {

/// The user who lets a restricted join in; null: the join is none.
const std::string* restricted_join_of(const matrix::event& join);

/// A restricted join comes back with the signature of the server that lets it in. Nothing else of what came back is
/// believed.
/// @pre `restricted_join_of(join)`
/// @param answer  body of the answer to send_join, lists of events left out
/// @returns `join` with that signature, not verified; fault peer_bad_answer: it is missing
result<matrix::event_ptr> with_authorising_signature(const matrix::event& join, const matrix::json::object& answer);

/// Whether a room says that it is what another one goes on as. Source: client-server-api, "Room Upgrades".
/// @param predecessor  room id; empty: nothing is asked
/// @returns fault conflict: it does not
status goes_on_from(const matrix::event& create, const std::string& predecessor);

} // namespace causeway::room
