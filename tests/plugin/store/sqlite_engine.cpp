#include "plugin/store/invitation_rows.hpp"
#include "plugin/store/schema.hpp"
#include "samples.hpp"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

/// What is SQLite's own: files, schema, indexes, damage, a full disk and backup.
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

put_event accepted(const matrix::event_ptr& event, std::int64_t position) {
  return {event->room_id, event, verdict::accepted, 0, 0, position, ""};
}

} // namespace

BOOST_AUTO_TEST_CASE(newer_schema_is_refused_and_left_alone) {
  scratch_folder folder;
  must_open(folder.file());
  run_sql(folder.file(), "UPDATE meta SET value = '999' WHERE name = 'serves_from'; PRAGMA user_version = 999");
  auto refused = refusal_of(folder.file());
  BOOST_TEST((refused.code == fault_code::store_failed));
  BOOST_TEST(refused.detail.find("schema version 999") != std::string::npos);
  BOOST_TEST(refused.detail.find(folder.file()) == 0u);
  run_sql(folder.file(), "PRAGMA user_version = " + std::to_string(sql::schema_version));
  must_open(folder.file());
}

namespace {

/// A store as the program of schema version 7 left it.
void write_version_7(const std::string& path) {
  std::ifstream in{CAUSEWAY_TEST_DATA "/plugin/store/version_7.sql"};
  BOOST_REQUIRE(in);
  std::ostringstream sql;
  sql << in.rdbuf();
  run_sql(path, sql.str());
}

} // namespace

BOOST_AUTO_TEST_CASE(store_of_version_7_is_read_with_all_it_holds) {
  scratch_folder folder;
  write_version_7(folder.file());
  // What was migrated is the same for whoever opens it next.
  for (const auto* which : {"migrated", "opened again"}) {
    BOOST_TEST_CONTEXT(which) {
      auto store = must_open(folder.file());
      using texts = std::vector<std::string>;
      const auto room = must_ask<room_loaded>(*store, load_room{sample_room});
      BOOST_TEST(room.exists);
      BOOST_TEST(room.room.chat_room_id == "GENERAL");
      BOOST_TEST(room.room.first_position == -2);
      BOOST_TEST(room.room.history_from == (texts{"$older", "$oldest"}), boost::test_tools::per_element());
      BOOST_TEST(room.room.members_omitted == R"({"join":"$join","servers":["there.example"]})");
      BOOST_TEST(room.extremities.at(0).event->event_id == sample_message(2)->event_id);
      BOOST_TEST(room.state_events.size() == 1u);
      BOOST_TEST(room.state_groups.at(1)->size() == 1u);
      BOOST_TEST(room.inbox.at(0).event_id == "$staged");
      BOOST_TEST(room.held_redactions.at(0).redaction_event_id == "$redaction");
      BOOST_TEST(must_ask<room_loaded>(*store, load_room{"!quiet:here.example"}).room.history_from.empty());
      texts users;
      for (const auto& x : must_ask<invitations_found>(*store, find_invitations{}).invitations)
        users.push_back(x.user_id);
      BOOST_TEST(users == (texts{"@knocks:here.example", "@open:x", "@unconfirmed:x", "@unsettled:x", "@over:x"}),
                 boost::test_tools::per_element());
      const auto knock =
        must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@knocks:here.example"}).invitation.value();
      BOOST_TEST((knock.via == std::vector<std::string>{"there.example", "other.example"}));
      BOOST_TEST((knock.direction == invitation_direction::knock));
      BOOST_TEST((knock.state == invitation_state::sending));
      BOOST_TEST((knock.pending_request == next_request::knock));
      BOOST_TEST(knock.event == R"({"type":"m.room.member"})");
      BOOST_TEST(knock.invite_room_state == R"([{"type":"m.room.name"}])");
      BOOST_TEST(knock.last_fault == "peer_unreachable: refused");
      BOOST_TEST(knock.since_ts == 50);
      BOOST_TEST(knock.retry_at_ts == 400);
      const auto open = must_ask<invitation_loaded>(*store, load_invitation{sample_room, "@open:x"}).invitation.value();
      BOOST_TEST(open.via.empty());
      const auto owed = must_ask<destination_loaded>(*store, load_destination{"there.example"});
      BOOST_TEST(owed.destination.delayed_event_id == "");
      BOOST_TEST(owed.destination.paused_since_ts == 0);
      BOOST_TEST(must_ask<audit_listed>(*store, list_audit{}).rows.empty());
      BOOST_TEST(must_ask<nodes_listed>(*store, list_nodes{}).nodes.empty());
      BOOST_TEST(owed.pdus.size() == 2u);
      BOOST_TEST(owed.destination.transaction_pdus == texts{sample_message(1)->event_id},
                 boost::test_tools::per_element());
      BOOST_TEST(owed.destination.transaction_edus.size() == 1u);
      BOOST_TEST(owed.keys.keys.at("ed25519:a").replaced.size() == 1u);
      BOOST_TEST(owed.keys.documents == "[]");
      BOOST_TEST(owed.refused.at(0).event_id == "$refused");
      BOOST_TEST(must_ask<message_found>(*store, find_message{sample_room, "m1"}).event_id ==
                 sample_message(1)->event_id);
      BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"c1"}).result.value().body == "done");
      BOOST_TEST(must_ask<received_transaction_found>(*store, find_received_transaction{"there.example", "1"})
                   .response.value() == R"({"pdus":{}})");
      BOOST_TEST(must_ask<user_found>(*store, find_user{"@u:here.example"}).user.value().display_name == "You");
      BOOST_TEST(must_ask<receipt_debts_loaded>(*store, load_receipt_debts{}).debts.empty());
      const auto known = must_ask<directory_loaded>(*store, load_directory{});
      BOOST_TEST(known.rooms.size() == 2u);
      BOOST_TEST(known.rooms.at(0).listing == R"({"name":"General"})");
      BOOST_TEST(known.rooms.at(0).has_inbox);
      BOOST_TEST(!known.rooms.at(1).has_inbox);
      BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{0}).acknowledged == 1);
      const auto letter = must_ask<dead_letters_listed>(*store, list_dead_letters{}).letters.at(0);
      BOOST_TEST(letter.reason == "refused");
      BOOST_TEST(letter.bytes == 4);
      BOOST_TEST(letter.ts > 0); // as from the migration on, or it would go at once
    }
  }
  // And it goes on from there.
  auto store = must_open(folder.file());
  BOOST_TEST(must_commit(*store, append_outbox{3, "n", "b"}).outbox_heads.at(3) == 2);
  must_commit(*store, put_event{sample_room, sample_message(9), verdict::accepted, 1, 1, 4, ""}, sample_head());
  BOOST_TEST(must_ask<rooms_listed>(*store, list_rooms{.name = sample_room}).rooms.at(0).events == 4);
  BOOST_TEST(one_text(folder.file(), "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%\\_7%' ESCAPE '\\'") == "0");
}

