#include "plugin/media/copy_media.hpp"

#include "plugin/media/blob_rows.hpp"
#include "plugin/media/media_parts.hpp"
#include "plugin/postgresql_database.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

namespace causeway::media {
namespace {

namespace sql = store::sql;
using sql::statement;
using sql::transaction;

constexpr const char* copy_incoming = "copy";

/// From the first file to the last: a broker that is started in between would not find those that are left.
void put_is_copying(sql::connection& db, bool is_copying) {
  transaction whole{db, transaction::kind::write};
  statement{db, "UPDATE media_schema SET is_copying = ?1"}.run(std::int64_t{is_copying});
  whole.commit();
}

/// Copies one thing at a time from a folder into tables.
class media_copier {
public:
  media_copier(media_parts& from, media_parts& to, const media_progress& progress)
      : from_(from), to_(to), progress_(progress) {}

  /// @throws sql::error
  status copy_files() {
    statement rows{*from_.db, "SELECT hash, bytes, origin, media_id, upload_id, upload_id IS NULL, content_type,"
                              " file_name, created_ts, used_ts FROM media ORDER BY origin, media_id"};
    statement keep{*to_.db, "INSERT INTO media VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING"};
    for (auto row = rows.query(); row.next();) {
      if (progress_) progress_(done_);
      const auto hash = row.string(0);
      const auto there = has_blob(hash);
      if (!there) return there.error();
      if (!*there) {
        const auto written = write(hash);
        if (!written) return written.error();
        if (!*written) {
          ++done_.missing;
          continue;
        }
        done_.bytes += static_cast<std::uint64_t>(row.integer(1));
      }
      transaction whole{*to_.db, transaction::kind::write};
      if (!*there)
        if (auto fine = to_.files->place(copy_incoming, hash); !fine) return fine;
      keep.bind(1, row.text(2));
      keep.bind(2, row.text(3));
      if (row.integer(5) != 0) keep.bind(3, sql::null);
      else keep.bind(3, row.text(4));
      keep.bind(4, hash);
      keep.bind(5, row.text(6));
      keep.bind(6, row.text(7));
      keep.bind(7, row.integer(1));
      keep.bind(8, row.integer(8));
      keep.bind(9, row.integer(9));
      keep.run();
      whole.commit();
      ++done_.files;
    }
    return ok();
  }

  /// What was acknowledged of uploads that are not complete. @throws sql::error
  status copy_uploads() {
    statement rows{*from_.db, "SELECT upload_id, media_id, content_type, file_name, total_bytes, received_bytes,"
                              " changed_ts FROM uploads"};
    for (auto row = rows.query(); row.next();) {
      const auto media_id = row.string(1);
      // A second copy: a broker may have gone on with it, or have it whole.
      if (is_known_upload(row.text(0), media_id)) continue;
      std::uint64_t offset = 0;
      for (;;) {
        const auto part = from_.files->read_incoming(media_id, offset, blob_rows::chunk_bytes);
        if (!part && part.error().code == fault_code::not_found) break; // of no byte was the first part
        if (!part) return part.error();
        if (auto fine = to_.files->write_incoming(media_id, offset, *part); !fine) return fine;
        offset += part->size();
        if (part->size() < blob_rows::chunk_bytes) break;
      }
      if (auto fine = to_.files->sync_incoming(media_id); !fine) return fine;
      transaction whole{*to_.db, transaction::kind::write};
      statement{*to_.db, "INSERT INTO uploads VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING"}.run(
        row.text(0), media_id, row.text(2), row.text(3), row.integer(4), row.integer(5), row.integer(6));
      whole.commit();
    }
    return ok();
  }

  const copied_media& done() const { return done_; }

private:
  bool is_known_upload(std::string_view upload_id, std::string_view media_id) {
    statement known{*to_.db, "SELECT 1 FROM uploads WHERE upload_id = ?1 UNION ALL"
                             " SELECT 1 FROM media WHERE origin = '' AND media_id = ?2"};
    return known.query(upload_id, media_id).next();
  }
  result<bool> has_blob(const std::string& hash) {
    const auto first = to_.files->read(hash, 0, 1);
    if (first) return true;
    if (first.error().code == fault_code::not_found) return false;
    return first.error();
  }
  /// @returns false: the folder has it not, or other bytes under its name
  result<bool> write(const std::string& hash) {
    std::uint64_t offset = 0;
    for (;;) {
      const auto part = from_.files->read(hash, offset, blob_rows::chunk_bytes);
      if (!part && part.error().code == fault_code::not_found) return false;
      if (!part) return part.error();
      if (auto fine = to_.files->write_incoming(copy_incoming, offset, *part); !fine) return fine.error();
      offset += part->size();
      if (part->size() < blob_rows::chunk_bytes) break;
    }
    if (auto fine = to_.files->sync_incoming(copy_incoming); !fine) return fine.error();
    const auto copied = to_.files->hash_incoming(copy_incoming);
    if (!copied) return copied.error();
    return *copied == hash;
  }

  media_parts& from_;
  media_parts& to_;
  const media_progress& progress_;
  copied_media done_;
};

} // namespace

result<copied_media> copy_media(const std::string& directory, const std::string& url, const media_progress& progress) {
  std::error_code why;
  if (!std::filesystem::is_regular_file(directory + "/media.db", why))
    return fault{fault_code::not_found, directory + " has no files to copy: media.directory names no folder of files"};
  try {
    const store::postgresql_database alone{url, store::postgresql_database::use::alone};
    auto from = open_folder(directory);
    if (!from) return from.error();
    auto to = open_tables({directory, url, 0});
    if (!to) return to.error();
    media_copier copier{*from, *to, progress};
    put_is_copying(*to->db, true);
    if (auto fine = copier.copy_files(); !fine) return fine.error();
    if (auto fine = copier.copy_uploads(); !fine) return fine.error();
    to->files->remove_incoming(copy_incoming);
    put_is_copying(*to->db, false);
    return copier.done();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  }
}

} // namespace causeway::media
