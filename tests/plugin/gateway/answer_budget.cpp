#include "plugin/gateway/answer_budget.hpp"

#include "plugin/gateway/repeated_line.hpp"
#include "plugin/gateway/write_pace.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const answer_holder one{"192.0.2.1", "one.example"}, two{"192.0.2.2", "two.example"};
constexpr std::size_t mib = std::size_t{1} << 20;

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_answer_budget)

BOOST_AUTO_TEST_CASE(an_address_and_a_server_have_a_share_and_all_together_a_bound) {
  answer_budget x{10 * mib, 4 * mib};
  BOOST_TEST(x.take(one, 3 * mib));
  BOOST_TEST(!x.take(one, 2 * mib));
  BOOST_TEST(!x.take({"192.0.2.9", "one.example"}, 2 * mib));  // the same server from elsewhere
  BOOST_TEST(!x.take({"192.0.2.1", "nine.example"}, 2 * mib)); // another name from the same address
  BOOST_TEST(x.take(one, 1 * mib));
  BOOST_TEST(x.take(two, 4 * mib));
  BOOST_TEST(x.is_crowded());
  BOOST_TEST(!x.take({"192.0.2.3", "three.example"}, 3 * mib));
  x.give_back(one, 4 * mib);
  BOOST_TEST(x.take({"192.0.2.3", "three.example"}, 3 * mib));
  BOOST_TEST(x.held() == 7 * mib);
}

BOOST_AUTO_TEST_CASE(an_answer_alone_passes_whatever_its_size) {
  answer_budget x{10 * mib, 4 * mib};
  BOOST_TEST(x.take(one, 100 * mib));
  BOOST_TEST(!x.take(one, 1));
  BOOST_TEST(!x.take(two, 1));
  x.give_back(one, 100 * mib);
  BOOST_TEST(x.take(two, 5 * mib));
}

BOOST_AUTO_TEST_CASE(who_is_not_known_counts_for_all_only) {
  answer_budget x{10 * mib, 4 * mib};
  BOOST_TEST(x.take({}, 6 * mib));
  BOOST_TEST(x.take({}, 4 * mib));
  BOOST_TEST(!x.take({}, 1));
}

BOOST_AUTO_TEST_CASE(a_small_answer_is_not_counted_and_a_share_goes_back_by_itself) {
  const auto x = std::make_shared<answer_budget>(10 * mib, 4 * mib);
  {
    answer_share share{x};
    BOOST_TEST(share.take(one, answer_share::free_bytes));
    BOOST_TEST(x->held() == 0u);
    BOOST_TEST(share.take(one, 3 * mib));
    BOOST_TEST(x->held() == 3 * mib);
    BOOST_TEST(share.take(one, 4 * mib)); // instead of the one before
    BOOST_TEST(x->held() == 4 * mib);
  }
  BOOST_TEST(x->held() == 0u);
}

BOOST_AUTO_TEST_CASE(pace_is_counted_by_windows) {
  const write_pace::time_point begin{};
  write_pace x{1'000, seconds{10}};
  x.begin(begin, false);
  BOOST_TEST((x.deadline() == begin + seconds{10}));
  BOOST_TEST(!x.moved(9'999, begin + seconds{1}, false));
  BOOST_TEST(x.moved(1, begin + seconds{2}, false));
  BOOST_TEST((x.deadline() == begin + seconds{12}));
  BOOST_TEST(x.moved(1'000'000, begin + seconds{3}, false)); // what was taken at once buys no minutes
  BOOST_TEST((x.deadline() == begin + seconds{13}));
}

BOOST_AUTO_TEST_CASE(pace_is_quicker_while_others_wait_for_room) {
  const write_pace::time_point begin{};
  write_pace x{1'000, seconds{10}};
  x.begin(begin, true);
  BOOST_TEST(!x.moved(79'999, begin, true));
  BOOST_TEST(x.moved(1, begin, false));
  BOOST_TEST(x.moved(10'000, begin, false));
}

BOOST_AUTO_TEST_CASE(a_line_that_repeats_is_written_once_in_a_while_with_its_number) {
  const repeated_line::time_point begin{};
  repeated_line x;
  BOOST_TEST(*x.again(begin) == 1u);
  for (int i = 0; i < 100; ++i) BOOST_TEST(!x.again(begin + seconds{9}));
  BOOST_TEST(*x.again(begin + repeated_line::pause) == 101u);
  BOOST_TEST(!x.again(begin + repeated_line::pause + milliseconds{1}));
  BOOST_TEST(x.total() == 103u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::gateway
