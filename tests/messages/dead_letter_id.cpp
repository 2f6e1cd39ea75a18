#include "messages/dead_letter_id.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(dead_letter_ids)

BOOST_AUTO_TEST_CASE(id_of_a_dead_letter_leads_back_to_its_place) {
  const store::dead_letter_place at{3, 17};
  BOOST_TEST(dead_letter_id(at) == "3-17");
  BOOST_TEST((dead_letter_place_of("3-17") == at));
}

BOOST_AUTO_TEST_CASE(what_is_no_id_leads_nowhere) {
  for (const auto* text : {"", "-", "3", "3-", "-17", "3-0", "3--1", "03-17", "3-017", "3-17 ", " 3-17", "3-17-1",
                           "x-17", "3-x", "65-1", "3-1099511627776", "4294967296-1", "3-99999999999999999999"})
    BOOST_CHECK_MESSAGE(!dead_letter_place_of(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
