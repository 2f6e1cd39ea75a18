#pragma once
#include "messages/fault.hpp"
#include "plugin/database.hpp"
#include "plugin/store/table_group.hpp"

#include <cstdint>
#include <span>
#include <string_view>

/// The tables, and how those of an older store become current ones.
///
/// Two builds may take turns at one store, in either order, and going back works, as long as nothing was taken away. So
/// what a new build runs by itself only adds; the steps that take away wait until an operator says that no older build
/// is left (`causeway cluster upgrade --finish`). The store says which builds may serve it: those that know
/// `serves_from`. Tables older than `first_shared_version` come from builds that do not look at it: they are brought to
/// this build's in one go.
namespace causeway::store::sql {

/// Version this build writes. Where it is kept is the engine's business; `meta` has it, too (`version_row`).
inline constexpr std::int64_t schema_version = 15;
/// Of the first build that serves tables newer than its own.
inline constexpr std::int64_t first_shared_version = 14;

/// Rows of `meta`.
inline constexpr std::string_view version_row = "schema_version", serves_from_row = "serves_from";

/// What is made of tables.
struct schema {
  std::int64_t version = 0;
  std::span<const schema_steps> groups;
};
/// This build's.
schema own_schema();

/// What a store says of its tables.
struct schema_window {
  std::int64_t version = 0;     ///< of the steps that add; 0: there are no tables
  std::int64_t serves_from = 0; ///< the oldest schema a build must know to serve them; steps up to it took away
};

/// Of tables of `version`. Where nobody has said more, only builds that know them may serve. @throws error
schema_window window_of(connection& db, std::int64_t version);
/// What the row of `meta` says of the version; one without is of a file that no other build has shared. @throws error
schema_window window_of(connection& db);
/// @returns store_failed, with what to do: a build that knows the schema up to `known` must not serve such tables
status may_serve(const schema_window& tables, std::int64_t known = schema_version);

/// Makes the tables those of `to`, but for what would be taken away from builds that may serve them.
/// @pre in a transaction that writes. @throws error
void migrate(connection& db, const schema_window& from, const schema& to = own_schema());

/// Runs what is left to take away; whoever serves the store has to know its schema from then on. In a transaction of
/// its own. Harmless when repeated.
/// @returns conflict, with what to do: the tables are newer than `known`, or a node that shares them does not know them
/// @throws error
status finish(connection& db, const schema& known = own_schema());

} // namespace causeway::store::sql
