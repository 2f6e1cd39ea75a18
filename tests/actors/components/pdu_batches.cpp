#include "actors/room/pdu_batches.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_pdu_batches)

BOOST_AUTO_TEST_CASE(sender_is_answered_once_when_the_last_outcome_is_known) {
  decision out{{actor_kind::room, "!r"}};
  room::pdu_batches batches{out};
  const auto id = batches.begin({actor_kind::remote_server, "b.example"}, 7, 2);
  batches.name(id, 0, "$a");
  batches.complete(id, 0, {});
  batches.name(id, 1, "$b");
  batches.end_intake(id);
  BOOST_TEST(told<pdus_handled>(out.take()).empty());
  batches.complete(id, 1, "rejected");
  const auto answers = told<pdus_handled>(out.take());
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].first.key == "b.example");
  BOOST_TEST(answers[0].second.asked == 7u);
  BOOST_REQUIRE(answers[0].second.outcomes.size() == 2u);
  BOOST_TEST(answers[0].second.outcomes[0].event_id == "$a");
  BOOST_TEST(answers[0].second.outcomes[0].error == "");
  BOOST_TEST(answers[0].second.outcomes[1].error == "rejected");
  BOOST_TEST(batches.is_idle());
  batches.complete(id, 0, "too late");
  BOOST_TEST(out.take().empty());
}

BOOST_AUTO_TEST_CASE(all_settled_during_the_intake_is_answered_at_its_end) {
  decision out{{actor_kind::room, "!r"}};
  room::pdu_batches batches{out};
  const auto id = batches.begin({actor_kind::remote_server, "b.example"}, 7, 1);
  batches.complete(id, 0, {});
  BOOST_TEST(told<pdus_handled>(out.take()).empty());
  batches.end_intake(id);
  BOOST_TEST(told<pdus_handled>(out.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(batch_that_is_put_off_is_to_be_sent_again) {
  decision out{{actor_kind::room, "!r"}};
  room::pdu_batches batches{out};
  const auto id = batches.begin({actor_kind::remote_server, "b.example"}, 7, 1);
  batches.end_intake(id);
  batches.put_off(id);
  const auto answers = told<pdus_handled>(out.take());
  BOOST_REQUIRE(answers.size() == 1u);
  BOOST_TEST(answers[0].second.overloaded);
  BOOST_TEST(batches.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
