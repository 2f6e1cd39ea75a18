#include "tests/actors/invitation_machine_rig.hpp"

#include <boost/test/unit_test.hpp>
#include <utility>

using namespace causeway;
using namespace causeway::test;

/// One of ours is invited to a room that we take part in.
BOOST_AUTO_TEST_SUITE(invitation_in_room)

namespace {

using invitation_tests::notified;
using invitation_tests::rig;
const std::string bob = "@bob:here.example", eve = "@eve:there.example";

} // namespace

invited_membership_changed in_room(const matrix::event_ptr& invite) {
  invited_membership_changed m{matrix::membership::invite, invite->sender, {}, invite};
  m.chat_room_id = "chat-1";
  m.type = chat::room_type::channel;
  m.invite_room_state =
    R"([{"content":{"name":"Tea"},"sender":"@eve:there.example","state_key":"","type":"m.room.name"}])";
  return m;
}

BOOST_AUTO_TEST_CASE(an_invite_to_a_room_we_are_in_is_in_the_room_before_the_user_and_its_server_hear_of_it) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto checking = r.arrives(invite);
  BOOST_TEST(told<federation_reply>(checking).empty());
  BOOST_TEST(written<store::append_outbox>(checking).empty());
  const auto arrived = told<invite_arrived>(checking).at(0);
  BOOST_TEST((arrived.first == address{actor_kind::room, their_room}));
  BOOST_TEST(arrived.second.origin == "there.example");
  BOOST_TEST(arrived.second.event->source.find("signatures")->find_object("here.example") != nullptr);
  const auto heard = notified<chat::invitation_received>(r.on(in_room(invite))); // the room has taken it
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0].room == "chat-1");
  BOOST_TEST(heard[0].room_name == "Tea");
  const auto answered = r.on(invite_placed{arrived.second.asked, invite_place::taken, {}});
  BOOST_TEST(told<federation_reply>(answered).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(answered).empty());
  BOOST_TEST(r.row.state == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(an_invite_the_room_refuses_is_told_nobody) {
  rig r(their_room, bob);
  r.place = {0, invite_place::refused, {fault_code::forbidden, "eve may not invite"}};
  const auto refused = r.invited(member_event(their_room, eve, bob, "invite", 5));
  BOOST_TEST(told<federation_reply>(refused).at(0).second.status == 403);
  BOOST_TEST(told<federation_reply>(refused).at(0).second.body.find("M_FORBIDDEN") != std::string::npos);
  BOOST_TEST(written<store::append_outbox>(refused).empty());
  BOOST_TEST(r.row.state == invitation_state::none);
}

BOOST_AUTO_TEST_CASE(an_invite_that_waits_for_its_past_is_answered_at_once_and_told_when_it_has_its_place) {
  rig r(their_room, bob);
  r.place = {0, invite_place::staged, {}};
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto staged = r.invited(invite);
  BOOST_TEST(told<federation_reply>(staged).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(staged).empty());
  BOOST_TEST(notified<chat::invitation_received>(r.on(in_room(invite))).size() ==
             1u); // counted when it came: the directory is not asked
}

BOOST_AUTO_TEST_CASE(an_invite_without_a_valid_signature_is_forbidden) {
  rig r(their_room, bob);
  auto pdu = member_event(their_room, eve, bob, "invite", 5)->source;
  pdu.set("signatures", matrix::json::object{{"there.example", matrix::json::object{{"ed25519:a", "AAAA"}}}});
  const auto refused = r.arrives(*matrix::make_event(pdu, *matrix::find_room_version("11")));
  BOOST_TEST(told<invite_arrived>(refused).empty());
  BOOST_TEST(told<federation_reply>(refused).at(0).second.status == 403);
}

BOOST_AUTO_TEST_CASE(an_invite_that_came_with_the_room_is_told_when_its_server_may_invite_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto asked = r.on(in_room(invite));
  BOOST_TEST(written<store::append_outbox>(asked).empty());
  const auto question = told<invite_admission_request>(asked).at(0);
  BOOST_TEST((question.first == address{actor_kind::directory, ""}));
  BOOST_TEST(question.second.origin == "there.example");
  BOOST_TEST(written<store::put_invitation>(asked).empty()); // we may have no such user
  const auto wait = r.on(invite_admitted{question.second.asked, 60'000});
  BOOST_TEST(written<store::append_outbox>(wait).empty());
  BOOST_TEST(r.row.pending_request == next_request::tell);
  r.now = timer_at(wait, timer_kind::retry);
  BOOST_TEST(r.now == r.row.retry_at_ts);
  const auto again = r.begin(); // a restart loses nothing of it
  const auto told_now = r.on(invite_admitted{told<invite_admission_request>(again).at(0).second.asked, 0});
  BOOST_TEST(notified<chat::invitation_received>(told_now).size() == 1u);
  BOOST_TEST(r.row.pending_request == next_request::none);
}

BOOST_AUTO_TEST_CASE(of_an_invite_in_the_room_to_a_user_we_do_not_have_nothing_is_kept_or_told) {
  rig r(their_room, bob);
  const auto question =
    told<invite_admission_request>(r.on(in_room(member_event(their_room, eve, bob, "invite", 5)))).at(0).second;
  const auto ended = r.on(invite_admitted{question.asked, 0, false});
  BOOST_TEST(written<store::put_invitation>(ended).empty());
  BOOST_TEST(written<store::append_outbox>(ended).empty());
  BOOST_TEST(of_kind<finish>(ended).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_invitation_that_waits_for_its_turn_writes_nothing_at_each_refusal) {
  rig r(their_room, bob);
  auto list = r.on(in_room(member_event(their_room, eve, bob, "invite", 5)));
  auto asked = told<invite_admission_request>(list).at(0).second.asked;
  BOOST_TEST(written<store::put_invitation>(r.on(invite_admitted{asked, 60'000})).size() == 1u);
  for (int i = 0; i < 3; ++i) {
    r.now += 3'600'000;
    asked = told<invite_admission_request>(r.on(timer_due{timer_kind::retry})).at(0).second.asked;
    BOOST_TEST(written<store::put_invitation>(r.on(invite_admitted{asked, 60'000})).empty());
  }
}

BOOST_AUTO_TEST_CASE(an_invitation_nobody_was_told_of_ends_without_a_word) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  const auto question = told<invite_admission_request>(r.on(in_room(invite))).at(0).second;
  r.on(invite_admitted{question.asked, 60'000});
  const auto ended = r.on(invited_membership_changed{
    matrix::membership::leave, eve, {}, member_event(their_room, eve, bob, "leave", 6, {invite->event_id})});
  BOOST_TEST(written<store::append_outbox>(ended).empty());
  BOOST_TEST(r.row.state == invitation_state::revoked);
  BOOST_TEST(r.row.pending_request == next_request::none);
  BOOST_TEST(of_kind<finish>(ended).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_invite_of_the_room_that_is_older_than_the_one_he_answered_is_no_news) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 9)); // before we took part in the room
  r.command(chat::invite_answer{their_room, bob, false, {}});
  r.on(join_result{bob, {fault_code::not_member, "this server is not in the room"}});
  BOOST_TEST(written<store::append_outbox>(r.on(in_room(member_event(their_room, eve, bob, "invite", 5)))).empty());
  BOOST_TEST(r.row.state == invitation_state::rejected);
}

BOOST_AUTO_TEST_SUITE_END()
