#include "made_room.hpp"

#include <stdexcept>

namespace causeway::test {

json::object parsed(std::string_view text) {
  auto value = json::parse(text);
  if (!value || !value->as_object()) throw std::invalid_argument{"no JSON object: " + std::string{text}};
  return *value->as_object();
}

event_ptr made_event(const json::object& members, const room_version_rules& rules) {
  const json::value all{members};
  const auto text = [&](std::string_view key) {
    const auto* found = all.find_string(key);
    return found ? *found : std::string{};
  };
  const auto ids = [&](std::string_view key) {
    std::vector<std::string> result;
    if (const auto* list = all.find_array(key))
      for (const auto& id : *list) result.push_back(*id.as_string());
    return result;
  };
  auto x = std::make_shared<event>();
  x->event_id = text("event_id");
  x->room_id = text("room_id");
  x->type = text("type");
  x->sender = text("sender");
  if (const auto* key = all.find_string("state_key")) x->state_key = *key;
  if (const auto* depth = all.find_integer("depth")) x->depth = *depth;
  if (const auto* ts = all.find_integer("origin_server_ts")) x->origin_server_ts = *ts;
  x->prev_events = ids("prev_events");
  x->auth_events = ids("auth_events");
  x->source = members;
  x->rules_ = &rules;
  if (x->room_id.empty() && x->type == "m.room.create") x->room_id = "!" + x->event_id.substr(1);
  return x;
}

made_room::made_room(std::string_view version, std::string_view create_content) : rules_{find_room_version(version)} {
  auto content = parsed(create_content);
  content.set("room_version", version);
  if (!rules_->implicit_creator && !content.contains("creator")) content.set("creator", founder);
  json::object members{{"event_id", "$create"}, {"type", "m.room.create"}, {"sender", founder}, {"state_key", ""}};
  members.set("content", content);
  if (!rules_->room_id_is_create_hash) members.set("room_id", "!room:a.test");
  create_ = made_event(members, *rules_);
  state_[{"m.room.create", ""}] = create_;
  events_[create_->event_id] = create_;
}

event_ptr made_room::proposed(std::string_view type, std::string_view sender, std::optional<std::string> state_key,
                              std::string_view content) const {
  json::object members{
    {"event_id", "$" + std::to_string(next_id_++) + ":" + std::string{sender.substr(sender.find(':') + 1)}},
    {"type", type},
    {"sender", sender},
    {"room_id", create_->room_id}};
  members.set("content", parsed(content));
  members.set("prev_events", json::array{"$earlier", "$other"});
  if (state_key) members.set("state_key", *state_key);
  return made_event(members, *rules_);
}

status made_room::verdict(std::string_view type, std::string_view sender, std::optional<std::string> state_key,
                          std::string_view content) const {
  return verdict(*proposed(type, sender, std::move(state_key), content));
}

status made_room::verdict(const event& x) const { return check_auth(x, create_.get(), state()); }

const event& made_room::put(std::string_view type, std::string_view sender, std::string_view state_key,
                            std::string_view content) {
  auto x = proposed(type, sender, std::string{state_key}, content);
  events_[x->event_id] = x;
  return *(state_[{std::string{type}, std::string{state_key}}] = x);
}

state_lookup made_room::state() const {
  return [this](std::string_view type, std::string_view key) -> const event* {
    const auto found = state_.find({std::string{type}, std::string{key}});
    return found == state_.end() ? nullptr : found->second.get();
  };
}

const event* made_room::find(std::string_view event_id) const {
  const auto found = events_.find(std::string{event_id});
  return found == events_.end() ? nullptr : found->second.get();
}

std::string words(const status& verdict) { return verdict ? "allowed" : verdict.error().detail; }

} // namespace causeway::test
