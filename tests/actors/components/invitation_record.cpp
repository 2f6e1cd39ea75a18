#include "actors/invitation/invitation_record.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(invitation_record_alone)

BOOST_AUTO_TEST_CASE(what_the_table_does_not_have_cannot_happen) {
  const auto invite = member_event(our_room, our_member, their_user, "invite", 5);
  for (std::size_t s = 0; s < detail::invitation_states.size(); ++s)
    for (std::size_t c = 0; c < invitation_cause_count; ++c) {
      const auto from = static_cast<invitation_state>(s);
      const auto cause = static_cast<invitation_cause>(c);
      invitation_rig r(our_room, their_user);
      r.stored(invitation_direction::outgoing, from, invite);
      if (const auto* next = find_transition(invitation_direction::outgoing, from, cause)) {
        r.record.change(cause, "why");
        BOOST_TEST(r.state() == next->to);
        BOOST_TEST((states_notified(r.take()) == std::vector<std::string>{name(next->to)}));
      } else {
        BOOST_CHECK_THROW(r.record.change(cause, "why"), std::logic_error);
        BOOST_TEST(r.state() == from);
        BOOST_TEST(r.take().empty());
      }
    }
}

BOOST_AUTO_TEST_CASE(room_is_told_of_an_invite_that_will_not_enter_it) {
  const auto invite = member_event(our_room, our_member, their_user, "invite", 5);
  for (const auto& [cause, is_given_up] :
       {std::pair{invitation_cause::failed, true}, {invitation_cause::taken, false}}) {
    invitation_rig r(our_room, their_user);
    r.stored(invitation_direction::outgoing, invitation_state::sending, invite);
    r.record.change(cause, {});
    const auto list = r.take();
    BOOST_TEST(told<invite_abandoned>(list).size() == (is_given_up ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(who_is_told_that_an_invitation_failed_may_send_another_one_at_once) {
  invitation_rig r(our_room, their_user);
  r.stored(invitation_direction::outgoing, invitation_state::sending,
           member_event(our_room, our_member, their_user, "invite", 5));
  r.record.change(invitation_cause::failed, {});
  const auto list = r.take();
  BOOST_TEST(states_notified(list).size() == 1u);
  // The room does not hear of it when the commit is done, as the chat server does, but before.
  const auto is_word = [](const effect& e) {
    const auto* t = std::get_if<tell>(&e);
    return t && std::holds_alternative<invite_abandoned>(t->body);
  };
  BOOST_TEST(std::ranges::count_if(list, is_word) == 1);
}

BOOST_AUTO_TEST_CASE(repetition_is_written_and_tells_nothing) {
  invitation_rig r(their_room, our_user);
  r.stored(invitation_direction::knock, invitation_state::sending,
           member_event(their_room, our_user, our_user, "knock", 5));
  r.record.change(invitation_cause::knocked, "please");
  const auto list = r.take();
  BOOST_TEST(written<store::put_invitation>(list).size() == 1u);
  BOOST_TEST(states_notified(list).empty());
}

BOOST_AUTO_TEST_CASE(what_the_chat_server_was_not_told_of_ends_without_a_notification) {
  invitation_rig r(their_room, our_user);
  r.stored(invitation_direction::incoming, invitation_state::pending,
           member_event(their_room, their_user, our_user, "invite", 5), next_request::tell);
  r.record.change(invitation_cause::revoked, {});
  BOOST_TEST(states_notified(r.take()).empty());
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(knock_whose_join_did_not_succeed_is_an_invitation_from_then_on) {
  invitation_rig r(their_room, our_user);
  r.stored(invitation_direction::knock, invitation_state::accepted,
           member_event(their_room, their_user, our_user, "invite", 5), next_request::join);
  BOOST_TEST(r.record.is_let_in());
  r.record.reopen();
  BOOST_TEST(r.record.is(invitation_direction::incoming, invitation_state::pending));
  BOOST_TEST(r.next() == next_request::none);
  BOOST_TEST((states_notified(r.take()) == std::vector<std::string>{"received"}));
}

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_bound_and_a_new_reason_is_told_once) {
  invitation_rig r(our_room, their_user);
  r.stored(invitation_direction::outgoing, invitation_state::sending,
           member_event(our_room, our_member, their_user, "invite", 5), next_request::invite);
  time_ms last = 0;
  for (std::uint32_t attempt = 1; attempt <= 30; ++attempt) {
    r.record.row.attempts = attempt;
    r.record.retry_later({fault_code::peer_unreachable, "attempt " + std::to_string(attempt)});
    const auto list = r.take();
    BOOST_TEST(states_notified(list).size() == (attempt == 1 ? 1u : 0u));
    const auto pause = timer_at(list, invitation::invitation_record::retry_timer) - r.now;
    BOOST_TEST(pause >= last);
    BOOST_TEST(pause <= time_ms{r.node.settings().invitation.retry_delay_ms_max});
    last = pause;
  }
  BOOST_TEST(last == time_ms{r.node.settings().invitation.retry_delay_ms_max});
}

BOOST_AUTO_TEST_CASE(what_is_not_due_sets_the_timer) {
  invitation_rig r(our_room, their_user);
  r.stored(invitation_direction::outgoing, invitation_state::sending,
           member_event(our_room, our_member, their_user, "invite", 5), next_request::invite);
  r.record.row.retry_at_ts = r.now + 1'000;
  BOOST_TEST(!r.record.is_due());
  BOOST_TEST(timer_at(r.take(), invitation::invitation_record::retry_timer) == r.now + 1'000);
  r.after(1'000);
  BOOST_TEST(r.record.is_due());
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
