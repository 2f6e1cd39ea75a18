#pragma once
#include "plugin/database.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// From the hash of an id to the rows that may have it.
///
/// Ids are random, so an ordinary index would rewrite one page per event: most of what a commit costs. Instead the
/// newest rows are indexed in memory; some ten thousand at a time are sorted and merged into the table on disk, a slice
/// with each commit, so that neighbours share a page. After a crash the memory is rebuilt from the rows that the merge
/// had not reached. That is for a store of one process; one that several nodes share has its ids in the table at once
/// (shared_ids.hpp), since no node sees the memory of another.
namespace causeway::store::sql {

/// A table whose rows are found by an id. Its rows get growing numbers and keep their ids.
struct id_kind {
  const char* name;       ///< the index on disk is the table `<name>_ids(hash, row)`
  const char* table;      ///< of the rows; their number is its column `seq`
  const char* rows_after; ///< SELECT row, id ... WHERE row > ?1
  const char* last_row;   ///< SELECT max(row) ...
  /// Numbers that a node takes at once, where several nodes share the store (row_numbers.hpp).
  std::int64_t block;
};
inline constexpr id_kind events_by_id{"events", "events", "SELECT seq, event_id FROM events WHERE seq > ?1",
                                      "SELECT max(seq) FROM events", 4'096};
inline constexpr id_kind commands_by_id{"commands", "command_results",
                                        "SELECT seq, command_id FROM command_results WHERE seq > ?1",
                                        "SELECT max(seq) FROM command_results", 64};
inline constexpr id_kind bindings_by_event{"binding_events", "bindings",
                                           "SELECT seq, event_id FROM bindings WHERE seq > ?1",
                                           "SELECT max(seq) FROM bindings", 64};
inline constexpr id_kind bindings_by_chat{"binding_chats", "bindings",
                                          "SELECT seq, chat_message_id FROM bindings WHERE seq > ?1",
                                          "SELECT max(seq) FROM bindings", 64};

/// The table of a kind of ids on disk.
inline std::string table_of(const id_kind& x) { return std::string{x.name} + "_ids"; }
/// The row of `meta` with the number up to which all rows are in that table.
inline std::string mark_of(const id_kind& x) { return std::string{x.name} + "_merged_up_to"; }

/// Rows the index on disk does not have yet. Shared by the writing connection and the reading ones; thread-safe.
class recent_ids {
public:
  using table = std::unordered_multimap<std::int64_t, std::int64_t>;
  /// The tables of one moment. Held while a snapshot of the database is read: what is merged after the snapshot began
  /// stays in them.
  struct view {
    std::shared_ptr<table> growing, merging;
  };

  view current() const;
  /// Appends the rows of `hash`.
  void find(const view& in, std::int64_t hash, std::vector<std::int64_t>& rows) const;

  void add(std::int64_t hash, std::int64_t row);
  void erase(std::int64_t hash, std::int64_t row);
  std::size_t growing_size() const;
  /// The growing table becomes the merging one. @returns its entries, sorted
  std::vector<std::pair<std::int64_t, std::int64_t>> freeze();
  /// The merging table is on disk now.
  void drop_merging();

private:
  mutable std::mutex mutex_;
  view now_{std::make_shared<table>(), std::make_shared<table>()};
};

/// One per kind.
struct all_recent_ids {
  std::shared_ptr<recent_ids> events = std::make_shared<recent_ids>(), commands = std::make_shared<recent_ids>(),
                              binding_events = std::make_shared<recent_ids>(),
                              binding_chats = std::make_shared<recent_ids>();
};

/// Looks ids up, over one connection.
class id_index {
public:
  /// @throws error
  id_index(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent);

  /// Takes the view of this moment. To be called before each snapshot begins.
  void refresh() { view_ = recent_->current(); }
  /// Rows whose id may have this hash, ascending; the caller compares the ids. Valid until the next call. @throws error
  const std::vector<std::int64_t>& rows(std::int64_t hash);

private:
  std::shared_ptr<recent_ids> recent_;
  recent_ids::view view_;
  statement select_;
  std::vector<std::int64_t> found_;
};

/// Keeps one index up to date, on the writing connection.
class id_merger {
public:
  /// Reads the rows that are not merged yet. @throws error
  template <class Hash>
  id_merger(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent, const Hash& hash)
      : id_merger(db, kind, std::move(recent)) {
    statement select{db, kind.rows_after};
    for (auto rows = select.query(merged_up_to_); rows.next();) recent_->add(hash(rows.text(1)), rows.integer(0));
  }

  /// Number for a row that is about to be inserted; never given twice.
  std::int64_t next_row() { return ++last_row_; }
  void add(std::int64_t hash, std::int64_t row);
  /// Of a row that is removed: in the same transaction, and once that is committed. @throws error
  void erase_on_disk(std::int64_t hash, std::int64_t row) { delete_.run(hash, row); }
  void erase_in_memory(std::int64_t hash, std::int64_t row);

  /// A transaction begins, is about to commit (merges a slice), was committed, was rolled back.
  void begin();
  void merge_slice();
  void committed();
  void rolled_back();

private:
  id_merger(connection& db, const id_kind& kind, std::shared_ptr<recent_ids> recent);

  using entry = std::pair<std::int64_t, std::int64_t>; ///< hash, row
  std::shared_ptr<recent_ids> recent_;
  const std::string mark_; ///< see mark_of
  statement insert_, delete_, put_merged_;
  std::int64_t last_row_ = 0;
  std::int64_t merged_up_to_ = 0; ///< rows up to here are on disk
  std::vector<entry> merging_;    ///< sorted; those before `merged_` are on disk
  std::size_t merged_ = 0, merged_before_ = 0;
  std::int64_t merging_up_to_ = 0;
  std::vector<entry> added_; ///< in the transaction under way
};

} // namespace causeway::store::sql
