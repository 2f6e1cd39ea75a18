#pragma once
#include <string>
#include <string_view>

namespace causeway::config {

/// causeway.toml(5) in troff's man macros: every key of the table with its sentences, range and default.
std::string manual_page(std::string_view version);

} // namespace causeway::config
