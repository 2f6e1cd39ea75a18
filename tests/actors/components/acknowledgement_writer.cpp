#include "actors/session/acknowledgement_writer.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace causeway;
using session::acknowledge_delay_ms;
using session::acknowledge_events;
using session::acknowledgement_writer;
using session::outbox_stream;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(acknowledgement_writers)

namespace {

struct rig {
  decision out{{actor_kind::session, ""}};
  std::vector<outbox_stream> streams{2};
  acknowledgement_writer it{out, streams};

  rig() {
    out.set_now(noon);
    for (auto& s : streams) s.load(0, 1'000);
  }
  void acknowledge(std::uint32_t number, std::int64_t cursor) {
    streams[number].seek(cursor); // so that it counts as delivered
    streams[number].acknowledge(cursor, 0);
    it.acknowledged(number, 1);
  }
};

const store::bind_room a_name{"!r", "r"};

} // namespace

BOOST_AUTO_TEST_CASE(acks_of_a_moment_are_one_batch_with_the_last_position_of_each_stream) {
  rig r;
  r.acknowledge(0, 1);
  const auto first = r.out.take();
  BOOST_TEST(of_kind<persist>(first).empty());
  BOOST_TEST(timer_at(first, acknowledgement_writer::timer) == noon + acknowledge_delay_ms);
  r.acknowledge(0, 5);
  r.acknowledge(1, 3);
  BOOST_TEST(of_kind<wake_me_at>(r.out.take()).empty()); // one timer is enough
  BOOST_TEST(!r.it.is_empty());
  BOOST_TEST(r.it.timer_due(acknowledgement_writer::timer));
  const auto written_now = written<store::acknowledge_outbox>(r.out.take());
  BOOST_REQUIRE(written_now.size() == 2u);
  BOOST_TEST(written_now[0].cursor == 5);
  BOOST_TEST(written_now[1].cursor == 3);
  BOOST_TEST(r.it.is_empty());
  r.acknowledge(0, 6);
  BOOST_TEST(of_kind<wake_me_at>(r.out.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(many_acks_do_not_wait) {
  rig r;
  r.it.acknowledged(0, acknowledge_events);
  BOOST_TEST(written<store::acknowledge_outbox>(r.out.take()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(names_are_written_with_the_acks_that_carried_them_and_known_when_they_are_on_disk) {
  rig r;
  r.it.bind(a_name);
  BOOST_TEST(r.it.has_bindings());
  BOOST_TEST(!r.it.has_bindings_in_flight());
  r.acknowledge(0, 1);
  r.it.flush();
  const auto list = r.out.take();
  BOOST_REQUIRE(of_kind<persist>(list).size() == 1u);
  BOOST_TEST(written<store::bind_room>(list).size() == 1u);
  BOOST_TEST(written<store::acknowledge_outbox>(list).size() == 1u);
  BOOST_TEST(!r.it.has_bindings());
  BOOST_TEST(r.it.has_bindings_in_flight());
  // What follows the commit is a timer that is due at once.
  const auto after = of_kind<wake_me_at>(of_kind<persist>(list)[0].then);
  BOOST_REQUIRE(after.size() == 1u);
  BOOST_TEST(r.it.timer_due(after[0].name));
  BOOST_TEST(!r.it.has_bindings_in_flight());
}

BOOST_AUTO_TEST_CASE(a_batch_on_disk_says_that_those_before_it_are) {
  rig r;
  std::vector<timer_name> timers;
  for (int i = 0; i < 3; ++i) {
    r.it.bind(a_name);
    r.it.flush();
    for (const auto& w : of_kind<wake_me_at>(r.out.take())) timers.push_back(w.name);
  }
  BOOST_REQUIRE(timers.size() == 3u);
  BOOST_TEST(r.it.timer_due(timers[1]));
  BOOST_TEST(r.it.has_bindings_in_flight());
  BOOST_TEST(r.it.timer_due(timers[2]));
  BOOST_TEST(!r.it.has_bindings_in_flight());
  BOOST_TEST(!r.it.timer_due(timer_kind::heartbeat));
}

BOOST_AUTO_TEST_SUITE_END()
