#include "actors/room/role_commands.hpp"

#include "actors/room/moderation_rules.hpp"
#include "actors/room/service_user.hpp"
#include "actors/room/succession.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <utility>

namespace causeway::room {
namespace {

using matrix::json::object;
using chat::action;

/// One more than a level, which nobody is above whose level is beyond all numbers.
std::int64_t above(std::int64_t level) { return level >= limits::canonical_integer_max ? level : level + 1; }

/// The membership that an action gives its target; null: none.
const char* membership_given(action x) {
  switch (x) {
  case action::invite: return "invite";
  case action::kick:
  case action::unban: return "leave";
  case action::ban: return "ban";
  default: return nullptr;
  }
}

status no_because(std::string why) { return fault{fault_code::forbidden, std::move(why)}; }

const store::put_user* find_profile(const chat_command& c, std::string_view user) {
  for (const auto& p : *c.profiles)
    if (p.user_id == user) return &p;
  return nullptr;
}

} // namespace

result<std::int64_t> role_commands::level_for(const std::string& user, chat::role wanted) const {
  if (room_.graph.membership(user) != matrix::membership::join)
    return {fault_code::not_member, user + " is not in the room"};
  if (room_.graph.rules().privileged_creators && room_.graph.levels().is_creator(user))
    return {fault_code::forbidden, user + " has made the room: in its version a creator stays its owner for ever"};
  if (const auto level = room_.roles().level_of(wanted)) return *level;
  return {fault_code::conflict, std::string{"no level of this room makes a "} + word_of(wanted)};
}

draft role_commands::level_change(const std::string& by, const std::string& user, std::int64_t level) const {
  const auto levels = room_.graph.state_event(levels_type);
  return {levels_type, by, "", with_level(*room_.graph.create(), levels.get(), user, level)};
}

attempt<matrix::event_ptr> role_commands::author_change(const std::string& by, const std::string& user,
                                                        std::int64_t level) {
  attempt<matrix::event_ptr> e = fault{};
  for (const auto& one : who_changes_levels(room_, by, user)) {
    e = authoring_.author(level_change(one, user, level));
    if (e || e.waits() || e.error().code != fault_code::forbidden) break;
  }
  return e;
}

command_outcome role_commands::run(const queued_command&, const chat::member_set_role& x) {
  if (room_.graph.membership(x.by) != matrix::membership::join)
    return fault{fault_code::not_member, x.by + " is not in the room"};
  const auto level = level_for(x.user, x.wanted);
  if (!level) return level.error();
  const auto has = room_.graph.levels().of_user(x.user);
  // Whatever level it is by: another would only take somebody the power to change it.
  if (room_.roles().at(has) == x.wanted) return succeeded{chat::role_answer{{}, word_of(x.wanted), shown_level(has)}};
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    auto e = author_change(x.by, x.user, *level);
    if (!e) return failed_like(e);
    if (auto fine = authoring_.commit(*e); !fine) return fine.error();
    // Where the room has more ends than an event can cite, one of the others may hold another change of the levels.
    if (room_.graph.levels().of_user(x.user) == *level)
      return succeeded{chat::role_answer{(*e)->event_id, word_of(x.wanted), *level}};
  }
  return fault{fault_code::conflict,
               "the levels were changed by somebody else at the same moment, and their change won"};
}

// -- query.can

command_outcome role_commands::run(const queued_command& c, const chat::query_can& x) {
  chat::can_answer answer;
  const auto levels = room_.graph.levels();
  answer.level = shown_level(levels.of_user(x.user));
  answer.needed = shown_level(needed(x));
  auto fine = may_be_named(c.command, x);
  const bool is_member = room_.graph.membership(x.user) == matrix::membership::join;
  if (fine) fine = is_member ? may(x) : fault{fault_code::not_member, x.user + " is not in the room"};
  if (!fine) {
    answer.verdict = is_member || fine.error().code != fault_code::not_member ? "no" : "not_member";
    answer.reason = fine.error().detail;
    if (fine.error().code != fault_code::none) answer.code = info(fine.error().code).name;
  } else if (x.what == action::set_role && is_for_good(*x.target, *x.wanted)) {
    answer.verdict = "irreversible";
    answer.reason = "nobody else in the room could take it back";
  } else {
    answer.verdict = "yes";
  }
  return succeeded{std::move(answer), false};
}

status role_commands::may_be_named(const chat_command& c, const chat::query_can& x) const {
  if (x.what != action::invite || !x.target || !c.profiles) return ok();
  const auto& node = room_.node;
  if (node.is_local(*x.target)) {
    const auto* invited = find_profile(c, *x.target);
    if (!invited)
      return {fault_code::not_found, *x.target + " is no user of " + node.server_name + " that the broker was told of"};
    if (invited->deactivated_ts != 0) return {fault_code::user_deactivated, *x.target};
    return room_.head.federated ? node.may_federate(*x.target, invited->may_federate) : ok();
  }
  if (auto problem = matrix::user_id_problem(*x.target, matrix::user_id_grammar::printable))
    return {fault_code::invalid_identifier, *x.target + ": " + *problem};
  const auto* by = find_profile(c, x.user);
  return node.may_federate(x.user, by ? by->may_federate : user_right::unsaid);
}

