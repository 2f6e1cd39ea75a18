#include "plugin/admin/comparison.hpp"

#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace causeway::admin::testing {

namespace {

const std::string compared_room = "!r:chat.example";

matrix::event_ptr state_event(const std::string& id, const std::string& type, const std::string& key,
                              json::object content) {
  auto x = std::make_shared<matrix::event>();
  x->event_id = id;
  x->room_id = compared_room;
  x->type = type;
  x->sender = "@me:chat.example";
  x->state_key = key;
  x->source = json::object{{"content", json::value{std::move(content)}}};
  return x;
}

/// A room of chat.example, far.example and near.example; the answers of the others are by server and endpoint.
struct compared_fixture : fixture {
  std::map<std::pair<std::string, matrix::endpoint>, std::string> says; ///< bodies of 200; else 404
  std::vector<std::string> asked_events;

  compared_fixture() {
    store::room_summary summary;
    summary.room_id = compared_room;
    node.rooms = {summary};
    node.room.room.state_group = 1;
    const auto levels =
      state_event("$levels", "m.room.power_levels", "",
                  json::object{{"invite", json::value{50}},
                               {"users", json::value{json::object{{"@me:chat.example", json::value{100}}}}}});
    matrix::state_map state;
    const auto add = [&](const matrix::event_ptr& x) {
      node.room.state_events.push_back({x, store::verdict::accepted, 0, 0, 0});
      state.insert_or_assign({x->type, *x->state_key}, x->event_id);
    };
    for (const auto* user : {"@me:chat.example", "@f:far.example", "@n:near.example"})
      add(member(std::string{"$"} + user[1], user, "join", ""));
    add(levels);
    node.room.state_groups[1] = std::make_shared<matrix::state_map>(state);
    auto latest = std::make_shared<matrix::event>(*member("$ours", "@me:chat.example", "join", ""));
    latest->type = "m.room.message";
    latest->depth = 9;
    node.room.extremities.push_back({latest, store::verdict::accepted, 1, 1, 4});
    node.peers = [this](const std::string& server, const peer_request& q) {
      if (q.endpoint == matrix::endpoint::event) asked_events.push_back(server + " " + q.parameters.at(0));
      peer_answer a;
      const auto found = says.find({server, q.endpoint});
      if (found == says.end()) {
        a.status = 404;
        a.why = {fault_code::peer_refused, server + " answered 404 M_NOT_FOUND"};
        return a;
      }
      a.status = 200;
      a.body = found->second;
      return a;
    };
    for (const auto* server : {"far.example", "near.example"}) {
      says[{server, matrix::endpoint::make_join}] = R"({"room_version":"11","event":{"prev_events":["$ours"]}})";
      says[{server, matrix::endpoint::state_ids}] = R"({"pdu_ids":["$m","$f","$n","$levels"],"auth_chain_ids":[]})";
    }
  }

