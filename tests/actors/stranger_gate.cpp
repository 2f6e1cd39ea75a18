#include "actors/remote_server/stranger_gate.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using remote_server::stranger_gate;

BOOST_AUTO_TEST_SUITE(stranger_gate_suite)

namespace {

std::string invented(std::size_t number) { return "s" + std::to_string(number) + ".example"; }

/// As many strangers as are heard at once.
stranger_gate full() {
  stranger_gate gate;
  for (std::size_t i = 0; i < stranger_gate::strangers_max; ++i) BOOST_REQUIRE(gate.admit(invented(i), noon));
  return gate;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_number_of_names_nobody_has_proved_is_bounded) {
  auto gate = full();
  BOOST_TEST(!gate.admit("one.more.example", noon + 1));
  BOOST_TEST(gate.admit(invented(7), noon + 1)); // has its actor already
}

BOOST_AUTO_TEST_CASE(names_heard_while_the_clock_was_days_ahead_do_not_keep_others_out) {
  const time_ms two_days = 48 * 3'600'000;
  stranger_gate gate;
  for (std::size_t i = 0; i < stranger_gate::strangers_max; ++i)
    BOOST_REQUIRE(gate.admit(invented(i), noon + two_days));
  BOOST_TEST(!gate.admit("one.more.example", noon + two_days)); // and swept
  BOOST_TEST(gate.admit("one.more.example", noon));
}

BOOST_AUTO_TEST_CASE(a_server_that_was_authenticated_is_heard_whatever_others_invent) {
  stranger_gate gate;
  BOOST_TEST(gate.admit("known.example", noon));
  gate.prove("known.example");
  for (std::size_t i = 0; i < 2 * stranger_gate::strangers_max; ++i) gate.admit(invented(i), noon + 1);
  BOOST_TEST(!gate.admit("one.more.example", noon + 2));
  BOOST_TEST(gate.admit("known.example", noon + 2));
}

BOOST_AUTO_TEST_CASE(who_is_silent_makes_room_for_others) {
  auto gate = full();
  gate.admit(invented(0), noon + 20'000);
  BOOST_TEST(!gate.admit("one.more.example", noon + stranger_gate::stranger_ms - 1));
  const auto later = noon + stranger_gate::stranger_ms + 1'000;
  for (std::size_t i = 0; i + 1 < stranger_gate::strangers_max; ++i)
    BOOST_TEST(gate.admit("later." + invented(i), later));
  BOOST_TEST(!gate.admit("one.more.example", later)); // the first one was heard since
  BOOST_TEST(gate.admit(invented(0), later));
}

BOOST_AUTO_TEST_CASE(one_address_does_not_use_up_the_places_of_all) {
  stranger_gate gate;
  for (std::size_t i = 0; i < stranger_gate::strangers_of_address_max; ++i)
    BOOST_TEST(gate.admit(invented(i), noon, "192.0.2.1"));
  BOOST_TEST(!gate.admit("one.more.example", noon + 1, "192.0.2.1"));
  BOOST_TEST(gate.admit("another.example", noon + 1, "192.0.2.2"));
  gate.prove(invented(3)); // no stranger any more
  BOOST_TEST(gate.admit("one.more.example", noon + 2, "192.0.2.1"));
  BOOST_TEST(!gate.admit("yet.one.more.example", noon + 3, "192.0.2.1"));
  BOOST_TEST(gate.admit("yet.one.more.example", noon + stranger_gate::stranger_ms + 1'000, "192.0.2.1"));
}

BOOST_AUTO_TEST_CASE(what_is_remembered_of_those_who_proved_themselves_is_bounded_too) {
  auto gate = full();
  gate.prove("old.example");
  for (std::size_t i = 0; i < stranger_gate::proved_max; ++i) gate.prove("p" + invented(i));
  BOOST_TEST(gate.is_proved("old.example")); // heard of again: it stays
  for (std::size_t i = 0; i < stranger_gate::proved_max; ++i) gate.prove("q" + invented(i));
  BOOST_TEST(gate.is_proved("old.example"));
  for (std::size_t i = 0; i < 2 * stranger_gate::proved_max; ++i) gate.prove("r" + invented(i));
  BOOST_TEST(!gate.is_proved("old.example"));
}

BOOST_AUTO_TEST_SUITE_END()
