#include "actors/room_type.hpp"

namespace causeway {
namespace {

/// A direct message is between two.
constexpr std::size_t people_of_dm_max = 2;

bool is_said(const matrix::json::object& content, std::string_view key) {
  const auto* text = content.find(key);
  return text && text->as_string() && !text->as_string()->empty();
}

bool lets_others_come(std::string_view join_rule) {
  return !join_rule.empty() && join_rule != "invite" && join_rule != "private";
}

} // namespace

chat::room_type infer_room_type(const room_traits& x) {
  if (!x.is_direct && (x.is_typed || x.has_name || lets_others_come(x.join_rule))) return chat::room_type::channel;
  return x.people > people_of_dm_max ? chat::room_type::group_dm : chat::room_type::dm;
}

void take_trait(room_traits& into, std::string_view type, std::string_view state_key,
                const matrix::json::object& content) {
  if (type == "m.room.member") {
    const auto* membership = content.find("membership");
    const auto* word = membership ? membership->as_string() : nullptr;
    const auto is = word ? matrix::parse_membership(*word) : matrix::membership::none;
    if (is == matrix::membership::join || is == matrix::membership::invite) ++into.people;
  }
  if (!state_key.empty()) return;
  if (type == "m.room.create") into.is_typed = is_said(content, "type");
  else if (type == "m.room.name") into.has_name = into.has_name || is_said(content, "name");
  else if (type == "m.room.canonical_alias") into.has_name = into.has_name || is_said(content, "alias");
  else if (type == "m.room.join_rules" && is_said(content, "join_rule"))
    into.join_rule = *content.find("join_rule")->as_string();
}

bool is_direct(const matrix::event& invite) {
  const auto* said = invite.content().find("is_direct");
  return said && said->as_bool() && *said->as_bool();
}

room_traits traits_of_invite(const matrix::event& invite, const matrix::json::value& invite_room_state) {
  room_traits traits;
  traits.is_direct = is_direct(invite);
  traits.people = 1; // the user, whatever they were before
  if (const auto* events = invite_room_state.as_array())
    for (const auto& e : *events) {
      const auto* type = e.find_string("type");
      const auto* key = e.find_string("state_key");
      const auto* content = e.find_object("content");
      const bool is_own = type && key && *type == "m.room.member" && *key == *invite.state_key;
      if (type && key && content && !is_own) take_trait(traits, *type, *key, *content);
    }
  return traits;
}

chat::room_type type_of_invited(const matrix::event& invite, const matrix::json::value* invite_room_state) {
  const matrix::json::value nothing{matrix::json::array{}};
  return infer_room_type(traits_of_invite(invite, invite_room_state != nullptr ? *invite_room_state : nothing));
}

} // namespace causeway
