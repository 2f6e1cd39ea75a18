#include "plugin/database_watch.hpp"
#include "plugin/store/checkpointer.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/files.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/questions.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/writer.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace causeway::store {
namespace {

using sqlite::all_recent_ids;
using sqlite::connection;
using sqlite::statement;
using sqlite::transaction;

constexpr const char* path_in_memory = ":memory:";
/// Pages copied per step of a backup: 4 MiB.
constexpr int backup_pages = 1'024;
/// An acknowledgement is noted at most this often for the retention of the outbox.
constexpr std::int64_t mark_interval_ms_max = 3'600'000;
/// Size the write-ahead log is cut to after it grew in a backup.
constexpr int log_bytes_kept = 64 * 1024 * 1024;

/// Runs `work`; what SQLite throws comes out as a fault.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sqlite::error& failed) {
    return sqlite::to_fault(failed);
  } catch (const std::exception& failed) {
    return fault{fault_code::internal, failed.what()};
  }
}

void set_up(connection& db, const config::store_options& options, std::uint32_t cache_kib) {
  sqlite3_busy_timeout(db.handle(), static_cast<int>(options.busy_timeout_ms));
  db.execute("PRAGMA cache_size = -" + std::to_string(cache_kib));
  db.execute("PRAGMA temp_store = MEMORY");
  // Takes effect on a new file only. 8 KiB wrote 10-15 % faster than 4 or 16.
  db.execute("PRAGMA page_size = 8192");
  // The file may come from a stranger's backup: nothing in its schema is trusted to run code.
  db.execute("PRAGMA trusted_schema = OFF");
}

/// A connection that only asks.
class sqlite_reader : public reader {
public:
  sqlite_reader(const config::store_options& options, const all_recent_ids& recent)
      : db_(options.path, SQLITE_OPEN_READWRITE), names_(set_up_reader(db_, options), recent), questions_(db_, names_) {
  }
  answer ask(const query& question) override { return questions_.ask(question); }

private:
  static connection& set_up_reader(connection& db, const config::store_options& options) {
    set_up(db, options, options.reader_cache_kib);
    db.execute("PRAGMA query_only = ON");
    return db;
  }

  connection db_;
  sqlite::names names_;
  sqlite::questions questions_;
};

class sqlite_engine : public engine {
public:
  sqlite_engine(config::store_options options, descriptor lock, std::unique_ptr<database_watch> watch,
                std::unique_ptr<connection> db)
      : options_(std::move(options)), lock_(std::move(lock)), watch_(std::move(watch)), db_(std::move(db)),
        names_(*db_, recent_), writer_(*db_, names_, recent_), questions_(*db_, names_) {
    if (options_.path != path_in_memory) checkpointer_ = std::make_unique<sqlite::checkpointer>(*db_, options_);
  }

  status healthy() override { return watch_ ? watch_->check() : ok(); }

  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches) override {
    // An acknowledgement out of a file that has no name any more would be a lie.
    if (auto fine = healthy(); !fine) return fine.error();
    auto outcomes = writer_.commit(batches);
    if (checkpointer_) checkpointer_->after_commit();
    return outcomes;
  }
  answer ask(const query& question) override { return questions_.ask(question); }

  result<std::unique_ptr<reader>> open_reader() override {
    return guarded([&]() -> result<std::unique_ptr<reader>> {
      if (options_.path == path_in_memory) return std::unique_ptr<reader>{};
      return std::unique_ptr<reader>{std::make_unique<sqlite_reader>(options_, recent_)};
    });
  }

  result<std::size_t> purge(std::int64_t now_ms, const purge_limits& limits) override;
  status backup(const std::string& path) override;

private:
  std::size_t purge_stream(std::int64_t stream, std::int64_t acknowledged, std::int64_t now_ms,
                           const purge_limits& limits);
  void copy_to(connection& source, const std::string& path);

  config::store_options options_;
  descriptor lock_;
  std::unique_ptr<database_watch> watch_; ///< null: in memory
  std::unique_ptr<connection> db_;
  all_recent_ids recent_;
  sqlite::names names_;
  sqlite::writer writer_;
  sqlite::questions questions_;
  std::unique_ptr<sqlite::checkpointer> checkpointer_; ///< null: in memory
};

result<std::size_t> sqlite_engine::purge(std::int64_t now_ms, const purge_limits& limits) {
  return guarded([&]() -> result<std::size_t> {
    std::size_t removed = writer_.purge_commands(now_ms - limits.command_result_ms, now_ms, limits.rows_max);
    transaction all{*db_, transaction::kind::write};
    // Those that a clock which ran ahead has dated stand in front and would keep all others: they are kept for as long as others, from now on.
    statement{*db_, "UPDATE received_transactions SET ts = ?2 WHERE seq IN"
                    " (SELECT seq FROM received_transactions ORDER BY seq LIMIT ?1) AND ts > ?2"}
      .run(limits.rows_max, now_ms);
    // The oldest rows are the first ones, so no index over the time is needed.
    statement{*db_, "DELETE FROM received_transactions WHERE seq IN"
                    " (SELECT seq FROM received_transactions ORDER BY seq LIMIT ?1) AND ts < ?2"}
      .run(limits.rows_max, now_ms - limits.received_transaction_ms);
    removed += static_cast<std::size_t>(db_->changes());
    std::vector<std::pair<std::int64_t, std::int64_t>> streams;
    {
      statement select{*db_, "SELECT stream, acknowledged FROM streams"};
      for (auto rows = select.query(); rows.next();) streams.emplace_back(rows.integer(0), rows.integer(1));
    }
    for (auto [stream, acknowledged] : streams) removed += purge_stream(stream, acknowledged, now_ms, limits);
    all.commit();
    return removed;
  });
}

