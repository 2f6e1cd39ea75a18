#pragma once
#include <string>

namespace causeway::tools {

/// Why this process may not connect to a socket file, and who may: "permission denied: ... is for the user causeway
/// alone; run this as that user (...) or as root."
/// @param path  of the socket; connecting to it has failed with EACCES or EPERM
std::string permission_denied(const std::string& path);

} // namespace causeway::tools
