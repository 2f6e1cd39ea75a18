#include "plugin/inspector/page_files.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace causeway::inspector {

const page_file* find_page_file(std::string_view path) {
  if (path.empty()) path = "index.html";
  const auto all = page_files();
  const auto at = std::find_if(all.begin(), all.end(), [path](const page_file& x) { return x.path == path; });
  return at == all.end() ? nullptr : &*at;
}

std::string_view content_type_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> types = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".ico", "image/x-icon"},
  }};
  for (const auto& [ending, type] : types)
    if (path.ends_with(ending)) return type;
  return "text/plain; charset=utf-8";
}

} // namespace causeway::inspector
