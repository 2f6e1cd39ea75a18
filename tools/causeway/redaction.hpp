#pragma once
#include <string>

namespace causeway::tools {

/// One line without what looks like a password in it: `//user:PASSWORD@`, `password=PASSWORD`. Rather too much is taken
/// out than too little: it goes to somebody else.
std::string without_passwords(std::string line);

} // namespace causeway::tools
