#pragma once
#include "actors/decision.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/command_queue.hpp"
#include "actors/room/room_state.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace causeway::room {

/// read, query.receipts, query.read_positions: the room says who may and what is meant, the receipts actor does the
/// rest and answers.
class receipt_commands {
public:
  receipt_commands(const room_state& room, decision& out) : room_(room), out_(out) {}

  command_outcome run(const queued_command& c, const chat::mark_read& x);
  command_outcome run(const queued_command& c, const chat::query_receipts& x);
  command_outcome run(const queued_command& c, const chat::query_read_positions& x);

private:
  /// The others in the room; made anew when its state has changed, since a thousand may read the same at once.
  std::shared_ptr<const std::vector<std::string>> servers();

  const room_state& room_;
  decision& out_;
  std::shared_ptr<const std::vector<std::string>> servers_;
  std::int64_t servers_at_ = 0; ///< the state group of which `servers_` are
};

} // namespace causeway::room
