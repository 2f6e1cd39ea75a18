#include "actors/remote_server/deferred_writes.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using namespace causeway::test;
using remote_server::deferred_writes;

BOOST_AUTO_TEST_SUITE(remote_server_deferred_writes)

namespace {

struct writes_rig {
  decision out{{actor_kind::remote_server, "there.example"}};
  deferred_writes lazy{out};

  writes_rig() { out.set_now(noon); }
  void add(const std::string& server) { lazy.add(store::put_receipt_debt{server, 1}); }
  effects end_of_decision() {
    lazy.flush();
    return out.take();
  }
};

std::size_t rows_in(const effects& list) { return written<store::put_receipt_debt>(list).size(); }

} // namespace

BOOST_FIXTURE_TEST_CASE(rows_are_written_a_moment_later_with_one_timer, writes_rig) {
  BOOST_TEST(end_of_decision().empty());
  add("a.example");
  BOOST_TEST(!lazy.is_idle());
  auto list = end_of_decision();
  BOOST_TEST(rows_in(list) == 0u);
  BOOST_TEST(timer_at(list, deferred_writes::timer) == noon + deferred_writes::delay_ms);
  out.set_now(noon + 500);
  add("b.example");
  BOOST_TEST(end_of_decision().empty()); // the timer is set
  out.set_now(noon + deferred_writes::delay_ms);
  lazy.on_timer();
  list = end_of_decision();
  BOOST_TEST(rows_in(list) == 2u);
  BOOST_TEST(of_kind<wake_me_at>(list).empty());
  BOOST_TEST(lazy.is_idle());
}

BOOST_FIXTURE_TEST_CASE(what_is_written_anyway_takes_them_along_behind_it, writes_rig) {
  add("a.example");
  (void)end_of_decision();
  out.write(store::put_receipt_debt{"first.example", 1});
  const auto list = end_of_decision();
  const auto rows = written<store::put_receipt_debt>(list);
  BOOST_REQUIRE(rows.size() == 2u);
  BOOST_TEST(rows[0].server_name == "first.example");
  BOOST_TEST(lazy.is_idle());
  // The timer goes off and finds nothing; the next row sets another.
  lazy.on_timer();
  BOOST_TEST(end_of_decision().empty());
  add("b.example");
  BOOST_TEST(of_kind<wake_me_at>(end_of_decision()).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
