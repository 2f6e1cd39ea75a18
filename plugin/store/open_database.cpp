#include "plugin/store/open_database.hpp"

#include "plugin/postgresql_database.hpp"
#include "plugin/sqlite_database.hpp"
#include "plugin/store/postgresql_place.hpp"

namespace causeway::store {
namespace {

constexpr int busy_timeout_ms = 5'000;

} // namespace

std::unique_ptr<sql::connection> open_database(const config::store_options& options) {
  if (options.engine == config::store_engine::postgresql)
    return std::make_unique<postgresql_database>(options.url, postgresql_database::use::shared);
  auto db = std::make_unique<sqlite_database>(options.path, SQLITE_OPEN_READWRITE);
  sqlite3_busy_timeout(db->file().handle(), busy_timeout_ms);
  db->execute("PRAGMA trusted_schema = OFF");
  return db;
}

bool is_in_memory(const config::store_options& options) {
  return options.engine == config::store_engine::sqlite && options.path == ":memory:";
}

std::string name_of_store(const config::store_options& options) {
  if (options.engine == config::store_engine::sqlite) return options.path;
  const auto place = place_of(options.url);
  return place ? *place : "store.url";
}

} // namespace causeway::store
