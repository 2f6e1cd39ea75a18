#include "actors/invitation/server_question.hpp"

#include "actors/invitation/question.hpp"
#include "tests/actors/components/invitation_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using invitation::server_request;

BOOST_AUTO_TEST_SUITE(invitation_server_question_alone)

namespace {

struct question_rig : invitation_rig {
  question_rig() : invitation_rig(their_room, our_user) {}
  peer_request ask(server_request what = server_request::send_leave) {
    return question.ask(what, matrix::endpoint::send_leave_v2, "$leave", 5'000);
  }
  static peer_answer answer_to_token(token asked) {
    peer_answer a;
    a.asked = asked;
    a.status = 200;
    return a;
  }
};

} // namespace

// -- question

BOOST_AUTO_TEST_CASE(question_ends_by_its_answer_or_its_time_and_the_next_takes_its_place) {
  decision out{{actor_kind::invitation, ""}};
  invitation::question<int> q;
  BOOST_TEST(!q.is_open());
  BOOST_TEST(!q.is(0)); // no token is the one of no question
  BOOST_TEST(!q.is_overdue(noon));
  const auto first = q.ask(out, 7, noon);
  BOOST_TEST(q.is(first));
  BOOST_TEST(!q.is_overdue(noon - 1));
  BOOST_TEST(q.is_overdue(noon));
  const auto second = q.ask(out, 8, noon + 5);
  BOOST_TEST(!q.is(first));
  BOOST_TEST(!q.is_overdue(noon));
  BOOST_TEST(q.about() == 8);
  BOOST_TEST(q.take() == 8);
  BOOST_TEST(!q.is(second));
  BOOST_TEST(!q.is_overdue(noon + 5));
  (void)q.ask(out, 9, noon);
  q.forget();
  BOOST_TEST(!q.is_open());
}

// -- server_question

BOOST_FIXTURE_TEST_CASE(request_names_the_room_and_is_answered_once, question_rig) {
  BOOST_TEST(!question.is_open());
  const auto r = ask();
  BOOST_TEST((r.endpoint == matrix::endpoint::send_leave_v2));
  BOOST_TEST(r.parameters == (std::vector<std::string>{their_room, "$leave"}), boost::test_tools::per_element());
  BOOST_TEST((r.reply_to == out.self()));
  BOOST_TEST(r.timeout_ms == 5'000u);
  BOOST_TEST(question.is_open(server_request::send_leave));
  BOOST_TEST(!question.is_open(server_request::invite));
  BOOST_TEST(!question.answered(answer_to_token(r.asked + 1)).has_value());
  BOOST_TEST(question.is_open());
  BOOST_TEST((question.answered(answer_to_token(r.asked)) == server_request::send_leave));
  BOOST_TEST(!question.answered(answer_to_token(r.asked)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_request_that_another_has_replaced_concerns_nobody, question_rig) {
  const auto first = ask(server_request::make_leave);
  const auto second = ask();
  BOOST_TEST(!question.answered(answer_to_token(first.asked)).has_value());
  BOOST_TEST((question.answered(answer_to_token(second.asked)) == server_request::send_leave));
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_is_lost_with_the_actor_that_was_asked_is_given_up, question_rig) {
  BOOST_TEST(!question.lost().has_value());
  const auto r = ask();
  const auto& options = node.settings();
  const auto patience_ms =
    time_ms{std::max(options.federation.request_timeout_ms, options.federation.make_join_timeout_ms)} +
    options.invitation.queue_wait_ms + 15'000;
  after(patience_ms - 1);
  BOOST_TEST(!question.lost().has_value());
  after(1);
  const auto none = question.lost();
  BOOST_REQUIRE(none.has_value());
  BOOST_TEST(none->status == 0);
  BOOST_TEST((none->why.code == fault_code::timed_out));
  BOOST_TEST((question.answered(*none) == server_request::send_leave)); // it counts as its answer
  BOOST_TEST(!question.answered(answer_to_token(r.asked)).has_value()); // the true one comes too late
  BOOST_TEST(!question.lost().has_value());
}

BOOST_FIXTURE_TEST_CASE(what_is_forgotten_is_not_lost, question_rig) {
  const auto r = ask();
  question.forget();
  after(3'600'000);
  BOOST_TEST(!question.lost().has_value());
  BOOST_TEST(!question.answered(answer_to_token(r.asked)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
