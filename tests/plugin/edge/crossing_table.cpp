#include "plugin/edge/crossing_table.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using edge::crossing_table;
using edge::link_frame;
using edge::parcel;
using edge::shard_owners;

BOOST_AUTO_TEST_SUITE(crossing_tables)

namespace {

using texts = std::vector<std::string>;
constexpr shard_number shard = 7;
const address alice{actor_kind::room, "!alice"}, bob{actor_kind::room, "!bob"},
  server{actor_kind::remote_server, "b.example"};

parcel of(std::string body, const address& from = alice, shard_number to = shard) {
  parcel x;
  x.shard = to;
  x.from = from;
  x.to = server;
  x.body = std::move(body);
  return x;
}

/// Nodes 1 to 3, and the rows.
struct cluster {
  explicit cluster(const crossing_table::bounds& most = {}) {
    for (const std::int64_t id : {1, 2, 3}) nodes.try_emplace(id, id, most);
    for (auto& [id, node] : nodes) obey(id, node.set_nodes({1, 2, 3}, now_ms));
    give(2);
    for (auto& [id, node] : nodes) obey(id, node.set_owners(rows, now_ms));
    settle();
  }

  std::map<std::int64_t, crossing_table> nodes;
  shard_owners rows = {};
  std::int64_t now_ms = 1'000;
  std::map<std::int64_t, texts> delivered;        ///< by node: what actors got
  std::map<std::int64_t, std::set<address>> lost; ///< by node: who was told so
  std::map<std::int64_t, int> looked;             ///< by node: how often the rows were asked for
  std::set<std::int64_t> blind;                   ///< these do not get to read the rows

  crossing_table& at(std::int64_t id) { return nodes.at(id); }
  void obey(std::int64_t id, const crossing_table::effects& effects) {
    for (const auto& one : effects) {
      if (const auto* got = std::get_if<crossing_table::deliver>(&one)) delivered[id].push_back(got->what->body);
      else if (const auto* gone = std::get_if<crossing_table::lost>(&one))
        lost[id].insert(gone->actors.begin(), gone->actors.end());
      else {
        ++looked[id];
        if (!blind.contains(id)) asked.insert(id);
      }
    }
  }
  void send(std::int64_t id, parcel x) { obey(id, at(id).send(std::move(x), now_ms)); }
  /// The rows say so, and that node knows.
  void give(std::int64_t id, shard_number which = shard) {
    rows[which] = {id, rows[which].epoch + 1};
    for (auto& [other, node] : nodes)
      if (other != id) obey(other, node.release(which, now_ms));
    obey(id, at(id).take(which, rows[which].epoch, now_ms));
  }
  std::vector<link_frame> frames(std::int64_t from, std::int64_t to) {
    std::vector<link_frame> all;
    while (auto x = at(from).next_frame(to, now_ms)) all.push_back(std::move(*x));
    return all;
  }
  /// Until nobody has anything to say at this moment.
  void settle() {
    for (bool more = true; more;) {
      more = false;
      for (const auto id : std::exchange(asked, {})) {
        obey(id, at(id).set_owners(rows, now_ms));
        more = true;
      }
      for (auto& [from, node] : nodes)
        for (auto& [to, other] : nodes)
          for (const auto& x : frames(from, to)) {
            obey(to, other.on_frame(x, now_ms));
            more = true;
          }
    }
  }
  void wait(std::int64_t ms) {
    now_ms += ms;
    for (auto& [id, node] : nodes) obey(id, node.tick(now_ms));
    settle();
  }

private:
  std::set<std::int64_t> asked;
};

} // namespace

BOOST_AUTO_TEST_CASE(message_goes_to_the_owner_of_its_shard_wherever_that_is) {
  cluster x;
  x.send(1, of("from afar"));
  x.send(2, of("from here"));
  x.settle();
  BOOST_TEST(x.delivered[2] == (texts{"from here", "from afar"}), boost::test_tools::per_element());
  BOOST_TEST(x.delivered[1].empty());
  BOOST_TEST(x.delivered[3].empty());
}

