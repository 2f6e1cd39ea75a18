#pragma once
#include <cstdint>
#include <string>

namespace causeway::config {

enum class media_backend : std::uint8_t { folder, postgresql };

/// `[media]`: files in messages, ours and those of other servers.
struct media_options {
  /// folder: `directory`; postgresql: the database of the store, where each node finds them. A folder is the default
  /// with either engine: files that lie in one must not disappear because a newer version looks elsewhere.
  media_backend backend = media_backend::folder;
  /// Folder of the files and of what is known about them. Empty: `media` in `data_dir`.
  std::string directory;
  /// One file of the chat server, bytes; range 1 KiB..4 GiB.
  std::uint64_t upload_bytes_max = 50 * 1024 * 1024;
  /// One file of another server, bytes; larger ones are not fetched; range 1 KiB..4 GiB.
  std::uint64_t remote_bytes_max = 100 * 1024 * 1024;
  /// Copies of other servers' files and thumbnails all together, bytes; the longest unused go first; range 1 MiB..1
  /// PiB.
  std::uint64_t cache_bytes_max = std::uint64_t{10} * 1024 * 1024 * 1024;
  /// Width times height of a picture of which a thumbnail is made; decoding takes 4 bytes each; range 10000..400000000.
  std::uint32_t thumbnail_pixels_max = 32'000'000;
  std::uint32_t fetch_timeout_s = 120;  ///< one file of another server, from asking to its last byte; range 5..280
  std::uint32_t upload_lifetime_h = 24; ///< a part of an upload is waited for this long; range 1..720
};

} // namespace causeway::config
