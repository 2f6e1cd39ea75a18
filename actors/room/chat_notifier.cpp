#include "actors/room/chat_notifier.hpp"

#include "actors/excerpt.hpp"
#include "actors/room/event_text.hpp"
#include "actors/room/mentions.hpp"
#include "actors/room/message_content.hpp"
#include "actors/room/message_relations.hpp"
#include "actors/room/role_changes.hpp"
#include "messages/chat/codec.hpp"
#include "messages/matrix/media.hpp"

#include <algorithm>
#include <iterator>

namespace causeway::room {
namespace {

/// Clocks differ by so much among honest servers.
constexpr time_ms future_max_ms = 5 * 60'000;

constexpr room_setting shown_settings[] = {
  {"m.room.name", "name", "renamed", &chat::room_changed::room_name, &chat::system_message::room_name},
  {"m.room.topic", "topic", "topic_changed", &chat::room_changed::topic, &chat::system_message::topic},
  {"m.room.avatar", "url", "avatar_changed", &chat::room_changed::avatar, nullptr}};

/// Null: it is another state.
const room_setting* setting_of(const std::string& type) {
  const auto* end = std::end(shown_settings);
  const auto* found = std::find_if(std::begin(shown_settings), end, [&](const auto& x) { return x.type == type; });
  return found == end ? nullptr : found;
}

/// A picture that is no mxc:// URI is none: it would be shown as the address of one.
std::string picture_in(const matrix::event& x, std::string_view key) {
  auto found = text_of(x, key);
  return matrix::split_mxc(found) ? found : std::string{};
}

/// What an event says of it. @param x  null: there is none
std::string value_of(const room_setting& what, const matrix::event* x) {
  if (!x) return {};
  return what.told == &chat::room_changed::avatar ? picture_in(*x, what.key) : text_of(*x, what.key);
}

/// Of a join rule that nobody knows: bytes that are shown.
constexpr std::size_t join_rule_bytes_max = 64;

/// What the room shows of a state that is about all of it; null: nothing.
const char* kind_of_rule(const std::string& type) {
  if (type == "m.room.join_rules") return "access_changed";
  if (type == "m.room.server_acl") return "servers_changed";
  return type == "m.room.encryption" ? "encrypted" : nullptr;
}

/// Who never was in the room, and whose membership has a word that nobody knows, is out of it.
std::string shown(matrix::membership x) {
  const bool is_known = x != matrix::membership::none && x != matrix::membership::unknown;
  return name(is_known ? x : matrix::membership::leave);
}

} // namespace

time_ms chat_notifier::shown_ts(const matrix::event* x) const {
  return x ? std::clamp<time_ms>(x->origin_server_ts, 0, out_.now() + future_max_ms) : out_.now();
}

void chat_notifier::notify(const chat::notification& n) {
  out_.write(store::append_outbox{room_.node.stream_of(room_.id), chat::name(n), chat::encode(n)});
}

void chat_notifier::system_message(std::string kind, std::string actor, std::string target, std::string reason,
                                   const matrix::event* cause) {
  chat::system_message n;
  n.kind = std::move(kind);
  n.actor = std::move(actor);
  n.target = std::move(target);
  n.reason = std::move(reason);
  system_message(std::move(n), cause);
}

void chat_notifier::system_message(chat::system_message n, const matrix::event* cause) {
  n.room = room_.head.chat_room_id;
  n.matrix_room_id = room_.id;
  if (cause) n.event_id = cause->event_id;
  n.ts = shown_ts(cause);
  notify(n);
}

void chat_notifier::setting_shown(const room_setting& what, const std::string& actor, std::string value,
                                  std::string reason, const matrix::event* cause) {
  chat::system_message n;
  n.kind = what.kind;
  n.actor = actor;
  n.reason = std::move(reason);
  if (what.shown) n.*what.shown = std::move(value);
  system_message(std::move(n), cause);
}

void chat_notifier::setting_changed(const room_setting& what, std::string value, const matrix::event* cause) {
  chat::room_changed n;
  n.room = room_.head.chat_room_id;
  n.matrix_room_id = room_.id;
  if (cause) {
    n.by = cause->sender;
    n.event_id = cause->event_id;
  }
  n.ts = shown_ts(cause);
  n.*what.told = std::move(value);
  notify(n);
}

void chat_notifier::roles_changed(const matrix::event* before, const matrix::event& after) {
  const auto create = room_.graph.state_event("m.room.create", "");
  for (auto& change : changed_roles(create.get(), before, &after, room_.is_ours()))
    notify(chat::role_changed{.room = room_.head.chat_room_id,
                              .matrix_room_id = room_.id,
                              .user = std::move(change.user),
                              .role = word_of(change.now),
                              .previous_role = word_of(change.before),
                              .by = after.sender,
                              .event_id = after.event_id,
                              .level = change.level,
                              .ts = shown_ts(&after)});
}

void chat_notifier::rule_changed(const char* kind, const matrix::event* before, const matrix::event& after) {
  // One of ours does it by room.remove alone, which tells by itself what becomes of the room.
  if (room_.node.is_local(after.sender) || (before && before->content() == after.content())) return;
  // Content that was restored (content_repair) has been told.
  if (before && before->event_id == after.event_id) return;
  // It begins with an algorithm, and does not end: other content is no news.
  const auto encrypts = [](const matrix::event& x) { return !text_of(x, "algorithm").empty(); };
  if (after.type == "m.room.encryption" && (!encrypts(after) || (before && encrypts(*before)))) return;
  chat::system_message n;
  n.kind = kind;
  n.actor = after.sender;
  if (after.type == "m.room.join_rules") n.access = excerpt(text_of(after, "join_rule"), join_rule_bytes_max);
  system_message(std::move(n), &after);
}

void chat_notifier::levels_changed(const matrix::event& before, const matrix::event& after) {
  const auto create = room_.graph.state_event("m.room.create", "");
  for (auto& change : role_changes(create.get(), before, after)) {
    chat::system_message n;
    n.kind = "role_changed";
    n.actor = after.sender;
    n.target = std::move(change.user);
    n.level = change.level;
    system_message(std::move(n), &after);
  }
}

void chat_notifier::created(chat::room_created created, std::vector<std::string> members, bool more_to_come) {
  std::sort(members.begin(), members.end());
  const auto first = std::min(members.size(), chat::listed_members_max);
  created.members.assign(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(first));
  created.more_members = more_to_come || members.size() > first;
  notify(created);
  if (members.size() > first) this->members(members, first, !more_to_come);
}

void chat_notifier::members(const std::vector<std::string>& members, std::size_t from, bool complete) {
  do {
    const auto to = std::min(members.size(), from + chat::listed_members_max);
    notify(chat::room_members{
      room_.head.chat_room_id,
      room_.id,
      {members.begin() + static_cast<std::ptrdiff_t>(from), members.begin() + static_cast<std::ptrdiff_t>(to)},
      complete && to == members.size()});
    from = to;
  } while (from < members.size());
}

void chat_notifier::join_progress(chat::join_phase phase, const std::string& user, const std::string& server,
                                  std::size_t done, std::size_t total) {
  const auto* const word = chat::join_phases[static_cast<std::size_t>(phase)];
  const chat::join_progress n{
    room_.head.chat_room_id,         room_.id, user, word, server, static_cast<std::int64_t>(done),
    static_cast<std::int64_t>(total)};
  out_.send_at_once({actor_kind::session, ""},
                    ephemeral_notification{n.name, "join|" + room_.id + "|" + user, chat::encode(n)});
}

bool chat_notifier::is_message_shown(const matrix::event& x) {
  if (x.is_state() || (x.type != "m.room.message" && x.type != "m.room.encrypted")) return false;
  return !x.content().empty(); // redacted, or altered on the way: there is nothing to show
}

void chat_notifier::message(const matrix::event_ptr& x, bool historical) {
  if (!is_message_shown(*x) || room_.node.is_local(x->sender) || related_of(*x)) return;
  tell_message(*x, x->content(), historical);
}

void chat_notifier::edit_as_message(const matrix::event& edit, bool historical) {
  tell_message(edit, new_content_of(edit), historical);
}

void chat_notifier::tell_message(const matrix::event& x, const matrix::json::object& content, bool historical) {
  chat::message_received n;
  n.room = room_.head.chat_room_id;
  n.matrix_room_id = room_.id;
  n.event_id = x.event_id;
  n.sender = x.sender;
  if (x.type == "m.room.encrypted") {
    n.msgtype = x.type;
    n.text = encrypted_placeholder;
  } else {
    const auto* msgtype = content.find("msgtype");
    if (msgtype && msgtype->as_string()) n.msgtype = *msgtype->as_string();
    auto said = text_in(content);
    n.text = std::move(said.text);
    n.html = std::move(said.html);
    n.file = file_of(content);
    n.geo_uri = place_of(content);
    n.mentions = mentions_of(content, room_.id);
  }
  auto relation = relation_of(content);
  n.thread = std::move(relation.thread);
  n.reply_to = std::move(relation.reply_to);
  n.historical = historical;
  n.ts = shown_ts(&x);
  notify(std::move(n));
}

void chat_notifier::membership_changed(const state_change& c, const membership_context& context) {
  const auto& user = c.key.second;
  using enum matrix::membership;
  const auto previous = c.before ? c.before->membership() : none;
  const auto next = c.after ? c.after->membership() : leave;
  const auto* e = c.after.get();
  const auto by = e ? e->sender : std::string{};
  const auto reason = e ? text_of(*e, "reason") : std::string{};
  notify(chat::member_changed{.room = room_.head.chat_room_id,
                              .matrix_room_id = room_.id,
                              .user = user,
                              .membership = shown(next),
                              .previous_membership = shown(previous),
                              .by = by,
                              .reason = reason,
                              .display_name = e ? text_of(*e, "displayname") : std::string{},
                              .avatar = e ? picture_in(*e, "avatar_url") : std::string{},
                              .event_id = e ? e->event_id : std::string{},
                              .ts = shown_ts(e)});
  if (previous == next && (next == join || next == knock)) return; // but a name or a reason
  std::string kind;
  if (next == join) kind = "joined";
  else if (next == invite) kind = context.is_invited_already ? "" : "invited"; // told when the invitation was sent
  else if (next == knock) kind = "knocked";
  else if (next == ban) kind = "banned";
  else if (next == leave) {
    const bool self = by == user;
    if (previous == invite) kind = self ? "rejected" : context.has_expired ? "expired" : "revoked";
    else if (previous == knock && e) kind = self ? "knock_retracted" : "knock_rejected";
    else if (previous == ban) kind = "unbanned";
    else if (previous == join) kind = self || !e ? "left" : "kicked";
  }
  const bool is_gone = previous == join && (next == leave || next == ban) && room_.node.is_local(user);
  if (is_gone && !context.removed_by.empty()) {
    // Nobody is left to be shown what the room shows.
    return notify(removed_for(user, "removed", context.removed_by, reason, e));
  }
  if (!kind.empty()) system_message(kind, by, user, reason, e);
  if (is_gone) notify(removed_for(user, kind, by.empty() ? user : by, reason, e));
}

chat::room_removed_for chat_notifier::removed_for(const std::string& user, std::string cause, const std::string& by,
                                                  const std::string& reason, const matrix::event* e) const {
  return {.room = room_.head.chat_room_id,
          .matrix_room_id = room_.id,
          .user = user,
          .cause = std::move(cause),
          .by = by,
          .reason = reason,
          .event_id = e ? e->event_id : std::string{},
          .ts = shown_ts(e)};
}

void chat_notifier::state_changed(const state_change& c) {
  const auto& type = c.key.first;
  if (const auto* what = setting_of(type); what && c.key.second.empty()) {
    const auto before = value_of(*what, c.before.get());
    auto now = value_of(*what, c.after.get());
    if (c.after) setting_shown(*what, c.after->sender, now, {}, c.after.get());
    if (now != before) setting_changed(*what, std::move(now), c.after.get());
  } else if (type == "m.room.power_levels" && c.after) {
    if (c.before) levels_changed(*c.before, *c.after);
    roles_changed(c.before.get(), *c.after);
  } else if (const auto* kind = kind_of_rule(type); kind && c.after && c.key.second.empty()) {
    rule_changed(kind, c.before.get(), *c.after);
  }
}

void chat_notifier::state_redacted(const matrix::event& before, const matrix::event& after,
                                   const matrix::event& redaction, std::string reason) {
  if (after.type == "m.room.member" && after.membership() == matrix::membership::join)
    notify(chat::member_changed{.room = room_.head.chat_room_id,
                                .matrix_room_id = room_.id,
                                .user = *after.state_key,
                                .membership = shown(matrix::membership::join),
                                .previous_membership = shown(matrix::membership::join),
                                .by = redaction.sender,
                                .reason = std::move(reason),
                                .display_name = {},
                                .avatar = {},
                                .event_id = after.event_id,
                                .ts = shown_ts(&redaction)});
  else if (const auto* what = setting_of(after.type); what && !value_of(*what, &before).empty()) {
    setting_shown(*what, redaction.sender, {}, std::move(reason), &redaction);
    setting_changed(*what, {}, &redaction);
  }
}

} // namespace causeway::room
