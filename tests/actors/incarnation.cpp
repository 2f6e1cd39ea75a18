#include "actors/incarnation.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(incarnations)

namespace {

using turn = incarnation::turn;

struct life {
  decision out{{actor_kind::room, "!r"}};
  incarnation it;
  turn on(const message& m, time_ms now = noon) {
    out.set_now(now);
    return it.on(m, out, [] { return store::load_room{"!r"}; });
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(what_comes_before_the_state_waits_in_order) {
  life l;
  BOOST_TEST((l.on(start{}) == turn::waits));
  const auto asked = of_kind<ask_store>(l.out.take());
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST((l.on(timer_due{timer_kind::send}) == turn::waits));
  BOOST_TEST((l.on(timer_due{timer_kind::idle}) == turn::waits));
  BOOST_TEST(!l.it.is_loaded());
  const auto answer = store_says(asked[0].asked, store::room_loaded{});
  BOOST_TEST((l.on(answer) == turn::loaded));
  BOOST_TEST(!incarnation::state_in<store::room_loaded>(answer, "room").exists);
  const auto waited = l.it.take_deferred();
  BOOST_REQUIRE(waited.size() == 2u);
  BOOST_TEST((std::get<timer_due>(waited.front()).name == timer_kind::send));
  BOOST_TEST((l.on(timer_due{timer_kind::sweep}) == turn::runs));
}

BOOST_AUTO_TEST_CASE(answer_to_an_earlier_incarnation_is_not_taken_for_one_to_this) {
  life first, second;
  first.on(start{}, noon);
  second.on(start{}, noon + 1);
  const auto old = of_kind<ask_store>(first.out.take()).at(0).asked;
  BOOST_TEST((second.on(store_says(old, store::room_loaded{})) == turn::waits));
  BOOST_TEST(!second.it.is_loaded());
  BOOST_TEST(!second.it.has_deferred());
}

BOOST_AUTO_TEST_CASE(store_that_fails_ends_the_actor) {
  life l;
  l.on(start{});
  const auto answer = store_says(of_kind<ask_store>(l.out.take()).at(0).asked, fault{fault_code::store_failed, "no"});
  BOOST_TEST((l.on(answer) == turn::loaded));
  BOOST_CHECK_THROW(incarnation::state_in<store::room_loaded>(answer, "room !r"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(decision_commits_first_and_does_the_rest_in_order) {
  decision out{{actor_kind::room, "!r"}};
  out.set_now(noon);
  out.begin_tokens();
  out.wake_at(noon + 1, timer_kind::send);
  out.send({actor_kind::session, ""}, passivate{});
  out.write(store::remove_inbox{"!r", {"$a"}});
  out.send_at_once({actor_kind::room, "!other"}, passivate{});
  const auto list = out.take();
  BOOST_REQUIRE(list.size() == 3u);
  const auto* p = std::get_if<persist>(&list[0]);
  BOOST_REQUIRE(p != nullptr);
  BOOST_TEST(p->batch.writes.size() == 1u);
  BOOST_TEST(p->then.size() == 1u);
  BOOST_TEST(std::holds_alternative<wake_me_at>(list[1]));
  BOOST_TEST(std::holds_alternative<tell>(list[2]));
  BOOST_TEST(out.take().empty());
  const auto token = out.next_token();
  BOOST_TEST(token > out.first_token());
  BOOST_TEST(out.next_token() != token);
}

BOOST_AUTO_TEST_SUITE_END()
