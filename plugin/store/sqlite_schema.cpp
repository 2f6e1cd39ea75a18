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
  if (version > sql::schema_version)
    return fault{fault_code::store_failed, "the store has schema version " + std::to_string(version) +
                                             ", this build knows up to " + std::to_string(sql::schema_version) +
                                             ": install the newer Causeway again or restore a backup"};
  if (version == sql::schema_version) return ok();
  sql::transaction all{db, sql::transaction::kind::write};
  sql::migrate(db, version);
  db.execute("PRAGMA application_id = " + std::to_string(application_id));
  db.execute("PRAGMA user_version = " + std::to_string(sql::schema_version));
  all.commit();
  return ok();
}

} // namespace causeway::store
