#include "plugin/store/copy_store.hpp"

#include "plugin/meta.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/files.hpp"
#include "plugin/store/postgresql_place.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/sqlite_schema.hpp"

#include <filesystem>
#include <system_error>

namespace causeway::store {
namespace {

constexpr std::int64_t rows_between_reports = 50'000;
constexpr std::string_view table_of_values = "meta";

struct table_column {
  std::string name;
  bool is_integer = false;
};
struct copied_from {
  std::string name;
  std::vector<table_column> columns;
  std::string numbered; ///< the column whose numbers the database gives out; empty: there is none
};

std::vector<copied_from> tables_of(sql::connection& db) {
  std::vector<copied_from> out;
  {
    // Which node has which shard, and had, is said of a database, not of what is stored.
    sql::statement tables{db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                              " AND name NOT IN ('node', 'shard', 'term', 'commit_mark') ORDER BY name"};
    for (auto rows = tables.query(); rows.next();) out.push_back({rows.string(0), {}, {}});
  }
  sql::statement columns{db, "SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid"};
  for (auto& table : out) {
    int keys = 0;
    for (auto rows = columns.query(table.name); rows.next();) {
      const table_column column{rows.string(0), rows.text(1) == "INTEGER"};
      if (rows.integer(2) != 0 && ++keys == 1 && column.is_integer) table.numbered = column.name;
      table.columns.push_back(column);
    }
    if (keys != 1) table.numbered.clear();
  }
  return out;
}

/// Each column, and whether it is NULL: a cursor tells NULL as 0 or as an empty text.
std::string select_all(const copied_from& x) {
  std::string out = "SELECT ";
  for (const auto& column : x.columns)
    out += (out.back() == ' ' ? "" : ",") + column.name + "," + column.name + " IS NULL";
  return out + " FROM " + x.name;
}

std::string insert_one(const copied_from& x) {
  std::string names, values;
  for (const auto& column : x.columns) {
    names += (names.empty() ? "" : ",") + column.name;
    values += (values.empty() ? "?" : ",?") + std::to_string(&column - x.columns.data() + 1);
  }
  return "INSERT INTO " + x.name + "(" + names + ") VALUES(" + values + ")";
}

class table_copier {
public:
  table_copier(sql::connection& from, sql::connection& to, const copy_progress& progress)
      : from_(from), to_(to), progress_(progress) {}

  /// @throws sql::error
  copied_table copy(const copied_from& x) {
    copied_table done{x.name, 0};
    sql::statement select{from_, select_all(x)};
    // What the database has under the same name was made with its tables a moment ago.
    sql::statement put{to_, x.name == table_of_values ? sql::put_meta : insert_one(x)};
    for (auto rows = select.query(); rows.next();) {
      int index = 0;
      for (const auto& column : x.columns) {
        const int at = 2 * index++;
        if (rows.integer(at + 1) != 0) put.bind(index, sql::null);
        else if (column.is_integer) put.bind(index, rows.integer(at));
        else put.bind(index, sql::blob{rows.text(at)});
      }
      put.run();
      if (++done.rows % rows_between_reports == 0 && progress_) progress_(done);
    }
    if (progress_) progress_(done);
    return done;
  }

  /// The numbers that the database gives out go on behind those that were copied.
  void number_on(const copied_from& x) {
    if (x.numbered.empty()) return;
    // Where the numbers are somebody else's (streams begin at 0) the sequence is of no use to anybody.
    const auto last = "max(" + x.numbered + ")";
    to_.integer("SELECT setval(pg_get_serial_sequence('" + x.name + "', '" + x.numbered + "'), greatest(" + last +
                ", 1), " + last + " > 0) FROM " + x.name + " HAVING count(*) > 0");
  }

private:
  sql::connection& from_;
  sql::connection& to_;
  const copy_progress& progress_;
};

status check_source(sql::connection& db, const config::store_options& from, const identity& wanted) {
  if (db.integer("PRAGMA application_id") != application_id)
    return fault{fault_code::invalid_param, from.path + " is no store of Causeway"};
  if (const auto made_for = read_identity(from.path))
    for (const auto& x : conflicts(*made_for, wanted, from.path))
      return fault{fault_code::invalid_param, x.key + " " + x.what};
  return ok();
}

status check_target(sql::connection& db, const std::vector<copied_from>& tables, const std::string& place) {
  for (const auto& x : tables)
    if (x.name != table_of_values && db.integer("SELECT count(*) FROM (SELECT 1 FROM " + x.name + " LIMIT 1) x") != 0)
      return fault{fault_code::invalid_param, place + " holds a store already (table " + x.name +
                                                " has rows): name an empty database, or drop what it has"};
  return ok();
}

/// @throws sql::error
result<std::vector<copied_table>> copy_tables(sqlite_database& from, sql::connection& to, const std::string& place,
                                              const copy_progress& progress) {
  const auto tables = tables_of(from);
  sql::transaction reads{from, sql::transaction::kind::read};
  sql::transaction all{to, sql::transaction::kind::write};
  if (auto fine = check_target(to, tables, place); !fine) return fine.error();
  std::vector<copied_table> done;
  table_copier copier{from, to, progress};
  for (const auto& x : tables) {
    done.push_back(copier.copy(x));
    copier.number_on(x);
    const auto there = to.integer("SELECT count(*) FROM " + x.name);
    if (x.name != table_of_values && there != done.back().rows)
      return fault{fault_code::store_failed, place + ": table " + x.name + " has " + std::to_string(there) +
                                               " rows of " + std::to_string(done.back().rows)};
  }
  all.commit();
  to.execute("ANALYZE"); // else the first queries are planned for empty tables
  return done;
}

} // namespace

result<std::vector<copied_table>> copy_store(const config::store_options& from, const config::store_options& to,
                                             const identity& wanted, const copy_progress& progress) {
  std::error_code why;
  if (!std::filesystem::is_regular_file(from.path, why))
    return fault{fault_code::not_found, from.path + " is not there: store.path names no store to copy"};
  const auto place = place_of(to.url);
  if (!place) return place.error();
  const auto lock = lock_store(from.path);
  if (!lock) return lock.error();
  std::string where = from.path;
  try {
    sqlite_database source{from.path, SQLITE_OPEN_READWRITE};
    source.execute("PRAGMA trusted_schema = OFF");
    if (auto fine = check_source(source, from, wanted); !fine) return fine.error();
    if (auto prepared = prepare_schema(source); !prepared)
      return fault{prepared.error().code, from.path + ": " + prepared.error().detail};
    // What is copied column by column is tables of this build, to which nothing is left to do.
    const auto tables = sql::window_of(source, source.integer("PRAGMA user_version"));
    if (tables.version != sql::schema_version)
      return fault{fault_code::invalid_param, from.path + " is of a newer Causeway: copy it with that one"};
    if (tables.serves_from != tables.version)
      return fault{fault_code::invalid_param, from.path +
                                                ": its upgrade is not finished; start the broker with it, say "
                                                "`causeway cluster upgrade --finish`, and stop it again"};
    // Makes its tables, or says why it cannot.
    if (auto made = open_postgresql(to, nullptr); !made) return made.error();
    where = *place;
    postgresql_database target{to.url, postgresql_database::use::alone};
    return copy_tables(source, target, *place, progress);
  } catch (const sql::error& failed) {
    const auto said = sql::to_fault(failed);
    return fault{said.code, where + ": " + said.detail};
  }
}

} // namespace causeway::store
