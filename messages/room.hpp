#pragma once
#include "messages/address.hpp"
#include "messages/chat/commands.hpp"
#include "messages/fault.hpp"
#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/event.hpp"
#include "messages/matrix/transaction.hpp"
#include "messages/store.hpp"
#include "messages/trace.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What a room actor hears: one per room. It alone authors and judges events of its room.
namespace causeway {

/// Who waits for the RESULT of a command, and under which idempotency key.
struct command_reference {
  std::string session;    ///< key of the session actor
  std::string command_id; ///< the chat server's idempotency key; empty for ephemeral commands
  trace_id trace = 0;     ///< of the COMMAND: where it has waited, it goes on under this one
  bool operator==(const command_reference&) const = default;

  static void fields(auto& f, auto& x) {
    f.optional("session", x.session);
    f.optional("command_id", x.command_id);
    f.optional("trace", x.trace);
  }
};

/// directory -> room or invitation: a command with its names resolved to Matrix ids.
struct chat_command {
  command_reference reference;
  std::shared_ptr<const chat::command> body;
  std::string room_id;            ///< resolved
  matrix::event_ptr create_event; ///< room.create: the new room's first event, which names it
  std::shared_ptr<const std::vector<store::put_user>> profiles; ///< of the local users the command names
  std::string random = {};                                      ///< room.upgrade: what the new room's id is made of

  static void fields(auto& f, auto& x) {
    f.required("reference", x.reference);
    f.required("body", x.body);
    f.optional("room_id", x.room_id);
    f.optional("create_event", x.create_event);
    f.optional("profiles", x.profiles);
    f.optional("random", x.random);
  }
};

/// remote_server -> room, invitation, directory: an authenticated request of another server. Answered with
/// `federation_reply` to the gateway.
struct federation_call {
  std::string gateway;
  std::uint64_t id = 0;
  std::string origin; ///< empty: an open endpoint
  std::shared_ptr<const matrix::endpoint_match> match;
  std::shared_ptr<const matrix::json::value> body; ///< null when the request has none

  static void fields(auto& f, auto& x) {
    f.required("gateway", x.gateway);
    f.required("id", x.id);
    f.optional("origin", x.origin);
    f.required("match", x.match);
    f.optional("body", x.body);
  }
};

/// Answer on its way to the gateway.
struct federation_reply {
  std::string gateway;
  std::uint64_t id = 0;
  int status = 200;
  std::string body;                 ///< JSON
  std::uint32_t retry_after_ms = 0; ///< of a 429: when to repeat; 0: a second
  std::string origin; ///< whose call it answers: its remote_server hears of it (`call_answered`); empty: nobody does

  static void fields(auto& f, auto& x) {
    f.required("gateway", x.gateway);
    f.required("id", x.id);
    f.required("status", x.status);
    f.optional("body", x.body);
    f.optional("retry_after_ms", x.retry_after_ms);
    f.optional("origin", x.origin);
  }
};

/// remote_server -> room: this room's PDUs of one transaction, in the order received. Answered with `pdus_handled` when
/// each is durable.
struct pdus_received {
  address reply_to;
  token asked = 0;
  std::string origin;
  /// Moved out by the room: there is one reader, and a PDU's tree is dear to copy.
  std::shared_ptr<std::vector<matrix::json::object>> pdus;

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.required("origin", x.origin);
    f.required("pdus", x.pdus);
  }
};

/// remote_server -> room: an EDU about this room, its user checked against the origin.
struct edu_received {
  std::string origin;
  matrix::edu body;

  static void fields(auto& f, auto& x) {
    f.required("origin", x.origin);
    f.required("body", x.body);
  }
};

/// room -> invitation: a PDU of a room we do not take part in, about an invited or knocking user of ours: perhaps the
/// inviter takes the invitation back, or the knock is rejected.
struct rescission_received {
  address reply_to;
  token asked = 0;
  std::string origin;
  matrix::json::object pdu;
};

