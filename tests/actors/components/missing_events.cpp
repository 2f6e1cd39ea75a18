#include "actors/room/missing_events.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::cited_events;
using room::question::copies;
using room::question::of_gap;

BOOST_AUTO_TEST_SUITE(room_missing_events_alone)

namespace {

/// there.example pushes `child`, whose parent the room does not have.
struct gap_of_one_rig : assembled_rig {
  matrix::event_ptr parent = message_of(eve, "parent");
  matrix::event_ptr child = message_of(eve, "child", {parent->event_id});

  /// The store has nothing of what is looked for. @returns all that comes of it
  effects without_store(effects list) {
    effects all = list;
    while (!of_kind<ask_store>(list).empty()) {
      list = hear<cited_events>(inbound, stored(list, store::events_loaded{}));
      append(all, list);
    }
    return all;
  }
  effects push_child() {
    auto pdus = std::make_shared<std::vector<matrix::json::object>>();
    pdus->push_back(child->source);
    inbound.receive(pdus_received{{actor_kind::remote_server, "there.example"}, 7, "there.example", std::move(pdus)});
    return without_store(hear<copies>(inbound, verified(take())));
  }
  effects answer(const effects& asked, int status, std::string body = {}) {
    return hear<of_gap>(inbound.missing(), test::answer_to(question_in(asked), status, std::move(body)));
  }
  /// Time passes until something is asked of another server.
  effects wake() {
    effects list;
    for (int i = 0; i < 30 && told<peer_request>(list).empty(); ++i) {
      if (inbound.deadline() == 0) break;
      after(std::max<time_ms>(0, inbound.deadline() - now));
      inbound.on_deadline();
      list = without_store(take());
    }
    return list;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(event_without_its_parent_is_staged_and_its_sender_asked_for_what_lies_between) {
  gap_of_one_rig r;
  const auto list = r.push_child();
  BOOST_TEST(written<store::put_inbox>(list).size() == 1u);
  const auto handled = told<pdus_handled>(list);
  BOOST_REQUIRE(handled.size() == 1u);
  BOOST_TEST(handled[0].second.outcomes.at(0).error.empty());
  BOOST_TEST(!r.has(r.child));
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::get_missing_events}));
  const auto body = *matrix::json::parse(question_in(list).body);
  const auto* latest = body.find_array("latest_events");
  BOOST_REQUIRE(latest != nullptr);
  BOOST_REQUIRE(latest->size() == 1u);
  BOOST_TEST(*latest->at(0).as_string() == r.child->event_id);
}

BOOST_AUTO_TEST_CASE(what_was_fetched_is_placed_before_what_it_was_fetched_for) {
  gap_of_one_rig r;
  auto list = r.answer(r.push_child(), 200, events_body({r.parent}));
  BOOST_TEST(!r.has(r.parent)); // not before it is verified
  list = r.without_store(r.hear<copies>(r.inbound, assembled_rig::verified(list)));
  BOOST_TEST(r.events.accepted == (std::vector{r.parent->event_id, r.child->event_id}),
             boost::test_tools::per_element());
  BOOST_TEST(texts_in(list) == (std::vector<std::string>{"parent", "child"}), boost::test_tools::per_element());
  BOOST_TEST(written<store::remove_inbox>(list).size() == 1u);
  BOOST_TEST(r.inbound.is_idle());
}

BOOST_AUTO_TEST_CASE(forged_parent_is_not_taken_and_the_event_goes_on_waiting) {
  gap_of_one_rig r;
  const auto asked = r.answer(r.push_child(), 200, events_body({r.parent}));
  auto verdict = assembled_rig::verified(asked);
  verdict.checks.assign(verdict.checks.size(), event_check::bad_signature);
  const auto list = r.hear<copies>(r.inbound, verdict);
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(r.events.accepted.empty());
  BOOST_TEST(!r.has(r.parent));
  BOOST_TEST(!r.inbound.is_idle());
}

BOOST_AUTO_TEST_CASE(server_that_does_not_answer_is_asked_again_after_a_pause) {
  gap_of_one_rig r;
  const auto list = r.answer(r.push_child(), 0);
  BOOST_TEST(told<peer_request>(list).empty());
  const auto before = r.now;
  BOOST_TEST((addressed(r.wake()) == test::question{"there.example", matrix::endpoint::get_missing_events}));
  BOOST_TEST(r.now > before);
  BOOST_TEST(!r.has(r.child));
}

BOOST_AUTO_TEST_CASE(answer_that_was_lost_does_not_end_the_search) {
  gap_of_one_rig r;
  const auto asked = question_in(r.push_child());
  r.after(time_ms{asked.timeout_ms} + room::pending_questions::lost_after_ms);
  auto list = r.without_store(r.hear_nothing<of_gap>(r.inbound.missing()));
  if (told<peer_request>(list).empty()) list = r.wake();
  BOOST_TEST(addressed(list).server == "there.example");
}

BOOST_AUTO_TEST_SUITE_END()
