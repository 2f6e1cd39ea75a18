#include "actors/room/receipt_intake.hpp"

#include "tests/actors/components/component_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(receipt_intake_alone)

namespace {

const receipts_received of_eve{"there.example", {{eve, "$1", "", 5}}};

} // namespace

BOOST_AUTO_TEST_CASE(room_we_take_no_part_in_hears_nothing_and_names_nobody) {
  component_rig r;
  change(r.node).federation.receipts = true;
  room::receipt_intake intake{r.room, r.out};
  intake.receive(of_eve);
  BOOST_TEST(told<markers_moved>(r.take()).size() == 1u);
  r.room.head.phase = store::room_phase::left;
  intake.receive(of_eve);
  BOOST_TEST(told<markers_moved>(r.take()).empty());
  intake.send_servers({{actor_kind::receipts, ""}, 1});
  BOOST_TEST(told<room_servers_response>(r.take()).at(0).second.servers.empty());
}

BOOST_AUTO_TEST_CASE(other_servers_are_named_in_order_without_ours) {
  component_rig r;
  room::receipt_intake intake{r.room, r.out};
  intake.send_servers({{actor_kind::receipts, ""}, 1});
  BOOST_TEST(told<room_servers_response>(r.take()).at(0).second.servers == std::vector<std::string>{"there.example"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
