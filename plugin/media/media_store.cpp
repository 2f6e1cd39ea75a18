#include "plugin/media/media_store.hpp"

#include "messages/matrix/base64.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

namespace causeway::media {
namespace {

namespace sql = store::sql;
using sql::statement;
using sql::transaction;

constexpr std::size_t media_id_bytes = 24; ///< of randomness: 32 characters
/// Uploads that are not complete.
constexpr std::int64_t open_uploads_max = 1'000;
/// When a copy was used last is noted no more exactly than this: a write per read would be dear.
constexpr time_ms used_exactness_ms = 3'600'000;
constexpr const char* thumbnail_incoming = "thumbnail";

std::string random_media_id() {
  std::array<char, media_id_bytes> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return matrix::base64url_encode({bytes.data(), bytes.size()});
}

file_info file_of(const sql::cursor& row) {
  return {row.string(0), row.string(1), row.string(2), static_cast<std::uint64_t>(row.integer(3))};
}

/// Runs `work`; what the database throws comes out as a fault.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  }
}

/// The file of a row that is asked for, and when it was used last; nothing, where there is no row.
template <class... Key>
std::optional<std::pair<file_info, time_ms>> look_up(sql::connection& db, std::string_view question,
                                                     const Key&... key) {
  transaction look{db, transaction::kind::read};
  std::optional<std::pair<file_info, time_ms>> out;
  {
    statement find{db, question};
    if (auto row = find.query(key...); row.next()) out.emplace(file_of(row), row.integer(4));
  }
  look.commit();
  return out;
}

template <class... Values>
void write_down(sql::connection& db, std::string_view what, const Values&... values) {
  transaction whole{db, transaction::kind::write};
  statement{db, what}.run(values...);
  whole.commit();
}

} // namespace

/// An upload as it is known before a part of it is written.
struct media_store::open_upload {
  std::string media_id, content_type, file_name;
  std::uint64_t received_bytes = 0;
};

media_store::media_store(media_parts made, const config::media_options& options)
    : options_(options), parts_(std::move(made)), db_(*parts_.db) {}

result<std::unique_ptr<media_store>> media_store::open(const media_place& at, const config::media_options& options) {
  auto made = at.database.empty() ? open_folder(at.directory) : open_tables(at);
  if (!made) return made.error();
  return guarded([&]() -> result<std::unique_ptr<media_store>> {
    std::unique_ptr<media_store> store{new media_store{std::move(*made), options}};
    auto& db = store->db_;
    transaction look{db, transaction::kind::read};
    store->cached_bytes_ =
      static_cast<std::uint64_t>(db.integer("SELECT CAST((SELECT coalesce(sum(bytes), 0) FROM media WHERE origin <> '')"
                                            " + (SELECT coalesce(sum(bytes), 0) FROM thumbnails) AS INTEGER)"));
    const bool is_empty = db.integer("SELECT 1 FROM media WHERE origin = '' LIMIT 1") == 0;
    const bool is_partial = !at.database.empty() && db.integer("SELECT is_copying FROM media_schema") != 0;
    look.commit();
    if (is_partial)
      return fault{fault_code::conflict, "files were being copied into the database, and that has not ended: say "
                                         "`causeway media copy` again"};
    if (!at.database.empty() && is_empty && holds_own_files(at.directory))
      return fault{fault_code::conflict, at.directory + " holds files of your users, and the database none: say "
                                                        "`causeway media copy`, or move that folder away"};
    return store;
  });
}

std::uint64_t media_store::cached_bytes() const {
  const std::lock_guard lock{mutex_};
  return cached_bytes_;
}

result<std::optional<file_info>> media_store::find(std::string_view origin, std::string_view media_id, time_ms now) {
  return guarded([&]() -> result<std::optional<file_info>> {
    const std::lock_guard lock{mutex_};
    auto known = look_up(
      db_, "SELECT hash, content_type, file_name, bytes, used_ts FROM media WHERE origin = ?1 AND media_id = ?2",
      origin, media_id);
    if (!known) return std::optional<file_info>{};
    if (!origin.empty() && now - known->second >= used_exactness_ms)
      write_down(db_, "UPDATE media SET used_ts = ?3 WHERE origin = ?1 AND media_id = ?2", origin, media_id, now);
    return std::optional{std::move(known->first)};
  });
}

status media_store::look() {
  auto fine = parts_.files->healthy();
  return fine && parts_.watch ? parts_.watch->check() : fine;
}

