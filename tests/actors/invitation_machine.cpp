#include "tests/actors/invitation_machine_rig.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

using namespace causeway;
using namespace causeway::test;

/// One of ours is invited to a room that we take no part in.
BOOST_AUTO_TEST_SUITE(invitation_machine_suite)

namespace {

using invitation_tests::rig;
const std::string bob = "@bob:here.example", eve = "@eve:there.example";

} // namespace

BOOST_AUTO_TEST_CASE(an_actor_finds_its_room_and_user_whatever_they_are_called) {
  const context node = here();
  const std::pair<std::string, std::string> names[] = {
    {"!r:there.example", "@freenode_Nick:there.example"},
    {"!r:there.example", "@a|@b:there.example"},
    {"!r|@x:there.example", "@a|@b:there.example:8448"},
    {"!a|@b:there.example", "@c:there.example"},
    {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "@a|@b:there.example"},
    {"!r:[::1]:80", "@|@:[::1]:80"}};
  for (const auto& [room, user] : names) {
    invitation::invitation_machine machine{node, invitation::key_of(room, user)};
    const auto asked = of_kind<ask_store>(machine.on(start{}, noon)).at(0);
    const auto& wanted = std::get<store::load_invitation>(asked.question);
    BOOST_TEST(wanted.room_id == room);
    BOOST_TEST(wanted.user_id == user);
  }
  for (const auto* key : {"", "!r:there.example", "!r:there.example|bob", "|@b:there.example", "!r:there.example|@b"})
    BOOST_CHECK_THROW((invitation::invitation_machine{node, key}), std::logic_error);
}

