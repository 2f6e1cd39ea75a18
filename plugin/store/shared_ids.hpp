#pragma once
#include "plugin/store/id_index.hpp"
#include "plugin/store/keys.hpp"
#include "plugin/store/row_numbers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Ids of rows in a store that several nodes write into: each is in the table of its kind with the commit of its row,
/// so that all nodes find it.
namespace causeway::store::sql {

/// A build before schema 15 had the newest ids in memory, and numbers too. What it has left is written down, and new
/// blocks lie behind all numbers of its. Harmless when repeated. @pre nobody else writes. @throws error
void take_over_ids(connection& db, const id_hasher& hash);

/// Keeps one index up to date, on the writing connection. The ids of a transaction go into the table together, in their
/// order; until then they are found in memory.
class shared_ids {
public:
  /// @param recent  holds what the transaction under way has added
  /// @throws error
  shared_ids(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent);

  /// @throws error
  std::int64_t next_row() { return numbers_.next(); }
  std::int64_t newest_row() { return numbers_.newest(); }
  void add(std::int64_t hash, std::int64_t row);
  void erase(std::int64_t hash, std::int64_t row) { delete_.run(hash, row); }
  /// Shards were taken.
  void taken() { numbers_.begin_anew(); }

  /// A transaction is about to commit, was committed.
  void flush();
  void committed();
  void rolled_back();

private:
  void forget_added();

  const std::shared_ptr<recent_ids> recent_;
  const std::string mark_row_; ///< see mark_of
  row_numbers numbers_;
  statement insert_, delete_, put_mark_;
  std::int64_t mark_ = 0; ///< all rows up to here are in the index; a build before schema 15 reads those behind it
  bool is_mark_due_ = false;
  std::vector<std::pair<std::int64_t, std::int64_t>> added_; ///< hash, row
};

} // namespace causeway::store::sql
