#include "actors/room/partial_state.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

using namespace causeway;
using namespace causeway::test;
using room::question::full_state;
using room::question::full_state_events;
using room::question::since_join;

BOOST_AUTO_TEST_SUITE(room_partial_state_alone)

namespace {

struct partial_rig : assembled_rig {
  /// Stands for our join: an event of the room whose state before it is asked for.
  std::string join = state().at({"m.room.member", eli});

  effects start() {
    partial.begin(join, "there.example", {"there.example"});
    partial.ask();
    return take();
  }
  effects answer(const effects& asked, int status, std::string body = {}) {
    return hear<full_state>(partial, test::answer_to(question_in(asked), status, std::move(body)));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(state_before_our_join_is_asked_for_and_remembered_as_missing) {
  partial_rig r;
  const auto list = r.start();
  const auto asked = question_in(list);
  BOOST_TEST(addressed(list).server == "there.example");
  BOOST_TEST((asked.endpoint == matrix::endpoint::state));
  BOOST_REQUIRE(asked.query.size() == 1u);
  BOOST_TEST(asked.query[0].second == r.join);
  BOOST_TEST(r.partial.is_active());
  BOOST_TEST(!r.room.head.members_omitted.empty());
  r.partial.ask();
  BOOST_TEST(told<peer_request>(r.take()).empty()); // one question is open
}

BOOST_AUTO_TEST_CASE(server_that_does_not_answer_is_asked_again_after_a_pause_that_doubles) {
  partial_rig r;
  auto list = r.start();
  for (const time_ms pause : {10'000, 20'000, 40'000}) {
    list = r.answer(list, 0);
    BOOST_TEST(told<peer_request>(list).empty());
    BOOST_TEST(r.partial.deadline() == r.now + pause);
    r.after(pause);
    r.partial.on_deadline();
    list = r.take();
    BOOST_TEST(addressed(list).server == "there.example");
  }
  BOOST_TEST(r.partial.is_active());
}

BOOST_AUTO_TEST_CASE(answer_that_was_lost_counts_as_none) {
  partial_rig r;
  const auto asked = question_in(r.start());
  r.after(time_ms{asked.timeout_ms} + room::pending_questions::lost_after_ms);
  BOOST_TEST(told<peer_request>(r.hear_nothing<full_state>(r.partial)).empty());
  BOOST_TEST(r.partial.deadline() > r.now);
}

BOOST_AUTO_TEST_CASE(state_that_lacks_the_create_event_of_the_room_is_not_taken) {
  partial_rig r;
  const auto list = r.answer(r.start(), 200, R"({"auth_chain":[],"pdus":[]})");
  BOOST_TEST(told<verify_events>(list).empty());
  BOOST_TEST(!r.partial.is_reading());
  BOOST_TEST(r.partial.deadline() > r.now); // somebody is asked again
}

BOOST_AUTO_TEST_CASE(state_whose_create_event_is_not_validly_signed_is_not_taken) {
  partial_rig r;
  const auto list = r.answer(r.start(), 200, state_body(r));
  auto verdict = assembled_rig::verified(list);
  verdict.checks.assign(verdict.checks.size(), event_check::bad_signature);
  BOOST_TEST(of_kind<ask_store>(r.hear<full_state_events>(r.partial, verdict)).empty());
  BOOST_TEST(!r.partial.is_reading());
  BOOST_TEST(r.partial.deadline() > r.now);
}

BOOST_AUTO_TEST_CASE(with_a_whole_state_what_came_since_is_read_before_anything_is_judged) {
  partial_rig r;
  auto list = r.answer(r.start(), 200, state_body(r));
  list = r.hear<full_state_events>(r.partial, assembled_rig::verified(list));
  const auto asked = of_kind<ask_store>(list);
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(std::get<store::load_ancestors>(asked[0].question).from == r.room.graph.extremities(),
             boost::test_tools::per_element());
  BOOST_TEST(r.partial.is_reading());
  BOOST_TEST(r.partial.is_active());
  // A store that does not answer is asked again after a pause.
  r.after(room::pending_questions::store_patience_ms);
  (void)r.hear_nothing<since_join>(r.partial);
  BOOST_TEST(!r.partial.is_reading());
  BOOST_TEST(r.partial.deadline() > r.now);
}

BOOST_AUTO_TEST_CASE(whoever_leaves_meanwhile_waits_for_nothing) {
  partial_rig r;
  const auto asked = question_in(r.start()).asked;
  r.partial.end();
  BOOST_TEST(r.partial.is_idle());
  BOOST_TEST(r.room.head.members_omitted.empty());
  BOOST_TEST(!r.pending.take(asked));
}

BOOST_AUTO_TEST_CASE(it_goes_on_after_a_restart_by_what_the_row_says) {
  partial_rig r;
  r.room.head.members_omitted = R"({"join":")" + r.join + R"(","servers":["there.example"]})";
  r.partial.load();
  const auto list = r.take();
  BOOST_TEST(addressed(list).server == "there.example");
  BOOST_TEST(question_in(list).query.at(0).second == r.join);
}

BOOST_AUTO_TEST_CASE(row_that_is_damaged_ends_the_actor) {
  partial_rig r;
  r.room.head.members_omitted = "no JSON";
  BOOST_CHECK_THROW(r.partial.load(), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
