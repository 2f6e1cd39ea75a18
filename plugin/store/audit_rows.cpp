#include "plugin/store/audit_rows.hpp"

#include "plugin/store/columns.hpp"

#include <algorithm>

namespace causeway::store::sql {
namespace {

// Written a few times a day and never searched: the number is the time, so its key is all the index there is.
constexpr schema_step steps_of_audit[] = {{12, R"(
CREATE TABLE audit(
  number INTEGER PRIMARY KEY,
  ts INTEGER NOT NULL,
  peer TEXT NOT NULL,
  login TEXT NOT NULL,
  verb TEXT NOT NULL,
  arguments TEXT NOT NULL,
  reason TEXT NOT NULL,
  outcome TEXT NOT NULL);
)"}};

} // namespace

schema_steps audit_steps() { return steps_of_audit; }

audit_writes::audit_writes(connection& db)
    : put_(db, insert_or_update<audit_columns>("audit", {"number"})),
      drop_oldest_(db, "DELETE FROM audit WHERE number <="
                       " (SELECT number FROM audit ORDER BY number DESC LIMIT 1 OFFSET ?1)") {}

void audit_writes::apply(const put_audit& x) {
  write_row<audit_columns>(put_, x, x.number);
  drop_oldest_.run(audit_kept_max);
}

audit_reads::audit_reads(connection& db)
    : latest_(db, "SELECT number, " + select_list<audit_columns>() +
                    " FROM audit WHERE ts >= ?1 ORDER BY number DESC LIMIT ?2") {}

answer audit_reads::on(const list_audit& x) {
  audit_listed found;
  for (auto rows = latest_.query(x.since_ts, std::min(x.limit, rows_max)); rows.next();) {
    auto& one = found.rows.emplace_back(read_row<audit_columns>(rows, 1));
    one.number = rows.integer(0);
  }
  return found;
}

} // namespace causeway::store::sql
