#include "plugin/media/media_parts.hpp"

#include "plugin/media/blob_files.hpp"
#include "plugin/media/blob_rows.hpp"
#include "plugin/media/media_session.hpp"
#include "plugin/private_files.hpp"
#include "plugin/sqlite_database.hpp"

#include <fcntl.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace causeway::media {
namespace {

namespace sql = store::sql;
using sql::transaction;

constexpr std::int64_t schema_version = 1;

/// No apostrophe in its comments: what stands between two is not translated for PostgreSQL.
constexpr const char* schema = R"sql(
CREATE TABLE media (
  origin TEXT NOT NULL,          -- server name; empty: ours
  media_id TEXT NOT NULL,
  upload_id TEXT,                -- what the chat server calls it; NULL: not ours
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

/// One row. is_copying: a copy of a folder's files has begun and has not ended (copy_media).
constexpr const char* table_of_version =
  "CREATE TABLE IF NOT EXISTS media_schema (version INTEGER NOT NULL, is_copying INTEGER NOT NULL DEFAULT 0)";
constexpr const char* find_own = "SELECT 1 FROM media WHERE origin = '' LIMIT 1";

/// Runs `work`; what a database throws comes out as a fault.
template <class Work>
auto in_words(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  }
}

} // namespace

result<media_parts> open_folder(const std::string& directory) {
  const auto file = directory + "/media.db";
  if (auto made = make_private_folder(directory); !made) return made.error();
  auto files = std::make_unique<blob_files>(directory);
  if (auto fine = files->open(); !fine) return fine.error();
  if (auto fine = check_database_log(file); !fine) return fine.error();
  // SQLite gives the files beside a database the rights of the database.
  if (auto made = open_private_file(file, O_RDWR | O_CREAT); !made) return made.error();
  close_to_others(directory);
  return in_words([&]() -> result<media_parts> {
    media_parts out;
    out.watch = std::make_unique<database_watch>(file);
    out.db = std::make_unique<store::sqlite_database>(file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    out.files = std::move(files);
    out.db->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
    if (out.db->integer("PRAGMA user_version") > schema_version)
      return fault{fault_code::internal, file + " was written by a newer version"};
    {
      transaction whole{*out.db, transaction::kind::write};
      if (out.db->integer("PRAGMA user_version") == 0) {
        out.db->execute(schema);
        out.db->execute("PRAGMA user_version = " + std::to_string(schema_version));
      }
      whole.commit();
    }
    out.watch->begin();
    return out;
  });
}

result<media_parts> open_tables(const media_place& at) {
  return in_words([&]() -> result<media_parts> {
    media_parts out;
    const auto session = [&at] { return std::make_unique<media_session>(at.database, at.incarnation); };
    out.db = session();
    {
      transaction whole{*out.db, transaction::kind::write};
      out.db->execute(table_of_version);
      const auto version = out.db->integer("SELECT version FROM media_schema");
      if (version > schema_version)
        return fault{fault_code::internal, "the tables of files in the database are of a newer version"};
      if (version == 0) {
        out.db->execute(schema);
        blob_rows::make_tables(*out.db);
        sql::statement{*out.db, "INSERT INTO media_schema(version) VALUES(?1)"}.run(schema_version);
      }
      whole.commit();
    }
    out.files = std::make_unique<blob_rows>(*out.db, session(), session());
    return out;
  });
}

bool holds_own_files(const std::string& directory) {
  const auto file = directory + "/media.db";
  std::error_code why;
  if (!std::filesystem::is_regular_file(file, why)) return false;
  try {
    store::sqlite_database db{file, SQLITE_OPEN_READWRITE};
    return db.integer(find_own) == 1;
  } catch (const sql::error&) { // nothing that could be copied
    return false;
  }
}

} // namespace causeway::media
