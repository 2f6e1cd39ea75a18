#include "plugin/admin/staged_waits.hpp"

#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

/// For what staged events wait, as `server show` and `room show` tell it.
namespace causeway::admin::testing {

namespace {

struct staged_fixture : fixture {
  staged_fixture() {
    node.destinations = {late("dead.example", 0, 0, 0)};
    store::room_summary summary;
    summary.room_id = "!r:chat.example";
    node.rooms = {summary};
  }
  /// All that is staged in the room.
  void show_as_staged(std::vector<store::put_inbox> all) { node.room.inbox = std::move(all); }
  static std::string waits_for(const json::value& body, std::size_t i) {
    return *body.find_array("staged")->at(i).find_string("waits_for");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(staged_events, staged_fixture)

BOOST_AUTO_TEST_CASE(staged_events_are_shown_with_what_they_cite_and_we_do_not_have) {
  const auto pdu = [](const std::string& parents) {
    return R"({"sender":"@f:dead.example","prev_events":[)" + parents + R"(],"auth_events":["$known"]})";
  };
  node.status = R"({"under_way":[{"event_id":"$signed","phase":"waiting_for_keys"}]})";
  node.events = {member("$known", "@me:chat.example", "join", "")};
  const std::vector<store::put_inbox> staged{
    {"!r:chat.example", "$one", "dead.example", pdu(R"("$lost")"), 5},
    {"!r:chat.example", "$many", "dead.example", pdu(R"("$a","$b","$c","$d","$e")"), 6},
    {"!r:chat.example", "$ready", "dead.example", pdu(R"("$known")"), 7},
    {"!r:chat.example", "$signed", "dead.example",
     R"({"sender":"@f:dead.example","prev_events":["$known"],"signatures":{"dead.example":{"ed25519:new":"x"}}})", 8}};
  node.destination.keys.keys = {{"ed25519:test", {"AAAA", node.now + 1'000'000, false}}};
  node.rooms[0].staged = 4;
  node.staged = {staged, 4};
  show_as_staged(staged);
  for (const bool is_room : {false, true}) {
    const auto body =
      is_room ? ask("room.show", with_room("!r:chat.example")) : ask("server.show", with_server("dead.example"));
    // Of a server that is shown others may have sent it: only a room knows all that is staged.
    BOOST_TEST(waits_for(body, 0) ==
               (is_room ? "an event we do not have: $lost" : "an event that is not stored here: $lost"));
    BOOST_TEST(waits_for(body, 1) == (is_room ? "events we do not have: $a, $b, $c and 2 more"
                                              : "events that are not stored here: $a, $b, $c and 2 more"));
    BOOST_TEST(waits_for(body, 2) == "its turn: nothing it cites is missing");
    if (is_room) {
      BOOST_TEST(waits_for(body, 3) ==
                 "the key of dead.example: signed with ed25519:new, and dead.example publishes only ed25519:test");
      const std::string sum =
        "4 received events wait: 1 for the key of a server, 2 for missing events, which are asked "
        "for, 1 for their turn, or for what is not known.";
      BOOST_TEST(*body.find_object("room")->find("waits_for")->as_string() == sum);
      BOOST_TEST(*body.find_array("waits_for")->at(0).as_string() == sum);
    }
    BOOST_TEST(*body.find_integer("staged_total") == 4);
  }
  node.store_fault = fault{fault_code::store_failed, "disk"};
  BOOST_TEST(refusal("room.show", with_room("!r:chat.example")) == "store_failed");
}

BOOST_AUTO_TEST_CASE(a_staged_event_waits_for_staged_ones_only_where_nothing_it_cites_is_missing) {
  const auto pdu = [](const std::string& parents) {
    return R"({"sender":"@f:dead.example","prev_events":[)" + parents + "]}";
  };
  std::vector<store::put_inbox> staged{{"!r:chat.example", "$a", "dead.example", pdu(R"("$p")"), 5},
                                       {"!r:chat.example", "$b", "dead.example", pdu(R"("$a")"), 6},
                                       {"!r:chat.example", "$c", "dead.example", pdu(R"("$a","$q")"), 7},
                                       {"!r:chat.example", "$d", "dead.example", pdu(R"("$a","$b")"), 8},
                                       {"!r:chat.example", "$e", "dead.example", pdu(R"("$late")"), 9}};
  node.staged = {staged, 5};
  for (int i = 0; i < 50; ++i)
    staged.push_back({"!r:chat.example", "$more" + std::to_string(i), "dead.example", pdu(R"("$a")"), 10});
  staged.push_back({"!r:chat.example", "$late", "dead.example", pdu(R"("$a")"), 11}); // not shown
  show_as_staged(staged);
  const auto in_room = ask("room.show", with_room("!r:chat.example"));
  BOOST_TEST(waits_for(in_room, 0) == "an event we do not have: $p");
  BOOST_TEST(waits_for(in_room, 1) == "an event that waits itself: $a");
  BOOST_TEST(waits_for(in_room, 2) == "an event we do not have: $q");
  BOOST_TEST(waits_for(in_room, 3) == "events that wait themselves: $a, $b");
  BOOST_TEST(waits_for(in_room, 4) == "an event that waits itself: $late");
  const auto of_server = ask("server.show", with_server("dead.example"));
  BOOST_TEST(waits_for(of_server, 1) == "an event that waits itself: $a");
  BOOST_TEST(waits_for(of_server, 4) == "an event that is not stored here: $late");
}

BOOST_AUTO_TEST_CASE(nothing_is_said_of_staged_events_whose_key_nobody_has_looked_for) {
  const std::string pdu = R"({"sender":"@f:dead.example","prev_events":["$lost"]})";
  std::vector<store::put_inbox> staged;
  for (int i = 0; i < 6; ++i) staged.push_back({"!r:chat.example", "$" + std::to_string(i), "dead.example", pdu, i});
  node.staged = {staged, 6};
  show_as_staged(staged);
  const auto of_server = ask("server.show", with_server("dead.example"));
  BOOST_TEST(waits_for(of_server, 4) == "an event that is not stored here: $lost");
  BOOST_TEST(waits_for(of_server, 5).empty());
  node.status = R"({"events_under_way":6,"under_way":[{"event_id":"$0","phase":"waiting_for_keys"},)"
                R"({"event_id":"$1","phase":"closing_gap"}]})";
  const auto in_room = ask("room.show", with_room("!r:chat.example"));
  BOOST_TEST(waits_for(in_room, 0) ==
             "the key of dead.example: it bears no signature of dead.example, and no key of dead.example is known");
  BOOST_TEST(waits_for(in_room, 1) == "an event we do not have: $lost");
  BOOST_TEST(waits_for(in_room, 2).empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