BOOST_AUTO_TEST_CASE(in_an_older_store_the_rooms_of_our_users_are_found_from_its_events) {
  scratch_folder folder;
  write_version_7(folder.file());
  for (const auto* user : {"@u:here.example", "@stranger:there.example"})
    run_sql(folder.file(), "INSERT INTO events(room, judged, for_auth, state_group_before, state_group_after, position,"
                           " depth, origin_server_ts, event_id, reason, json) VALUES(1, 0, 1, 1, 1, 8, 8, 0, '$" +
                             std::string{user} + "', '', '{\"type\":\"m.room.member\",\"state_key\":\"" + user +
                             "\"}')");
  auto store = must_open(folder.file());
  BOOST_TEST(must_ask<member_rooms_found>(*store, find_member_rooms{"@u:here.example"}).room_ids.size() == 1u);
  BOOST_TEST(must_ask<member_rooms_found>(*store, find_member_rooms{"@stranger:there.example"}).room_ids.empty());
}

BOOST_AUTO_TEST_CASE(a_migrated_store_has_the_tables_of_a_new_one) {
  scratch_folder migrated, made;
  write_version_7(migrated.file());
  must_open(migrated.file());
  must_open(made.file());
  const std::string tables =
    "SELECT group_concat(t, ';') FROM (SELECT m.name || ':' || (SELECT group_concat(c, ',') FROM (SELECT name AS c FROM"
    " pragma_table_info(m.name) ORDER BY name)) AS t FROM sqlite_schema m WHERE type = 'table' ORDER BY m.name)";
  const std::string indexes = "SELECT group_concat(n) FROM (SELECT name AS n FROM sqlite_schema WHERE type = 'index'"
                              " AND name NOT LIKE 'sqlite_%' ORDER BY name)";
  BOOST_TEST(one_text(migrated.file(), tables) == one_text(made.file(), tables));
  BOOST_TEST(one_text(migrated.file(), indexes) == one_text(made.file(), indexes));
  BOOST_TEST(one_text(migrated.file(), tables).find("invitations:attempts") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(store_of_the_first_version_is_migrated_with_what_it_holds) {
  scratch_folder folder;
  write_version_7(folder.file());
  run_sql(folder.file(), "DROP INDEX rooms_by_chat_id; DROP TABLE refused_pdus; DROP TABLE held_redactions;"
                         " ALTER TABLE events DROP COLUMN redacted_by; ALTER TABLE rooms DROP COLUMN members_omitted;"
                         " ALTER TABLE invitations DROP COLUMN via; ALTER TABLE invitations DROP COLUMN last_fault;"
                         " ALTER TABLE rooms DROP COLUMN listing; ALTER TABLE server_keys DROP COLUMN document;"
                         " PRAGMA user_version = 1");
  auto store = must_open(folder.file());
  auto loaded = must_ask<destination_loaded>(*store, load_destination{"there.example"});
  BOOST_TEST(loaded.keys.keys.size() == 1u);
  BOOST_TEST(loaded.keys.documents == "");
  BOOST_TEST(must_ask<room_loaded>(*store, load_room{sample_room}).room.history_from.size() == 2u);
  BOOST_TEST(must_ask<invitations_found>(*store, find_invitations{}).invitations.size() == 5u);
}

BOOST_AUTO_TEST_CASE(lists_of_invitations_are_read_in_the_order_of_their_index) {
  scratch_folder folder;
  must_open(folder.file());
  const auto plan = [&](sql::listed_by whose) {
    sqlite3* raw = nullptr;
    sqlite3_stmt* select = nullptr;
    BOOST_REQUIRE(sqlite3_open(folder.file().c_str(), &raw) == SQLITE_OK);
    const auto sql = "EXPLAIN QUERY PLAN " + sql::select_invitations(whose);
    BOOST_REQUIRE(sqlite3_prepare_v2(raw, sql.c_str(), -1, &select, nullptr) == SQLITE_OK);
    std::string steps;
    while (sqlite3_step(select) == SQLITE_ROW)
      steps.append(reinterpret_cast<const char*>(sqlite3_column_text(select, 3))).append("\n");
    sqlite3_finalize(select);
    sqlite3_close(raw);
    return steps;
  };
  using enum sql::listed_by;
  for (const auto& [whose, index] :
       {std::pair{all, "invitations_listed (list_rank=? AND since_ts<?"},
        std::pair{room, "invitations_listed_of_room (room=? AND list_rank=? AND since_ts<?"},
        std::pair{user, "invitations_listed_of_user (user_id=? AND list_rank=? AND since_ts<?"}}) {
    const auto steps = plan(whose);
    BOOST_TEST(steps.find(std::string{"SEARCH i USING INDEX "} + index) != std::string::npos, steps);
    BOOST_TEST(steps.find("SCAN") == std::string::npos, steps);
    BOOST_TEST(steps.find("TEMP B-TREE") == std::string::npos, steps); // nothing is sorted
  }
}

BOOST_AUTO_TEST_CASE(dead_letter_outlives_its_notification) {
  scratch_folder folder;
  constexpr std::int64_t one_day_ms = 86'400'000;
  {
    auto store = must_open(folder.file());
    must_commit(*store, append_outbox{0, "n", "b"}, acknowledge_outbox{0, 1},
                put_dead_letter{0, 1, "refused", 100 * one_day_ms});
    BOOST_REQUIRE(store->purge(100 * one_day_ms, {}));
    BOOST_REQUIRE(store->purge(131 * one_day_ms, {}));
    BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).first_kept == 2); // which tells of it
  }
  BOOST_TEST(one_text(folder.file(), "SELECT reason || name || body FROM dead_letters") == "refusednb");
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
  std::ofstream{folder.file()}.close();
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
      std::ofstream{folder.file() + ending}.close();
      std::filesystem::permissions(folder.file() + ending, std::filesystem::perms{0664});
    }
    auto store = must_open(folder.file());
    must_commit(*store, sample_head());
    for (const char* ending : {"-wal", "-shm", "-lock"}) BOOST_TEST(mode_of(folder.file() + ending) == 0600u);
  }
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

