#include "actors/invitation/outgoing_invitation.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(outgoing_invitation_alone)

namespace {

struct outgoing_rig : invitation_rig {
  invitation::outgoing_invitation outgoing{record, question};
  matrix::event_ptr invite = member_event(our_room, our_member, their_user, "invite", 5);
  outgoing_rig() : invitation_rig(our_room, their_user) {}

  void is(invitation_state state, next_request next = next_request::none) {
    stored(invitation_direction::outgoing, state, invite, next);
    outgoing.load();
  }
  peer_request offered() {
    outgoing.begin();
    return told<peer_request>(take()).at(0).second;
  }
  effects answer(const peer_request& q, int status, std::string body = "{}", std::string errcode = {}) {
    const auto a = their_answer(q, status, std::move(body), std::move(errcode));
    BOOST_REQUIRE((question.answered(a) == invitation::server_request::invite));
    outgoing.answered(a);
    return take();
  }
  std::string signed_by_them() const {
    return "{\"event\":" + matrix::add_signature(*invite, "there.example", there_key())->to_json() + "}";
  }
  effects keys(const keys_request& asked, const matrix::signing_key& key) {
    keys_response found;
    found.asked = asked.asked;
    found.server_name = "there.example";
    found.keys = std::make_shared<const matrix::verify_keys>(keys_of(key));
    outgoing.check_signature(found);
    return take();
  }
  effects revoke(std::string id = "c1") {
    const chat::invite_revoke x{our_room, our_member, their_user, "no"};
    outgoing.revoke(command(x, std::move(id)), x);
    return take();
  }
  effects revoked(fault why = {}) {
    outgoing.revoked({std::move(why), invite->event_id});
    return take();
  }
  effects membership(const std::string& to, const std::string& by, bool historical = false) {
    outgoing.membership({matrix::parse_membership(to),
                         by,
                         {},
                         member_event(our_room, by, their_user, to, 6, {invite->event_id}),
                         historical});
    return take();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(signed_invite_is_taken_to_the_room_and_pending_when_it_is_there) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  const auto asked = told<keys_request>(r.answer(r.offered(), 200, r.signed_by_them())).at(0).second;
  BOOST_TEST(!r.outgoing.is_idle());
  const auto done = r.keys(asked, there_key());
  BOOST_TEST(told<invite_accepted_by_server>(done).size() == 1u);
  BOOST_TEST(r.next() == next_request::commit);
  BOOST_TEST(r.outgoing.committed());
  BOOST_TEST(r.state() == invitation_state::pending);
  BOOST_TEST(!r.outgoing.committed());
}

BOOST_AUTO_TEST_CASE(signature_that_does_not_match_is_checked_with_keys_that_are_asked_for_anew) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  auto asked = told<keys_request>(r.answer(r.offered(), 200, r.signed_by_them())).at(0).second;
  BOOST_TEST(!asked.are_doubted);
  auto wrong = key_of('w');
  matrix::verify_keys keys;
  keys[there_key().key_id()] = {wrong.public_key_base64(), noon + 86'400'000, false};
  keys_response found;
  found.asked = asked.asked;
  found.server_name = "there.example";
  found.keys = std::make_shared<const matrix::verify_keys>(keys);
  r.outgoing.check_signature(found);
  asked = told<keys_request>(r.take()).at(0).second;
  BOOST_TEST(asked.are_doubted);
  found.asked = asked.asked;
  r.outgoing.check_signature(found);
  BOOST_TEST(told<keys_request>(r.take()).empty());
  BOOST_TEST(r.next() == next_request::invite); // it is offered again later
  BOOST_TEST(r.state() == invitation_state::sending);
}

BOOST_AUTO_TEST_CASE(refusal_ends_it_and_silence_does_not) {
  for (const auto& [status, errcode, state] : {std::tuple{403, "M_FORBIDDEN", invitation_state::failed},
                                               {403, "M_UNKNOWN", invitation_state::failed},
                                               {400, "M_UNKNOWN", invitation_state::sending},
                                               {403, "", invitation_state::sending},
                                               {404, "M_UNRECOGNIZED", invitation_state::sending},
                                               {502, "", invitation_state::sending}}) {
    outgoing_rig r;
    r.is(invitation_state::sending, next_request::invite);
    r.answer(r.offered(), status, "{}", errcode);
    BOOST_TEST(r.state() == state, status << ' ' << errcode);
  }
}

BOOST_AUTO_TEST_CASE(each_refusal_has_its_own_code) {
  for (const auto& [status, errcode, code] : {std::tuple{403, "M_FORBIDDEN", "forbidden"},
                                              {403, "M_INVITE_BLOCKED", "invite_blocked"},
                                              {403, "ORG.MATRIX.MSC4155.M_INVITE_BLOCKED", "invite_blocked"},
                                              {403, "M_UNKNOWN", "peer_refused"},
                                              {404, "M_NOT_FOUND", "not_found"},
                                              {400, "M_INVALID_PARAM", "peer_refused"}}) {
    outgoing_rig r;
    r.is(invitation_state::sending, next_request::invite);
    r.answer(r.offered(), status, "{}", errcode);
    BOOST_TEST(r.record.row.last_fault.substr(0, r.record.row.last_fault.find(':')) == code);
  }
}

BOOST_AUTO_TEST_CASE(unknown_room_version_is_for_the_room_to_decide) {
  for (const auto* errcode : {"M_INCOMPATIBLE_ROOM_VERSION", "M_UNSUPPORTED_ROOM_VERSION"}) {
    outgoing_rig r;
    r.is(invitation_state::sending, next_request::invite);
    const auto asked = told<room_version_refused>(r.answer(r.offered(), 400, "{}", errcode));
    BOOST_REQUIRE(asked.size() == 1u);
    BOOST_TEST(asked[0].second.event_id == r.record.event->event_id);
    BOOST_TEST(r.state() == invitation_state::sending);
    BOOST_TEST(!r.outgoing.is_idle());
    r.outgoing.refounded(
      {r.record.event->event_id, {fault_code::incompatible_room_version, "somebody has seen it"}, {}});
    const auto list = r.take();
    BOOST_TEST(states_notified(list) == std::vector<std::string>{"failed"}, boost::test_tools::per_element());
    BOOST_TEST(r.record.row.last_fault == "incompatible_room_version: somebody has seen it");
    BOOST_TEST(r.record.row.reason == "somebody has seen it");
    BOOST_TEST(r.outgoing.is_idle());
  }
}

BOOST_AUTO_TEST_CASE(invitation_of_a_room_that_was_founded_again_is_no_more) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  r.answer(r.offered(), 400, "{}", "M_UNSUPPORTED_ROOM_VERSION");
  const chat::invite_revoke revoke{our_room, our_member, their_user, {}};
  r.outgoing.revoke(r.command(revoke), revoke);
  BOOST_TEST(told<revoke_invite>(r.take()).empty()); // it waits for what becomes of the room
  r.outgoing.refounded({{}, {}, "!new:here.example"});
  const auto list = r.take();
  BOOST_TEST(written<store::remove_invitation>(list).size() == 1u);
  BOOST_TEST(states_notified(list).empty());
  BOOST_TEST(!r.record.exists);
  const auto passed_on = told<chat_command>(list);
  BOOST_REQUIRE(passed_on.size() == 1u);
  BOOST_TEST(passed_on[0].first.key == "!new:here.example|" + their_user);
}

