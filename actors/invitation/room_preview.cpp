#include "actors/invitation/room_preview.hpp"

#include "actors/excerpt.hpp"

#include <array>

namespace causeway::invitation {
namespace {

/// Shown or needed first comes first: without the create event a room of version 12 is not proven, and a name tells
/// more than a topic.
constexpr std::array<std::string_view, 8> types{
  "m.room.create",          "m.room.name",   "m.room.member", "m.room.join_rules",
  "m.room.canonical_alias", "m.room.avatar", "m.room.topic",  "m.room.encryption"};
constexpr std::size_t text_bytes_max = 1'000;
/// An honest server tells a few kilobytes. Nothing of what is larger than this is worth looking at.
constexpr std::size_t told_bytes_max = 128 * 1024;

const matrix::json::value* find_event(const matrix::json::array& events, std::string_view type,
                                      std::string_view state_key) {
  for (const auto& e : events) {
    const auto* its_type = e.find_string("type");
    const auto* its_key = e.find_string("state_key");
    if (its_type && *its_type == type && its_key && *its_key == state_key && e.find_object("content")) return &e;
  }
  return nullptr;
}

} // namespace

std::string room_preview(const matrix::json::value* told, std::string_view inviter) {
  std::string kept = "[";
  if (const auto* events = told ? told->as_array() : nullptr;
      events && matrix::json::canonical(*told).size() <= told_bytes_max)
    for (const auto type : types) {
      const auto* e = find_event(*events, type, type == "m.room.member" ? inviter : std::string_view{});
      if (!e) continue;
      const auto text = matrix::json::canonical(*e);
      if (kept.size() + text.size() + 2 > room_preview_bytes_max) continue;
      if (kept.size() > 1) kept += ',';
      kept += text;
    }
  return kept + "]";
}

std::string preview_text(std::string_view preview, std::string_view type, std::string_view state_key,
                         std::string_view key) {
  const auto parsed = matrix::json::parse(preview);
  const auto* events = parsed ? parsed->as_array() : nullptr;
  const auto* e = events ? find_event(*events, type, state_key) : nullptr;
  const auto* content = e ? e->find("content") : nullptr;
  const auto* text = content ? content->find_string(key) : nullptr;
  return text ? excerpt(*text, text_bytes_max) : std::string{};
}

} // namespace causeway::invitation
