#include "plugin/database_watch.hpp"
#include "plugin/store/checkpointer.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/files.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/query_executor.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/sqlite_schema.hpp"
#include "plugin/store/writer.hpp"

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace causeway::store {
namespace {

using sql::all_recent_ids;

constexpr const char* path_in_memory = ":memory:";
/// Size the write-ahead log is cut to after it grew in a backup.
constexpr int log_bytes_kept = 64 * 1024 * 1024;

/// Runs `work`; what SQLite throws comes out as a fault.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  } catch (const sqlite::error& failed) {
    return sqlite::to_fault(failed);
  } catch (const std::exception& failed) {
    return fault{fault_code::internal, failed.what()};
  }
}

void set_up(sqlite::connection& db, const config::store_options& options, std::uint32_t cache_kib) {
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
  static sqlite_database& set_up_reader(sqlite_database& db, const config::store_options& options) {
    set_up(db.file(), options, options.reader_cache_kib);
    db.execute("PRAGMA query_only = ON");
    return db;
  }

  sqlite_database db_;
  sql::names names_;
  sql::query_executor questions_;
};

class sqlite_engine : public engine {
public:
  sqlite_engine(config::store_options options, descriptor lock, std::unique_ptr<database_watch> watch,
                std::unique_ptr<sqlite_database> db)
      : options_(std::move(options)), lock_(std::move(lock)), watch_(std::move(watch)), db_(std::move(db)),
        names_(*db_, recent_), writer_(*db_, names_, recent_), questions_(*db_, names_) {
    if (options_.path != path_in_memory) checkpointer_ = std::make_unique<sqlite::checkpointer>(db_->file(), options_);
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
  status finish_upgrade() override {
    return guarded([&]() -> status { return sql::finish(*db_); });
  }
  status backup(const std::string& path) override;

private:
  config::store_options options_;
  descriptor lock_;
  std::unique_ptr<database_watch> watch_; ///< null: in memory
  std::unique_ptr<sqlite_database> db_;
  all_recent_ids recent_;
  sql::names names_;
  sql::writer writer_;
  sql::query_executor questions_;
  std::unique_ptr<sqlite::checkpointer> checkpointer_; ///< null: in memory
};

result<std::size_t> sqlite_engine::purge(std::int64_t now_ms, const purge_limits& limits) {
  return guarded([&]() -> result<std::size_t> { return writer_.purge(now_ms, limits); });
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
        sqlite::copy_database(db_->file(), part);
      } else {
        sqlite::connection source{options_.path, SQLITE_OPEN_READWRITE};
        set_up(source, options_, options_.reader_cache_kib);
        sqlite::copy_database(source, part);
      }
    } catch (const sqlite::error&) {
      std::remove(part.c_str());
      throw;
    }
    return publish_file(part, path);
  });
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
      auto db = std::make_unique<sqlite_database>(options.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      set_up(db->file(), options, options.cache_kib);
      if (auto prepared = prepare_schema(*db); !prepared) return named(prepared.error());
      if (wanted)
        if (auto claimed = sql::claim(*db, *wanted, options.path); !claimed) return claimed.error();
      db->execute("PRAGMA journal_mode = WAL");
      // FULL: a commit is on disk before it returns, also after a power cut.
      db->execute("PRAGMA synchronous = FULL");
      db->execute("PRAGMA journal_size_limit = " + std::to_string(log_bytes_kept));
      if (watch) watch->begin();
      return std::unique_ptr<engine>{
        std::make_unique<sqlite_engine>(options, std::move(lock), std::move(watch), std::move(db))};
    } catch (const sql::error& failed) {
      return named(sql::to_fault(failed));
    } catch (const sqlite::error& failed) {
      return named(sqlite::to_fault(failed));
    }
  });
}

} // namespace causeway::store
