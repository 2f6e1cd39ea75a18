#pragma once
#include "actors/decision.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/message_names.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace causeway::room {

/// A command of the chat server with what was found out about it before it is carried out.
struct queued_command {
  chat_command command;
  time_ms since = 0;
  std::map<std::string, std::string>
    event_ids; ///< names of messages resolved to event ids; "?": there is none in this room
  /// message.send: whether the store knows its own id already. Asked on arrival, so that commands do not wait for each other.
  token id_asked = 0;                           ///< not 0: no answer yet
  std::uint64_t id_asked_at = 0;                ///< `message_names::bound()` then
  std::optional<result<std::string>> id_in_use; ///< event of that id, empty: none; or the store's fault
  bool withdrawn = false; ///< member.leave: the invitations that would be left behind have been taken back
  std::optional<store::redaction_loaded> target; ///< message.delete: what is to be deleted
  /// message.send: ids of its events that are in the room already; the policy server was asked for the next one.
  std::vector<std::string> sent;
};

/// Commands of the chat server about this room: one after the other, in the order sent. Messages that they name, by the chat server's id or
/// the event's, are found before a command is carried out.
class command_queue {
public:
  /// Who carries them out.
  class runner {
  public:
    virtual ~runner() = default;
    /// Whether nothing has to end first.
    virtual bool may_run() const = 0;
    /// @param c  what it says of how far the command has come is there again when it is carried out once more
    virtual command_outcome carry_out(queued_command& c) = 0;
  };
  command_queue(const room_state& room, decision& out, message_names& names, runner& r)
      : room_(room), out_(out), names_(names), runner_(r) {}

  void take(const chat_command& m);
  /// Carries out what can be.
  void run();
  bool may_run() const;
  /// @returns whether it was the answer to a question of this component
  bool store_answered(const causeway::store_answered& m);
  std::size_t size() const { return commands_.size(); }
  bool is_idle() const { return commands_.empty() && !resolving_; }

private:
  void run_waiting();
  bool resolve_names(queued_command& c);
  /// Whether it is known that the own id of a message.send is free, or whose it is; asks the store otherwise.
  bool own_id_known(queued_command& c);

  const room_state& room_;
  decision& out_;
  message_names& names_;
  runner& runner_;
  std::deque<queued_command> commands_;
  std::optional<token> resolving_;
  bool running_ = false;
};

} // namespace causeway::room
