// What the chat server hears of a room: durable notifications, derived from accepted events and from changes of the current
// state (which a merge can change without an event of its own).
#include "actors/room/room_machine.hpp"

#include "actors/room/mentions.hpp"
#include "actors/room/message_content.hpp"
#include "actors/room/role_changes.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>

namespace causeway::room {
namespace {

std::string text_of(const matrix::event& x, std::string_view key) {
  const auto* s = x.content().find(key);
  return s && s->as_string() ? *s->as_string() : std::string{};
}

/// Clocks differ by so much among honest servers.
constexpr time_ms future_max_ms = 5 * 60'000;

} // namespace

time_ms room_machine::shown_ts(const matrix::event* x) const {
  return x ? std::clamp<time_ms>(x->origin_server_ts, 0, out_.now() + future_max_ms) : out_.now();
}

void room_machine::notify(const chat::notification& n) {
  out_.write(store::append_outbox{node_.stream_of(room_id_), chat::name(n), chat::encode(n)});
}

void room_machine::system_message(std::string kind, std::string actor, std::string target, std::string reason,
                                  const matrix::event* cause) {
  chat::system_message n;
  n.kind = std::move(kind);
  n.actor = std::move(actor);
  n.target = std::move(target);
  n.reason = std::move(reason);
  system_message(std::move(n), cause);
}

void room_machine::system_message(chat::system_message n, const matrix::event* cause) {
  n.room = head_.chat_room_id;
  n.matrix_room_id = room_id_;
  if (cause) n.event_id = cause->event_id;
  n.ts = shown_ts(cause);
  notify(n);
}

void room_machine::tell_named(const std::string& type, const std::string& actor, std::string value, std::string reason, const matrix::event* cause) {
  const bool name = type == "m.room.name";
  chat::system_message n;
  n.kind = name ? "renamed" : "topic_changed";
  n.actor = actor;
  n.reason = std::move(reason);
  (name ? n.room_name : n.topic) = std::move(value);
  system_message(std::move(n), cause);
}

void room_machine::tell_roles(const matrix::event& before, const matrix::event& after) {
  const auto create = graph_.state_event("m.room.create", "");
  for (auto& change : role_changes(create.get(), before, after)) {
    chat::system_message n;
    n.kind = "role_changed";
    n.actor = after.sender;
    n.target = std::move(change.user);
    n.level = change.level;
    system_message(std::move(n), &after);
  }
}

void room_machine::tell_created(chat::room_created created, std::vector<std::string> members, bool more_to_come) {
  std::sort(members.begin(), members.end());
  const auto first = std::min(members.size(), chat::listed_members_max);
  created.members.assign(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(first));
  created.more_members = more_to_come || members.size() > first;
  notify(created);
  if (members.size() > first) tell_members(members, first, !more_to_come);
}

void room_machine::tell_members(const std::vector<std::string>& members, std::size_t from, bool complete) {
  do {
    const auto to = std::min(members.size(), from + chat::listed_members_max);
    notify(chat::room_members{head_.chat_room_id, room_id_,
                              {members.begin() + static_cast<std::ptrdiff_t>(from), members.begin() + static_cast<std::ptrdiff_t>(to)},
                              complete && to == members.size()});
    from = to;
  } while (from < members.size());
}

void room_machine::tell_progress(std::string phase, const std::string& user, const std::string& server, std::size_t done, std::size_t total) {
  const chat::join_progress n{head_.chat_room_id, room_id_, user, std::move(phase), server, static_cast<std::int64_t>(done),
                              static_cast<std::int64_t>(total)};
  out_.send_at_once({actor_kind::session, ""}, ephemeral_notification{n.name, "join|" + room_id_ + "|" + user, chat::encode(n)});
}

std::string room_machine::room_type() const {
  if (!head_.type.empty()) return head_.type;
  return "channel";
}

room_traits room_machine::traits(bool is_direct) const {
  room_traits found;
  found.is_direct = is_direct;
  for (const auto* type : {"m.room.create", "m.room.name", "m.room.canonical_alias", "m.room.join_rules"})
    if (const auto e = graph_.state_event(type)) take_trait(found, e->type, *e->state_key, e->content());
  found.people = graph_.members().all().joined + graph_.members().all().invited;
  return found;
}

void room_machine::consider_group() {
  if (head_.type != type_name(chat::room_type::dm)) return;
  if (infer_room_type(traits(true)) == chat::room_type::dm) return;
  head_.type = type_name(chat::room_type::group_dm);
  head_changed_ = true;
}

void room_machine::tell_state_changes(const std::vector<state_change>& changes) {
  for (const auto& c : changes) {
    const auto& type = c.key.first;
    if (type == "m.room.member") tell_membership(c);
    else if (!c.after || quiet_) continue;
    else if (type == "m.room.name") tell_named(type, c.after->sender, text_of(*c.after, "name"), {}, c.after.get());
    else if (type == "m.room.topic") tell_named(type, c.after->sender, text_of(*c.after, "topic"), {}, c.after.get());
    else if (type == "m.room.power_levels" && c.before) tell_roles(*c.before, *c.after);
  }
  if (!changes.empty()) consider_group();
  if (exists_ && head_.phase == store::room_phase::joined && !changes.empty() && graph_.members().local_joined().empty()) {
    head_.phase = store::room_phase::left;
    head_changed_ = true;
  }
}

void room_machine::tell_membership(const state_change& c) {
  const auto& user = c.key.second;
  const std::string previous{c.before ? c.before->membership() : std::string_view{}};
  const std::string next{c.after ? c.after->membership() : std::string_view{"leave"}};
  const auto* e = c.after.get();
  const auto by = e ? e->sender : std::string{};
  const auto reason = e ? text_of(*e, "reason") : std::string{};
  if (quiet_) return;
  // From leave to leave: an invitation may have come and gone within one merge.
  const bool unseen = next == "leave" && (previous.empty() || previous == "leave");
  const bool came_otherwise = next == "join" && inviting_.contains(user); // before his invite was in the room
  const bool knocked = previous == "knock" && node_.is_local(user);
  if ((previous == "invite" || next == "invite" || unseen || came_otherwise || knocked) && matrix::is_user_id(user)) {
    auto changed = next == "invite" && node_.is_local(user) ? invited_to(c.after) : invited_membership_changed{next, by, reason, c.after};
    changed.historical = unseen;
    if (previous == "invite") changed.past_invite = c.before->event_id;
    out_.send({actor_kind::invitation, room_id_ + "|" + user}, std::move(changed));
  }
  const bool no_news = previous == next && (next == "join" || next == "knock"); // but a name or a reason
  notify(chat::member_changed{head_.chat_room_id, room_id_, user, next, previous.empty() ? "leave" : previous, by, reason,
                              e ? text_of(*e, "displayname") : std::string{}, e ? text_of(*e, "avatar_url") : std::string{},
                              e ? e->event_id : std::string{}, shown_ts(e)});
  if (no_news) return;
  std::string kind;
  if (next == "join") kind = "joined";
  else if (next == "invite") kind = inviting_.contains(user) ? "" : "invited"; // told when the invitation was sent
  else if (next == "knock") kind = "knocked";
  else if (next == "ban") kind = "banned";
  else if (next == "leave") {
    const bool self = by == user;
    if (previous == "invite") kind = self ? "rejected" : expiring_ == user ? "expired" : "revoked";
    else if (previous == "knock" && e) kind = self ? "knock_retracted" : "knock_rejected";
    else if (previous == "ban") kind = "unbanned";
    else if (previous == "join") kind = self || !e ? "left" : "kicked";
  }
  if (!kind.empty()) system_message(kind, by, user, reason, e);
}

bool room_machine::is_message_shown(const matrix::event& x) {
  if (x.is_state() || (x.type != "m.room.message" && x.type != "m.room.encrypted")) return false;
  return !x.content().empty(); // redacted, or altered on the way: there is nothing to show
}

void room_machine::tell_membership_again(const matrix::event_ptr& e, const std::string& past_invite) {
  auto again = e->membership() == "invite" && node_.is_local(*e->state_key)
                 ? invited_to(e)
                 : invited_membership_changed{std::string{e->membership()}, e->sender, text_of(*e, "reason"), e};
  again.historical = true;
  again.past_invite = past_invite;
  out_.send({actor_kind::invitation, room_id_ + "|" + *e->state_key}, std::move(again));
}

void room_machine::tell_outlived(const matrix::event& invite) {
  // What he said to an earlier invitation, before we knew that it was taken back, stands against this one, and the merge may have decided so
  // without a change of the state.
  if (!invite.is_state() || invite.type != "m.room.member" || invite.membership() != "invite" || !node_.is_local(*invite.state_key)) return;
  const auto stands = graph_.state_event("m.room.member", *invite.state_key);
  if (stands && stands->event_id != invite.event_id) tell_membership_again(stands, invite.event_id);
}

std::string room_machine::accepted_invite(const store::put_invitation& invitation) const {
  const auto invite = matrix::parse_event(invitation.event, graph_.rules());
  const auto* known = invite ? graph_.find((*invite)->event_id) : nullptr;
  return known && known->judged == store::verdict::accepted ? (*invite)->event_id : std::string{};
}

void room_machine::tell_event(const matrix::event_ptr& x, bool historical) {
  if (!is_message_shown(*x) || node_.is_local(x->sender)) return;
  chat::message_received n;
  n.room = head_.chat_room_id;
  n.matrix_room_id = room_id_;
  n.event_id = x->event_id;
  n.sender = x->sender;
  if (x->type == "m.room.encrypted") {
    n.msgtype = x->type;
    n.text = encrypted_placeholder;
  } else {
    n.msgtype = text_of(*x, "msgtype");
    n.text = text_of(*x, "body");
    if (text_of(*x, "format") == "org.matrix.custom.html") n.html = text_of(*x, "formatted_body");
    n.file = file_of(x->content());
    n.mentions = mentions_of(x->content(), room_id_);
  }
  auto relation = relation_of(x->content());
  n.thread = std::move(relation.thread);
  n.reply_to = std::move(relation.reply_to);
  n.historical = historical;
  n.ts = shown_ts(x.get());
  notify(n);
}

} // namespace causeway::room
