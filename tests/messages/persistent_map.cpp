#include "messages/persistent_map.hpp"

#include "messages/matrix/state_map.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace causeway {

BOOST_AUTO_TEST_SUITE(persistent_map_versions)

namespace {

using numbers = persistent_map<int, int>;
using difference = std::tuple<int, std::optional<int>, std::optional<int>>;

std::map<int, int> contents(const numbers& x) { return {x.begin(), x.end()}; }

std::vector<difference> differences(const numbers& a, const numbers& b) {
  std::vector<difference> found;
  const auto value = [](const int* x) { return x ? std::optional{*x} : std::nullopt; };
  numbers::for_each_difference(
    a, b, [&](int key, const int* in_a, const int* in_b) { found.emplace_back(key, value(in_a), value(in_b)); });
  return found;
}

std::vector<difference> differences(const std::map<int, int>& a, const std::map<int, int>& b) {
  std::map<int, difference> found;
  for (const auto& [key, value] : a)
    if (const auto other = b.find(key); other == b.end()) found.emplace(key, difference{key, value, std::nullopt});
    else if (other->second != value) found.emplace(key, difference{key, value, other->second});
  for (const auto& [key, value] : b)
    if (!a.contains(key)) found.emplace(key, difference{key, std::nullopt, value});
  std::vector<difference> sorted;
  for (const auto& [key, x] : found) sorted.push_back(x);
  return sorted;
}

/// Counts how often keys are compared.
struct counting_less {
  static inline std::size_t count = 0;
  bool operator()(int a, int b) const {
    ++count;
    return a < b;
  }
};

/// Counts how many of it there are.
struct counted {
  static inline int alive = 0;
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  counted(counted&&) noexcept { ++alive; }
  counted& operator=(const counted&) = default;
  ~counted() { --alive; }
};

} // namespace