/// invitation -> room: the invited server has signed; take the event into the graph.
struct invite_accepted_by_server {
  std::string user_id;
  matrix::event_ptr event;
};
/// invitation -> room: the row of this invite is on disk, and its actor answers for it from now on.
struct invite_begun {
  std::string user_id, event_id;
  std::string by; ///< the inviter
};
/// invitation -> room: the invite will not enter the graph: refused for good, or withdrawn before it was offered.
struct invite_abandoned {
  std::string user_id;
  std::string event_id; ///< of the invite; empty: whichever it is
};
/// invitation -> room: author the leave that takes the invitation back. Answered with `revocation_result`.
struct revoke_invite {
  std::string user_id;
  std::string invite;       ///< its event id, which the answer names
  std::string by;           ///< the inviter: the invited server applies a rescission by nobody else
  std::string requested_by; ///< who asked for it; empty: the broker itself
  std::string reason;
  /// The invite, when the invited server may know it although the room does not (its answer was lost): taken into the
  /// graph first, so that the leave can cite it. Null otherwise.
  matrix::event_ptr uncommitted_invite;
};
/// invitation -> room: the invited server does not know the room's version. Perhaps the room is founded again in one
/// that it knows. Answered with `refounding_ended`.
struct room_version_refused {
  std::string user_id, event_id; ///< of the invite
};
/// room -> invitation.
struct refounding_ended {
  std::string event_id;  ///< of the invite
  fault why;             ///< none: there is a new room, which invites the user by itself
  std::string successor; ///< its id
};
/// room -> its successor: make yourself of what is in here, see actors/room/refounded_room.hpp. Nobody of another
/// server has seen the room that asks. Answered with `refounding_done`; told again until then.
struct refounding_request {
  store::put_room former;                                       ///< the room that asks
  matrix::event_ptr create_event;                               ///< of the successor
  std::string refused_by;                                       ///< a server that does not know the version
  std::shared_ptr<const std::vector<matrix::event_ptr>> events; ///< all accepted ones, in order
  std::vector<store::put_invitation> invitations;               ///< those that are sending are to be sent anew

  static void fields(auto& f, auto& x) {
    f.required("former", x.former);
    f.required("create_event", x.create_event);
    f.optional("refused_by", x.refused_by);
    f.required("events", x.events);
    f.optional("invitations", x.invitations);
  }
};
/// The successor -> the room that has asked.
struct refounding_done {
  fault why; ///< none: it is on disk

  static void fields(auto& f, auto& x) { f.required("why", x.why); }
};
/// room -> its successor: all commands that were on their way have been handed over; those that came since may follow.
struct handover_ended {
  static void fields(auto&, auto&) {}
};
/// room -> directory: whoever names this room means the other one from now on, which has its name at the chat server.
/// directory -> room: so it is, and whatever was on its way to the room is before this.
struct room_succeeded {
  std::string room_id, successor, chat_room_id;

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.required("successor", x.successor);
    f.optional("chat_room_id", x.chat_room_id);
  }
};
/// room -> invitation.
struct revocation_result {
  fault why;          ///< none: the leave is committed and queued
  std::string invite; ///< event id, as asked
};
/// invitation -> room: the leave that ended this user's invitation may not have reached their server; queue it again.
/// Answered with `rescission_delivered` when there is nothing to take back any more: they are in the room, or invited
/// anew.
struct rescission_wanted_again {
  std::string user_id;
  matrix::event_ptr invite; ///< the one that was taken back; null when it cannot be read
};
/// room -> invitation: the signed invite no longer passes the room's rules.
struct invite_not_taken {
  std::string event_id, reason;
};
/// invitation -> room: answer to `rescission_received`.
struct rescission_result {
  token asked = 0;
  std::string error; ///< empty: applied and on disk
};
/// invitation -> room: what is the membership of this user? Answered with `invited_membership_changed`; asked at start,
/// since a crash may have come between the room's commit and the invitation's.
struct membership_request {
  std::string user_id;
};
/// invitation -> room: a local user accepted an invitation; join through these servers. Answered with `join_result`,
/// or, where a room.join of the chat server is behind it, with the command's RESULT.
struct join_request {
  std::string user_id;
  std::string room_version;
  std::vector<std::string> via;
  std::string chat_room_id;
  bool is_direct = false; ///< the invitation said that the room is a direct message
  std::string display_name, avatar_url;
  std::optional<command_reference> command = {};
  matrix::event_ptr invite =
    nullptr; ///< what they accept, of another server: the room takes it first where it has missed it
  /// The room that goes on as this one: the user has been in it and follows. Joined only where this one says so too;
  /// answered with `successor_joined` to that room.
  std::string predecessor = {};
  std::optional<chat::room_type> type = {}; ///< of that room; none: inferred

