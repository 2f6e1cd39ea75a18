#include "actors/room/put_out_servers.hpp"

#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_put_out_servers)

namespace {

/// The room of `r`, as it is on disk now.
void load(room::room_graph& graph, const shared_room& r) { graph.load(r.disk.load()); }

} // namespace

BOOST_AUTO_TEST_CASE(a_server_is_one_of_them_from_the_state_on_in_which_others_have_ended_a_membership_of_its) {
  shared_room r;
  room::put_out_servers servers;
  const auto last_of = [&](const std::string& server) {
    room::room_state room{r.node, r.room_id};
    load(room.graph, r);
    return servers.last_of(room.graph, server);
  };
  BOOST_TEST(last_of("there.example") == 0);
  const auto ended_at = [&](const std::string& user) {
    return r.event(r.state().at({"m.room.member", user}))->origin_server_ts;
  };
  r.command(chat::member_kick{"chat-1", ann, eve, {}});
  BOOST_TEST(last_of("there.example") == ended_at(eve));
  r.now += 1'000;
  r.command(chat::member_ban{"chat-1", ann, eli, {}});
  BOOST_TEST(last_of("there.example") == ended_at(eli)); // the last of several
  BOOST_TEST(ended_at(eli) > ended_at(eve));
  BOOST_TEST(last_of("elsewhere.example") == 0);
  BOOST_TEST(last_of("here.example") == 0);
}

BOOST_AUTO_TEST_CASE(who_has_left_by_themselves_was_not_put_out) {
  shared_room r;
  room::put_out_servers servers;
  r.push({r.made(eve, "m.room.member", {{"membership", "leave"}}, eve)});
  room::room_state room{r.node, r.room_id};
  load(room.graph, r);
  BOOST_TEST(servers.last_of(room.graph, "there.example") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
