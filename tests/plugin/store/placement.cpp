#include "plugin/store/placement.hpp"

#include "messages/shard.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_placement)

namespace {

using view = cluster_view;

/// Nodes 1, 2, ... of these names, and units that nobody has.
view view_of(const std::vector<std::string>& names, std::size_t units) {
  view x;
  for (const auto& name : names) x.nodes.push_back({static_cast<std::int64_t>(x.nodes.size()) + 1, name, true});
  x.units.resize(units);
  return x;
}

void give_all_to(view& x, std::int64_t owner) {
  for (auto& unit : x.units) unit = {owner, 0, unit.epoch + 1};
}

std::size_t preferred_by(std::int64_t incarnation, const view& x) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < x.units.size(); ++i)
    count += preferred_node(i, x.nodes)->incarnation == incarnation ? 1 : 0;
  return count;
}

/// What a node decides that has looked all the time.
placement_actions settled(std::int64_t self, const view& x) {
  placement node{self};
  node.look(x, 1'000);
  return node.look(x, 11'000);
}

} // namespace

// -- preference -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nodes_share_the_units_about_evenly) {
  const auto x = view_of({"a", "b", "c", "d"}, 256);
  for (const auto& node : x.nodes) {
    BOOST_TEST(preferred_by(node.incarnation, x) > 40u);
    BOOST_TEST(preferred_by(node.incarnation, x) < 90u);
  }
}

BOOST_AUTO_TEST_CASE(who_comes_takes_from_all_and_nobody_else_moves) {
  const auto before = view_of({"a", "b", "c"}, 256), after = view_of({"a", "b", "c", "d"}, 256);
  std::map<std::string, int> given;
  for (std::size_t i = 0; i < 256; ++i) {
    const auto& had = preferred_node(i, before.nodes)->name;
    const auto& has = preferred_node(i, after.nodes)->name;
    if (had == has) continue;
    BOOST_TEST(has == "d");
    ++given[had];
  }
  BOOST_TEST(given.size() == 3u);
}

BOOST_AUTO_TEST_CASE(node_that_is_started_anew_is_preferred_for_what_it_had) {
  const auto before = view_of({"a", "b"}, 64);
  auto after = before;
  after.nodes[0].incarnation = 77;
  for (std::size_t i = 0; i < 64; ++i)
    BOOST_TEST(preferred_node(i, before.nodes)->name == preferred_node(i, after.nodes)->name);
  after.nodes[0].may_own = false;
  for (std::size_t i = 0; i < 64; ++i) BOOST_TEST(preferred_node(i, after.nodes)->name == "b");
  after.nodes[1].may_own = false;
  BOOST_TEST(!preferred_node(0, after.nodes));
}

// -- what one node does -----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(what_nobody_has_is_taken_at_once_by_whoever_is_preferred) {
  const auto x = view_of({"a", "b", "c"}, 16);
  std::set<std::size_t> taken;
  for (const auto& node : x.nodes) {
    const auto done = placement{node.incarnation}.look(x, 1'000);
    BOOST_TEST(done.release.empty());
    BOOST_TEST(done.promise.empty());
    BOOST_TEST(done.take.size() == preferred_by(node.incarnation, x));
    taken.insert(done.take.begin(), done.take.end());
  }
  BOOST_TEST(taken.size() == 16u);
}

