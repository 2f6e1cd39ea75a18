#include "plugin/version.hpp"

namespace causeway {

std::string_view version() { return "0.1.0"; }

} // namespace causeway
