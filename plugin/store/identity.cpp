#include "plugin/store/identity.hpp"

#include "plugin/meta.hpp"
#include "plugin/store/sqlite_schema.hpp"

#include <sys/stat.h>

namespace causeway::store {
namespace {

constexpr const char* server_name_row = "server_name";
constexpr const char* streams_row = "streams";
/// How long a look from outside waits for the broker.
constexpr int look_timeout_ms = 1'000;

/// Whether anything rests on what it is made for.
bool is_used(sql::connection& db) {
  return db.integer("SELECT EXISTS(SELECT 1 FROM rooms) OR EXISTS(SELECT 1 FROM users) OR EXISTS(SELECT 1 FROM streams)"
                    " OR EXISTS(SELECT 1 FROM invitations)") != 0;
}

std::optional<identity> stored(sql::connection& db) {
  identity x;
  sql::statement find{db, sql::find_meta};
  {
    auto row = find.query(server_name_row);
    if (!row.next()) return {};
    x.server_name = row.string(0);
  }
  auto row = find.query(streams_row);
  if (!row.next()) return {};
  x.streams = static_cast<std::uint32_t>(row.integer(0));
  return x;
}

/// A URI that opens the file without making others beside it, unless a log has to be read with it.
std::string looking_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?') uri += "%3f";
    else if (c == '#') uri += "%23";
    else if (c == '%') uri += "%25";
    else uri += c;
  }
  struct stat log {};
  const bool has_log = ::stat((path + "-wal").c_str(), &log) == 0 && log.st_size > 0;
  return uri + (has_log ? "?mode=ro" : "?immutable=1");
}

} // namespace

std::vector<identity_conflict> conflicts(const identity& of_store, const identity& wanted, const std::string& path) {
  std::vector<identity_conflict> out;
  if (of_store.server_name != wanted.server_name)
    out.push_back(
      {"node.server_name",
       "is \"" + wanted.server_name + "\", but the store " + path + " holds rooms and users of \"" +
         of_store.server_name + "\", whom others know by that name. Set it back to \"" + of_store.server_name +
         "\", or begin anew with an empty folder in node.data_dir (and another store.path, where that is set)."});
  if (of_store.streams != wanted.streams)
    out.push_back(
      {"edge.streams",
       "is " + std::to_string(wanted.streams) + ", but the store " + path + " was made with " +
         std::to_string(of_store.streams) +
         ": rooms would change their streams, and what is told of one would no longer be in order. Set it back to " +
         std::to_string(of_store.streams) +
         ", or begin anew with an empty folder in node.data_dir (and another store.path, where that is set)."});
  return out;
}

std::optional<identity> read_identity(const std::string& path) {
  struct stat file {};
  if (path == ":memory:" || ::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode) || file.st_size == 0) return {};
  try {
    sqlite_database db{looking_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI};
    sqlite3_busy_timeout(db.file().handle(), look_timeout_ms);
    db.execute("PRAGMA trusted_schema = OFF");
    if (db.integer("PRAGMA application_id") != application_id || !is_used(db)) return {};
    return stored(db);
  } catch (const sql::error&) { // the broker tells at its start what is wrong with the file
    return {};
  }
}

namespace sql {

status may_claim(connection& db, const identity& wanted, const std::string& path) {
  const auto there = stored(db);
  if (!there || there == wanted || !is_used(db)) return ok();
  std::string detail;
  for (const auto& x : conflicts(*there, wanted, path)) detail += (detail.empty() ? "" : "\n") + x.key + " " + x.what;
  return fault{fault_code::invalid_param, detail};
}

status claim(connection& db, const identity& wanted, const std::string& path) {
  if (auto fine = may_claim(db, wanted, path); !fine) return fine;
  if (stored(db) == wanted) return ok();
  transaction all{db, transaction::kind::write};
  statement put{db, put_meta};
  put.run(server_name_row, wanted.server_name);
  put.run(streams_row, std::to_string(wanted.streams));
  all.commit();
  return ok();
}

} // namespace sql
} // namespace causeway::store