BOOST_AUTO_TEST_CASE(what_a_dead_node_had_is_taken_at_once_and_what_others_have_stays) {
  auto x = view_of({"a", "b"}, 16);
  give_all_to(x, 9); // nobody who lives
  x.units[3].owner = 2;
  BOOST_TEST(placement{1}.look(x, 1'000).take.size() ==
             preferred_by(1, x) - (preferred_node(3, x.nodes)->incarnation == 1));
  x.nodes[0].may_own = false;
  BOOST_TEST(placement{1}.look(x, 1'000).take.empty());
  BOOST_TEST(placement{2}.look(x, 1'000).take.size() == 15u);
}

BOOST_AUTO_TEST_CASE(what_nobody_takes_for_two_seconds_is_taken_by_anybody) {
  const auto x = view_of({"a", "b"}, 16);
  placement node{1};
  BOOST_TEST(node.look(x, 1'000).take.size() == preferred_by(1, x));
  BOOST_TEST(node.look(x, 2'999).take.size() == preferred_by(1, x));
  BOOST_TEST(node.look(x, 3'000).take.size() == 16u);
  auto later = x;
  later.units[5].epoch = 2; // it had an owner meanwhile: its time begins anew
  const auto taken = node.look(later, 3'200).take;
  BOOST_TEST(taken.size() == (preferred_node(5, x.nodes)->incarnation == 1 ? 16u : 15u));
}

BOOST_AUTO_TEST_CASE(nothing_is_moved_before_the_nodes_have_been_the_same_for_ten_seconds) {
  auto x = view_of({"a", "b"}, 16);
  give_all_to(x, 1);
  placement node{1};
  BOOST_TEST(node.look(x, 1'000).promise.empty());
  BOOST_TEST(node.look(x, 10'999).promise.empty());
  auto more = x;
  more.nodes.push_back({3, "c", true});
  BOOST_TEST(node.look(more, 11'000).promise.empty());
  BOOST_TEST(node.look(x, 12'000).promise.empty()); // it came and went
  BOOST_TEST(node.look(x, 21'999).promise.empty());
  BOOST_TEST(!node.look(x, 22'000).promise.empty());
}

BOOST_AUTO_TEST_CASE(no_more_than_eight_are_moved_at_once_and_only_those_that_another_node_is_preferred_for) {
  auto x = view_of({"a", "b"}, 256);
  give_all_to(x, 1);
  const auto wanted = preferred_by(2, x);
  std::size_t moves = 0;
  while (true) {
    const auto promised = settled(1, x).promise;
    if (promised.empty()) break;
    BOOST_TEST(promised.size() <= 8u);
    for (const auto& [unit, to] : promised) {
      BOOST_TEST(to == 2);
      BOOST_TEST(preferred_node(unit, x.nodes)->incarnation == 2);
      x.units[unit].next = to;
    }
    BOOST_TEST(settled(1, x).promise.size() <= 8 - promised.size()); // these are under way
    for (const auto& [unit, to] : promised) x.units[unit] = {to, 0, x.units[unit].epoch + 1};
    moves += promised.size();
  }
  BOOST_TEST(moves == wanted);
  BOOST_TEST(settled(2, x).promise.empty());
}

BOOST_AUTO_TEST_CASE(only_the_first_node_promises) {
  auto x = view_of({"a", "b", "c"}, 32);
  give_all_to(x, 3);
  BOOST_TEST(!settled(1, x).promise.empty());
  BOOST_TEST(settled(2, x).promise.empty());
  BOOST_TEST(settled(3, x).promise.empty());
  x.nodes.erase(x.nodes.begin());
  BOOST_TEST(!settled(2, x).promise.empty());
}

BOOST_AUTO_TEST_CASE(owner_releases_what_was_promised_and_the_other_one_takes_it) {
  auto x = view_of({"a", "b"}, 4);
  give_all_to(x, 1);
  x.units[2].next = 2;
  BOOST_TEST(placement{1}.look(x, 0).release == std::vector<std::size_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(placement{2}.look(x, 0).release.empty());
  BOOST_TEST(placement{2}.look(x, 0).take.empty());
  x.units[2].owner = 0; // released
  BOOST_TEST(placement{2}.look(x, 0).take == std::vector<std::size_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(placement{1}.look(x, 0).take.empty());
}

BOOST_AUTO_TEST_CASE(promise_to_a_node_that_is_gone_is_taken_back) {
  auto x = view_of({"a", "b"}, 4);
  give_all_to(x, 1);
  x.units[2].next = 9;
  const auto done = placement{1}.look(x, 0);
  BOOST_TEST(done.release.empty());
  BOOST_REQUIRE(done.promise.size() == 1u);
  BOOST_TEST(done.promise[0].first == 2u);
  BOOST_TEST(done.promise[0].second == 0);
}

BOOST_AUTO_TEST_CASE(drained_node_gives_away_all_it_has_at_once) {
  auto x = view_of({"a", "b"}, 16);
  give_all_to(x, 2);
  x.nodes[1].may_own = false;
  const auto done = placement{1}.look(x, 0);
  BOOST_TEST(done.promise.size() == 8u);
  x.nodes[0].may_own = false; // nobody would have it
  BOOST_TEST(placement{1}.look(x, 0).promise.empty());
}

// -- many nodes -------------------------------------------------------------------------------------------------------

namespace {

constexpr std::int64_t look_ms = 200, delay_ms_max = 150, unnoticed_ms = 700;

/// Rows, and nodes that look at them at times of their own. What a node does comes late, and is carried out only if
/// its row is as it was seen, as an UPDATE with a condition is. A dead node is seen as living for a while.
class cluster {
public:
  cluster(unsigned seed, std::size_t nodes, std::size_t units) : random_(seed) {
    rows_.resize(units);
    vacant_since_.assign(units, 0);
    for (std::size_t i = 0; i < nodes; ++i) start("n" + std::to_string(i));
  }

  void run_for(std::int64_t ms) {
    for (const auto until = now_ms_ + ms; now_ms_ < until; now_ms_ += 10) step();
  }
  /// Things happen to nodes; at least one of them is there and not drained.
  void trouble(int events) {
    for (int i = 0; i < events; ++i) {
      const auto pick = random_() % 5;
      if (pick == 0 && fit() > 1) kill(any());
      if (pick == 1) start("n" + std::to_string(names_++));
      if (pick == 2 && fit() > 1) nodes_.at(any()).may_own = false;
      if (pick == 3) nodes_.at(any()).may_own = true;
      if (pick == 4) nodes_.at(any()).sleeps_until_ms = now_ms_ + static_cast<std::int64_t>(random_() % 5'000);
      run_for(static_cast<std::int64_t>(random_() % 3'000));
    }
    for (auto& [incarnation, node] : nodes_) node.may_own = true;
  }
  std::int64_t start(const std::string& name) {
    ++last_;
    nodes_.emplace(last_, member{name, placement{last_}, true, now_ms_, 0});
    return last_;
  }
  void kill(std::int64_t incarnation) {
    dead_.emplace_back(now_ms_ + unnoticed_ms, cluster_view::node{incarnation, nodes_.at(incarnation).name, true});
    nodes_.erase(incarnation);
  }

  view now() const {
    view x;
    for (const auto& [incarnation, node] : nodes_) x.nodes.push_back({incarnation, node.name, node.may_own});
    for (const auto& [until, node] : dead_)
      if (now_ms_ < until) x.nodes.push_back(node);
    x.units = rows_;
    return x;
  }
  bool is_balanced() const {
    const auto x = now();
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (rows_[i].owner != preferred_node(i, x.nodes)->incarnation || rows_[i].next != 0) return false;
    return true;
  }

  std::size_t handovers = 0, takes = 0;
  std::int64_t longest_vacancy_ms = 0;
  std::size_t most_moving = 0;
  std::string broken; ///< a promise of the machine that was

private:
  struct member {
    std::string name;
    placement decides;
    bool may_own = true;
    std::int64_t looks_at_ms = 0, sleeps_until_ms = 0;
  };
  struct action {
    std::int64_t at_ms = 0, by = 0;
    std::size_t unit = 0;
    cluster_view::unit seen, then;
  };

  std::int64_t any() {
    return std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(random_() % nodes_.size()))->first;
  }
  std::size_t fit() const {
    return static_cast<std::size_t>(std::ranges::count_if(nodes_, [&](const auto& x) { return x.second.may_own; }));
  }
  bool lives(std::int64_t incarnation) const {
    if (nodes_.contains(incarnation)) return true;
    return std::ranges::any_of(dead_,
                               [&](const auto& x) { return x.second.incarnation == incarnation && now_ms_ < x.first; });
  }

  void step() {
    for (auto& [incarnation, node] : nodes_)
      if (now_ms_ >= std::max(node.looks_at_ms, node.sleeps_until_ms)) look(incarnation, node);
    for (auto x = actions_.begin(); x != actions_.end();) {
      if (x->at_ms > now_ms_) {
        ++x;
        continue;
      }
      if (nodes_.contains(x->by)) carry_out(*x);
      x = actions_.erase(x);
    }
    std::size_t moving = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].next != 0 && rows_[i].owner != 0 && lives(rows_[i].owner)) ++moving;
      if (rows_[i].owner != 0 && nodes_.contains(rows_[i].owner)) vacant_since_[i] = now_ms_;
      longest_vacancy_ms = std::max(longest_vacancy_ms, now_ms_ - vacant_since_[i]);
    }
    most_moving = std::max(most_moving, moving);
  }

  void look(std::int64_t incarnation, member& node) {
    const auto seen = now();
    const auto done = node.decides.look(seen, now_ms_);
    const auto later = [&] { return now_ms_ + static_cast<std::int64_t>(random_() % delay_ms_max); };
    const auto plan = [&](std::size_t unit, cluster_view::unit then) {
      actions_.push_back({later(), incarnation, unit, seen.units[unit], then});
    };
    for (const auto i : done.take) plan(i, {incarnation, 0, seen.units[i].epoch + 1});
    for (const auto i : done.release) plan(i, {0, seen.units[i].next, seen.units[i].epoch});
    // All at one moment, under the lock of who balances.
    if (!done.promise.empty()) {
      const auto at = later();
      for (const auto& [i, to] : done.promise)
        actions_.push_back({at, incarnation, i, seen.units[i], {seen.units[i].owner, to, seen.units[i].epoch}});
    }
    node.looks_at_ms = now_ms_ + look_ms + static_cast<std::int64_t>(random_() % 50);
  }

  void carry_out(const action& x) {
    auto& row = rows_[x.unit];
    if (row.owner != x.seen.owner || row.next != x.seen.next || row.epoch != x.seen.epoch) return;
    if (x.then.epoch != x.seen.epoch) {
      // An epoch names one owner for ever, and nobody is taken from who lives.
      if (!owners_.emplace(std::pair{x.unit, x.then.epoch}, x.then.owner).second) broken = "an epoch has two owners";
      if (row.owner != 0 && nodes_.contains(row.owner)) broken = "a unit was taken from a node that lives";
      ++takes;
      if (row.owner == 0 && row.next == x.then.owner) ++handovers;
    }
    row = x.then;
  }

  std::mt19937 random_;
  std::int64_t now_ms_ = 1'000, last_ = 0;
  int names_ = 100;
  std::map<std::int64_t, member> nodes_;
  std::vector<std::pair<std::int64_t, cluster_view::node>> dead_;
  std::vector<cluster_view::unit> rows_;
  std::vector<std::int64_t> vacant_since_;
  std::vector<action> actions_;
  std::map<std::pair<std::size_t, std::uint64_t>, std::int64_t> owners_;
};

} // namespace

BOOST_AUTO_TEST_CASE(one_node_more_costs_as_many_moves_as_it_gets_units) {
  cluster x{1, 3, 64};
  x.run_for(20'000);
  BOOST_TEST(x.is_balanced());
  BOOST_TEST(x.handovers == 0u); // nobody had them before
  const auto taken = x.takes;
  BOOST_TEST(taken == 64u);
  const auto fourth = x.start("fourth");
  x.run_for(9'000);
  BOOST_TEST(x.takes == taken); // it might be gone again
  x.run_for(60'000);
  BOOST_TEST(x.is_balanced());
  BOOST_TEST(x.handovers == preferred_by(fourth, x.now()));
  BOOST_TEST(x.takes == taken + x.handovers);
  BOOST_TEST(x.most_moving <= 8u);
  x.run_for(60'000);
  BOOST_TEST(x.takes == taken + x.handovers); // and then there is peace
}

BOOST_AUTO_TEST_CASE(whatever_happens_to_nodes_no_unit_is_long_without_an_owner_and_none_has_two) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      cluster x{seed, 1 + seed % 5, seed % 2 == 0 ? 16U : 256U};
      x.run_for(1'000);
      x.trouble(30);
      BOOST_TEST(x.broken == "");
      // A death is noticed after 0.7 s; its heir may sleep, then anybody takes it two seconds later, if nobody of those
      // sleeps: at most five seconds.
      BOOST_TEST(x.longest_vacancy_ms <= 700 + 2'000 + 5'000 + 2 * (250 + 150));
      BOOST_TEST(x.most_moving <= 8u);
      x.run_for(150'000);
      BOOST_TEST(x.is_balanced());
      BOOST_TEST(x.broken == "");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store
