#include "actors/handshake.hpp"

#include "actors/excerpt.hpp"

namespace causeway {

using matrix::json::object;

result<matrix::event_ptr> sign_from_template(const context& node, const object& shape,
                                             const matrix::room_version_rules& rules, const std::string& room_id,
                                             const std::string& user_id, object content, time_ms now) {
  if (auto fine = node.may_sign(); !fine) return fine.error();
  auto is = [&](const char* key, std::string_view want) {
    const auto* v = shape.find(key);
    return v && v->as_string() && *v->as_string() == want;
  };
  const auto* wanted = content.find("membership")->as_string();
  const auto* offered = shape.find("content");
  const auto* membership = offered ? offered->find_string("membership") : nullptr;
  if (!is("type", "m.room.member") || !is("room_id", room_id) || !is("sender", user_id) || !is("state_key", user_id) ||
      !membership || *membership != *wanted)
    return {fault_code::peer_bad_answer, "the template is not our user's " + *wanted};
  // `origin` is no longer specified; Rocket.Chat demanded it of joins and leaves until August 2026.
  object pdu{{"type", "m.room.member"}, {"room_id", room_id},         {"sender", user_id},
             {"state_key", user_id},    {"origin", node.server_name}, {"origin_server_ts", now}};
  for (const auto* key : {"prev_events", "auth_events", "depth"}) {
    const auto* v = shape.find(key);
    if (!v) return {fault_code::peer_bad_answer, std::string{"the template has no "} + key};
    pdu.set(key, *v);
  }
  pdu.set("content", std::move(content));
  if (rules.event_ids == matrix::event_id_format::given)
    pdu.set("event_id", "$" + node.boot_id + std::to_string(now) + ":" + node.server_name);
  auto x = matrix::hash_and_sign(std::move(pdu), rules, node.server_name, node.key);
  if (!x) return {fault_code::peer_bad_answer, x.error().detail};
  return x;
}

bool is_refusal(const peer_answer& m) {
  return m.status >= 400 && m.status < 500 && m.status != 429 && !m.errcode.empty();
}

fault incompatible_version(const peer_answer& m) {
  const auto body = matrix::json::parse(m.body);
  const auto* version = body ? body->find_string("room_version") : nullptr;
  return {fault_code::incompatible_room_version,
          m.why.detail + (version ? "; the room has version " + excerpt(*version, 32) : std::string{})};
}

fault refusal_of(const peer_answer& m) {
  if (m.errcode == "M_INCOMPATIBLE_ROOM_VERSION") return incompatible_version(m);
  if (m.errcode == "M_FORBIDDEN") return {fault_code::forbidden, m.why.detail};
  if (m.errcode == "M_UNABLE_TO_AUTHORISE_JOIN") return {fault_code::unable_to_authorise_join, m.why.detail};
  if (m.errcode == "M_UNABLE_TO_GRANT_JOIN") return {fault_code::unable_to_grant_join, m.why.detail};
  if (m.errcode == "M_NOT_FOUND") return {fault_code::not_found, m.why.detail};
  return m.why;
}

refusal_rank rank_of_refusal(const fault& why) {
  switch (why.code) {
  case fault_code::forbidden: return refusal_rank::by_rule;
  case fault_code::unable_to_authorise_join:
  case fault_code::unable_to_grant_join: return refusal_rank::of_one_server;
  default: return info(why.code).retryable ? refusal_rank::no_answer : refusal_rank::room_unknown;
  }
}

} // namespace causeway
