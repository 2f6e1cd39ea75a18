#include "plugin/store/transaction_rows.hpp"

#include "plugin/store/columns.hpp"

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_transactions[] = {{1, R"(
CREATE TABLE received_transactions(
  seq INTEGER PRIMARY KEY,
  server INTEGER NOT NULL,
  transaction_id TEXT NOT NULL,
  response TEXT NOT NULL,
  ts INTEGER NOT NULL,
  UNIQUE(server, transaction_id));
)"}};

} // namespace

schema_steps transaction_steps() { return steps_of_transactions; }

transaction_writes::transaction_writes(connection& db, names& known)
    : db_(db), names_(known),
      put_(db, insert_or_update<transaction_columns>("received_transactions", {"server", "transaction_id"})) {}

void transaction_writes::apply(const put_received_transaction& x) {
  write_row<transaction_columns>(put_, x, names_.server(x.origin), x.transaction_id);
}

std::size_t transaction_writes::purge(std::int64_t before_ts, std::int64_t now_ts, std::size_t limit) {
  // Those that a clock which ran ahead has dated stand in front and would keep all others: they are kept for as long as
  // others, from now on.
  statement{db_, "UPDATE received_transactions SET ts = ?2 WHERE seq IN"
                 " (SELECT seq FROM received_transactions ORDER BY seq LIMIT ?1) AND ts > ?2"}
    .run(limit, now_ts);
  // The oldest rows are the first ones, so no index over the time is needed.
  statement{db_, "DELETE FROM received_transactions WHERE seq IN"
                 " (SELECT seq FROM received_transactions ORDER BY seq LIMIT ?1) AND ts < ?2"}
    .run(limit, before_ts);
  return static_cast<std::size_t>(db_.changes());
}

transaction_reads::transaction_reads(connection& db, names& known)
    : names_(known), one_(db, "SELECT " + select_list<transaction_columns>() +
                                " FROM received_transactions WHERE server = ?1 AND transaction_id = ?2") {}

answer transaction_reads::on(const find_received_transaction& x) {
  received_transaction_found found;
  auto server = names_.find_server(x.origin);
  if (server == 0) return found;
  auto rows = one_.query(server, x.transaction_id);
  if (rows.next()) found.response = read_row<transaction_columns>(rows).response;
  return found;
}

} // namespace causeway::store::sql