/// An outbox row has no time of its own; instead the acknowledged cursor is noted now and then (a mark), and what a mark of
/// `limits.outbox_ms` ago covers may go.
std::size_t sqlite_engine::purge_stream(std::int64_t stream, std::int64_t acknowledged, std::int64_t now_ms,
                                        const purge_limits& limits) {
  // Marks of a clock that ran ahead would keep new ones away.
  statement{*db_, "DELETE FROM outbox_marks WHERE stream = ?1 AND ts > ?2"}.run(stream, now_ms);
  auto interval_ms = std::min(mark_interval_ms_max, limits.outbox_ms / 8);
  statement{*db_, "INSERT OR IGNORE INTO outbox_marks SELECT ?1, ?2, ?3 WHERE NOT EXISTS"
                  " (SELECT 1 FROM outbox_marks WHERE stream = ?1 AND (ts > ?4 OR acknowledged >= ?3))"}
    .run(stream, now_ms, acknowledged, now_ms - interval_ms);
  std::int64_t covered = 0, mark_ts = 0;
  {
    statement select{
      *db_, "SELECT acknowledged, ts FROM outbox_marks WHERE stream = ?1 AND ts <= ?2 ORDER BY ts DESC LIMIT 1"};
    auto rows = select.query(stream, now_ms - limits.outbox_ms);
    if (!rows.next()) return 0;
    covered = rows.integer(0);
    mark_ts = rows.integer(1);
  }
  statement{*db_, "DELETE FROM outbox_marks WHERE stream = ?1 AND ts < ?2"}.run(stream, mark_ts);
  statement{
    *db_, "DELETE FROM outbox WHERE key IN (SELECT key FROM outbox WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT ?3)"}
    .run(packed(stream, 0), packed(stream, covered), limits.rows_max);
  return static_cast<std::size_t>(db_->changes());
}

status sqlite_engine::backup(const std::string& path) {
  return guarded([&]() -> status {
    std::error_code ignored;
    if (std::filesystem::equivalent(path, options_.path, ignored))
      return fault{fault_code::invalid_param, "the backup would replace the store itself"};
    std::string part = path + ".part";
    std::remove(part.c_str());
    if (auto made = make_private_store(part); !made) return made.error();
    try {
      if (options_.path == path_in_memory) {
        copy_to(*db_, part);
      } else {
        connection source{options_.path, SQLITE_OPEN_READWRITE};
        set_up(source, options_, options_.reader_cache_kib);
        copy_to(source, part);
      }
    } catch (const sqlite::error&) {
      std::remove(part.c_str());
      throw;
    }
    return publish_file(part, path);
  });
}

void sqlite_engine::copy_to(connection& source, const std::string& path) {
  connection target{path, SQLITE_OPEN_READWRITE};
  // One snapshot for the whole copy; without it each commit by others would start the copy anew.
  transaction snapshot{source, transaction::kind::read};
  source.integer("SELECT count(*) FROM sqlite_schema");
  auto* copy = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (!copy) target.check(sqlite3_extended_errcode(target.handle()));
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(copy, backup_pages);
  int finished = sqlite3_backup_finish(copy);
  target.check(code == SQLITE_DONE ? finished : code);
}

} // namespace

result<std::unique_ptr<engine>> open_sqlite(config::store_options options, const identity* wanted) {
  auto named = [&](const fault& x) { return fault{x.code, options.path + ": " + x.detail}; };
  descriptor lock;
  std::unique_ptr<database_watch> watch;
  if (options.path != path_in_memory) {
    auto locked = lock_store(options.path);
    if (!locked) return locked.error();
    lock = *std::move(locked);
    if (auto fine = check_database_log(options.path); !fine) return fine.error();
    if (auto made = make_private_store(options.path); !made) return made.error();
    watch = std::make_unique<database_watch>(options.path);
  }
  return guarded([&]() -> result<std::unique_ptr<engine>> {
    try {
      auto db = std::make_unique<connection>(options.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      set_up(*db, options, options.cache_kib);
      if (auto prepared = sqlite::prepare_schema(*db); !prepared) return named(prepared.error());
      if (wanted)
        if (auto claimed = sqlite::claim(*db, *wanted, options.path); !claimed) return claimed.error();
      db->execute("PRAGMA journal_mode = WAL");
      // FULL: a commit is on disk before it returns, also after a power cut.
      db->execute("PRAGMA synchronous = FULL");
      db->execute("PRAGMA journal_size_limit = " + std::to_string(log_bytes_kept));
      if (watch) watch->begin();
      return std::unique_ptr<engine>{
        std::make_unique<sqlite_engine>(options, std::move(lock), std::move(watch), std::move(db))};
    } catch (const sqlite::error& failed) {
      return named(sqlite::to_fault(failed));
    }
  });
}

} // namespace causeway::store
