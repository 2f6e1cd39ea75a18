#include "actors/bounded_set.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

using causeway::bounded_set;

BOOST_AUTO_TEST_SUITE(bounded_sets)

BOOST_AUTO_TEST_CASE(oldest_makes_room_and_the_others_stay) {
  bounded_set ids{3};
  for (const auto* id : {"a", "b", "c"}) BOOST_TEST(ids.insert(id));
  BOOST_TEST(!ids.insert("a"));
  BOOST_TEST(ids.insert("d"));
  BOOST_TEST(!ids.contains("a"));
  for (const auto* id : {"b", "c", "d"}) BOOST_TEST(ids.contains(id), id);
  BOOST_TEST(ids.size() == 3u);
}

BOOST_AUTO_TEST_CASE(nobody_can_have_all_of_it_forgotten_at_once) {
  // A hostile server that reaches the bound used to switch off what the set guards.
  bounded_set ids{10'000};
  ids.insert("guarded");
  for (int i = 0; i < 9'999; ++i) ids.insert("x" + std::to_string(i));
  BOOST_TEST(ids.contains("guarded"));
  ids.insert("one more");
  BOOST_TEST(!ids.contains("guarded"));
  BOOST_TEST(ids.size() == 10'000u);
  BOOST_TEST(ids.contains("x9998"));
}

BOOST_AUTO_TEST_CASE(copy_and_move_have_the_same_ids) {
  bounded_set ids{2};
  ids.insert("a long id that is not kept in the string itself, whatever the library does");
  ids.insert("b");
  bounded_set copy{ids};
  BOOST_TEST(copy.contains("a long id that is not kept in the string itself, whatever the library does"));
  copy.insert("c");
  BOOST_TEST(!copy.contains("a long id that is not kept in the string itself, whatever the library does"));
  BOOST_TEST(ids.contains("a long id that is not kept in the string itself, whatever the library does"));
  bounded_set moved{std::move(copy)};
  BOOST_TEST(moved.contains("b"));
  BOOST_TEST(moved.contains("c"));
  ids = moved;
  BOOST_TEST(ids.contains("c"));
  moved.clear();
  BOOST_TEST(moved.size() == 0u);
  BOOST_TEST(!moved.contains("b"));
}

BOOST_AUTO_TEST_SUITE_END()
