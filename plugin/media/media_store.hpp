#pragma once
#include "config/media_options.hpp"
#include "messages/chat/commands.hpp"
#include "messages/fault.hpp"
#include "plugin/media/media_parts.hpp"
#include "plugin/media/picture.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::media {

using time_ms = std::int64_t;

/// A complete file.
struct file_info {
  std::string hash;         ///< name of its blob
  std::string content_type; ///< as told by whoever gave it
  std::string file_name;    ///< likewise; may be empty
  std::uint64_t bytes = 0;
};

struct upload_state {
  std::string media_id;
  std::uint64_t received_bytes = 0;
  bool complete = false;
};

/// All files and what is known of them: our own, which are kept for ever, and copies of other servers' files and
/// thumbnails, of which the longest unused go when there are too many bytes. The knowledge is a SQLite file beside the
/// blobs, or tables beside theirs; it names a blob only when that is on disk. Safe for threads, but `put`,
/// `keep_remote` and `keep_thumbnail` are each for one thread at a time.
class media_store {
public:
  /// @returns faults store_failed, internal (a file or tables of a newer version), conflict (files are in the folder,
  /// and none in the database: they were not copied)
  static result<std::unique_ptr<media_store>> open(const media_place& at, const config::media_options& options);

  /// @param origin  server name; empty: ours
  result<std::optional<file_info>> find(std::string_view origin, std::string_view media_id, time_ms now);
  /// Whether one of our media ids is given, while its upload is not complete.
  result<bool> is_announced(std::string_view media_id);

  /// Takes a part of an upload.
  /// @returns faults too_large, conflict (another part is expected, or other bytes are there), overloaded (too many
  /// uploads are open), store_failed
  result<upload_state> put(const chat::media_put& part, time_ms now);
  /// Takes a whole incoming file over as the copy of another server's file.
  result<file_info> keep_remote(std::string_view origin, std::string_view media_id, std::string_view incoming,
                                std::string content_type, std::string file_name, time_ms now);

  result<std::optional<file_info>> find_thumbnail(std::string_view source, thumbnail_size size, time_ms now);
  result<file_info> keep_thumbnail(std::string_view source, thumbnail_size size, std::string_view bytes,
                                   std::string content_type, time_ms now);

  /// Throws away uploads whose next part has not come.
  /// @param with_strangers  incoming files that belong to no upload, too: at the start only, when nothing else is on
  /// its way
  status expire(time_ms now, bool with_strangers);

  /// Whether the files are where they were. @returns store_failed in words
  status healthy();

  blob_store& files() { return *parts_.files; }
  /// Bytes of what may be thrown away.
  std::uint64_t cached_bytes() const;

private:
  struct open_upload;

  media_store(media_parts made, const config::media_options& options);
  result<std::optional<upload_state>> complete_upload(const chat::media_put& part);
  result<open_upload> find_upload(const chat::media_put& part, time_ms now);
  result<upload_state> keep_upload(const chat::media_put& part, const open_upload& x, time_ms now);
  status compare(const chat::media_put& part, std::uint64_t known, const std::string& there);
  void finish(store::sql::transaction& whole, const file_info& kept);
  std::vector<std::string> make_room(std::string_view keep_hash, std::uint64_t& cached);

  status look(); ///< of `healthy`, under the mutex

  const config::media_options options_;
  mutable std::mutex mutex_; ///< guards what follows but for what is safe itself, and which blobs there are
  media_parts parts_;
  store::sql::connection& db_;
  std::uint64_t cached_bytes_ = 0;
};

} // namespace causeway::media
