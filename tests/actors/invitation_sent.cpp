#include "tests/actors/invitation_machine_rig.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

using namespace causeway;
using namespace causeway::test;

/// We invite.
BOOST_AUTO_TEST_SUITE(invitation_sent)

namespace {

using invitation_tests::notified;
using invitation_tests::ours_to;
using invitation_tests::rig;
const std::string bob = "@bob:here.example", eve = "@eve:there.example", ann = "@ann:here.example";

} // namespace

BOOST_AUTO_TEST_CASE(a_revocation_that_was_taken_before_the_room_answered_is_confirmed) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending));
  BOOST_TEST(told<revoke_invite>(r.command(chat::invite_revoke{our_room, ann, eve, {}})).size() == 1u);
  r.on(rescission_delivered{"$leave"});
  r.on(revocation_result{});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(an_invite_that_may_arrive_late_is_taken_back_a_second_time) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending));
  peer_answer none;
  none.asked = told<peer_request>(r.begin()).at(0).second.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  r.on(none);
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  r.on(revocation_result{});
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.on(rescission_delivered{"$leave"}); // it may have come before the invite
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<rescission_wanted_again>(r.on(timer_due{timer_kind::retry})).size() == 1u);
  r.on(rescission_delivered{"$leave"});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_revocation_the_room_lost_with_its_actor_does_not_keep_the_invitation_for_ever) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending));
  const auto request = told<peer_request>(r.begin()).at(0).second;
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  peer_answer none;
  none.asked = request.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  BOOST_TEST(told<revoke_invite>(r.on(none)).size() == 1u); // and nothing comes back
  r.now += 2 * std::int64_t{r.node.settings().federation.send_join_timeout_ms};
  const auto given_up = r.on(timer_due{timer_kind::watch});
  BOOST_REQUIRE(told<command_done>(given_up).size() == 1u);
  BOOST_TEST(!told<command_done>(given_up)[0].second.succeeded);
  BOOST_TEST(told<peer_request>(given_up).size() == 1u); // it goes on as before
}

BOOST_AUTO_TEST_CASE(a_revocation_the_other_server_took_before_we_heard_of_it_ourselves_is_confirmed) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::pending));
  const auto leave = member_event(our_room, ann, eve, "leave", 6, {invite->event_id});
  r.on(rescission_delivered{leave->event_id});
  r.on(invited_membership_changed{matrix::membership::leave, ann, {}, leave, false});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_revocation_whose_confirmation_was_lost_is_asked_for_again) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::pending));
  const auto ended = r.on(invited_membership_changed{
    matrix::membership::leave, ann, {}, member_event(our_room, ann, eve, "leave", 6, {invite->event_id}), false});
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  BOOST_TEST(of_kind<finish>(ended).empty());
  r.now = timer_at(ended, timer_kind::confirm);
  const auto again = r.on(timer_due{timer_kind::confirm});
  BOOST_TEST(told<rescission_wanted_again>(again).size() == 1u);
  BOOST_TEST(timer_at(again, timer_kind::confirm) > r.now);
}

BOOST_AUTO_TEST_CASE(an_invite_sent_again_after_a_crash_that_lost_its_revocation_is_taken_back_when_it_has_arrived) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::sending));
  r.row.attempts = 1;
  BOOST_TEST(told<peer_request>(r.begin()).size() == 1u); // the room has the leave, we do not know yet
  const auto leave = member_event(our_room, ann, eve, "leave", 6, {invite->event_id});
  r.on(invited_membership_changed{matrix::membership::leave, ann, {}, leave, true});
  r.on(rescission_delivered{leave->event_id}); // before the invite arrived
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<rescission_wanted_again>(r.on(timer_due{timer_kind::retry})).size() == 1u);
  r.on(rescission_delivered{leave->event_id});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_signed_invite_is_offered_to_the_room_until_it_is_taken_however_often_the_room_fails) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending);
  row.pending_request = next_request::commit;
  row.attempts = 1;
  rig r(our_room, eve, row);
  for (int i = 0; i < 3; ++i) {
    r.now += r.node.settings().invitation.retry_delay_ms_max;
    const auto offered = r.on(timer_due{timer_kind::retry});
    BOOST_TEST(told<invite_accepted_by_server>(offered).size() == 1u);
    BOOST_TEST(timer_at(offered, timer_kind::retry) > r.now);
  }
}

room_invite_request wish(const matrix::event_ptr& invite, std::optional<command_reference> command = {}) {
  return {invite, "[]", "chat-1", chat::room_type::channel, std::move(command)};
}

