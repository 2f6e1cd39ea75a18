#pragma once
#include "actors/context.hpp"
#include "actors/effects.hpp"
#include "messages/chat/notifications.hpp"
#include "messages/room.hpp"
#include "messages/store.hpp"

#include <string>
#include <utility>

/// The row of an invitation: how it begins, and what the chat server sees of it.
namespace causeway::invitation {

/// The row with which an invitation of a user of another server begins.
inline store::put_invitation row_of(const invite_wanted& m, const context& node, time_ms now) {
  const auto& invite = *m.event;
  store::put_invitation row;
  row.room_id = invite.room_id;
  row.user_id = *invite.state_key;
  row.room_version = std::string{invite.rules().id};
  row.inviter = invite.sender;
  row.direction = "outgoing";
  row.state = "sending";
  row.event = invite.to_json();
  row.invite_room_state = m.invite_room_state;
  row.chat_room_id = m.chat_room_id;
  row.type = m.type;
  row.since_ts = now;
  row.deadline_ts = node.invitation.lifetime_h ? now + std::int64_t{node.invitation.lifetime_h} * 3'600'000 : 0;
  row.retry_at_ts = now;
  row.pending_request = "invite";
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
  view.direction = x.direction;
  view.state = x.state;
  view.reason = x.reason;
  view.since_ts = x.since_ts;
  if (x.pending_request.empty()) return view;
  view.attempts = x.attempts;
  view.retry_at_ts = x.retry_at_ts;
  view.last_fault = x.last_fault;
  return view;
}

} // namespace causeway::invitation
