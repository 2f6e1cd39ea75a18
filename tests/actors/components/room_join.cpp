#include "actors/invitation/room_join.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(invitation_room_join_alone)

namespace {

const fault lost{fault_code::peer_timeout, "no answer"}, away{fault_code::peer_unreachable, "refused"};

struct join_rig : invitation_rig {
  join_rig() : invitation_rig(their_room, our_user) {
    stored(invitation_direction::incoming, invitation_state::pending,
           member_event(their_room, their_user, our_user, "invite", 5));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(join_is_on_disk_before_the_room_is_asked) {
  join_rig r;
  r.join.ask(nullptr);
  const auto list = r.take();
  BOOST_TEST((written<store::put_invitation>(list).at(0).pending_request == next_request::join));
  const auto wanted = told<join_request>(list).at(0).second;
  BOOST_TEST((wanted.via == std::vector<std::string>{"there.example"}));
  BOOST_TEST(wanted.invite->event_id == r.record.event->event_id);
  BOOST_TEST(r.join.is_open());
}

BOOST_AUTO_TEST_CASE(attempt_that_may_have_come_through_is_repeated) {
  join_rig r;
  r.join.ask(nullptr);
  BOOST_TEST(r.join.ended({our_user, lost, true}));
  BOOST_TEST(r.join.is_outcome_unknown());
  BOOST_TEST(r.next() == next_request::join);
  r.join.ask(nullptr);
  r.join.ended({our_user, away}); // says nothing about the one before
  BOOST_TEST(r.join.is_outcome_unknown());
  r.join.ask(nullptr);
  r.join.ended({our_user, {}});
  BOOST_TEST(!r.join.is_outcome_unknown());
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(attempt_that_reached_nobody_is_the_users_to_repeat) {
  join_rig r;
  r.join.ask(nullptr);
  r.join.ended({our_user, away});
  BOOST_TEST(r.next() == next_request::none);
  BOOST_TEST(!r.join.ended({our_user, {}})); // the room was not asked
}

BOOST_AUTO_TEST_CASE(repetition_ends_after_a_week) {
  join_rig r;
  r.join.ask(nullptr);
  r.after(7 * 24 * 3'600'000LL + 1);
  r.join.ended({our_user, lost, true});
  BOOST_TEST(r.next() == next_request::none);
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_is_asked_once_more) {
  join_rig r;
  r.join.ask(nullptr);
  BOOST_TEST(!r.join.expire());
  r.after(r.patience_ms());
  BOOST_TEST(r.join.expire());
  BOOST_TEST(!r.join.is_open());
  BOOST_TEST(r.next() == next_request::join);
  BOOST_TEST(r.record.row.retry_at_ts > r.now);
}

BOOST_AUTO_TEST_SUITE_END()
