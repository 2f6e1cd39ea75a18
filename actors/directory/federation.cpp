// What other servers ask about people and names of this server. Source: server-server-api, "Querying for information",
// "Inviting to a room", "Device Management", "End-to-End Encryption".
#include "actors/answers.hpp"
#include "actors/directory/directory_machine.hpp"
#include "actors/invitation/room_preview.hpp"

#include "messages/matrix/identifiers.hpp"

namespace causeway::directory {

using matrix::endpoint;
using matrix::json::object;

void directory_machine::federation(const federation_call& m) {
  switch (m.match->info->id) {
  case endpoint::query_profile: {
    const auto* user = m.match->find_query("user_id");
    if (!user) return refuse(out_, m, {fault_code::missing_param, "user_id"});
    return about_user(m, *user);
  }
  case endpoint::query_directory: return alias(m);
  case endpoint::public_rooms:
  case endpoint::public_rooms_filtered: return public_rooms(m);
  case endpoint::user_devices: return about_user(m, m.match->parameters.at(0));
  case endpoint::user_keys_query: return keys_query(m);
  case endpoint::user_keys_claim: return keys_claim(m);
  case endpoint::key_query:
  case endpoint::key_query_batch: return notary_.ask(m);
  case endpoint::invite_v1:
  case endpoint::invite_v2: return invitation_of_ours(m);
  default: return refuse(out_, m, {fault_code::unrecognized, "not served"});
  }
}

// -- about people. Who may not ask is told 403, also about users we do not have (MSC4170): 404 would say who exists.

void directory_machine::about_user(const federation_call& m, const std::string& user) {
  if (!matrix::is_user_id(user)) return refuse(out_, m, {fault_code::invalid_param, "user_id"});
  if (!node_.settings().federation.profiles_need_shared_room)
    return m.match->info->id == endpoint::query_profile ? profile(m) : devices(m);
  if (!shared_rooms_.ask(m, user, out_.now()))
    return refuse(out_, m, {fault_code::overloaded, "too many questions about people"});
  answer_shared_rooms();
}

void directory_machine::answer_shared_rooms() {
  for (const auto& v : shared_rooms_.take_verdicts()) {
    if (!v.known) refuse(out_, v.call, {fault_code::overloaded, "the rooms have not answered in time"});
    else if (!v.shared)
      refuse(out_, v.call, {fault_code::forbidden, "only servers that share a room with a user are told of them"});
    else if (v.call.match->info->id == endpoint::query_profile) profile(v.call);
    else devices(v.call);
  }
  for (auto& e : shared_rooms_.take_effects()) out_.at_once(std::move(e));
  if (const auto due = shared_rooms_.deadline(); due != 0) out_.wake_at(due, timer_kind::shared_rooms);
}

void directory_machine::profile(const federation_call& m) {
  const auto* user = m.match->find_query("user_id");
  const auto* known = users_.find_active(*user);
  if (known == nullptr) {
    if (!users_.contains(*user) && ask_chat_server(*user, m.origin, m)) return;
    return refuse(out_, m, {fault_code::not_found, "no such user"});
  }
  const auto* field = m.match->find_query("field");
  const auto told = shown_profile(*known, field ? std::optional<std::string_view>{*field} : std::nullopt);
  reply(out_, m, 200, matrix::json::canonical(told));
}

void directory_machine::invitation_of_ours(const federation_call& m) {
  const bool v1 = m.match->info->id == endpoint::invite_v1;
  const auto* event = !m.body ? nullptr : v1 ? m.body->as_object() : m.body->find_object("event");
  const auto* key = event ? event->find("state_key") : nullptr;
  if (!key || !key->as_string())
    return refuse(out_, m, {fault_code::invalid_param, "an invite event with a state_key is expected"});
  const auto& user = *key->as_string();
  const auto& room_id = m.match->parameters.at(0);
  if (!matrix::is_room_id(room_id)) return refuse(out_, m, {fault_code::invalid_param, "room id"});
  if (!matrix::is_user_id(user) || !node_.is_local(user))
    return refuse(out_, m, {fault_code::invalid_param, "the invited user is not of this server"});
  const auto* invited = users_.find_active(user);
  if (invited == nullptr) {
    if (!users_.contains(user) && ask_chat_server(user, m.origin, m)) return;
    return refuse(out_, m, {fault_code::not_found, "no such user"});
  }
  if (auto fine = takes_invitations(*invited); !fine) return refuse(out_, m, fine.error());
  if (const auto wait_ms = count_invite(m.origin, user); wait_ms > 0)
    return refuse(out_, m,
                  {fault_code::limit_exceeded, "too many invitations of " + m.origin + ", or of it to this user"},
                  wait_ms);
  tell_large_preview(m, v1 ? (m.body->find("unsigned") ? m.body->find("unsigned")->find("invite_room_state") : nullptr)
                           : m.body->find("invite_room_state"));
  // By way of the room: where we take part in it, its server ACL has a say.
  out_.send_at_once({actor_kind::room, room_id}, m);
}

std::uint32_t directory_machine::count_invite(const std::string& origin, const std::string& user) {
  const auto counted = invites_.take(node_.settings().invitation, origin, user, out_.now());
  if (counted.is_first)
    out_.log(log_level::warning, "A802 inbound invitations limited",
             {{"server", origin},
              {"user", user},
              {"next_ms", std::to_string(counted.wait_ms)},
              {"options",
               "invitation.inbound_burst, .inbound_per_hour, .inbound_per_user_burst, .inbound_per_user_per_hour"}});
  return counted.wait_ms;
}

status directory_machine::takes_invitations(const store::put_user& user) const {
  if (auto fine = node_.may_federate(user.user_id, user.may_federate); !fine) return fine;
  if (node_.settings().federation.invites == invite_policy::block)
    return fault{fault_code::invite_blocked, "this server takes no invitations"};
  if (user.invites == invite_policy::block)
    return fault{fault_code::invite_blocked, user.user_id + " takes no invitations"};
  return ok();
}

void directory_machine::admit_invite(const invite_admission_request& m) {
  const auto* invited = users_.find_active(m.user_id);
  if (!users_.contains(m.user_id) && ask_chat_server(m.user_id, m.origin, m)) return;
  if (invited == nullptr || !takes_invitations(*invited))
    return out_.send_at_once(m.reply_to, invite_admitted{m.asked, 0, false});
  out_.send_at_once(m.reply_to, invite_admitted{m.asked, count_invite(m.origin, m.user_id)});
}

void directory_machine::tell_large_preview(const federation_call& m, const matrix::json::value* told) {
  if (!told || large_previews_.contains(m.origin)) return;
  const auto bytes = matrix::json::canonical(*told).size();
  if (bytes <= invitation::room_preview_bytes_max) return;
  large_previews_.insert(m.origin);
  out_.log(log_level::warning, "A803 invite_room_state truncated",
           {{"server", m.origin},
            {"bytes", std::to_string(bytes)},
            {"bytes_max", std::to_string(invitation::room_preview_bytes_max)}});
}

void directory_machine::alias(const federation_call& m) {
  const auto* wanted = m.match->find_query("room_alias");
  if (!wanted) return refuse(out_, m, {fault_code::missing_param, "room_alias"});
  if (!matrix::is_room_alias(*wanted)) return refuse(out_, m, {fault_code::invalid_param, "room_alias"});
  const auto* room = aliases_.find(*wanted);
  if (!room) return refuse(out_, m, {fault_code::not_found, "no such alias"});
  out_.send_at_once({actor_kind::room, *room}, m); // which knows the servers in it
}

// -- end-to-end encryption: the chat server has none, so our users have no devices. A well-formed empty answer keeps
// other servers from asking again and again.

void directory_machine::devices(const federation_call& m) {
  const auto& user = m.match->parameters.at(0);
  if (!users_.find_active(user)) {
    if (!users_.contains(user) && ask_chat_server(user, m.origin, m)) return;
    return refuse(out_, m, {fault_code::not_found, "no such user"});
  }
  reply(out_, m, 200,
        matrix::json::canonical(object{{"devices", matrix::json::array{}}, {"stream_id", 1}, {"user_id", user}}));
}

void directory_machine::keys_query(const federation_call& m) {
  const auto* wanted = m.body ? m.body->find_object("device_keys") : nullptr;
  if (!wanted) return refuse(out_, m, {fault_code::bad_json, "device_keys: an object is expected"});
  object found;
  // There are no devices to tell; who exists is told where anybody may know it.
  for (const auto& [user, devices] : *wanted)
    if (!node_.settings().federation.profiles_need_shared_room && users_.find_active(user)) found.set(user, object{});
  reply(out_, m, 200, matrix::json::canonical(object{{"device_keys", std::move(found)}}));
}

void directory_machine::keys_claim(const federation_call& m) {
  if (!m.body || !m.body->find_object("one_time_keys"))
    return refuse(out_, m, {fault_code::bad_json, "one_time_keys: an object is expected"});
  reply(out_, m, 200, R"({"one_time_keys":{}})");
}

} // namespace causeway::directory
