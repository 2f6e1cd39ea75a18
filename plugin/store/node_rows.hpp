#pragma once
#include "messages/store.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <string>
#include <string_view>

/// The nodes that share a store, and which of them owns what (tables `node`, `shard`, and
/// `commit_mark` with what the last commit of each has left). Rows are written by
/// `membership`, which is beside the batches: who owns the store is decided before anything is written. A store in a
/// file belongs to one process; its tables stay as they were made.
namespace causeway::store::sql {

/// The database's clock, milliseconds since 1970: nodes whose clocks differ see the same lease.
inline constexpr const char* database_now_ms = "CAST(strftime('%s', 'now') AS INTEGER) * 1000";

schema_steps node_steps();

/// What a node runs, as its row says it: builds that do not know of each other's schema share the table.
struct software {
  std::string version;     ///< of Causeway
  std::int64_t schema = 0; ///< the newest it knows; 0: it has not said
};
/// "0.1.0 schema 14"
std::string text_of(const software& x);
software software_of(std::string_view text);

class node_reads {
public:
  /// @throws error
  explicit node_reads(connection& db);
  answer on(const list_nodes& x);

private:
  connection& db_;
  statement all_, shards_;
};

class room_reads;

class shard_reads {
public:
  /// @throws error
  shard_reads(connection& db, room_reads& rooms);
  answer on(const list_shards& x);

private:
  room_reads& rooms_;
  statement all_;
};

} // namespace causeway::store::sql
