#include "tools/causeway/redaction.hpp"

#include <string_view>

namespace causeway::tools {

namespace {

constexpr std::string_view redacted_text = "(redacted)";

/// Of the authority of a URI. A password may hold an @ that should have been written %40.
void take_out_of_authority(std::string& line) {
  const auto begin = line.find("://");
  const auto end = begin == std::string::npos ? begin : line.rfind('@');
  if (end == std::string::npos || end < begin) return;
  const auto colon = line.find(':', begin + 3);
  if (colon < end) line.replace(colon + 1, end - colon - 1, redacted_text);
}

/// The first of `ends` that no backslash stands before, or the end of the line. A backslash that is escaped itself
/// counts too, for a text within another has them twice: rather too much is taken out.
std::size_t end_of_value(const std::string& line, std::size_t at, std::string_view ends) {
  const auto begin = at;
  for (; at < line.size(); ++at)
    if (ends.find(line[at]) != std::string_view::npos && (at == begin || line[at - 1] != '\\')) break;
  return at;
}

/// Of a URI, of a connection string (blanks around the =, a value in single quotes), of a line of a file.
void take_out_of_parameters(std::string& line) {
  constexpr std::string_view name = "password", blanks = " \t";
  for (auto at = line.find(name); at != std::string::npos; at = line.find(name, at)) {
    at += name.size();
    const auto equals = line.find_first_not_of(blanks, at);
    if (equals == std::string::npos || line[equals] != '=') continue;
    at = line.find_first_not_of(blanks, equals + 1);
    if (at == std::string::npos) return;
    const bool is_quoted = line[at] == '\'' || line[at] == '"';
    const auto end =
      is_quoted ? end_of_value(line, at + 1, std::string_view{&line[at], 1}) : end_of_value(line, at, "& \t\"'");
    at += is_quoted ? 1 : 0;
    line.replace(at, end - at, redacted_text);
    at += redacted_text.size();
  }
}

} // namespace

std::string without_passwords(std::string line) {
  take_out_of_authority(line);
  take_out_of_parameters(line);
  return line;
}

} // namespace causeway::tools
