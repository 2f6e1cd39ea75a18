#include "actors/room/room_edus.hpp"

#include "tests/actors/components/command_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_edus_alone)

namespace {

struct edus_rig : command_rig {
  room::room_edus edus{room, out};

  edus_rig() { change(node).federation.receipts = true; }
  effects hear_typing(const std::string& user, bool is_typing = true, const std::string& type = "m.typing") {
    edu_received m;
    m.origin = "there.example";
    m.body.edu_type = type;
    m.body.content = matrix::json::object{{"room_id", room_id}, {"user_id", user}, {"typing", is_typing}};
    edus.receive(m);
    return take();
  }
  effects hear_read(const std::string& user) {
    edus.receive(receipts_received{"there.example", {{user, "$1", "", 5}}});
    return take();
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(who_types_is_shown_and_ceases_when_nothing_more_is_heard, edus_rig) {
  BOOST_TEST(edus.is_idle());
  BOOST_TEST(edus.deadline() == 0);
  BOOST_TEST(told<ephemeral_notification>(hear_typing(eve)).size() == 1u);
  BOOST_TEST(!edus.is_idle());
  BOOST_REQUIRE(edus.deadline() > now);
  after(edus.deadline() - now - 1);
  edus.on_deadline();
  BOOST_TEST(take().empty());
  after(1);
  edus.on_deadline();
  BOOST_TEST(told<ephemeral_notification>(take()).size() == 1u);
  BOOST_TEST(edus.is_idle());
}

BOOST_FIXTURE_TEST_CASE(what_is_read_is_handed_to_the_receipts_and_keeps_the_room_from_no_rest, edus_rig) {
  const auto list = hear_read(eve);
  const auto words = told<markers_moved>(list);
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == address{actor_kind::receipts, ""}));
  BOOST_TEST(words[0].second.origin == "there.example");
  BOOST_TEST(told<ephemeral_notification>(list).empty());
  BOOST_TEST(edus.is_idle());
  BOOST_TEST(edus.deadline() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_stranger_and_what_nobody_knows_changes_nothing, edus_rig) {
  BOOST_TEST(hear_typing(zoe).empty());
  BOOST_TEST(hear_read(zoe).empty());
  BOOST_TEST(hear_typing(eve, true, "org.example.waving").empty());
  BOOST_TEST(edus.is_idle());
}

BOOST_FIXTURE_TEST_CASE(a_server_that_the_room_has_shut_out_is_heard_by_neither, edus_rig) {
  matrix::json::array deny, allow;
  deny.emplace_back("there.example");
  allow.emplace_back("*");
  set(ann, "m.room.server_acl", {{"allow", std::move(allow)}, {"deny", std::move(deny)}});
  BOOST_TEST(hear_read(eve).empty());
  BOOST_TEST(hear_typing(eve).empty());
}

BOOST_FIXTURE_TEST_CASE(a_server_that_comes_in_is_named_to_the_receipts_once, edus_rig) {
  const auto joined = made(zoe, "m.room.member", {{"membership", "join"}}, zoe);
  add(joined);
  (void)take();
  edus.observe({{{"m.room.member", zoe}, nullptr, joined}});
  const auto words = told<server_joined>(take());
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST(words[0].second.server_name == "third.example");
  BOOST_TEST(words[0].second.local_members == (std::vector{ann, bob}), boost::test_tools::per_element());
  edus.observe({{{"m.room.member", zoe}, joined, joined}}); // another name of hers
  BOOST_TEST(told<server_joined>(take()).empty());
}

BOOST_FIXTURE_TEST_CASE(who_asks_which_servers_are_there_is_answered_and_for_a_stranger_with_none, edus_rig) {
  const address receipts{actor_kind::receipts, ""};
  edus.send_servers({receipts, 7});
  auto words = told<room_servers_response>(take());
  BOOST_REQUIRE(words.size() == 1u);
  BOOST_TEST((words[0].first == receipts));
  BOOST_TEST(words[0].second.asked == 7u);
  BOOST_TEST(words[0].second.servers == std::vector<std::string>{"there.example"}, boost::test_tools::per_element());
  edus.send_servers({receipts, 8, zoe});
  BOOST_TEST(told<room_servers_response>(take()).at(0).second.servers.empty());
}

BOOST_AUTO_TEST_SUITE_END()
