#include "actors/room/room_summary.hpp"

#include "actors/excerpt.hpp"
#include "messages/limits.hpp"

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr std::size_t name_bytes_max = 1'000;
constexpr std::size_t topic_bytes_max = 4'000;

} // namespace

object summary_of(const room_state& room) {
  auto text = [&](std::string_view type, std::string_view key) -> const std::string* {
    auto e = room.graph.state_event(type);
    const auto* v = e ? e->content().find(key) : nullptr;
    return v ? v->as_string() : nullptr;
  };
  auto is = [](const std::string* x, std::string_view wanted) { return x && *x == wanted; };
  object o{{"room_id", room.id}, {"room_version", room.head.room_version}};
  auto take = [&](const char* into, const std::string* from, std::size_t bytes_max) {
    if (from && !from->empty()) o.set(into, excerpt(*from, bytes_max));
  };
  take("name", text("m.room.name", "name"), name_bytes_max);
  take("topic", text("m.room.topic", "topic"), topic_bytes_max);
  take("canonical_alias", text("m.room.canonical_alias", "alias"), limits::identifier_bytes_max);
  take("avatar_url", text("m.room.avatar", "url"), name_bytes_max);
  take("encryption", text("m.room.encryption", "algorithm"), limits::identifier_bytes_max);
  if (const auto* type = room.graph.create()->content().find("type"); type && type->as_string())
    o.set("room_type", excerpt(*type->as_string(), limits::identifier_bytes_max));
  const auto* rule = text("m.room.join_rules", "join_rule");
  o.set("join_rule", rule ? *rule : std::string{"invite"});
  o.set("guest_can_join", is(text("m.room.guest_access", "guest_access"), "can_join"));
  o.set("world_readable", is(text("m.room.history_visibility", "history_visibility"), "world_readable"));
  o.set("num_joined_members", static_cast<std::int64_t>(room.graph.members().all().joined));
  if (is(rule, "restricted") || is(rule, "knock_restricted")) {
    matrix::json::array allowed;
    auto e = room.graph.state_event("m.room.join_rules");
    if (const auto* allow = e->content().find("allow"); allow && allow->as_array())
      for (const auto& condition : *allow->as_array()) {
        const auto* type = condition.find_string("type");
        const auto* named = condition.find_string("room_id");
        if (type && *type == "m.room_membership" && named) allowed.emplace_back(*named);
      }
    o.set("allowed_room_ids", std::move(allowed));
  }
  return o;
}

} // namespace causeway::room
