#include "actors/directory/room_aliases.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using namespace causeway::test;
using directory::room_aliases;

BOOST_AUTO_TEST_SUITE(directory_room_aliases_alone)

namespace {

const std::string all = "#all:here.example", first = "!a:here.example", second = "!b:here.example";

struct aliases_rig {
  decision out{{actor_kind::directory, ""}};
  room_aliases aliases{out};
};

} // namespace

BOOST_AUTO_TEST_CASE(alias_is_the_room_s_that_claims_it_until_it_does_not) {
  aliases_rig r;
  BOOST_TEST(r.aliases.find(all) == nullptr);
  r.aliases.listed(first, {all});
  BOOST_TEST(*r.aliases.find(all) == first);
  r.aliases.listed(first, {});
  BOOST_TEST(r.aliases.find(all) == nullptr);
}

BOOST_AUTO_TEST_CASE(whoever_came_first_keeps_it_and_the_next_one_has_it_after_that) {
  aliases_rig r;
  r.aliases.listed(first, {all});
  r.aliases.listed(second, {all});
  BOOST_TEST(*r.aliases.find(all) == first);
  BOOST_TEST(of_kind<note>(r.out.take()).size() == 1U);
  r.aliases.listed(first, {});
  BOOST_TEST(*r.aliases.find(all) == second);
}

BOOST_AUTO_TEST_CASE(room_that_was_just_made_has_its_alias_before_it_is_listed) {
  aliases_rig r;
  r.aliases.claim(all, first);
  BOOST_TEST(*r.aliases.find(all) == first);
  r.aliases.claim(all, second);
  BOOST_TEST(*r.aliases.find(all) == first);
  r.aliases.listed(first, {}); // it was refused it
  BOOST_TEST(r.aliases.find(all) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
