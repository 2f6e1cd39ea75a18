#include "plugin/media/late_files.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace causeway;
using media::late_files;

BOOST_AUTO_TEST_SUITE(late_files_suite)

namespace {

const late_files::name cat{"b.example", "cat"}, dog{"b.example", "dog"};
constexpr time_ms noon = 1'767'268'800'000;

} // namespace

BOOST_AUTO_TEST_CASE(file_is_tried_again_with_growing_pauses_until_it_is_here) {
  late_files late;
  late.failed(cat, true, noon);
  auto now = noon;
  for (auto pause = late_files::pause_ms_min; pause < late_files::pause_ms_max; pause *= 2) {
    BOOST_TEST(!late.next(now + pause - 1));
    now += pause;
    BOOST_TEST((late.next(now) == cat));
    BOOST_TEST(!late.next(now)); // it is under way
    late.failed(cat, false, now);
  }
  BOOST_TEST(late.ended(cat));
  BOOST_TEST(!late.ended(cat));
  BOOST_TEST(!late.next(now + late_files::kept_ms / 2));
}

BOOST_AUTO_TEST_CASE(what_the_chat_server_asks_for_between_two_attempts_changes_no_pause) {
  late_files late;
  late.failed(cat, true, noon);
  late.failed(cat, true, noon + 1'000);
  BOOST_TEST((late.next(noon + late_files::pause_ms_min) == cat));
}

BOOST_AUTO_TEST_CASE(what_nobody_has_asked_for_is_not_waited_for) {
  late_files late;
  late.failed(cat, false, noon);
  BOOST_TEST(late.size() == 0u);
}

BOOST_AUTO_TEST_CASE(file_that_nobody_asks_for_any_more_is_forgotten_after_a_day) {
  late_files late;
  late.failed(cat, true, noon);
  late.failed(dog, true, noon + late_files::kept_ms);
  BOOST_TEST((late.next(noon + late_files::kept_ms + late_files::pause_ms_min) == dog));
  BOOST_TEST(late.size() == 1u);
}

BOOST_AUTO_TEST_CASE(oldest_makes_room) {
  late_files late;
  for (std::size_t i = 0; i <= late_files::files_max; ++i)
    late.failed({"b.example", std::to_string(i)}, true, noon + static_cast<time_ms>(i));
  BOOST_TEST(late.size() == late_files::files_max);
  BOOST_TEST(!late.ended({"b.example", "0"}));
}

BOOST_AUTO_TEST_SUITE_END()
