#include "actors/room/timestamp_search.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using room::question::near_timestamp;

BOOST_AUTO_TEST_SUITE(room_timestamp_search_alone)

namespace {

constexpr time_ms second = 1'000;

struct search_rig : component_rig {
  room::timestamp_search search{room, out, pending};
  const time_ms first_ts = now;

  effects serve(const std::string& query) {
    search.serve(call_of("GET", path("v1/timestamp_to_event") + query));
    return take();
  }
  effects near(time_ms ts, const char* dir) { return serve("?ts=" + std::to_string(ts) + "&dir=" + dir); }
  /// An event so many seconds after the first moment, on top of `prev`.
  matrix::event_ptr said_at(int seconds, const std::string& prev) {
    now = first_ts + seconds * second;
    return message_of(ann, std::to_string(seconds), {prev});
  }
  store_answered found(const effects& asked, const std::vector<matrix::event_ptr>& events,
                       const matrix::event_ptr& rejected = nullptr) const {
    store::events_loaded list;
    for (const auto& x : events)
      list.events.push_back({x, x == rejected ? store::verdict::rejected : store::verdict::accepted,
                             disk.head.state_group, disk.head.state_group, 5});
    list.state_groups = disk.groups;
    return {of_kind<ask_store>(asked).at(0).asked, std::make_shared<const store::answer>(std::move(list))};
  }
  effects hear(const store_answered& m) {
    search.answered(question_of<near_timestamp>(m.asked), m);
    return take();
  }
  std::string id_in(const effects& list) const { return *body_of(list).find_string("event_id"); }
};

/// Three events, a second apart; the oldest rests on one that is not read.
struct three_events : search_rig {
  const matrix::event_ptr one = said_at(1, "$" + std::string(43, 'B')), two = said_at(2, one->event_id),
                          three = said_at(3, two->event_id);
  time_ms ts(int tenths) const { return first_ts + tenths * second / 10; }
};

} // namespace

BOOST_AUTO_TEST_CASE(question_without_a_moment_or_a_direction_is_refused_and_nothing_is_read) {
  search_rig r;
  for (const auto* query : {"", "?ts=1", "?dir=f", "?ts=1&dir=x", "?ts=noon&dir=f", "?ts=1s&dir=b"}) {
    const auto list = r.serve(query);
    BOOST_TEST(shared_room::reply_in(list).status == 400, query);
    BOOST_TEST(of_kind<ask_store>(list).empty(), query);
  }
  BOOST_TEST(r.search.is_idle());
}

BOOST_AUTO_TEST_CASE(nearest_event_is_told_on_the_side_that_is_asked_for) {
  three_events r;
  const std::vector all{r.three, r.two, r.one};
  const auto nearest = [&](int tenths, const char* dir) {
    return r.id_in(r.hear(r.found(r.near(r.ts(tenths), dir), all)));
  };
  BOOST_TEST(nearest(25, "b") == r.two->event_id);
  BOOST_TEST(nearest(20, "b") == r.two->event_id); // of that very moment, too
  BOOST_TEST(nearest(15, "f") == r.two->event_id);
  BOOST_TEST(nearest(20, "f") == r.two->event_id);
  BOOST_TEST(nearest(90, "b") == r.three->event_id);
  BOOST_TEST(r.search.is_idle());
}

BOOST_AUTO_TEST_CASE(rejected_event_is_not_told) {
  three_events r;
  const auto list = r.hear(r.found(r.near(r.ts(25), "b"), {r.three, r.two, r.one}, r.two));
  BOOST_TEST(r.id_in(list) == r.one->event_id);
}

BOOST_AUTO_TEST_CASE(graph_is_read_further_until_the_moment_is_passed) {
  three_events r;
  auto list = r.near(r.ts(15), "b");
  BOOST_TEST(std::get<store::load_ancestors>(of_kind<ask_store>(list).at(0).question).from ==
               r.room.graph.extremities(),
             boost::test_tools::per_element());
  list = r.hear(r.found(list, {r.three}));
  BOOST_TEST(told<federation_reply>(list).empty());
  BOOST_TEST(std::get<store::load_ancestors>(of_kind<ask_store>(list).at(0).question).from ==
               std::vector{r.two->event_id},
             boost::test_tools::per_element());
  BOOST_TEST(r.id_in(r.hear(r.found(list, {r.two, r.one}))) == r.one->event_id);
}

BOOST_AUTO_TEST_CASE(search_ends_after_so_many_events_with_nothing_found) {
  search_rig r;
  auto list = r.near(r.first_ts, "b");
  std::size_t rounds = 0;
  for (; !of_kind<ask_store>(list).empty(); ++rounds) {
    BOOST_REQUIRE(rounds < 100u);
    const auto newer = r.said_at(1 + static_cast<int>(rounds), "$" + std::string(42, 'N') + std::to_string(rounds));
    list = r.hear(r.found(list, {newer}));
  }
  BOOST_TEST(rounds == 20u);
  BOOST_TEST(shared_room::reply_in(list).status == 404);
}

BOOST_AUTO_TEST_CASE(searches_are_bounded) {
  search_rig r;
  for (int i = 0; i < 10; ++i) BOOST_TEST(of_kind<ask_store>(r.near(1, "f")).size() == 1u);
  const auto list = r.near(1, "f");
  BOOST_TEST(shared_room::reply_in(list).status == 429);
  BOOST_TEST(of_kind<ask_store>(list).empty());
}

BOOST_AUTO_TEST_CASE(store_that_does_not_answer_is_said_to_the_one_who_asked) {
  search_rig r;
  (void)r.near(1, "f");
  r.after(room::pending_questions::store_patience_ms);
  auto [question, nobody] = r.expired<near_timestamp>();
  r.search.answered(question, nobody);
  BOOST_TEST(shared_room::reply_in(r.take()).status == info(fault_code::timed_out).http_status);
  BOOST_TEST(r.search.is_idle());
}

BOOST_AUTO_TEST_SUITE_END()
