// Two to four nodes that pass messages on, over a network that loses, doubles and reorders frames and cuts connections,
// while shards move and nodes die and come. Played by a seed, in virtual time.
#include "plugin/edge/crossing_table.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

using namespace causeway;
using edge::crossing_table;
using edge::link_frame;
using edge::parcel;
using edge::shard_owner;
using edge::shard_owners;

BOOST_AUTO_TEST_SUITE(crossing_worlds)

namespace {

constexpr std::size_t shards_used = 4, speakers = 3, receivers_per_shard = 2;
constexpr std::int64_t play_ms = 20'000, quiet_ms = 60'000, step_ms = 5;

/// An actor that speaks, in one of its lives, and whom it speaks to.
using talk = std::tuple<std::int64_t, std::string, int, std::string>; // node, actor, life, receiver

/// What nobody may break.
struct broken_promise : std::logic_error {
  using std::logic_error::logic_error;
};

class world {
public:
  world(std::uint64_t seed, bool has_small_bounds) : seed_(seed), random_(seed), has_small_bounds_(has_small_bounds) {
    most_.link.window_bytes = 40 * sizeof(parcel);
    if (has_small_bounds_) {
      most_.link.kept_bytes_max = 60 * sizeof(parcel);
      most_.held_bytes_max = 60 * sizeof(parcel);
    }
    for (auto count = 2 + below(3); count > 0; --count) start_node();
    for (std::size_t i = 0; i < shards_used; ++i) move_shard(i);
  }

  void play() {
    for (; now_ms_ < play_ms; now_ms_ += step_ms) {
      speak();
      disturb();
      turn();
    }
    is_quiet_ = true;
    for (std::size_t i = 0; i < shards_used; ++i)
      if (!nodes_.contains(rows_[i].incarnation)) move_shard(i);
    for (; now_ms_ < play_ms + quiet_ms && !is_settled(); now_ms_ += step_ms) turn();
    check_that_nothing_is_missing();
  }

  std::size_t delivered() const { return delivered_; }
  std::size_t lives_ended() const { return lives_ended_; }
  std::size_t returned() const { return returned_; }

private:
  struct node {
    explicit node(std::int64_t id, const crossing_table::bounds& most) : table(id, most) {}
    crossing_table table;
    std::map<std::string, int> lives; ///< of the actors that speak here
    std::set<shard_number> own;
    std::int64_t reads_rows_at_ms = -1; ///< -1: does not
    std::set<std::int64_t> knows;
  };
  struct frame_under_way {
    link_frame what;
    std::int64_t at_ms = 0;
  };

  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool once_in(std::uint64_t n) { return below(n) == 0; }
  [[noreturn]] void fail(const std::string& what) const {
    throw broken_promise{"seed " + std::to_string(seed_) + " at " + std::to_string(now_ms_) + " ms: " + what};
  }
  static std::string text(const talk& x) {
    return "actor " + std::get<1>(x) + " (life " + std::to_string(std::get<2>(x)) + ") of node " +
           std::to_string(std::get<0>(x)) + " to " + std::get<3>(x);
  }

  // -- what happens

