#include "actors/room/message_relations.hpp"

#include "actors/room/event_text.hpp"
#include "actors/room/mentions.hpp"
#include "messages/html.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace causeway::room {
namespace {

using matrix::json::object;

const object* new_content_in(const object& content) {
  const auto* found = content.find("m.new_content");
  const auto* fresh = found ? found->as_object() : nullptr;
  const auto* body = fresh ? fresh->find("body") : nullptr;
  return body && body->as_string() ? fresh : nullptr;
}

object text_content(const std::string& msgtype, const std::string& text, const std::optional<std::string>& html,
                    const char* prefix) {
  object content{{"msgtype", msgtype}, {"body", prefix + text}};
  if (html) {
    content.set("format", "org.matrix.custom.html");
    content.set("formatted_body", prefix + html::sanitized(*html));
  }
  return content;
}

} // namespace

related_event related_of(const matrix::event& x) {
  related_event out;
  if (x.is_state() || x.redacted_because) return out;
  const auto* relates = x.content().find("m.relates_to");
  if (!relates || !relates->as_object()) return out;
  const auto* rel_type = relates->find_string("rel_type");
  const auto* target = relates->find_string("event_id");
  if (!rel_type || !target || target->empty() || *target == x.event_id) return out;
  const auto* key = relates->find_string("key");
  if (x.type == "m.room.message" && *rel_type == rel_replace && new_content_in(x.content())) {
    out.rel_type = rel_replace;
  } else if (x.type == "m.reaction" && *rel_type == rel_annotation && key && !key->empty() &&
             key->size() <= chat::reaction_key_bytes_max) {
    out.rel_type = rel_annotation;
    out.key = *key;
  } else {
    return out;
  }
  out.target_event_id = *target;
  return out;
}

bool is_relatable(const matrix::event& x) {
  return !x.is_state() && !x.redacted_because && !x.content().empty() &&
         (x.type == "m.room.message" || x.type == "m.room.encrypted") && !related_of(x);
}

bool replaces(const matrix::event& edit, const matrix::event& original) {
  return is_relatable(original) && original.type == edit.type && original.sender == edit.sender &&
         original.room_id == edit.room_id;
}

bool is_editable_text(const matrix::event& x) {
  if (!is_relatable(x) || x.type != "m.room.message") return false;
  const auto msgtype = text_of(x, "msgtype");
  return msgtype == "m.text" || msgtype == "m.emote" || msgtype == "m.notice";
}

bool is_later_edit(const matrix::event& a, const matrix::event& b) {
  return std::tie(a.origin_server_ts, a.event_id) > std::tie(b.origin_server_ts, b.event_id);
}

const object& new_content_of(const matrix::event& edit) { return *new_content_in(edit.content()); }

const object& shown_content_of(const matrix::event& original, const matrix::event* edit) {
  return edit ? new_content_of(*edit) : original.content();
}

std::vector<std::string> newly_mentioned(std::vector<std::string> now, const std::vector<std::string>& before) {
  std::erase_if(now, [&](const auto& user) { return std::find(before.begin(), before.end(), user) != before.end(); });
  return now;
}

object mentions_content(const std::vector<std::string>& mentions) {
  object out;
  matrix::json::array users;
  for (const auto& user : mentions) {
    if (user == "@room") out.set("room", true);
    else users.emplace_back(user);
  }
  if (!users.empty()) out.set("user_ids", std::move(users));
  return out;
}

object edit_content(const chat::message_edit& x, const matrix::event& original, const matrix::event* latest) {
  const auto msgtype = text_of(original, "msgtype");
  // Who knows no edits sees another message, marked as a correction.
  auto content = text_content(msgtype, x.text, x.html, "* ");
  auto fresh = text_content(msgtype, x.text, x.html, "");
  fresh.set("m.mentions", mentions_content(x.mentions));
  auto called = newly_mentioned(x.mentions, mentions_of(original.content(), original.room_id));
  if (latest) called = newly_mentioned(std::move(called), mentions_of(new_content_of(*latest), original.room_id));
  content.set("m.mentions", mentions_content(called));
  content.set("m.new_content", std::move(fresh));
  content.set("m.relates_to", object{{"rel_type", rel_replace}, {"event_id", original.event_id}});
  return content;
}

object reaction_content(const std::string& target_event_id, const std::string& key) {
  return {{"m.relates_to", object{{"rel_type", rel_annotation}, {"event_id", target_event_id}, {"key", key}}}};
}

} // namespace causeway::room