BOOST_AUTO_TEST_CASE(it_does_what_a_std_map_does_whatever_comes) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random{seed};
    const int keys = seed % 2 ? 40 : 2'000;
    const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
    // Several versions at once: each is changed on its own, and copied over others.
    std::vector<numbers> versions(4);
    std::vector<std::map<int, int>> expected(4);
    for (int step = 0; step < 4'000; ++step) {
      const auto i = static_cast<std::size_t>(pick(4));
      const int key = pick(keys);
      switch (pick(8)) {
      case 0:
      case 1:
      case 2:
        versions[i].insert_or_assign(key, step);
        expected[i].insert_or_assign(key, step);
        break;
      case 3: BOOST_TEST(versions[i].try_emplace(key, step) == expected[i].try_emplace(key, step).second); break;
      case 4:
      case 5: BOOST_TEST(versions[i].erase(key) == expected[i].erase(key)); break;
      case 6: {
        const auto* value = versions[i].get(key);
        const auto found = expected[i].find(key);
        BOOST_TEST(((value ? std::optional{*value} : std::nullopt) ==
                    (found == expected[i].end() ? std::nullopt : std::optional{found->second})));
        const auto rest = versions[i].lower_bound(key), beyond = versions[i].upper_bound(key);
        BOOST_TEST((std::map<int, int>{rest, versions[i].end()} ==
                    std::map<int, int>{expected[i].lower_bound(key), expected[i].end()}));
        BOOST_TEST((std::map<int, int>{beyond, versions[i].end()} ==
                    std::map<int, int>{expected[i].upper_bound(key), expected[i].end()}));
        BOOST_TEST((versions[i].find(key) == versions[i].end()) == !expected[i].contains(key));
        break;
      }
      default:
        if (pick(10) > 0) break;
        const auto from = static_cast<std::size_t>(pick(4));
        versions[i] = versions[from];
        expected[i] = expected[from];
      }
      if (step % 250 != 0) continue;
      for (std::size_t a = 0; a < 4; ++a) {
        BOOST_TEST(versions[a].is_sound());
        BOOST_TEST(versions[a].size() == expected[a].size());
        BOOST_TEST((contents(versions[a]) == expected[a]));
        for (std::size_t b = 0; b < 4; ++b) {
          BOOST_TEST((differences(versions[a], versions[b]) == differences(expected[a], expected[b])));
          BOOST_TEST((versions[a] == versions[b]) == (expected[a] == expected[b]));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(copy_does_not_see_what_happens_to_the_original) {
  numbers first{{1, 10}, {2, 20}, {3, 30}};
  const auto kept = first;
  first.insert_or_assign(2, 21);
  first.erase(1);
  BOOST_TEST((contents(kept) == std::map<int, int>{{1, 10}, {2, 20}, {3, 30}}));
  BOOST_TEST((contents(first) == std::map<int, int>{{2, 21}, {3, 30}}));
  const auto& left = first;
  const auto taken = std::move(first);
  BOOST_TEST((contents(taken) == std::map<int, int>{{2, 21}, {3, 30}}));
  BOOST_TEST(left.empty()); // what was moved from is empty
  BOOST_CHECK_THROW(taken.at(1), std::out_of_range);
  BOOST_TEST(taken.at(3) == 30);
}

BOOST_AUTO_TEST_CASE(one_change_of_a_hundred_thousand_entries_is_found_without_a_walk) {
  persistent_map<int, int, counting_less> large;
  for (int i = 0; i < 100'000; ++i) large.insert_or_assign(2 * i, i);
  auto next = large;
  next.insert_or_assign(77'777, 1);
  next.insert_or_assign(20, -1);
  next.erase(150'000);
  counting_less::count = 0;
  std::vector<int> keys;
  decltype(large)::for_each_difference(large, next, [&](int key, const int*, const int*) { keys.push_back(key); });
  BOOST_TEST((keys == std::vector{20, 77'777, 150'000}));
  BOOST_TEST(counting_less::count < 500u);
  counting_less::count = 0;
  BOOST_TEST(!(large == next));
  next = large;
  BOOST_TEST((large == next));
  BOOST_TEST(counting_less::count < 200u);
}

BOOST_AUTO_TEST_CASE(thousand_versions_of_a_large_map_end_with_what_they_held) {
  {
    persistent_map<int, counted> large;
    for (int i = 0; i < 10'000; ++i) large.insert_or_assign(i, {});
    std::vector<persistent_map<int, counted>> versions;
    for (int i = 0; i < 1'000; ++i) {
      versions.push_back(large);
      large.insert_or_assign(10'000 + i, {});
    }
    // One of each entry, however many versions have it.
    BOOST_TEST(counted::alive == 11'000);
    versions.erase(versions.begin(), versions.begin() + 500);
    BOOST_TEST(counted::alive == 11'000);
    large.clear();
    BOOST_TEST(counted::alive == 10'999); // the newest version has one that no other has
  }
  BOOST_TEST(counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(map_of_a_million_in_order_is_no_deep_list) {
  numbers large;
  for (int i = 0; i < 1'000'000; ++i) large.insert_or_assign(i, i);
  BOOST_TEST(large.is_sound());
  BOOST_TEST(*large.get(999'999) == 999'999);
}

BOOST_AUTO_TEST_CASE(versions_are_changed_and_ended_by_several_threads_at_once) {
  numbers common;
  for (int i = 0; i < 1'000; ++i) common.insert_or_assign(i, i);
  std::vector<int> sums(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < sums.size(); ++t)
      threads.emplace_back([own = common, &sum = sums[t], t]() mutable {
        for (int i = 0; i < 2'000; ++i) {
          auto next = own;
          next.insert_or_assign(i % 1'000, static_cast<int>(t));
          if (i % 3 == 0) next.erase((i * 7) % 1'000);
          own = std::move(next);
        }
        for (const auto& [key, value] : own) sum += value == static_cast<int>(t);
      });
  }
  for (const auto sum : sums) BOOST_TEST(sum > 500);
  BOOST_TEST((common.is_sound() && common.size() == 1'000u && common.at(999) == 999));
}

BOOST_AUTO_TEST_CASE(state_is_looked_up_without_copies_of_type_and_key) {
  const matrix::state_map state{
    {{"m.room.member", "@b:x"}, "$b"}, {{"m.room.create", ""}, "$c"}, {{"m.room.member", "@a:x"}, "$a"}};
  const std::string_view type = "m.room.member";
  BOOST_TEST(*state.get(matrix::state_key_view{type, "@a:x"}) == "$a");
  BOOST_TEST(!state.get(matrix::state_key_view{type, "@c:x"}));
  std::vector<std::string> ids;
  for (const auto& [key, id] : state) ids.push_back(id);
  BOOST_TEST((ids == std::vector<std::string>{"$c", "$a", "$b"}));
  BOOST_TEST((state.lower_bound({"m.room.member", ""})->second == "$a"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway
