#pragma once
#include "actors/decision.hpp"
#include "actors/room/room_state.hpp"
#include "messages/chat/notifications.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace causeway::room {

/// What a room is called and shown with.
struct room_setting {
  const char* type;
  const char* key;  ///< of the content
  const char* kind; ///< of the system.message
  std::optional<std::string> chat::room_changed::*told;
  std::optional<std::string> chat::system_message::*shown; ///< null: the kind alone is
};

/// What the chat server is told of a room: durable notifications, derived from accepted events and from changes of the
/// current state (which state resolution can change without an event of its own). Source: messages/chat/CONTRACT.md.
class chat_notifier {
public:
  chat_notifier(const room_state& room, decision& out) : room_(room), out_(out) {}

  void notify(const chat::notification& n);

  /// A message of another server's user; of all else nothing is told, nor of edits and reactions, see relations.hpp.
  /// @param historical  it was sent before we knew of it
  void message(const matrix::event_ptr& x, bool historical);
  /// The text of an edit, as a message of its own. @pre it is an edit
  void edit_as_message(const matrix::event& edit, bool historical);
  /// Whether it is something that the chat server shows as a message.
  static bool is_message_shown(const matrix::event& x);

  /// A change of the room's name, topic, picture or power levels; of all else nothing is told.
  void state_changed(const state_change& c);
  struct membership_context {
    bool is_invited_already = false; ///< told when the invitation was sent
    bool has_expired = false;        ///< an invitation that nobody took back
    std::string removed_by = {};     ///< the room is removed by them, and all of ours leave; empty: it is not
  };
  void membership_changed(const state_change& c, const membership_context& context);
  /// The name, topic, picture or profile that was the state is redacted.
  void state_redacted(const matrix::event& before, const matrix::event& after, const matrix::event& redaction,
                      std::string reason);

  /// A room.created and as many room.members as it takes. @param more_to_come  others are not known yet
  void created(chat::room_created created, std::vector<std::string> members, bool more_to_come);
  /// @param from  index of the first who is told. @param complete  these are all
  void members(const std::vector<std::string>& members, std::size_t from, bool complete);
  /// Ephemeral: how far a join has come.
  void join_progress(chat::join_phase phase, const std::string& user, const std::string& server, std::size_t done,
                     std::size_t total);

  /// Fills in the room's names, `event_id` and `ts`. @param cause  null: none
  void system_message(chat::system_message n, const matrix::event* cause);
  void system_message(std::string kind, std::string actor, std::string target, std::string reason,
                      const matrix::event* cause);

  /// When an event was sent, as it may be shown: a server may write what it likes, but not far into the future. Null:
  /// now.
  time_ms shown_ts(const matrix::event* x) const;

private:
  void tell_message(const matrix::event& x, const matrix::json::object& content, bool historical);
  /// What is shown of a change of name, topic or picture.
  void setting_shown(const room_setting& what, const std::string& actor, std::string value, std::string reason,
                     const matrix::event* cause);
  /// @param value  of it from now on. @param cause  null: state resolution took the event away
  void setting_changed(const room_setting& what, std::string value, const matrix::event* cause);
  /// What is shown where somebody of another server changes a rule that no command of ours changes.
  void rule_changed(const char* kind, const matrix::event* before, const matrix::event& after);
  void levels_changed(const matrix::event& before, const matrix::event& after);
  /// @param e  of the membership that has ended; null: state resolution took the event away
  chat::room_removed_for removed_for(const std::string& user, std::string cause, const std::string& by,
                                     const std::string& reason, const matrix::event* e) const;
  /// @param before  null: there were none
  void roles_changed(const matrix::event* before, const matrix::event& after);

  const room_state& room_;
  decision& out_;
};

} // namespace causeway::room
