#pragma once
#include "messages/store.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/query_executor.hpp"
#include "plugin/store/writer.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace causeway::store {

/// The tables as an owner of shards works on them, while others of the same database own the rest: commits under the
/// fence, and what became of a commit whose answer was lost. One thread at a time.
class fenced_store {
public:
  /// @param db  `own` was called. @throws sql::error
  explicit fenced_store(postgresql_database& db);

  /// See engine::commit. After a commit whose answer was lost the same batches have to come again: they are written
  /// unless it was made. Never throws.
  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches);
  /// See reader::ask. Never throws.
  answer ask(const query& question) { return parts_->questions.ask(question); }
  /// See engine::purge. @throws sql::error
  std::size_t purge(std::int64_t now_ms, const purge_limits& limits) { return parts_->writer.purge(now_ms, limits); }
  /// Nobody knows yet whether the last commit was made.
  bool is_outcome_open() const { return unknown_.has_value(); }

private:
  /// What keeps something in memory about the tables.
  struct parts {
    explicit parts(postgresql_database& db);
    sql::all_recent_ids recent; ///< of the transaction under way
    sql::names names;
    sql::writer writer;
    sql::query_executor questions;
  };

  postgresql_database& db_;
  std::unique_ptr<parts> parts_;
  std::optional<std::vector<commit_outcome>> unknown_; ///< of the commit whose answer was lost
};

} // namespace causeway::store