status role_commands::may_do(const draft& d) {
  auto e = authoring_.draft_event(d);
  return e ? ok() : status{e.error()};
}

status role_commands::may(const chat::query_can& x) {
  const auto levels = room_.graph.levels();
  const auto own = levels.of_user(x.user);
  const auto target = x.target.value_or("");
  switch (x.what) {
  case action::send:
  case action::mention_room:
    if (auto fine = may_do({"m.room.message", x.user, {}, {{"msgtype", "m.text"}, {"body", "?"}}}); !fine) return fine;
    // The rules let everybody write it; who is below is not heard by all.
    if (x.what == action::mention_room && own < levels.of_notification("room"))
      return fault{fault_code::none, x.user + " is below the level of notifications.room"};
    return ok();
  case action::react: return may_do({"m.reaction", x.user, {}, {}});
  case action::delete_own:
  case action::delete_others: return may_delete(x);
  case action::set_role: {
    const auto level = level_for(target, *x.wanted);
    if (!level) return level.error();
    status fine = ok();
    if (room_.roles().of_user(target) == *x.wanted) return fine; // nothing is changed
    for (const auto& one : who_changes_levels(room_, x.user, target)) {
      fine = may_do(level_change(one, target, *level));
      if (fine || fine.error().code != fault_code::forbidden) break;
    }
    return fine;
  }
  case action::upgrade:
    if (auto fine = may_go_on(room_); !fine) return fine;
    break;
  case action::invite:
    if (target.empty())
      return own < levels.of_action("invite") ? no_because(x.user + " is below the invite level") : ok();
    break;
  default: break;
  }
  const auto* membership = membership_given(x.what);
  if (membership == nullptr) return may_do({state_type(x.what), x.user, "", {}});
  if (auto fine = may_be_tried(x, target); !fine) return fine;
  return may_do({"m.room.member", x.user, target, {{"membership", membership}}});
}

status role_commands::may_be_tried(const chat::query_can& x, const std::string& target) const {
  return x.what == action::invite ? invitations_.may_be_invited(target)
                                  : may_be_moderated(room_, invitations_, x.what, x.user, target);
}

status role_commands::may_delete(const chat::query_can& x) const {
  const auto levels = room_.graph.levels();
  const auto own = levels.of_user(x.user);
  if (own < levels.of_event("m.room.redaction", false)) return no_because(x.user + " may not redact");
  if (x.what == action::delete_own) return ok();
  // Servers take a redaction of their own users' messages by anybody of theirs.
  const bool is_of_our_server = x.target && matrix::server_name_of(*x.target) == matrix::server_name_of(x.user);
  return own < levels.of_action("redact") && !is_of_our_server ? no_because(x.user + " is below the redact level")
                                                               : ok();
}

std::int64_t role_commands::needed(const chat::query_can& x) const {
  const auto levels = room_.graph.levels();
  const auto target = x.target ? levels.of_user(*x.target) : 0;
  const auto over_target = x.target ? above(target) : levels.of_action("users_default");
  switch (x.what) {
  case action::kick:
  case action::ban:
  case action::unban: return std::max(level_needed(levels, x.what), over_target);
  case action::set_role: {
    // Their own level everybody may lower, another's only from above.
    auto least = std::max(level_needed(levels, x.what), x.target == x.user ? target : over_target);
    if (const auto next = room_.roles().level_of(*x.wanted)) least = std::max(least, *next);
    return least;
  }
  default: return level_needed(levels, x.what);
  }
}

bool role_commands::is_for_good(const std::string& user, chat::role wanted) const {
  return room_.roles().of_user(user) != wanted && !could_be_undone(user, *level_for(user, wanted));
}

bool role_commands::could_be_undone(const std::string& user, std::int64_t next) const {
  const auto levels = room_.graph.levels();
  const auto has = levels.of_user(user);
  const auto change_levels = levels.of_event(levels_type, true);
  if (next == has) return true;
  // A level above the default has an entry, and a creator is named by the room: all who may have the power.
  bool found = false;
  const auto consider = [&](std::string_view other) {
    if (other == user || room_.graph.membership(other) != matrix::membership::join) return;
    const auto level = levels.of_user(other);
    found = found || (level >= change_levels && (next > has ? level > next : level >= has));
  };
  room_.graph.for_each_member(room_.graph.current(), [&](const matrix::event_ptr& e) {
    consider(*e->state_key);
    return !found;
  });
  return found;
}

} // namespace causeway::room
