#pragma once
#include "actors/decision.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/json.hpp"
#include "messages/room.hpp"

#include <string>
#include <vector>

/// Whether what a room rests on was signed by those whose name it bears. Brokers before 2026-12 took an invite without
/// its sender's signature when its content claimed to be a third party's and did not match its hash.
namespace causeway::room {

/// Memberships among `events` whose sender's signature is missing or may not have been checked: no signature of their
/// server at all, or an invite whose content does not match its hash though no redaction explains it. About 5 us for
/// each invite.
std::vector<matrix::event_ptr> doubtful_memberships(const std::vector<matrix::event_ptr>& events);

/// Those of `doubtful` that are proven to be nobody's word: `checks` are the verifier's. An event whose key could not
/// be had is left out: nothing is known of it.
std::vector<matrix::event_ptr> unsigned_among(const std::vector<matrix::event_ptr>& doubtful,
                                              const std::vector<event_check>& checks);

/// Once for each incarnation of a room: memberships on disk that nobody has signed are told to the operator.
class signature_audit {
public:
  signature_audit(const room_state& room, decision& out, pending_questions& pending)
      : room_(room), out_(out), pending_(pending) {}

  /// When the room is loaded.
  void begin();
  void answered(const question::doubtful_memberships& q, const events_verified& m);
  void answered(const question::doubtful_memberships&, const timed_out&) {} // the next incarnation looks again
  void describe(matrix::json::object& o, time_ms now) const;

private:
  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  std::vector<std::string> unsigned_; ///< event ids of memberships that nobody has signed
};

} // namespace causeway::room
