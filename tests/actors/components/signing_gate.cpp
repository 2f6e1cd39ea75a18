#include "actors/signing_gate.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(signing_gates)

BOOST_AUTO_TEST_CASE(a_closed_gate_says_why_until_it_is_opened) {
  signing_gate gate;
  BOOST_TEST(bool(gate.look()));
  gate.close({fault_code::overloaded, "first"});
  gate.close({fault_code::internal, "second"});
  const auto closed = gate.look();
  BOOST_REQUIRE(!closed);
  BOOST_TEST((closed.error().code == fault_code::internal));
  BOOST_TEST(closed.error().detail == "second");
  gate.open();
  BOOST_TEST(bool(gate.look()));
}

BOOST_AUTO_TEST_SUITE_END()
