#include "actors/room/content_repair.hpp"

#include "tests/actors/components/assembled_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::kept_event;
using room::question::whole_event;

BOOST_AUTO_TEST_SUITE(room_content_repair_alone)

namespace {

struct repair_rig : assembled_rig {
  const matrix::event_ptr whole = message_of(eve, "hello"), bare = matrix::redacted(*whole);

  /// The room has taken what another server than the author's gave.
  repair_rig() {
    add(bare);
    (void)take();
  }
  effects wish(const std::vector<matrix::event_ptr>& stripped, const std::string& giver = "third.example") {
    repair.repair(stripped, giver);
    return take();
  }
  effects offered(const matrix::event_ptr& copy) {
    repair.offer(*room.graph.find(copy->event_id), copy);
    return take();
  }
  effects bring(const effects& asked, const std::vector<matrix::event_ptr>& pdus) {
    return hear<whole_event>(repair, test::answer_to(question_in(asked), 200, list_body("pdus", pdus)));
  }
  /// The store says what it has kept.
  effects kept(const effects& asked, const matrix::event_ptr& x, store::verdict judged = store::verdict::accepted,
               std::int64_t position = 5) {
    store::redaction_loaded row;
    row.target = store::stored_event{x, judged, 0, 0, position};
    return hear<kept_event>(repair, stored(asked, std::move(row)));
  }
  bool is_whole() const { return !room::is_stripped(*room.graph.find(whole->event_id)->event); }
};

} // namespace

BOOST_AUTO_TEST_CASE(event_is_stripped_when_its_content_is_lost_and_no_redaction_took_it) {
  repair_rig r;
  BOOST_TEST(room::is_stripped(*r.bare));
  BOOST_TEST(!room::is_stripped(*r.whole));
  BOOST_TEST(!room::is_stripped(*matrix::redacted(*r.whole, r.redaction_of(eli, r.whole->event_id))));
}

BOOST_AUTO_TEST_CASE(its_own_server_is_asked_and_the_whole_is_told_when_the_store_has_no_redaction_of_it) {
  repair_rig r;
  auto list = r.wish({r.bare});
  BOOST_TEST((addressed(list) == test::question{"there.example", matrix::endpoint::event}));
  BOOST_TEST(question_in(list).parameters == std::vector{r.whole->event_id}, boost::test_tools::per_element());
  list = r.bring(list, {r.whole});
  BOOST_TEST(written<store::restore_event>(list).empty()); // a redaction may have taken it
  list = r.kept(list, r.bare);
  BOOST_TEST(written<store::restore_event>(list).size() == 1u);
  BOOST_TEST(texts_in(list) == std::vector<std::string>{"hello"}, boost::test_tools::per_element());
  BOOST_TEST(!notified<chat::message_received>(list).at(0).historical);
  BOOST_TEST(r.is_whole());
  BOOST_TEST(r.pending.size() == 0u);
}

BOOST_AUTO_TEST_CASE(what_a_redaction_took_stays_away) {
  repair_rig r;
  auto list = r.bring(r.wish({r.bare}), {r.whole});
  list = r.kept(list, matrix::redacted(*r.whole, r.redaction_of(eli, r.whole->event_id)));
  BOOST_TEST(written<store::restore_event>(list).empty());
  BOOST_TEST(texts_in(list).empty());
  BOOST_TEST(!r.is_whole());
}

BOOST_AUTO_TEST_CASE(what_was_made_whole_while_the_store_was_asked_is_not_told_twice) {
  repair_rig r;
  const auto list = r.bring(r.wish({r.bare}), {r.whole});
  r.writer.restore(r.whole);
  (void)r.take();
  const auto late = r.kept(list, r.bare);
  BOOST_TEST(written<store::restore_event>(late).empty());
  BOOST_TEST(texts_in(late).empty());
}

BOOST_AUTO_TEST_CASE(soft_failed_event_is_made_whole_and_not_told_and_history_is_told_as_such) {
  repair_rig quiet;
  auto list = quiet.kept(quiet.offered(quiet.whole), quiet.bare, store::verdict::soft_failed);
  BOOST_TEST(written<store::restore_event>(list).size() == 1u);
  BOOST_TEST(texts_in(list).empty());
  repair_rig old;
  list = old.kept(old.offered(old.whole), old.bare, store::verdict::accepted, -3);
  BOOST_REQUIRE(notified<chat::message_received>(list).size() == 1u);
  BOOST_TEST(notified<chat::message_received>(list)[0].historical);
}

