#pragma once
#include "actors/context.hpp"
#include "actors/decision.hpp"
#include "actors/effects.hpp"
#include "messages/chat/codec.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/room.hpp"
#include "messages/store.hpp"

#include <string>
#include <utility>

/// The row of an invitation: how it begins, and what the chat server sees of it.
namespace causeway::invitation {

/// The row with which an invitation of a user of another server begins.
inline store::put_invitation row_of(const room_invite_request& m, const context& node, time_ms now) {
  const auto& invite = *m.event;
  store::put_invitation row;
  row.room_id = invite.room_id;
  row.user_id = *invite.state_key;
  row.room_version = std::string{invite.rules().id};
  row.inviter = invite.sender;
  row.direction = invitation_direction::outgoing;
  row.state = invitation_state::sending;
  row.event = invite.to_json();
  row.invite_room_state = m.invite_room_state;
  row.chat_room_id = m.chat_room_id;
  row.type = m.type;
  row.since_ts = now;
  row.deadline_ts =
    node.settings().invitation.lifetime_h ? now + std::int64_t{node.settings().invitation.lifetime_h} * 3'600'000 : 0;
  row.retry_at_ts = now;
  row.pending_request = next_request::invite;
  return row;
}

/// A row as the chat server sees it.
/// @param room  the chat server's id of the room; empty: it has bound none
inline chat::invitation_view view_of(const store::put_invitation& x, std::string room) {
  chat::invitation_view view;
  view.room = std::move(room);
  view.matrix_room_id = x.room_id;
  view.user = x.user_id;
  view.by = x.inviter;
  view.direction = name(x.direction);
  view.state = name(x.state);
  view.reason = x.reason;
  view.since_ts = x.since_ts;
  if (x.state == invitation_state::failed) view.last_fault = x.last_fault; // what ended it
  if (x.pending_request == next_request::none) return view;
  view.attempts = x.attempts;
  view.retry_at_ts = x.retry_at_ts;
  view.last_fault = x.last_fault;
  return view;
}

/// The chat server is told that an invitation has another state, or an open one another reason for waiting.
inline void tell_changed(decision& out, const context& node, const store::put_invitation& x,
                         invitation_state previous) {
  auto view = view_of(x, x.chat_room_id);
  chat::invitation_changed n;
  n.room = std::move(view.room);
  n.matrix_room_id = x.room_id;
  n.user = x.user_id;
  n.by = std::move(view.by);
  n.direction = std::move(view.direction);
  n.state = std::move(view.state);
  n.previous_state = name(previous);
  n.reason = std::move(view.reason);
  n.ts = out.now();
  n.attempts = view.attempts;
  n.retry_at_ts = view.retry_at_ts;
  n.last_fault = std::move(view.last_fault);
  chat::notification told = std::move(n);
  out.write(store::append_outbox{node.stream_of(x.room_id), chat::name(told), chat::encode(told)});
}

} // namespace causeway::invitation