  void start_node() {
    const auto id = ++last_node_;
    nodes_.emplace(id, std::make_unique<node>(id, most_));
  }
  void end_node() {
    if (nodes_.size() < 2) return;
    const auto at = std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(below(nodes_.size())));
    for (auto& [key, sent] : sent_)
      if (std::get<0>(key) == at->first) ended_.insert(key);
    const auto gone = at->first;
    nodes_.erase(at);
    std::erase_if(network_, [&](const auto& x) { return x.what.from == gone && once_in(2); });
  }
  /// The row changes. Whoever had it goes on until it looks, as a node that is released by its own decision does not.
  void move_shard(std::size_t i) {
    const auto at = std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(below(nodes_.size())));
    const auto shard = static_cast<shard_number>(i);
    const auto former = nodes_.find(rows_[i].incarnation);
    if (former != nodes_.end()) { // lets go first, as in a planned change
      former->second->own.erase(shard);
      obey(former->first, former->second->table.release(shard, now_ms_));
    }
    rows_[i] = {at->first, rows_[i].epoch + 1};
    taken_[i] = now_ms_ + static_cast<std::int64_t>(below(300)); // until it has loaded
  }

  void speak() {
    for (auto& [id, its] : nodes_) {
      for (std::size_t i = 0; i < speakers; ++i) {
        if (!once_in(3)) continue;
        const auto actor = std::to_string(i);
        const auto shard = static_cast<shard_number>(below(shards_used));
        const auto to = std::to_string(shard) + "/" + std::to_string(below(receivers_per_shard));
        const talk key{id, actor, its->lives[actor], to};
        parcel x;
        x.shard = shard;
        x.from = {actor_kind::room, actor};
        x.to = {actor_kind::room, to};
        x.body = std::to_string(std::get<2>(key)) + " " + std::to_string(++sent_[key]) + " " + std::to_string(id);
        obey(id, its->table.send(std::move(x), now_ms_));
      }
    }
  }

  void disturb() {
    if (once_in(50)) end_by_itself();
    if (once_in(400)) move_shard(below(shards_used));
    if (once_in(1'500)) end_node();
    if (nodes_.size() < 4 && once_in(1'000)) start_node();
    if (once_in(150)) network_.clear(); // all connections are cut
    if (once_in(100)) cut_ = {below(6) + 1, below(6) + 1};
    if (once_in(200)) cut_ = {};
    for (std::size_t i = 0; i < shards_used; ++i)
      if (!nodes_.contains(rows_[i].incarnation) && once_in(20)) move_shard(i);
  }

  /// One step of everybody: rows are read, time passes, frames go and come.
  void turn() {
    for (auto& [id, its] : nodes_) {
      std::set<std::int64_t> live;
      for (const auto& [other, unused] : nodes_) live.insert(other);
      if (live != its->knows && (is_quiet_ || once_in(20))) {
        its->knows = live;
        obey(id, its->table.set_nodes(live, now_ms_));
      }
      for (std::size_t i = 0; i < shards_used; ++i) {
        const auto shard = static_cast<shard_number>(i);
        if (rows_[i].incarnation == id && now_ms_ >= taken_[i] && its->own.insert(shard).second)
          obey(id, its->table.take(shard, rows_[i].epoch, now_ms_));
      }
      if ((its->reads_rows_at_ms >= 0 && now_ms_ >= its->reads_rows_at_ms) || once_in(400)) {
        its->reads_rows_at_ms = -1;
        obey(id, its->table.set_owners(rows_, now_ms_));
      }
      if (now_ms_ >= its->table.due()) obey(id, its->table.tick(now_ms_));
      for (const auto other : live) ship(id, other, *its);
      check_bounds(id, *its);
    }
    land();
  }

  void ship(std::int64_t from, std::int64_t to, node& its) {
    const bool is_cut = !is_quiet_ && cut_ && cut_->first == static_cast<std::uint64_t>(from) &&
                        cut_->second == static_cast<std::uint64_t>(to);
    while (auto frame = its.table.next_frame(to, now_ms_)) {
      if (frame->what && frame->what->what == parcel::kind::returned) ++returned_;
      if (is_cut || (!is_quiet_ && once_in(30))) continue;
      for (int copies = !is_quiet_ && once_in(40) ? 2 : 1; copies > 0; --copies)
        network_.push_back({*frame, now_ms_ + static_cast<std::int64_t>(is_quiet_ || !once_in(10) ? 3 : below(200))});
    }
  }
  void land() {
    std::vector<frame_under_way> come;
    std::erase_if(network_, [&](const frame_under_way& x) {
      if (x.at_ms > now_ms_) return false;
      come.push_back(x);
      return true;
    });
    for (const auto& x : come)
      if (const auto at = nodes_.find(x.what.to); at != nodes_.end())
        obey(at->first, at->second->table.on_frame(x.what, now_ms_));
  }

  void obey(std::int64_t id, const crossing_table::effects& effects) {
    for (const auto& one : effects) {
      if (const auto* got = std::get_if<crossing_table::deliver>(&one)) take(id, *got->what);
      else if (const auto* gone = std::get_if<crossing_table::lost>(&one)) end_lives(id, *gone);
      else if (auto& at = nodes_.at(id)->reads_rows_at_ms; at < 0) at = now_ms_ + static_cast<std::int64_t>(below(60));
    }
  }
  /// An actor of some node ends as a room that nobody speaks to does: what it said comes, or it is told.
  void end_by_itself() {
    const auto at = std::next(nodes_.begin(), static_cast<std::ptrdiff_t>(below(nodes_.size())));
    const auto actor = std::to_string(below(speakers));
    ++at->second->lives[actor];
    at->second->table.forget({actor_kind::room, actor});
  }
  void end_lives(std::int64_t id, const crossing_table::lost& gone) {
    auto& its = *nodes_.at(id);
    for (const auto& actor : gone.actors) {
      ++lives_ended_;
      for (const auto& [key, sent] : sent_)
        if (std::get<0>(key) == id && std::get<1>(key) == actor.key) ended_.insert(key);
      ++its.lives[actor.key];
      its.table.forget(actor);
    }
  }

  // -- what has to hold

  void take(std::int64_t id, const parcel& x) {
    ++delivered_;
    if (!nodes_.at(id)->own.contains(*x.shard)) fail("delivered on a node that does not own the shard");
    const auto first = x.body.find(' '), second = x.body.find(' ', first + 1);
    const talk key{std::stoll(x.body.substr(second + 1)), x.from.key, std::stoi(x.body.substr(0, first)), x.to.key};
    const auto number = std::stoull(x.body.substr(first + 1, second - first - 1));
    auto& last = got_[key];
    if (number != last + 1) fail(text(key) + ": number " + std::to_string(number) + " after " + std::to_string(last));
    last = number;
  }
  void check_bounds(std::int64_t id, const node& its) const {
    if (!has_small_bounds_) return;
    const auto one = sizeof(parcel) + 100;
    if (its.table.held_bytes() > most_.held_bytes_max + one) fail("too much waits on node " + std::to_string(id));
    for (const auto& [other, unused] : nodes_)
      if (const auto* link = its.table.link_to(other); link && link->kept_bytes() > most_.link.kept_bytes_max + one)
        fail("too much is kept on node " + std::to_string(id));
  }
  bool is_settled() const {
    return std::all_of(sent_.begin(), sent_.end(), [&](const auto& x) {
      const auto at = got_.find(x.first);
      return ended_.contains(x.first) || (at != got_.end() && at->second == x.second);
    });
  }
  /// What an actor said that never had to be ended has arrived, all of it.
  void check_that_nothing_is_missing() const {
    for (const auto& [key, count] : sent_) {
      const auto at = got_.find(key);
      const auto got = at == got_.end() ? 0 : at->second;
      if (got != count && !ended_.contains(key))
        fail(text(key) + ": " + std::to_string(got) + " of " + std::to_string(count) + " arrived");
    }
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  const bool has_small_bounds_;
  crossing_table::bounds most_;
  std::int64_t now_ms_ = 0, last_node_ = 0;
  std::map<std::int64_t, std::unique_ptr<node>> nodes_;
  shard_owners rows_ = {};
  std::array<std::int64_t, shards_used> taken_ = {}; ///< when the new owner knows
  std::vector<frame_under_way> network_;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> cut_; ///< one way
  bool is_quiet_ = false;
  std::map<talk, std::uint64_t> sent_, got_;
  std::set<talk> ended_; ///< the life is over: the rest may be lost
  std::size_t delivered_ = 0, lives_ended_ = 0, returned_ = 0;
};

/// CAUSEWAY_CROSSING_SEED: that one alone.
void play_all(std::uint64_t count, bool has_small_bounds) {
  const auto* one = std::getenv("CAUSEWAY_CROSSING_SEED");
  const auto first = one ? std::strtoull(one, nullptr, 10) : 1;
  std::size_t delivered = 0, lives_ended = 0, returned = 0;
  for (auto seed = first; seed < first + (one ? 1 : count); ++seed) {
    world w{seed, has_small_bounds};
    try {
      w.play();
    } catch (const broken_promise& why) {
      BOOST_ERROR(why.what());
    }
    delivered += w.delivered();
    lives_ended += w.lives_ended();
    returned += w.returned();
  }
  BOOST_TEST_MESSAGE(delivered << " delivered, " << returned << " returned, " << lives_ended << " lives ended");
  if (one) return;
  BOOST_TEST(delivered > 1'000 * count);
  BOOST_TEST(returned > 10 * count);
  BOOST_TEST(lives_ended > count);
}

} // namespace

BOOST_AUTO_TEST_CASE(each_message_comes_once_and_in_order_whatever_network_and_nodes_do) { play_all(40, false); }

BOOST_AUTO_TEST_CASE(and_memory_has_its_bounds) { play_all(40, true); }

BOOST_AUTO_TEST_SUITE_END()