BOOST_AUTO_TEST_CASE(the_row_the_result_and_the_first_attempt_are_the_invitations) {
  rig r(our_room, eve);
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  const auto begun = r.on(wish(invite, command_reference{"s", "c1", 0}));
  BOOST_TEST(r.row.state == invitation_state::sending);
  BOOST_TEST(r.row.chat_room_id == "chat-1");
  BOOST_TEST(r.row.deadline_ts > r.now);
  BOOST_TEST(notified<chat::invitation_changed>(begun).at(0).state == "sending");
  BOOST_TEST(notified<chat::system_message>(begun).at(0).kind == "invited");
  BOOST_TEST(written<store::put_command_result>(begun).at(0).command_id == "c1");
  BOOST_TEST(told<command_done>(begun).at(0).second.body ==
             chat::encode(chat::answer{chat::invited_answer{"sending", "channel"}}));
  BOOST_TEST(told<invite_begun>(begun).at(0).second.event_id == invite->event_id);
  BOOST_TEST(told<peer_request>(begun).size() == 1u);
  // The word of it comes a second time where the answer was lost.
  const auto again = r.on(wish(invite));
  BOOST_TEST(told<invite_begun>(again).size() == 1u);
  BOOST_TEST(told<peer_request>(again).empty());
  BOOST_TEST(written<store::append_outbox>(again).empty());
}

BOOST_AUTO_TEST_CASE(who_is_invited_again_just_when_the_revocation_is_confirmed_is_invited) {
  const auto first = member_event(our_room, ann, eve, "invite", 5),
             second = member_event(our_room, ann, eve, "invite", 7);
  const auto leave = member_event(our_room, ann, eve, "leave", 6, {first->event_id});
  const rescission_delivered delivered{leave->event_id, {first->event_id}};
  for (const bool confirmed_first : {true, false}) {
    rig r(our_room, eve, ours_to(eve, first, invitation_state::pending));
    r.command(chat::invite_revoke{our_room, ann, eve, {}});
    r.on(revocation_result{{}, first->event_id});
    BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
    // Two words at the same moment, from the other server's actor and from the room.
    if (confirmed_first) r.on(delivered);
    const auto begun = r.on(wish(second, command_reference{"s", "c2", 0}));
    if (!confirmed_first) r.on(delivered);
    BOOST_TEST(told<command_done>(begun).at(0).second.succeeded);
    BOOST_TEST(r.row.state == invitation_state::sending);
    BOOST_TEST(told<peer_request>(begun).at(0).second.parameters.at(1) == second->event_id);
    // It goes its way to the end, also with a new actor.
    BOOST_TEST(told<peer_request>(r.begin()).at(0).second.parameters.at(1) == second->event_id);
    BOOST_TEST(r.row.event == second->to_json());
  }
}

BOOST_AUTO_TEST_CASE(the_delivery_of_an_earlier_leave_does_not_confirm_the_revocation_of_the_next_invitation) {
  const auto first = member_event(our_room, ann, eve, "invite", 5),
             second = member_event(our_room, ann, eve, "invite", 7);
  rig r(our_room, eve, ours_to(eve, second, invitation_state::pending));
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  r.on(rescission_delivered{"$earlier", {first->event_id}});
  r.on(revocation_result{{}, first->event_id}); // of the one before, which took very long
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(revocation_result{{}, second->event_id});
  BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
  r.on(rescission_delivered{"$leave", {second->event_id}});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_room_that_forgot_an_invite_under_way_is_told_of_it_and_does_not_send_a_second) {
  const auto first = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, first, invitation_state::sending));
  const auto second = member_event(our_room, ann, eve, "invite", 6);
  const auto refused = r.on(wish(second, command_reference{"s", "c2", 0}));
  BOOST_TEST(!told<command_done>(refused).at(0).second.succeeded);
  BOOST_TEST((chat::decode_fault(told<command_done>(refused)[0].second.body).code == fault_code::conflict));
  BOOST_TEST(told<invite_abandoned>(refused).at(0).second.event_id == second->event_id);
  BOOST_TEST(told<invite_begun>(refused).at(0).second.event_id == first->event_id);
  BOOST_TEST(r.row.event == first->to_json());
}

BOOST_AUTO_TEST_CASE(an_invitation_the_other_server_never_took_is_not_pending_when_it_is_taken_back) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  rig r(our_room, eve, ours_to(eve, invite, invitation_state::sending));
  peer_answer none;
  none.asked = told<peer_request>(r.begin()).at(0).second.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  r.on(none);
  BOOST_TEST(
    told<revoke_invite>(r.command(chat::invite_revoke{our_room, ann, eve, {}})).at(0).second.uncommitted_invite !=
    nullptr);
  // The room takes the invite in, so that the leave can cite it.
  const auto in_room_now = r.on(invited_membership_changed{matrix::membership::invite, ann, {}, invite});
  BOOST_TEST(written<store::append_outbox>(in_room_now).empty());
  BOOST_TEST(r.row.state == invitation_state::sending);
  const auto taken_back = notified<chat::invitation_changed>(r.on(revocation_result{{}, invite->event_id}));
  BOOST_REQUIRE(taken_back.size() == 1u);
  BOOST_TEST(taken_back[0].previous_state == "sending");
  BOOST_TEST(taken_back[0].state == "revoked_unconfirmed");
}

