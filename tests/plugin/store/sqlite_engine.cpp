#include "plugin/store/schema.hpp"
#include "samples.hpp"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cerrno>
#include <csignal>
#include <fstream>

/// Files, transactions, retention and backup of the SQLite engine.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_sqlite_engine, *boost::unit_test::timeout(120))

namespace {

fault refusal_of(const std::string& path) {
  auto opened = open_sqlite(options_for(path));
  return opened ? fault{} : opened.error();
}

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
}

/// Runs SQL over a connection of our own, as an operator with sqlite3 would.
void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* raw = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &raw) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
}

std::string one_text(const std::string& path, const std::string& sql) {
  sqlite3* raw = nullptr;
  sqlite3_stmt* select = nullptr;
  BOOST_REQUIRE(sqlite3_open(path.c_str(), &raw) == SQLITE_OK);
  BOOST_REQUIRE(sqlite3_prepare_v2(raw, sql.c_str(), -1, &select, nullptr) == SQLITE_OK);
  std::string text;
  if (sqlite3_step(select) == SQLITE_ROW) text = reinterpret_cast<const char*>(sqlite3_column_text(select, 0));
  sqlite3_finalize(select);
  sqlite3_close(raw);
  return text;
}

/// Files may not grow beyond `bytes` while it lives: how a full disk looks to a program.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes) {
    former_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &former_);
    rlimit limited = former_;
    limited.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limited);
  }
  file_size_limit(file_size_limit&&) = delete;
  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &former_);
    std::signal(SIGXFSZ, former_handler_);
  }

private:
  rlimit former_{};
  void (*former_handler_)(int);
};

put_event accepted(matrix::event_ptr event, std::int64_t position) {
  return {event->room_id, event, verdict::accepted, 0, 0, position, ""};
}

} // namespace

BOOST_AUTO_TEST_CASE(store_is_there_after_reopening) {
  scratch_folder folder;
  auto event = sample_message(1);
  {
    auto store = must_open(folder.file());
    must_commit(*store, accepted(event, 1), sample_head(), append_outbox{0, "a", "b"},
                queue_pdu{"a.example", event->event_id});
  }
  auto store = must_open(folder.file());
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).exists);
  BOOST_TEST(must_ask<events_loaded>(*store, find_event{event->event_id}).events.size() == 1u);
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"a.example"}).pdus.size() == 1u);
  BOOST_TEST(must_commit(*store, append_outbox{0, "c", "d"}).outbox_heads.at(0) == 2);
}

BOOST_AUTO_TEST_CASE(newer_schema_is_refused_and_left_alone) {
  scratch_folder folder;
  must_open(folder.file());
  run_sql(folder.file(), "PRAGMA user_version = 999");
  auto refused = refusal_of(folder.file());
  BOOST_TEST((refused.code == fault_code::store_failed));
  BOOST_TEST(refused.detail.find("schema version 999") != std::string::npos);
  BOOST_TEST(refused.detail.find(folder.file()) == 0u);
  run_sql(folder.file(), "PRAGMA user_version = " + std::to_string(sqlite::schema_version));
  must_open(folder.file());
}

BOOST_AUTO_TEST_CASE(store_of_an_older_version_is_migrated_with_what_it_holds) {
  scratch_folder folder;
  must_commit(*must_open(folder.file()), put_server_keys{"a.example", {{"ed25519:a", {"AAAA", 1, false}}}, 1});
  run_sql(
    folder.file(),
    "DROP INDEX rooms_by_chat_id; DROP TABLE refused_pdus; DROP TABLE held_redactions; ALTER TABLE events DROP COLUMN redacted_by; ALTER TABLE rooms DROP COLUMN members_omitted; ALTER TABLE invitations DROP COLUMN via; ALTER TABLE invitations DROP COLUMN last_fault;"
    " ALTER TABLE rooms DROP COLUMN listing; ALTER TABLE server_keys DROP COLUMN document; PRAGMA user_version = 1");
  auto store = must_open(folder.file());
  auto loaded = must_ask<destination_loaded>(*store, load_destination{"a.example"});
  BOOST_TEST(loaded.keys.keys.size() == 1u);
  BOOST_TEST(loaded.keys.documents == "");
}

