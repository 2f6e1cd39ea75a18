#pragma once
#include "plugin/store/database.hpp"

#include <cstdint>

/// The tables, and how those of an older store become current ones.
namespace causeway::store::sql {

/// Version this build writes. Where it is kept is the engine's business.
inline constexpr std::int64_t schema_version = 14;

/// Makes the tables of version `from` those of this build; 0: there are none yet.
/// @pre in a transaction that writes. @throws error
void migrate(connection& db, std::int64_t from);

} // namespace causeway::store::sql
