#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "messages/invitation_transitions.hpp"
#include "messages/matrix/event.hpp"
#include "messages/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace causeway::invitation {

using cause = invitation_cause;

/// Whether an event rests on this very invite.
bool cites(const matrix::event& x, const matrix::event& invite);

/// The reason of a membership event; empty where it says none.
std::string reason_of(const matrix::event& x);

/// What is known of one invitation or knock: its row, and every change of that. The components of the actor share it. A
/// state changes here only, and only as messages/invitation_transitions.hpp has it.
struct invitation_record {
  static constexpr timer_kind retry_timer = timer_kind::retry, confirm_timer = timer_kind::confirm;

  invitation_record(const context& of_node, decision& result, std::string room, std::string user)
      : node(of_node), out(result), room_id(std::move(room)), user_id(std::move(user)) {}

  const context& node;
  decision& out;
  const std::string room_id, user_id;
  bool exists = false;
  store::put_invitation row;
  matrix::event_ptr event;   ///< the invite; of a knock that is open the knock
  time_ms waiting_since = 0; ///< when the actor last waited for nothing

  void load(const std::optional<store::put_invitation>& stored);

  // -- what it is
  bool is(invitation_direction direction) const { return exists && row.direction == direction; }
  bool is(invitation_direction direction, invitation_state state) const { return is(direction) && row.state == state; }
  /// The end is still to come.
  bool is_waiting() const { return exists && causeway::is_waiting(row.state); }
  /// A knock that nobody has answered.
  bool is_open_knock() const { return is(invitation_direction::knock) && is_open(row.state); }
  /// A knock that was accepted, whose join has not ended.
  bool is_let_in() const {
    return is(invitation_direction::knock, invitation_state::accepted) && row.pending_request == next_request::join;
  }
  /// Pending, and the chat server has not been told of it so far: its server invites too often.
  bool is_untold() const { return row.pending_request == next_request::tell; }
  /// Of the room, as the chat server is told it.
  std::string type_word() const { return std::string{name(row.type.value_or(chat::room_type::channel))}; }

  // -- its changes
  /// A row of its own takes the place of what was there before, in the state that the cause leads to. Nothing is
  /// written yet.
  void begin_anew(invitation_direction direction, const matrix::event_ptr& of, invitation_cause cause);
  /// Sets the state that the cause leads to. @throws std::logic_error  that cannot happen: it is our mistake
  void enter(invitation_cause cause);
  /// The same, written, and the chat server notified.
  void change(invitation_cause cause, const std::string& reason);
  /// It cannot succeed any more.
  void fail(const fault& why);
  /// The user who accepted is asked again.
  void reopen();
  /// Another room has it from now on: there is none here.
  void remove();
  void save();
  /// Nothing is to be repeated any more.
  void forget_request() {
    row.pending_request = next_request::none;
    row.retry_at_ts = 0;
  }
  void notify_changed(invitation_state previous);
  void notify_received();

  // -- its next request
  /// Whether it is due; if not, the timer is set.
  bool is_due() const;
  /// It has failed: once more after a pause.
  void retry_later(const fault& why);
  void confirm_later();

  // -- what is waited for
  address self() const { return out.self(); }
  address room() const { return {actor_kind::room, room_id}; }
  address server_of(std::string_view user) const;
  /// Until when an actor of this node is waited for: it may have failed with our question.
  time_ms patience_ends() const {
    return waiting_since + std::int64_t{node.settings().federation.send_join_timeout_ms} * 2;
  }

private:
  /// Longer than any pause before a request is repeated.
  time_ms pause_ms_max() const;
};

} // namespace causeway::invitation
