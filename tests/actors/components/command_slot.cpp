#include "actors/invitation/command_slot.hpp"

#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(invitation_command_slot_alone)

namespace {

struct slot_rig : invitation_rig {
  invitation::command_slot<chat::invite_revoke> slot{out};
  slot_rig() : invitation_rig(our_room, their_user) {}
  chat_command revoke(std::string id) {
    return command(chat::invite_revoke{our_room, our_member, their_user, "no"}, std::move(id));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(same_command_takes_its_place_and_another_is_refused) {
  slot_rig r;
  BOOST_TEST(!r.slot.holds(r.revoke("c1"), "one is open"));
  r.slot.open(r.revoke("c1"), r.now + 1'000);
  auto again = r.revoke("c1");
  again.reference.session = "another";
  BOOST_TEST(r.slot.holds(again, "one is open"));
  BOOST_TEST(result_in(r.take()) == "0 results");
  BOOST_TEST(r.slot.holds(r.revoke("c2"), "one is open"));
  BOOST_TEST(result_in(r.take()) == "conflict");
  BOOST_TEST(r.slot.body().reason.value() == "no");
  r.slot.succeed(chat::state_answer{"revoked"});
  const auto list = r.take();
  BOOST_TEST(result_in(list) == "ok");
  BOOST_TEST(told<command_done>(list)[0].first.key ==
             "another"); // one RESULT for both, on the connection of the repetition
  BOOST_TEST(!r.slot.is_open());
}

BOOST_AUTO_TEST_CASE(slot_that_is_empty_answers_nobody) {
  slot_rig r;
  r.slot.fail({fault_code::timed_out, "late"});
  r.slot.succeed(chat::state_answer{"revoked"});
  BOOST_TEST(r.take().empty());
}

BOOST_AUTO_TEST_CASE(command_is_overdue_at_its_deadline) {
  slot_rig r;
  BOOST_TEST(!r.slot.is_overdue());
  r.slot.open(r.revoke("c1"), r.now + 1'000);
  BOOST_TEST(!r.slot.is_overdue());
  r.after(1'000);
  BOOST_TEST(r.slot.is_overdue());
  r.slot.take();
  BOOST_TEST(!r.slot.is_overdue());
}

BOOST_AUTO_TEST_CASE(command_is_overdue_before_the_session_answers_for_it_however_long_a_join_may_take) {
  slot_rig r;
  r.slot.open(r.revoke("c1"), r.now + r.patience_ms());
  r.after(r.slot.patience_ms_max - 1);
  BOOST_TEST(!r.slot.is_overdue());
  r.after(1);
  BOOST_TEST(r.slot.is_overdue());
}

BOOST_AUTO_TEST_CASE(question_is_answered_by_its_token_only) {
  slot_rig r;
  invitation::question<int> q;
  BOOST_TEST(!q.is(0));
  const auto first = q.ask(r.out, 1, r.now + 10);
  const auto second = q.ask(r.out, 2, r.now + 20);
  BOOST_TEST(first != second);
  BOOST_TEST(!q.is(first));
  BOOST_TEST(q.is(second));
  BOOST_TEST(!q.is_overdue(r.now + 19));
  BOOST_TEST(q.is_overdue(r.now + 20));
  BOOST_TEST(q.take() == 2);
  BOOST_TEST(!q.is(second));
  BOOST_TEST(!q.is_overdue(r.now + 20));
}

BOOST_AUTO_TEST_SUITE_END()
