#include "plugin/store/files.hpp"

#include "tests/plugin/store/samples.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_store_watch)

namespace {

bool says(const status& x, std::string_view part) {
  if (x) return part.empty();
  BOOST_TEST((x.error().code == fault_code::store_failed));
  if (x.error().detail.find(part) == std::string::npos) BOOST_TEST_MESSAGE(x.error().detail);
  return !part.empty() && x.error().detail.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(files_that_are_moved_away_or_replaced_take_no_commit_until_they_are_back) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  must_commit(*store, sample_head());
  BOOST_TEST(says(store->healthy(), ""));
  for (const std::string ending : {"", "-wal", "-shm"}) {
    std::filesystem::rename(folder.file() + ending, folder.file("away"));
    BOOST_TEST(says(store->healthy(), "was removed or moved away"));
    auto batch = batch_of(put_user{"@lost:x"});
    auto outcome = store->commit({&batch, 1});
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == fault_code::store_failed));
    std::ofstream{folder.file() + ending} << "another";
    BOOST_TEST(says(store->healthy(), "was replaced by another file"));
    std::filesystem::rename(folder.file("away"), folder.file() + ending);
    BOOST_TEST(says(store->healthy(), ""));
    must_commit(*store, put_user{"@kept:x"});
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_emptied_or_overwritten_stays_spoiled) {
  for (const bool emptied : {true, false}) {
    scratch_folder folder;
    auto store = must_open(folder.file());
    must_commit(*store, sample_head());
    const auto backup = folder.file("backup.db");
    BOOST_REQUIRE(store->backup(backup));
    if (emptied) std::filesystem::resize_file(folder.file(), 0);
    else std::fstream{folder.file(), std::ios::in | std::ios::out | std::ios::binary} << std::string(100, 'x');
    BOOST_TEST(says(store->healthy(), emptied ? "was emptied" : "was overwritten"));
    // What is copied over it now does not go with what is in memory.
    std::ofstream{folder.file(), std::ios::binary | std::ios::in} << std::ifstream{backup, std::ios::binary}.rdbuf();
    BOOST_TEST(says(store->healthy(), "restore a backup, and start again"));
  }
}

BOOST_AUTO_TEST_CASE(a_log_that_is_emptied_or_overwritten_takes_no_commit_any_more) {
  for (const bool emptied : {true, false}) {
    scratch_folder folder;
    auto store = must_open(folder.file());
    must_commit(*store, sample_head());
    BOOST_TEST(says(store->healthy(), ""));
    if (emptied) std::filesystem::resize_file(folder.file() + "-wal", 0);
    else std::fstream{folder.file() + "-wal", std::ios::in | std::ios::out | std::ios::binary} << std::string(100, 'x');
    BOOST_TEST(says(store->healthy(), emptied ? "-wal was emptied" : "-wal was overwritten"));
    auto batch = batch_of(put_user{"@lost:x"});
    auto outcome = store->commit({&batch, 1});
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().code == fault_code::store_failed));
  }
}

BOOST_AUTO_TEST_CASE(a_log_left_behind_that_is_garbage_is_refused_and_nothing_is_changed) {
  scratch_folder folder;
  {
    auto store = must_open(folder.file());
    must_commit(*store, sample_head());
    std::filesystem::copy_file(folder.file(), folder.file("killed.db"));
    std::filesystem::copy_file(folder.file() + "-wal", folder.file("killed.db-wal"));
  }
  const auto log = folder.file("killed.db-wal");
  std::filesystem::copy_file(log, folder.file("log"));
  std::fstream{log, std::ios::in | std::ios::out | std::ios::binary} << std::string(100, 'x');
  config::store_options options;
  options.path = folder.file("killed.db");
  const auto opened = open_sqlite(options);
  BOOST_REQUIRE(!opened);
  const auto& refused = opened.error();
  BOOST_TEST((refused.code == fault_code::store_damaged));
  BOOST_TEST(refused.detail.find("killed.db-wal is no write-ahead log any more") != std::string::npos, refused.detail);
  std::filesystem::copy_file(folder.file("log"), log, std::filesystem::copy_options::overwrite_existing);
  BOOST_TEST(must_ask<room_loaded>(*must_open(folder.file("killed.db")), load_room{sample_room}).exists);
  // What a power cut leaves before anything was acknowledged.
  std::ofstream{log}.close();
  std::filesystem::resize_file(log, 8'192);
  BOOST_TEST(says(must_open(folder.file("killed.db"))->healthy(), ""));
}

BOOST_AUTO_TEST_CASE(a_store_in_memory_is_always_healthy) { BOOST_TEST(says(must_open(":memory:")->healthy(), "")); }

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
