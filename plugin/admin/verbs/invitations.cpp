#include "messages/invitation_key.hpp"
#include "plugin/admin/explain.hpp"
#include "plugin/admin/verbs.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>

namespace causeway::admin {

namespace {

void list_invitations(desk& at, const job& work) {
  auto question =
    every_invitation(work.with.all ? store::invitations_wanted::all : store::invitations_wanted::unsettled);
  at.gather(work, {{{"invitations", std::move(question)}}, {}, false},
            [](desk& d, const job& j, const query_results& f) { d.answer(j, views::invites(f, j.with, d.now_ms())); });
}

void show_found_invitation(desk& at, const job& work, const query_results& found) {
  auto resolved = views::resolve_invitation(found, work.with);
  if (!resolved) return at.refuse(work, resolved.error());
  questions ask;
  ask.store = {{"destinations", store::list_destinations{}}};
  ask.status = {{actor_kind::invitation, invitation::key_of(resolved->room_id, resolved->user_id)}};
  at.gather(work, std::move(ask), [x = *resolved](desk& d, const job& j, const query_results& f) {
    d.answer(j, views::invitation(f, x, d.who().server_name, d.now_ms()));
  });
}

void give_command(desk& at, chat::command x) {
  at.node().tell({actor_kind::directory, ""},
                 command_received{{}, std::make_shared<const chat::command>(std::move(x))});
}

void answer_with_action(desk& at, const job& work, const store::put_invitation& x, const char* action) {
  namespace json = matrix::json;
  at.answer(work, json::object{{"room_id", detail::to_value(x.room_id)},
                               {"user_id", detail::to_value(x.user_id)},
                               {"state", json::value{name(x.state)}},
                               {"action", json::value{action}}});
}

bool is_over(const store::put_invitation& x) {
  switch (x.state) {
  case invitation_state::rejected:
  case invitation_state::revoked:
  case invitation_state::expired:
  case invitation_state::failed: return true;
  default: return false;
  }
}

/// As the chat server would: by the one of ours who has invited.
void revoke_found_invitation(desk& at, const job& work, const query_results& found) {
  const auto x = views::resolve_invitation(found, work.with);
  if (!x) return at.refuse(work, x.error());
  if (x->direction != invitation_direction::outgoing)
    return at.refuse(
      work, {fault_code::conflict, "it is not ours to take back: its direction is " + std::string{name(x->direction)}});
  if (is_over(*x) || x->state == invitation_state::accepted || x->state == invitation_state::banned)
    return at.refuse(work, {fault_code::conflict, std::string{"the invitation is over: "} + name(x->state)});
  chat::invite_revoke wanted{x->room_id, x->inviter, x->user_id, work.with.reason};
  give_command(at, std::move(wanted));
  answer_with_action(at, work, *x, "revoked");
}

/// What is still to be told is told now; one that is over is made once more, by the same inviter.
void resend_found_invitation(desk& at, const job& work, const query_results& found) {
  const auto x = views::resolve_invitation(found, work.with);
  if (!x) return at.refuse(work, x.error());
  if (waits_for_server(*x) || x->state == invitation_state::revoked_unconfirmed) {
    const std::string server{other_side(*x)};
    at.node().tell({actor_kind::remote_server, server}, retry_now{});
    at.node().tell({actor_kind::invitation, invitation::key_of(x->room_id, x->user_id)}, server_alive{server});
    return answer_with_action(at, work, *x, "tried_now");
  }
  if (x->direction != invitation_direction::outgoing || !is_over(*x))
    return at.refuse(
      work, {fault_code::conflict, x->state == invitation_state::pending
                                     ? x->user_id + " has it and has not answered; revoke it first to invite them anew"
                                     : std::string{"nothing is to be sent: it is "} + name(x->state)});
  give_command(at, chat::invite_send{x->room_id, x->inviter, x->user_id, {}});
  answer_with_action(at, work, *x, "invited_again");
}

template <desk::compose_function Then>
void with_invitation(desk& at, const job& work) {
  auto question = every_invitation(store::invitations_wanted::all);
  question.user_id = work.with.user;
  at.gather(work, {{{"invitations", std::move(question)}}, {}, false}, Then);
}

} // namespace

std::span<const verb> invitation_verbs() {
  static constexpr std::array<verb, 4> all = {{
    {{"invites", false, "", "Open invitations; with `all` also those that are over."}, &list_invitations},
    {{"invite.show", false, "room user", "One invitation and what it waits for."},
     &with_invitation<&show_found_invitation>},
    {{"invite.revoke", true, "room user", "Takes an invitation of ours back."},
     &with_invitation<&revoke_found_invitation>},
    {{"invite.resend", true, "room user", "Tries now what an invitation waits for; invites again where it is over."},
     &with_invitation<&resend_found_invitation>},
  }};
  return all;
}

} // namespace causeway::admin
