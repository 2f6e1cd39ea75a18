#include "actors/room/refounding_rules.hpp"

#include "actors/room/found_room.hpp"
#include "messages/matrix/base64.hpp"
#include "messages/matrix/sha256.hpp"

#include <utility>

namespace causeway::room {

using matrix::json::array;
using matrix::json::object;
using matrix::json::value;

namespace {

/// What nobody but such a creator reaches.
constexpr std::int64_t above_all_levels = 150;
/// Bytes of a hash that stand in for random ones in the id of a room.
constexpr std::size_t derived_bytes = 18;

bool allows(const matrix::room_version_rules& rules, const matrix::event* join_rules) {
  const auto* word = join_rules ? join_rules->content().find("join_rule") : nullptr;
  const auto* rule = word ? word->as_string() : nullptr;
  if (!rule) return true;
  return *rule == "knock"              ? rules.knock
         : *rule == "restricted"       ? rules.restricted_join
         : *rule == "knock_restricted" ? rules.knock_restricted
                                       : true;
}

} // namespace

const matrix::room_version_rules* next_older_version(const matrix::room_version_rules& current, std::string_view least,
                                                     const matrix::event* join_rules) {
  const matrix::room_version_rules* found = nullptr;
  bool is_late_enough = false;
  for (const auto& rules : matrix::room_versions()) { // oldest first
    if (rules.id == current.id) return found;
    is_late_enough = is_late_enough || rules.id == least;
    if (is_late_enough && allows(rules, join_rules)) found = &rules;
  }
  return nullptr;
}

result<matrix::event_ptr> found_again(const context& node, const matrix::event& former,
                                      const matrix::room_version_rules& rules) {
  auto content = former.content();
  // Nobody outside has seen the former room: there is nothing to lead anybody to.
  for (const auto* key : {"creator", "additional_creators", "causeway.nonce", "predecessor"}) content.erase(key);
  const auto hash = matrix::sha256("founded again\n" + former.room_id + "\n" + std::string{rules.id});
  return sign_create(node, rules, former.sender, std::move(content),
                     matrix::base64url_encode(std::string_view{hash}.substr(0, derived_bytes)),
                     former.origin_server_ts);
}

std::optional<draft> room_copy::draft_of(const matrix::event& former) const {
  if (former.type == "m.room.create" || former.type == "m.room.redaction") return {};
  if (!former.is_state() && former.redacted_because) return {};
  draft d{former.type, former.sender, former.state_key, former.content()};
  d.sent_at = former.origin_server_ts;
  if (former.is_state("m.room.power_levels")) d.content = levels(std::move(d.content));
  if (former.is_state("m.room.pinned_events"))
    if (auto* pinned = d.content.find("pinned"); pinned && pinned->as_array())
      std::erase_if(*pinned->as_array(), [this](value& id) { return !rename(&id); });
  if (!former.is_state() && !rename_relations(d.content)) return {};
  return d;
}

bool room_copy::rename(value* id) const {
  const auto* text = id ? id->as_string() : nullptr;
  const auto known = text ? ids_.find(*text) : ids_.end();
  if (known == ids_.end()) return false;
  *id = known->second;
  return true;
}

bool room_copy::rename_relations(object& content) const {
  auto* found = content.find("m.relates_to");
  auto* relates = found ? found->as_object() : nullptr;
  if (!relates) return true;
  if (auto* id = relates->find("event_id"); id && !rename(id)) {
    const auto* type = relates->find("rel_type");
    if (!type || !type->as_string() || *type->as_string() != "m.thread") return false; // an edit of nothing
    content.erase("m.relates_to");                                                     // its root is deleted
    return true;
  }
  auto* reply = relates->find("m.in_reply_to");
  if (auto* answered = reply ? reply->as_object() : nullptr; answered && !rename(answered->find("event_id")))
    relates->erase("m.in_reply_to");
  if (relates->empty()) content.erase("m.relates_to");
  return true;
}

object room_copy::levels(object content) const {
  if (from_.privileged_creators == to_.privileged_creators) return content;
  if (!content.contains("users")) content.set("users", object{});
  auto* users = content.find("users")->as_object();
  auto* events = content.contains("events") ? content.find("events")->as_object() : nullptr;
  auto* upgrade = events ? events->find("m.room.tombstone") : nullptr;
  const auto* needed = upgrade ? upgrade->as_integer() : nullptr;
  if (to_.privileged_creators) {
    if (users) users->erase(creator_);
    if (needed && *needed == creator_level && creator_level_ == creator_level) *upgrade = above_all_levels;
  } else {
    if (users) users->set(creator_, creator_level_);
    if (needed && *needed > creator_level) *upgrade = creator_level;
  }
  return content;
}

} // namespace causeway::room
