#include "plugin/store/sqlite_schema.hpp"

#include "plugin/store/schema.hpp"

#include <string>

namespace causeway::store {

status prepare_schema(sqlite_database& db) {
  const auto version = db.integer("PRAGMA user_version");
  const auto owner = db.integer("PRAGMA application_id");
  const bool is_fresh = db.integer("SELECT count(*) FROM sqlite_schema") == 0 && version == 0 && owner == 0;
  if (!is_fresh && owner != application_id)
    return fault{fault_code::store_failed, "the file is a database of another program; choose another store.path"};
  const auto tables = sql::window_of(db, version);
  if (version >= sql::schema_version) return sql::may_serve(tables);
  sql::transaction all{db, sql::transaction::kind::write};
  sql::migrate(db, tables);
  db.execute("PRAGMA application_id = " + std::to_string(application_id));
  db.execute("PRAGMA user_version = " + std::to_string(sql::schema_version));
  all.commit();
  return ok();
}

} // namespace causeway::store
