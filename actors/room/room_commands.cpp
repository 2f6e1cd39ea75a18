#include "actors/room/room_commands.hpp"

#include "actors/invitation/invitation_row.hpp"
#include "actors/invitation/shown_invitations.hpp"
#include "actors/room/found_room.hpp"
#include "actors/room/service_user.hpp"

#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <numeric>

namespace causeway::room {

using matrix::json::object;

result<matrix::event_ptr> found_room(const context& node, const chat::room_create& wanted, std::string_view creator,
                                     std::string_view random, time_ms now) {
  const auto* rules = matrix::find_room_version(node.settings().federation.room_version);
  if (!rules)
    return {fault_code::unsupported_room_version, "federation.room_version " + node.settings().federation.room_version};
  object content;
  // A room that is not to federate says so itself: no server of another domain may ever join.
  if (!wanted.federated) content.set("m.federate", false);
  if (creator != wanted.creator) content.set(service_user_key, creator);
  return sign_create(node, *rules, creator, std::move(content), random, now);
}

result<matrix::event_ptr> sign_create(const context& node, const matrix::room_version_rules& rules,
                                      std::string_view creator, object content, std::string_view random, time_ms now) {
  if (auto fine = node.may_sign(); !fine) return fine.error();
  content.set("room_version", rules.id);
  if (!rules.implicit_creator) content.set("creator", creator);
  // The id is the hash of this event: two rooms that one user makes in the same millisecond would be one.
  if (rules.room_id_is_create_hash) content.set("causeway.nonce", random);
  object pdu{{"type", "m.room.create"},
             {"sender", creator},
             {"state_key", ""},
             {"content", std::move(content)},
             {"origin_server_ts", now},
             {"depth", 1},
             {"prev_events", matrix::json::array{}},
             {"auth_events", matrix::json::array{}}};
  if (!rules.room_id_is_create_hash) pdu.set("room_id", "!" + std::string{random} + ":" + node.server_name);
  if (rules.event_ids == matrix::event_id_format::given)
    pdu.set("event_id", "$" + std::string{random} + ":" + node.server_name);
  return matrix::hash_and_sign(std::move(pdu), rules, node.server_name, node.key);
}

namespace {

/// So many bytes of users may stand in the power levels: the event has to hold them and all that is set later. Some 400
/// people.
constexpr std::size_t named_users_bytes_max = 24 * 1024;

/// Levels of those a room begins with. Where people talk among themselves everybody may bring in a friend and take that
/// back; below its creator, so that the creator, who invites them, can take back theirs (a revocation needs a higher
/// level than its target's, also while the target has not joined).
object initial_user_levels(const matrix::room_version_rules& rules, const chat::room_create& x,
                           const std::string& founder) {
  object users;
  if (founder != x.creator || !rules.privileged_creators) users.set(x.creator, 100);
  if (founder != x.creator && !rules.privileged_creators) users.set(founder, service_user_level);
  const auto bytes = std::accumulate(x.members.begin(), x.members.end(), std::size_t{0},
                                     [](auto sum, const auto& user) { return sum + user.size() + 8; });
  if (x.type != chat::room_type::channel && bytes <= named_users_bytes_max)
    for (const auto& user : x.members) users.set(user, 50);
  return users;
}

object initial_power_levels(const matrix::room_version_rules& rules, const chat::room_create& x,
                            const std::string& founder) {
  // Whoever may invite must be able to take it back (a revocation is a kick), hence invite = kick.
  // Encryption stays out of reach: the chat server could not read the room.
  object events{{"m.room.power_levels", 100},
                {"m.room.history_visibility", 100},
                {"m.room.join_rules", 100},
                {"m.room.server_acl", 100},
                {"m.room.guest_access", 100},
                {"m.room.tombstone", rules.privileged_creators && founder == x.creator ? 150 : 100},
                {"m.room.encryption", 150},
                {"m.room.name", 50},
                {"m.room.topic", 50},
                {"m.room.avatar", 50},
                {"m.room.pinned_events", 50},
                {"m.room.canonical_alias", 50},
                {"m.reaction", 0},
                {"m.room.redaction", 0}};
  return {{"ban", 50},
          {"kick", 50},
          {"redact", 50},
          {"invite", 50},
          {"state_default", 50},
          {"events_default", 0},
          {"users_default", 0},
          {"users", initial_user_levels(rules, x, founder)},
          {"events", std::move(events)},
          {"notifications", object{{"room", 50}}}};
}

object join_rules_content(const chat::room_create& x) {
  const bool is_channel = x.type == chat::room_type::channel;
  const bool is_public = is_channel && x.access == chat::visibility::public_,
             knocks = is_channel && x.access == chat::visibility::knock;
  object content{{"join_rule", is_public               ? "public"
                               : !x.members_of.empty() ? (knocks ? "knock_restricted" : "restricted")
                               : knocks                ? "knock"
                                                       : "invite"}};
  if (!x.members_of.empty()) {
    matrix::json::array allow;
    for (const auto& room : x.members_of) allow.emplace_back(object{{"room_id", room}, {"type", "m.room_membership"}});
    content.set("allow", std::move(allow));
  }
  return content;
}

object join_content(const std::string& user, const std::vector<store::put_user>& profiles) {
  object content{{"membership", "join"}};
  for (const auto& p : profiles) {
    if (p.user_id != user) continue;
    if (!p.display_name.empty()) content.set("displayname", p.display_name);
    if (!p.avatar_url.empty()) content.set("avatar_url", p.avatar_url);
  }
  return content;
}

/// What a room begins with behind its create event, up to its creator and what it is called.
std::vector<draft> first_events(const chat::room_create& x, const std::string& founder,
                                const matrix::room_version_rules& rules, const std::string& server_name,
                                const std::vector<store::put_user>& profiles) {
  const bool is_public = x.type == chat::room_type::channel && x.access == chat::visibility::public_;
  std::vector<draft> drafts;
  drafts.push_back({"m.room.member", founder, founder, join_content(founder, profiles)});
  drafts.push_back({"m.room.power_levels", founder, "", initial_power_levels(rules, x, founder)});
  if (x.alias)
    drafts.push_back({"m.room.canonical_alias", founder, "", {{"alias", "#" + *x.alias + ":" + server_name}}});
  drafts.push_back({"m.room.join_rules", founder, "", join_rules_content(x)});
  drafts.push_back({"m.room.history_visibility", founder, "", {{"history_visibility", "shared"}}});
  drafts.push_back({"m.room.guest_access", founder, "", {{"guest_access", "forbidden"}}});
  if (founder != x.creator) {
    if (!is_public) drafts.push_back({"m.room.member", founder, x.creator, {{"membership", "invite"}}});
    drafts.push_back({"m.room.member", x.creator, x.creator, join_content(x.creator, profiles)});
  }
  if (x.room_name) drafts.push_back({"m.room.name", x.creator, "", {{"name", *x.room_name}}});
  if (x.topic) drafts.push_back({"m.room.topic", x.creator, "", {{"topic", *x.topic}}});
  return drafts;
}

} // namespace

command_outcome room_commands::run(const queued_command& c, const chat::room_create& x) {
  if (room_.exists) return fault{fault_code::already_exists, "room " + room_.id};
  if (!x.members_of.empty() && !c.command.create_event->rules().restricted_join)
    return fault{fault_code::unsupported_room_version, "members_of: needs version 8, federation.room_version is " +
                                                         room_.node.settings().federation.room_version};
  if (x.access == chat::visibility::knock) {
    const auto& rules = c.command.create_event->rules();
    if (!(x.members_of.empty() ? rules.knock : rules.knock_restricted))
      return fault{fault_code::unsupported_room_version, std::string{"visibility: knock needs version "} +
                                                           (x.members_of.empty() ? "7" : "10 beside members_of") +
                                                           ", federation.room_version is " +
                                                           room_.node.settings().federation.room_version};
  }
  static const std::vector<store::put_user> none;
  const auto& profiles = c.command.profiles ? *c.command.profiles : none;
  creating_ = true;
  writer_.create(c.command.create_event, x.room, x.type, x.federated);
  // A later fault leaves nothing behind: nothing is written before the whole room has been drafted.
  auto give_up = [&](command_outcome why) {
    creating_ = false;
    invitations_.forget_uncommitted();
    writer_.give_up_create();
    return why;
  };
  auto add = [&](const draft& d) -> attempt<std::monostate> {
    auto e = authoring_.author(d);
    if (!e) return attempt<std::monostate>::failed_like(e);
    return authoring_.commit(*e);
  };
  const bool is_public = x.type == chat::room_type::channel && x.access == chat::visibility::public_;

  auto drafts = first_events(x, c.command.create_event->sender, room_.graph.rules(), room_.node.server_name, profiles);
  for (auto& d : drafts)
    if (auto s = add(d); !s) return give_up(failed_like(s));

  for (const auto& user : x.members) {
    if (room_.graph.membership(user) == matrix::membership::join || !room_.node.is_local(user)) continue;
    if (!is_public)
      if (auto s = add({"m.room.member", x.creator, user, {{"membership", "invite"}}}); !s)
        return give_up(failed_like(s));
    if (auto s = add({"m.room.member", user, user, join_content(user, profiles)}); !s) return give_up(failed_like(s));
  }
  chat::room_created_answer answer{room_.id, room_.head.room_version, {}};
  creating_ = false;
  notifier_.system_message("created", x.creator, {}, {}, c.command.create_event.get());
  for (const auto& user : x.members) {
    if (room_.node.is_local(user)) continue;
    auto made = invitations_.invite(x.creator, user, {});
    if (!made) return give_up(failed_like(made));
    // The one row of an invitation that the room writes: in the commit that creates the room nobody else can have one.
    auto row = invitation::row_of(**made, room_.node, out_.now());
    answer.invitations.push_back(invitation::view_of(row, room_.head.chat_room_id));
    out_.write(std::move(row));
    notifier_.notify(chat::invitation_changed{.room = room_.head.chat_room_id,
                                              .matrix_room_id = room_.id,
                                              .user = user,
                                              .by = x.creator,
                                              .direction = name(invitation_direction::outgoing),
                                              .state = name(invitation_state::sending),
                                              .previous_state = {},
                                              .reason = {},
                                              .ts = out_.now(),
                                              .attempts = 0,
                                              .retry_at_ts = 0,
                                              .last_fault = {}});
    notifier_.system_message("invited", x.creator, user, {}, (*made)->event.get());
    invitations_.begin(user, std::move(**made));
  }
  answer.more_invitations = invitation::shorten(answer.invitations);
  writer_.write_head_again();
  out_.send({actor_kind::directory, ""}, room_named{room_.id, room_.head.chat_room_id});
  return succeeded{answer};
}

} // namespace causeway::room
