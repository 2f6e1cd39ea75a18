#include "plugin/store/schema.hpp"

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

namespace causeway::store::sql {
namespace {

// Tables grow at their end: row keys are sequence numbers, or a small number (room, server, stream) in the upper bits
// with a growing one below (keys.hpp), so a commit touches few pages. What has to be found by a random key (event ids,
// command ids) has a table `..._ids` over a keyed hash, which id_index.hpp fills in batches; the full id is compared,
// so a collision costs a comparison and nothing else.
constexpr schema_steps (*groups[])() = {
  name_steps,     room_steps,   event_steps,       inbox_steps,  redaction_steps, invitation_steps, destination_steps,
  fan_out_steps,  key_steps,    transaction_steps, outbox_steps, command_steps,   binding_steps,    user_steps,
  relation_steps, switch_steps, receipt_steps,     audit_steps,  node_steps,      term_steps};

void migrate_to(connection& db, std::int64_t version) {
  for (const auto steps : groups)
    for (const auto& step : steps()) {
      if (step.version != version) continue;
      db.execute(step.sql);
      if (step.convert) step.convert(db);
    }
}

} // namespace

void migrate(connection& db, std::int64_t from) {
  while (from < schema_version) migrate_to(db, ++from);
}

} // namespace causeway::store::sql
