#include "plugin/store/copy_store.hpp"

#include "plugin/postgresql_database.hpp"
#include "plugin/sqlite_database.hpp"
#include "plugin/store/key_claim.hpp"
#include "plugin/store/schema.hpp"
#include "postgresql_server.hpp"
#include "samples.hpp"

#include <fstream>
#include <set>

/// The store moves from a SQLite file into PostgreSQL: every row of every table, once.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(store_copy)

namespace {

const identity here{"here.example", 1};

config::store_options database_at(const std::string& url) {
  config::store_options options;
  options.engine = config::store_engine::postgresql;
  options.url = url;
  return options;
}

std::unique_ptr<engine> must_open_database(const std::string& url) {
  auto opened = open_postgresql(database_at(url), &here);
  if (!opened) throw std::runtime_error{to_string(opened.error())};
  return *std::move(opened);
}

/// Used as a broker does for a while.
void fill(const std::string& path, int events) {
  auto opened = open_sqlite(options_for(path), &here);
  BOOST_REQUIRE(opened);
  auto& store = **opened;
  for (int n = 1; n <= events; ++n) {
    const auto event = sample_message(n);
    auto head = sample_head();
    head.last_position = n;
    head.forward_extremities = {event->event_id};
    must_commit(store, put_event{sample_room, event, verdict::accepted, 0, 0, n, ""},
                append_outbox{0, "message.received", "body " + std::to_string(n)},
                queue_pdu{"there.example", event->event_id},
                put_command_result{"c" + std::to_string(n), "n", true, "", n}, head);
  }
  BOOST_REQUIRE(bool(write_key_use(options_for(path), {"ed25519:first", "AAAA"})));
}

struct column {
  std::string name;
  bool is_integer = false;
};
using columns = std::vector<column>;

/// Of all tables but those that say who has the database.
std::vector<std::pair<std::string, columns>> columns_by_table(const std::string& path) {
  sqlite_database db{path, SQLITE_OPEN_READWRITE};
  std::vector<std::pair<std::string, columns>> out;
  sql::statement all{db, "SELECT m.name, c.name, c.type FROM sqlite_schema m, pragma_table_info(m.name) c"
                         " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
                         " AND m.name NOT IN ('node', 'shard', 'term', 'commit_mark') ORDER BY m.name, c.cid"};
  for (auto rows = all.query(); rows.next();) {
    if (out.empty() || out.back().first != rows.text(0)) out.push_back({rows.string(0), {}});
    out.back().second.push_back({rows.string(1), rows.text(2) == "INTEGER"});
  }
  return out;
}

/// Each row as one text.
std::multiset<std::string> rows_of(sql::connection& db, const std::string& table, const columns& of) {
  std::string select = "SELECT ";
  for (const auto& x : of) select += (select.back() == ' ' ? "" : ",") + x.name;
  std::multiset<std::string> out;
  sql::statement all{db, select + " FROM " + table};
  for (auto rows = all.query(); rows.next();) {
    std::string row;
    for (int i = 0; i < static_cast<int>(of.size()); ++i)
      row += (of[static_cast<std::size_t>(i)].is_integer ? std::to_string(rows.integer(i)) : rows.string(i)) + '\n';
    out.insert(std::move(row));
  }
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_row_of_every_table_is_there_afterwards) {
  scratch_folder folder;
  fill(folder.file(), 300);
  const auto url = postgresql_server::running().make_store();
  std::int64_t told = 0;
  const auto copied =
    copy_store(options_for(folder.file()), database_at(url), here, [&](const copied_table& x) { told += x.rows; });
  BOOST_REQUIRE_MESSAGE(copied, (copied ? "" : to_string(copied.error())));
  sqlite_database before{folder.file(), SQLITE_OPEN_READWRITE};
  postgresql_database after{url, postgresql_database::use::shared};
  const auto tables = columns_by_table(folder.file());
  BOOST_TEST(tables.size() > 20u);
  BOOST_TEST(copied->size() == tables.size());
  std::size_t rows = 0;
  for (const auto& [table, of] : tables) {
    const auto there = rows_of(before, table, of);
    rows += there.size();
    if (table == "meta") continue; // it has the version of the tables besides
    BOOST_TEST((there == rows_of(after, table, of)), table);
  }
  BOOST_TEST(rows > 1'200u);
  BOOST_TEST(told == static_cast<std::int64_t>(rows));
}

BOOST_AUTO_TEST_CASE(the_copy_goes_on_where_the_file_ended) {
  scratch_folder folder;
  fill(folder.file(), 20);
  const auto url = postgresql_server::running().make_store();
  BOOST_REQUIRE(bool(copy_store(options_for(folder.file()), database_at(url), here)));
  auto store = must_open_database(url);
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).head == 20);
  BOOST_TEST(read_key_use(database_at(url))->signed_with->key_id == "ed25519:first");
  // A room and a server that are new get numbers of their own.
  const auto other = sample_message(1, "!other:here.example");
  must_commit(*store, put_event{"!other:here.example", other, verdict::accepted, 0, 0, 1, ""},
              queue_pdu{"elsewhere.example", other->event_id}, sample_head("!other:here.example"),
              append_outbox{0, "message.received", "after"});
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).head == 21);
  // A command that was answered before is not carried out again.
  const auto again = must_commit(*store, put_command_result{"c7", "n", true, "", 7});
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{}).head == 21);
  static_cast<void>(again);
}

