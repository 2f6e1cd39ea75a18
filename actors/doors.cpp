#include "actors/doors.hpp"

#include "actors/answers.hpp"
#include "messages/invitation_key.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"

#include <algorithm>

namespace causeway {
namespace {

using matrix::endpoint;
using matrix::json::object;
using said = std::vector<tell>;

/// As the room and the invitation say it (actors/room/inbound_events.cpp, actors/invitation/invite_arrivals.cpp).
constexpr const char* not_in_room = "this server is not in the room";

/// Of an m.room.member event about one of our users: who; else null.
const std::string* member_of_ours(const identity& node, const object& pdu) {
  const auto* type = pdu.find("type");
  const auto* key = pdu.find("state_key");
  if (!type || !type->as_string() || *type->as_string() != "m.room.member" || !key || !key->as_string()) return nullptr;
  const auto& user = *key->as_string();
  return node.is_local(user) && matrix::is_user_id(user, matrix::user_id_grammar::strict) ? &user : nullptr;
}

} // namespace

bool room_door::concerns_an_invitation(const std::string& room_id, const pdus_received& m) const {
  return std::any_of(m.pdus->begin(), m.pdus->end(), [&](const auto& pdu) {
    const auto* user = member_of_ours(*node_, pdu);
    return user && invitations_->contains(invitation::key_of(room_id, *user));
  });
}

std::optional<said> room_door::call(const std::string& room_id, const federation_call& m) const {
  if (m.match->info->id == endpoint::invite_v1 || m.match->info->id == endpoint::invite_v2) {
    // It would only have been handed on. Known from now on: the next PDU of that server may take it back.
    const auto* event = !m.body                                    ? nullptr
                        : m.match->info->id == endpoint::invite_v1 ? m.body.get()
                                                                   : m.body->find("event");
    const auto* user = event ? event->find_string("state_key") : nullptr;
    if (!user) return std::nullopt;
    const auto key = invitation::key_of(room_id, *user);
    invitations_->made(key);
    return said{{{actor_kind::invitation, key}, m}};
  }
  const fault why{fault_code::not_found, "room " + room_id};
  return said{{{actor_kind::gateway, m.gateway},
               federation_reply{m.gateway, m.id, info(why.code).http_status, error_body(why), 0, m.origin}}};
}

std::optional<said> room_door::answer(const std::string& room_id, const message& m) const {
  if (rooms_->contains(room_id)) return std::nullopt;
  if (const auto* x = std::get_if<pdus_received>(&m)) {
    if (concerns_an_invitation(room_id, *x)) return std::nullopt;
    return said{
      {x->reply_to, pdus_handled{x->asked, std::vector<pdu_outcome>(x->pdus->size(), pdu_outcome{{}, not_in_room})}}};
  }
  if (std::holds_alternative<edu_received>(m) || std::holds_alternative<receipts_received>(m)) return said{};
  if (const auto* x = std::get_if<room_servers_request>(&m))
    return said{{x->reply_to, room_servers_response{x->asked, {}}}};
  if (const auto* x = std::get_if<federation_call>(&m)) return call(room_id, *x);
  if (const auto* x = std::get_if<member_request>(&m))
    return said{{x->reply_to, member_response{x->asked, false, false}}};
  if (const auto* x = std::get_if<summary_request>(&m))
    return said{{x->reply_to, summary_response{x->asked, false, {}}}};
  return std::nullopt;
}

std::optional<said> invitation_door::answer(const std::string& key, const message& m) const {
  const auto* x = std::get_if<rescission_received>(&m);
  if (!x || invitations_->contains(key)) return std::nullopt;
  return said{{x->reply_to, rescission_result{x->asked, not_in_room}}};
}

} // namespace causeway