BOOST_AUTO_TEST_CASE(database_of_another_program_is_refused) {
  scratch_folder folder;
  run_sql(folder.file(), "CREATE TABLE recipes(name TEXT)");
  auto refused = refusal_of(folder.file());
  BOOST_TEST((refused.code == fault_code::store_failed));
  BOOST_TEST(refused.detail.find("another program") != std::string::npos);
  BOOST_TEST(one_text(folder.file(), "SELECT group_concat(name) FROM sqlite_schema") == "recipes");
}

BOOST_AUTO_TEST_CASE(file_that_is_no_database_is_refused) {
  scratch_folder folder;
  std::ofstream{folder.file()} << std::string(10'000, 'x');
  BOOST_TEST((refusal_of(folder.file()).code == fault_code::store_damaged));
  BOOST_TEST((refusal_of(folder.file("missing/store.db")).code == fault_code::store_failed));
  std::filesystem::create_directory(folder.file("directory"));
  BOOST_TEST((refusal_of(folder.file("directory")).code == fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(store_in_use_is_refused_with_the_owner) {
  scratch_folder folder;
  {
    auto first = must_open(folder.file());
    auto refused = refusal_of(folder.file());
    BOOST_TEST((refused.code == fault_code::store_failed));
    BOOST_TEST(refused.detail.find("in use by process " + std::to_string(getpid())) != std::string::npos);
    must_commit(*first, sample_head());
  }
  must_open(folder.file());
}

BOOST_AUTO_TEST_CASE(files_are_for_the_owner_only) {
  scratch_folder folder;
  std::ofstream{folder.file()};
  std::filesystem::permissions(folder.file(), std::filesystem::perms{0644});
  auto store = must_open(folder.file());
  must_commit(*store, sample_head());
  for (const char* ending : {"", "-wal", "-shm", "-lock"}) BOOST_TEST(mode_of(folder.file() + ending) == 0600u);
  BOOST_REQUIRE(store->backup(folder.file("copy.db")));
  BOOST_TEST(mode_of(folder.file("copy.db")) == 0600u);
}

BOOST_AUTO_TEST_CASE(files_are_for_the_owner_only_whatever_the_umask_says_and_whatever_a_crash_left) {
  for (const mode_t mask : {0000U, 0022U, 0777U}) {
    scratch_folder folder;
    const auto before = ::umask(mask);
    {
      auto store = must_open(folder.file());
      must_commit(*store, sample_head());
      for (const char* ending : {"", "-wal", "-shm", "-lock"}) BOOST_TEST(mode_of(folder.file() + ending) == 0600u);
      BOOST_REQUIRE(store->backup(folder.file("copy.db")));
      BOOST_TEST(mode_of(folder.file("copy.db")) == 0600u);
    }
    ::umask(before);
    for (const char* ending : {"-wal", "-shm", "-lock"}) {
      std::ofstream{folder.file() + ending};
      std::filesystem::permissions(folder.file() + ending, std::filesystem::perms{0664});
    }
    auto store = must_open(folder.file());
    must_commit(*store, sample_head());
    for (const char* ending : {"-wal", "-shm", "-lock"}) BOOST_TEST(mode_of(folder.file() + ending) == 0600u);
  }
}

BOOST_AUTO_TEST_CASE(failed_transaction_leaves_nothing_behind) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  must_commit(*store, append_outbox{0, "kept", ""});
  auto event = sample_message(1, "!new:here.example");
  std::vector<store_batch> batches{
    batch_of(accepted(event, 1), sample_head("!new:here.example"), append_outbox{0, "lost", ""},
             append_outbox{1, "lost", ""}, queue_pdu{"new.example", event->event_id},
             put_command_result{"c", "n", true, "b", 1}, bind_message{"!new:here.example", "m", "$e"}),
    batch_of(queue_pdu{"new.example", "$unknown"})};
  BOOST_TEST(!store->commit(batches));
  BOOST_TEST(!must_ask<room_loaded>(*store, load_room{"!new:here.example"}).exists);
  BOOST_TEST(must_ask<events_loaded>(*store, find_event{event->event_id}).events.empty());
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{0}).head == 1);
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{1}).head == 0);
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"c"}).result);
  BOOST_TEST(must_ask<message_found>(*store, find_message{"!new:here.example", "m"}).event_id == "");
  // What the failed transaction had interned must not be used by the next one.
  batches.pop_back();
  BOOST_REQUIRE(store->commit(batches));
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{"!new:here.example"}).exists);
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"new.example"}).pdus.size() == 1u);
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{0}).head == 2);
  BOOST_TEST(must_ask<message_found>(*store, find_message{"!new:here.example", "m"}).event_id == "$e");
}

