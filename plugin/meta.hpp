#pragma once

namespace causeway::store::sql {

/// Sets a value of the table `meta`: what the store is as a whole, numbers as text.
inline constexpr const char* put_meta =
  "INSERT INTO meta(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value";
inline constexpr const char* find_meta = "SELECT value FROM meta WHERE name = ?1";

} // namespace causeway::store::sql
