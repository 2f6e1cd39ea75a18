#include "actors/invitation/invitation_machine.hpp"

#include "messages/chat/codec.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

namespace {

const std::string bob = "@bob:here.example", eve = "@eve:there.example", ann = "@ann:here.example";
const std::string their_room = "!r:there.example", our_room = "!r:here.example";

matrix::event_ptr member_event(const std::string& room, const std::string& by, const std::string& user, const std::string& membership,
                               std::int64_t depth, std::vector<std::string> cited = {}) {
  matrix::json::array auth;
  for (auto& id : cited) auth.emplace_back(std::move(id));
  const bool theirs = by == eve;
  matrix::json::object pdu{{"type", "m.room.member"}, {"room_id", room}, {"sender", by}, {"state_key", user},
                           {"content", matrix::json::object{{"membership", membership}}}, {"origin_server_ts", noon + depth}, {"depth", depth},
                           {"prev_events", matrix::json::array{}}, {"auth_events", std::move(auth)}};
  return *matrix::hash_and_sign(std::move(pdu), *matrix::find_room_version("11"), theirs ? "there.example" : "here.example",
                                theirs ? there_key() : key_of('h'));
}

/// The actor of one invitation; the room, the other server and the store are the test.
struct rig {
  context node = here();
  std::string room, user;
  std::unique_ptr<invitation::invitation_machine> machine;
  store::put_invitation row; ///< as last written
  time_ms now = noon;

  rig(std::string room_id, std::string user_id, store::put_invitation stored = {}) : room(std::move(room_id)), user(std::move(user_id)) {
    row = stored;
    begin();
  }
  /// A new life of the actor with what is on disk.
  effects begin() {
    machine = std::make_unique<invitation::invitation_machine>(node, invitation::key_of(room, user));
    const auto asked = of_kind<ask_store>(machine->on(start{}, now)).at(0).asked;
    store::invitation_loaded found;
    if (!row.state.empty()) found.invitation = row;
    return on(store_says(asked, found));
  }
  effects on(const message& m) {
    auto done = machine->on(m, now);
    for (auto& w : written<store::put_invitation>(done)) row = w;
    return done;
  }
  /// there.example invites; what is told when its signature has been checked.
  effects invited(const matrix::event_ptr& invite) {
    federation_call call;
    call.origin = "there.example";
    call.match = std::make_shared<const matrix::endpoint_match>(
      *matrix::match_endpoint("PUT", "/_matrix/federation/v2/invite/" + matrix::percent_encode(room) + "/" + matrix::percent_encode(invite->event_id)));
    call.body = std::make_shared<const matrix::json::value>(
      *matrix::json::parse("{\"event\":" + invite->to_json() + ",\"invite_room_state\":[],\"room_version\":\"11\"}"));
    return on(verdict_on(told<verify_events>(on(call)).at(0).second));
  }
  effects command(chat::command x, std::string id = "c1") {
    chat_command c;
    c.reference.command_id = std::move(id);
    c.body = std::make_shared<const chat::command>(std::move(x));
    c.room_id = room;
    return on(c);
  }
};

store::put_invitation ours_to(const std::string& user, const matrix::event_ptr& invite, const std::string& state) {
  store::put_invitation row;
  row.room_id = our_room;
  row.user_id = user;
  row.room_version = "11";
  row.inviter = invite->sender;
  row.direction = "outgoing";
  row.state = state;
  row.event = invite->to_json();
  if (state == "sending") row.pending_request = "invite";
  return row;
}

} // namespace

BOOST_AUTO_TEST_SUITE(invitation_machine_suite)

// -- one of ours is invited ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_invite_that_comes_a_second_time_after_he_joined_is_signed_again_and_is_no_news) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  BOOST_TEST(written<store::append_outbox>(r.invited(invite)).size() == 1u);
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_finished{bob, {}});
  BOOST_TEST(r.row.state == "accepted");
  const auto again = r.invited(invite);
  BOOST_TEST(told<federation_reply>(again).at(0).second.status == 200);
  BOOST_TEST(written<store::append_outbox>(again).empty());
  BOOST_TEST(r.row.state == "accepted");
}

