#include "messages/matrix/json.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::matrix::json {

BOOST_AUTO_TEST_SUITE(json_values)

BOOST_AUTO_TEST_CASE(object_keeps_its_members_sorted_and_unique) {
  object x{{"b", 1}, {"a", 2}, {"b", 3}};
  x.set("", true);
  BOOST_TEST(x.size() == 3u);
  BOOST_TEST(x.begin()->key.empty());
  BOOST_TEST(*x.find("b")->as_integer() == 3);
  BOOST_TEST(x.erase("b"));
  BOOST_TEST(!x.erase("b"));
  BOOST_TEST(x.find("b") == nullptr);
  BOOST_TEST(x.contains("a"));
}

BOOST_AUTO_TEST_CASE(boolean_is_no_integer) {
  value x{true};
  BOOST_TEST(x.as_integer() == nullptr);
  BOOST_TEST(*x.as_bool());
  BOOST_TEST(!is_canonical(value{number_text{"1.0"}}));
}

BOOST_AUTO_TEST_CASE(shorthands_are_null_for_another_kind_and_for_what_is_no_object) {
  value x{object{{"i", 1}, {"s", "t"}, {"b", false}, {"a", array{}}, {"o", object{}}}};
  BOOST_TEST(*x.find_integer("i") == 1);
  BOOST_TEST(*x.find_string("s") == "t");
  BOOST_TEST(!*x.find_bool("b"));
  BOOST_TEST(x.find_array("a")->empty());
  BOOST_TEST(x.find_object("o")->empty());
  BOOST_TEST(x.find_string("i") == nullptr);
  BOOST_TEST(x.find_integer("b") == nullptr);
  BOOST_TEST(x.find_integer("none") == nullptr);
  BOOST_TEST(value{"text"}.find("s") == nullptr);
}

BOOST_AUTO_TEST_CASE(numbers_outside_53_bits_are_not_canonical) {
  BOOST_TEST(is_canonical(value{array{limits::canonical_integer_max, -limits::canonical_integer_max}}));
  BOOST_TEST(!is_canonical(value{array{limits::canonical_integer_max + 1}}));
  BOOST_TEST(!is_canonical(value{object{{"deep", array{object{{"n", -limits::canonical_integer_max - 1}}}}}}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::matrix::json
