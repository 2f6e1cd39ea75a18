#pragma once
#include "messages/fault.hpp"
#include "messages/matrix/json.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// A support archive (`causeway bundle`): a .tar.gz that holds one COMMAND.json for each list, as the broker answered,
/// and one {"shown": [answer, ...]} for each command about one thing, at its top or in one folder.
namespace causeway::tools {

struct archived_answer {
  matrix::json::object body;
  std::int64_t made_ms = 0; ///< when it was written down; times are told as they were then
};

/// Files that are looked at before one says that the answer is not there.
inline constexpr std::size_t archive_files_max = 10'000;
/// Largest answer that is read.
inline constexpr std::size_t archived_bytes_max = std::size_t{256} * 1024 * 1024;

/// The answer to `command` in that archive. What else is in the archive is not unpacked.
/// @returns faults not_found (no such file, no such answer in it), bad_json (no archive, no JSON), too_large
result<archived_answer> read_archive(const std::string& file, std::string_view command);

} // namespace causeway::tools
