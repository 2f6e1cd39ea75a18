#include "plugin/store/command_rows.hpp"

#include "plugin/store/columns.hpp"

#include <utility>
#include <vector>

namespace causeway::store::sql {
namespace {

void number_commands_in_blocks(connection& db) { number_in_blocks(db, commands_by_id); }

/// Numbers that nodes may have before they use them: rows of such a number are newer than some behind them.
constexpr std::int64_t unused_numbers_max = 16 * commands_by_id.block;

constexpr schema_step steps_of_commands[] = {{1, R"(
CREATE TABLE command_results(
  seq INTEGER PRIMARY KEY,
  command_id TEXT NOT NULL,
  command_name TEXT NOT NULL,
  succeeded INTEGER NOT NULL,
  body BLOB NOT NULL,
  ts INTEGER NOT NULL);
CREATE TABLE commands_ids(hash INTEGER, row INTEGER, PRIMARY KEY(hash, row)) WITHOUT ROWID;
)"},
                                             {15, "", &number_commands_in_blocks}};

} // namespace

schema_steps command_steps() { return steps_of_commands; }

command_writes::command_writes(connection& db, names& known, const all_recent_ids& recent)
    : db_(db), names_(known), ids_(db, commands_by_id, recent.commands, known.hasher()),
      command_id_(db, "SELECT command_id FROM command_results WHERE seq = ?1"),
      insert_(db, insert_into<command_columns>("command_results", {"seq"})) {}

void command_writes::apply(const put_command_result& x) {
  auto hashed = names_.hash(x.command_id);
  for (auto seq : names_.commands.rows(hashed)) {
    auto row = command_id_.query(seq);
    if (row.next() && row.text(0) == x.command_id) return;
  }
  auto seq = ids_.next_row();
  ids_.add(hashed, seq);
  write_row<command_columns>(insert_, x, seq);
}

std::size_t command_writes::purge(std::int64_t before_ts, std::int64_t now_ts, std::size_t limit) {
  std::vector<std::pair<std::int64_t, std::int64_t>> removed; // hash, row
  const auto seen = static_cast<std::int64_t>(limit) + (db_.is_shared() ? unused_numbers_max : 0);
  transaction all{db_, transaction::kind::write};
  // Those that a clock which ran ahead has dated stand in front and would keep all others.
  statement{db_, "UPDATE command_results SET ts = ?2 WHERE seq IN"
                 " (SELECT seq FROM command_results ORDER BY seq LIMIT ?1) AND ts > ?2"}
    .run(seen, now_ts);
  {
    statement oldest{db_, "SELECT seq, command_id, ts FROM command_results ORDER BY seq LIMIT ?1"};
    for (auto rows = oldest.query(seen); rows.next() && removed.size() < limit;)
      if (rows.integer(2) < before_ts) removed.emplace_back(names_.hash(rows.text(1)), rows.integer(0));
  }
  statement remove{db_, "DELETE FROM command_results WHERE seq = ?1"};
  for (auto [hash, row] : removed) {
    remove.run(row);
    ids_.erase_on_disk(hash, row);
  }
  all.commit();
  for (auto [hash, row] : removed) ids_.erase_in_memory(hash, row);
  return removed.size();
}

command_reads::command_reads(connection& db, names& known)
    : names_(known), one_(db, "SELECT " + select_list<command_columns>() + " FROM command_results WHERE seq = ?1") {}

answer command_reads::on(const find_command_result& x) {
  command_result_found found;
  for (auto seq : names_.commands.rows(names_.hash(x.command_id))) {
    auto rows = one_.query(seq);
    if (!rows.next()) continue;
    auto row = read_row<command_columns>(rows);
    if (row.command_id != x.command_id) continue;
    found.result = std::move(row);
    break;
  }
  return found;
}

} // namespace causeway::store::sql