BOOST_AUTO_TEST_CASE(offer_whose_room_does_not_say_what_becomes_of_it_is_repeated) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  r.answer(r.offered(), 400, "{}", "M_UNSUPPORTED_ROOM_VERSION");
  r.after(r.patience_ms());
  r.outgoing.expire();
  BOOST_TEST(r.outgoing.is_idle());
  BOOST_TEST(r.state() == invitation_state::sending);
  BOOST_TEST(r.record.row.last_fault.starts_with("incompatible_room_version"));
}

BOOST_AUTO_TEST_CASE(offer_is_given_up_after_a_while) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  r.after(std::int64_t{r.node.settings().invitation.give_up_h} * 3'600'000 + 1'000);
  r.answer(r.offered(), 0);
  BOOST_TEST(r.state() == invitation_state::failed);
}

BOOST_AUTO_TEST_CASE(keys_that_are_not_told_in_time_are_asked_for_with_the_next_offer) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  r.answer(r.offered(), 200, r.signed_by_them());
  r.outgoing.expire();
  BOOST_TEST(!r.outgoing.is_idle());
  r.after(r.patience_ms());
  r.outgoing.expire();
  BOOST_TEST(r.outgoing.is_idle());
  BOOST_TEST(r.record.row.retry_at_ts > r.now);
}

BOOST_AUTO_TEST_CASE(keys_of_an_invitation_that_is_over_are_waited_for_by_nobody) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  const auto asked = told<keys_request>(r.answer(r.offered(), 200, r.signed_by_them())).at(0).second;
  r.membership("ban", our_member);
  BOOST_TEST(r.state() == invitation_state::banned);
  BOOST_TEST(r.outgoing.is_idle());
  BOOST_TEST(r.keys(asked, there_key()).empty());
}

BOOST_AUTO_TEST_CASE(revocation_is_confirmed_when_the_other_server_has_taken_the_leave) {
  outgoing_rig r;
  r.is(invitation_state::pending);
  BOOST_TEST(told<revoke_invite>(r.revoke()).size() == 1u);
  BOOST_TEST(result_in(r.revoke("c2")) == "conflict");
  const auto done = r.revoked();
  BOOST_TEST(result_in(done) == "ok");
  BOOST_TEST(r.state() == invitation_state::revoked_unconfirmed);
  BOOST_TEST(timer_at(done, invitation::invitation_record::confirm_timer) > r.now);
  r.outgoing.leave_delivered({"$leave", {r.invite->event_id}});
  BOOST_TEST(r.state() == invitation_state::revoked);
  BOOST_TEST(result_in((r.take(), r.revoke("c3"))) == "ok"); // it is what was asked for
}

