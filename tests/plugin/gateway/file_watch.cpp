#include "plugin/gateway/file_watch.hpp"

#include "tests/plugin/gateway/certificates.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

namespace causeway::testing {

using gateway::file_watch;

BOOST_AUTO_TEST_SUITE(gateway_file_watch)

BOOST_AUTO_TEST_CASE(a_change_is_told_once_when_the_files_are_left_alone) {
  const temporary_directory at;
  const auto first = at.file("first"), second = at.file("second");
  std::ofstream{first} << "1";
  std::ofstream{second} << "2";
  file_watch watch{{first, second}};
  BOOST_TEST(!watch.has_changed());
  std::ofstream{first} << "longer";
  BOOST_TEST(!watch.has_changed()); // the other may follow
  std::ofstream{second} << "longer";
  BOOST_TEST(!watch.has_changed());
  BOOST_TEST(watch.has_changed());
  BOOST_TEST(!watch.has_changed());
}

BOOST_AUTO_TEST_CASE(a_file_put_in_the_place_of_another_is_a_change_and_one_that_is_gone_is_not) {
  const temporary_directory at;
  const auto file = at.file("file"), next = at.file("next");
  std::ofstream{file} << "1";
  file_watch watch{{file}};
  std::filesystem::remove(file);
  for (int i = 0; i < 3; ++i) BOOST_TEST(!watch.has_changed());
  std::ofstream{next} << "2";
  std::filesystem::rename(next, file);
  BOOST_TEST(!watch.has_changed());
  BOOST_TEST(watch.has_changed());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::testing
