#pragma once
#include <string>
#include <string_view>

namespace causeway::matrix {

/// SHA-256 of `bytes`; 32 bytes. About 1 us per 1 KB.
std::string sha256(std::string_view bytes);

} // namespace causeway::matrix