  static void fields(auto& f, auto& x) {
    f.required("user_id", x.user_id);
    f.optional("room_version", x.room_version);
    f.optional("via", x.via);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("is_direct", x.is_direct);
    f.optional("display_name", x.display_name);
    f.optional("avatar_url", x.avatar_url);
    f.optional("command", x.command);
    f.optional("invite", x.invite);
    f.optional("predecessor", x.predecessor);
    f.optional("type", x.type);
  }
};
/// room -> invitation: how the join ended.
struct join_result {
  std::string user_id;
  fault why; ///< none: joined
  bool join_outcome_unknown =
    false; ///< the other server got the join and its answer was lost: to all others they may be in the room
};
/// invitation -> room: a local user says no to an invitation of a room we take part in, or takes their knock back.
/// Answered with `join_result`.
struct leave_request {
  std::string user_id, reason;
};
/// room -> invitation: the membership of a user who is or was invited, or of one of ours who knocked, in the room's
/// current state.
struct invited_membership_changed {
  matrix::membership membership = matrix::membership::none;
  std::string by, reason;
  matrix::event_ptr event; ///< the member event; null when there is none
  bool historical = false; ///< an answer to membership_request
  /// An invite the room has taken, and that this membership has outlived; empty: none is known to be.
  std::string superseded_invite;
  std::string chat_room_id;            ///< of the room; these three are told with an invite
  std::optional<chat::room_type> type; ///< of the room
  std::string invite_room_state;       ///< JSON array, as for an invited server
};
/// room -> invitation: one of ours invites this user of another server; write the row and begin. Told again until
/// `invite_begun` is heard, so that no failure of either actor loses it.
struct room_invite_request {
  matrix::event_ptr event;                  ///< signed by us, on top of the room as it was
  std::string invite_room_state;            ///< JSON array: what the invited server may know of the room
  std::string chat_room_id;                 ///< of the room
  std::optional<chat::room_type> type;      ///< of the room
  std::optional<command_reference> command; ///< invite.send, whose RESULT is the invitation's; nothing: of room.create
};
/// room -> invitation: one of ours knocks at the room, in which we take part; the knock is committed. Write the row.
struct knock_made {
  matrix::event_ptr event;
  std::string chat_room_id;            ///< of the room
  std::optional<chat::room_type> type; ///< of the room
  std::optional<command_reference>
    command; ///< room.knock, whose RESULT is the invitation's; nothing: found when the room was loaded
};
/// invitation -> room: another server invites one of ours and we have signed it. Where we take part in the room it
/// enters it like a pushed event. Answered with `invite_placed`.
struct invite_arrived {
  address reply_to;
  token asked = 0;
  std::string origin;
  matrix::event_ptr event;
};
/// What became of an invite of another server in the room.
enum class invite_place : std::uint8_t {
  outside, ///< we take no part in the room: the invitation decides alone
  taken,   ///< it is in the room; whether it is news was told before with `invited_membership_changed`
  staged,  ///< on disk, and waits for what it rests on: it is told when it has its place
  refused, ///< the room does not want it; see `why`
};
/// room -> invitation.
struct invite_placed {
  token asked = 0;
  invite_place where = invite_place::outside;
  fault why;
};
/// remote_server -> invitation: the invited server has acknowledged a leave. room -> invitation: there is nothing to
/// take back.
struct rescission_delivered {
  std::string event_id;
  std::vector<std::string>
    auth_events; ///< of the leave: the invite it takes back is among them. None: said by the room

  static void fields(auto& f, auto& x) {
    f.required("event_id", x.event_id);
    f.optional("auth_events", x.auth_events);
  }
};
/// invitation -> directory: may the chat server be told of an invitation of that server that came by way of the room?
/// Answered with `invite_admitted`.
struct invite_admission_request {
  address reply_to;
  token asked = 0;
  std::string origin, user_id;

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.required("origin", x.origin);
    f.required("user_id", x.user_id);
  }
};
/// directory -> invitation.
struct invite_admitted {
  token asked = 0;
  std::uint32_t wait_ms = 0; ///< 0: yes; else ask again after that
  bool is_known = true;      ///< false: we have no such user; nobody is to be told

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("wait_ms", x.wait_ms);
    f.optional("is_known", x.is_known);
  }
};

/// room -> directory, after the commit that wrote the same: how the room is found by others. Empty: it is not.
/// JSON: {aliases: [of this server], room?: its entry in the public directory}
struct room_listed {
  std::string room_id, listing;

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.optional("listing", x.listing);
  }
};
/// room, directory -> room: is this user in you? Asked for a room whose join rule is about membership elsewhere, and
/// for who shares a room with a server. Answered with `member_response`.
struct member_request {
  address reply_to;
  token asked = 0;
  std::string user_id;
  std::string with_server; ///< and somebody of this server; empty: the user alone

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.required("user_id", x.user_id);
    f.optional("with_server", x.with_server);
  }
};
/// room -> room, directory.
struct member_response {
  token asked = 0;
  bool known = false;  ///< this server is in the room
  bool joined = false; ///< the user is

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("known", x.known);
    f.optional("joined", x.joined);
  }
};