BOOST_AUTO_TEST_CASE(an_invite_offered_again_after_he_said_no_is_told_no_again) {
  rig r(their_room, bob);
  const auto invite = member_event(their_room, eve, bob, "invite", 5);
  r.invited(invite);
  r.row.state = "rejected"; // and the other server was told, or gave up
  r.begin();
  const auto again = r.invited(invite);
  BOOST_TEST(r.row.state == "rejected");
  BOOST_TEST((told<peer_request>(again).at(0).second.endpoint == matrix::endpoint::make_leave));
}

BOOST_AUTO_TEST_CASE(the_end_of_an_earlier_invitation_does_not_end_the_new_one) {
  rig r(their_room, bob);
  const auto first = member_event(their_room, eve, bob, "invite", 5);
  const auto ended = member_event(their_room, eve, bob, "leave", 6, {first->event_id});
  const auto second = member_event(their_room, eve, bob, "invite", 7);
  r.invited(second);
  // The past comes with the history of somebody else's join.
  r.on(invited_membership_changed{"leave", eve, {}, ended, false});
  BOOST_TEST(r.row.state == "pending");
  r.on(invited_membership_changed{"leave", eve, {}, member_event(their_room, eve, bob, "leave", 8, {second->event_id}), true});
  BOOST_TEST(r.row.state == "revoked");
}

BOOST_AUTO_TEST_CASE(a_join_whose_answer_was_lost_is_repeated_until_it_is_known_how_it_ended) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  BOOST_TEST(told<join_wanted>(r.command(chat::invite_answer{their_room, bob, true, {}})).size() == 1u);
  r.on(join_finished{bob, {fault_code::peer_timeout, "no answer"}, true});
  BOOST_TEST(r.row.pending_request == "join");
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<join_wanted>(r.begin()).size() == 1u); // also after a restart
  r.on(join_finished{bob, {}});
  BOOST_TEST(r.row.state == "accepted");
  BOOST_TEST(r.row.pending_request.empty());
}

BOOST_AUTO_TEST_CASE(a_join_that_did_not_reach_the_other_server_is_left_to_the_user) {
  rig r(their_room, bob);
  r.invited(member_event(their_room, eve, bob, "invite", 5));
  r.command(chat::invite_answer{their_room, bob, true, {}});
  r.on(join_finished{bob, {fault_code::peer_unreachable, "connection refused"}});
  BOOST_TEST(r.row.pending_request.empty());
  BOOST_TEST(r.row.state == "pending");
}

// -- we invite -----------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_revocation_that_was_taken_before_the_room_answered_is_confirmed) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), "pending"));
  BOOST_TEST(told<revoke_invite>(r.command(chat::invite_revoke{our_room, ann, eve, {}})).size() == 1u);
  r.on(rescission_delivered{"$leave"});
  r.on(revocation_done{});
  BOOST_TEST(r.row.state == "revoked");
}

BOOST_AUTO_TEST_CASE(an_invite_that_may_arrive_late_is_taken_back_a_second_time) {
  rig r(our_room, eve, ours_to(eve, member_event(our_room, ann, eve, "invite", 5), "sending"));
  peer_answer none;
  none.asked = told<peer_request>(r.begin()).at(0).second.asked;
  none.why = {fault_code::peer_timeout, "no answer"};
  r.on(none);
  r.command(chat::invite_revoke{our_room, ann, eve, {}});
  r.on(revocation_done{});
  BOOST_TEST(r.row.state == "revoked_unconfirmed");
  r.on(rescission_delivered{"$leave"}); // it may have come before the invite
  BOOST_TEST(r.row.state == "revoked_unconfirmed");
  r.now = r.row.retry_at_ts;
  BOOST_TEST(told<rescission_wanted_again>(r.on(timer_due{"retry"})).size() == 1u);
  r.on(rescission_delivered{"$leave"});
  BOOST_TEST(r.row.state == "revoked");
}

BOOST_AUTO_TEST_SUITE_END()
