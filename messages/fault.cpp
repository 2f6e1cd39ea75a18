#include "messages/fault.hpp"

#include <array>

namespace causeway {
namespace {

using enum fault_code;

constexpr std::array registry{
  fault_info{none, "none", "", 200, false, "Nothing is wrong."},
  fault_info{not_json, "not_json", "M_NOT_JSON", 400, false, "Send a body that is JSON in UTF-8."},
  fault_info{bad_json, "bad_json", "M_BAD_JSON", 400, false,
             "The JSON has the wrong shape; the detail names the field."},
  fault_info{missing_param, "missing_param", "M_MISSING_PARAM", 400, false,
             "Add the field or parameter the detail names."},
  fault_info{invalid_param, "invalid_param", "M_INVALID_PARAM", 400, false,
             "Correct the field or parameter the detail names."},
  fault_info{invalid_identifier, "invalid_identifier", "M_INVALID_PARAM", 400, false,
             "Correct the Matrix identifier; the detail says what is wrong with it."},
  fault_info{too_large, "too_large", "M_TOO_LARGE", 413, false,
             "Send less; the detail names the bound in bytes or items."},
  fault_info{bad_signature, "bad_signature", "M_FORBIDDEN", 403, false,
             "The signature is missing or wrong: check the sender's key and clock."},
  fault_info{bad_hash, "bad_hash", "M_BAD_JSON", 400, false, "The content hash does not match the event."},
  fault_info{unrecognized, "unrecognized", "M_UNRECOGNIZED", 404, false, "This endpoint does not exist here."},
  fault_info{method_not_allowed, "method_not_allowed", "M_UNRECOGNIZED", 405, false,
             "The endpoint exists, with another method."},
  fault_info{not_canonical, "not_canonical", "M_BAD_JSON", 400, false,
             "Room versions 6 and later allow integers within +-(2^53-1) only, and no repeated keys."},
  fault_info{unsupported_media, "unsupported_media", "M_UNKNOWN", 400, false,
             "No thumbnail can be made of this: ask for the file itself."},
  fault_info{unauthorized, "unauthorized", "M_UNAUTHORIZED", 401, false,
             "Sign the request (X-Matrix) with a current key and the right destination."},
  fault_info{forbidden, "forbidden", "M_FORBIDDEN", 403, false,
             "The room's rules do not allow this; the detail names the rule."},
  fault_info{server_denied, "server_denied", "M_FORBIDDEN", 403, false,
             "The room's server ACL, or our allow/deny list, excludes this server."},
  fault_info{invite_blocked, "invite_blocked", "M_INVITE_BLOCKED", 403, false,
             "The invited user or their server does not take this invitation."},
  fault_info{unable_to_authorise_join, "unable_to_authorise_join", "M_UNABLE_TO_AUTHORISE_JOIN", 400, true,
             "Ask another resident server."},
  fault_info{unable_to_grant_join, "unable_to_grant_join", "M_UNABLE_TO_GRANT_JOIN", 400, true,
             "Ask another resident server."},
  fault_info{limit_exceeded, "limit_exceeded", "M_LIMIT_EXCEEDED", 429, true, "Slow down and repeat."},
  fault_info{federation_disabled, "federation_disabled", "M_FORBIDDEN", 403, false,
             "An administrator has to enable federation first."},
  fault_info{missing_token, "missing_token", "M_MISSING_TOKEN", 401, false, "Name the access token."},
  fault_info{unknown_token, "unknown_token", "M_UNKNOWN_TOKEN", 401, false,
             "This server gives no OpenID tokens; ask the one that did."},
  fault_info{policy_denied, "policy_denied", "M_FORBIDDEN", 403, false,
             "The room's policy server does not want this event; the detail has its answer, errcode first."},
  fault_info{may_not_federate, "may_not_federate", "M_FORBIDDEN", 403, false,
             "The user may not be in rooms that federate: user.may_federate lets them, or "
             "federation.configure all; a room of your own users is made with federated: false."},
  fault_info{user_deactivated, "user_deactivated", "M_FORBIDDEN", 403, false,
             "The user is deactivated for good and does nothing any more; nobody can invite them."},
  fault_info{not_found, "not_found", "M_NOT_FOUND", 404, false, "There is nothing by that name here; check the id."},
  fault_info{incompatible_room_version, "incompatible_room_version", "M_INCOMPATIBLE_ROOM_VERSION", 400, false,
             "The other server does not know this room version."},
  fault_info{unsupported_room_version, "unsupported_room_version", "M_UNSUPPORTED_ROOM_VERSION", 400, false,
             "Causeway does not know this room version."},
  fault_info{already_exists, "already_exists", "M_FORBIDDEN", 409, false,
             "The id is taken; use the existing object or another id."},
  fault_info{not_member, "not_member", "M_FORBIDDEN", 403, false, "The user has to be a member of the room."},
  fault_info{conflict, "conflict", "M_FORBIDDEN", 409, false, "The object is in another state; read it again."},
  fault_info{not_federated, "not_federated", "M_FORBIDDEN", 403, false,
             "Create the room with `federated: true` to invite users of other servers."},
  fault_info{not_yet_uploaded, "not_yet_uploaded", "M_NOT_YET_UPLOADED", 504, true,
             "The file is announced, its upload is not complete."},
  fault_info{peer_unreachable, "peer_unreachable", "M_UNKNOWN", 502, true,
             "The other server does not accept connections; we go on trying."},
  fault_info{peer_timeout, "peer_timeout", "M_UNKNOWN", 504, true,
             "The other server did not answer in time; we go on trying."},
  fault_info{peer_refused, "peer_refused", "M_FORBIDDEN", 502, false,
             "The other server refused; the detail has its answer."},
  fault_info{peer_bad_answer, "peer_bad_answer", "M_UNKNOWN", 502, true,
             "The other server's answer breaks the specification; tell its operator."},
  fault_info{peer_blocked_address, "peer_blocked_address", "M_UNKNOWN", 502, false,
             "The server name leads to a private address; allow it in gateway.allowed_networks if that is wanted."},
  fault_info{peer_unresolvable, "peer_unresolvable", "M_UNKNOWN", 502, true,
             "The server name has no address; check its spelling and DNS."},
  fault_info{
    peer_tls, "peer_tls", "M_UNKNOWN", 502, true,
    "The other server's certificate is not accepted: expired, or of another name or authority; tell its operator."},
  fault_info{internal, "internal", "M_UNKNOWN", 500, true,
             "A defect of Causeway; the log has the actor and the reason."},
  fault_info{
    store_failed, "store_failed", "M_UNKNOWN", 500, true,
    "The store does not write, or an actor failed before it could say how the command ended: the detail says why. "
    "Repeat with the same id."},
  fault_info{overloaded, "overloaded", "M_LIMIT_EXCEEDED", 429, true, "A queue is at its bound; repeat later."},
  fault_info{stopping, "stopping", "M_UNKNOWN", 503, true, "The node is stopping; repeat after the restart."},
  fault_info{parked, "parked", "M_UNKNOWN", 503, true,
             "The actor failed too often and is parked; see `causeway actors`."},
  fault_info{timed_out, "timed_out", "M_UNKNOWN", 504, true,
             "A part of the broker, or a server it asked, did not answer in time; repeat."},
  fault_info{
    clock_wrong, "clock_wrong", "M_UNKNOWN", 503, true,
    "The clock of the broker's machine is wrong, so nothing is signed: set it right (`timedatectl`, the time server); "
    "the broker goes on by itself within seconds."},
  fault_info{
    address_in_use, "address_in_use", "M_UNKNOWN", 500, true,
    "Another process has the port or socket: stop it (`ss -ltnxp` shows which), or set another in gateway.listen or "
    "edge.*_endpoints."},
  fault_info{
    store_damaged, "store_damaged", "M_UNKNOWN", 500, false,
    "A file of the store is damaged: stop the broker, keep the file aside, restore the last backup; `sqlite3 FILE "
    "'PRAGMA integrity_check'` says what is wrong with it."},
  fault_info{stale_owner, "stale_owner", "M_UNKNOWN", 503, true,
             "Another node has these rooms by now: repeat, its answer comes from there. If it stays, see that only one "
             "node has this part of the store."},
  fault_info{bad_frame, "bad_frame", "M_UNKNOWN", 400, false,
             "Send the four frames of the contract: CW1, verb, header, body."},
  fault_info{unsupported_version, "unsupported_version", "M_UNKNOWN", 400, false,
             "Speak a version this broker lists in its ERROR."},
  fault_info{unknown_verb, "unknown_verb", "M_UNKNOWN", 400, false, "Use a verb of the contract."},
  fault_info{unknown_command, "unknown_command", "M_UNKNOWN", 400, false,
             "Use a command of the contract; check the spelling."},
  fault_info{bad_body, "bad_body", "M_UNKNOWN", 400, false,
             "The body has a missing or wrong field; the detail names it."},
  fault_info{hello_required, "hello_required", "M_UNKNOWN", 400, false,
             "Send HELLO first, also after a reconnect or when the broker answers so."},
  fault_info{credit_exceeded, "credit_exceeded", "M_UNKNOWN", 429, true,
             "Wait for the RESULT of a command that is open, then repeat this one; WELCOME told how many may be open."},
  fault_info{role_denied, "role_denied", "M_UNKNOWN", 403, false,
             "The peer's role does not allow this verb or command."},
  fault_info{cursor_out_of_range, "cursor_out_of_range", "M_UNKNOWN", 400, false,
             "SEEK to a cursor that is still kept."},
};

} // namespace

const fault_info& info(fault_code code) {
  for (const auto& row : registry)
    if (row.code == code) return row;
  return info(internal);
}

const fault_info* find_fault(std::string_view name) {
  for (const auto& row : registry)
    if (row.name == name) return &row;
  return nullptr;
}

std::string to_string(const fault& x) {
  std::string text{info(x.code).name};
  if (!x.detail.empty()) text += ": " + x.detail;
  return text;
}

const fault_info* find_fault_in(std::string_view text) { return find_fault(text.substr(0, text.find(':'))); }

} // namespace causeway
