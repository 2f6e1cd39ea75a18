#pragma once
#include "plugin/store/id_index.hpp"
#include "plugin/store/shared_ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace causeway::store::sql {

/// Numbers the rows of a kind and keeps their ids findable, on the writing connection: in the way that the store
/// allows (id_index.hpp for one process, shared_ids.hpp for several nodes). Functions of the
/// transaction as in table_group.hpp.
class id_writer {
public:
  /// @param recent  filled with what the index on disk does not have yet: of a shared store the transaction under way
  /// @throws error
  template <class Hash>
  id_writer(connection& db, const id_kind& kind, const std::shared_ptr<recent_ids>& recent, const Hash& hash) {
    if (db.is_shared()) shared_.emplace(db, kind, recent);
    else merged_.emplace(db, kind, recent, hash);
  }

  /// Number for a row that is about to be inserted; never given twice. @throws error
  std::int64_t next_row() { return shared_ ? shared_->next_row() : merged_->next_row(); }
  /// No row of the shards of this connection has a greater number; those of others may. @throws error
  std::int64_t newest_row() { return shared_ ? shared_->newest_row() : packed_low_max; }
  /// @throws error
  void add(std::int64_t hash, std::int64_t row) {
    if (shared_) shared_->add(hash, row);
    else merged_->add(hash, row);
  }
  /// Of a row that is removed: in the same transaction, and once that is committed. @throws error
  void erase_on_disk(std::int64_t hash, std::int64_t row) {
    if (shared_) shared_->erase(hash, row);
    else merged_->erase_on_disk(hash, row);
  }
  void erase_in_memory(std::int64_t hash, std::int64_t row) {
    if (merged_) merged_->erase_in_memory(hash, row);
  }

  void begin() {
    if (merged_) merged_->begin();
  }
  void taken() {
    if (shared_) shared_->taken();
  }
  void flush() {
    if (shared_) shared_->flush();
    else merged_->merge_slice();
  }
  void committed() {
    if (shared_) shared_->committed();
    else merged_->committed();
  }
  void rolled_back() {
    if (shared_) shared_->rolled_back();
    else merged_->rolled_back();
  }

private:
  std::optional<id_merger> merged_;
  std::optional<shared_ids> shared_;
};

} // namespace causeway::store::sql
