#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace causeway::config {

enum class store_engine : std::uint8_t { sqlite, postgresql };

/// `[store]`: the durable memory of the node.
struct store_options {
  /// sqlite: a file on this machine; postgresql: a database that `url` names.
  store_engine engine = store_engine::sqlite;
  /// Connection URI of the PostgreSQL engine, without a password (that stands in a file: passfile=, ~/.pgpass).
  std::string url;
  /// Database file of the SQLite engine only; `-wal`, `-shm` and `-lock` files appear beside it. ":memory:" keeps
  /// nothing (tests).
  std::string path = "/var/lib/causeway/store.db";
  /// A new store may be made although the signing key exists already; otherwise that means that the store is lost.
  bool new_beside_key = false;
  std::uint32_t cache_kib = 8'192;        ///< page cache of the writing connection; range 1024..4194304
  std::uint32_t reader_cache_kib = 8'192; ///< page cache of the reading connection; range 512..4194304
  /// Wait for a file lock (backup, operator's sqlite3) before a fault; range 0..60000.
  std::uint32_t busy_timeout_ms = 5'000;
  /// Pages of 4 KiB in the write-ahead log before it is copied back; range 100..1000000.
  std::uint32_t checkpoint_pages = 2'000;
  std::uint32_t group_batches_max = 512;         ///< batches that share one commit; range 1..10000
  std::size_t group_bytes_max = 8 * 1024 * 1024; ///< bytes of them; at least one batch is always taken
  /// Batches and queries waiting before new ones are refused as overloaded; range 100..10000000.
  std::uint32_t queue_items_max = 50'000;
  /// Bytes of waiting batches before new ones are refused as overloaded.
  std::size_t queue_bytes_max = 256 * 1024 * 1024;
  /// Our answers to received transactions, for their repetition; range 24..168.
  std::uint32_t received_transaction_retention_h = 72;

  /// Whether it is a file on this machine.
  bool is_file() const { return engine == store_engine::sqlite && path != ":memory:"; }
};

} // namespace causeway::config