BOOST_AUTO_TEST_CASE(a_revocation_is_confirmed_where_somebody_else_had_invited_the_same_user) {
  for (const bool is_made_again : {false, true}) {
    const auto invite = member_event(our_room, ann, eve, "invite", 5);
    const auto others = member_event(our_room, bob, eve, "invite", 5);
    rig r(our_room, eve, ours_to(eve, invite, invitation_state::pending));
    r.begin();
    r.command(chat::invite_revoke{our_room, ann, eve, {}});
    // In the room the other invite stands, and it is that which the leave cites.
    const auto leave = member_event(our_room, ann, eve, "leave", 6, {others->event_id});
    r.on(invited_membership_changed{matrix::membership::leave, ann, {}, leave, false});
    r.on(revocation_result{{}, invite->event_id});
    BOOST_REQUIRE(r.row.state == invitation_state::revoked_unconfirmed);
    if (is_made_again) {
      BOOST_TEST(told<membership_request>(r.begin()).size() == 1u);
      r.on(invited_membership_changed{matrix::membership::leave, ann, {}, leave, true});
    }
    r.on(rescission_delivered{"$earlier", {"$an earlier invite"}});
    BOOST_TEST(r.row.state == invitation_state::revoked_unconfirmed);
    r.on(rescission_delivered{leave->event_id, {others->event_id}});
    BOOST_TEST(r.row.state == invitation_state::revoked);
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_whose_repetition_was_refused_is_accepted_when_who_was_invited_joins_by_it) {
  for (const bool by_it : {true, false}) {
    const auto invite = member_event(our_room, ann, eve, "invite", 5);
    rig r(our_room, eve, ours_to(eve, invite, invitation_state::sending));
    peer_answer refused;
    refused.asked = told<peer_request>(r.begin()).at(0).second.asked;
    refused.status = 403;
    refused.errcode = "M_FORBIDDEN";
    refused.why = {fault_code::peer_refused, "she is in the room already"};
    r.on(refused);
    BOOST_REQUIRE(r.row.state == invitation_state::failed);
    r.begin();
    const auto join =
      member_event(our_room, eve, eve, "join", 6, by_it ? std::vector{invite->event_id} : std::vector<std::string>{});
    const auto told_now = notified<chat::invitation_changed>(
      r.on(invited_membership_changed{matrix::membership::join, eve, {}, join, false}));
    BOOST_TEST((r.row.state == (by_it ? invitation_state::accepted : invitation_state::failed)));
    BOOST_REQUIRE(told_now.size() == (by_it ? 1u : 0u));
    if (by_it) BOOST_TEST(told_now[0].previous_state == "failed");
  }
}

BOOST_AUTO_TEST_CASE(a_yes_that_the_revocation_did_not_reach_is_told_as_accepted_whatever_was_told_before) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  const auto by_it = member_event(our_room, eve, eve, "join", 6, {invite->event_id});
  for (const auto was : {invitation_state::revoked_unconfirmed, invitation_state::revoked, invitation_state::expired}) {
    rig r(our_room, eve, ours_to(eve, invite, was));
    const auto heard =
      notified<chat::invitation_changed>(r.on(invited_membership_changed{matrix::membership::join, eve, {}, by_it}));
    BOOST_TEST(r.row.state == invitation_state::accepted);
    BOOST_TEST(r.row.pending_request == next_request::none);
    BOOST_REQUIRE(heard.size() == 1u);
    BOOST_TEST(heard[0].state == "accepted");
    BOOST_TEST(heard[0].previous_state == name(was));
    r.on(rescission_delivered{"$leave", {invite->event_id}}); // the leave that lost reaches their server all the same
    BOOST_TEST(r.row.state == invitation_state::accepted);
  }
}

