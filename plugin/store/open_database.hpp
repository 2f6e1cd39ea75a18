#pragma once
#include "config/store_options.hpp"
#include "plugin/database.hpp"

#include <memory>
#include <string>

namespace causeway::store {

/// A further connection to a store that exists, beside that of its engine, for a short look or note.
/// @pre not in memory. @throws sql::error
std::unique_ptr<sql::connection> open_database(const config::store_options& options);

/// Whether the store is SQLite's in memory, which nothing outlives.
bool is_in_memory(const config::store_options& options);

/// The file, or the database without its password: for sentences.
std::string name_of_store(const config::store_options& options);

} // namespace causeway::store
