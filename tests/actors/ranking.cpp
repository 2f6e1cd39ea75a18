#include "actors/supervisor/ranking.hpp"
#include "tests/actors/supervised.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using namespace causeway::test;

BOOST_AUTO_TEST_SUITE(supervisor_ranking)

namespace {

struct ranking_rig : supervised {
  static child_order by(child_column column, bool descending = false, std::size_t limit = 3) {
    return {column, descending, {}, limit};
  }
  /// Keys of those that stand first, with spaces between.
  std::string first(const child_order& wanted) {
    std::string out;
    for (const auto& x : rank(state, wanted).first) out += (out.empty() ? "" : " ") + x.row.key;
    return out;
  }
  void waits_since(const std::string& key, time_ms at) {
    auto& x = child(key);
    gets(key);
    x.marked_at = at;
  }
  /// More than have a turn at once.
  void make_many() {
    for (int i = 0; i < 35'000; ++i) child("k" + std::to_string(100'000 + i));
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(those_stand_first_whose_messages_wait_for_longest_and_the_idle_last, ranking_rig) {
  for (const auto* key : {"idle", "other"}) child(key);
  waits_since("late", 500);
  waits_since("later", 400);
  BOOST_TEST(first(by(child_column::oldest_waiting)) == "later late idle");
  BOOST_TEST(first(by(child_column::oldest_waiting, true)) == "late later idle"); // who has no value stays last
  BOOST_TEST(first(by(child_column::mailbox, true, 2)) == "late later");
  BOOST_TEST(first(by(child_column::key)) == "idle late later");
  BOOST_TEST(first(by(child_column::key, true)) == "other later late");
}

BOOST_FIXTURE_TEST_CASE(a_filter_and_a_count_are_about_all_of_them, ranking_rig) {
  for (const auto* key : {"a.example", "b.example", "c.other"}) child(key);
  enters("b.example", supervisor_state::child::phase::parked);
  auto wanted = by(child_column::key, false, 1);
  wanted.filter = ".example";
  const auto seen = rank(state, wanted);
  BOOST_TEST(seen.first.size() == 1u);
  BOOST_TEST(seen.first.at(0).row.key == "a.example");
  BOOST_TEST(seen.counted.total == 2u);
  BOOST_TEST(seen.counted.phases[1] == 1u); // running
  BOOST_TEST(seen.counted.phases[3] == 1u); // parked
  wanted.filter = "parked";
  BOOST_TEST(first(wanted) == "b.example");
}

BOOST_FIXTURE_TEST_CASE(of_many_all_are_looked_at_first_and_then_those_with_something_to_do, ranking_rig) {
  make_many();
  waits_since("k134000", 700);
  const auto wanted = by(child_column::oldest_waiting, false, 2);
  BOOST_TEST(first(wanted) == "k134000 k100000");
  child("k134000").progress->handled = 1;
  waits_since("k130000", 600);
  BOOST_TEST(first(wanted) == "k130000 k100000");
  BOOST_TEST(first(wanted) == "k130000 k100000"); // also when nothing more comes for it
  enters("k120000", supervisor_state::child::phase::parked);
  const auto counted = rank(state, wanted).counted;
  BOOST_TEST(counted.total == 35'000u);
  BOOST_TEST(counted.phases[3] == 1u);
}

BOOST_FIXTURE_TEST_CASE(who_stands_next_takes_the_place_of_one_that_ended, ranking_rig) {
  make_many();
  for (int i = 0; i < 4; ++i) handles("k12000" + std::to_string(i), 10 - static_cast<std::uint64_t>(i));
  const auto wanted = by(child_column::handled, true, 2);
  BOOST_TEST(first(wanted) == "k120000 k120001");
  ends("k120000");
  BOOST_TEST(first(wanted) == "k120001 k120002");
}

BOOST_FIXTURE_TEST_CASE(one_that_only_timers_keep_busy_is_seen_when_it_is_its_turn, ranking_rig) {
  make_many();
  const auto wanted = by(child_column::handling, true, 1);
  first(wanted);
  child("k130000").progress->handling_ns = 1'000'000;
  int looks = 1;
  while (looks < 20 && first(wanted) != "k130000") ++looks;
  BOOST_TEST(looks <= 7); // 35,000 of them, 5,000 a look
}

BOOST_FIXTURE_TEST_CASE(a_filter_of_many_counts_them_in_turn, ranking_rig) {
  make_many();
  auto wanted = by(child_column::mailbox, true, 1);
  wanted.filter = "k1300";
  BOOST_TEST(rank(state, wanted).counted.total == 100u);
  ends("k130000");
  int looks = 1;
  while (looks < 30 && rank(state, wanted).counted.total != 99u) ++looks;
  BOOST_TEST(looks <= 15); // two rounds
}

BOOST_FIXTURE_TEST_CASE(one_that_stood_first_is_there_once_and_not_when_it_has_ended, ranking_rig) {
  make_many();
  waits_since("k100001", 600);
  const auto wanted = by(child_column::mailbox, true, 3);
  BOOST_TEST(first(wanted).starts_with("k100001 "));
  const auto again = first(wanted);
  BOOST_TEST(again.find("k100001") == again.rfind("k100001"));
  ends("k100001");
  BOOST_TEST(first(wanted).find("k100001") == std::string::npos);
  state.children.clear();
  BOOST_TEST(first(wanted).empty());
}

BOOST_FIXTURE_TEST_CASE(who_works_fastest_is_measured_between_two_looks, ranking_rig) {
  child("was.fast").since = child("is.fast").since = outside.at - 100'000;
  handles("was.fast", 10'000);
  handles("is.fast", 10);
  const auto wanted = by(child_column::rate, true, 2);
  BOOST_TEST(first(wanted) == "was.fast is.fast"); // all there is to know at first
  outside.at += 1'000;
  handles("is.fast", 50);
  const auto seen = rank(state, wanted);
  BOOST_TEST(seen.first.at(0).row.key == "is.fast");
  BOOST_TEST(seen.first.at(0).number == 50'000); // thousandths of a message, in a second
  // Somebody else looks a moment later: it is not measured anew over a moment.
  outside.at += 10;
  BOOST_TEST(first(by(child_column::rate, true, 1)) == "is.fast");
  BOOST_TEST(rank(state, wanted).first.at(0).number == 50'000);
}

BOOST_FIXTURE_TEST_CASE(a_rate_is_of_now_also_after_weeks_in_which_nobody_looked, ranking_rig) {
  const auto wanted = by(child_column::rate, true, 1);
  const auto rate = [&] { return rank(state, wanted).first.at(0).number; };
  child("a").since = outside.at - 1'000;
  rate();
  for (const time_ms pause : {std::int64_t{30} * 86'400'000, std::int64_t{-86'400'000}}) {
    outside.at += pause;
    rate(); // begins anew
    outside.at += 1'000;
    handles("a", 50);
    BOOST_TEST(rate() == 50'000);
  }
}

BOOST_FIXTURE_TEST_CASE(a_few_rankings_are_kept_and_only_while_somebody_looks, ranking_rig) {
  child("a");
  for (const auto column : {child_column::key, child_column::phase, child_column::mailbox, child_column::rate,
                            child_column::handled, child_column::since})
    first(by(column));
  BOOST_TEST(state.rankings.size() == 4u);
  BOOST_TEST((state.rankings.front().wanted().by == child_column::key)); // the fifth takes nobody's place
  first(by(child_column::mailbox, false, 2));                            // fewer of the same
  BOOST_TEST(state.rankings.size() == 4u);
  outside.at += 60'000;
  first(by(child_column::key));
  BOOST_TEST(state.rankings.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(the_columns_are_those_of_the_operator_s_list, ranking_rig) {
  BOOST_TEST((find_child_column("oldest_waiting_ts") == child_column::oldest_waiting));
  BOOST_TEST((find_child_column("whole_rate_milli") == child_column::whole_rate));
  BOOST_TEST(!find_child_column("oldest_waiting"));
}

BOOST_AUTO_TEST_SUITE_END()
