#pragma once
#include "config/loader.hpp"

#include <string>

namespace causeway::tools {

/// Puts what `back_up` has written where the configuration says: files, signing key, and the store last, so that a
/// broker that is started before it is there refuses to begin a new one. Nothing is written over. Needs the rights of
/// the broker's user. @returns the exit code
int restore(const config::sources& from, const std::string& folder, bool as_json);

} // namespace causeway::tools
