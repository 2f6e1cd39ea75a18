#include "actors/room/moderation_commands.hpp"

#include "actors/room/event_text.hpp"
#include "actors/room/moderation_rules.hpp"
#include "actors/room/redactions.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace causeway::room {
namespace {

using matrix::json::object;

object membership_content(const char* membership, const std::optional<std::string>& reason) {
  object content{{"membership", membership}};
  if (reason && !reason->empty()) content.set("reason", *reason);
  return content;
}

} // namespace

command_outcome moderation_commands::author(const draft& d) {
  auto e = authoring_.author(d);
  if (!e) return failed_like(e);
  if (auto fine = authoring_.commit(*e); !fine) return fine.error();
  return succeeded{chat::event_answer{(*e)->event_id}};
}

command_outcome moderation_commands::run(const queued_command& c, const chat::member_kick& x) {
  // Whose invitation was taken back meanwhile is nobody in the room any more, and was somebody when it was asked.
  auto fine = c.withdrawn ? may_be_moderated(room_, x.by, x.user)
                          : may_be_moderated(room_, invitations_, chat::action::kick, x.by, x.user);
  if (!fine) return fine.error();
  const auto membership = room_.graph.membership(x.user);
  if (membership != matrix::membership::join && membership != matrix::membership::invite &&
      (c.withdrawn || invitations_.is_uncommitted(x.user)))
    return withdraw(c, x);
  const draft d{"m.room.member", x.by, x.user, membership_content("leave", x.reason)};
  if (membership != matrix::membership::invite) return author(d);
  // It is taken back in the name of its inviter, whose server alone is believed: what they may do says nothing of `by`.
  if (auto may = authoring_.draft_event(d); !may) return may.error();
  const auto e = invitations_.take_back(x.by, x.user, x.reason.value_or(""));
  if (!e) return failed_like(e);
  return succeeded{chat::event_answer{(*e)->event_id}};
}

command_outcome moderation_commands::withdraw(const queued_command& c, const chat::member_kick& x) {
  if (!c.withdrawn) {
    const auto levels = room_.graph.levels();
    const auto own = levels.of_user(x.by);
    if (own < levels.of_action("kick") || own <= levels.of_user(x.user))
      return fault{fault_code::forbidden, x.by + " is below the kick level or not above " + x.user};
    invitations_.withdraw(x.user, x.by, x.reason);
    return waits_for_withdrawals{};
  }
  if (invitations_.is_uncommitted(x.user))
    return fault{fault_code::timed_out, "the invitation of " + x.user + " is under way; repeat"};
  // One that was never offered leaves no event behind.
  const auto left = room_.graph.state_event("m.room.member", x.user);
  return succeeded{
    chat::event_answer{left && left->membership() == matrix::membership::leave ? left->event_id : std::string{}}};
}

command_outcome moderation_commands::run(const queued_command&, const chat::member_ban& x) {
  if (auto fine = may_be_moderated(room_, invitations_, chat::action::ban, x.by, x.user); !fine) return fine.error();
  const auto membership = room_.graph.membership(x.user);
  draft d{"m.room.member", x.by, x.user, membership_content("ban", x.reason)};
  if (x.redact_events)
    for (const auto* key : redactions::wish_keys) d.content.set(key, true);
  if (membership == matrix::membership::invite && !room_.node.is_local(x.user)) {
    // A server that is not in the room applies no ban, but it believes the inviter that the invitation is taken back.
    // When the policy server is asked between the two, the command goes on from here: the user is not invited any more
    // then.
    if (auto may = authoring_.draft_event(d); !may) return may.error();
    const auto invite = room_.graph.state_event("m.room.member", x.user);
    const auto back = invitations_.take_back(x.by, x.user, x.reason.value_or(""));
    if (back.waits()) return waits_for_policy_server{};
    if (!back)
      authoring_.rescind_outside(invite, x.reason.value_or("")); // nobody may kick: the ban alone is the room's
  }
  return author(d);
}

command_outcome moderation_commands::run(const queued_command&, const chat::member_unban& x) {
  if (auto fine = may_be_moderated(room_, invitations_, chat::action::unban, x.by, x.user); !fine) return fine.error();
  return author({"m.room.member", x.by, x.user, membership_content("leave", x.reason)});
}

command_outcome moderation_commands::run(const queued_command&, const chat::query_banned& x) const {
  chat::banned_answer answer;
  const auto& state = *room_.graph.current().state;
  for (auto it = state.upper_bound({"m.room.member", x.after.value_or("")});
       it != state.end() && it->first.first == "m.room.member"; ++it) {
    const auto* n = room_.graph.find(it->second);
    if (!n || n->event->membership() != matrix::membership::ban) continue;
    if (answer.banned.size() == chat::listed_members_max) {
      answer.more_banned = true;
      break;
    }
    const auto& e = *n->event;
    answer.banned.push_back(
      {*e.state_key, e.sender, text_of(e, "reason"), e.event_id, std::max<std::int64_t>(e.origin_server_ts, 0)});
  }
  return succeeded{std::move(answer), false};
}

} // namespace causeway::room
