#include "room_check.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>

using namespace causeway;

BOOST_AUTO_TEST_SUITE(known_rooms)

namespace {

std::vector<std::filesystem::path> room_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{std::filesystem::path{CAUSEWAY_TEST_DATA} / "rooms"})
    if (entry.path().extension() == ".gz") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

} // namespace

BOOST_AUTO_TEST_CASE(verdicts_and_states_are_right_in_any_order_of_arrival) {
  const auto files = room_files();
  BOOST_TEST(files.size() == 150u);
  for (const auto& file : files) {
    const auto report = test::check_room(file);
    BOOST_TEST(report.events > 0u, file.filename());
    for (const auto& sentence : report.wrong) BOOST_ERROR(file.filename() << " " << sentence);
  }
}

BOOST_AUTO_TEST_SUITE_END()