status media_store::healthy() {
  const std::lock_guard lock{mutex_};
  return look();
}

result<bool> media_store::is_announced(std::string_view media_id) {
  return guarded([&]() -> result<bool> {
    const std::lock_guard lock{mutex_};
    transaction look{db_, transaction::kind::read};
    bool is_there = false;
    {
      statement find{db_, "SELECT 1 FROM uploads WHERE media_id = ?1"};
      is_there = find.query(media_id).next();
    }
    look.commit();
    return is_there;
  });
}

status media_store::compare(const chat::media_put& part, std::uint64_t known, const std::string& there) {
  const auto overlap = part.offset >= known ? 0 : std::min<std::uint64_t>(known - part.offset, part.bytes.size());
  if (there.size() != overlap || part.bytes.compare(0, overlap, there) != 0)
    return {fault_code::conflict, "bytes: others came for this place before"};
  return ok();
}

/// The answer to a part of an upload that is complete; nothing, where it is none.
result<std::optional<upload_state>> media_store::complete_upload(const chat::media_put& part) {
  std::string media_id, hash;
  std::uint64_t bytes = 0;
  {
    transaction look{db_, transaction::kind::read};
    statement find{db_, "SELECT media_id, hash, bytes FROM media WHERE upload_id = ?1"};
    auto row = find.query(part.upload);
    if (!row.next()) return std::optional<upload_state>{};
    media_id = row.string(0);
    hash = row.string(1);
    bytes = static_cast<std::uint64_t>(row.integer(2));
  }
  if (part.total_bytes != bytes)
    return fault{fault_code::conflict, "total_bytes: the upload was complete with " + std::to_string(bytes)};
  auto there = files().read(hash, part.offset, part.bytes.size());
  if (!there) return there.error();
  if (auto same = compare(part, bytes, *there); !same) return same.error();
  return std::optional{upload_state{media_id, bytes, true}};
}

/// What is known of the upload; the first part makes it known.
result<media_store::open_upload> media_store::find_upload(const chat::media_put& part, time_ms now) {
  open_upload x{{}, part.content_type.value_or("application/octet-stream"), part.file_name.value_or(""), 0};
  transaction whole{db_, transaction::kind::write};
  bool known = false;
  {
    statement find{
      db_, "SELECT media_id, total_bytes, received_bytes, content_type, file_name FROM uploads WHERE upload_id = ?1"};
    auto row = find.query(part.upload);
    if (row.next()) {
      known = true;
      x.media_id = row.string(0);
      if (static_cast<std::uint64_t>(row.integer(1)) != part.total_bytes)
        return fault{fault_code::conflict, "total_bytes: the upload began with " + std::to_string(row.integer(1))};
      // What a crash took from the file has to come again.
      const auto there = files().incoming_bytes(x.media_id);
      if (!there) return there.error();
      x.received_bytes = std::min(static_cast<std::uint64_t>(row.integer(2)), *there);
      x.content_type = row.string(3); // the first part says what it is
      x.file_name = row.string(4);
    }
  }
  if (part.offset > x.received_bytes)
    return fault{fault_code::conflict, "offset: the next part begins at " + std::to_string(x.received_bytes)};
  if (!known) {
    if (db_.integer("SELECT count(*) FROM uploads") >= open_uploads_max)
      return fault{fault_code::overloaded, std::to_string(open_uploads_max) + " uploads are not complete"};
    x.media_id = random_media_id();
    statement{db_, "INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)"}.run(
      part.upload, x.media_id, x.content_type, x.file_name, part.total_bytes, now);
  }
  whole.commit();
  return x;
}

