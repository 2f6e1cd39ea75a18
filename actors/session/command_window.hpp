#pragma once
#include "actors/effects.hpp"
#include "actors/session/outbox_stream.hpp"
#include "messages/chat/commands.hpp"
#include "messages/edge/traceparent.hpp"
#include "messages/trace.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace causeway::session {

/// Commands open over all connections, times `command_credit` of one.
inline constexpr std::size_t open_commands_factor = 8;

/// A COMMAND that has no RESULT yet.
struct open_command {
  std::string id, name;                   ///< id empty: ephemeral, nobody waits
  trace_id trace = 0;                     ///< of its first frame
  std::optional<edge::outer_trace> outer; ///< that of the chat server, where it has one
  std::uint64_t bytes = 0;
  time_ms since = 0;
  std::shared_ptr<const chat::command> body; ///< until it is forwarded
  bool looked_up = false;                    ///< the store knows no RESULT for the id: may be forwarded
  bool done = false;                         ///< answered before it was forwarded
  bool forwarded = false;                    ///< it is being carried out, whatever was answered
  connection_key first;                      ///< who sent it first
  std::vector<connection_key> waiters;
  std::vector<std::string>
    ignored; ///< fields of the first one's body that the command does not have: told with its RESULT
};
using command_ptr = std::shared_ptr<open_command>;

/// The commands of the chat server that have no RESULT, and the order in which they go on: strictly that in which they
/// were sent. One whose id is still looked up holds back those behind it.
class command_window {
public:
  explicit command_window(std::size_t open_max) : open_max_(open_max) {}

  command_ptr find(const std::string& id) const {
    const auto found = open_.find(id);
    return found == open_.end() ? nullptr : found->second;
  }
  /// Nobody may open another one.
  bool is_full() const { return open_.size() >= open_max_; }
  /// Nobody may queue another ephemeral one.
  bool is_queue_full() const { return waiting_.size() >= open_max_; }
  /// @pre !is_full(), no open command has its id
  void open(command_ptr x) {
    open_.emplace(x->id, x);
    waiting_.push_back(std::move(x));
  }
  /// An ephemeral one: it takes its place in the order, and is answered by nobody. @pre !is_queue_full()
  void queue(command_ptr x) { waiting_.push_back(std::move(x)); }
  /// Those that go on now, in order: they are forwarded from now on.
  std::vector<command_ptr> take_ready() {
    std::vector<command_ptr> ready;
    while (!waiting_.empty() && waiting_.front()->looked_up) {
      auto x = std::move(waiting_.front());
      waiting_.pop_front();
      if (x->done) continue;
      x->forwarded = true;
      ready.push_back(std::move(x));
    }
    return ready;
  }
  /// It has its RESULT.
  void close(open_command& x) {
    x.done = true;
    open_.erase(std::string{x.id});
  }
  /// A connection is gone: it waits for nothing any more. The command goes on; its RESULT is in the store for the
  /// repetition.
  void leave(const std::string& id, const connection_key& who) {
    if (const auto x = find(id)) std::erase(x->waiters, who);
  }
  void leave_all() {
    for (const auto& [id, x] : open_) x->waiters.clear();
  }
  /// All open ones, in no order; they may be closed meanwhile.
  std::vector<command_ptr> all() const {
    std::vector<command_ptr> list;
    list.reserve(open_.size());
    for (const auto& [id, x] : open_) list.push_back(x);
    return list;
  }
  bool empty() const { return open_.empty(); }
  std::size_t size() const { return open_.size(); }
  /// How long the oldest has been open.
  time_ms oldest_ms(time_ms now) const {
    time_ms oldest = 0;
    for (const auto& [id, x] : open_) oldest = std::max(oldest, now - x->since);
    return oldest;
  }

private:
  const std::size_t open_max_;
  std::unordered_map<std::string, command_ptr> open_;
  std::deque<command_ptr> waiting_; ///< not forwarded yet, in the order sent
};

} // namespace causeway::session