BOOST_AUTO_TEST_CASE(full_disk_is_a_fault_and_the_store_goes_on_after_it) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  std::int64_t committed = 0;
  auto commit_one = [&] {
    auto batch = batch_of(append_outbox{0, "n", std::string(50'000, 'x')});
    return store->commit({&batch, 1});
  };
  {
    file_size_limit disk{1'000'000};
    for (;;) {
      auto outcome = commit_one();
      if (!outcome) {
        BOOST_TEST((outcome.error().code == fault_code::store_failed), to_string(outcome.error()));
        break;
      }
      committed = (*outcome)[0].outbox_heads.at(0);
      BOOST_REQUIRE(committed < 100);
    }
    BOOST_TEST((commit_one().error().code == fault_code::store_failed));
  }
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).head == committed);
  auto outcome = commit_one();
  BOOST_REQUIRE(outcome);
  BOOST_TEST((*outcome)[0].outbox_heads.at(0) == committed + 1);
}

BOOST_AUTO_TEST_CASE(damaged_rows_are_a_fault) {
  scratch_folder folder;
  auto event = sample_message(1), other = sample_event({.type = "m.room.name", .state_key = ""});
  {
    auto store = must_open(folder.file());
    auto head = sample_head();
    head.state_group = 1;
    must_commit(*store, accepted(event, 1), accepted(other, 2),
                put_state_group{sample_room, 1, 0, {{{"a", "b"}, "$c"}}}, head,
                put_server_keys{"a.example", {{"ed25519:a", {"AAAA", 1, false}}}, 1});
  }
  auto is_fault = [&](const query& question) {
    auto answered = must_open(folder.file())->ask(question);
    const auto* failed = std::get_if<fault>(&answered);
    return failed && failed->code == fault_code::store_damaged;
  };
  BOOST_TEST(!is_fault(load_room{sample_room}));
  run_sql(folder.file(), "UPDATE state_groups SET entries = x'c1'");
  BOOST_TEST(is_fault(load_room{sample_room}));
  run_sql(folder.file(), "UPDATE state_groups SET base = 1");
  BOOST_TEST(is_fault(load_room{sample_room}));
  run_sql(folder.file(), "DELETE FROM state_groups");
  BOOST_TEST(is_fault(load_room{sample_room}));
  run_sql(folder.file(), "UPDATE events SET json = '{}' WHERE seq = 1");
  BOOST_TEST(is_fault(find_event{event->event_id}));
  run_sql(folder.file(), "UPDATE events SET json = (SELECT json FROM events WHERE seq = 2) WHERE seq = 1");
  BOOST_TEST(is_fault(find_event{event->event_id}));
  run_sql(folder.file(), "UPDATE server_keys SET keys = x'90'");
  BOOST_TEST(is_fault(load_destination{"a.example"}));
}

