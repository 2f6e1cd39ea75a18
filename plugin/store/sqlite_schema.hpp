#pragma once
#include "plugin/sqlite_database.hpp"

#include <cstdint>

namespace causeway::store {

/// "CWAY": tells our files from other programs' (PRAGMA application_id).
inline constexpr std::int64_t application_id = 0x43574159;

/// Creates the tables in an empty file, or migrates those of an older version (PRAGMA user_version) in one transaction.
/// Newer ones that this build may serve are left alone.
/// @returns store_failed when the file is another program's or too new for this build; nothing is changed then
/// @throws sql::error
status prepare_schema(sqlite_database& db);

} // namespace causeway::store
