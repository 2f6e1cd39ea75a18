#include "messages/matrix/redaction.hpp"

#include "messages/matrix/event.hpp"
#include "messages/matrix/json_text_writer.hpp"

#include <algorithm>
#include <initializer_list>

namespace causeway::matrix {
namespace {

bool is_one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool keeps_top_level(std::string_view key, const room_version_rules& rules) {
  return is_one_of(key, {"auth_events", "content", "depth", "event_id", "hashes", "origin_server_ts", "prev_events",
                         "room_id", "sender", "signatures", "state_key", "type"}) ||
         (!rules.redaction_updated && is_one_of(key, {"membership", "origin", "prev_state"}));
}

enum class kept : std::uint8_t { no, yes, only_signed };

/// What a redaction leaves of the member `key` of the content of an event of type `type`.
kept keeps_content(std::string_view type, std::string_view key, const room_version_rules& rules) {
  const auto yes_if = [](bool x) { return x ? kept::yes : kept::no; };
  const bool updated = rules.redaction_updated;
  if (type == "m.room.member") {
    if (key == "third_party_invite") return updated ? kept::only_signed : kept::no;
    return yes_if(key == "membership" ||
                  (rules.redaction_keeps_join_authorised && key == "join_authorised_via_users_server"));
  }
  if (type == "m.room.create") return yes_if(updated || key == "creator");
  if (type == "m.room.join_rules")
    return yes_if(key == "join_rule" || (rules.redaction_keeps_join_rules_allow && key == "allow"));
  if (type == "m.room.power_levels")
    return yes_if(is_one_of(key, {"ban", "events", "events_default", "kick", "redact", "state_default", "users",
                                  "users_default"}) ||
                  (updated && key == "invite"));
  if (type == "m.room.history_visibility") return yes_if(key == "history_visibility");
  if (type == "m.room.aliases") return yes_if(rules.redaction_keeps_aliases && key == "aliases");
  if (type == "m.room.redaction") return yes_if(updated && key == "redacts");
  return kept::no;
}

std::string_view type_of(const json::object& pdu) {
  const auto* type = pdu.find("type");
  const auto* text = type ? type->as_string() : nullptr;
  return text ? std::string_view{*text} : std::string_view{};
}

json::object redact_content(std::string_view type, const json::value& content, const room_version_rules& rules) {
  json::object out;
  const auto* members = content.as_object();
  if (!members) return out;
  for (const auto& [key, mapped] : *members) {
    const auto verdict = keeps_content(type, key, rules);
    if (verdict == kept::yes) out.set(key, mapped);
    if (verdict == kept::only_signed && mapped.as_object()) {
      json::object left;
      if (const auto* signed_part = mapped.find("signed")) left.set("signed", *signed_part);
      out.set(key, std::move(left));
    }
  }
  return out;
}

void write_redacted_content(json::text_writer& out, std::string_view type, const json::value& content,
                            const room_version_rules& rules) {
  json::member_writer writer{out};
  if (const auto* members = content.as_object())
    for (const auto& [key, mapped] : *members) {
      const auto verdict = keeps_content(type, key, rules);
      if (verdict == kept::yes) {
        writer.key(key);
        out.add(mapped);
      }
      if (verdict == kept::only_signed && mapped.as_object()) {
        writer.key(key);
        json::member_writer inner{out};
        if (const auto* signed_part = mapped.find("signed")) {
          inner.key("signed");
          out.add(*signed_part);
        }
        inner.end();
      }
    }
  writer.end();
}

} // namespace

json::object redact(const json::object& pdu, const room_version_rules& rules) {
  json::object out;
  for (const auto& [key, mapped] : pdu) {
    if (!keeps_top_level(key, rules)) continue;
    if (key == "content") out.set(key, redact_content(type_of(pdu), mapped, rules));
    else out.set(key, mapped);
  }
  return out;
}

void write_signed_part(json::text_writer& out, const json::object& pdu, const room_version_rules& rules) {
  json::member_writer writer{out};
  for (const auto& [key, mapped] : pdu) {
    if (key == "signatures" || !keeps_top_level(key, rules)) continue;
    writer.key(key);
    if (key == "content") write_redacted_content(out, type_of(pdu), mapped, rules);
    else out.add(mapped);
  }
  writer.end();
}

} // namespace causeway::matrix
