// Nodes over real sockets on loopback; between them a door that can be cut.
#include "plugin/edge/node_crossing.hpp"

#include "messages/crossing/actor_shard.hpp"
#include "tests/plugin/edge/edge_rig.hpp"

#include <arpa/inet.h>
#include <boost/test/unit_test.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace causeway;
using edge::node_crossing;
using test::patience;
using test::scratch;

BOOST_AUTO_TEST_SUITE(node_crossings)

namespace {

/// A TCP port that leads to another one. `cut` ends all that is connected, with the bytes that are in it.
class door {
public:
  explicit door(const std::string& to) : to_(port_of(to)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto here = loopback(0);
    socklen_t size = sizeof here;
    BOOST_REQUIRE(::bind(listening_, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
    BOOST_REQUIRE(::listen(listening_, 8) == 0);
    BOOST_REQUIRE(::getsockname(listening_, reinterpret_cast<sockaddr*>(&here), &size) == 0);
    endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    wakes_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread{[this] { run(); }};
  }
  ~door() {
    is_stopping_ = true;
    wake();
    thread_.join();
    ::close(listening_);
    ::close(wakes_);
  }
  door(const door&) = delete;
  const std::string& endpoint() const { return endpoint_; }
  void cut() {
    cuts_ = true;
    wake();
  }
  /// Nothing passes, and nothing is lost yet.
  void hold(bool holds) {
    holds_ = holds;
    wake();
  }

private:
  static std::uint16_t port_of(const std::string& endpoint) {
    return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in x{};
    x.sin_family = AF_INET;
    x.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    x.sin_port = htons(port);
    return x;
  }
  void wake() const {
    const std::uint64_t one = 1;
    BOOST_REQUIRE(::write(wakes_, &one, sizeof one) == sizeof one);
  }
  void run() {
    while (!is_stopping_) {
      std::vector<pollfd> watched{{wakes_, POLLIN, 0}, {listening_, POLLIN, 0}};
      if (!holds_)
        for (const auto& [from, to] : pairs_) watched.push_back({from, POLLIN, 0});
      ::poll(watched.data(), watched.size(), -1);
      if (watched[0].revents != 0) {
        std::uint64_t ignored = 0;
        static_cast<void>(::read(wakes_, &ignored, sizeof ignored));
      }
      if (cuts_.exchange(false)) end_all();
      else if (watched[1].revents != 0) accept_one();
      else
        for (std::size_t i = 2; i < watched.size(); ++i)
          if (watched[i].revents != 0 && !pass(watched[i].fd)) break;
    }
    end_all();
  }
  void accept_one() {
    const int from = ::accept(listening_, nullptr, nullptr), to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto there = loopback(to_);
    if (from < 0 || ::connect(to, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
      ::close(from);
      ::close(to);
      return;
    }
    pairs_[from] = to;
    pairs_[to] = from;
  }
  bool pass(int from) {
    std::array<char, 16 * 1024> bytes;
    const auto count = ::read(from, bytes.data(), bytes.size());
    const int to = pairs_.at(from);
    if (count > 0 && ::send(to, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count) return true;
    pairs_.erase(from);
    pairs_.erase(to);
    ::close(from);
    ::close(to);
    return false;
  }
  void end_all() {
    for (const auto& [one, other] : pairs_) ::close(one);
    pairs_.clear();
  }

  const std::uint16_t to_;
  int listening_ = -1, wakes_ = -1;
  std::string endpoint_;
  std::atomic<bool> is_stopping_{false}, cuts_{false}, holds_{false};
  std::map<int, int> pairs_; ///< the thread's
  std::thread thread_;
};

/// A node, and what it heard.
class node final : edge::crossing_sink {
public:
  explicit node(std::int64_t incarnation, const config::edge_options& options = {},
                const std::string& server_name = "a.example") {
    auto made = node_crossing::open(options, "tcp://127.0.0.1:*", {incarnation, server_name}, *this);
    BOOST_REQUIRE_MESSAGE(made, to_string(made ? fault{} : made.error()));
    crossing = std::move(*made);
  }
  /// Waits for the next `count` messages. @returns what they say, in order
  std::vector<std::string> next(std::size_t count) {
    std::unique_lock lock{mutex_};
    const bool came = changed_.wait_for(lock, patience, [&] { return heard_.size() >= count; });
    BOOST_TEST(came, heard_.size() << " of " << count << " have come");
    std::vector<std::string> taken(heard_.begin(),
                                   heard_.begin() + static_cast<std::ptrdiff_t>(std::min(count, heard_.size())));
    heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(taken.size()));
    return taken;
  }
  std::size_t heard() {
    const std::lock_guard guard{mutex_};
    return heard_.size();
  }
  std::vector<address> next_lost() {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, patience, [&] { return !lost_.empty(); });
    return std::exchange(lost_, {});
  }
  /// Looks again whenever something has come, and from time to time.
  bool until(const std::function<bool(const edge::crossing_counters&)>& holds) {
    for (const auto deadline = std::chrono::steady_clock::now() + patience; !holds(crossing->count());) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, test::milliseconds{5});
    }
    return true;
  }
  /// The rows, which are the same to all.
  void read(const edge::shard_owners& rows) {
    {
      const std::lock_guard guard{mutex_};
      rows_ = rows;
    }
    crossing->set_owners(rows);
  }

private:
  void on_message(std::int64_t, const address&, const address&, message&& x) override {
    const std::lock_guard guard{mutex_};
    heard_.push_back(std::get<server_alive>(x).server_name);
    changed_.notify_all();
  }
  void on_lost(std::int64_t, const std::vector<address>& actors) override {
    const std::lock_guard guard{mutex_};
    lost_.insert(lost_.end(), actors.begin(), actors.end());
    changed_.notify_all();
  }
  void on_owners_wanted() override {
    std::unique_lock lock{mutex_};
    const auto rows = rows_;
    lock.unlock();
    if (crossing) crossing->set_owners(rows);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
  std::vector<address> lost_;
  edge::shard_owners rows_ = {};

public:
  std::unique_ptr<node_crossing> crossing; ///< last: its thread uses all of the above
};

const address alice{actor_kind::room, "!alice:a.example"}, peer{actor_kind::remote_server, "b.example"};

edge::shard_owners owned_by(std::int64_t node, std::uint64_t epoch = 1) {
  edge::shard_owners rows;
  rows.fill({node, epoch});
  return rows;
}
void take_all(node& x, std::uint64_t epoch = 1) {
  for (std::size_t i = 0; i < shard_count; ++i) x.crossing->take(static_cast<shard_number>(i), epoch);
}
void say(node& from, const std::string& text) { from.crossing->send(alice, peer, message{server_alive{text}}); }

} // namespace

BOOST_AUTO_TEST_CASE(node_that_owns_nothing_speaks_to_the_one_that_has_all_and_is_answered) {
  node one{1}, two{2};
  const std::vector<edge::other_node> live{{1, one.crossing->endpoint(), ""}, {2, two.crossing->endpoint(), ""}};
  for (auto* x : {&one, &two}) {
    x->crossing->set_nodes(live);
    x->read(owned_by(1));
  }
  take_all(one);
  say(two, "hello");
  BOOST_TEST(one.next(1) == (std::vector<std::string>{"hello"}), boost::test_tools::per_element());
  one.crossing->send_to(2, peer, {actor_kind::gateway, "g"}, message{server_alive{"answer"}});
  BOOST_TEST(two.next(1) == (std::vector<std::string>{"answer"}), boost::test_tools::per_element());
  say(two, std::string(5'000'000, 'x'));
  BOOST_TEST(one.next(1).at(0).size() == 5'000'000u);
  say(one, "to itself");
  BOOST_TEST(one.next(1).at(0) == "to itself");
}

BOOST_AUTO_TEST_CASE(connection_that_is_cut_in_the_middle_loses_nothing_doubles_nothing_and_keeps_order) {
  node one{1}, two{2};
  door to_one{one.crossing->endpoint()}, to_two{two.crossing->endpoint()};
  const std::vector<edge::other_node> live{{1, to_one.endpoint(), ""}, {2, to_two.endpoint(), ""}};
  for (auto* x : {&one, &two}) {
    x->crossing->set_nodes(live);
    x->read(owned_by(1));
  }
  take_all(one);
  constexpr int rounds = 4, each = 1'000;
  for (int round = 0; round < rounds; ++round) {
    // What is sent while nothing passes is in sockets and pipes when they are cut.
    to_one.hold(true);
    for (int i = 0; i < each; ++i) {
      if (i == each / 2) to_one.hold(false);
      say(two, std::to_string(round * each + i) + std::string(200, '.'));
    }
    BOOST_REQUIRE(one.next(1).size() == 1u);
    const auto before = two.crossing->count().connections;
    to_one.cut();
    if (round % 2 == 1) to_two.cut();
    BOOST_REQUIRE(two.until([&](const auto& c) { return c.connections > before; }));
    const auto got = one.next(each - 1);
    for (int i = 1; i < each; ++i)
      BOOST_REQUIRE(got.at(static_cast<std::size_t>(i - 1)) ==
                    std::to_string(round * each + i) + std::string(200, '.'));
  }
  BOOST_TEST(one.heard() == 0u);
  BOOST_TEST(two.crossing->count().frames_out > static_cast<std::uint64_t>(rounds * each)); // some went twice
  BOOST_TEST(one.crossing->count().bad_messages == 0u);
}

BOOST_AUTO_TEST_CASE(node_that_comes_back_as_another_incarnation_is_another_node) {
  node two{2};
  auto one = std::make_unique<node>(1);
  two.crossing->set_nodes({{1, one->crossing->endpoint(), ""}, {2, "", ""}});
  one->crossing->set_nodes({{1, "", ""}, {2, two.crossing->endpoint(), ""}});
  two.read(owned_by(1));
  take_all(*one);
  say(two, "before");
  BOOST_TEST(one->next(1).at(0) == "before");
  one.reset();
  node three{3};
  take_all(three, 2);
  three.crossing->set_nodes({{3, "", ""}, {2, two.crossing->endpoint(), ""}});
  say(two, "is lost with the node, or with who said it");
  two.crossing->set_nodes({{3, three.crossing->endpoint(), ""}, {2, "", ""}});
  const auto lost = two.next_lost();
  BOOST_REQUIRE(lost.size() == 1u);
  BOOST_TEST((lost[0] == alice));
  two.crossing->forget(alice);
  two.read(owned_by(3, 2));
  say(two, "after");
  BOOST_TEST(three.next(1).at(0) == "after");
}

BOOST_AUTO_TEST_CASE(shard_that_moves_is_followed) {
  node one{1}, two{2}, three{3};
  const std::vector<edge::other_node> live{
    {1, one.crossing->endpoint(), ""}, {2, two.crossing->endpoint(), ""}, {3, three.crossing->endpoint(), ""}};
  for (auto* x : {&one, &two, &three}) {
    x->crossing->set_nodes(live);
    x->read(owned_by(1));
  }
  take_all(one);
  for (int i = 0; i < 500; ++i) say(two, std::to_string(i));
  BOOST_REQUIRE(one.next(1).size() == 1u);
  one.crossing->release(crossing::shard_of(peer));
  auto rows = owned_by(1);
  rows[crossing::shard_of(peer)] = {3, 2};
  three.crossing->take(crossing::shard_of(peer), 2);
  for (int i = 500; i < 1'000; ++i) say(two, std::to_string(i));
  two.read(rows);
  // Some came to the former owner, the rest to the new one; together they are all, in order.
  BOOST_REQUIRE(two.until([&](const auto&) { return one.heard() + three.heard() == 999u; }));
  const auto first = one.heard();
  auto got = one.next(first);
  for (const auto& x : three.next(999 - first)) got.push_back(x);
  for (int i = 1; i < 1'000; ++i) BOOST_REQUIRE(got.at(static_cast<std::size_t>(i - 1)) == std::to_string(i));
}

BOOST_AUTO_TEST_CASE(with_curve_only_keys_of_the_role_node_are_heard) {
  const scratch dir;
  const auto of_one = test::curve_pair(), of_two = test::curve_pair(), of_gateway = test::curve_pair();
  const scratch of_others;
  const auto options = [&](const scratch& where, const test::curve& own) {
    config::edge_options x;
    x.curve_secret_key_file = test::key_file(where, own.secret_key);
    x.peers = {
      {of_one.public_key, "one", "node"}, {of_two.public_key, "two", "node"}, {of_gateway.public_key, "g", "gateway"}};
    return x;
  };
  const scratch third;
  node one{1, options(dir, of_one)}, two{2, options(of_others, of_two)}, gateway{3, options(third, of_gateway)};
  const edge::other_node first{1, one.crossing->endpoint(), of_one.public_key};
  one.crossing->set_nodes(
    {first, {2, two.crossing->endpoint(), of_two.public_key}, {3, "tcp://127.0.0.1:1", of_gateway.public_key}});
  two.crossing->set_nodes({first, {2, "", ""}});
  gateway.crossing->set_nodes({first, {3, "", ""}});
  for (auto* x : {&one, &two, &gateway}) x->read(owned_by(1));
  take_all(one);
  say(gateway, "not a node");
  BOOST_TEST(one.until([](const auto& c) { return c.handshakes_refused > 0; }));
  say(two, "a node");
  BOOST_TEST(one.next(1).at(0) == "a node");
  BOOST_TEST(one.heard() == 0u);
}

BOOST_AUTO_TEST_CASE(node_of_another_homeserver_is_not_heard) {
  node one{1}, stranger{2, {}, "b.example"};
  one.crossing->set_nodes({{1, "", ""}, {2, stranger.crossing->endpoint(), ""}});
  stranger.crossing->set_nodes({{1, one.crossing->endpoint(), ""}, {2, "", ""}});
  stranger.read(owned_by(1));
  take_all(one);
  say(stranger, "hello");
  BOOST_TEST(one.until([](const auto& c) { return c.bad_frames > 0; }));
  BOOST_TEST(one.heard() == 0u);
}

BOOST_AUTO_TEST_CASE(address_others_can_reach_needs_curve) {
  struct deaf final : edge::crossing_sink {
    void on_message(std::int64_t, const address&, const address&, message&&) override {}
    void on_lost(std::int64_t, const std::vector<address>&) override {}
    void on_owners_wanted() override {}
  } nobody;
  const auto made = node_crossing::open({}, "tcp://0.0.0.0:*", {1, "a.example"}, nobody);
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().code == fault_code::forbidden));
}

BOOST_AUTO_TEST_SUITE_END()
