#include "plugin/media/blob_rows.hpp"

#include <optional>
#include <utility>

namespace causeway::media {
namespace {

namespace sql = store::sql;
using sql::transaction;

/// What comes is compressed already, as pictures are.
constexpr const char* chunk_table = R"sql(
CREATE TABLE IF NOT EXISTS media_chunks (
  name TEXT NOT NULL,       -- the hash of a blob; 'incoming/' and its name: an incoming file
  number INTEGER NOT NULL,  -- from 0; all but the last one are full
  bytes BLOB NOT NULL,
  PRIMARY KEY (name, number)
) WITHOUT ROWID;
ALTER TABLE media_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
)sql";

constexpr const char* put_chunk = "INSERT INTO media_chunks(name, number, bytes) VALUES(?1, ?2, ?3)"
                                  " ON CONFLICT(name, number) DO UPDATE SET bytes = excluded.bytes";
constexpr const char* find_chunk = "SELECT bytes FROM media_chunks WHERE name = ?1 AND number = ?2";
constexpr const char* drop_file = "DELETE FROM media_chunks WHERE name = ?1";
constexpr const char* drop_from = "DELETE FROM media_chunks WHERE name = ?1 AND number >= ?2";

std::string incoming(std::string_view name) { return std::string{"incoming/"}.append(name); }

template <class Work>
auto row_guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  }
}

/// For what is repaired later: by the next start.
template <class Work>
void repaired_later(Work work) noexcept {
  try {
    work();
  } catch (const sql::error&) { // whoever writes next is told what is wrong with the database
  }
}

result<std::string> read_rows(sql::connection& db, const std::string& key, std::uint64_t offset, std::uint64_t bytes) {
  transaction look{db, transaction::kind::read};
  sql::statement find{db, find_chunk};
  std::string out;
  while (out.size() < bytes) {
    const auto at = offset + out.size();
    auto row = find.query(key, at / blob_rows::chunk_bytes);
    if (!row.next()) break;
    const auto chunk = row.text(0);
    const auto from = at % blob_rows::chunk_bytes;
    if (from < chunk.size()) out += chunk.substr(from, bytes - out.size());
    if (chunk.size() < blob_rows::chunk_bytes) break;
  }
  if (out.empty() && !find.query(key, 0).next()) return fault{fault_code::not_found, key};
  look.commit();
  return out;
}

} // namespace

void blob_rows::make_tables(sql::connection& db) { db.execute(chunk_table); }

status blob_rows::healthy() {
  return row_guarded([&]() -> status {
    transaction look{known_, transaction::kind::read};
    look.commit();
    return ok();
  });
}

void blob_rows::put(const std::string& key, tail& last) {
  // Of a file that ends with a full row there is nothing to write; an empty file is one empty row.
  if (!last.is_written && (!last.bytes.empty() || last.number == 0))
    sql::statement{*writes_, put_chunk}.run(key, last.number, sql::blob{last.bytes});
  last.is_written = true;
}

/// The row in which `offset` lies, without what is behind that. @pre a transaction that writes
result<blob_rows::tail> blob_rows::cut(const std::string& key, std::uint64_t offset) {
  tail out{offset / chunk_bytes, {}, false};
  const auto kept = offset % chunk_bytes;
  if (offset > 0) { // the row before must be there in full, or this one as far as it is kept
    const auto number = kept == 0 ? out.number - 1 : out.number;
    sql::statement find{*writes_, find_chunk};
    auto row = find.query(key, number);
    const bool is_there = row.next();
    if (!is_there || row.text(0).size() < (kept == 0 ? chunk_bytes : kept))
      return fault{fault_code::store_failed, key + " has no " + std::to_string(offset) + " bytes"};
    if (kept != 0) out.bytes = row.text(0).substr(0, kept);
  }
  sql::statement{*writes_, drop_from}.run(key, kept == 0 ? out.number : out.number + 1);
  return out;
}

status blob_rows::write_incoming(std::string_view name, std::uint64_t offset, std::string_view bytes) {
  const auto key = incoming(name);
  const std::lock_guard lock{writing_};
  auto done = row_guarded([&]() -> status {
    std::optional<transaction> whole;
    const auto begin = [&] {
      if (!whole) whole.emplace(*writes_, transaction::kind::write);
    };
    tail last;
    const auto known = tails_.find(key);
    if (known != tails_.end() && known->second.end() == offset) {
      last = std::move(known->second);
    } else {
      begin();
      if (known != tails_.end()) put(key, known->second);
      auto rest = cut(key, offset);
      if (!rest) return rest.error();
      last = std::move(*rest);
    }
    while (!bytes.empty()) {
      const auto fitting = bytes.substr(0, chunk_bytes - last.bytes.size());
      last.bytes += fitting;
      last.is_written = false;
      bytes.remove_prefix(fitting.size());
      if (last.bytes.size() < chunk_bytes) break;
      begin();
      put(key, last);
      last = {last.number + 1, {}, true};
    }
    if (whole) whole->commit();
    tails_.insert_or_assign(key, std::move(last));
    return ok();
  });
  if (!done) tails_.erase(key); // what was not written is not there
  return done;
}

