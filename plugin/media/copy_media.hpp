#pragma once
#include "messages/fault.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace causeway::media {

struct copied_media {
  std::uint64_t files = 0;   ///< ours and copies of others'
  std::uint64_t bytes = 0;   ///< of the blobs that had to be written
  std::uint64_t missing = 0; ///< known in the folder, and not there or damaged: left out
};
/// Told of each file, before it is copied.
using media_progress = std::function<void(const copied_media&)>;

/// Copies the files in `directory` into the database `url` of a store: blobs with what is known of them, and the
/// beginnings of uploads. Thumbnails are made anew. File by file: what fails leaves those that are there, and a
/// repetition goes on. Neither may be used by a broker meanwhile; a store that is in use is refused.
/// @returns not_found: there are no files in `directory`; store_failed: one of the two is in use or failed
result<copied_media> copy_media(const std::string& directory, const std::string& url,
                                const media_progress& progress = {});

} // namespace causeway::media