result<upload_state> media_store::keep_upload(const chat::media_put& part, const open_upload& x, time_ms now) {
  auto received = x.received_bytes;
  const auto overlap = std::min<std::uint64_t>(received - part.offset, part.bytes.size());
  if (overlap > 0) {
    auto there = files().read_incoming(x.media_id, part.offset, overlap);
    if (!there) return there.error();
    if (auto same = compare(part, received, *there); !same) return same.error();
  }
  if (auto fine = files().write_incoming(x.media_id, received, std::string_view{part.bytes}.substr(overlap)); !fine)
    return fine.error();
  received += part.bytes.size() - overlap;
  if (auto fine = files().sync_incoming(x.media_id); !fine) return fine.error();
  const bool complete = received == part.total_bytes;
  auto hash = complete ? files().hash_incoming(x.media_id) : result<std::string>{std::string{}};
  if (!hash) return hash.error();

  const std::lock_guard lock{mutex_};
  if (auto fine = look(); !fine) return fine.error();
  if (!complete) {
    write_down(db_, "UPDATE uploads SET received_bytes = ?2, changed_ts = ?3 WHERE upload_id = ?1", part.upload,
               received, now);
    return upload_state{x.media_id, received, false};
  }
  transaction whole{db_, transaction::kind::write};
  if (auto fine = files().place(x.media_id, *hash); !fine) return fine.error();
  statement{db_, "DELETE FROM uploads WHERE upload_id = ?1"}.run(part.upload);
  statement{db_, "INSERT INTO media VALUES ('', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)"}.run(
    x.media_id, part.upload, *hash, x.content_type, x.file_name, received, now);
  whole.commit();
  files().remove_incoming(x.media_id);
  return upload_state{x.media_id, received, true};
}

result<upload_state> media_store::put(const chat::media_put& part, time_ms now) {
  return guarded([&]() -> result<upload_state> {
    std::unique_lock lock{mutex_};
    if (auto fine = look(); !fine)
      return fine.error(); // an acknowledgement out of files that have no name any more would be a lie
    auto complete = complete_upload(part);
    if (!complete) return complete.error();
    if (*complete) return std::move(**complete);
    if (part.total_bytes > options_.upload_bytes_max)
      return fault{fault_code::too_large,
                   "total_bytes: media.upload_bytes_max is " + std::to_string(options_.upload_bytes_max)};
    const auto open = find_upload(part, now);
    if (!open) return open.error();
    lock.unlock(); // only this thread writes; readers need not wait for the disk
    return keep_upload(part, *open, now);
  });
}

result<file_info> media_store::keep_remote(std::string_view origin, std::string_view media_id,
                                           std::string_view incoming, std::string content_type, std::string file_name,
                                           time_ms now) {
  return guarded([&]() -> result<file_info> {
    if (auto fine = files().sync_incoming(incoming); !fine) return fine.error();
    auto hash = files().hash_incoming(incoming);
    if (!hash) return hash.error();
    const auto bytes = files().incoming_bytes(incoming);
    if (!bytes) return bytes.error();
    file_info out{*hash, std::move(content_type), std::move(file_name), *bytes};
    const std::lock_guard lock{mutex_};
    if (auto fine = look(); !fine) return fine.error();
    transaction whole{db_, transaction::kind::write};
    if (auto fine = files().place(incoming, out.hash); !fine) return fine.error();
    statement{db_, "INSERT INTO media VALUES (?1, ?2, NULL, ?3, ?4, ?5, ?6, ?7, ?7) ON CONFLICT(origin, media_id) DO"
                   " UPDATE SET hash = excluded.hash, content_type = excluded.content_type,"
                   " file_name = excluded.file_name, bytes = excluded.bytes, created_ts = excluded.created_ts,"
                   " used_ts = excluded.used_ts"}
      .run(origin, media_id, out.hash, out.content_type, out.file_name, out.bytes, now);
    finish(whole, out);
    files().remove_incoming(incoming);
    return out;
  });
}

result<std::optional<file_info>> media_store::find_thumbnail(std::string_view source, thumbnail_size size,
                                                             time_ms now) {
  return guarded([&]() -> result<std::optional<file_info>> {
    const std::lock_guard lock{mutex_};
    const auto method = static_cast<int>(size.method);
    auto known = look_up(db_,
                         "SELECT hash, content_type, '', bytes, used_ts FROM thumbnails"
                         " WHERE source = ?1 AND width = ?2 AND height = ?3 AND method = ?4",
                         source, size.width, size.height, method);
    if (!known) return std::optional<file_info>{};
    if (now - known->second >= used_exactness_ms)
      write_down(db_,
                 "UPDATE thumbnails SET used_ts = ?5 WHERE source = ?1 AND width = ?2 AND height = ?3 AND method = ?4",
                 source, size.width, size.height, method, now);
    return std::optional{std::move(known->first)};
  });
}

