#pragma once
#include "actors/room/event_writer.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"

#include <optional>
#include <string>
#include <vector>

namespace causeway::room {

/// An event that was away for a while (an invite at the other server, a join since its template) may have parents whose
/// states were evicted from memory: the message that brings it waits until the store has them.
class parent_fetch {
public:
  parent_fetch(const room_state& room, pending_questions& pending, event_writer& writer)
      : room_(room), pending_(pending), writer_(writer) {}

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
  /// @returns the message that has waited; nothing: the store cannot say, and whoever sent the message sends it again
  std::optional<message> answered(question::parents q, const store_answered& m);
  bool is_idle() const { return pending_.count<question::parents>() == 0; }

private:
  const room_state& room_;
  pending_questions& pending_;
  event_writer& writer_;
  bool retrying_ = false;
};

} // namespace causeway::room
