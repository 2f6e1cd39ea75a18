#include "actors/room/permission_drift.hpp"

#include "actors/room/roles.hpp"
#include "messages/chat/codec.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {
namespace {

using matrix::power_levels;

constexpr const char* drift_cause_lost = chat::drift_causes[0];
constexpr const char* drift_cause_edit = chat::drift_causes[1];
constexpr const char* drift_cause_threshold = chat::drift_causes[2];
constexpr const char* drift_cause_resolved = chat::drift_causes[3];

/// What a level was worth and is not any more.
std::vector<std::string> actions_missing(const power_levels& then, std::int64_t level_then, const power_levels& now,
                                         std::int64_t level_now) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < chat::actions_max; ++i) {
    const auto x = static_cast<chat::action>(i);
    if (level_then >= level_needed(then, x) && level_now < level_needed(now, x))
      out.emplace_back(edge::wire_names<chat::action>::names[i]);
  }
  return out;
}

/// One of ours who may give a user that level; empty: none.
std::string who_may_give(const room_state& room, const std::string& user, std::int64_t level) {
  const auto levels = room.graph.levels();
  if (room.graph.rules().privileged_creators && levels.is_creator(user)) return {};
  const auto has = levels.of_user(user);
  const auto needed = std::max(level, levels.of_event(levels_type, true));
  for (const auto& one : room.local_speakers()) {
    const auto own = levels.of_user(one);
    // Nobody raises their own level, nor touches that of an equal.
    if (one != user && own >= needed && own > has) return one;
  }
  return {};
}

std::string what_is_true(const chat::permission_drift& x) {
  return (x.user.empty() ? std::string{"members without a level of their own are "} : x.user + " is ") + x.role +
         " there";
}

/// Why nobody of ours can set it right, in words.
std::string hindrance(const chat::permission_drift& x, bool is_made_by_a_level) {
  // Levels of everybody are no role that is given: whoever needs more gets one of their own.
  if (x.user.empty()) return "No role is given to all at once";
  if (!is_made_by_a_level) return "No level of the room makes a " + x.wanted_role + " any more";
  // An equal is not above either: nobody raises themselves, or gives what they do not have.
  return "None of your users is above " + x.user + " with a level to give";
}

/// What can be done about it, given what it is about.
void add_remedy(const room_state& room, chat::permission_drift& x, chat::role wanted) {
  const auto level = room.roles().level_of(wanted);
  const auto by = level && !x.user.empty() ? who_may_give(room, x.user, *level) : std::string{};
  x.remedy = chat::drift_remedies[by.empty() ? 1 : 0];
  if (!by.empty()) {
    x.fixable_by = by;
    x.fix = by + " may make " + x.user + " a " + x.wanted_role + " again (member.set_role).";
    return;
  }
  x.fix = hindrance(x, level.has_value()) + ": take over that " + what_is_true(x) +
          (x.user.empty() ? ", give those who need more a role of their own (member.set_role)" : "") + ", or ask " +
          (x.by.empty() ? std::string{"an owner of the room"} : x.by) + ".";
}

time_ms shown_ts_of(const matrix::event& x, time_ms now) { return std::clamp<time_ms>(x.origin_server_ts, 0, now); }

/// Ours whose power the levels name, the most powerful first.
std::vector<std::pair<std::int64_t, std::string>> ours_with_levels(const room_state& room,
                                                                   const matrix::event& before) {
  const power_levels then{room.graph.create().get(), &before};
  const auto usual = then.of_action("users_default");
  std::vector<std::pair<std::int64_t, std::string>> out;
  for (const auto& user : room.graph.members().local_joined())
    if (const auto level = then.of_user(user); level != usual) out.emplace_back(level, user);
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  if (out.size() < room.graph.members().local_joined().size()) out.emplace_back(usual, std::string{});
  return out;
}

/// Whether whoever made a change of the levels knew of this one. Between the two there may be others that we have not
/// seen: a told state has the last.
bool knew_of(const room_state& room, const matrix::event& change, const std::string& earlier) {
  auto e = levels_before(room, change);
  for (std::size_t steps = 0; e && steps < level_changes_followed_max; ++steps, e = levels_before(room, *e))
    if (e->event_id == earlier) return true;
  return false;
}

} // namespace

