#include "actors/supervisor/activity.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(activity_of_many)

namespace {

struct worker : activity::entry {
  explicit worker(std::string called) : name(std::move(called)) { is_called(name); }
  std::string name;
};

struct activity_rig {
  activity noted;
  worker a{"a"}, b{"b"}, c{"c"};

  /// Names of those that are read, in order. @param has_work  those that are to be read again
  static std::string read(activity::bookmark& from, std::size_t most = 100, const std::string& has_work = {}) {
    std::string out;
    from.read(most, [&](const std::string& key, activity::entry&) {
      out += key;
      return has_work.find(key) == std::string::npos ? activity::then::over : activity::then::again;
    });
    return out;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(nothing_is_noted_while_nobody_reads, activity_rig) {
  noted.note(a);
  activity::bookmark later(noted);
  BOOST_TEST(read(later).empty());
}

BOOST_FIXTURE_TEST_CASE(each_is_read_once_in_the_order_in_which_it_happened, activity_rig) {
  activity::bookmark mine(noted);
  for (auto* x : {&b, &a, &b, &c}) noted.note(*x);
  BOOST_TEST(read(mine) == "bac");
  BOOST_TEST(read(mine).empty());
  noted.note(a);
  BOOST_TEST(read(mine) == "a");
}

BOOST_FIXTURE_TEST_CASE(two_readers_read_all_each, activity_rig) {
  activity::bookmark mine(noted);
  noted.note(a);
  std::optional<activity::bookmark> other;
  other.emplace(noted);
  noted.note(b);
  BOOST_TEST(read(mine) == "ab");
  noted.note(a);
  noted.note(c);
  BOOST_TEST(read(*other) == "bac");
  other.reset();
  noted.note(b);
  BOOST_TEST(read(mine) == "acb");
}

BOOST_FIXTURE_TEST_CASE(beyond_the_bound_one_goes_on_where_one_stopped, activity_rig) {
  activity::bookmark mine(noted);
  for (auto* x : {&a, &b, &c}) noted.note(*x);
  BOOST_TEST(read(mine, 2) == "ab");
  noted.note(a);
  BOOST_TEST(read(mine, 2) == "ca");
  for (auto* x : {&a, &b}) noted.note(*x);
  mine.read(100, [](const std::string&, activity::entry&) { return activity::then::stop; });
  BOOST_TEST(read(mine) == "ab");
}

BOOST_FIXTURE_TEST_CASE(who_still_has_work_is_read_again_behind_the_others, activity_rig) {
  activity::bookmark mine(noted);
  for (auto* x : {&a, &b, &c}) noted.note(*x);
  BOOST_TEST(read(mine, 2, "a") == "ab");
  BOOST_TEST(read(mine, 100, "a") == "ca");
  BOOST_TEST(read(mine) == "a");
  BOOST_TEST(read(mine).empty());
}

BOOST_FIXTURE_TEST_CASE(those_who_end_are_not_read, activity_rig) {
  activity::bookmark mine(noted);
  noted.note(a);
  {
    worker gone("gone");
    noted.note(gone);
    noted.note(b);
  }
  BOOST_TEST(read(mine) == "ab");
}

BOOST_AUTO_TEST_CASE(a_reader_may_outlive_those_who_are_read) {
  activity noted;
  activity::bookmark mine(noted);
  {
    std::deque<worker> many;
    for (int i = 0; i < 3; ++i) noted.note(many.emplace_back(std::to_string(i)));
  }
  BOOST_TEST(activity_rig::read(mine).empty());
}

BOOST_AUTO_TEST_SUITE_END()
