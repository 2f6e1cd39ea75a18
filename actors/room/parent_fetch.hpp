#pragma once
#include "actors/decision.hpp"
#include "actors/room/event_writer.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace causeway::room {

/// An event that was away for a while (an invite at the other server, a join since its template) may have parents whose states were evicted from memory: the
/// message that brings it waits until the store has them.
class parent_fetch {
public:
  parent_fetch(const room_state& room, decision& out, event_writer& writer) : room_(room), out_(out), writer_(writer) {}

  /// Parents of `x` whose states are not at hand.
  std::vector<std::string> missing(const matrix::event& x) const;
  /// @returns whether `m` waits until the store has told the parents of `x`
  /// @throws std::runtime_error  it has waited already, and the store does not have them
  bool fetch_first(const matrix::event& x, const message& m);
  /// Reads these; then `m` comes again.
  void fetch(std::vector<std::string> event_ids, message m);
  /// Whether the message at hand has waited already.
  bool is_retrying() const { return retrying_; }
  void set_retrying(bool yes) { retrying_ = yes; }
  /// @param found  null: the store did not answer, and whoever sent the message sends it again
  /// @param handled  set where it was the answer to a question of this component
  /// @returns the message that has waited
  std::optional<message> store_answered(token asked, const store::events_loaded* found, bool& handled);
  bool is_idle() const { return waiting_.empty(); }

private:
  const room_state& room_;
  decision& out_;
  event_writer& writer_;
  std::map<token, message> waiting_;
  bool retrying_ = false;
};

} // namespace causeway::room
