#include "plugin/media/media_store.hpp"

#include "messages/matrix/base64.hpp"
#include "plugin/private_files.hpp"

#include <fcntl.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

namespace causeway::media {
namespace {

using sqlite::connection;
using sqlite::statement;
using sqlite::transaction;

constexpr std::int64_t schema_version = 1;
constexpr std::size_t media_id_bytes = 24; ///< of randomness: 32 characters
/// Uploads that are not complete.
constexpr std::int64_t open_uploads_max = 1'000;
/// When a copy was used last is noted no more exactly than this: a write per read would be dear.
constexpr time_ms used_exactness_ms = 3'600'000;
constexpr const char* thumbnail_incoming = "thumbnail";

constexpr const char* schema = R"sql(
CREATE TABLE media (
  origin TEXT NOT NULL,          -- server name; '': ours
  media_id TEXT NOT NULL,
  upload_id TEXT,                -- the chat server's name of it; NULL: not ours
  hash TEXT NOT NULL,
  content_type TEXT NOT NULL,
  file_name TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_ts INTEGER NOT NULL,
  used_ts INTEGER NOT NULL,
  PRIMARY KEY (origin, media_id)
) WITHOUT ROWID;
CREATE INDEX media_by_hash ON media (hash);
CREATE UNIQUE INDEX media_by_upload ON media (upload_id) WHERE upload_id IS NOT NULL;
CREATE INDEX media_by_use ON media (used_ts) WHERE origin <> '';
CREATE TABLE uploads (
  upload_id TEXT PRIMARY KEY,
  media_id TEXT NOT NULL UNIQUE, -- also the name of the incoming file
  content_type TEXT NOT NULL,
  file_name TEXT NOT NULL,
  total_bytes INTEGER NOT NULL,
  received_bytes INTEGER NOT NULL,
  changed_ts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE thumbnails (
  source TEXT NOT NULL,          -- hash of the picture
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  method INTEGER NOT NULL,
  hash TEXT NOT NULL,
  content_type TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  used_ts INTEGER NOT NULL,
  PRIMARY KEY (source, width, height, method)
) WITHOUT ROWID;
CREATE INDEX thumbnails_by_hash ON thumbnails (hash);
CREATE INDEX thumbnails_by_use ON thumbnails (used_ts);
)sql";

std::string random_media_id() {
  std::array<char, media_id_bytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return matrix::base64url_encode({bytes.data(), bytes.size()});
}

file_info file_of(const sqlite::cursor& row) {
  return {row.string(0), row.string(1), row.string(2), static_cast<std::uint64_t>(row.integer(3))};
}

/// Runs `work`; what SQLite throws comes out as a fault.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sqlite::error& failed) {
    return sqlite::to_fault(failed);
  }
}

} // namespace