BOOST_AUTO_TEST_CASE(events_whose_hashes_collide_are_told_apart) {
  scratch_folder folder;
  must_open(folder.file());
  run_sql(folder.file(), "UPDATE meta SET value = 1 WHERE name = 'id_hash_bits'");
  std::vector<matrix::event_ptr> events;
  {
    auto store = must_open(folder.file());
    for (std::int64_t n = 1; n <= 40; ++n) {
      events.push_back(sample_message(n));
      auto id = std::to_string(n);
      must_commit(*store, accepted(events.back(), n), put_command_result{"command " + id, "message.send", true, id, n},
                  bind_message{sample_room, "chat " + id, events.back()->event_id},
                  queue_pdu{"there.example", events.back()->event_id});
    }
    must_commit(*store, accepted(events[7], 100));
  }
  auto store = must_open(folder.file());
  for (std::int64_t n = 1; n <= 40; ++n) {
    auto id = std::to_string(n);
    const auto& event = events[static_cast<std::size_t>(n - 1)];
    auto found = must_ask<events_loaded>(*store, find_event{event->event_id});
    BOOST_REQUIRE(found.events.size() == 1u);
    BOOST_TEST(found.events[0].event->event_id == event->event_id);
    BOOST_TEST(found.events[0].position == (n == 8 ? 100 : n));
    BOOST_TEST(must_ask<command_result_found>(*store, find_command_result{"command " + id}).result.value().body == id);
    BOOST_TEST(must_ask<message_found>(*store, find_message{sample_room, "chat " + id}).event_id == event->event_id);
    BOOST_TEST(must_ask<message_found>(*store, find_message{sample_room, event->event_id}).chat_message_id ==
               "chat " + id);
  }
  BOOST_TEST(must_ask<destination_loaded>(*store, load_destination{"there.example"}).pdus.size() == 40u);
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

// -- backup -----------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(backup_is_a_store_of_that_moment) {
  scratch_folder folder;
  auto store = must_open(folder.file());
  auto batch = batch_of();
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