BOOST_AUTO_TEST_CASE(message_for_a_node_is_delivered_whatever_it_owns) {
  cluster x;
  x.obey(2, x.at(2).send_to(3, of("answer"), x.now_ms));
  x.obey(2, x.at(2).send_to(2, of("here"), x.now_ms));
  x.obey(2, x.at(2).send_to(9, of("nowhere"), x.now_ms));
  x.settle();
  BOOST_TEST(x.delivered[3] == (texts{"answer"}), boost::test_tools::per_element());
  BOOST_TEST(x.delivered[2] == (texts{"here"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shard_that_has_moved_is_found_by_the_refusal_and_order_stays) {
  cluster x;
  for (const char* body : {"1", "2"}) x.send(1, of(body));
  x.settle();
  x.give(3); // node 1 does not know
  for (const char* body : {"3", "4", "5"}) x.send(1, of(body));
  x.settle();
  for (const char* body : {"6", "7"}) x.send(1, of(body));
  x.settle();
  BOOST_TEST(x.delivered[2] == (texts{"1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(x.delivered[3] == (texts{"3", "4", "5", "6", "7"}), boost::test_tools::per_element());
  BOOST_TEST(x.at(1).held_bytes() == 0u);
  BOOST_TEST(x.lost.empty());
}

BOOST_AUTO_TEST_CASE(what_follows_a_refused_message_is_refused_even_if_the_shard_is_back) {
  cluster x;
  x.blind.insert(1);
  x.obey(2, x.at(2).release(shard, x.now_ms));
  for (const char* body : {"1", "2"}) x.send(1, of(body));
  const auto frames = x.frames(1, 2);
  BOOST_REQUIRE(frames.size() == 2u);
  x.obey(2, x.at(2).on_frame(frames[0], x.now_ms)); // goes back
  x.give(2);
  x.obey(2, x.at(2).on_frame(frames[1], x.now_ms)); // must not overtake it
  x.blind.clear();
  BOOST_TEST(x.delivered[2].empty());
  x.settle();
  BOOST_TEST(x.delivered[2] == (texts{"1", "2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(new_owner_gets_nothing_before_the_former_one_has_given_all_back) {
  cluster x;
  x.send(1, of("1"));
  x.settle();
  x.obey(2, x.at(2).release(shard, x.now_ms));
  x.send(1, of("2")); // is on its way when node 1 reads that the shard has moved
  const auto under_way = x.frames(1, 2);
  x.rows[shard] = {3, 9};
  x.obey(3, x.at(3).take(shard, 9, x.now_ms));
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.send(1, of("3"));
  BOOST_TEST(x.frames(1, 3).empty());
  for (const auto& frame : under_way) x.obey(2, x.at(2).on_frame(frame, x.now_ms));
  x.settle();
  BOOST_TEST(x.delivered[3] == (texts{"2", "3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shard_that_comes_to_the_sender_itself_keeps_order) {
  cluster x;
  x.obey(2, x.at(2).release(shard, x.now_ms));
  for (const char* body : {"1", "2"}) x.send(1, of(body));
  x.give(1);
  x.send(1, of("3"));
  BOOST_TEST(x.delivered[1].empty());
  x.settle();
  BOOST_TEST(x.delivered[1] == (texts{"1", "2", "3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(message_under_a_newer_epoch_than_the_node_knows_goes_back) {
  cluster x;
  x.rows[shard].epoch = 50;
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.send(1, of("1"));
  x.settle();
  x.wait(99);
  BOOST_TEST(x.delivered[2].empty());
  BOOST_TEST(x.frames(1, 2).empty()); // it is not tried all the time
  x.obey(2, x.at(2).take(shard, 50, x.now_ms));
  x.wait(100);
  BOOST_TEST(x.delivered[2] == (texts{"1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(message_without_an_owner_waits_and_the_rows_are_read_again) {
  cluster x;
  x.rows[shard] = {};
  x.obey(2, x.at(2).release(shard, x.now_ms));
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.send(1, of("1"));
  x.settle();
  BOOST_TEST(x.at(1).due() == x.now_ms + 100);
  const auto before = x.looked[1];
  for (int i = 0; i < 5; ++i) x.wait(100);
  BOOST_TEST(x.looked[1] >= before + 5);
  x.give(3);
  x.wait(100);
  BOOST_TEST(x.delivered[3] == (texts{"1"}), boost::test_tools::per_element());
  BOOST_TEST(x.lost.empty());
}

BOOST_AUTO_TEST_CASE(death_of_a_node_is_told_to_those_who_have_spoken_to_it_and_to_nobody_else) {
  cluster x;
  x.give(3, 8);
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.send(1, of("1", alice));
  x.send(1, of("2", bob, 8));
  x.obey(1, x.at(1).send_to(2, of("3", {actor_kind::gateway, "g"}), x.now_ms));
  x.settle();
  x.nodes.erase(2);
  x.obey(1, x.at(1).set_nodes({1, 3}, x.now_ms));
  x.obey(3, x.at(3).set_nodes({1, 3}, x.now_ms));
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
  BOOST_TEST(x.lost[3].empty());
}

BOOST_AUTO_TEST_CASE(who_has_lost_something_is_not_heard_until_they_are_made_anew) {
  cluster x;
  x.send(1, of("1"));
  x.settle();
  x.nodes.erase(2);
  x.obey(1, x.at(1).set_nodes({1, 3}, x.now_ms));
  x.send(1, of("what follows a message that was lost"));
  x.send(1, of("of somebody else", bob));
  x.give(3);
  x.wait(100);
  BOOST_TEST(x.delivered[3] == (texts{"of somebody else"}), boost::test_tools::per_element());
  x.at(1).forget(alice);
  x.send(1, of("anew"));
  x.settle();
  BOOST_TEST(x.delivered[3].back() == "anew");
}

BOOST_AUTO_TEST_CASE(who_ended_before_is_told_nothing) {
  cluster x;
  x.send(1, of("1"));
  x.settle();
  x.wait(10); // it is acknowledged
  x.at(1).forget(alice);
  x.nodes.erase(2);
  x.obey(1, x.at(1).set_nodes({1, 3}, x.now_ms));
  BOOST_TEST(x.lost[1].empty());
}

BOOST_AUTO_TEST_CASE(who_ended_before_is_told_if_its_last_message_may_be_lost) {
  cluster x;
  x.send(1, of("1"));
  x.at(1).forget(alice); // passivated, say
  x.nodes.erase(2);
  x.obey(1, x.at(1).set_nodes({1, 3}, x.now_ms));
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
}

BOOST_AUTO_TEST_CASE(who_ended_before_is_told_if_its_last_message_was_on_its_way_back) {
  cluster x;
  x.blind.insert(1);
  x.obey(2, x.at(2).release(shard, x.now_ms));
  x.send(1, of("1"));
  for (const auto& frame : x.frames(1, 2)) x.obey(2, x.at(2).on_frame(frame, x.now_ms));
  x.at(1).forget(alice);
  auto back = x.frames(2, 1);
  BOOST_REQUIRE(back.size() == 1u);
  back[0].number = 0; // acknowledged, and what comes back is not there yet
  back[0].what.reset();
  x.obey(1, x.at(1).on_frame(back[0], x.now_ms));
  BOOST_TEST(x.at(1).link_to(2)->kept_bytes() == 0u);
  x.nodes.erase(2);
  x.obey(1, x.at(1).set_nodes({1, 3}, x.now_ms));
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
}

BOOST_AUTO_TEST_CASE(what_waited_for_an_owner_is_of_who_said_it_also_when_they_have_ended) {
  cluster x;
  x.rows[shard] = {};
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.obey(2, x.at(2).release(shard, x.now_ms));
  x.send(1, of("1"));
  x.at(1).forget(alice);
  x.give(3);
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  BOOST_TEST(x.at(1).held_bytes() == 0u); // under way
  x.nodes.erase(3);
  x.obey(1, x.at(1).set_nodes({1, 2}, x.now_ms));
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
}

BOOST_AUTO_TEST_CASE(node_that_dies_while_it_gives_back_holds_up_nobody) {
  cluster x;
  x.send(1, of("1"));
  x.settle();
  x.obey(2, x.at(2).release(shard, x.now_ms));
  x.rows[shard] = {3, 9};
  x.obey(3, x.at(3).take(shard, 9, x.now_ms));
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.send(1, of("2", alice));
  x.send(1, of("3", bob));
  BOOST_TEST(x.frames(1, 3).empty());
  x.nodes.erase(2);
  x.obey(1, x.at(1).set_nodes({1, 3}, x.now_ms));
  x.obey(3, x.at(3).set_nodes({1, 3}, x.now_ms));
  x.settle();
  BOOST_TEST(x.delivered[3] == (texts{"3"}), boost::test_tools::per_element());
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
}

BOOST_AUTO_TEST_CASE(link_at_its_bound_ends_and_both_sides_are_told) {
  crossing_table::bounds most;
  most.link.kept_bytes_max = of("x").bytes() * 4;
  cluster x{most};
  x.give(1, 9);
  x.obey(2, x.at(2).set_owners(x.rows, x.now_ms));
  x.send(2, of("of the other side", bob, 9));
  x.settle();
  for (int i = 0; i < 20 && x.lost[1].empty(); ++i) x.send(1, of("x"));
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
  BOOST_TEST(x.at(1).link_to(2)->kept_bytes() == 0u);
  x.settle();
  BOOST_TEST((x.lost[2] == std::set<address>{bob}));
  x.at(1).forget(alice);
  x.send(1, of("anew"));
  x.settle();
  BOOST_TEST(x.delivered[2].back() == "anew");
}

BOOST_AUTO_TEST_CASE(too_much_that_waits_for_an_owner_is_given_up) {
  crossing_table::bounds most;
  most.held_bytes_max = of("x").bytes() * 4;
  cluster x{most};
  x.rows[shard] = {};
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  x.obey(2, x.at(2).release(shard, x.now_ms));
  for (int i = 0; i < 4; ++i) x.send(1, of("x"));
  BOOST_TEST(x.lost[1].empty());
  x.send(1, of("y", bob));
  BOOST_TEST((x.lost[1] == std::set<address>{alice, bob}));
  BOOST_TEST(x.at(1).held_bytes() == 0u);
  x.at(1).forget(bob);
  x.send(1, of(std::string(100'000, 'x'), bob)); // one always fits
  BOOST_TEST(x.at(1).held_bytes() > 100'000u);
}

BOOST_AUTO_TEST_CASE(shard_that_nobody_takes_does_not_cost_the_others_theirs) {
  crossing_table::bounds most;
  most.held_bytes_max = of("x").bytes() * 10;
  cluster x{most};
  for (const shard_number without : {shard, shard_number{9}}) {
    x.rows[without] = {};
    x.obey(2, x.at(2).release(without, x.now_ms));
  }
  x.obey(1, x.at(1).set_owners(x.rows, x.now_ms));
  for (int i = 0; i < 8; ++i) x.send(1, of("x"));
  for (int i = 0; i < 3; ++i) x.send(1, of(std::to_string(i), bob, 9));
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
  x.give(3, 9);
  x.wait(100);
  BOOST_TEST(x.delivered[3] == (texts{"0", "1", "2"}), boost::test_tools::per_element());
  BOOST_TEST(x.at(1).held_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(who_said_what_the_other_version_cannot_read_is_told_of_a_loss) {
  cluster x;
  x.send(1, of("of a later version"));
  x.send(1, of("of somebody else", bob));
  const auto frames = x.frames(1, 2);
  for (const auto& frame : frames)
    for (const auto& one : x.at(2).on_frame(frame, x.now_ms)) {
      const auto& come = std::get<crossing_table::deliver>(one);
      if (come.what->from == alice) x.obey(2, x.at(2).refuse_unread(come, x.now_ms));
    }
  x.settle();
  BOOST_TEST((x.lost[1] == std::set<address>{alice}));
  x.send(1, of("what would follow it"));
  x.at(1).forget(alice);
  x.send(1, of("anew"));
  x.settle();
  BOOST_TEST(x.delivered[2] == (texts{"anew"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(frame_of_a_node_that_is_not_known_yet_comes_again) {
  cluster x;
  crossing_table newcomer{4};
  x.obey(4, newcomer.set_nodes({1, 2, 3, 4}, x.now_ms));
  x.obey(4, newcomer.set_owners(x.rows, x.now_ms));
  x.obey(4, newcomer.send(of("1"), x.now_ms));
  const auto land = [&] {
    while (const auto frame = newcomer.next_frame(2, x.now_ms)) x.obey(2, x.at(2).on_frame(*frame, x.now_ms));
  };
  land();
  BOOST_TEST(x.delivered[2].empty());
  x.obey(2, x.at(2).set_nodes({1, 2, 3, 4}, x.now_ms));
  x.now_ms += 500;
  land();
  BOOST_TEST(x.delivered[2] == (texts{"1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