status blob_rows::sync(const std::string& key) {
  auto done = row_guarded([&]() -> status {
    const auto known = tails_.find(key);
    if (known == tails_.end()) return ok();
    if (!known->second.is_written) {
      transaction whole{*writes_, transaction::kind::write};
      put(key, known->second);
      whole.commit();
    }
    if (tails_.size() > tails_max) tails_.erase(known);
    return ok();
  });
  if (!done) tails_.erase(key);
  return done;
}

status blob_rows::sync_incoming(std::string_view name) {
  const std::lock_guard lock{writing_};
  return sync(incoming(name));
}

result<std::uint64_t> blob_rows::incoming_bytes(std::string_view name) {
  const auto key = incoming(name);
  const std::lock_guard lock{writing_};
  return row_guarded([&]() -> result<std::uint64_t> {
    if (const auto known = tails_.find(key); known != tails_.end()) return known->second.end();
    transaction look{*writes_, transaction::kind::read};
    std::uint64_t bytes = 0;
    {
      sql::statement find{*writes_, "SELECT number, length(bytes) FROM media_chunks WHERE name = ?1"
                                    " ORDER BY number DESC LIMIT 1"};
      if (auto row = find.query(key); row.next())
        bytes = static_cast<std::uint64_t>(row.integer(0)) * chunk_bytes + static_cast<std::uint64_t>(row.integer(1));
    }
    look.commit();
    return bytes;
  });
}

void blob_rows::remove_incoming(std::string_view name) {
  const auto key = incoming(name);
  const std::lock_guard lock{writing_};
  tails_.erase(key);
  repaired_later([&] {
    transaction whole{*writes_, transaction::kind::write};
    sql::statement{*writes_, drop_file}.run(key);
    whole.commit();
  });
}

status blob_rows::place(std::string_view name, std::string_view hash) {
  const auto key = incoming(name);
  {
    const std::lock_guard lock{writing_};
    if (auto fine = sync(key); !fine) return fine;
    tails_.erase(key);
  }
  return row_guarded([&]() -> status {
    sql::statement find{known_, find_chunk};
    // Only the names of the rows are written; their bytes stay where they are.
    if (find.query(hash, 0).next()) sql::statement{known_, drop_file}.run(key);
    else sql::statement{known_, "UPDATE media_chunks SET name = ?2 WHERE name = ?1"}.run(key, hash);
    return ok();
  });
}

void blob_rows::remove(std::string_view hash) {
  repaired_later([&] {
    transaction whole{known_, transaction::kind::write};
    sql::statement{known_, drop_file}.run(hash);
    whole.commit();
  });
}

result<std::string> blob_rows::read(std::string_view hash, std::uint64_t offset, std::uint64_t bytes) {
  const std::lock_guard lock{reading_};
  return row_guarded([&] { return read_rows(*reads_, std::string{hash}, offset, bytes); });
}

result<std::string> blob_rows::read_incoming(std::string_view name, std::uint64_t offset, std::uint64_t bytes) {
  const auto key = incoming(name);
  const std::lock_guard lock{writing_};
  if (auto fine = sync(key); !fine) return fine.error();
  return row_guarded([&] { return read_rows(*writes_, key, offset, bytes); });
}

status blob_rows::sweep(sql::connection& known) {
  static constexpr const char* is_incoming = "(media_chunks.name >= 'incoming/' AND media_chunks.name < 'incoming0')";
  transaction whole{known, transaction::kind::write};
  sql::statement{known, std::string{"DELETE FROM media_chunks WHERE "} + is_incoming +
                          " AND NOT EXISTS (SELECT 1 FROM uploads WHERE media_chunks.name = 'incoming/' || media_id)"}
    .run();
  // A blob whose last name went while the process ended before the blob did.
  sql::statement{known, std::string{"DELETE FROM media_chunks WHERE NOT "} + is_incoming +
                          " AND NOT EXISTS (SELECT 1 FROM media WHERE media.hash = media_chunks.name)"
                          " AND NOT EXISTS (SELECT 1 FROM thumbnails WHERE thumbnails.hash = media_chunks.name)"}
    .run();
  whole.commit();
  return ok();
}

} // namespace causeway::media