BOOST_AUTO_TEST_CASE(log_starts_anew_under_load) {
  scratch_folder folder;
  auto options = options_for(folder.file());
  options.checkpoint_pages = 100;
  auto opened = open_sqlite(options);
  BOOST_REQUIRE(opened);
  constexpr std::uintmax_t page_bytes = 8'192;
  std::uintmax_t written = 0;
  for (int n = 0; n < 200; ++n, written += 40 * page_bytes)
    must_commit(**opened, append_outbox{0, "n", std::string(40 * page_bytes, 'x')});
  // At eight times the wanted size the writing thread copies the log itself; as much again for chance.
  BOOST_TEST(std::filesystem::file_size(folder.file("store.db-wal")) < written / 4);
  BOOST_TEST(std::filesystem::file_size(folder.file()) > written / 2);
}

// -- retention ----------------------------------------------------------------------------------------------------------

namespace {

constexpr std::int64_t day_ms = 86'400'000;

std::size_t purge_all(engine& store, std::int64_t now_ms, const purge_limits& limits = {}) {
  std::size_t total = 0;
  for (;;) {
    auto removed = store.purge(now_ms, limits);
    BOOST_REQUIRE(removed);
    if (*removed == 0) return total;
    total += *removed;
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(old_answers_go_in_slices_and_young_ones_stay) {
  auto store = must_open(":memory:");
  store_batch batch;
  for (int n = 0; n < 25; ++n) {
    auto ts = n < 20 ? 1'000 : 40 * day_ms;
    batch.writes.push_back(put_received_transaction{"a.example", std::to_string(n), "{}", ts});
    batch.writes.push_back(put_command_result{std::to_string(n), "n", true, "b", ts});
  }
  BOOST_REQUIRE(store->commit({&batch, 1}));
  purge_limits limits;
  limits.rows_max = 8;
  auto first = store->purge(41 * day_ms, limits);
  BOOST_REQUIRE(first);
  BOOST_TEST(*first == 16u);
  BOOST_TEST(purge_all(*store, 41 * day_ms, limits) == 24u);
  BOOST_TEST(!must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "19"}).response);
  BOOST_TEST(
    must_ask<received_transaction_found>(*store, find_received_transaction{"a.example", "20"}).response.has_value());
  BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"19"}).result);
  BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"20"}).result.has_value());
}

BOOST_AUTO_TEST_CASE(answers_of_a_clock_that_ran_ahead_keep_no_others_and_go_when_others_do) {
  auto store = must_open(":memory:");
  store_batch batch;
  for (int n = 0; n < 20; ++n) {
    const auto ts = n < 10 ? 400 * day_ms : 40 * day_ms; // those in front: a year ahead
    batch.writes.push_back(put_received_transaction{"a.example", std::to_string(n), "{}", ts});
    batch.writes.push_back(put_command_result{std::to_string(n), "n", true, "b", ts});
  }
  BOOST_REQUIRE(store->commit({&batch, 1}));
  purge_limits limits;
  limits.rows_max = 8;
  BOOST_TEST(purge_all(*store, 41 * day_ms, limits) == 0u);
  BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"0"})
               .result.has_value()); // or it would be carried out again
  BOOST_TEST(purge_all(*store, 80 * day_ms, limits) == 36u);
  BOOST_TEST(purge_all(*store, 120 * day_ms, limits) == 4u); // those that were not yet in front
}

BOOST_AUTO_TEST_CASE(command_is_known_again_after_all_results_were_purged) {
  scratch_folder folder;
  for (int round = 0; round < 3; ++round) {
    auto store = must_open(folder.file());
    must_commit(*store, put_command_result{"c", "n", true, std::to_string(round), round * 40 * day_ms});
    BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"c"}).result.value().body ==
               std::to_string(round));
    BOOST_TEST(purge_all(*store, (round * 40 + 39) * day_ms) == 1u);
    BOOST_TEST(!must_ask<command_result_found>(*store, find_command_result{"c"}).result);
  }
}

