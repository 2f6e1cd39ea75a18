#include "samples.hpp"

#include <sqlite3.h>

/// Ids stay findable while their index moves from memory to disk.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_id_index, *boost::unit_test::timeout(300))

namespace {

/// Commits the results of commands `first` to `last`, 2,000 to a transaction.
void commit_commands(engine& store, int first, int last) {
  for (int n = first; n <= last;) {
    auto batch = batch_of();
    for (int i = 0; i < 2'000 && n <= last; ++i, ++n) {
      auto id = std::to_string(n);
      batch.writes.emplace_back(put_command_result{id, "n", true, id, n});
    }
    BOOST_REQUIRE(store.commit({&batch, 1}));
  }
}

bool all_found(reader& store, int first, int last, int step = 1) {
  for (int n = first; n <= last; n += step) {
    auto found = must_ask<command_result_found>(store, find_command_result{std::to_string(n)});
    if (!found.result || found.result->body != std::to_string(n)) return false;
  }
  return true;
}

std::int64_t merged_rows(const std::string& path) {
  sqlite3* raw = nullptr;
  sqlite3_stmt* select = nullptr;
  sqlite3_open(path.c_str(), &raw);
  sqlite3_prepare_v2(raw, "SELECT count(*) FROM commands_ids", -1, &select, nullptr);
  auto count = sqlite3_step(select) == SQLITE_ROW ? sqlite3_column_int64(select, 0) : -1;
  sqlite3_finalize(select);
  sqlite3_close(raw);
  return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(ids_are_found_before_during_and_after_their_merge) {
  scratch_folder folder;
  {
    auto store = must_open(folder.file());
    auto beside = *store->open_reader();
    commit_commands(*store, 1, 33'000);
    BOOST_TEST(all_found(*beside, 1, 33'000, 7));
    commit_commands(*store, 33'001, 40'000); // the merge is under way
    BOOST_TEST(merged_rows(folder.file()) > 1'000);
    BOOST_TEST(merged_rows(folder.file()) < 32'000);
    BOOST_TEST(all_found(*store, 1, 40'000, 7));
    BOOST_TEST(all_found(*beside, 1, 40'000, 7));
  }
  auto store = must_open(folder.file()); // the half-merged table is read again
  BOOST_TEST(all_found(*store, 1, 40'000, 7));
  commit_commands(*store, 40'001, 70'000);
  BOOST_TEST(merged_rows(folder.file()) > 32'000);
  BOOST_TEST(all_found(*store, 1, 70'000, 3));
  // A repeated command is recognised wherever its id lies.
  for (int n : {1, 20'000, 39'999, 69'999})
    must_commit(*store, put_command_result{std::to_string(n), "n", true, "second", 1});
  BOOST_TEST(all_found(*store, 1, 70'000, 1'111));
  BOOST_TEST(all_found(*store, 20'000, 20'000));
}

BOOST_AUTO_TEST_CASE(purged_ids_leave_memory_and_disk) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  commit_commands(*store, 1, 36'000);
  purge_limits limits;
  limits.command_result_ms = 0;
  limits.rows_max = 10'000;
  std::size_t removed = 0;
  do {
    auto slice = store->purge(30'001, limits);
    BOOST_REQUIRE(slice);
    removed = *slice;
  } while (removed > 0);
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"1"}).result);
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"30000"}).result);
  BOOST_TEST(all_found(*store, 30'001, 36'000, 11));
  commit_commands(*store, 36'001, 60'000);
  BOOST_TEST(all_found(*store, 30'001, 60'000, 11));
  // Of the first table only what was not purged has reached the disk.
  BOOST_TEST(merged_rows(folder.file()) < 10'000);
  must_commit(*store, put_command_result{"1", "n", true, "1", 1});
  BOOST_TEST(all_found(*store, 1, 1));
}

BOOST_AUTO_TEST_CASE(rolled_back_slice_is_merged_again) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  commit_commands(*store, 1, 33'500);
  for (int n = 0; n < 3; ++n) {
    store_batch guilty = batch_of(put_command_result{"lost", "n", true, "lost", 1}, queue_pdu{"a.example", "$unknown"});
    BOOST_TEST(!store->commit({&guilty, 1}));
    commit_commands(*store, 33'501 + n * 10'000, 43'500 + n * 10'000);
  }
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"lost"}).result);
  BOOST_TEST(all_found(*store, 1, 63'500, 3));
  store.reset();
  store = must_open(folder.file());
  BOOST_TEST(all_found(*store, 1, 63'500, 3));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
