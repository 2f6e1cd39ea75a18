#include "actors/invitation/incoming_invitation.hpp"

#include "actors/invitation/invite_arrivals.hpp"
#include "actors/invitation/rescissions.hpp"
#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(incoming_invitation_alone)

namespace {

const fault not_in_room{fault_code::not_member, "this server is not in the room"};

struct incoming_rig : invitation_rig {
  invitation::knock knock{record, question, leave, join};
  invitation::incoming_invitation incoming{record, question, leave, join, knock};
  matrix::event_ptr invite = member_event(their_room, their_user, our_user, "invite", 5);
  incoming_rig() : invitation_rig(their_room, our_user) {}

  effects taken(const matrix::event_ptr& x) {
    incoming.take({x, "11", "[]", chat::room_type::channel});
    return take();
  }
  effects answer(bool accept, std::string id = "c1") {
    const chat::invite_answer x{their_room, our_user, accept, "why"};
    incoming.answer(command(x, std::move(id)), x);
    return take();
  }
  effects ended(fault why = {}, bool perhaps = false) {
    incoming.ended({our_user, std::move(why), perhaps});
    return take();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(invite_is_told_once_and_an_older_one_not_at_all) {
  incoming_rig r;
  BOOST_TEST((states_notified(r.taken(r.invite)) == std::vector<std::string>{"received"}));
  BOOST_TEST(r.taken(r.invite).empty());
  BOOST_TEST(r.taken(member_event(their_room, their_user, our_user, "invite", 4)).empty());
  BOOST_TEST(states_notified(r.taken(member_event(their_room, their_user, our_user, "invite", 7))).size() == 1u);
  BOOST_TEST(r.state() == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(acceptance_is_answered_when_the_room_has_joined) {
  incoming_rig r;
  r.taken(r.invite);
  BOOST_TEST(told<join_request>(r.answer(true)).size() == 1u);
  BOOST_TEST(result_in(r.answer(true)) == "0 results"); // the same once more
  BOOST_TEST(result_in(r.answer(false, "c2")) == "conflict");
  BOOST_TEST(result_in(r.ended()) == "ok");
  BOOST_TEST(r.state() == invitation_state::accepted);
  BOOST_TEST(r.incoming.is_idle());
  BOOST_TEST(result_in(r.answer(true, "c3")) == "conflict");
}

BOOST_AUTO_TEST_CASE(rejection_succeeds_without_the_room_and_is_told_to_its_server) {
  incoming_rig r;
  r.taken(r.invite);
  BOOST_TEST(told<leave_request>(r.answer(false)).size() == 1u);
  const auto done = r.ended(not_in_room);
  BOOST_TEST(result_in(done) == "ok");
  BOOST_TEST(told<peer_request>(done).size() == 1u);
  BOOST_TEST(r.state() == invitation_state::rejected);
  BOOST_TEST(r.next() == next_request::leave);
}

BOOST_AUTO_TEST_CASE(rejection_of_what_was_revoked_meanwhile_is_a_conflict) {
  incoming_rig r;
  r.taken(r.invite);
  r.answer(false);
  r.incoming.rescinded(*member_event(their_room, their_user, our_user, "leave", 6, {r.invite->event_id}));
  BOOST_TEST(r.state() == invitation_state::revoked);
  r.take();
  const auto done = r.ended(not_in_room);
  BOOST_TEST(result_in(done) == "conflict");
  BOOST_TEST(told<peer_request>(done).empty()); // nobody waits for that leave
  BOOST_TEST(r.state() == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(past_of_the_room_ends_nothing) {
  incoming_rig r;
  r.taken(r.invite);
  const auto past = member_event(their_room, their_user, our_user, "leave", 4);
  r.incoming.membership({matrix::membership::leave, their_user, {}, past, true});
  r.incoming.membership({matrix::membership::leave, their_user, {}, past, false});
  BOOST_TEST(r.state() == invitation_state::pending);
  r.incoming.membership(
    {matrix::membership::leave, their_user, {}, past, true, r.invite->event_id}); // the room has it behind the invite
  BOOST_TEST(r.state() == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(invite_by_way_of_the_room_waits_for_the_directory) {
  incoming_rig r;
  const invited_membership_changed in_room{matrix::membership::invite, their_user, {}, r.invite};
  r.incoming.invited_in_room(in_room, false);
  auto asked = told<invite_admission_request>(r.take()).at(0).second.asked;
  r.incoming.admitted({asked, 1'000});
  BOOST_TEST(states_notified(r.take()).empty());
  BOOST_TEST(r.next() == next_request::tell);
  r.after(8'000);
  r.incoming.begin();
  asked = told<invite_admission_request>(r.take()).at(0).second.asked;
  r.incoming.admitted({asked, 0});
  BOOST_TEST(states_notified(r.take()).size() == 1u);

  incoming_rig counted;
  counted.incoming.invited_in_room(in_room, true);
  BOOST_TEST(states_notified(counted.take()).size() == 1u);

  incoming_rig unknown;
  unknown.incoming.invited_in_room(in_room, false);
  asked = told<invite_admission_request>(unknown.take()).at(0).second.asked;
  unknown.incoming.admitted({asked, 0, false});
  BOOST_TEST(unknown.take().empty());
  BOOST_TEST(!unknown.record.exists);
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_fails_the_command) {
  incoming_rig r;
  r.taken(r.invite);
  r.answer(true);
  r.after(r.patience_ms());
  r.incoming.expire();
  BOOST_TEST(result_in(r.take()) == "timed_out");
  BOOST_TEST(r.incoming.is_idle());
  BOOST_TEST(r.next() == next_request::join); // it may have come through
}

// -- PUT /invite ------------------------------------------------------------------------------------------------------

namespace {

struct arrival_rig : incoming_rig {
  invitation::invite_arrivals arrivals{record, incoming};

  effects put(const matrix::event_ptr& x, const std::string& room_version = "11", const std::string& event_id = {}) {
    federation_call call;
    call.origin = "there.example";
    call.match = std::make_shared<const matrix::endpoint_match>(
      *matrix::match_endpoint("PUT", "/_matrix/federation/v2/invite/" + matrix::percent_encode(record.room_id) + "/" +
                                       matrix::percent_encode(event_id.empty() ? x->event_id : event_id)));
    call.body = std::make_shared<const matrix::json::value>(*matrix::json::parse(
      "{\"event\":" + x->to_json() + ",\"invite_room_state\":[],\"room_version\":\"" + room_version + "\"}"));
    arrivals.receive(call);
    return take();
  }
  effects verified(const effects& after, event_check check = event_check::valid) {
    const auto asked = told<verify_events>(after).at(0).second.asked;
    BOOST_TEST(arrivals.verified({asked, {check}}));
    return take();
  }
  effects placed(const effects& after, invite_place where) {
    arrivals.placed({told<invite_arrived>(after).at(0).second.asked, where, {fault_code::forbidden, "no"}});
    return take();
  }
  static int status_in(const effects& list) {
    const auto replies = told<federation_reply>(list);
    return replies.size() == 1 ? replies[0].second.status : 0;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(invite_is_verified_signed_placed_and_answered) {
  arrival_rig r;
  const auto checked = r.verified(r.put(r.invite));
  BOOST_TEST(r.arrivals.has_counted(r.invite->event_id));
  const auto done = r.placed(checked, invite_place::outside);
  BOOST_TEST(arrival_rig::status_in(done) == 200);
  BOOST_TEST(told<federation_reply>(done)[0].second.body.find("here.example") != std::string::npos);
  BOOST_TEST(r.state() == invitation_state::pending);
  BOOST_TEST(r.arrivals.is_idle());
}

BOOST_AUTO_TEST_CASE(invite_that_the_room_has_or_refuses_is_told_by_the_room) {
  for (const auto& [where, status] : {std::pair{invite_place::taken, 200}, {invite_place::refused, 403}}) {
    arrival_rig r;
    BOOST_TEST(arrival_rig::status_in(r.placed(r.verified(r.put(r.invite)), where)) == status);
    BOOST_TEST(!r.record.exists);
  }
}

BOOST_AUTO_TEST_CASE(invite_of_wrong_form_or_signature_is_refused) {
  arrival_rig r;
  BOOST_TEST(arrival_rig::status_in(r.put(r.invite, "99")) == 400);
  BOOST_TEST(arrival_rig::status_in(r.put(r.invite, "11", "$other")) == 400);
  BOOST_TEST(arrival_rig::status_in(r.put(member_event(their_room, their_user, their_user, "invite", 5))) == 400);
  BOOST_TEST(arrival_rig::status_in(r.verified(r.put(r.invite), event_check::bad_signature)) == 403);
  BOOST_TEST(r.arrivals.is_idle());
  BOOST_TEST(!r.record.exists);
}

BOOST_AUTO_TEST_CASE(requests_about_the_same_invitation_wait_and_the_oldest_of_too_many_is_refused) {
  arrival_rig r;
  const auto first = r.put(r.invite);
  for (std::size_t i = 0; i < invitation::invite_arrivals::waiting_max; ++i) BOOST_TEST(r.put(r.invite).empty());
  BOOST_TEST(arrival_rig::status_in(r.put(r.invite)) == 429);
  const auto done = r.placed(r.verified(first), invite_place::outside);
  BOOST_TEST(arrival_rig::status_in(done) == 200);
  BOOST_TEST(told<verify_events>(done).size() == 1u); // the next
}

BOOST_AUTO_TEST_CASE(invite_that_nobody_checks_in_time_is_answered) {
  arrival_rig r;
  r.put(r.invite);
  r.arrivals.expire();
  BOOST_TEST(r.take().empty());
  r.after(r.patience_ms());
  r.arrivals.expire();
  BOOST_TEST(arrival_rig::status_in(r.take()) >= 500);
  BOOST_TEST(r.arrivals.is_idle());
}

// -- leaves of other servers ------------------------------------------------------------------------------------------

namespace {

struct rescission_rig : incoming_rig {
  invitation::rescissions rescissions{record, incoming, knock};

  effects received(const matrix::event_ptr& x, std::string origin = "there.example") {
    rescissions.receive({{actor_kind::room, their_room}, 7, std::move(origin), x->source});
    return take();
  }
  effects verified(const effects& after, event_check check = event_check::valid) {
    BOOST_TEST(rescissions.verified({told<verify_events>(after).at(0).second.asked, {check}}));
    return take();
  }
  static std::string error_in(const effects& list) {
    const auto done = told<rescission_result>(list);
    return done.size() == 1 ? done[0].second.error : "no answer";
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(leave_of_the_inviter_that_cites_the_invite_ends_it) {
  rescission_rig r;
  r.taken(r.invite);
  const auto leave = member_event(their_room, their_user, our_user, "leave", 6, {r.invite->event_id});
  BOOST_TEST(rescission_rig::error_in(r.verified(r.received(leave), event_check::bad_signature)) != "");
  BOOST_TEST(r.state() == invitation_state::pending);
  BOOST_TEST(rescission_rig::error_in(r.verified(r.received(leave))) == "");
  BOOST_TEST(r.state() == invitation_state::revoked);
  BOOST_TEST(rescission_rig::error_in(r.received(leave)) == ""); // a repeat
}

BOOST_AUTO_TEST_CASE(leave_of_another_user_or_about_another_invite_ends_nothing) {
  rescission_rig r;
  r.taken(r.invite);
  BOOST_TEST(rescission_rig::error_in(r.received(member_event(their_room, their_user, our_user, "leave", 6))) != "");
  BOOST_TEST(rescission_rig::error_in(r.received(
               member_event(their_room, "@x:there.example", our_user, "leave", 6, {r.invite->event_id}))) != "");
  BOOST_TEST(rescission_rig::error_in(r.received(
               member_event(their_room, their_user, our_user, "leave", 6, {r.invite->event_id}), "third.example")) !=
             "");
  BOOST_TEST(r.rescissions.is_idle());
  BOOST_TEST(r.state() == invitation_state::pending);
}

BOOST_AUTO_TEST_CASE(leaves_are_verified_one_after_the_other_and_answered_when_the_verifier_is_lost) {
  rescission_rig r;
  r.taken(r.invite);
  const auto leave = member_event(their_room, their_user, our_user, "leave", 6, {r.invite->event_id});
  BOOST_TEST(told<verify_events>(r.received(leave)).size() == 1u);
  for (std::size_t i = 1; i < invitation::rescissions::waiting_max; ++i) BOOST_TEST(r.received(leave).empty());
  BOOST_TEST(rescission_rig::error_in(r.received(leave)) == "too many at once");
  r.after(r.patience_ms());
  r.rescissions.expire();
  BOOST_TEST(told<rescission_result>(r.take()).size() == invitation::rescissions::waiting_max);
  BOOST_TEST(r.rescissions.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
