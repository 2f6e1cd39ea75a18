#pragma once
#include "messages/matrix/event.hpp"
#include "messages/remote_server.hpp"

namespace causeway::room {

/// Why another server did not let us in, by the errcode of its answer to make_join or send_join.
fault join_refused(const peer_answer& m);

/// The user who lets a restricted join in; null: the join is none.
const std::string* restricted_join_of(const matrix::event& join);

/// A restricted join comes back with the signature of the server that lets it in. Nothing else of what came back is believed.
/// @pre `restricted_join_of(join)`
/// @param answer  body of the answer to send_join, lists of events left out
/// @returns `join` with that signature, not verified; fault peer_bad_answer: it is missing
result<matrix::event_ptr> with_authorising_signature(const matrix::event& join, const matrix::json::object& answer);

} // namespace causeway::room