BOOST_AUTO_TEST_CASE(a_store_whose_upgrade_is_not_finished_is_not_copied) {
  scratch_folder folder;
  fill(folder.file(), 1);
  const auto refusal = [&] {
    const auto url = postgresql_server::running().make_store();
    const auto copied = copy_store(options_for(folder.file()), database_at(url), here);
    return copied ? std::string{} : copied.error().detail;
  };
  {
    sqlite_database db{folder.file(), SQLITE_OPEN_READWRITE};
    db.execute("UPDATE meta SET value = '" + std::to_string(sql::schema_version - 1) + "' WHERE name = 'serves_from'");
  }
  BOOST_TEST(refusal().find("causeway cluster upgrade --finish") != std::string::npos);
  {
    sqlite_database db{folder.file(), SQLITE_OPEN_READWRITE};
    db.execute("PRAGMA user_version = " + std::to_string(sql::schema_version + 1));
  }
  BOOST_TEST(refusal().find("is of a newer Causeway: copy it with that one") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_store_in_use_is_not_copied) {
  scratch_folder folder;
  fill(folder.file(), 1);
  const auto url = postgresql_server::running().make_store();
  const auto running = must_open(folder.file());
  const auto refused = copy_store(options_for(folder.file()), database_at(url), here);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::store_failed));
}

BOOST_AUTO_TEST_CASE(a_database_with_a_store_is_not_written_to) {
  scratch_folder folder;
  fill(folder.file(), 3);
  const auto url = postgresql_server::running().make_store();
  BOOST_REQUIRE(bool(copy_store(options_for(folder.file()), database_at(url), here)));
  const auto refused = copy_store(options_for(folder.file()), database_at(url), here);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::invalid_param));
  BOOST_TEST(refused.error().detail.find("holds a store already") != std::string::npos, refused.error().detail);
  BOOST_TEST(must_ask<outbox_read>(*must_open_database(url), read_outbox{}).head == 3);
}

BOOST_AUTO_TEST_CASE(the_store_of_another_server_is_refused_before_anything_is_made) {
  scratch_folder folder;
  fill(folder.file(), 1);
  const auto url = postgresql_server::running().make_store();
  const auto refused = copy_store(options_for(folder.file()), database_at(url), {"other.example", 1});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::invalid_param));
  BOOST_TEST(refused.error().detail.find("here.example") != std::string::npos, refused.error().detail);
  postgresql_database db{url, postgresql_database::use::shared};
  BOOST_TEST(db.integer("SELECT count(*) FROM pg_class WHERE oid = to_regclass('meta')") == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_store_is_refused) {
  scratch_folder folder;
  const auto url = postgresql_server::running().make_store();
  const auto nothing = copy_store(options_for(folder.file()), database_at(url), here);
  BOOST_REQUIRE(!nothing);
  BOOST_TEST((nothing.error().code == fault_code::not_found));
  std::ofstream{folder.file("empty.db")}.flush();
  const auto empty = copy_store(options_for(folder.file("empty.db")), database_at(url), here);
  BOOST_REQUIRE(!empty);
  BOOST_TEST((empty.error().code == fault_code::invalid_param));
  std::ofstream{folder.file("text.db")} << std::string(5'000, 'x');
  const auto text = copy_store(options_for(folder.file("text.db")), database_at(url), here);
  BOOST_REQUIRE(!text);
  BOOST_TEST(text.error().detail.find("text.db") != std::string::npos, text.error().detail);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store