BOOST_AUTO_TEST_CASE(outbox_rows_go_after_acknowledgement_and_retention_and_cursors_never_return) {
  scratch_folder folder;
  {
    auto store = must_open(folder.file());
    for (int n = 0; n < 10; ++n) must_commit(*store, append_outbox{0, "n", "b"});
    must_commit(*store, acknowledge_outbox{0, 6}, put_dead_letter{0, 2, "refused"});
    BOOST_TEST(purge_all(*store, 100 * day_ms) == 0u);
    must_commit(*store, acknowledge_outbox{0, 10});
    BOOST_TEST(purge_all(*store, 101 * day_ms) == 0u);
    BOOST_TEST(purge_all(*store, 130 * day_ms) == 6u);
    auto read = must_ask<outbox_read>(*store, read_outbox{});
    BOOST_TEST(read.first_kept == 7);
    BOOST_TEST(read.rows.size() == 4u);
    BOOST_TEST(purge_all(*store, 131 * day_ms) == 4u);
    read = must_ask<outbox_read>(*store, read_outbox{});
    BOOST_TEST(read.first_kept == 0);
    BOOST_TEST(read.head == 10);
    BOOST_TEST(read.acknowledged == 10);
  }
  {
    auto store = must_open(folder.file());
    BOOST_TEST(must_commit(*store, append_outbox{0, "n", "b"}).outbox_heads.at(0) == 11);
  }
  BOOST_TEST(one_text(folder.file(), "SELECT reason || name || body FROM dead_letters") == "refusednb");
}

BOOST_AUTO_TEST_CASE(clock_that_ran_ahead_does_not_keep_the_outbox_for_ever) {
  auto store = must_open(":memory:");
  must_commit(*store, append_outbox{0, "n", "b"}, acknowledge_outbox{0, 1});
  purge_all(*store, 100'000 * day_ms);
  purge_all(*store, 100 * day_ms);
  BOOST_TEST(purge_all(*store, 131 * day_ms) == 1u);
}

// -- backup -------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(backup_is_a_store_of_that_moment) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  store_batch batch;
  for (std::int64_t n = 1; n <= 300; ++n) batch.writes.emplace_back(accepted(sample_message(n), n));
  batch.writes.emplace_back(sample_head());
  BOOST_REQUIRE(store->commit({&batch, 1}));
  std::ofstream{folder.file("copy.db")} << "an older backup";
  BOOST_REQUIRE(store->backup(folder.file("copy.db")));
  must_commit(*store, accepted(sample_message(301), 301));
  auto copy = must_open(folder.file("copy.db"));
  BOOST_TEST(must_ask<events_loaded>(*copy, find_event{sample_message(300)->event_id}).events.size() == 1u);
  BOOST_TEST(must_ask<events_loaded>(*copy, find_event{sample_message(301)->event_id}).events.empty());
  must_commit(*copy, accepted(sample_message(302), 302));
  copy.reset();
  BOOST_TEST(one_text(folder.file("copy.db"), "PRAGMA integrity_check") == "ok");
  BOOST_TEST(!std::filesystem::exists(folder.file("copy.db.part")));
}

BOOST_AUTO_TEST_CASE(backup_never_replaces_the_store_or_appears_in_part) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  must_commit(*store, append_outbox{0, "n", std::string(500'000, 'x')});
  auto refused = store->backup(folder.file());
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::invalid_param));
  BOOST_TEST(!store->backup(folder.file("missing/copy.db")));
  {
    file_size_limit disk{100'000};
    BOOST_TEST(!store->backup(folder.file("copy.db")));
  }
  BOOST_TEST(!std::filesystem::exists(folder.file("copy.db")));
  BOOST_TEST(!std::filesystem::exists(folder.file("copy.db.part")));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
