#include "actors/room/pending_questions.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_pending_questions)

namespace {

using room::question::cited_events;
using room::question::full_state;
using room::question::redaction_target;

/// The table alone, with a decision of its own.
struct table_rig {
  decision out{{actor_kind::room, "!r"}};
  room::pending_questions pending{out};
  table_rig() { out.set_now(noon); }
};

} // namespace

BOOST_AUTO_TEST_CASE(answer_finds_the_question_with_what_was_kept_for_it_once) {
  table_rig r;
  const auto first = r.pending.ask_store(store::load_events{}, cited_events{{"$a"}});
  const auto second = r.pending.ask_store(store::load_redaction{}, redaction_target{"$b"});
  BOOST_TEST(first != second);
  BOOST_TEST(of_kind<ask_store>(r.out.take()).size() == 2u);
  auto found = r.pending.take(second);
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(std::get<redaction_target>(*found).redaction_id == "$b");
  BOOST_TEST(!r.pending.take(second));
  BOOST_TEST(!r.pending.take(0));
  BOOST_TEST(r.pending.size() == 1u);
}

BOOST_AUTO_TEST_CASE(request_to_another_server_bears_its_number_and_the_room_as_the_one_who_asks) {
  table_rig r;
  peer_request q;
  q.timeout_ms = 5'000;
  const auto asked = r.pending.ask_server("there.example", q, full_state{});
  const auto sent = told<peer_request>(r.out.take());
  BOOST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(sent[0].first.key == "there.example");
  BOOST_TEST(sent[0].second.asked == asked);
  BOOST_TEST(sent[0].second.reply_to.key == "!r");
  BOOST_TEST(r.pending.deadline() == noon + 5'000 + room::pending_questions::lost_after_ms);
}

BOOST_AUTO_TEST_CASE(open_questions_are_counted_by_kind) {
  table_rig r;
  BOOST_TEST(r.pending.count<cited_events>() == 0u);
  const auto one = r.pending.ask_store(store::load_events{}, cited_events{});
  r.pending.ask_store(store::load_events{}, cited_events{});
  r.pending.ask_store(store::load_redaction{}, redaction_target{});
  BOOST_TEST(r.pending.count<cited_events>() == 2u);
  BOOST_TEST(r.pending.count<redaction_target>() == 1u);
  BOOST_TEST(r.pending.count<full_state>() == 0u);
  r.pending.forget(one);
  r.pending.forget(one);
  r.pending.forget(0);
  BOOST_TEST(r.pending.count<cited_events>() == 1u);
}

BOOST_AUTO_TEST_CASE(question_that_nobody_answers_counts_as_lost_and_those_after_it_wait_on) {
  table_rig r;
  r.pending.expect(cited_events{{"$late"}}, 60'000);
  r.pending.expect(cited_events{{"$soon"}}, 10'000);
  BOOST_TEST(r.pending.deadline() == noon + 10'000);
  r.out.set_now(noon + 9'999);
  BOOST_TEST(!r.pending.take_expired());
  r.out.set_now(noon + 10'000);
  auto lost = r.pending.take_expired();
  BOOST_REQUIRE(lost.has_value());
  BOOST_TEST(std::get<cited_events>(lost->second).ids.at(0) == "$soon");
  BOOST_TEST(!r.pending.take(lost->first.asked));
  BOOST_TEST(!r.pending.take_expired());
  BOOST_TEST(r.pending.deadline() == noon + 60'000);
  r.out.set_now(noon + 60'000);
  lost = r.pending.take_expired();
  BOOST_REQUIRE(lost.has_value());
  BOOST_TEST(std::get<cited_events>(lost->second).ids.at(0) == "$late");
  BOOST_TEST(r.pending.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(answered_question_leaves_a_deadline_that_finds_nothing) {
  table_rig r;
  const auto soon = r.pending.expect(cited_events{}, 10'000);
  r.pending.expect(cited_events{}, 60'000);
  r.pending.forget(soon);
  r.out.set_now(noon + 10'000);
  BOOST_TEST(!r.pending.take_expired());
  BOOST_TEST(r.pending.deadline() == noon + 60'000);
}

BOOST_AUTO_TEST_SUITE_END()
