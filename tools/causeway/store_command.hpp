#pragma once
#include "config/loader.hpp"

#include <string>

namespace causeway::tools {

/// Copies the store of the stopped broker configured by `from` (SQLite) into the PostgreSQL database `url`, which has
/// to be empty. What is under way is told on standard error. @returns the exit code
int copy_store_into(const config::sources& from, const std::string& url, bool json);

} // namespace causeway::tools
