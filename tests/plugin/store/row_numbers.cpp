#include "plugin/store/row_numbers.hpp"

#include "shared_store.hpp"

#include <boost/test/unit_test.hpp>

/// Numbers of rows that several nodes give at the same time.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(row_numbers, *boost::unit_test::timeout(120))

namespace {

using sql::commands_by_id;

struct numbered_store : shared_store {
  numbered_store() { make_tables(); }
  postgresql_database first{url, postgresql_database::use::shared}, second{url, postgresql_database::use::shared};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(two_nodes_never_give_one_number, numbered_store) {
  sql::row_numbers one{first, commands_by_id}, two{second, commands_by_id};
  std::int64_t last_of_one = 0, last_of_two = 0;
  for (std::int64_t i = 0; i < 3 * commands_by_id.block; ++i) {
    const auto a = one.next(), b = two.next();
    BOOST_REQUIRE(a > last_of_one);
    BOOST_REQUIRE(b > last_of_two);
    BOOST_REQUIRE((a - 1) / commands_by_id.block != (b - 1) / commands_by_id.block);
    BOOST_REQUIRE(one.newest() >= a); // more at the end of a block: it is the one before the next
    last_of_one = a;
    last_of_two = b;
  }
}

BOOST_FIXTURE_TEST_CASE(numbers_after_a_take_are_behind_all_that_were_given_before, numbered_store) {
  sql::row_numbers one{first, commands_by_id}, two{second, commands_by_id};
  const auto begun = one.next();
  const auto theirs = two.next();
  BOOST_TEST(one.next() == begun + 1);
  one.begin_anew(); // it has taken a shard of the other one
  BOOST_TEST(one.newest() >= theirs);
  BOOST_TEST(one.next() > theirs);
  BOOST_TEST(two.next() == theirs + 1); // which goes on with what it has
}

BOOST_FIXTURE_TEST_CASE(numbers_that_others_have_given_are_skipped, numbered_store) {
  sql::row_numbers one{first, commands_by_id};
  const auto given = one.next();
  for (const auto last : {std::int64_t{0}, given + 10 * commands_by_id.block, given + 10 * commands_by_id.block + 1}) {
    sql::skip_numbers(second, commands_by_id, last);
    one.begin_anew();
    BOOST_TEST(one.next() > last);
  }
  sql::skip_numbers(second, commands_by_id, 1'000'000); // and no further than it takes
  one.begin_anew();
  BOOST_TEST(one.next() <= 1'000'000 + 2 * commands_by_id.block);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
