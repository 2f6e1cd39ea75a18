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

void take_out_of_parameters(std::string& line) {
  constexpr std::string_view name = "password=";
  for (auto at = line.find(name); at != std::string::npos; at = line.find(name, at)) {
    at += name.size();
    const auto end = line.find_first_of("& \"'", at);
    line.replace(at, end == std::string::npos ? end : end - at, redacted_text);
  }
}

} // namespace

std::string without_passwords(std::string line) {
  take_out_of_authority(line);
  take_out_of_parameters(line);
  return line;
}

} // namespace causeway::tools