  static const json::value& row_of(const json::value& body, const std::string& server) {
    for (const auto& one : *body.find_array("servers"))
      if (*one.find_string("server_name") == server) return one;
    throw std::runtime_error(server + " is not listed");
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(admin_comparison, compared_fixture)

BOOST_AUTO_TEST_CASE(servers_that_see_the_room_alike_are_told_so) {
  const auto body = ask("room.compare", with_room(compared_room));
  BOOST_TEST(*body.find_string("at_event") == "$ours");
  BOOST_TEST(*body.find_integer("servers_total") == 2);
  for (const auto* server : {"far.example", "near.example"}) {
    const auto& row = row_of(body, server);
    BOOST_TEST(*row.find_string("state") == "same");
    BOOST_TEST(*row.find_integer("extremities") == 1);
    BOOST_TEST(*row.find_integer("ahead") == 0);
    BOOST_TEST(*row.find_string("problem") == "");
  }
  BOOST_TEST(body.find_array("differences")->empty());
  BOOST_TEST(asked_events.empty());
}

BOOST_AUTO_TEST_CASE(membership_and_levels_that_differ_are_told_in_words_also_of_events_we_do_not_have) {
  says[{"far.example", matrix::endpoint::state_ids}] =
    R"({"pdu_ids":["$m","$f","$left","$other"],"auth_chain_ids":[]})";
  node.events = {member("$left", "@n:near.example", "leave", "")};
  says[{"far.example", matrix::endpoint::event}] =
    R"({"pdus":[{"type":"m.room.power_levels","state_key":"",)"
    R"("content":{"invite":0,"users":{"@me:chat.example":100,"@f:far.example":50}}}]})";
  const auto body = ask("room.compare", with_room(compared_room));
  BOOST_TEST(asked_events == std::vector<std::string>{"far.example $other"}, boost::test_tools::per_element());
  BOOST_TEST(*row_of(body, "far.example").find_string("state") == "different");
  BOOST_TEST(*row_of(body, "near.example").find_string("state") == "same");
  const auto& rows = *body.find_array("differences");
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(*rows[0].find_string("state_key") == "@n:near.example");
  BOOST_TEST(*rows[0].find_string("ours") == "join");
  BOOST_TEST(*rows[0].find_string("theirs") == "leave");
  BOOST_TEST(*rows[1].find_string("type") == "m.room.power_levels");
  BOOST_TEST(*rows[1].find_string("ours") == "invite: 50");
  BOOST_TEST(*rows[1].find_string("theirs") == "invite: 0, @f:far.example: 50");
}

BOOST_AUTO_TEST_CASE(server_that_is_ahead_or_behind_or_silent_is_told_as_such) {
  says[{"far.example", matrix::endpoint::make_join}] = R"({"event":{"prev_events":["$ours","$newer"]}})";
  says.erase({"near.example", matrix::endpoint::state_ids});
  says.erase({"near.example", matrix::endpoint::make_join});
  const auto body = ask("room.compare", with_room(compared_room));
  BOOST_TEST(*row_of(body, "far.example").find_integer("ahead") == 1);
  const auto& near = row_of(body, "near.example");
  BOOST_TEST(*near.find_bool("behind"));
  BOOST_TEST(*near.find_string("state") == "unknown");
  BOOST_TEST(near.find_string("problem")->find("404") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(heads_of_old_rooms_come_with_their_hash_and_garbage_is_ignored) {
  says[{"far.example", matrix::endpoint::make_join}] =
    R"({"event":{"prev_events":[["$old:far.example",{"sha256":"x"}],[],7,"no id"]}})";
  says[{"near.example", matrix::endpoint::make_join}] = R"({"event":{}})";
  const auto body = ask("room.compare", with_room(compared_room));
  BOOST_TEST(*row_of(body, "far.example").find_integer("extremities") == 1);
  BOOST_TEST(row_of(body, "near.example").find_string("problem")->find("no prev_events") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(resync_fetches_heads_we_lack_and_hands_them_in_as_their_servers_events) {
  says[{"far.example", matrix::endpoint::make_join}] = R"({"event":{"prev_events":["$ours","$newer"]}})";
  says[{"far.example", matrix::endpoint::event}] = R"({"pdus":[{"type":"m.room.message","content":{}}]})";
  const auto body = ask("room.resync", with_room(compared_room));
  BOOST_TEST(*body.find_integer("asked") == 2);
  BOOST_TEST(*body.find_integer("answered") == 2);
  BOOST_TEST(*body.find_integer("heads") == 1);
  BOOST_TEST(*body.find_array("events")->at(0).find_string("event_id") == "$newer");
  BOOST_TEST(*body.find_array("events")->at(0).find_string("outcome") == "taken");
  BOOST_TEST_REQUIRE(node.handed_in.size() == 1U);
  BOOST_TEST(node.handed_in[0].origin == "far.example");
  BOOST_TEST(node.handed_in[0].pdus->size() == 1U);
}

BOOST_AUTO_TEST_CASE(resync_of_a_room_that_lacks_nothing_hands_nothing_in) {
  const auto body = ask("room.resync", with_room(compared_room));
  BOOST_TEST(*body.find_integer("heads") == 0);
  BOOST_TEST(node.handed_in.empty());
}

BOOST_AUTO_TEST_CASE(room_that_none_of_ours_is_in_is_not_compared) {
  std::erase_if(node.room.state_events, [](const auto& x) { return x.event->event_id == "$m"; });
  BOOST_TEST(refusal("room.compare", with_room(compared_room)) == "not_member");
  BOOST_TEST(refusal("room.compare", with_room("!other:chat.example")) == "not_found");
}

BOOST_AUTO_TEST_CASE(of_a_large_room_the_servers_with_the_most_members_are_asked) {
  auto state = *node.room.state_groups[1];
  for (std::size_t i = 0; i < compared_servers_max + 10; ++i) {
    const auto user = "@u:s" + std::to_string(i) + ".example";
    auto joined = member("$s" + std::to_string(i), user, "join", "");
    state.insert_or_assign({"m.room.member", user}, joined->event_id);
    node.room.state_events.push_back({joined, store::verdict::accepted, 0, 0, 0});
  }
  node.room.state_groups[1] = std::make_shared<matrix::state_map>(state);
  const auto body = ask("room.compare", with_room(compared_room));
  BOOST_TEST(body.find_array("servers")->size() == compared_servers_max);
  BOOST_TEST(*body.find_integer("servers_total") == static_cast<std::int64_t>(compared_servers_max) + 12);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
