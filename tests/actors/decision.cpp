#include "actors/decision.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <utility>
#include <variant>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(decisions)

BOOST_AUTO_TEST_CASE(hops_of_now_come_before_the_commit_that_may_be_faster_than_the_rest_of_the_turn) {
  decision out{address{actor_kind::room, "!r:here.example"}};
  message at_hand{timer_due{timer_kind::retry}};
  at_hand.watched = watched_hops;
  out.begin(at_hand, 1'000);
  out.log(log_level::info, "first");
  out.hop("$a", hop_stage::judged);
  store::put_event row;
  row.event = std::make_shared<const matrix::event>();
  out.write(std::move(row));
  out.send({actor_kind::session, ""}, timer_due{timer_kind::send});
  const auto done = out.take();
  BOOST_REQUIRE(done.size() == 3u);
  BOOST_REQUIRE(std::holds_alternative<hops>(done[0]));
  BOOST_REQUIRE(std::get<hops>(done[0]).all.size() == 1u);
  BOOST_TEST((std::get<hops>(done[0]).all[0].stage == hop_stage::judged));
  BOOST_TEST(std::holds_alternative<persist>(done[1]));
  BOOST_TEST(std::holds_alternative<note>(done[2]));
}

BOOST_AUTO_TEST_CASE(hops_of_rows_come_first_when_these_are_on_disk_and_none_is_made_for_nobody) {
  decision out{address{actor_kind::room, "!r:here.example"}};
  message at_hand{timer_due{timer_kind::retry}};
  const auto decide = [&] {
    out.begin(at_hand, 1'000);
    out.hop("$a", hop_stage::judged);
    store::put_event row;
    row.event = std::make_shared<const matrix::event>();
    out.write(std::move(row));
    out.send({actor_kind::session, ""}, timer_due{timer_kind::send});
    return out.take();
  };
  BOOST_TEST(decide().size() == 1u);
  at_hand.watched = watched_hops;
  for (int turn = 0; turn < 2; ++turn) {
    const auto done = decide();
    BOOST_REQUIRE(done.size() == 2u);
    const auto& then = std::get<persist>(done[1]).then;
    BOOST_REQUIRE(then.size() == 2u);
    BOOST_REQUIRE(std::holds_alternative<hops>(then[0]));
    BOOST_TEST((std::get<hops>(then[0]).all.at(0).stage == hop_stage::committed));
    BOOST_TEST(std::holds_alternative<tell>(then[1]));
  }
}

BOOST_AUTO_TEST_SUITE_END()
