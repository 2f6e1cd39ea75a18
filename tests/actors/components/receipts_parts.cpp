#include "actors/receipts/parked_markers.hpp"
#include "actors/receipts/room_audiences.hpp"
#include "actors/receipts/unsent_markers.hpp"
#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;
using namespace causeway::receipts;

BOOST_AUTO_TEST_SUITE(receipts_parts)

namespace {

const std::string some_room = "!a:here.example";

store::put_receipt changed(const std::string& user, std::int64_t change) {
  return {some_room, user, "", false, "$" + std::to_string(change), change, noon, change};
}
std::vector<std::int64_t> since(const unsent_markers& all, std::int64_t change) {
  std::vector<std::int64_t> found;
  all.for_each_since(change, [&](const auto& x) {
    found.push_back(x.change);
    return true;
  });
  return found;
}
using changes = std::vector<std::int64_t>;

} // namespace

// -- unsent_markers

BOOST_AUTO_TEST_CASE(of_each_user_the_newest_is_owed_in_order) {
  unsent_markers all;
  all.add(changed("@a:x", 1));
  all.add(changed("@b:x", 2));
  all.add(changed("@a:x", 3));
  BOOST_TEST(since(all, 0) == (changes{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(since(all, 2) == changes{3}, boost::test_tools::per_element());
  all.forget_until(2);
  BOOST_TEST(since(all, 0) == changes{3}, boost::test_tools::per_element());
  all.add(changed("@b:x", 4));
  BOOST_TEST(all.size() == 2u);
}

BOOST_AUTO_TEST_CASE(at_the_bound_the_oldest_unsent_markers_go) {
  unsent_markers all;
  const auto max = static_cast<std::int64_t>(unsent_markers::markers_max);
  for (std::int64_t i = 1; i <= max; ++i) BOOST_TEST_REQUIRE(all.add(changed("@u" + std::to_string(i) + ":x", i)));
  BOOST_TEST(!all.add(changed("@one:more", max + 1)));
  BOOST_TEST(all.size() == unsent_markers::markers_max);
  BOOST_TEST(since(all, 0).front() == 2);
  BOOST_TEST(all.add(changed("@one:more", max + 2))); // takes its own place
}

// -- room_audiences

BOOST_AUTO_TEST_CASE(room_is_asked_once_and_believed_for_a_minute) {
  decision out{{actor_kind::receipts, ""}};
  out.set_now(noon);
  room_audiences rooms{out};
  using answer = room_audiences::answer;
  BOOST_TEST((rooms.find(some_room, "there.example") == answer::asked));
  BOOST_TEST((rooms.find(some_room, "third.example") == answer::asked));
  const auto wanted = told<room_servers_request>(out.take());
  BOOST_REQUIRE(wanted.size() == 1u);
  rooms.told({wanted[0].second.asked + 1, {"third.example"}}); // of an earlier life
  BOOST_TEST(rooms.asks());
  rooms.told({wanted[0].second.asked, {"there.example"}});
  BOOST_TEST(!rooms.asks());
  BOOST_TEST((rooms.find(some_room, "there.example") == answer::inside));
  BOOST_TEST((rooms.find(some_room, "third.example") == answer::outside));
  out.set_now(noon + room_audiences::believed_ms);
  BOOST_TEST((rooms.find(some_room, "there.example") == answer::asked));
}

BOOST_AUTO_TEST_CASE(room_that_does_not_answer_counts_as_empty_for_a_while) {
  decision out{{actor_kind::receipts, ""}};
  time_ms now = noon;
  out.set_now(now);
  room_audiences rooms{out};
  using answer = room_audiences::answer;
  for (std::uint32_t i = 0; i < room_audiences::questions_max; ++i) {
    BOOST_TEST((rooms.find(some_room, "there.example") == answer::asked));
    BOOST_TEST(rooms.deadline() == now + room_audiences::answer_ms_max);
    out.set_now(now = rooms.deadline());
    rooms.on_deadline();
  }
  BOOST_TEST((rooms.find(some_room, "there.example") == answer::outside));
  BOOST_TEST(rooms.deadline() == 0);
  out.set_now(now += room_audiences::believed_ms);
  BOOST_TEST((rooms.find(some_room, "there.example") == answer::asked));
}

BOOST_AUTO_TEST_CASE(of_more_rooms_than_are_remembered_the_oldest_alone_is_asked_again) {
  decision out{{actor_kind::receipts, ""}};
  out.set_now(noon);
  room_audiences rooms{out};
  using answer = room_audiences::answer;
  const auto room = [](std::size_t i) { return "!r" + std::to_string(i) + ":here.example"; };
  BOOST_TEST((rooms.find(room(0), "there.example") == answer::asked)); // its question goes with it
  const auto there = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"there.example"});
  for (std::size_t i = 1; i <= room_audiences::rooms_max; ++i) rooms.know(room(i), there);
  BOOST_TEST(rooms.size() == room_audiences::rooms_max);
  BOOST_TEST(!rooms.asks());
  BOOST_TEST((rooms.find(room(1), "there.example") == answer::inside));
  out.take();
  BOOST_TEST((rooms.find(room(0), "there.example") == answer::asked));
  BOOST_TEST(told<room_servers_request>(out.take()).size() == 1u);
  BOOST_TEST((rooms.find(room(2), "there.example") == answer::inside));
  BOOST_TEST((rooms.find(room(1), "there.example") == answer::asked)); // made room for it
}

// -- parked_markers

BOOST_AUTO_TEST_CASE(parked_markers_are_looked_for_with_growing_pauses) {
  parked_markers parked;
  const markers_moved of{some_room, "chat-1", "there.example", {}};
  BOOST_TEST(parked.park(of, {"@eve:there.example", "$1", "", 5}, noon));
  BOOST_TEST(parked.deadline() == noon + parked_markers::pause_ms_min);
  BOOST_TEST(parked.due(noon).empty());
  auto due = parked.due(parked.deadline());
  BOOST_REQUIRE(due.size() == 1u);
  BOOST_TEST(due[0].origin == "there.example");
  BOOST_TEST(due[0].chat_room_id == "chat-1");
  BOOST_TEST(due[0].markers.at(0).event_id == "$1");
  BOOST_TEST(parked.park(of, {"@eve:there.example", "$1", "", 5}, noon + 250)); // looked for in vain: it stays as it is
  BOOST_TEST(parked.size() == 1u);
  BOOST_TEST(parked.deadline() <= noon + 3 * parked_markers::pause_ms_min);
  parked.found(some_room, {"@eve:there.example", "$2", "", 5});
  BOOST_TEST(parked.size() == 1u);
  parked.found(some_room, {"@eve:there.example", "$1", "", 5});
  BOOST_TEST(parked.size() == 0u);
  BOOST_TEST(parked.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(newer_parked_marker_takes_the_place_of_the_older) {
  parked_markers parked;
  const markers_moved of{some_room, "", "there.example", {}};
  parked.park(of, {"@eve:there.example", "$1", "", 5}, noon);
  parked.park(of, {"@eve:there.example", "$2", "", 5}, noon + 100);
  parked.park(of, {"@eve:there.example", "$3", "main", 5}, noon + 100);
  BOOST_TEST(parked.size() == 2u);
  const auto due = parked.due(noon + 10'000);
  BOOST_REQUIRE(due.size() == 1u);
  BOOST_TEST(due[0].markers.size() == 2u);
  BOOST_TEST(due[0].markers[0].event_id == "$2");
}

BOOST_AUTO_TEST_CASE(of_one_room_no_more_than_its_share_is_parked) {
  parked_markers parked;
  const auto user = [](std::size_t i) { return "@u" + std::to_string(i) + ":there.example"; };
  const markers_moved of{some_room, "", "there.example", {}}, elsewhere{"!b:here.example", "", "there.example", {}};
  for (std::size_t i = 0; i < parked_markers::in_room_max; ++i)
    BOOST_TEST_REQUIRE(parked.park(of, {user(i), "$1", "", 5}, noon));
  BOOST_TEST(!parked.park(of, {user(parked_markers::in_room_max), "$1", "", 5}, noon));
  BOOST_TEST(parked.park(of, {user(0), "$2", "", 5}, noon));
  BOOST_TEST(parked.park(elsewhere, {user(0), "$1", "", 5}, noon));
}

BOOST_AUTO_TEST_SUITE_END()
