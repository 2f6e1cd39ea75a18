#include "plugin/edge/crossing_link.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace causeway;
using edge::crossing_link;
using edge::link_frame;
using edge::parcel;
using edge::parcel_ptr;
using outcome = crossing_link::outcome;

BOOST_AUTO_TEST_SUITE(crossing_links)

namespace {

parcel_ptr of(std::string body) {
  parcel x;
  x.body = std::move(body);
  return std::make_shared<const parcel>(std::move(x));
}

/// Two sides, and a clock.
struct pair {
  explicit pair(const crossing_link::bounds& most = {}) : a(1, 2, most, 0), b(2, 1, most, 0) {}

  crossing_link a, b;
  std::int64_t now_ms = 0;
  std::vector<std::string> at_a, at_b; ///< what came out
  int ended_a = 0, ended_b = 0;

  std::vector<link_frame> from_a() { return all_of(a); }
  std::vector<link_frame> from_b() { return all_of(b); }
  void to_a(const link_frame& x) { take(a, x, at_a, ended_a); }
  void to_b(const link_frame& x) { take(b, x, at_b, ended_b); }
  /// Until neither has anything to say at this moment.
  void settle() {
    for (bool more = true; more;) {
      more = false;
      for (const auto& x : from_a()) {
        to_b(x);
        more = true;
      }
      for (const auto& x : from_b()) {
        to_a(x);
        more = true;
      }
    }
  }
  void send_a(const std::string& body) { BOOST_TEST((a.send(of(body), now_ms) == outcome::goes_on)); }

private:
  std::vector<link_frame> all_of(crossing_link& x) const {
    std::vector<link_frame> all;
    while (auto one = x.next_frame(now_ms)) all.push_back(std::move(*one));
    return all;
  }
  void take(crossing_link& to, const link_frame& x, std::vector<std::string>& into, int& ended) const {
    std::vector<parcel_ptr> out;
    if (to.on_frame(x, out, now_ms) == outcome::ended) ++ended;
    for (const auto& one : out) into.push_back(one->body);
  }
};

using texts = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(parcels_come_out_in_order_and_are_forgotten_when_they_are_acknowledged) {
  pair x;
  for (const char* body : {"1", "2", "3"}) x.send_a(body);
  x.settle();
  BOOST_TEST(x.at_b == (texts{"1", "2", "3"}), boost::test_tools::per_element());
  x.now_ms += 10; // the acknowledgement is gathered
  x.settle();
  BOOST_TEST(x.a.kept_bytes() == 0u);
  BOOST_TEST(x.a.is_confirmed());
  BOOST_TEST(x.b.is_confirmed());
  BOOST_TEST(x.a.due() == std::numeric_limits<std::int64_t>::max()); // nothing is left to be said
  BOOST_TEST(x.b.due() == x.a.due());
}

BOOST_AUTO_TEST_CASE(both_sides_greet_until_they_have_heard_each_other) {
  pair x;
  BOOST_TEST(x.from_a().size() == 1u); // lost
  x.now_ms = x.a.due();
  BOOST_TEST(x.now_ms == 500);
  x.settle();
  BOOST_TEST(x.a.is_confirmed());
  BOOST_TEST(x.b.is_confirmed());
}

BOOST_AUTO_TEST_CASE(what_was_lost_is_sent_again_in_its_order_and_what_comes_twice_comes_out_once) {
  pair x;
  x.settle();
  for (const char* body : {"1", "2", "3"}) x.send_a(body);
  auto frames = x.from_a();
  BOOST_REQUIRE(frames.size() == 3u);
  x.to_b(frames[0]);
  x.to_b(frames[2]); // the second is lost
  x.to_b(frames[0]);
  const auto word = x.from_b();
  BOOST_REQUIRE(word.size() == 1u);
  BOOST_TEST(word[0].has_gap);
  BOOST_TEST(word[0].received == 1u);
  x.to_a(word[0]);
  x.to_a(word[0]); // and once more
  x.settle();
  BOOST_TEST(x.at_b == (texts{"1", "2", "3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lost_end_is_sent_again_after_a_time_that_doubles) {
  pair x;
  x.settle();
  x.send_a("1");
  BOOST_TEST(x.from_a().size() == 1u);
  for (const std::int64_t pause : {500, 1'000, 2'000, 4'000, 8'000, 8'000}) {
    x.now_ms += pause - 1;
    BOOST_TEST(x.from_a().empty());
    BOOST_TEST(x.a.due() == x.now_ms + 1);
    ++x.now_ms;
    BOOST_TEST(x.from_a().size() == 1u);
  }
  x.now_ms += 8'000;
  x.settle();
  BOOST_TEST(x.at_b == (texts{"1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(side_that_cannot_send_is_not_due_all_the_time) {
  pair x;
  x.settle();
  x.send_a("1");
  for (const auto& frame : x.from_a()) x.to_b(frame);
  x.now_ms += 10; // an acknowledgement is due, and the network takes none
  BOOST_TEST(x.b.due() == x.now_ms);
  x.b.tick(x.now_ms);
  BOOST_TEST(x.b.due() == std::numeric_limits<std::int64_t>::max());
  x.now_ms = x.a.due();
  x.a.tick(x.now_ms);
  BOOST_TEST(x.a.due() == std::numeric_limits<std::int64_t>::max());
  crossing_link alone{1, 2, {}, 0};
  alone.tick(0);
  BOOST_TEST(alone.due() == 500);
}

BOOST_AUTO_TEST_CASE(new_connection_carries_at_once_what_was_under_way) {
  pair x;
  x.settle();
  for (const char* body : {"1", "2"}) x.send_a(body);
  BOOST_TEST(x.from_a().size() == 2u); // into a connection that is cut
  BOOST_TEST(x.from_a().empty());
  x.a.on_connected();
  x.settle();
  BOOST_TEST(x.at_b == (texts{"1", "2"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_more_than_the_window_is_under_way_and_one_parcel_always) {
  crossing_link::bounds most;
  most.window_bytes = 3 * (sizeof(parcel) + 100);
  pair x{most};
  x.settle();
  for (int i = 0; i < 10; ++i) x.send_a(std::string(100, 'x'));
  BOOST_TEST(x.from_a().size() == 3u);
  x.a.on_connected();
  BOOST_TEST(x.from_a().size() == 3u);
  x.now_ms += 10;
  for (int i = 0; i < 10; ++i) {
    x.a.on_connected();
    x.settle();
    x.now_ms += 10;
  }
  BOOST_TEST(x.at_b.size() == 10u);
  x.send_a(std::string(100'000, 'y'));
  x.settle();
  BOOST_TEST(x.at_b.size() == 11u);
}

BOOST_AUTO_TEST_CASE(link_that_would_keep_too_much_ends_on_both_sides_and_goes_on_anew) {
  crossing_link::bounds most;
  most.kept_bytes_max = 10 * (sizeof(parcel) + 10);
  pair x{most};
  x.settle();
  for (int i = 0; i < 10; ++i) x.send_a(std::string(10, 'x'));
  BOOST_TEST(x.a.kept_bytes() == most.kept_bytes_max);
  const auto of_the_former = x.from_a();
  BOOST_TEST((x.b.send(of("never arrives"), 0) == outcome::goes_on));
  BOOST_TEST((x.a.send(of("one more"), 0) == outcome::ended));
  BOOST_TEST(x.a.kept_bytes() == 0u);
  x.to_b(of_the_former[0]); // comes out: it was on its way before
  x.settle();               // each greets, so that the other ends too, with nothing to say
  BOOST_TEST(x.ended_b == 1);
  BOOST_TEST(x.ended_a == 0);
  for (const auto& late : of_the_former) x.to_b(late);
  x.send_a("anew");
  x.settle();
  BOOST_TEST(x.at_b == (texts{std::string(10, 'x'), "anew"}), boost::test_tools::per_element());
  BOOST_TEST(x.at_a.empty());
  BOOST_TEST(x.a.generation() == 2u);
  BOOST_TEST(x.b.generation() == 2u);
}

BOOST_AUTO_TEST_CASE(large_parcel_fits_when_nothing_else_is_kept) {
  crossing_link::bounds most;
  most.kept_bytes_max = 1'000;
  pair x{most};
  x.settle();
  x.send_a(std::string(100'000, 'x'));
  BOOST_TEST((x.a.send(of("too much"), 0) == outcome::ended));
}

BOOST_AUTO_TEST_CASE(both_may_end_it_at_once) {
  crossing_link::bounds most;
  most.kept_bytes_max = 1;
  pair x{most};
  x.settle();
  BOOST_TEST((x.a.send(of("1"), 0) == outcome::goes_on));
  BOOST_TEST((x.b.send(of("1"), 0) == outcome::goes_on));
  BOOST_TEST((x.a.send(of("2"), 0) == outcome::ended));
  BOOST_TEST((x.b.send(of("2"), 0) == outcome::ended));
  x.settle();
  BOOST_TEST(x.ended_a + x.ended_b == 0); // each has ended, and knows it
  x.send_a("3");
  x.settle();
  BOOST_TEST(x.at_b == (texts{"3"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(frames_of_others_and_acknowledgements_of_nothing_change_nothing) {
  pair x;
  x.settle();
  x.send_a("1");
  const auto frame = x.from_a().at(0);
  auto of_another = frame;
  of_another.from = 7;
  x.to_b(of_another);
  of_another = frame;
  of_another.to = 7;
  x.to_b(of_another);
  BOOST_TEST(x.at_b.empty());
  link_frame wrong{2, 1, 1, 99, 0, true, false, 0, nullptr};
  x.to_a(wrong);
  BOOST_TEST(x.a.kept_bytes() > 0u);
  BOOST_TEST(x.a.settled() == 0u);
  x.to_b(frame);
  BOOST_TEST(x.at_b == (texts{"1"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(everything_arrives_in_order_through_a_network_that_loses_doubles_and_reorders) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random{seed};
    crossing_link::bounds most;
    most.window_bytes = 20 * sizeof(parcel);
    pair x{most};
    texts sent_a, sent_b;
    std::deque<link_frame> to_a, to_b;
    const auto ship = [&](const std::vector<link_frame>& from, std::deque<link_frame>& into) {
      for (const auto& one : from)
        for (auto copies = random() % 10 == 0 ? 0 : random() % 12 == 0 ? 2 : 1; copies > 0; --copies)
          into.insert(into.end() - static_cast<std::ptrdiff_t>(random() % 4 == 0 ? random() % (into.size() + 1) : 0),
                      one);
    };
    const auto land = [&](std::deque<link_frame>& from, auto take) {
      for (auto count = random() % 4; count > 0 && !from.empty(); --count) {
        take(from.front());
        from.pop_front();
      }
    };
    for (int step = 0; step < 600 || (step < 100'000 && x.a.kept_bytes() + x.b.kept_bytes() != 0); ++step) {
      x.now_ms += static_cast<std::int64_t>(random() % 20);
      if (step < 500 && random() % 2 == 0) {
        sent_a.push_back("a" + std::to_string(step));
        x.send_a(sent_a.back());
      }
      if (step < 500 && random() % 3 == 0) {
        sent_b.push_back("b" + std::to_string(step));
        BOOST_REQUIRE((x.b.send(of(sent_b.back()), x.now_ms) == outcome::goes_on));
      }
      ship(x.from_a(), to_b);
      ship(x.from_b(), to_a);
      land(to_a, [&](const link_frame& f) { x.to_a(f); });
      land(to_b, [&](const link_frame& f) { x.to_b(f); });
      if (random() % 300 == 0) { // the connection is cut
        to_a.clear();
        to_b.clear();
      }
    }
    BOOST_TEST((x.at_b == sent_a), "seed " << seed << ": " << x.at_b.size() << " of " << sent_a.size());
    BOOST_TEST((x.at_a == sent_b), "seed " << seed << ": " << x.at_a.size() << " of " << sent_b.size());
    BOOST_TEST(x.a.kept_bytes() == 0u, "seed " << seed);
  }
}

BOOST_AUTO_TEST_SUITE_END()
