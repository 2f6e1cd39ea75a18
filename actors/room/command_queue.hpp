#pragma once
#include "actors/decision.hpp"
#include "actors/lazy_deque.hpp"
#include "actors/room/command_outcome.hpp"
#include "actors/room/message_names.hpp"
#include "actors/room/pending_questions.hpp"
#include "actors/room/room_state.hpp"
#include "messages/message.hpp"
#include "messages/room.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace causeway::room {

/// A command of the chat server with what was found out about it before it is carried out.
struct queued_command {
  chat_command command;
  time_ms since = 0;
  std::map<std::string, std::string>
    event_ids; ///< names of messages resolved to event ids; "?": there is none in this room
  /// message.send, message.bind: whether the store knows the own id already. Asked on arrival, so that commands do not
  /// wait for each other.
  token id_asked = 0;                           ///< not 0: no answer yet
  std::uint64_t id_asked_at = 0;                ///< `message_names::bound()` then
  std::optional<result<std::string>> id_in_use; ///< event of that id, empty: none; or the store's fault
  bool withdrawn = false; ///< member.leave: the invitations that would be left behind have been taken back
  std::optional<store::redaction_loaded> target; ///< message.delete: what is to be deleted
  /// message.edit, reaction.add, reaction.remove: the message, its latest edit and the user's reaction with that key.
  std::optional<store::relations_loaded> relations;
  bool is_original = false;         ///< what was named is an edit: its message is meant, and looked up
  std::set<std::string> not_former; ///< event ids that are none of the room before this one
  /// message.send: ids of its events that are in the room already; the policy server was asked for the next one.
  std::vector<std::string> sent;
};

/// Commands of the chat server about this room: one after the other, in the order sent. Messages that they name, by the
/// chat server's id or the event's, are found before a command is carried out.
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
  command_queue(const room_state& room, decision& out, pending_questions& pending, message_names& names, runner& r)
      : room_(room), out_(out), pending_(pending), names_(names), runner_(r) {}

  void take(const chat_command& m);
  /// Carries out what can be.
  void run();
  bool may_run() const;
  void answered(question::own_message_id, const store_answered& m);
  void answered(question::own_message_id, const timed_out& m);
  void answered(question::named_message, const store_answered& m);
  void answered(question::named_message, const timed_out&);
  /// Those that have not been begun, in order: they are another room's.
  std::vector<chat_command> take_waiting();
  std::size_t size() const { return commands_.size(); }
  bool is_idle() const { return commands_.empty() && !is_resolving(); }

private:
  void run_waiting();
  /// Whether the store is asked what the command at the head names.
  bool is_resolving() const { return pending_.count<question::named_message>() != 0; }
  void fail_first(const fault& why);
  void own_id_answered(token asked, result<std::string> in_use);
  bool resolve_names(queued_command& c);
  bool resolve_relations(queued_command& c);
  void relations_found(queued_command& c, const store::relations_loaded& found);
  /// Whether it is known that the own id of a message.send is free, or whose it is; asks the store otherwise.
  bool own_id_known(queued_command& c);

  const room_state& room_;
  decision& out_;
  pending_questions& pending_;
  message_names& names_;
  runner& runner_;
  lazy_deque<queued_command> commands_;
  bool running_ = false;
};

} // namespace causeway::room
