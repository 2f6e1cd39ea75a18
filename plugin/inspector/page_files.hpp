#pragma once
#include <span>
#include <string_view>

namespace causeway::inspector {

/// A file of plugin/inspector/page, as it was when this was compiled.
struct page_file {
  std::string_view path; ///< below page/, with `/` between
  std::string_view body;
  std::string_view etag; ///< in its quotes
};

/// Sorted by path; made by config/cmake/embed_files.cmake.
std::span<const page_file> page_files();

/// Null: there is none. `index.html` for the empty path. A name is looked up in the list, so no path leads out of it.
const page_file* find_page_file(std::string_view path);
/// By the name's ending.
std::string_view content_type_of(std::string_view path);

} // namespace causeway::inspector
