#include "messages/matrix/auth_rules.hpp"

#include "messages/matrix/forbidden.hpp"

#include <algorithm>

namespace causeway::matrix {

namespace {

const std::string* text_in(const json::object& content, std::string_view key) {
  const auto* found = content.find(key);
  return found ? found->as_string() : nullptr;
}

const std::string* third_party_token(const json::object& content) {
  const auto* invite = content.find("third_party_invite");
  const auto* signed_part = invite ? invite->find_object("signed") : nullptr;
  return signed_part ? text_in(*signed_part, "token") : nullptr;
}

// Rule 2 (version 12): the room id names an accepted m.room.create.
status check_room_id(const event& x, const event_lookup& find,
                     const std::function<bool(std::string_view)>& is_rejected) {
  if (x.room_id.empty() || x.room_id.front() != '!') return forbidden("2 room_id names no m.room.create");
  auto create_id = x.room_id;
  create_id.front() = '$';
  const auto* create = find(create_id);
  if (!create) return fault{fault_code::not_found, "m.room.create " + create_id};
  if (create->type != "m.room.create" || is_rejected(create_id))
    return forbidden("2 room_id names no accepted m.room.create");
  return ok();
}

} // namespace

// Source: server-server-api, "Auth events selection".
std::vector<state_key_pair> auth_types_for(const room_version_rules& rules, std::string_view type,
                                           std::string_view sender, const std::string* state_key,
                                           const json::object& content) {
  std::vector<state_key_pair> wanted;
  if (type == "m.room.create") return wanted;
  const auto want = [&](std::string_view wanted_type, std::string_view wanted_key) {
    state_key_pair pair{wanted_type, wanted_key};
    if (std::find(wanted.begin(), wanted.end(), pair) == wanted.end()) wanted.push_back(std::move(pair));
  };
  if (!rules.room_id_is_create_hash) want("m.room.create", "");
  want("m.room.power_levels", "");
  want("m.room.member", sender);
  const auto* word = text_in(content, "membership");
  if (type != "m.room.member" || !state_key || !word) return wanted;
  const auto membership = parse_membership(*word);
  want("m.room.member", *state_key);
  if (membership == membership::join || membership == membership::invite || membership == membership::knock)
    want("m.room.join_rules", "");
  if (membership == membership::invite)
    if (const auto* token = third_party_token(content)) want("m.room.third_party_invite", *token);
  if (membership == membership::join && rules.restricted_join)
    if (const auto* authoriser = text_in(content, "join_authorised_via_users_server"))
      want("m.room.member", *authoriser);
  return wanted;
}

std::vector<std::string> select_auth_events(const room_version_rules& rules, std::string_view type,
                                            std::string_view sender, const std::string* state_key,
                                            const json::object& content, const state_map& state) {
  std::vector<std::string> selected;
  for (const auto& key : auth_types_for(rules, type, sender, state_key, content))
    if (const auto* found = state.get(key)) selected.push_back(*found);
  return selected;
}

status check_auth_events(const event& x, const event_lookup& find,
                         const std::function<bool(std::string_view)>& is_rejected) {
  if (x.type == "m.room.create") // rule 1 decides about it alone
    return ok();
  const auto& rules = x.rules();
  if (rules.room_id_is_create_hash)
    if (auto verdict = check_room_id(x, find, is_rejected); !verdict) return verdict;
  const auto selectable = auth_types_for(rules, x.type, x.sender, x.state_key ? &*x.state_key : nullptr, x.content());
  std::vector<bool> seen(selectable.size());
  bool has_create = false;
  for (const auto& id : x.auth_events) {
    const auto* listed = find(id);
    if (!listed) return fault{fault_code::not_found, "auth event " + id};
    if (listed->room_id != x.room_id) return forbidden("3.5 auth event of another room: " + id);
    const auto match = std::find_if(selectable.begin(), selectable.end(),
                                    [&](const state_key_pair& key) { return listed->is_state(key.first, key.second); });
    if (match == selectable.end()) return forbidden("3.2 auth event that is not to be selected: " + id);
    const auto index = static_cast<std::size_t>(match - selectable.begin());
    if (seen[index]) return forbidden("3.1 duplicate auth event: " + id);
    seen[index] = true;
    if (is_rejected(id)) return forbidden("3.3 auth event was rejected: " + id);
    has_create |= listed->type == "m.room.create";
  }
  if (!rules.room_id_is_create_hash && !has_create) return forbidden("3.4 no m.room.create among the auth events");
  return ok();
}

state_lookup lookup_in_auth_events(const event& x, const event_lookup& find) {
  std::vector<const event*> listed;
  listed.reserve(x.auth_events.size());
  for (const auto& id : x.auth_events)
    if (const auto* found = find(id)) listed.push_back(found);
  return [listed = std::move(listed)](std::string_view type, std::string_view state_key) -> const event* {
    for (const auto* candidate : listed)
      if (candidate->is_state(type, state_key)) return candidate;
    return nullptr;
  };
}

} // namespace causeway::matrix
