#pragma once
#include <string>
#include <string_view>

namespace causeway::tools {

/// causeway.1 in roff, from the table. Pure.
std::string man_page(std::string_view version);

} // namespace causeway::tools
