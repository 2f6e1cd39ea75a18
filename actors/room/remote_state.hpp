#pragma once
#include "messages/matrix/event.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::room {

/// A whole state as another server sends it (send_join, state), on its way through the verifier. A large room's state
/// is verified in parts, so that the verifier stays open to others and the progress can be shown.
class remote_state {
public:
  /// Reads an answer without holding it whole; events of another room, malformed ones and repetitions are left out.
  /// @param state_key  "state" (send_join) or "pdus" (state)
  /// @param known  whether an event is at hand already: it is not kept, only named by `known_state` if it is one of the
  /// state
  /// @returns the other members of the answer; faults not_json, bad_json (also: a list is missing), too_large (over
  /// 400,000 events)
  result<matrix::json::object> read(std::string_view body, std::string_view state_key, std::string_view room_id,
                                    const matrix::room_version_rules& rules,
                                    const std::function<bool(const std::string& event_id)>& known = {});
  /// Ids of the events of the state that were known.
  const std::vector<std::string>& known_state() const { return known_state_; }
  /// Leaves out of the auth chain what the unknown events of the state do not lead to.
  /// @pre no part was taken yet
  void keep_reached();

  /// The next events to verify, at most 2,000; empty: all have been, see `without_key`.
  std::vector<matrix::event_ptr> next_part();
  /// @pre `checks` belongs to the latest `next_part()`
  void take(const std::vector<event_check>& checks);
  /// Events of the state whose signer's key could not be had.
  std::size_t without_key() const;
  /// Has those verified once more.
  void try_again();

  std::size_t size() const { return events_.size(); }
  std::size_t verified() const { return verified_; }
  /// The create event of the state, null unless it has exactly one.
  matrix::event_ptr create() const;
  /// What proved to be signed, redacted where the content does not match its hash: events of the state, then those of
  /// its auth chain.
  /// @pre `next_part()` is empty
  struct verified_events {
    std::vector<matrix::event_ptr> state, auth_chain;
    std::vector<matrix::event_ptr> stripped; ///< of both: those that were redacted for their hash
  };
  verified_events take_verified();

private:
  void begin_verifying();
  std::vector<std::string> known_state_;
  std::vector<matrix::event_ptr> events_; ///< the state first
  std::size_t state_size_ = 0, verified_ = 0;
  std::vector<event_check> checks_;
  std::vector<std::size_t> open_, asked_; ///< indexes into `events_`: to be verified, being verified
};

} // namespace causeway::room
