#include "actors/directory/shared_rooms.hpp"

#include "tests/actors/machine_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using directory::shared_rooms;

namespace shared_rooms_ {
namespace {

struct rig {
  shared_rooms rooms;
  rig() { rooms.begin(100); }
  void list(const std::string& room, const std::string& listing) {
    const auto parsed = matrix::json::parse(listing);
    BOOST_REQUIRE(parsed);
    rooms.listed(room, &*parsed);
  }
  bool ask(const std::string& user, time_ms now = noon) {
    federation_call call;
    call.origin = "there.example";
    return rooms.ask(std::move(call), user, now);
  }
  /// Rooms that are asked now, with their tokens.
  std::vector<std::pair<std::string, token>> asked() {
    std::vector<std::pair<std::string, token>> out;
    for (auto& [to, m] : told<member_request>(rooms.take_effects())) out.emplace_back(to.key, m.asked);
    return out;
  }
  /// How the questions ended since: y, n, or ? where it is not known.
  std::string ended() {
    std::string out;
    for (const auto& v : rooms.take_verdicts()) out += v.shared ? 'y' : v.known ? 'n' : '?';
    return out;
  }
};

} // namespace
} // namespace shared_rooms_

BOOST_FIXTURE_TEST_SUITE(shared_rooms_, rig)

BOOST_AUTO_TEST_CASE(who_is_in_no_room_shares_none) {
  BOOST_TEST(ask("@ann:here.example"));
  BOOST_TEST(ended() == "n");
  BOOST_TEST(asked().empty());
  BOOST_TEST(rooms.deadline() == 0);
}

BOOST_AUTO_TEST_CASE(rooms_are_asked_some_at_a_time_until_one_says_yes) {
  for (int i = 0; i < 50; ++i) list("!" + std::to_string(i), R"({"local_members":["@ann:here.example"]})");
  ask("@ann:here.example");
  auto open = asked();
  BOOST_TEST(open.size() == shared_rooms::asked_at_once);
  for (std::size_t i = 0; i < 5; ++i) rooms.answered({open[i].second, true, false});
  BOOST_TEST(asked().size() == 5U); // the next ones
  BOOST_TEST(ended() == "");
  rooms.answered({open[7].second, true, true});
  BOOST_TEST(ended() == "y");
  rooms.answered({open[8].second, true, true}); // nobody waits any more
  BOOST_TEST(ended() == "");
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(when_all_have_said_no_it_is_no) {
  list("!a", R"({"local_members":["@ann:here.example"]})");
  list("!b", R"({"local_members":["@ann:here.example"]})");
  ask("@ann:here.example");
  for (const auto& [room, number] : asked()) rooms.answered({number, true, false});
  BOOST_TEST(ended() == "n");
}

BOOST_AUTO_TEST_CASE(a_room_with_more_users_than_it_names_is_asked_for_everybody) {
  list("!a", R"({"local_members":["@bob:here.example"],"more_local_members":true})");
  ask("@ann:here.example");
  BOOST_TEST(asked().size() == 1U);
  list("!a", R"({"local_members":["@bob:here.example"]})");
  ask("@ann:here.example");
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_answered_in_time_is_not_known) {
  list("!a", R"({"local_members":["@ann:here.example"]})");
  ask("@ann:here.example");
  BOOST_TEST(rooms.deadline() == noon + shared_rooms::patience_ms);
  rooms.expire(noon + shared_rooms::patience_ms - 1);
  BOOST_TEST(ended() == "");
  rooms.expire(noon + shared_rooms::patience_ms);
  BOOST_TEST(ended() == "?");
  rooms.answered({asked().at(0).second, true, true}); // too late
  BOOST_TEST(ended() == "");
}

BOOST_AUTO_TEST_CASE(questions_under_way_are_bounded) {
  list("!a", R"({"local_members":["@ann:here.example"]})");
  for (std::size_t i = 0; i < shared_rooms::questions_max; ++i) BOOST_REQUIRE(ask("@ann:here.example"));
  BOOST_TEST(!ask("@ann:here.example"));
}

BOOST_AUTO_TEST_SUITE_END()
