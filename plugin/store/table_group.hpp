#pragma once
#include "plugin/database.hpp"

#include <cstdint>
#include <span>

/// A table group: tables that belong together in one pair of files `NAME_rows.hpp/.cpp`, which has
/// - `NAME_steps()`: how the tables came to be, for schema.cpp;
/// - the lists of columns (columns.hpp);
/// - `NAME_writes`: the statements that change them, `void apply(const WRITE&)` for each write that is about them;
/// - `NAME_reads`: the statements that read them, `answer on(const QUERY&)` for each query that is about them.
///
/// A group that keeps something in memory about its tables has what the writer calls of these: `begin()` before a
/// transaction, `taken()` in it when shards were taken since the last one (connection::takes), `flush()` before the
/// commit, then `committed()` or `rolled_back()`. None but `flush` throws.
namespace causeway::store::sql {

/// What a step does to a build that does not know it.
enum class change : std::uint8_t {
  adds,       ///< that build goes on: what it does not write has a default, what it reads means what it meant
  takes_away, ///< something goes, or means something else: it waits until no such build is left
};

/// What leads the tables of a group from version `version - 1` of the schema to `version`. Never changed once released.
/// One that takes away runs after the adding ones of later versions, too (schema.hpp).
struct schema_step {
  std::int64_t version = 0;
  const char* sql = "";
  void (*convert)(connection& db) = nullptr; ///< runs behind `sql`, for what SQL alone cannot do
  change does = change::adds;
};
using schema_steps = std::span<const schema_step>;

} // namespace causeway::store::sql