BOOST_AUTO_TEST_CASE(state_event_that_stands_is_a_change_of_the_state_when_it_is_whole) {
  repair_rig r;
  const auto named =
    r.made(eve, "m.room.member", {{"membership", "join"}, {"displayname", "Eve"}}, eve, {}, {r.whole->event_id});
  const auto lost = matrix::redacted(*named);
  r.add(lost);
  (void)r.take();
  const auto list = r.kept(r.offered(named), lost);
  BOOST_TEST(written<store::restore_event>(list).size() == 1u);
  BOOST_REQUIRE(r.events.changes.size() == 1u);
  BOOST_TEST(r.events.changes[0].before->content().find("displayname") == nullptr);
  BOOST_TEST(*r.events.changes[0].after->content().find("displayname")->as_string() == "Eve");
}

BOOST_AUTO_TEST_CASE(nobody_is_asked_for_what_they_gave_themselves_or_what_is_ours) {
  repair_rig r;
  BOOST_TEST(r.wish({r.bare}, "there.example").empty());
  BOOST_TEST(r.wish({matrix::redacted(*r.message_of(ann, "mine"))}).empty());
  BOOST_TEST(!r.wish({r.bare}).empty()); // it was not counted as asked for
}

BOOST_AUTO_TEST_CASE(each_is_asked_for_once_and_one_after_the_other) {
  repair_rig r;
  const auto second = matrix::redacted(*r.message_of(eve, "second"));
  auto list = r.wish({r.bare, second, r.bare});
  BOOST_TEST(question_in(list).parameters[0] == r.bare->event_id);
  BOOST_TEST(r.wish({r.bare}).empty());
  list = r.hear<whole_event>(r.repair, answer_to(question_in(list), 404));
  BOOST_TEST(question_in(list).parameters[0] == second->event_id);
  list = r.hear<whole_event>(r.repair, answer_to(question_in(list), 0));
  BOOST_TEST(list.empty());
  BOOST_TEST(r.wish({r.bare, second}).empty());
}

BOOST_AUTO_TEST_CASE(question_that_was_lost_has_the_next_one_asked) {
  repair_rig r;
  const auto second = matrix::redacted(*r.message_of(eve, "second"));
  (void)r.wish({r.bare, second});
  const auto patience =
    time_ms{r.node.settings().federation.request_timeout_ms} + room::pending_questions::lost_after_ms;
  r.after(patience - 1);
  BOOST_TEST(!r.pending.take_expired());
  r.after(1);
  BOOST_TEST(question_in(r.hear_nothing<whole_event>(r.repair)).parameters[0] == second->event_id);
}

BOOST_AUTO_TEST_CASE(answer_without_the_whole_event_asks_the_store_nothing) {
  repair_rig r;
  auto list = r.bring(r.wish({r.bare}), {r.bare});
  BOOST_TEST(list.empty());
  repair_rig other;
  list = other.wish({other.bare});
  BOOST_TEST(other.hear<whole_event>(other.repair, answer_to(question_in(list), 200, "[]")).empty());
  BOOST_TEST(!other.is_whole());
}

BOOST_AUTO_TEST_CASE(only_so_many_wait_and_those_over_it_are_asked_for_when_they_are_given_again) {
  repair_rig r;
  constexpr auto most = room::content_repair::wanted_max;
  std::vector<matrix::event_ptr> all;
  for (std::size_t i = 0; i < most + 2; ++i) all.push_back(matrix::redacted(*r.message_of(eve, std::to_string(i))));
  const auto ask_all = [&](effects list) {
    std::size_t asked = 0;
    while (!told<peer_request>(list).empty()) {
      ++asked;
      list = r.hear<whole_event>(r.repair, answer_to(question_in(list), 404));
    }
    return asked;
  };
  BOOST_TEST(ask_all(r.wish(all)) == most);
  BOOST_TEST(ask_all(r.wish(all)) == 2u);
}

BOOST_AUTO_TEST_CASE(copy_that_has_what_the_kept_one_lost_is_taken_whoever_sends_it) {
  repair_rig r;
  BOOST_TEST(r.offered(r.bare).empty());
  const auto list = r.offered(r.whole);
  BOOST_TEST(told<peer_request>(list).empty());
  const auto question = std::get<store::load_redaction>(of_kind<ask_store>(list).at(0).question);
  BOOST_TEST(question.target_event_id == r.whole->event_id);
  (void)r.kept(list, r.bare);
  BOOST_TEST(r.is_whole());
  BOOST_TEST(r.offered(r.whole).empty()); // nothing is missing any more
}

BOOST_AUTO_TEST_CASE(copies_that_wait_for_the_store_are_bounded) {
  repair_rig r;
  constexpr auto most = room::content_repair::restoring_max;
  effects first;
  for (std::size_t i = 0; i < most + 1; ++i) {
    auto list = r.offered(r.whole);
    BOOST_TEST(of_kind<ask_store>(list).size() == (i < most ? 1u : 0u));
    if (i == 0) first = std::move(list);
  }
  (void)r.kept(first, r.bare);
  BOOST_TEST(r.pending.count<kept_event>() == most - 1);
}

BOOST_AUTO_TEST_SUITE_END()
