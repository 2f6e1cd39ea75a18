#include "tools/causeway/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

namespace causeway::tools {

namespace {

using open_archive = std::unique_ptr<archive, decltype(&archive_read_free)>;

constexpr std::size_t block_bytes = 64 * 1024;

std::string_view file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

fault broken(const std::string& file, archive* a) {
  const char* why = archive_error_string(a);
  return {fault_code::bad_json, file + " is no archive of `causeway bundle`: " + (why ? why : "it ends too early")};
}

/// By what is read, not by what the archive says of its size.
result<std::string> read_entry(const std::string& file, archive* a) {
  std::string text;
  std::vector<char> block(block_bytes);
  while (true) {
    const auto read = archive_read_data(a, block.data(), block.size());
    if (read < 0) return broken(file, a);
    if (read == 0) return text;
    if (text.size() + static_cast<std::size_t>(read) > archived_bytes_max)
      return fault{fault_code::too_large, file + ": an answer in it is larger than " +
                                            std::to_string(archived_bytes_max / (1024 * 1024)) + " MiB"};
    text.append(block.data(), static_cast<std::size_t>(read));
  }
}

result<archived_answer> understand(const std::string& file, archive* a, archive_entry* entry) {
  auto text = read_entry(file, a);
  if (!text) return text.error();
  auto parsed = matrix::json::parse(*text);
  auto* body = parsed ? parsed->as_object() : nullptr;
  if (!body) return fault{fault_code::bad_json, file + ": an answer in it is no JSON object"};
  return archived_answer{std::move(*body), std::int64_t{archive_entry_mtime(entry)} * 1'000};
}

} // namespace

result<archived_answer> read_archive(const std::string& file, std::string_view command) {
  const open_archive a{archive_read_new(), &archive_read_free};
  archive_read_support_filter_gzip(a.get());
  archive_read_support_format_tar(a.get());
  if (archive_read_open_filename(a.get(), file.c_str(), block_bytes) != ARCHIVE_OK) {
    if (archive_errno(a.get()) == ENOENT) return fault{fault_code::not_found, file + " does not exist"};
    return broken(file, a.get());
  }
  const auto wanted = std::string{command} + ".json";
  for (std::size_t files = 0; files < archive_files_max; ++files) {
    archive_entry* entry = nullptr;
    const int outcome = archive_read_next_header(a.get(), &entry);
    if (outcome == ARCHIVE_EOF) break;
    if (outcome != ARCHIVE_OK) return broken(file, a.get());
    const char* path = archive_entry_pathname(entry);
    if (path != nullptr && file_name(path) == wanted && archive_entry_filetype(entry) == AE_IFREG)
      return understand(file, a.get(), entry);
  }
  return fault{fault_code::not_found, file + " holds no " + wanted};
}

} // namespace causeway::tools
