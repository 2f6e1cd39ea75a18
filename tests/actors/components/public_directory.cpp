#include "actors/directory/public_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(directory_public_directory)

namespace {

using directory::public_directory;
using names = std::vector<std::string>;

void put(public_directory& d, const std::string& name, std::int64_t members, const std::string& type = {}) {
  matrix::json::object room{{"name", name}, {"num_joined_members", members}};
  if (!type.empty()) room.set("room_type", type);
  d.put("!" + name + ":here.example", &room);
}

names listed(const public_directory::page& p) {
  names found;
  for (const auto* room : p.rooms) found.push_back(*room->find("name")->as_string());
  return found;
}

/// Rooms a (5 members) to e (1).
public_directory five() {
  public_directory d;
  put(d, "c", 3);
  put(d, "a", 5);
  put(d, "e", 1);
  put(d, "b", 4);
  put(d, "d", 2);
  return d;
}

} // namespace

BOOST_AUTO_TEST_CASE(pages_go_from_most_members_to_least_and_back) {
  const auto d = five();
  const auto first = *d.find({}, "", 2);
  BOOST_TEST(listed(first) == (names{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(first.before.empty());
  const auto second = *d.find({}, first.after, 2);
  BOOST_TEST(listed(second) == (names{"c", "d"}), boost::test_tools::per_element());
  const auto last = *d.find({}, second.after, 2);
  BOOST_TEST(listed(last) == names{"e"}, boost::test_tools::per_element());
  BOOST_TEST(last.after.empty());
  const auto back = *d.find({}, last.before, 2);
  BOOST_TEST(listed(back) == (names{"c", "d"}), boost::test_tools::per_element());
  const auto begin = *d.find({}, back.before, 2);
  BOOST_TEST(listed(begin) == (names{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(begin.before.empty());
}

BOOST_AUTO_TEST_CASE(a_page_goes_on_where_it_was_though_its_last_room_has_gone) {
  auto d = five();
  const auto first = *d.find({}, "", 2);
  d.put("!b:here.example", nullptr);
  BOOST_TEST(listed(*d.find({}, first.after, 2)) == (names{"c", "d"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_room_has_one_place_however_often_its_members_change) {
  auto d = five();
  put(d, "e", 9);
  BOOST_TEST(d.size() == 5u);
  BOOST_TEST(listed(*d.find({}, "", 10)) == (names{"e", "a", "b", "c", "d"}), boost::test_tools::per_element());
  const matrix::json::object without_members{{"name", "e"}};
  d.put("!e:here.example", &without_members);
  BOOST_TEST(d.size() == 4u);
}

BOOST_AUTO_TEST_CASE(what_is_no_place_of_a_page_is_refused) {
  const auto d = five();
  for (const auto* place : {"x", "n_", "n_a_!r", "q_3_!r", "n_-3_!r", "n_3", "n_99999999999999999999_!r"})
    BOOST_TEST(!d.find({}, place, 2), place);
  BOOST_TEST(bool(d.find({}, "n_3_", 2)));
}

BOOST_AUTO_TEST_CASE(a_term_is_looked_for_in_name_topic_and_alias_whatever_its_case) {
  public_directory d;
  const matrix::json::object by_name{{"name", "The Harbour"}, {"num_joined_members", 3}};
  const matrix::json::object by_topic{{"topic", "of harbours"}, {"num_joined_members", 2}};
  const matrix::json::object by_alias{{"canonical_alias", "#HARBOUR:here.example"}, {"num_joined_members", 1}};
  const matrix::json::object other{{"name", "Market"}, {"num_joined_members", 1}};
  d.put("!1", &by_name);
  d.put("!2", &by_topic);
  d.put("!3", &by_alias);
  d.put("!4", &other);
  BOOST_TEST(d.find(public_directory::filter_for("HarBour"), "", 10)->rooms.size() == 3u);
  BOOST_TEST(d.find(public_directory::filter_for("nowhere"), "", 10)->rooms.empty());
}

BOOST_AUTO_TEST_CASE(types_are_asked_for_with_and_without_rooms_that_have_none) {
  public_directory d;
  put(d, "room", 2);
  put(d, "space", 1, "m.space");
  public_directory::filter spaces;
  spaces.any_type = false;
  spaces.types = {"m.space"};
  BOOST_TEST(listed(*d.find(spaces, "", 10)) == names{"space"}, boost::test_tools::per_element());
  spaces.without_type = true;
  BOOST_TEST(d.find(spaces, "", 10)->rooms.size() == 2u);
  spaces.types.clear();
  BOOST_TEST(listed(*d.find(spaces, "", 10)) == names{"room"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rooms_that_the_filter_leaves_out_make_no_next_page) {
  auto d = five();
  put(d, "space", 4, "m.space");
  public_directory::filter spaces;
  spaces.any_type = false;
  spaces.types = {"m.space"};
  const auto page = *d.find(spaces, "", 1);
  BOOST_TEST(listed(page) == names{"space"}, boost::test_tools::per_element());
  BOOST_TEST(page.after.empty());
}

BOOST_AUTO_TEST_SUITE_END()
