#include "actors/room/history_backfill.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <algorithm>

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::history_events;
using room::question::known_history;
using room::question::of_history;

BOOST_AUTO_TEST_SUITE(room_history_backfill_alone)

namespace {

const std::string first_unknown = "$" + std::string(43, 'F'), second_unknown = "$" + std::string(43, 'S');

struct backfill_rig : assembled_rig {
  /// The room's row says that the history before `ids` is to be fetched. @returns the first question
  effects start(std::vector<std::string> ids) {
    room.head.history_from = std::move(ids);
    history.start("there.example");
    return take();
  }
  effects told_pdus(const effects& asked, const std::vector<matrix::event_ptr>& events) {
    return hear<of_history>(history, test::answer_to(question_in(asked), 200, list_body("pdus", events)));
  }
  effects verify(const effects& asked) { return hear<history_events>(history, verified(asked)); }
  /// What the store says about what was fetched.
  effects known(const effects& asked, store::events_loaded found = {}) {
    return hear<known_history>(history, stored(asked, std::move(found)));
  }
};

std::vector<std::string> asked_for(const peer_request& r) {
  std::vector<std::string> ids;
  for (const auto& [key, value] : r.query)
    if (key == "v") ids.push_back(value);
  return ids;
}

} // namespace

BOOST_AUTO_TEST_CASE(history_is_fetched_backwards_and_told_as_such_when_all_of_it_is_there) {
  backfill_rig r;
  const auto before = r.message_of(eve, "before", {first_unknown});
  auto list = r.start({before->event_id});
  BOOST_TEST((question_in(list).endpoint == matrix::endpoint::backfill));
  BOOST_TEST(asked_for(question_in(list)) == std::vector{before->event_id}, boost::test_tools::per_element());
  BOOST_TEST(r.history.is_active());
  list = r.told_pdus(list, {before});
  BOOST_TEST(texts_in(list).empty()); // nothing is believed yet
  list = r.verify(list);
  BOOST_TEST(asked_for(question_in(list)) == std::vector{first_unknown}, boost::test_tools::per_element());
  const auto earlier = r.message_of(eve, "earlier", {second_unknown});
  list = r.verify(r.told_pdus(list, {earlier}));
  list = r.told_pdus(list, {});
  BOOST_TEST(texts_in(list).empty());
  const auto asked = of_kind<ask_store>(list);
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(std::get<store::load_events>(asked[0].question).event_ids.size() == 2u);
  list = r.known(list);
  BOOST_TEST(texts_in(list).size() == 2u);
  for (const auto& n : notified<chat::message_received>(list)) BOOST_TEST(n.historical);
  const auto rows = written<store::put_event>(list);
  BOOST_REQUIRE(rows.size() == 2u);
  for (const auto& row : rows) {
    BOOST_TEST((row.judged == store::verdict::accepted));
    BOOST_TEST(row.position < 0);
  }
  BOOST_TEST(r.room.head.history_from.empty());
  BOOST_TEST(r.events.histories == 1);
  BOOST_TEST(r.history.is_idle());
  BOOST_TEST(r.pending.size() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_on_disk_already_is_not_told_again) {
  backfill_rig r;
  const auto before = r.message_of(eve, "before", {first_unknown});
  auto list = r.verify(r.told_pdus(r.start({before->event_id}), {before}));
  list = r.told_pdus(list, {});
  store::events_loaded found;
  found.events.push_back({before, store::verdict::accepted, 0, 0, -1});
  list = r.known(list, std::move(found));
  BOOST_TEST(texts_in(list).empty());
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(r.events.histories == 1);
}

BOOST_AUTO_TEST_CASE(message_of_somebody_who_was_not_in_the_room_is_not_told) {
  backfill_rig r;
  const auto forged = r.message_of("@zed:there.example", "let me in", {first_unknown});
  auto list = r.verify(r.told_pdus(r.start({forged->event_id}), {forged}));
  list = r.known(r.told_pdus(list, {}));
  BOOST_TEST(texts_in(list).empty());
  const auto rows = written<store::put_event>(list);
  BOOST_TEST(std::ranges::none_of(rows, [](const auto& row) { return row.judged == store::verdict::accepted; }));
  BOOST_TEST(r.events.histories == 1);
}

BOOST_AUTO_TEST_CASE(event_whose_signature_is_not_valid_is_not_taken) {
  backfill_rig r;
  const auto before = r.message_of(eve, "before", {first_unknown});
  auto list = r.told_pdus(r.start({before->event_id}), {before});
  auto verdict = assembled_rig::verified(list);
  verdict.checks.assign(verdict.checks.size(), event_check::bad_signature);
  list = r.hear<history_events>(r.history, verdict);
  BOOST_TEST(texts_in(list).empty());
  BOOST_TEST(written<store::put_event>(list).empty());
  BOOST_TEST(of_kind<ask_store>(list).empty()); // nothing is left to look for
  BOOST_TEST(r.events.histories == 1);
  BOOST_TEST(r.history.is_idle());
}

BOOST_AUTO_TEST_CASE(server_that_does_not_answer_is_asked_again_after_a_pause_that_grows) {
  backfill_rig r;
  auto list = r.start({first_unknown});
  time_ms pause_before = 0;
  for (int i = 0; i < 3; ++i) {
    list = r.hear<of_history>(r.history, answer_to(question_in(list), 0));
    BOOST_TEST(told<peer_request>(list).empty());
    BOOST_TEST(r.history.is_active());
    const auto pause = r.history.deadline() - r.now;
    BOOST_TEST(pause > pause_before);
    pause_before = pause;
    r.after(pause);
    r.history.on_deadline();
    list = r.take();
    BOOST_TEST(addressed(list).server == "there.example");
  }
  BOOST_TEST(r.events.histories == 0);
}

BOOST_AUTO_TEST_CASE(history_that_nobody_has_ends) {
  backfill_rig r;
  const auto list = r.told_pdus(r.start({first_unknown}), {});
  BOOST_TEST(told<peer_request>(list).empty()); // there is no other server
  BOOST_TEST(r.events.histories == 1);
  BOOST_TEST(r.room.head.history_from.empty());
  BOOST_TEST(r.history.is_idle());
}

BOOST_AUTO_TEST_CASE(answer_to_history_that_was_given_up_is_nobodys) {
  backfill_rig r;
  const auto asked = question_in(r.start({first_unknown})).asked;
  r.history.abandon();
  BOOST_TEST(r.history.is_idle());
  BOOST_TEST(!r.pending.take(asked));
}

BOOST_AUTO_TEST_CASE(no_history_is_asked_for_where_the_operator_wants_none) {
  backfill_rig r;
  change(r.node).room.backfill_on_join = 0;
  BOOST_TEST(told<peer_request>(r.start({first_unknown})).empty());
  BOOST_TEST(r.history.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
