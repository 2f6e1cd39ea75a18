#include "messages/matrix/membership_rules.hpp"

#include "messages/matrix/forbidden.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/signing.hpp"

// Numbers are those of room version 12; the quoted sentence stands where the rule is decided.
namespace causeway::matrix {

namespace {

/// What each rule looks at.
struct membership_change {
  const event& x;
  const event& create;
  const state_lookup& state;
  const power_levels& levels;
  /// Levels that every change of a membership asks for, whatever it is.
  const power_level sender_level, target_level, invite_level, ban_level;
  const room_version_rules& rules = x.rules();
  const std::string& target = *x.state_key;

  membership membership_of(std::string_view user_id) const {
    const auto* member = state("m.room.member", user_id);
    return member ? member->membership() : membership::none;
  }
  /// Rooms without the event, and events without the key, are by invitation only.
  std::string_view join_rule() const {
    const auto* join_rules = state("m.room.join_rules", "");
    const auto* rule = join_rules ? join_rules->content().find("join_rule") : nullptr;
    if (!rule) return "invite";
    const auto* text = rule->as_string();
    return text ? std::string_view{*text} : std::string_view{};
  }
};

// 5.3.1 "If the only previous event is an m.room.create and the state_key is the sender of the m.room.create, allow."
bool is_creators_first_join(const event& x, const event& create) {
  if (x.membership() != membership::join || x.prev_events.size() != 1 || x.prev_events.front() != create.event_id)
    return false;
  if (create.rules().implicit_creator) return *x.state_key == create.sender;
  const auto* creator = create.content().find("creator");
  const auto* user_id = creator ? creator->as_string() : nullptr;
  return user_id && *user_id == *x.state_key;
}

// 5.3.5 The user named by join_authorised_via_users_server has to be joined and able to invite. That the user's server
// agreed is rule 5.2, checked with the signatures.
status check_restricted_join(const membership_change& change) {
  const auto* named = change.x.content().find("join_authorised_via_users_server");
  const auto* authoriser = named ? named->as_string() : nullptr;
  if (!authoriser) return forbidden("5.3.5.2 join_authorised_via_users_server is missing");
  if (change.membership_of(*authoriser) != membership::join) return forbidden("5.3.5.2 authorising user is not joined");
  const auto level = change.levels.user(*authoriser);
  if (!level || *level < change.invite_level) return forbidden("5.3.5.2 authorising user may not invite");
  return ok();
}

status check_join(const membership_change& change) {
  if (change.x.sender != change.target) return forbidden("5.3.2 sender is not the one who joins");
  const auto membership = change.membership_of(change.target);
  if (membership == membership::ban) return forbidden("5.3.3 sender is banned");
  const bool invited_or_joined = membership == membership::invite || membership == membership::join;
  const auto rule = change.join_rule();
  if (rule == "invite" || (rule == "knock" && change.rules.knock))
    return invited_or_joined ? ok() : forbidden("5.3.4 sender is not invited");
  if ((rule == "restricted" && change.rules.restricted_join) ||
      (rule == "knock_restricted" && change.rules.knock_restricted))
    return invited_or_joined ? ok() : check_restricted_join(change);
  if (rule == "public") return ok();
  return forbidden("5.3.7 unknown join rule");
}

/// The keys of an m.room.third_party_invite event, as they are written, in order.
/// @returns nothing when one of them is not where it should be: servers fail on it
std::optional<std::vector<const json::value*>> public_keys_of(const event& third_party_invite) {
  std::vector<const json::value*> keys;
  const auto& content = third_party_invite.content();
  if (const auto* key = content.find("public_key")) keys.push_back(key);
  const auto* more = content.find("public_keys");
  if (!more) return keys;
  const auto* items = more->as_array();
  if (!items && !more->as_object() && !more->as_string()) return std::nullopt;
  if (items)
    for (const auto& item : *items)
      keys.push_back(item.find("public_key")); // null, where there is none: it counts only when its turn comes
  else if (more->as_object() ? !more->as_object()->empty() : !more->as_string()->empty()) keys.push_back(nullptr);
  return keys;
}

/// Text of the first ed25519 signature, in the order of servers and key ids, by its server and key id. For a list of
/// keys that is the one that decides.
struct first_signature {
  std::string_view server, key_id;
  bool is_there = false;
  bool is_well_formed = true; ///< what comes before it has the form of signatures
};

first_signature first_signature_in(const json::value* signatures) {
  first_signature found;
  const auto* servers = signatures ? signatures->as_object() : nullptr;
  found.is_well_formed = servers;
  if (!servers) return found;
  for (const auto& [server, by_key] : *servers) {
    found.is_well_formed = by_key.as_object();
    if (!found.is_well_formed) return found;
    for (const auto& [key_id, signature] : *by_key.as_object())
      if (key_id.starts_with("ed25519:")) {
        found.server = server, found.key_id = key_id, found.is_there = true;
        return found;
      }
  }
  return found;
}

// 5.4.1.7 "If any signature in signed matches any public key in the m.room.third_party_invite event, allow." Synapse
// tries with each key the first signature only, and fails on the first key that is none. At most a thousand keys fit an
// event (60 us each).
bool is_signed_by_a_key_of(const event& third_party_invite, const json::object& signed_part) {
  const auto keys = public_keys_of(third_party_invite);
  const auto signature = first_signature_in(signed_part.find("signatures"));
  if (!keys || !signature.is_well_formed || !signature.is_there) return false;
  for (const auto* key : *keys) {
    const auto* text = key ? key->as_string() : nullptr;
    if (!text || !is_verify_key(*text)) return false;
    if (verify_json(signed_part, signature.server, signature.key_id, *text)) return true;
  }
  return false;
}

// 5.4.1 The invitation redeems a token: the one who asked for it needs no more, not even to be in the room still.
status check_third_party_invite(const membership_change& change, const json::value& third_party_invite) {
  if (change.membership_of(change.target) == membership::ban) return forbidden("5.4.1.1 target is banned");
  const auto* signed_part = third_party_invite.find_object("signed");
  if (!signed_part) return forbidden("5.4.1.2 signed is missing");
  const auto text = [&](std::string_view key) {
    const auto* found = signed_part->find(key);
    return found ? found->as_string() : nullptr;
  };
  const auto* mxid = text("mxid");
  const auto* token = text("token");
  if (!mxid || !token) return forbidden("5.4.1.3 signed lacks mxid or token");
  if (*mxid != change.target) return forbidden("5.4.1.4 mxid is not the target");
  const auto* invitation = change.state("m.room.third_party_invite", *token);
  if (!invitation) return forbidden("5.4.1.5 no m.room.third_party_invite has this token");
  if (invitation->sender != change.x.sender) return forbidden("5.4.1.6 somebody else asked for the token");
  if (!is_signed_by_a_key_of(*invitation, *signed_part))
    return forbidden("5.4.1.8 no signature matches a key of the m.room.third_party_invite");
  return ok();
}

status check_invite(const membership_change& change) {
  if (const auto* third_party_invite = change.x.content().find("third_party_invite"))
    return check_third_party_invite(change, *third_party_invite);
  if (change.membership_of(change.x.sender) != membership::join) return forbidden("5.4.2 sender is not joined");
  const auto membership = change.membership_of(change.target);
  if (membership == membership::join || membership == membership::ban)
    return forbidden("5.4.3 target is joined or banned");
  if (change.sender_level < change.invite_level) return forbidden("5.4.5 sender is below the invite level");
  return ok();
}

status check_leave(const membership_change& change) {
  if (change.x.sender == change.target) {
    const auto membership = change.membership_of(change.target);
    const bool may_leave = membership == membership::invite || membership == membership::join ||
                           (membership == membership::knock && change.rules.knock);
    return may_leave ? ok() : forbidden("5.5.1 sender is not invited, joined or knocking");
  }
  if (change.membership_of(change.x.sender) != membership::join) return forbidden("5.5.2 sender is not joined");
  if (change.membership_of(change.target) == membership::ban && change.sender_level < change.ban_level)
    return forbidden("5.5.3 sender is below the ban level");
  const auto kick_level = change.levels.action("kick");
  if (!kick_level || change.sender_level < *kick_level || change.sender_level <= change.target_level)
    return forbidden("5.5.5 sender is below the kick level or not above the target");
  return ok();
}

// Any target may be banned, also one never seen in the room.
status check_ban(const membership_change& change) {
  if (change.membership_of(change.x.sender) != membership::join) return forbidden("5.6.1 sender is not joined");
  if (change.sender_level < change.ban_level || change.sender_level <= change.target_level)
    return forbidden("5.6.3 sender is below the ban level or not above the target");
  return ok();
}

status check_knock(const membership_change& change) {
  const auto rule = change.join_rule();
  if (rule != "knock" && !(rule == "knock_restricted" && change.rules.knock_restricted))
    return forbidden("5.7.1 join rule does not allow knocking");
  if (change.x.sender != change.target) return forbidden("5.7.2 sender is not the one who knocks");
  const auto membership = change.membership_of(change.x.sender);
  if (membership == membership::ban || membership == membership::invite || membership == membership::join)
    return forbidden("5.7.4 sender is banned, invited or joined");
  return ok();
}

} // namespace

bool may_federate(const event& create, std::string_view user_id) {
  const auto* federate = create.content().find("m.federate");
  const auto* allowed = federate ? federate->as_bool() : nullptr;
  return !federate || (allowed && *allowed) || server_name_of(user_id) == server_name_of(create.sender);
}

status check_membership(const event& x, const event& create, const state_lookup& state, const power_levels& levels) {
  // 5.1 "If there is no state_key property, or no membership property in content, reject."
  if (!x.state_key || x.membership() == membership::none) return forbidden("5.1 state_key or membership is missing");
  if (is_creators_first_join(x, create)) return ok();
  // Servers ask no more of the name than that there is a server in it.
  if (x.state_key->find(':') == std::string::npos) return forbidden("5.1 state_key is no user id");
  // Rule 4 for the other party. The specification looks at the sender only; Synapse also keeps a room that is closed to
  // the federation from inviting, kicking or banning users of other servers, and nearly every server of such a room is
  // one.
  if (!may_federate(create, *x.state_key)) return forbidden("4 room is closed to the target's server");
  const auto sender_level = levels.user(x.sender), target_level = levels.user(*x.state_key);
  const auto invite_level = levels.action("invite"), ban_level = levels.action("ban");
  if (!sender_level || !target_level || !invite_level || !ban_level) return forbidden("5 a level cannot be read");
  const membership_change change{x, create, state, levels, *sender_level, *target_level, *invite_level, *ban_level};
  const auto membership = x.membership();
  if (membership == membership::join) return check_join(change);
  if (membership == membership::invite) return check_invite(change);
  if (membership == membership::leave) return check_leave(change);
  if (membership == membership::ban) return check_ban(change);
  if (membership == membership::knock && change.rules.knock) return check_knock(change);
  return forbidden("5.8 unknown membership");
}

} // namespace causeway::matrix
