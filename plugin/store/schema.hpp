#pragma once
#include "plugin/store/sqlite.hpp"

#include <cstdint>
#include <string>

/// The tables of the SQLite engine and how an older store becomes a current one.
namespace causeway::store::sqlite {

/// Version this build writes (PRAGMA user_version).
inline constexpr std::int64_t schema_version = 7;
/// "CWAY": tells our files from other programs' (PRAGMA application_id).
inline constexpr std::int64_t application_id = 0x43574159;

/// Creates the tables in an empty file, or migrates those of an older version in one transaction.
/// @returns store_failed when the file is another program's or newer than this build; nothing is changed then
/// @throws error
status prepare_schema(connection& db);

} // namespace causeway::store::sqlite