matrix::event_ptr levels_before(const room_state& room, const matrix::event& levels) {
  for (const auto& id : levels.auth_events)
    if (const auto* n = room.graph.find(id); n && n->event->is_state(levels_type)) return n->event;
  return nullptr;
}

std::vector<chat::permission_drift> permission_drifts(const room_state& room, const state_change& c,
                                                      const std::function<bool(const std::string&)>& is_to_be_given) {
  if (c.key.first != levels_type || !c.before || !c.after || !room.takes_part() || !room.is_ours()) return {};
  const auto& after = *c.after;
  const bool is_next = knew_of(room, after, c.before->event_id); // else servers did not agree
  if (is_next && room.node.is_local(after.sender)) return {};
  const auto* create = room.graph.create().get();
  const power_levels then{create, c.before.get()}, now{create, &after};
  const role_scale roles_then{create, c.before.get(), true}, roles_now{create, &after, true};
  std::vector<chat::permission_drift> out;
  for (const auto& [level, user] : ours_with_levels(room, *c.before)) {
    if (out.size() == drifts_told_max) break;
    if (is_to_be_given(user)) continue;
    const auto level_now = user.empty() ? now.of_action("users_default") : now.of_user(user);
    auto missing = actions_missing(then, level, now, level_now);
    if (missing.empty()) continue;
    chat::permission_drift x;
    x.user = user;
    x.cause = !is_next ? drift_cause_resolved : level_now != level ? drift_cause_edit : drift_cause_threshold;
    x.role = word_of(roles_now.at(level_now));
    x.wanted_role = word_of(roles_then.at(level));
    x.missing = std::move(missing);
    if (is_next) x.by = after.sender;
    x.event_id = after.event_id;
    add_remedy(room, x, roles_then.at(level));
    out.push_back(std::move(x));
  }
  return out;
}

chat::permission_drift lost_update(const room_state& room, const std::string& user, std::int64_t level) {
  const auto levels = room.graph.levels();
  const auto event = room.graph.state_event(levels_type);
  const auto wanted = room.roles().at(level);
  chat::permission_drift x;
  x.user = user;
  x.cause = drift_cause_lost;
  x.role = word_of(room.roles().of_user(user));
  x.wanted_role = word_of(wanted);
  x.missing = actions_missing(levels, level, levels, levels.of_user(user));
  if (event) {
    x.by = event->sender;
    x.event_id = event->event_id;
  }
  add_remedy(room, x, wanted);
  return x;
}

std::optional<std::int64_t> level_to_give(const room_state& room, const chat::permission_drift& x) {
  const auto* const wanted = std::ranges::find(chat::roles, x.wanted_role);
  if (!x.fixable_by || wanted == std::end(chat::roles)) return {};
  return room.roles().level_of(static_cast<chat::role>(wanted - std::begin(chat::roles)));
}

void notify(const room_state& room, decision& out, chat::permission_drift x) {
  const auto policy = room.node.settings().room.permission_drift;
  if (policy != config::drift_policy::report) x.policy = chat::drift_policies[static_cast<std::size_t>(policy)];
  if (policy == config::drift_policy::pull) {
    x.remedy = chat::drift_remedies[1];
    x.fix = "The room's word counts: take over that " + what_is_true(x) + ".";
  }
  x.room = room.head.chat_room_id;
  x.matrix_room_id = room.id;
  const auto levels = room.graph.state_event(levels_type);
  x.ts = levels ? shown_ts_of(*levels, out.now()) : out.now();
  out.log(log_level::warning, "R171 permissions of a room differ from what the chat server has set or was told",
          {{"room", room.id},
           {"user", x.user},
           {"cause", x.cause},
           {"role", x.role},
           {"wanted_role", x.wanted_role},
           {"by", x.by},
           {"remedy", x.remedy}});
  out.write(store::append_outbox{room.node.stream_of(room.id), x.name, chat::encode(chat::notification{std::move(x)})});
}

} // namespace causeway::room
