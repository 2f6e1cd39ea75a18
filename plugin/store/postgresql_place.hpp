#pragma once
#include "messages/fault.hpp"

#include <string>

namespace causeway::store {

/// What `store.url` names, without the password: "postgresql://causeway@db.example:5432/causeway".
/// @returns invalid_param: it is no connection URI of PostgreSQL
result<std::string> place_of(const std::string& url);

} // namespace causeway::store
