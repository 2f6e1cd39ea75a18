#include "plugin/store/commit_pace.hpp"

#include <boost/test/unit_test.hpp>

namespace causeway::store {
namespace {

using namespace std::chrono_literals;
constexpr commit_pace::time_point began{100s};

} // namespace

BOOST_AUTO_TEST_SUITE(store_commit_pace)

BOOST_AUTO_TEST_CASE(without_urgent_work_patient_work_goes_at_once) {
  const commit_pace x;
  BOOST_TEST(x.share(false, began) == commit_pace::alone_max);
  BOOST_TEST((x.may_begin() <= began));
}

BOOST_AUTO_TEST_CASE(after_urgent_work_it_has_no_commit_of_its_own_for_a_while) {
  commit_pace x;
  x.given(began);
  x.urgent_came(began);
  BOOST_TEST(x.share(false, began) == 0u);
  BOOST_TEST(x.share(false, began + commit_pace::calm - 1us) == 0u);
  BOOST_TEST((x.may_begin() == began + commit_pace::calm));
  x.urgent_came(began + 10ms);
  BOOST_TEST(x.share(false, began + commit_pace::calm) == 0u);
  BOOST_TEST(x.share(false, began + 10ms + commit_pace::calm) == commit_pace::alone_max);
}

BOOST_AUTO_TEST_CASE(beside_urgent_questions_without_end_a_little_goes_all_the_same) {
  commit_pace x;
  x.given(began);
  auto now = began;
  for (; now < began + commit_pace::patience; now += 10ms) {
    x.urgent_came(now);
    BOOST_TEST(x.share(false, now) == 0u);
  }
  x.urgent_came(now);
  BOOST_TEST(x.share(false, now) == commit_pace::along_max);
  BOOST_TEST((x.may_begin() <= now));
  x.given(now);
  BOOST_TEST(x.share(false, now) == 0u);
}

BOOST_AUTO_TEST_CASE(a_little_goes_along_with_each_urgent_commit_so_nothing_starves) {
  commit_pace x;
  x.urgent_came(began);
  BOOST_TEST(x.share(true, began) == commit_pace::along_max);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
