#include "actors/room/request_service.hpp"

#include "actors/answers.hpp"
#include "messages/invitation_key.hpp"

namespace causeway::room {
namespace {

using matrix::endpoint;

/// What cannot be answered while the state lacks members.
bool needs_members(endpoint id) {
  switch (id) {
  case endpoint::make_join:
  case endpoint::send_join_v1:
  case endpoint::send_join_v2:
  case endpoint::make_knock:
  case endpoint::send_knock:
  case endpoint::state:
  case endpoint::state_ids: return true;
  default: return false;
  }
}

} // namespace

void request_service::serve(const federation_call& m) {
  if (partial_.is_active() && needs_members(m.match->info->id))
    return refuse(out_, m, {fault_code::not_found, "this server does not know all members of the room yet"});
  switch (m.match->info->id) {
  case endpoint::make_join: return membership_.make(m, matrix::membership::join);
  case endpoint::make_knock: return membership_.make(m, matrix::membership::knock);
  case endpoint::make_leave: return membership_.make(m, matrix::membership::leave);
  case endpoint::send_join_v1:
  case endpoint::send_join_v2: return membership_.send(m, matrix::membership::join);
  case endpoint::send_knock: return membership_.send(m, matrix::membership::knock);
  case endpoint::send_leave_v1:
  case endpoint::send_leave_v2: return membership_.send(m, matrix::membership::leave);
  case endpoint::invite_v1:
  case endpoint::invite_v2: return forward_invite(m);
  case endpoint::query_directory: return entry_.serve_alias(m);
  case endpoint::hierarchy: return hierarchy_.serve(m);
  default: break;
  }
  if (auto fine = queries_.may_ask(m); !fine) return refuse(out_, m, fine.error());
  if (m.match->info->id == endpoint::timestamp_to_event) return timestamps_.serve(m);
  queries_.serve(m);
}

void request_service::forward_invite(const federation_call& m) {
  // The invitation looks at it first. Who is in the room already may be so by this very invite, whose answer was lost:
  // it knows.
  const auto* event = m.match->info->id == endpoint::invite_v1 ? m.body.get() : m.body->find("event");
  const auto& user = *event->find_string("state_key");
  if (room_.takes_part())
    if (auto fine = room_.acl_admits(m.origin); !fine) return refuse(out_, m, fine.error());
  out_.send_at_once({actor_kind::invitation, invitation::key_of(room_.id, user)}, m);
}

void request_service::send_member(const member_request& m) {
  const bool ours = room_.takes_part();
  const bool joined = ours && room_.graph.membership(m.user_id) == matrix::membership::join &&
                      (m.with_server.empty() || room_.has_server(m.with_server));
  // A room whose members are not all known yet can say yes, but not no.
  out_.send(m.reply_to, member_response{m.asked, joined || (ours && !partial_.is_active()), joined});
}

} // namespace causeway::room
