#include "actors/directory/direct_rooms.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(directory_direct_rooms_alone)

namespace {

using directory::direct_rooms;
using ids = std::vector<std::string>;

const std::string ann = "@ann:here.example", bob = "@bob:there.example", eve = "@eve:there.example";

void listed(direct_rooms& all, const std::string& room_id, const ids& people) {
  matrix::json::array direct;
  for (const auto& one : people) direct.emplace_back(one);
  const matrix::json::value listing{matrix::json::object{{"direct", std::move(direct)}}};
  all.listed(room_id, &listing);
}

direct_rooms::creation creation_of(const std::string& room, token asked, time_ms since) {
  direct_rooms::creation c;
  c.wanted.room = room;
  c.asked = asked;
  c.since = since;
  return c;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_dm_of_two_is_found_from_either_side_and_by_nobody_else) {
  direct_rooms all;
  listed(all, "!a", {ann, bob});
  BOOST_TEST(all.between(ann, bob) == ids{"!a"}, boost::test_tools::per_element());
  BOOST_TEST(all.between(bob, ann) == ids{"!a"}, boost::test_tools::per_element());
  BOOST_TEST(all.between(ann, eve).empty());
}

BOOST_AUTO_TEST_CASE(a_room_of_three_or_that_nobody_is_in_any_more_is_no_dm) {
  direct_rooms all;
  listed(all, "!a", {ann, bob});
  listed(all, "!a", {ann, bob, eve});
  BOOST_TEST(all.between(ann, bob).empty());
  listed(all, "!b", {ann, bob});
  all.listed("!b", nullptr);
  BOOST_TEST(all.between(ann, bob).empty());
  BOOST_TEST(all.size() == 0u);
}

BOOST_AUTO_TEST_CASE(an_open_invitation_makes_the_second_of_the_two) {
  direct_rooms all;
  all.invited("!a", bob); // of a room that nobody has listed
  BOOST_TEST(all.size() == 0u);
  listed(all, "!a", {ann});
  BOOST_TEST(all.between(ann, bob).empty());
  all.invited("!a", bob);
  BOOST_TEST(all.between(ann, bob) == ids{"!a"}, boost::test_tools::per_element());
  listed(all, "!a", {ann}); // the invited user's server has not answered yet
  BOOST_TEST(all.between(ann, bob) == ids{"!a"}, boost::test_tools::per_element());
  all.missed("!a");
  BOOST_TEST(all.between(ann, bob).empty());
}

BOOST_AUTO_TEST_CASE(of_many_rooms_of_two_a_bounded_number_is_asked) {
  direct_rooms all;
  for (int i = 0; i < 9; ++i) all.made("!" + std::to_string(i), ann, bob);
  BOOST_TEST(all.between(ann, bob).size() == direct_rooms::asked_max);
}

BOOST_AUTO_TEST_CASE(the_answer_of_a_room_belongs_to_the_creation_that_asked_it) {
  direct_rooms all;
  all.begin(creation_of("one", 7, 1'000));
  all.begin(creation_of("two", 8, 2'000));
  BOOST_TEST(!all.take(9));
  BOOST_REQUIRE(all.find("two"));
  all.find("two")->asked = 10;
  BOOST_TEST(!all.take(8)); // it has gone on to the next room
  const auto two = all.take(10);
  BOOST_REQUIRE(two);
  BOOST_TEST(two->wanted.room == "two");
  BOOST_TEST(!all.find("two"));
  BOOST_TEST(all.find("one"));
}

BOOST_AUTO_TEST_CASE(a_creation_does_not_wait_for_ever) {
  direct_rooms all;
  BOOST_TEST(all.deadline() == 0);
  all.begin(creation_of("two", 8, 2'000));
  all.begin(creation_of("one", 7, 1'000));
  BOOST_TEST(all.deadline() == 1'000 + direct_rooms::patience_ms);
  BOOST_TEST(!all.take_overdue(all.deadline() - 1));
  const auto first = all.take_overdue(all.deadline());
  BOOST_REQUIRE(first);
  BOOST_TEST(first->wanted.room == "one");
  BOOST_TEST(all.deadline() == 2'000 + direct_rooms::patience_ms);
}

BOOST_AUTO_TEST_SUITE_END()
