#include "tests/actors/room_rig.hpp"

#include <boost/test/unit_test.hpp>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(room_receipts)

namespace {

struct receipts_room : shared_room {
  explicit receipts_room(bool is_on = true) { change(node).federation.receipts = is_on; }

  /// What the receipts actor is told; nothing: the command has failed, see `why`.
  std::optional<markers_moved> read(chat::mark_read x) {
    const auto list = command(std::move(x));
    for (const auto& [to, done] : told<command_done>(list)) why = chat::decode_fault(done.body).code;
    const auto moved = told<markers_moved>(list);
    if (moved.empty()) return {};
    BOOST_TEST((moved[0].first == address{actor_kind::receipts, ""}));
    return moved[0].second;
  }
  std::string say(const std::string& user, const std::string& message) {
    chat::message_send x;
    x.room = "chat-1";
    x.sender = user;
    x.message = message;
    x.text = "hello";
    command(std::move(x));
    return disk.order.back();
  }
  fault_code why = fault_code::none;
};

} // namespace

BOOST_AUTO_TEST_CASE(member_reads_a_message_by_either_of_its_names) {
  receipts_room r;
  const auto event_id = r.say(ann, "m1");
  for (const auto& named : {std::string{"m1"}, event_id}) {
    const auto moved = r.read({"chat-1", bob, named, {}, 7});
    BOOST_REQUIRE(moved);
    BOOST_TEST(moved->room_id == r.room_id);
    BOOST_TEST(moved->chat_room_id == "chat-1");
    BOOST_TEST(moved->origin == "");
    BOOST_TEST(moved->command.has_value());
    BOOST_REQUIRE(moved->markers.size() == 1u);
    BOOST_TEST(moved->markers[0].user_id == bob);
    BOOST_TEST(moved->markers[0].event_id == event_id);
    BOOST_TEST(moved->markers[0].thread == "");
    BOOST_TEST(moved->markers[0].ts == 7);
    BOOST_REQUIRE(moved->servers);
    BOOST_TEST(*moved->servers == std::vector<std::string>{"there.example"}, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(thread_is_named_by_its_first_message_or_is_main) {
  receipts_room r;
  const auto root = r.say(ann, "m1");
  r.say(bob, "m2");
  BOOST_TEST(r.read({"chat-1", bob, "m2", "m1"})->markers.at(0).thread == root);
  BOOST_TEST(r.read({"chat-1", bob, "m2", root})->markers.at(0).thread == root);
  BOOST_TEST(r.read({"chat-1", bob, "m2", "main"})->markers.at(0).thread == "main");
  BOOST_TEST(!r.read({"chat-1", bob, "m2", "m9"}));
  BOOST_TEST((r.why == fault_code::not_found));
}

BOOST_AUTO_TEST_CASE(who_is_no_member_reads_nothing_and_nobody_reads_what_is_not_there) {
  receipts_room r;
  r.say(ann, "m1");
  BOOST_TEST(!r.read({"chat-1", "@nobody:here.example", "m1", {}}));
  BOOST_TEST((r.why == fault_code::not_member));
  BOOST_TEST(!r.read({"chat-1", bob, "m9", {}}));
  BOOST_TEST((r.why == fault_code::not_found));
  BOOST_TEST(!r.read({"chat-1", bob, "$none", {}}));
  BOOST_TEST((r.why == fault_code::not_found));
}

BOOST_AUTO_TEST_CASE(private_markers_and_those_of_a_broker_that_tells_none_name_no_servers) {
  receipts_room r;
  r.say(ann, "m1");
  const auto moved = r.read({"chat-1", bob, "m1", {}, {}, true});
  BOOST_REQUIRE(moved);
  BOOST_TEST(moved->markers.at(0).is_private);
  BOOST_TEST(!moved->servers);
  change(r.node).federation.receipts = false;
  BOOST_TEST(!r.read({"chat-1", bob, "m1", {}})->servers);
}

BOOST_AUTO_TEST_CASE(servers_are_those_of_now) {
  receipts_room r;
  r.say(ann, "m1");
  BOOST_TEST(r.read({"chat-1", bob, "m1", {}})->servers->size() == 1u);
  for (const auto& user : {eve, eli}) r.command(chat::member_kick{"chat-1", ann, user, {}});
  BOOST_TEST(r.read({"chat-1", bob, "m1", {}})->servers->empty());
  const auto told_now = told<room_servers_response>(r.on(room_servers_request{{actor_kind::receipts, ""}, 3}));
  BOOST_REQUIRE(told_now.size() == 1u);
  BOOST_TEST(told_now[0].second.asked == 3u);
  BOOST_TEST(told_now[0].second.servers.empty());
}

BOOST_AUTO_TEST_CASE(questions_about_readers_go_to_the_receipts_actor) {
  receipts_room r;
  const auto event_id = r.say(ann, "m1");
  auto wanted = told<readers_request>(r.command(chat::query_receipts{"chat-1", "m1", bob}));
  BOOST_REQUIRE(wanted.size() == 1u);
  BOOST_TEST(wanted[0].second.event_id == event_id);
  BOOST_TEST(wanted[0].second.after == bob);
  BOOST_TEST(wanted[0].second.room_id == r.room_id);
  wanted = told<readers_request>(r.command(chat::query_read_positions{"chat-1", {}}));
  BOOST_REQUIRE(wanted.size() == 1u);
  BOOST_TEST(wanted[0].second.event_id == "");
  BOOST_TEST(told<command_done>(r.command(chat::query_receipts{"chat-1", "m9", {}})).size() == 1u);
}

BOOST_AUTO_TEST_CASE(receipts_of_members_of_an_admitted_server_are_handed_on) {
  receipts_room r;
  const receipts_received both{"there.example", {{eve, "$1", "", 5}, {"@nobody:there.example", "$1", "", 5}}};
  auto moved = told<markers_moved>(r.on(both));
  BOOST_REQUIRE(moved.size() == 1u);
  BOOST_TEST(moved[0].second.origin == "there.example");
  BOOST_TEST(moved[0].second.chat_room_id == "chat-1");
  BOOST_TEST(!moved[0].second.servers);
  BOOST_TEST(!moved[0].second.command);
  BOOST_REQUIRE(moved[0].second.markers.size() == 1u);
  BOOST_TEST(moved[0].second.markers[0].user_id == eve);
  BOOST_TEST(
    told<markers_moved>(r.on(receipts_received{"there.example", {{"@nobody:there.example", "$1", "", 5}}})).empty());
  change(r.node).federation.receipts = false;
  BOOST_TEST(told<markers_moved>(r.on(both)).empty());
}

BOOST_AUTO_TEST_CASE(first_member_of_another_server_is_told_the_receipts_actor_and_no_further_one) {
  receipts_room r;
  const std::string cay = "@cay:one.crowd.example", cob = "@cob:one.crowd.example";
  r.push({r.made(ann, "m.room.member", {{"membership", "invite"}}, cay)}, "here.example");
  r.push({r.made(ann, "m.room.member", {{"membership", "invite"}}, cob)}, "here.example");
  const auto came = told<server_joined>(r.push({r.made(cay, "m.room.member", {{"membership", "join"}}, cay)}));
  BOOST_REQUIRE(came.size() == 1u);
  BOOST_TEST(came[0].second.room_id == r.room_id);
  BOOST_TEST(came[0].second.server_name == "one.crowd.example");
  BOOST_TEST((std::ranges::count(came[0].second.local_members, ann) == 1));
  BOOST_TEST(told<server_joined>(r.push({r.made(cob, "m.room.member", {{"membership", "join"}}, cob)})).empty());
  BOOST_TEST(told<server_joined>(r.push({r.made(cob, "m.room.member", {{"membership", "leave"}}, cob)})).empty());
}

BOOST_AUTO_TEST_CASE(servers_are_named_only_where_the_user_asked_about_is_in_the_room) {
  receipts_room r;
  const auto servers_for = [&](const std::string& user) {
    return told<room_servers_response>(r.on(room_servers_request{{actor_kind::directory, ""}, 3, user}))
      .at(0)
      .second.servers;
  };
  BOOST_TEST(servers_for(ann) == std::vector<std::string>{"there.example"}, boost::test_tools::per_element());
  BOOST_TEST(servers_for(eve).size() == 1u);
  BOOST_TEST(servers_for("@nobody:here.example").empty());
  r.push({r.made(ann, "m.room.server_acl",
                 {{"allow", matrix::json::array{"*"}}, {"deny", matrix::json::array{"there.example"}}}, "")});
  BOOST_TEST(servers_for(eve).empty());
}

BOOST_AUTO_TEST_CASE(receipts_of_a_denied_server_are_not_heard) {
  receipts_room r;
  const receipts_received of_eve{"there.example", {{eve, "$1", "", 5}}};
  BOOST_TEST(told<markers_moved>(r.on(of_eve)).size() == 1u);
  r.push({r.made(ann, "m.room.server_acl",
                 {{"allow", matrix::json::array{"*"}}, {"deny", matrix::json::array{"there.example"}}}, "")});
  BOOST_TEST(told<markers_moved>(r.on(of_eve)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
