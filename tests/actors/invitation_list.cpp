#include "actors/directory/invitation_list.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(invitation_list)

BOOST_AUTO_TEST_CASE(a_place_in_the_list_is_read_back_as_it_was_written) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (const store::invitation_place x : {store::invitation_place{}, {1, 1'700'000'000'000, 17}, {2, most, most}})
    BOOST_TEST((directory::place_of(directory::text_of(x)) == x));
}

BOOST_AUTO_TEST_CASE(what_is_no_place_is_refused) {
  for (const auto* text : {"", "1", "1.2", "1.2.", ".2.3", "1.2.3.4", "1.2.3 ", " 1.2.3", "1.x.3", "1..3", "+1.2.3",
                           "1.2.99999999999999999999"})
    BOOST_TEST(!directory::place_of(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