BOOST_AUTO_TEST_CASE(revocation_before_the_first_offer_is_over_at_once) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  const auto done = r.revoke();
  BOOST_TEST(result_in(done) == "ok");
  BOOST_TEST(told<revoke_invite>(done).empty());
  BOOST_TEST(told<invite_abandoned>(done).size() == 1u);
  BOOST_TEST(r.state() == invitation_state::revoked);
}

BOOST_AUTO_TEST_CASE(revocation_waits_for_the_answer_to_an_offer_that_is_under_way) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  const auto offer = r.offered();
  BOOST_TEST(told<revoke_invite>(r.revoke()).empty());
  BOOST_TEST(told<revoke_invite>(r.answer(offer, 0)).at(0).second.uncommitted_invite->event_id == r.invite->event_id);
  r.revoked();
  BOOST_TEST(r.next() == next_request::rescind); // the offer may arrive behind the leave
  r.outgoing.leave_delivered({"$leave", {r.invite->event_id}});
  BOOST_TEST(r.state() == invitation_state::revoked_unconfirmed);
}

BOOST_AUTO_TEST_CASE(room_that_lost_the_revocation_fails_the_command_and_the_invitation_stands) {
  outgoing_rig r;
  r.is(invitation_state::pending);
  r.revoke();
  r.after(r.patience_ms());
  r.outgoing.expire();
  BOOST_TEST(result_in(r.take()) == "timed_out");
  BOOST_TEST(r.state() == invitation_state::pending);
  BOOST_TEST(r.outgoing.is_idle());
}

BOOST_AUTO_TEST_CASE(invitation_runs_out_once_and_not_while_it_is_offered) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  r.record.row.deadline_ts = r.now + 1'000;
  BOOST_TEST(!r.outgoing.run_out());
  const auto offer = r.offered();
  r.after(1'000);
  BOOST_TEST(r.outgoing.run_out());
  BOOST_TEST(told<revoke_invite>(r.take()).empty());
  r.answer(offer, 0);
  BOOST_TEST(r.outgoing.run_out());
  BOOST_TEST(told<revoke_invite>(r.take()).size() == 1u);
  BOOST_TEST(!r.outgoing.run_out()); // it is being revoked
  r.revoked();
  BOOST_TEST(r.state() == invitation_state::expired);
}

BOOST_AUTO_TEST_CASE(ban_ends_it_and_an_invite_that_may_arrive_after_it_is_taken_back) {
  outgoing_rig r;
  r.is(invitation_state::pending);
  auto banned = r.membership("ban", "@mod:elsewhere.example");
  BOOST_TEST(states_notified(banned) == std::vector<std::string>{"banned"}, boost::test_tools::per_element());
  BOOST_TEST(told<rescission_wanted_again>(banned).size() == 1U); // whose server does not tell the invited one
  r.is(invitation_state::revoked_unconfirmed);                    // taken back for the ban
  banned = r.membership("ban", our_member);
  BOOST_TEST(states_notified(banned) == std::vector<std::string>{"banned"}, boost::test_tools::per_element());
  BOOST_TEST(told<rescission_wanted_again>(banned).empty());
  r.is(invitation_state::sending, next_request::invite);
  const auto offered = r.offered();
  r.membership("ban", our_member);
  BOOST_TEST(r.state() == invitation_state::banned);
  BOOST_TEST(r.next() == next_request::rescind);
  // It did arrive; and perhaps arrives once more.
  BOOST_TEST(told<rescission_wanted_again>(r.answer(offered, 200, r.signed_by_them())).size() == 1U);
  r.after(2 * std::int64_t{r.node.settings().federation.request_timeout_ms});
  r.outgoing.begin();
  BOOST_TEST(told<rescission_wanted_again>(r.take()).size() == 1U);
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(ban_takes_back_what_was_signed_and_is_not_yet_in_the_room) {
  outgoing_rig r;
  r.is(invitation_state::sending, next_request::invite);
  r.answer(r.offered(), 200, r.signed_by_them()); // its keys are being asked for
  const auto banned = r.membership("ban", our_member);
  BOOST_TEST(states_notified(banned) == std::vector<std::string>{"banned"}, boost::test_tools::per_element());
  BOOST_TEST(told<rescission_wanted_again>(banned).size() == 1U);
  // One that nobody was offered is over.
  r.is(invitation_state::sending, next_request::invite);
  BOOST_TEST(told<rescission_wanted_again>(r.membership("ban", our_member)).empty());
}

BOOST_AUTO_TEST_CASE(our_own_leave_is_no_news_while_it_is_asked_for) {
  outgoing_rig r;
  r.is(invitation_state::pending);
  r.revoke();
  BOOST_TEST(r.membership("leave", our_member).empty());
  BOOST_TEST(r.state() == invitation_state::pending);
  r.membership("leave", their_user);
  BOOST_TEST(r.state() == invitation_state::rejected);
}

BOOST_AUTO_TEST_SUITE_END()
