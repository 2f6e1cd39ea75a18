#include "tests/plugin/admin/admin_rig.hpp"

#include <boost/test/unit_test.hpp>

/// Nodes that share the store, as an operator sees them.
namespace causeway::admin::testing {

BOOST_FIXTURE_TEST_SUITE(admin_cluster, fixture)

BOOST_AUTO_TEST_CASE(who_serves_comes_first_and_who_is_gone_last) {
  node.nodes.nodes = {{0xabc, "b", "", "1", "left", -5, 0, 0},
                      {0x123456789abc, "c", "tcp://c:1", "1", "standby", 4'000, 0, 0},
                      {1, "a", "", "1", "active", 3'000, 256, 7}};
  const auto body = ask("nodes");
  const auto& rows = *body.find_array("nodes");
  BOOST_TEST_REQUIRE(rows.size() == 3U);
  BOOST_TEST(*rows[0].find_string("name") == "a");
  BOOST_TEST(*rows[0].find_string("incarnation") == "000000000001");
  BOOST_TEST(*rows[0].find_integer("shards") == 256);
  BOOST_TEST(*rows[0].find_integer("epoch") == 7);
  BOOST_TEST(*rows[1].find_string("state") == "standby");
  BOOST_TEST(*rows[1].find_string("endpoints") == "tcp://c:1");
  BOOST_TEST(*rows[1].find_string("incarnation") == "123456789abc");
  BOOST_TEST(*rows[1].find_integer("lease_left_ms") == 4'000);
  BOOST_TEST(*rows[2].find_string("state") == "left");
}

BOOST_AUTO_TEST_CASE(what_a_node_owns_is_told_in_ranges_with_their_epochs) {
  node.nodes.nodes = {{1, "a", "", "1", "active", 3'000, 256, 7}, {2, "b", "", "1", "standby", 3'000}};
  const auto owned = [this] {
    std::string told;
    const auto body = ask("nodes");
    for (const auto& row : *body.find_array("nodes"))
      told += *row.find_string("name") + "=" + *row.find_string("owns") + "|";
    return told;
  };
  BOOST_TEST(owned() == "a=|b=|");
  for (int i = 0; i < 256; ++i) node.nodes.shards.push_back({static_cast<shard_number>(i), 1, 7});
  BOOST_TEST(owned() == "a=0-255 epoch 7|b=|");
  node.nodes.shards[3].owner = 2;
  node.nodes.shards[3].epoch = 8;
  node.nodes.shards[255].epoch = 9;
  BOOST_TEST(owned() == "a=0-2, 4-254 epoch 7; 255 epoch 9|b=3 epoch 8|");
}

BOOST_AUTO_TEST_CASE(each_shard_is_listed_with_its_owner_and_its_rooms) {
  node.shards.shards = {{{0, 0x123456789abc, 7}, "a", 12}, {{1, 0, 0}, "", 0}};
  const auto body = ask("shards");
  const auto& rows = *body.find_array("shards");
  BOOST_TEST_REQUIRE(rows.size() == 2U);
  BOOST_TEST(*rows[0].find_integer("shard") == 0);
  BOOST_TEST(*rows[0].find_string("owner") == "a");
  BOOST_TEST(*rows[0].find_string("incarnation") == "123456789abc");
  BOOST_TEST(*rows[0].find_integer("epoch") == 7);
  BOOST_TEST(*rows[0].find_integer("rooms") == 12);
  BOOST_TEST(*rows[1].find_string("owner") == "");
  BOOST_TEST(*rows[1].find_string("incarnation") == "");
}

BOOST_AUTO_TEST_CASE(the_status_says_which_node_may_be_stopped) {
  const auto may_stop = [this](std::vector<store::stored_node> nodes) {
    node.nodes.nodes = std::move(nodes);
    std::string told;
    const auto body = ask("nodes");
    for (const auto& row : *body.find_array("nodes"))
      told += *row.find_string("name") + "=" + *row.find_string("may_stop") + ";";
    return told;
  };
  const store::stored_node serves{1, "a", "", "1", "active", 3'000, 256, 7}, waits{2, "b", "", "1", "standby", 3'000},
    drained{3, "c", "", "1", "drained", 3'000}, silent{4, "d", "", "1", "standby", -1},
    gone{5, "e", "", "1", "left", 0};
  BOOST_TEST(may_stop({serves}) == "a=no: nobody stands by;");
  BOOST_TEST(may_stop({serves, silent, gone}) == "a=no: nobody stands by;d=;e=;");
  BOOST_TEST(may_stop({serves, waits}) ==
             "a=yes, after `causeway drain`: b takes its place;b=yes, but then nobody stands by;");
  BOOST_TEST(may_stop({serves, drained}) == "a=no: nobody stands by;c=yes;");
  auto second = waits;
  second.incarnation = 6;
  second.name = "f";
  BOOST_TEST(may_stop({serves, waits, second}) == "a=yes, after `causeway drain`: b takes its place;b=yes;f=yes;");
}

BOOST_AUTO_TEST_CASE(a_node_hands_over_to_one_that_stands_by_and_is_refused_where_none_does) {
  const store::stored_node serves{1, "a", "", "1", "active", 3'000, 256, 7}, waits{2, "b", "", "1", "standby", 3'000};
  node.nodes.nodes = {serves};
  BOOST_TEST(refusal("node.drain") == "conflict");
  BOOST_TEST(!node.drained.has_value());
  BOOST_TEST(node.audit.front().outcome.find("no other node stands by") != std::string::npos);
  arguments forced;
  forced.force = true;
  BOOST_TEST(*ask("node.drain", forced).find_string("next") == "");
  BOOST_TEST((node.drained == false));
  node.nodes.nodes = {serves, waits};
  const auto body = ask("node.drain");
  BOOST_TEST(*body.find_string("next") == "b");
  BOOST_TEST(*body.find_string("incarnation") == "000000000001");
  BOOST_TEST((node.drained == true));
  BOOST_TEST(refusal("node.undrain") == "conflict"); // this one serves
}

BOOST_AUTO_TEST_CASE(the_history_is_cut_to_what_is_wanted) {
  for (const char* name : {"c", "b", "a"}) node.terms.push_back({name, "1", "", "", 1, 0, 0});
  arguments two;
  two.limit = 2;
  const auto body = ask("history", two);
  BOOST_TEST(body.find_array("terms")->size() == 2u);
  BOOST_TEST(*body.find_array("terms")->front().find_string("name") == "c");
}

BOOST_AUTO_TEST_CASE(the_status_tells_how_far_an_upgrade_is) {
  const store::stored_node serves{1, "a", "", "2.0", "active", 3'000, 256, 7, 15},
    old{2, "b", "", "1.9", "standby", 3'000, 0, 0, 14}, silent{3, "c", "", "1.8", "standby", -1, 0, 0, 14},
    gone{4, "d", "", "1.8", "left", 3'000};
  const auto told = [&](std::vector<store::stored_node> nodes, std::int64_t serves_from) {
    node.nodes = {std::move(nodes), 15, serves_from};
    return ask("nodes");
  };
  auto body = told({serves, old, silent, gone}, 14);
  BOOST_TEST(*body.find_bool("upgrade_due"));
  BOOST_TEST(*body.find_integer("schema") == 15);
  BOOST_TEST(*body.find_integer("serves_from") == 14);
  BOOST_TEST(*body.find_string("upgrade") ==
             "The store has schema 15, and is still served by builds that know 14. Not every node knows it: upgrade b "
             "(Causeway 1.9) before `causeway cluster upgrade --finish`.");
  const auto& rows = *body.find_array("nodes");
  BOOST_TEST(*rows[0].find_integer("schema") == 15);
  BOOST_TEST(*rows[1].find_integer("schema") == 14);
  body = told({serves, silent, gone}, 14);
  BOOST_TEST(body.find_string("upgrade")->find("Every node knows it: `causeway cluster upgrade --finish` is due") !=
             std::string::npos);
  body = told({serves}, 15);
  BOOST_TEST(!*body.find_bool("upgrade_due"));
  BOOST_TEST(*body.find_string("upgrade") == "The store has schema 15, and whoever serves it has to know that.");
}

BOOST_AUTO_TEST_CASE(an_upgrade_is_finished_once_the_store_lets_it_be_and_who_did_it_is_kept) {
  node.upgrade = fault{fault_code::conflict, "not every node knows schema version 15"};
  BOOST_TEST(refusal("upgrade.finish") == "conflict");
  BOOST_TEST(node.audit.front().outcome.find("not every node knows") != std::string::npos);
  BOOST_TEST(node.upgrades_finished == 0);
  node.upgrade = ok();
  BOOST_TEST(*ask("upgrade.finish").find_bool("finished"));
  BOOST_TEST(node.upgrades_finished == 1);
  BOOST_TEST(node.audit.front().verb == "upgrade.finish");
  BOOST_TEST(node.audit.front().reason == "test");
  BOOST_TEST(node.audit.front().outcome == "done");
  operator_.peer_role = edge::role::inspector;
  BOOST_TEST(refusal("upgrade.finish") == "role_denied");
}

BOOST_AUTO_TEST_CASE(a_store_of_one_process_has_no_nodes) {
  const auto body = ask("nodes");
  BOOST_TEST(body.find_array("nodes")->empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::admin::testing
