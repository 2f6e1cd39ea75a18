#include "messages/matrix/auth_rules.hpp"

#include "messages/matrix/forbidden.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/membership_rules.hpp"
#include "messages/matrix/power_level_rules.hpp"

#include <algorithm>

// Numbers are those of room version 12; earlier versions lack rule 2 and count one less from there on.
namespace causeway::matrix {

namespace {

// `host`, `host:port` or an address in brackets, as servers check it: a port is any integer.
bool is_creator_server(std::string_view server) {
  const auto is_letter = [](char x) {
    return (x >= '0' && x <= '9') || (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || x == '-';
  };
  const auto colon = server.ends_with(']') ? std::string_view::npos : server.rfind(':');
  if (colon != std::string_view::npos && !read_integer(server.substr(colon + 1))) return false;
  auto host = server.substr(0, colon);
  if (host.starts_with('[')) return host.ends_with(']') && is_server_name(host);
  while (true) {
    const auto dot = host.find('.');
    const auto label = host.substr(0, dot);
    if (label.empty() || !std::all_of(label.begin(), label.end(), is_letter)) return false;
    if (dot == std::string_view::npos) return true;
    host.remove_prefix(dot + 1);
  }
}

bool is_creator_name(std::string_view name) {
  const auto colon = name.find(':');
  return name.size() <= limits::identifier_bytes_max && name.starts_with('@') && colon != std::string_view::npos &&
         is_creator_server(name.substr(colon + 1));
}

// 1.4 "If additional_creators is present in content and is not an array of strings where each string passes the same
// user ID validation applied to sender, reject." For servers that is a validation of its own.
bool has_valid_additional_creators(const json::object& content) {
  const auto* additional = content.find("additional_creators");
  if (!additional) return true;
  if (!additional->as_array()) return false;
  for (const auto& name : *additional->as_array())
    if (!name.as_string() || !is_creator_name(*name.as_string())) return false;
  return true;
}

status check_create(const event& x, const event* create) {
  const auto& rules = x.rules();
  const auto& content = x.content();
  // No rule of the specification stops a server from putting a second create event into a room of versions 1 to 11 that
  // its own user founded. All others hang from the first.
  if (create && create->event_id != x.event_id) return forbidden("1 the room has another m.room.create");
  if (!x.prev_events.empty()) return forbidden("1.1 m.room.create has prev_events");
  if (rules.room_id_is_create_hash) {
    if (x.source.contains("room_id")) return forbidden("1.2 m.room.create has a room_id");
  } else if (server_name_of(x.room_id) != server_name_of(x.sender)) {
    return forbidden("1.2 room_id is not of the sender's server");
  }
  if (const auto* version = content.find("room_version"))
    if (!version->as_string() || !find_room_version(*version->as_string()))
      return forbidden("1.3 unknown room_version");
  if (!rules.implicit_creator && !content.contains("creator"))
    return forbidden("1.4 creator is missing"); // versions 1 to 10
  if (rules.privileged_creators && !has_valid_additional_creators(content))
    return forbidden("1.4 additional_creators is not an array of user ids");
  return ok();
}

// Versions 1 to 5, rule 4: a server keeps its own list of aliases, whoever of its users sends it.
status check_aliases(const event& x) {
  if (!x.state_key || x.state_key->empty()) return forbidden("4.1 m.room.aliases without state_key");
  if (*x.state_key != server_name_of(x.sender)) return forbidden("4.2 m.room.aliases of another server");
  return ok();
}

// Versions 1 and 2, rule 11; one that names nothing redacts nothing. In later versions the rule lets every redaction
// in, but who sends one still has to have a level that can be read.
status check_redaction(const event& x, const power_levels& levels) {
  const auto own_level = levels.user(x.sender), needed = levels.action("redact");
  if (!own_level || !needed) return forbidden("11 a level cannot be read");
  if (!x.rules().redaction_auth_rule || *own_level >= *needed) return ok();
  const auto* redacts = x.source.find("redacts");
  const auto* target = redacts ? redacts->as_string() : nullptr;
  if (!target) return ok();
  if (target->find(':') != std::string::npos && server_name_of(*target) == server_name_of(x.event_id)) return ok();
  return forbidden("11.3 sender is below the redact level and the event is of another server");
}

} // namespace

status check_auth(const event& x, const event* create, const state_lookup& state) {
  if (x.type == "m.room.create") return check_create(x, create);
  if (!create) return forbidden("2 there is no m.room.create");
  // 2 "If the event's room_id is not an event ID for an accepted m.room.create event, with the sigil ! instead of $,
  // reject." In earlier versions: an event is judged by its own room.
  if (x.room_id != create->room_id) return forbidden("2 room_id is not that of the m.room.create");
  if (!may_federate(*create, x.sender)) return forbidden("4 room is closed to the sender's server");

  const auto& rules = x.rules();
  if (rules.aliases_auth_rule && x.type == "m.room.aliases") return check_aliases(x);
  const power_levels levels{create, state("m.room.power_levels", "")};
  if (x.type == "m.room.member") return check_membership(x, *create, state, levels);

  // 6 "If the sender's current membership state is not join, reject."
  const auto* member = state("m.room.member", x.sender);
  if (!member || member->membership() != membership::join) return forbidden("6 sender is not joined");

  const auto own_level = levels.user(x.sender);
  const auto needed =
    x.type == "m.room.third_party_invite" ? levels.action("invite") : levels.type(x.type, x.is_state());
  if (!own_level || !needed) return forbidden("8 a level cannot be read");
  // 7.1 Allowed if and only if the sender may invite; the level of the type is not asked.
  if (x.type == "m.room.third_party_invite")
    return *own_level >= *needed ? ok() : forbidden("7.1 sender is below the invite level");

  // 8 "If the event type's required power level is greater than the sender's power level, reject."
  if (*needed > *own_level) return forbidden("8 sender is below the level of " + x.type);
  // 9 "If the event has a state_key that starts with an @ and does not match the sender, reject."
  if (x.state_key && x.state_key->starts_with('@') && *x.state_key != x.sender)
    return forbidden("9 state_key is another user");

  if (x.type == "m.room.power_levels") return check_power_levels(x, *create, state, levels);
  if (x.type == "m.room.redaction") return check_redaction(x, levels);
  return ok();
}

} // namespace causeway::matrix