/// room -> directory, after the commit: these users of ours are in the room from now on.
struct local_users_joined {
  std::string room_id;
  std::vector<std::string> users;

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.optional("users", x.users);
  }
};

/// directory -> room: a user of ours has another profile, or leaves all rooms. Answered with `member_updated` when that
/// is on disk, or nothing is to be done.
struct member_update_request {
  address reply_to;
  token asked = 0;
  std::string user_id;
  bool leaves = false;
  std::string display_name, avatar_url; ///< of one who does not leave

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.required("user_id", x.user_id);
    f.optional("leaves", x.leaves);
    f.optional("display_name", x.display_name);
    f.optional("avatar_url", x.avatar_url);
  }
};
/// room -> directory.
struct member_updated {
  token asked = 0;
  bool is_done = true; ///< false: ask again

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("is_done", x.is_done);
  }
};

/// room (that is upgraded) -> room (new): be made and go on as me. Answered with `successor_founded`; repeated until
/// then.
struct successor_request {
  std::string predecessor; ///< room id
  matrix::event_ptr create;
  chat::room_type type = chat::room_type::channel;
  std::vector<matrix::event_ptr> state; ///< what goes along: of the room, its bans, its members of ours

  static void fields(auto& f, auto& x) {
    f.required("predecessor", x.predecessor);
    f.required("create", x.create);
    f.optional("type", x.type);
    f.optional("state", x.state);
  }
};
/// room (new) -> room (that is upgraded).
struct successor_founded {
  std::string room_id;
  fault why; ///< none: it is on disk

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.required("why", x.why);
  }
};
/// room (new) -> room (that was upgraded): how the join of a user who follows has ended.
struct successor_joined {
  std::string room_id, user_id, room_version;
  fault why; ///< none: joined

  static void fields(auto& f, auto& x) {
    f.required("room_id", x.room_id);
    f.required("user_id", x.user_id);
    f.optional("room_version", x.room_version);
    f.required("why", x.why);
  }
};
/// directory -> room: are you a direct message of these two? Answered with `direct_response`.
struct direct_request {
  token asked = 0;
  std::string creator, other; ///< the former is in it, the latter is or is invited

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.required("creator", x.creator);
    f.required("other", x.other);
  }
};
/// room -> directory.
struct direct_response {
  token asked = 0;
  bool is_one = false;
  std::string chat_room_id, room_version;

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("is_one", x.is_one);
    f.optional("chat_room_id", x.chat_room_id);
    f.optional("room_version", x.room_version);
  }
};

/// room (a space) -> room (its child), for an answer to GET /hierarchy. Answered with `summary_response`.
struct summary_request {
  address reply_to;
  token asked = 0;
  std::string origin;     ///< the server that asks
  std::string parent;     ///< the space
  bool in_parent = false; ///< it has a joined member there

  static void fields(auto& f, auto& x) {
    f.required("reply_to", x.reply_to);
    f.required("asked", x.asked);
    f.optional("origin", x.origin);
    f.optional("parent", x.parent);
    f.optional("in_parent", x.in_parent);
  }
};
/// room -> room.
struct summary_response {
  token asked = 0;
  bool known = false;  ///< this server is in the room
  std::string summary; ///< JSON object; empty: the asking server may not see it

  static void fields(auto& f, auto& x) {
    f.required("asked", x.asked);
    f.optional("known", x.known);
    f.optional("summary", x.summary);
  }
};

/// verifier -> room, invitation: signatures and hashes of events checked.
enum class event_check : std::uint8_t { valid, bad_signature, missing_signature, no_key, bad_hash };
struct events_verified {
  token asked = 0;
  std::vector<event_check> checks; ///< same order as asked; bad_hash: signature is good, use the redacted event
};

/// room, invitation -> verifier.
struct verify_events {
  address reply_to;
  token asked = 0;
  std::vector<matrix::event_ptr> events;
  /// So long the keys of their servers are waited for; afterwards those without are answered with `no_key`. The keys go
  /// on being fetched.
  std::int64_t keys_patience_ms = 45'000;
};

/// room, operator -> invitation: this server is there, or is to be tried, now. A remote_server understands it too and
/// is sent it by nobody: it sees itself what comes from its server.
struct server_alive {
  std::string server_name;

  static void fields(auto& f, auto& x) { f.required("server_name", x.server_name); }
};

} // namespace causeway
