#pragma once
#include "messages/store/invitations.hpp"
#include "messages/store/rooms.hpp"
#include "messages/store/users.hpp"

/// Rows of the store that are part of a message to an actor on another node. Their columns are the store's
/// (plugin/store/*_rows.cpp), so what crosses is listed here and not in the structs.
namespace causeway::crossing {

/// Specialised for structs that do not list their fields themselves.
template <class T>
struct row_fields;

template <>
struct row_fields<store::put_user> {
  static void fields(auto& f, auto& x) {
    f.required("user_id", x.user_id);
    f.optional("chat_name", x.chat_name);
    f.optional("display_name", x.display_name);
    f.optional("avatar_url", x.avatar_url);
    f.optional("may_federate", x.may_federate);
    f.optional("invites", x.invites);
    f.optional("deactivated_ts", x.deactivated_ts);
    f.optional("update", x.update);
    f.optional("fields", x.fields);
  }
};

template <>
struct row_fields<store::put_room> {
  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.required("room_version", x.room_version);
    f.optional("phase", x.phase);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("type", x.type);
    f.optional("federated", x.federated);
    f.optional("forward_extremities", x.forward_extremities);
    f.optional("state_group", x.state_group);
    f.optional("last_position", x.last_position);
    f.optional("first_position", x.first_position);
    f.optional("last_state_group", x.last_state_group);
    f.optional("history_from", x.history_from);
    f.optional("members_omitted", x.members_omitted);
    f.optional("successor", x.successor);
    f.optional("succession", x.succession);
    f.optional("refounded_from", x.refounded_from);
    f.optional("refounded_as", x.refounded_as);
    f.optional("founding", x.founding);
  }
};

template <>
struct row_fields<store::put_invitation> {
  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.required("user_id", x.user_id);
    f.optional("room_version", x.room_version);
    f.optional("inviter", x.inviter);
    f.required("direction", x.direction);
    f.required("state", x.state);
    f.optional("reason", x.reason);
    f.optional("event", x.event);
    f.optional("invite_room_state", x.invite_room_state);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("type", x.type);
    f.optional("since_ts", x.since_ts);
    f.optional("deadline_ts", x.deadline_ts);
    f.optional("attempts", x.attempts);
    f.optional("retry_at_ts", x.retry_at_ts);
    f.optional("pending_request", x.pending_request);
    f.optional("via", x.via);
    f.optional("last_fault", x.last_fault);
  }
};

} // namespace causeway::crossing
