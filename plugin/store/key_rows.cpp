#include "plugin/store/key_rows.hpp"

#include "plugin/store/columns.hpp"

#include <algorithm>
#include <utility>

namespace causeway::store::sql {
namespace {

constexpr schema_step steps_of_keys[] = {
  {1, "CREATE TABLE server_keys(server INTEGER PRIMARY KEY, keys BLOB NOT NULL, fetched_ts INTEGER NOT NULL);"},
  {2, "ALTER TABLE server_keys ADD COLUMN document TEXT NOT NULL DEFAULT '';"}};

} // namespace

schema_steps key_steps() { return steps_of_keys; }

key_writes::key_writes(connection& db, names& known)
    : names_(known), put_(db, insert_or_update<server_keys_columns>("server_keys", {"server"})) {}

void key_writes::apply(const put_server_keys& x) {
  const auto keys = encode_keys(x.keys);
  write_row<server_keys_columns>(put_, {keys, x.fetched_ts, x.documents}, names_.server(x.server_name));
}

key_reads::key_reads(connection& db, names& known)
    : names_(known), one_(db, "SELECT " + select_list<server_keys_columns>() + " FROM server_keys WHERE server = ?1"),
      servers_(db, "SELECT s.name FROM server_keys k JOIN servers s ON s.server = k.server"
                   " ORDER BY k.fetched_ts DESC LIMIT ?1") {}

answer key_reads::on(const load_key_documents& x) {
  key_documents_loaded loaded;
  for (const auto& name : x.servers) {
    const auto server = names_.find_server(name);
    if (server == 0) continue;
    auto rows = one_.query(server);
    if (!rows.next()) continue;
    const auto row = read_row<server_keys_columns>(rows);
    if (!row.documents.empty()) loaded.documents.emplace(name, row.documents);
  }
  return loaded;
}

put_server_keys key_reads::of_server(std::int64_t server, const std::string& name) {
  put_server_keys x;
  x.server_name = name;
  auto rows = one_.query(server);
  if (!rows.next()) return x;
  const auto row = read_row<server_keys_columns>(rows);
  auto keys = decode_keys(row.keys);
  if (!keys) throw error{failure::damage, keys.error().detail};
  x.keys = *std::move(keys);
  x.fetched_ts = row.fetched_ts;
  x.documents = row.documents;
  return x;
}

std::vector<std::string> key_reads::servers(std::size_t limit) {
  std::vector<std::string> all;
  for (auto rows = servers_.query(std::min(limit, rows_max)); rows.next();) all.push_back(rows.string(0));
  return all;
}

} // namespace causeway::store::sql