BOOST_AUTO_TEST_CASE(an_invite_that_comes_a_second_time_after_he_joined_is_signed_again_and_is_no_news) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  BOOST_TEST(written<store::append_outbox>(r.invited(invite)).size() == 1u);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_result{bob, {}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
  const auto again = r.invited(invite);
  BOOST_TEST(told<federation_reply>(again).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(again).empty());
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_CASE(an_invite_that_comes_again_after_he_came_into_the_room_by_another_way_is_signed_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.on(join_result{bob, {}}); // through a server that has never heard of the invite
  r.place = {0, invite_place::refused, {fault_code::forbidden, bob + " is in the room already"}};
  BOOST_TEST(told<federation_reply>(r.invited(invite)).at(0).second.status == 200);
  const auto another = r.invited(member_event(their_room, eve, bob, "invite", 6));
  BOOST_TEST(told<federation_reply>(another).at(0).second.status == 403);
}

BOOST_AUTO_TEST_CASE(a_no_that_the_inviters_server_cannot_hear_is_told_another_of_the_room) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.row.invite_room_state =
    R"([{"type":"m.room.name","state_key":"","sender":"@x:third.example","content":{"name":"n"}}])";
  r.begin();
  r.command(chat::invite_answer{their_room, bob, false, {}});
  auto done = r.on(join_result{bob, {fault_code::not_member, "this server is not in the room"}});
  BOOST_TEST(r.row.state == invitation_state::rejected);
  std::vector<std::string> asked;
  auto answered = [&](int status, std::string errcode, fault why) {
    const auto [to, request] = told<peer_request>(done).at(0);
    BOOST_TEST((request.endpoint == matrix::endpoint::make_leave));
    asked.push_back(to.key);
    done = r.on(peer_answer{request.asked, to.key, status, "{}", std::move(why), std::move(errcode)});
    for (int i = 0; i < 3 && told<peer_request>(done).empty() && r.row.pending_request != next_request::none; ++i) {
      r.now = of_kind<wake_me_at>(done).at(0).at;
      done = r.on(timer_due{of_kind<wake_me_at>(done).at(0).name});
    }
  };
  answered(0, {}, {fault_code::peer_unreachable, "there.example"});
  answered(403, "M_FORBIDDEN", {fault_code::peer_refused, "no such invitation"}); // it may have left the room meanwhile
  for (int i = 0; i < 20 && r.row.pending_request != next_request::none; ++i)
    answered(403, "M_FORBIDDEN", {fault_code::peer_refused, "no such invitation"});
  BOOST_TEST(asked.size() < 20u);
  BOOST_TEST(asked[0] == "there.example");
  BOOST_TEST(asked[1] == "third.example");
  BOOST_TEST(asked.back() == "there.example"); // whose word ends it
  BOOST_TEST(r.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(an_invite_offered_again_after_he_said_no_is_told_no_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.row.state = invitation_state::rejected; // and the other server was told, or gave up
  r.begin();
  const auto again = r.invited(invite);
  BOOST_TEST(r.row.state == invitation_state::rejected);
  BOOST_TEST((told<peer_request>(again).at(0).second.endpoint == matrix::endpoint::make_leave));
}

BOOST_AUTO_TEST_CASE(the_end_of_an_earlier_invitation_does_not_end_the_new_one) {
  rig r(their_room, bob);
  const auto first = member_event(their_room, eve, bob, "invite", 5);
  const auto ended = member_event(their_room, eve, bob, "leave", 6, {first->event_id});
  const auto second = member_event(their_room, eve, bob, "invite", 7);
  r.invited(second);
  // The past comes with the history of somebody else's join.
  r.on(invited_membership_changed{matrix::membership::leave, eve, {}, ended, false});
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(invited_membership_changed{
    matrix::membership::leave, eve, {}, member_event(their_room, eve, bob, "leave", 8, {second->event_id}), true});
  BOOST_TEST(r.row.state == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_until_it_is_known_how_it_ended) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  BOOST_TEST(told<join_request>(r.command(chat::invite_answer{their_room, bob, true, {}})).size() == 1u);
  r.on(join_result{bob, {fault_code::peer_timeout, "no answer"}, true});
  BOOST_TEST(r.row.pending_request == next_request::join);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_request>(r.begin()).size() == 1u); // also after a restart
  r.on(join_result{bob, {}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
  BOOST_TEST(r.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(a_join_that_did_not_reach_the_other_server_is_left_to_the_user) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_result{bob, {fault_code::peer_unreachable, "connection refused"}});
  BOOST_TEST(r.row.pending_request == next_request::none);
  BOOST_TEST(r.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(he_is_invited_anew_while_the_leave_of_the_old_invitation_is_checked_and_stays_invited) {
  rig r(their_room, bob);
  const auto old_invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(old_invite);
  const auto leave = member_event(their_room, eve, bob, "leave", 6, {old_invite->event_id});
  const auto checking = r.on(rescission_received{{actor_kind::room, their_room}, 7, "there.example", leave->source});
  r.invited(member_event(their_room, eve, bob, "invite", 8));
  const auto done = r.on(verdict_on(told<verify_events>(checking).at(0).second));
  BOOST_TEST(told<rescission_result>(done).size() == 1u);
  BOOST_TEST(r.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(who_said_yes_to_a_room_that_had_put_him_out_unseen_is_asked_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_result{bob, {}}); // our room believed him to be in it: an older revocation was still under way
  BOOST_TEST(r.row.state == invitation_state::accepted);
  const auto told_again = r.on(invited_membership_changed{matrix::membership::invite, eve, {}, invite, false});
  BOOST_TEST(r.row.state == invitation_state::pending);
  BOOST_TEST(written<store::append_outbox>(told_again).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_no_to_the_invitation_before_that_outlives_the_new_one_in_the_room_ends_it) {
  rig r(their_room, bob);
  const auto first = member_event(their_room, eve, bob, "invite", 5);
  const auto said_no = member_event(their_room, bob, bob, "leave", 6, {first->event_id});
  const auto second = member_event(their_room, eve, bob, "invite", 7);
  r.invited(second);
  r.on(invited_membership_changed{
    matrix::membership::leave, bob, {}, said_no, true}); // of the past, for all that is known
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(invited_membership_changed{matrix::membership::leave, bob, {}, said_no, true, first->event_id});
  BOOST_TEST(r.row.state == invitation_state::pending);
  r.on(invited_membership_changed{matrix::membership::leave, bob, {}, said_no, true, second->event_id});
  BOOST_TEST(r.row.state == invitation_state::rejected);
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_though_the_invitation_was_taken_back_meanwhile) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  const auto leave = member_event(their_room, eve, bob, "leave", 6, {invite->event_id});
  const auto checking = r.on(rescission_received{{actor_kind::room, their_room}, 7, "there.example", leave->source});
  r.on(join_result{
    bob, {fault_code::peer_timeout, "no answer"}, true}); // the room is public: he may be in it for all others
  r.on(verdict_on(told<verify_events>(checking).at(0).second));
  BOOST_TEST(r.row.state == invitation_state::revoked);
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_request>(r.begin()).size() == 1u);
  const auto done = r.on(join_result{bob, {}});
  BOOST_TEST(r.row.pending_request == next_request::none);
  BOOST_TEST(of_kind<finish>(done).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_though_he_was_invited_anew_meanwhile) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.invited(member_event(their_room, eve, bob, "invite", 7));
  r.on(join_result{bob, {fault_code::peer_timeout, "no answer"}, true});
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_request>(r.begin()).size() == 1u);
  r.on(join_result{bob, {}});
  BOOST_TEST(r.row.state == invitation_state::accepted);
}

BOOST_AUTO_TEST_CASE(an_invite_whose_content_was_altered_on_the_way_is_refused) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  auto pdu = invite->source;
  pdu.set("content", matrix::json::object{{"membership", "invite"}, {"reason", "not what she wrote"}});
  const auto altered = *matrix::make_event(std::move(pdu), *matrix::find_room_version("11"));
  BOOST_TEST(altered->event_id == invite->event_id); // what the signature and the id are made of is the same
  const auto refused = told<federation_reply>(r.arrives(altered)).at(0).second;
  BOOST_TEST(refused.status == info(fault_code::bad_hash).http_status);
  BOOST_TEST(refused.body.find("content hash") != std::string::npos);
  BOOST_TEST(r.row.state == invitation_state::none);
}

BOOST_AUTO_TEST_CASE(a_late_older_invite_does_not_replace_the_newer_one_he_said_no_to) {
  rig r(their_room, bob);
  const std::string abe = "@abe:there.example";
  const auto by_abe = [&](std::int64_t depth) {
    auto pdu = member_event(their_room, eve, bob, "invite", depth)->source;
    pdu.set("sender", abe);
    pdu.erase("hashes");
    pdu.erase("signatures");
    return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), "there.example", there_key());
  };
  const auto newer = member_event(their_room, eve, bob, "invite", 9);
  r.invited(newer);
  r.command(chat::invite_answer{their_room, bob, false, {}});
  r.on(join_result{bob, {fault_code::not_member, "this server is not in the room"}});
  BOOST_TEST(r.row.state == invitation_state::rejected);
  for (const auto& older :
       {member_event(their_room, eve, bob, "invite", 5), by_abe(6)}) { // whoever of that server sent it
    const auto late = r.invited(older);
    BOOST_TEST(told<federation_reply>(late).at(0).second.status == 200);
    BOOST_TEST(written<store::append_outbox>(late).empty());
    BOOST_TEST(r.row.state == invitation_state::rejected);
  }
  BOOST_TEST(written<store::append_outbox>(r.invited(by_abe(12))).size() == 1u);
  BOOST_TEST(r.row.state == invitation_state::pending);
  BOOST_TEST(r.row.inviter == abe);
}

BOOST_AUTO_TEST_CASE(a_command_that_was_handed_to_the_wrong_actor_is_answered_as_the_defect_it_is) {
  rig r(their_room, bob);
  const auto results = told<command_done>(r.command(chat::query_room{their_room, {}}));
  BOOST_REQUIRE(results.size() == 1u);
  BOOST_TEST(!results[0].second.succeeded);
  BOOST_TEST((chat::decode_fault(results[0].second.body).code == fault_code::internal));
}

BOOST_AUTO_TEST_SUITE_END()
