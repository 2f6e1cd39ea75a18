#pragma once
#include "config/loader.hpp"

#include <string>

namespace causeway::tools {

/// Copies the store of the stopped broker configured by `from` (SQLite) into the PostgreSQL database `url`, which has
/// to be empty. What is under way is told on standard error. @returns the exit code
int copy_store_into(const config::sources& from, const std::string& url, bool json);

/// Copies the files of the stopped broker configured by `from` out of `media.directory` into the database `store.url`.
/// @returns the exit code
int copy_media_into_store(const config::sources& from, bool json);

} // namespace causeway::tools