BOOST_AUTO_TEST_CASE(who_comes_by_another_way_than_the_revoked_invitation_has_not_accepted_it) {
  const auto invite = member_event(our_room, ann, eve, "invite", 5);
  const auto other = member_event(our_room, ann, eve, "invite", 4);
  const auto by_another = member_event(our_room, eve, eve, "join", 6, {other->event_id});
  const auto uninvited = member_event(our_room, eve, eve, "join", 6);
  const auto before_invite = member_event(our_room, eve, eve, "join", 4);
  for (const auto was : {invitation_state::revoked_unconfirmed, invitation_state::revoked}) {
    rig r(our_room, eve, ours_to(eve, invite, was));
    r.on(invited_membership_changed{matrix::membership::join, eve, {}, by_another, false, other->event_id});
    BOOST_TEST(r.row.state == was);
    r.on(invited_membership_changed{
      matrix::membership::join, eve, {}, uninvited, true}); // as it stands: they came back by themselves
    BOOST_TEST(r.row.state == was);
    r.on(invited_membership_changed{matrix::membership::join, eve, {}, before_invite}); // it was on its way for long
    BOOST_TEST(r.row.state == was);
    r.on(invited_membership_changed{
      matrix::membership::join, eve, {}, uninvited}); // they are back where they were sent away
    BOOST_TEST((r.row.state == (was == invitation_state::revoked ? was : invitation_state::accepted)));
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_that_waits_tells_why_how_often_it_was_tried_and_when_it_is_tried_next) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending));
  auto attempts = r.begin();
  const auto fails = [&](fault_code code, const std::string& words) {
    peer_answer none;
    none.asked = told<peer_request>(attempts).at(0).second.asked;
    none.why = {code, words};
    const auto failed = r.on(none);
    const auto told_now = notified<chat::invitation_changed>(failed);
    r.now = r.row.retry_at_ts;
    attempts = r.on(timer_due{timer_kind::retry});
    return told_now;
  };
  const auto first = fails(fault_code::peer_unreachable, "connection refused by 192.0.2.1");
  BOOST_REQUIRE(first.size() == 1u);
  BOOST_TEST(first[0].state == "sending");
  BOOST_TEST(first[0].previous_state == "sending");
  BOOST_TEST(first[0].last_fault == "peer_unreachable: connection refused by 192.0.2.1");
  BOOST_TEST(first[0].attempts == 2u); // one of the life before
  BOOST_TEST(first[0].retry_at_ts > noon);
  BOOST_TEST(
    fails(fault_code::peer_unreachable, "connection refused by 192.0.2.2").empty()); // no news for the chat server
  BOOST_TEST(r.row.last_fault == "peer_unreachable: connection refused by 192.0.2.2");
  BOOST_TEST(fails(fault_code::peer_tls, "expired").at(0).attempts == 4u);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_ran_out_and_that_nobody_may_take_back_stays_open_and_may_be_accepted) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending);
  row.deadline_ts = noon + 1'000;
  rig r(our_room, eve, row);
  r.now = row.deadline_ts;
  BOOST_TEST(told<revoke_invite>(r.on(timer_due{timer_kind::deadline})).size() == 1u);
  const auto refused =
    r.on(revocation_result{{fault_code::forbidden, "no user of this server may take the invitation back"}});
  BOOST_TEST(r.row.state == invitation_state::pending);
  BOOST_TEST(timer_at(refused, timer_kind::deadline) > r.now);
  r.now = r.row.deadline_ts; // somebody has got the power by then, or nobody yet
  BOOST_TEST(told<revoke_invite>(r.on(timer_due{timer_kind::deadline})).size() == 1u);
  r.on(revocation_result{{fault_code::forbidden, "no user of this server may take the invitation back"}});
  r.on(
    invited_membership_changed{matrix::membership::join, eve, {}, member_event(our_room, eve, eve, "join", 6), false});
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_CASE(what_was_stored_while_the_clock_was_days_ahead_counts_from_now_on) {
  const time_ms ahead = 400 * 86'400'000LL;
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::sending);
  row.since_ts = noon + ahead;
  row.deadline_ts = noon + ahead + 3'600'000;
  row.retry_at_ts = noon + ahead;
  rig r(our_room, eve, row);
  const auto begun = r.begin();
  BOOST_TEST(told<peer_request>(begun).size() == 1u); // the attempt is due
  BOOST_TEST(timer_at(begun, timer_kind::deadline) ==
             noon + std::int64_t{r.node.settings().invitation.lifetime_h} * 3'600'000);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_ran_out_when_nobody_of_ours_was_left_has_expired) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending);
  row.deadline_ts = noon;
  rig r(our_room, eve, row);
  r.on(timer_due{timer_kind::deadline});
  r.on(revocation_result{{fault_code::not_member, "nobody of this server is in the room"}});
  BOOST_TEST(r.row.state == invitation_state::expired);
}

BOOST_AUTO_TEST_CASE(who_accepts_at_the_moment_the_invitation_runs_out_has_accepted) {
  auto row = ours_to(eve, member_event(our_room, ann, eve, "invite", 5), invitation_state::pending);
  row.deadline_ts = noon;
  rig r(our_room, eve, row);
  r.on(timer_due{timer_kind::deadline});
  r.on(
    invited_membership_changed{matrix::membership::join, eve, {}, member_event(our_room, eve, eve, "join", 6), false});
  r.on(revocation_result{{fault_code::conflict, eve + " is not invited"}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_SUITE_END()
