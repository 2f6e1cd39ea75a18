#include "actors/invitation/leave_delivery.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using invitation::server_request;

BOOST_AUTO_TEST_SUITE(invitation_leave_delivery_alone)

namespace {

struct leave_rig : invitation_rig {
  leave_rig() : invitation_rig(their_room, our_user) {
    stored(invitation_direction::incoming, invitation_state::rejected,
           member_event(their_room, their_user, our_user, "invite", 5), next_request::leave);
    record.row.reason = "no time";
    record.row.invite_room_state = R"([{"type":"m.room.name","sender":"@x:third.example"}])";
  }
  std::pair<std::string, peer_request> asked() {
    const auto list = told<peer_request>(take());
    BOOST_REQUIRE(list.size() == 1u);
    return {list[0].first.key, list[0].second};
  }
  std::pair<std::string, peer_request> begin() {
    leave.begin();
    return asked();
  }
  effects answer(const peer_request& q, int status, std::string body = "{}", std::string errcode = {}) {
    const auto a = their_answer(q, status, std::move(body), std::move(errcode));
    leave.answered(question.answered(a).value(), a);
    return take();
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(leave_of_the_template_is_signed_and_sent_and_then_it_is_over) {
  leave_rig r;
  const auto [server, made] = r.begin();
  BOOST_TEST(server == "there.example");
  BOOST_TEST((made.endpoint == matrix::endpoint::make_leave));
  const auto sent = told<peer_request>(r.answer(made, 200, made_event("leave"))).at(0).second;
  BOOST_TEST((sent.endpoint == matrix::endpoint::send_leave_v2));
  const auto x = *matrix::parse_event(sent.body, *matrix::find_room_version("11"));
  BOOST_TEST(x->membership() == matrix::membership::leave);
  BOOST_TEST(*x->content().find("reason")->as_string() == "no time");
  r.answer(sent, 200);
  BOOST_TEST(r.next() == next_request::none);
  BOOST_TEST(!r.question.is_open());
}

BOOST_AUTO_TEST_CASE(server_that_is_away_is_followed_by_the_next_of_the_room) {
  leave_rig r;
  const auto [server, made] = r.begin();
  r.answer(made, 0);
  BOOST_TEST(r.next() == next_request::leave);
  const auto [other, again] = r.begin();
  BOOST_TEST(other == "third.example");
  r.answer(again, 403, "{}", "M_FORBIDDEN"); // only the inviter's server knows that there is no such invitation
  BOOST_TEST(r.next() == next_request::leave);
  BOOST_TEST(r.begin().first == "there.example");
}

BOOST_AUTO_TEST_CASE(refusal_of_the_inviters_server_is_believed_when_it_has_come_often) {
  leave_rig r;
  int attempts = 0;
  while (r.next() == next_request::leave && attempts < 20) {
    const auto [server, made] = r.begin();
    BOOST_TEST(server == "there.example");
    r.answer(made, 403, "{}", "M_FORBIDDEN");
    ++attempts;
  }
  BOOST_TEST(attempts == 8);
}

BOOST_AUTO_TEST_CASE(leave_is_given_up_after_a_week) {
  leave_rig r;
  r.after(7 * 24 * 3'600'000LL + 1);
  r.answer(r.begin().second, 0);
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(template_of_somebody_else_is_not_signed) {
  leave_rig r;
  auto other = made_event("leave");
  other.replace(other.find("@bob:here.example"), 4, "@boy");
  BOOST_TEST(told<peer_request>(r.answer(r.begin().second, 200, other)).empty());
  BOOST_TEST(r.next() == next_request::leave);
}

BOOST_AUTO_TEST_CASE(answer_after_the_leave_is_no_longer_wanted_changes_nothing) {
  leave_rig r;
  const auto made = r.begin().second;
  r.record.row.pending_request = next_request::none;
  BOOST_TEST(r.answer(made, 200, made_event("leave")).empty());
}

BOOST_AUTO_TEST_SUITE_END()
