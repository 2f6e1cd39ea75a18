#include "plugin/store/fenced_store.hpp"

#include <exception>
#include <utility>

namespace causeway::store {

fenced_store::parts::parts(postgresql_database& db)
    : names(db, recent), writer(db, names, recent), questions(db, names) {}

fenced_store::fenced_store(postgresql_database& db) : db_(db), parts_(std::make_unique<parts>(db)) {}

result<std::vector<commit_outcome>> fenced_store::commit(std::span<const store_batch> batches) {
  if (unknown_) {
    // The batches of the commit whose answer was lost come again (store_thread): it may have been made.
    try {
      const bool was_made = db_.was_last_commit_made();
      // They believe that it was rolled back. Where that fails the mark is found again the next time.
      if (was_made) parts_ = std::make_unique<parts>(db_);
      auto outcomes = *std::exchange(unknown_, {});
      if (was_made) return outcomes;
    } catch (const sql::error& failed) {
      return sql::to_fault(failed);
    } catch (const std::exception& failed) {
      return fault{fault_code::internal, failed.what()};
    }
  }
  auto outcomes = parts_->writer.commit(batches);
  if (!outcomes && db_.is_outcome_unknown()) unknown_ = parts_->writer.take_last_outcomes();
  return outcomes;
}

} // namespace causeway::store
