#pragma once
#include <cstddef>

namespace causeway::room {

/// Members, servers and events a description of the room names of each; their numbers stand beside them.
inline constexpr std::size_t described_max = 50;

} // namespace causeway::room