media_store::media_store(const std::string& directory, const config::media_options& options)
    : options_(options), files_(directory), watch_(directory + "/media.db"),
      db_(directory + "/media.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) {}

result<std::unique_ptr<media_store>> media_store::open(const std::string& directory,
                                                       const config::media_options& options) {
  if (auto made = make_private_folder(directory); !made) return made.error();
  if (auto fine = blob_files{directory}.open(); !fine) return fine.error();
  if (auto fine = check_database_log(directory + "/media.db"); !fine) return fine.error();
  // SQLite gives the files beside a database the rights of the database.
  if (auto made = open_private_file(directory + "/media.db", O_RDWR | O_CREAT); !made) return made.error();
  close_to_others(directory);
  return guarded([&]() -> result<std::unique_ptr<media_store>> {
    std::unique_ptr<media_store> store{new media_store{directory, options}};
    store->db_.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
    const auto version = store->db_.integer("PRAGMA user_version");
    if (version > schema_version) return {fault_code::internal, directory + "/media.db was written by a newer version"};
    store->migrate();
    store->watch_.begin();
    store->cached_bytes_ = static_cast<std::uint64_t>(
      store->db_.integer("SELECT (SELECT coalesce(sum(bytes), 0) FROM media WHERE origin <> '')"
                         " + (SELECT coalesce(sum(bytes), 0) FROM thumbnails)"));
    return store;
  });
}

void media_store::migrate() {
  transaction whole{db_, transaction::kind::write};
  if (db_.integer("PRAGMA user_version") == 0) {
    db_.execute(schema);
    db_.execute("PRAGMA user_version = " + std::to_string(schema_version));
  }
  whole.commit();
}

std::uint64_t media_store::cached_bytes() const {
  const std::lock_guard lock{mutex_};
  return cached_bytes_;
}

result<std::optional<file_info>> media_store::find(std::string_view origin, std::string_view media_id, time_ms now) {
  return guarded([&]() -> result<std::optional<file_info>> {
    const std::lock_guard lock{mutex_};
    statement find{
      db_, "SELECT hash, content_type, file_name, bytes, used_ts FROM media WHERE origin = ?1 AND media_id = ?2"};
    std::optional<file_info> out;
    time_ms used = 0;
    {
      auto row = find.query(origin, media_id);
      if (!row.next()) return out;
      out = file_of(row);
      used = row.integer(4);
    }
    if (!origin.empty() && now - used >= used_exactness_ms)
      statement{db_, "UPDATE media SET used_ts = ?3 WHERE origin = ?1 AND media_id = ?2"}.run(origin, media_id, now);
    return out;
  });
}

status media_store::look() {
  auto fine = files_.healthy();
  return fine ? watch_.check() : fine;
}

status media_store::healthy() {
  const std::lock_guard lock{mutex_};
  return look();
}

result<bool> media_store::is_announced(std::string_view media_id) {
  return guarded([&]() -> result<bool> {
    const std::lock_guard lock{mutex_};
    statement find{db_, "SELECT 1 FROM uploads WHERE media_id = ?1"};
    return find.query(media_id).next();
  });
}

status media_store::compare(const chat::media_put& part, std::uint64_t known, const std::string& there) {
  const auto overlap = part.offset >= known ? 0 : std::min<std::uint64_t>(known - part.offset, part.bytes.size());
  if (there.size() != overlap || part.bytes.compare(0, overlap, there) != 0)
    return {fault_code::conflict, "bytes: others came for this place before"};
  return ok();
}

result<upload_state> media_store::part_of_complete(const chat::media_put& part, sqlite::cursor& row) {
  const auto media_id = row.string(0), hash = row.string(1);
  const auto bytes = static_cast<std::uint64_t>(row.integer(2));
  if (part.total_bytes != bytes)
    return {fault_code::conflict, "total_bytes: the upload was complete with " + std::to_string(bytes)};
  auto there = files_.read(hash, part.offset, part.bytes.size());
  if (!there) return there.error();
  if (auto same = compare(part, bytes, *there); !same) return same.error();
  return upload_state{media_id, bytes, true};
}

result<upload_state> media_store::put(const chat::media_put& part, time_ms now) {
  return guarded([&]() -> result<upload_state> {
    std::unique_lock lock{mutex_};
    if (auto fine = look(); !fine)
      return fine.error(); // an acknowledgement out of files that have no name any more would be a lie
    {
      statement find{db_, "SELECT media_id, hash, bytes FROM media WHERE upload_id = ?1"};
      auto row = find.query(part.upload);
      if (row.next()) return part_of_complete(part, row);
    }
    if (part.total_bytes > options_.upload_bytes_max)
      return {fault_code::too_large,
              "total_bytes: media.upload_bytes_max is " + std::to_string(options_.upload_bytes_max)};
    std::string media_id, content_type = part.content_type.value_or("application/octet-stream"),
                          file_name = part.file_name.value_or("");
    std::uint64_t received = 0;
    bool known = false;
    {
      statement find{
        db_, "SELECT media_id, total_bytes, received_bytes, content_type, file_name FROM uploads WHERE upload_id = ?1"};
      auto row = find.query(part.upload);
      if (row.next()) {
        known = true;
        media_id = row.string(0);
        if (static_cast<std::uint64_t>(row.integer(1)) != part.total_bytes)
          return {fault_code::conflict, "total_bytes: the upload began with " + std::to_string(row.integer(1))};
        // What a crash took from the file has to come again.
        received = std::min(static_cast<std::uint64_t>(row.integer(2)), files_.incoming_bytes(media_id));
        content_type = row.string(3); // the first part says what it is
        file_name = row.string(4);
      }
    }
    if (part.offset > received)
      return {fault_code::conflict, "offset: the next part begins at " + std::to_string(received)};
    if (!known) {
      if (db_.integer("SELECT count(*) FROM uploads") >= open_uploads_max)
        return {fault_code::overloaded, std::to_string(open_uploads_max) + " uploads are not complete"};
      media_id = random_media_id();
      statement{db_, "INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)"}.run(part.upload, media_id, content_type,
                                                                                   file_name, part.total_bytes, now);
    }
    lock.unlock(); // only this thread writes; readers need not wait for the disk

    const auto overlap = std::min<std::uint64_t>(received - part.offset, part.bytes.size());
    if (overlap > 0) {
      auto there = files_.read_incoming(media_id, part.offset, overlap);
      if (!there) return there.error();
      if (auto same = compare(part, received, *there); !same) return same.error();
    }
    if (auto fine = files_.write_incoming(media_id, received, std::string_view{part.bytes}.substr(overlap)); !fine)
      return fine.error();
    received += part.bytes.size() - overlap;
    if (auto fine = files_.sync_incoming(media_id); !fine) return fine.error();
    const bool complete = received == part.total_bytes;
    auto hash = complete ? files_.hash_incoming(media_id) : result<std::string>{std::string{}};
    if (!hash) return hash.error();

    lock.lock();
    if (auto fine = look(); !fine) return fine.error();
    if (!complete) {
      statement{db_, "UPDATE uploads SET received_bytes = ?2, changed_ts = ?3 WHERE upload_id = ?1"}.run(part.upload,
                                                                                                         received, now);
      return upload_state{media_id, received, false};
    }
    if (auto fine = files_.place(media_id, *hash); !fine) return fine.error();
    transaction whole{db_, transaction::kind::write};
    statement{db_, "DELETE FROM uploads WHERE upload_id = ?1"}.run(part.upload);
    statement{db_, "INSERT INTO media VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"}.run(
      media_id, part.upload, *hash, content_type, file_name, received, now);
    whole.commit();
    files_.remove_incoming(media_id);
    return upload_state{media_id, received, true};
  });
}

result<file_info> media_store::keep_remote(std::string_view origin, std::string_view media_id,
                                           std::string_view incoming, std::string content_type, std::string file_name,
                                           time_ms now) {
  return guarded([&]() -> result<file_info> {
    if (auto fine = files_.sync_incoming(incoming); !fine) return fine.error();
    auto hash = files_.hash_incoming(incoming);
    if (!hash) return hash.error();
    file_info out{*hash, std::move(content_type), std::move(file_name), files_.incoming_bytes(incoming)};
    const std::lock_guard lock{mutex_};
    if (auto fine = look(); !fine) return fine.error();
    if (auto fine = files_.place(incoming, out.hash); !fine) return fine.error();
    statement{db_, "INSERT OR REPLACE INTO media VALUES (?1, ?2, NULL, ?3, ?4, ?5, ?6, ?7, ?7)"}.run(
      origin, media_id, out.hash, out.content_type, out.file_name, out.bytes, now);
    files_.remove_incoming(incoming);
    cached_bytes_ += out.bytes;
    make_room(out.hash);
    return out;
  });
}

result<std::optional<file_info>> media_store::find_thumbnail(std::string_view source, thumbnail_size size,
                                                             time_ms now) {
  return guarded([&]() -> result<std::optional<file_info>> {
    const std::lock_guard lock{mutex_};
    const auto method = static_cast<int>(size.method);
    statement find{db_, "SELECT hash, content_type, '', bytes, used_ts FROM thumbnails"
                        " WHERE source = ?1 AND width = ?2 AND height = ?3 AND method = ?4"};
    std::optional<file_info> out;
    time_ms used = 0;
    {
      auto row = find.query(source, size.width, size.height, method);
      if (!row.next()) return out;
      out = file_of(row);
      used = row.integer(4);
    }
    if (now - used >= used_exactness_ms)
      statement{db_,
                "UPDATE thumbnails SET used_ts = ?5 WHERE source = ?1 AND width = ?2 AND height = ?3 AND method = ?4"}
        .run(source, size.width, size.height, method, now);
    return out;
  });
}

result<file_info> media_store::keep_thumbnail(std::string_view source, thumbnail_size size, std::string_view bytes,
                                              std::string content_type, time_ms now) {
  return guarded([&]() -> result<file_info> {
    if (auto fine = files_.write_incoming(thumbnail_incoming, 0, bytes); !fine) return fine.error();
    if (auto fine = files_.sync_incoming(thumbnail_incoming); !fine) return fine.error();
    auto hash = files_.hash_incoming(thumbnail_incoming);
    if (!hash) return hash.error();
    file_info out{*hash, std::move(content_type), {}, bytes.size()};
    const std::lock_guard lock{mutex_};
    if (auto fine = files_.place(thumbnail_incoming, out.hash); !fine) return fine.error();
    files_.remove_incoming(thumbnail_incoming);
    statement{db_, "INSERT OR REPLACE INTO thumbnails VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"}.run(
      source, size.width, size.height, static_cast<int>(size.method), out.hash, out.content_type, out.bytes, now);
    cached_bytes_ += out.bytes;
    make_room(out.hash);
    return out;
  });
}

void media_store::make_room(std::string_view keep_hash) {
  statement oldest{db_, R"sql(
    SELECT 0, origin, media_id, '', '', hash, bytes, used_ts FROM
      (SELECT * FROM media WHERE origin <> '' AND hash <> ?1 ORDER BY used_ts LIMIT 1)
    UNION ALL
    SELECT 1, source, width, height, method, hash, bytes, used_ts FROM
      (SELECT * FROM thumbnails WHERE hash <> ?1 ORDER BY used_ts LIMIT 1)
    ORDER BY used_ts LIMIT 1)sql"};
  statement drop_media{db_, "DELETE FROM media WHERE origin = ?1 AND media_id = ?2"};
  statement drop_thumbnail{db_,
                           "DELETE FROM thumbnails WHERE source = ?1 AND width = ?2 AND height = ?3 AND method = ?4"};
  while (cached_bytes_ > options_.cache_bytes_max) {
    std::string hash;
    {
      auto row = oldest.query(keep_hash);
      if (!row.next()) return; // the newest alone is larger than the bound
      hash = row.string(5);
      cached_bytes_ -= std::min(cached_bytes_, static_cast<std::uint64_t>(row.integer(6)));
      const auto first = row.string(1), second = row.string(2);
      if (row.integer(0) == 0) drop_media.run(first, second);
      else drop_thumbnail.run(first, row.integer(2), row.integer(3), row.integer(4));
    }
    remove_if_unused(hash);
  }
}

void media_store::remove_if_unused(const std::string& hash) {
  statement used{db_, "SELECT 1 FROM media WHERE hash = ?1 UNION ALL SELECT 1 FROM thumbnails WHERE hash = ?1"};
  if (!used.query(hash).next()) files_.remove(hash);
}

status media_store::expire(time_ms now, bool with_strangers) {
  return guarded([&]() -> status {
    const std::lock_guard lock{mutex_};
    // What a clock that ran ahead has written counts from now on.
    for (const auto* settle : {"UPDATE uploads SET changed_ts = ?1 WHERE changed_ts > ?1",
                               "UPDATE media SET used_ts = ?1 WHERE origin <> '' AND used_ts > ?1",
                               "UPDATE thumbnails SET used_ts = ?1 WHERE used_ts > ?1"})
      statement{db_, settle}.run(now);
    std::vector<std::string> late;
    {
      statement find{db_, "SELECT media_id FROM uploads WHERE changed_ts < ?1"};
      auto row = find.query(now - std::int64_t{options_.upload_lifetime_h} * 3'600'000);
      while (row.next()) late.push_back(row.string(0));
    }
    for (const auto& id : late) {
      statement{db_, "DELETE FROM uploads WHERE media_id = ?1"}.run(id);
      files_.remove_incoming(id);
    }
    if (!with_strangers) return ok();
    statement known{db_, "SELECT 1 FROM uploads WHERE media_id = ?1"};
    std::error_code error;
    for (std::filesystem::directory_iterator at{files_.incoming_path(""), error};
         !error && at != std::filesystem::directory_iterator{}; at.increment(error))
      if (const auto name = at->path().filename().string(); !known.query(name).next()) files_.remove_incoming(name);
    if (error) return {fault_code::store_failed, files_.incoming_path("") + ": " + error.message()};
    return ok();
  });
}

} // namespace causeway::media
