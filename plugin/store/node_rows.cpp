#include "plugin/store/node_rows.hpp"

#include "plugin/store/room_rows.hpp"
#include "plugin/store/schema.hpp"

#include <charconv>
#include <string>
#include <system_error>
#include <utility>

namespace causeway::store::sql {
namespace {

// Epoch 0: nobody has had it yet. Each owner raises it, so that an epoch names one owner for ever.
constexpr schema_step steps_of_nodes[] = {{13, R"(
CREATE TABLE node(
  incarnation INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  endpoints TEXT NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL,
  lease_until INTEGER NOT NULL);
CREATE TABLE shard(
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL,
  epoch INTEGER NOT NULL);
WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < 255)
INSERT INTO shard(id, owner, epoch) SELECT id, 0, 0 FROM ids;
)"},
                                          {15, R"(
CREATE TABLE commit_mark(incarnation INTEGER PRIMARY KEY, mark BLOB NOT NULL);
)"}};

constexpr std::string_view schema_word = " schema ";

/// From the columns id, owner, epoch.
stored_shard shard_in(const cursor& rows) {
  return {static_cast<shard_number>(rows.integer(0)), rows.integer(1), rows.integer(2)};
}

} // namespace

schema_steps node_steps() { return steps_of_nodes; }

std::string text_of(const software& x) { return x.version + std::string{schema_word} + std::to_string(x.schema); }

software software_of(std::string_view text) {
  const auto at = text.rfind(schema_word);
  if (at == std::string_view::npos) return {std::string{text}, 0};
  software x{std::string{text.substr(0, at)}, 0};
  const auto digits = text.substr(at + schema_word.size());
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), x.schema);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return {std::string{text}, 0};
  return x;
}

node_reads::node_reads(connection& db)
    : db_(db),
      all_(db, "SELECT incarnation, name, endpoints, version, state, lease_until - " + std::string{database_now_ms} +
                 ", (SELECT count(*) FROM shard WHERE owner = incarnation),"
                 " (SELECT COALESCE(max(epoch), 0) FROM shard WHERE owner = incarnation)"
                 " FROM node ORDER BY lease_until DESC, incarnation LIMIT ?1"),
      shards_(db, "SELECT id, owner, epoch FROM shard WHERE owner <> 0 ORDER BY id") {}

answer node_reads::on(const list_nodes& x) {
  nodes_listed found;
  for (auto rows = all_.query(x.limit); rows.next();) {
    auto& one = found.nodes.emplace_back();
    one.incarnation = rows.integer(0);
    one.name = rows.string(1);
    one.endpoints = rows.string(2);
    auto runs = software_of(rows.text(3));
    one.version = std::move(runs.version);
    one.schema = runs.schema;
    one.state = rows.string(4);
    one.lease_left_ms = rows.integer(5);
    one.shards = rows.integer(6);
    one.epoch = rows.integer(7);
  }
  for (auto rows = shards_.query(); rows.next();) found.shards.push_back(shard_in(rows));
  const auto tables = window_of(db_);
  found.schema = tables.version;
  found.serves_from = tables.serves_from;
  return found;
}

shard_reads::shard_reads(connection& db, room_reads& rooms)
    : rooms_(rooms), all_(db, "SELECT s.id, s.owner, s.epoch, n.name FROM shard s"
                              " LEFT JOIN node n ON n.incarnation = s.owner ORDER BY s.id") {}

answer shard_reads::on(const list_shards&) {
  shards_listed found;
  for (auto rows = all_.query(); rows.next();) found.shards.push_back({shard_in(rows), rows.string(3)});
  for (const auto& room_id : rooms_.known()) ++found.shards.at(shard_of(room_id)).rooms;
  return found;
}

} // namespace causeway::store::sql
