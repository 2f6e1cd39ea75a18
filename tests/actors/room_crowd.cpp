// Rooms of many members: what is told of them is bounded, and what depends on one of them is found however many there
// are.
#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;
using matrix::json::object;

BOOST_AUTO_TEST_SUITE(room_crowd)

namespace {

/// A channel with so many users of both servers more.
struct crowded : shared_room {
  explicit crowded(int ours, int theirs) {
    for (int i = 0; i < ours; ++i) enter("@ours" + std::to_string(100 + i) + ":here.example");
    for (int i = 0; i < theirs; ++i) enter("@theirs" + std::to_string(100 + i) + ":there.example");
  }
  effects enter(const std::string& user) {
    if (!node.is_local(user)) return push({made(user, "m.room.member", {{"membership", "join"}}, user)});
    join_request wanted;
    wanted.user_id = user;
    return on(std::move(wanted));
  }
  matrix::json::value description() const { return *matrix::json::parse(machine->describe(now)); }
};

} // namespace

BOOST_AUTO_TEST_CASE(description_of_a_crowded_room_names_fifty_and_counts_all) {
  crowded r{10, 60};
  for (int i = 0; i < 60; ++i)
    r.push({r.made("@u:" + crowd_server(i), "m.room.member", {{"membership", "join"}}, "@u:" + crowd_server(i))},
           crowd_server(i));
  const auto told = r.description();
  BOOST_TEST(told.find_object("members")->size() == 50u);
  BOOST_TEST(*told.find_integer("members_joined") == 4 + 10 + 60 + 60);
  BOOST_TEST(told.find_array("servers")->size() == 50u);
  BOOST_TEST(*told.find_integer("servers_total") == 2 + 60);
  BOOST_TEST(*told.find_integer("extremities_total") == 1);
}

BOOST_AUTO_TEST_CASE(the_last_of_ours_to_leave_is_noticed_in_a_crowd_of_others) {
  crowded r{2, 60};
  for (const std::string user : {"@ours100:here.example", "@ours101:here.example", "@bob:here.example"}) {
    r.command(chat::member_leave{r.room_id, user, {}});
    BOOST_TEST(*r.description().find_string("phase") == "joined");
  }
  r.command(chat::member_leave{r.room_id, ann, {}});
  BOOST_TEST(*r.description().find_string("phase") == "left");
}

BOOST_AUTO_TEST_SUITE_END()
