#pragma once
#include <string_view>

namespace causeway {

/// Software version, as told to peers.
std::string_view version();

} // namespace causeway
