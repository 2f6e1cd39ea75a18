#pragma once
#include "messages/matrix/event.hpp"
#include "messages/room.hpp"

#include <string>
#include <vector>

/// Whether what a room rests on was signed by those whose name it bears. Brokers before 2026-12 took an invite without its sender's
/// signature when its content claimed to be a third party's and did not match its hash.
namespace causeway::room {

/// Memberships among `events` whose sender's signature is missing or may not have been checked: no signature of his server at all, or an invite
/// whose content does not match its hash though no redaction explains it. About 5 us for each invite.
std::vector<matrix::event_ptr> doubtful_memberships(const std::vector<matrix::event_ptr>& events);

/// Those of `doubtful` that are proven to be nobody's word: `checks` are the verifier's. An event whose key could not be had is left out:
/// nothing is known of it.
std::vector<matrix::event_ptr> unsigned_among(const std::vector<matrix::event_ptr>& doubtful, const std::vector<event_check>& checks);

} // namespace causeway::room
