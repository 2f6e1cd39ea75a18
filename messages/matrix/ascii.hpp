#pragma once

/// Letters as identifiers have them: the lower case of ASCII, whatever the locale.
namespace causeway::matrix {

constexpr bool is_upper(char x) { return x >= 'A' && x <= 'Z'; }
constexpr char lowered(char x) { return is_upper(x) ? static_cast<char>(x - 'A' + 'a') : x; }

} // namespace causeway::matrix