result<file_info> media_store::keep_thumbnail(std::string_view source, thumbnail_size size, std::string_view bytes,
                                              std::string content_type, time_ms now) {
  return guarded([&]() -> result<file_info> {
    if (auto fine = files().write_incoming(thumbnail_incoming, 0, bytes); !fine) return fine.error();
    if (auto fine = files().sync_incoming(thumbnail_incoming); !fine) return fine.error();
    auto hash = files().hash_incoming(thumbnail_incoming);
    if (!hash) return hash.error();
    file_info out{*hash, std::move(content_type), {}, bytes.size()};
    const std::lock_guard lock{mutex_};
    transaction whole{db_, transaction::kind::write};
    if (auto fine = files().place(thumbnail_incoming, out.hash); !fine) return fine.error();
    statement{db_, "INSERT INTO thumbnails VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                   " ON CONFLICT(source, width, height, method) DO UPDATE SET hash = excluded.hash,"
                   " content_type = excluded.content_type, bytes = excluded.bytes, used_ts = excluded.used_ts"}
      .run(source, size.width, size.height, static_cast<int>(size.method), out.hash, out.content_type, out.bytes, now);
    finish(whole, out);
    files().remove_incoming(thumbnail_incoming);
    return out;
  });
}

/// Commits that `kept` is there, and that others which are too many are not.
void media_store::finish(sql::transaction& whole, const file_info& kept) {
  auto cached = cached_bytes_ + kept.bytes;
  const auto unused = make_room(kept.hash, cached);
  whole.commit();
  cached_bytes_ = cached;
  for (const auto& hash : unused) files().remove(hash);
}

/// @returns blobs that nothing names any more
std::vector<std::string> media_store::make_room(std::string_view keep_hash, std::uint64_t& cached) {
  std::vector<std::string> unused;
  if (cached <= options_.cache_bytes_max) return unused;
  statement oldest_media{db_, "SELECT used_ts, hash, bytes, origin, media_id FROM media"
                              " WHERE origin <> '' AND hash <> ?1 ORDER BY used_ts LIMIT 1"};
  statement oldest_thumbnail{db_, "SELECT used_ts, hash, bytes, source, width, height, method FROM thumbnails"
                                  " WHERE hash <> ?1 ORDER BY used_ts LIMIT 1"};
  statement drop_media{db_, "DELETE FROM media WHERE origin = ?1 AND media_id = ?2"};
  statement drop_thumbnail{db_,
                           "DELETE FROM thumbnails WHERE source = ?1 AND width = ?2 AND height = ?3 AND method = ?4"};
  statement used{db_, "SELECT 1 FROM media WHERE hash = ?1 UNION ALL SELECT 1 FROM thumbnails WHERE hash = ?1"};
  while (cached > options_.cache_bytes_max) {
    std::string hash;
    {
      auto media = oldest_media.query(keep_hash), thumbnail = oldest_thumbnail.query(keep_hash);
      const bool is_media = media.next(), is_thumbnail = thumbnail.next();
      if (!is_media && !is_thumbnail) break; // the newest alone is larger than the bound
      const bool drops_media = is_media && (!is_thumbnail || media.integer(0) <= thumbnail.integer(0));
      const auto& row = drops_media ? media : thumbnail;
      hash = row.string(1);
      cached -= std::min(cached, static_cast<std::uint64_t>(row.integer(2)));
      if (drops_media) drop_media.run(row.string(3), row.string(4));
      else drop_thumbnail.run(row.string(3), row.integer(4), row.integer(5), row.integer(6));
    }
    if (!used.query(hash).next()) unused.push_back(std::move(hash));
  }
  return unused;
}

status media_store::expire(time_ms now, bool with_strangers) {
  return guarded([&]() -> status {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> late;
    {
      transaction whole{db_, transaction::kind::write};
      // What a clock that ran ahead has written counts from now on.
      for (const auto* settle : {"UPDATE uploads SET changed_ts = ?1 WHERE changed_ts > ?1",
                                 "UPDATE media SET used_ts = ?1 WHERE origin <> '' AND used_ts > ?1",
                                 "UPDATE thumbnails SET used_ts = ?1 WHERE used_ts > ?1"})
        statement{db_, settle}.run(now);
      const auto lifetime_ms = std::int64_t{options_.upload_lifetime_h} * 3'600'000;
      {
        statement find{db_, "SELECT media_id FROM uploads WHERE changed_ts < ?1"};
        auto row = find.query(now - lifetime_ms);
        while (row.next()) late.push_back(row.string(0));
      }
      statement{db_, "DELETE FROM uploads WHERE changed_ts < ?1"}.run(now - lifetime_ms);
      whole.commit();
    }
    for (const auto& id : late) files().remove_incoming(id);
    return with_strangers ? files().sweep(db_) : ok();
  });
}

} // namespace causeway::media
