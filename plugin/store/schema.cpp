#include "plugin/store/schema.hpp"

#include "plugin/meta.hpp"
#include "plugin/store/audit_rows.hpp"
#include "plugin/store/binding_rows.hpp"
#include "plugin/store/command_rows.hpp"
#include "plugin/store/destination_rows.hpp"
#include "plugin/store/event_rows.hpp"
#include "plugin/store/fan_out_rows.hpp"
#include "plugin/store/inbox_rows.hpp"
#include "plugin/store/invitation_rows.hpp"
#include "plugin/store/key_rows.hpp"
#include "plugin/store/names.hpp"
#include "plugin/store/node_rows.hpp"
#include "plugin/store/outbox_rows.hpp"
#include "plugin/store/receipt_rows.hpp"
#include "plugin/store/redaction_rows.hpp"
#include "plugin/store/relation_rows.hpp"
#include "plugin/store/room_rows.hpp"
#include "plugin/store/switch_rows.hpp"
#include "plugin/store/term_rows.hpp"
#include "plugin/store/transaction_rows.hpp"
#include "plugin/store/user_rows.hpp"

#include <string>
#include <vector>

namespace causeway::store::sql {
namespace {

// Tables grow at their end: row keys are sequence numbers, or a small number (room, server, stream) in the upper bits
// with a growing one below (keys.hpp), so a commit touches few pages. What has to be found by a random key (event ids,
// command ids) has a table `..._ids` over a keyed hash, which id_index.hpp fills in batches; the full id is compared,
// so a collision costs a comparison and nothing else.
const std::vector<schema_steps>& own_groups() {
  static const std::vector<schema_steps> all = {
    name_steps(),       room_steps(),        event_steps(),   inbox_steps(), redaction_steps(),
    invitation_steps(), destination_steps(), fan_out_steps(), key_steps(),   transaction_steps(),
    outbox_steps(),     command_steps(),     binding_steps(), user_steps(),  relation_steps(),
    switch_steps(),     receipt_steps(),     audit_steps(),   node_steps(),  term_steps()};
  return all;
}

template <class Wanted>
void run_steps(connection& db, const schema& of, std::int64_t version, Wanted is_wanted) {
  for (const auto& steps : of.groups)
    for (const auto& step : steps) {
      if (step.version != version || !is_wanted(step)) continue;
      if (*step.sql) db.execute(step.sql);
      if (step.convert) step.convert(db);
    }
}

void put_window(connection& db, const schema_window& x) {
  statement put{db, put_meta};
  put.run(version_row, std::to_string(x.version));
  put.run(serves_from_row, std::to_string(x.serves_from));
}

/// Nodes that count as alive and do not know the schema, each with what it runs; empty: all know it.
std::string ignorant_nodes(connection& db, std::int64_t version) {
  std::string names;
  statement alive{db, "SELECT name, version FROM node WHERE state IN (?1, ?2, ?3) AND lease_until >= " +
                        std::string{database_now_ms} + " ORDER BY name"};
  for (auto rows = alive.query("active", "standby", "drained"); rows.next();) {
    const auto [software, known] = software_of(rows.text(1));
    if (known < version) names += (names.empty() ? "" : ", ") + rows.string(0) + " (Causeway " + software + ")";
  }
  return names;
}

} // namespace

schema own_schema() { return {schema_version, own_groups()}; }

schema_window window_of(connection& db, std::int64_t version) {
  schema_window found{version, version};
  if (version < first_shared_version) return found;
  statement find{db, find_meta};
  if (auto rows = find.query(serves_from_row); rows.next()) found.serves_from = rows.integer(0);
  return found;
}

schema_window window_of(connection& db) {
  std::int64_t version = first_shared_version;
  {
    statement find{db, find_meta};
    if (auto rows = find.query(version_row); rows.next()) version = rows.integer(0);
  }
  return window_of(db, version);
}

status may_serve(const schema_window& tables, std::int64_t known) {
  if (tables.version <= known || tables.serves_from <= known) return ok();
  return fault{fault_code::store_failed, "the store has schema version " + std::to_string(tables.version) +
                                           " and is served by builds that know " + std::to_string(tables.serves_from) +
                                           " or newer, this build knows up to " + std::to_string(known) +
                                           ": install the newer Causeway again or restore a backup"};
}

void migrate(connection& db, const schema_window& from, const schema& to) {
  const bool is_shared = from.version >= first_shared_version;
  for (auto version = from.version + 1; version <= to.version; ++version)
    run_steps(db, to, version, [&](const schema_step& x) { return !is_shared || x.does == change::adds; });
  put_window(db, {to.version, is_shared ? from.serves_from : to.version});
}

status finish(connection& db, const schema& known) {
  transaction all{db, transaction::kind::write};
  const auto tables = window_of(db);
  if (tables.version > known.version)
    return fault{fault_code::conflict, "the store has schema version " + std::to_string(tables.version) +
                                         ", this build knows up to " + std::to_string(known.version) +
                                         ": hand over to a node with the newer Causeway, and finish the upgrade there"};
  if (const auto names = ignorant_nodes(db, tables.version); !names.empty())
    return fault{fault_code::conflict, "not every node knows schema version " + std::to_string(tables.version) + ": " +
                                         names + "; upgrade or stop what is older, then finish the upgrade"};
  for (auto version = tables.serves_from + 1; version <= tables.version; ++version)
    run_steps(db, known, version, [](const schema_step& x) { return x.does == change::takes_away; });
  put_window(db, {tables.version, tables.version});
  all.commit();
  return ok();
}

} // namespace causeway::store::sql
