#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/store/identity.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// Copies a store from a SQLite file into a PostgreSQL database.
namespace causeway::store {

struct copied_table {
  std::string name;
  std::int64_t rows = 0;
};
/// Told from time to time: the table under way and how many rows of it are copied.
using copy_progress = std::function<void(const copied_table&)>;

/// Copies every table of the store at `from.path` into the database at `to.url`, in one transaction: all of it is there
/// afterwards, or nothing. Neither may be used by a broker meanwhile; both are locked. A store of an older version of
/// Causeway is migrated first, as a broker would at its start. The file stays as it was otherwise.
/// @pre `from` is SQLite, `to` is PostgreSQL
/// @param wanted  what the broker that will use the copy is configured for
/// @returns the tables with their rows; not_found: there is no store at `from.path`; invalid_param: the file is none of
/// ours, the store is for another server, or the database holds a store already; store_failed: one of the two is in use
/// or failed
result<std::vector<copied_table>> copy_store(const config::store_options& from, const config::store_options& to,
                                             const identity& wanted, const copy_progress& progress = {});

} // namespace causeway::store
