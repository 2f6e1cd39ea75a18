#include "plugin/store/identity.hpp"

#include "plugin/store/engine.hpp"
#include "tests/plugin/store/samples.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace causeway;
using namespace causeway::store;

BOOST_AUTO_TEST_SUITE(store_identity)

namespace {

const identity made_for{"a.example", 2};

/// Opens the store for `wanted` and closes it again. @returns why it was refused, or nothing
std::string refusal(const std::string& path, const identity& wanted, bool use = false) {
  auto opened = open_sqlite(options_for(path), &wanted);
  if (!opened) return to_string(opened.error());
  if (use) {
    must_commit(**opened, put_user{"@ann:a.example", "ann", "", ""});
  }
  return {};
}

} // namespace

BOOST_AUTO_TEST_CASE(rooms_of_a_used_store_do_not_change_their_streams) {
  const scratch_folder folder;
  BOOST_TEST(refusal(folder.file(), made_for, true) == "");
  const auto why = refusal(folder.file(), {"a.example", 4});
  BOOST_TEST(why.find("edge.streams is 4, but the store " + folder.file() + " was made with 2") != std::string::npos,
             why);
  BOOST_TEST(why.find("Set it back to 2") != std::string::npos, why);
  BOOST_TEST(refusal(folder.file(), made_for) == "");
}

BOOST_AUTO_TEST_CASE(a_used_store_keeps_its_server_name) {
  const scratch_folder folder;
  BOOST_TEST(refusal(folder.file(), made_for, true) == "");
  const auto why = refusal(folder.file(), {"b.example", 1});
  BOOST_TEST(why.find("holds rooms and users of \"a.example\"") != std::string::npos, why);
  BOOST_TEST(why.find("edge.streams") != std::string::npos, why); // both are told at once
}

BOOST_AUTO_TEST_CASE(a_store_nobody_has_used_may_become_another) {
  const scratch_folder folder;
  BOOST_TEST(refusal(folder.file(), made_for) == "");
  BOOST_TEST(!read_identity(folder.file()));
  BOOST_TEST(refusal(folder.file(), {"b.example", 4}, true) == "");
  BOOST_TEST((read_identity(folder.file()) == identity{"b.example", 4}));
  BOOST_TEST(refusal(folder.file(), made_for) != "");
}

BOOST_AUTO_TEST_CASE(a_store_of_before_is_taken_for_what_it_is_opened_for) {
  const scratch_folder folder;
  {
    auto opened = open_sqlite(options_for(folder.file()));
    BOOST_REQUIRE(opened);
    must_commit(**opened, put_user{"@ann:a.example", "ann", "", ""});
  }
  BOOST_TEST(!read_identity(folder.file()));
  BOOST_TEST(refusal(folder.file(), made_for) == "");
  BOOST_TEST(refusal(folder.file(), {"b.example", 2}) != "");
}

BOOST_AUTO_TEST_CASE(it_is_read_beside_a_running_broker_and_leaves_nothing_behind) {
  const scratch_folder folder;
  {
    auto opened = open_sqlite(options_for(folder.file()), &made_for);
    BOOST_REQUIRE(opened);
    must_commit(**opened, put_user{"@ann:a.example", "ann", "", ""}); // in the write-ahead log
    BOOST_TEST((read_identity(folder.file()) == made_for));
  }
  BOOST_TEST((read_identity(folder.file()) == made_for));
  BOOST_TEST(!std::filesystem::exists(folder.file() + "-wal"));
}

BOOST_AUTO_TEST_CASE(what_is_no_store_has_no_identity) {
  const scratch_folder folder;
  BOOST_TEST(!read_identity(folder.file()));
  BOOST_TEST(!read_identity(":memory:"));
  std::ofstream{folder.file()} << "something else, and long enough to be looked at as a database file of somebody";
  BOOST_TEST(!read_identity(folder.file()));
}

BOOST_AUTO_TEST_SUITE_END()
