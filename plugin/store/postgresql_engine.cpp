#include "plugin/store/engine.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/meta.hpp"
#include "plugin/store/postgresql_database.hpp"
#include "plugin/store/postgresql_place.hpp"
#include "plugin/store/questions.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/writer.hpp"

#include <optional>
#include <string>
#include <utility>

namespace causeway::store {
namespace {

using sql::all_recent_ids;

/// The row of `meta` with the version of the tables.
constexpr std::string_view version_row = "schema_version";

template <class Work>
auto without_exceptions(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  } catch (const std::exception& failed) {
    return fault{fault_code::internal, failed.what()};
  }
}

/// Makes the tables in an empty database, or migrates those of an older version, in one transaction.
status prepare_tables(sql::connection& db) {
  std::int64_t version = 0;
  if (db.integer("SELECT count(*) FROM pg_class WHERE oid = to_regclass('meta')") != 0) {
    sql::statement find{db, sql::find_meta};
    if (auto rows = find.query(version_row); rows.next()) version = rows.integer(0);
    if (version == 0)
      return fault{fault_code::store_failed, "the database has a table `meta` of another program; choose another one"};
  }
  if (version > sql::schema_version)
    return fault{fault_code::store_failed, "the store has schema version " + std::to_string(version) +
                                             ", this build knows up to " + std::to_string(sql::schema_version) +
                                             ": install the newer Causeway again or restore a backup"};
  if (version == sql::schema_version) return ok();
  sql::transaction all{db, sql::transaction::kind::write};
  sql::migrate(db, version);
  sql::statement{db, sql::put_meta}.run(version_row, std::to_string(sql::schema_version));
  all.commit();
  return ok();
}

/// A connection that only asks.
class postgresql_reader : public reader {
public:
  postgresql_reader(const std::string& url, const all_recent_ids& recent)
      : db_(url, postgresql_database::use::reads), names_(db_, recent), questions_(db_, names_) {}
  answer ask(const query& question) override { return questions_.ask(question); }
  bool is_away() const override { return !db_.is_connected(); }

private:
  postgresql_database db_;
  sql::names names_;
  sql::questions questions_;
};

class postgresql_engine : public engine {
public:
  postgresql_engine(std::string url, std::unique_ptr<postgresql_database> db)
      : url_(std::move(url)), db_(std::move(db)) {
    make_parts();
  }

  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches) override {
    if (unknown_) {
      // The batches of the commit whose answer was lost come again (store_thread): it may have been made.
      const auto was_made = without_exceptions([&]() -> result<bool> { return db_->was_last_commit_made(); });
      if (!was_made) return was_made.error();
      auto outcomes = *std::exchange(unknown_, {});
      if (*was_made) {
        make_parts(); // they believe that it was rolled back
        return outcomes;
      }
    }
    auto outcomes = parts_->writer.commit(batches);
    if (!outcomes && db_->is_outcome_unknown()) unknown_ = parts_->writer.take_last_outcomes();
    return outcomes;
  }

  answer ask(const query& question) override { return parts_->questions.ask(question); }
  bool is_away() const override { return !db_->is_connected(); }

  status healthy() override {
    if (db_->is_connected()) return ok();
    return without_exceptions([&]() -> status {
      sql::transaction once{*db_, sql::transaction::kind::read};
      once.commit();
      return ok();
    });
  }

  result<std::unique_ptr<reader>> open_reader() override {
    return without_exceptions([&]() -> result<std::unique_ptr<reader>> {
      return std::unique_ptr<reader>{std::make_unique<postgresql_reader>(url_, recent_)};
    });
  }

  result<std::size_t> purge(std::int64_t now_ms, const purge_limits& limits) override {
    return without_exceptions([&]() -> result<std::size_t> { return parts_->writer.purge(now_ms, limits); });
  }

  status backup(const std::string&) override {
    return fault{fault_code::invalid_param,
                 "a PostgreSQL store is backed up with PostgreSQL's own means, such as pg_dump --format=custom"};
  }

private:
  /// What keeps something in memory about the tables.
  struct parts {
    parts(postgresql_database& db, const all_recent_ids& recent)
        : names(db, recent), writer(db, names, recent), questions(db, names) {}
    sql::names names;
    sql::writer writer;
    sql::questions questions;
  };
  void make_parts() {
    parts_.reset();
    parts_ = std::make_unique<parts>(*db_, recent_);
  }

  const std::string url_;
  std::unique_ptr<postgresql_database> db_;
  all_recent_ids recent_;
  std::unique_ptr<parts> parts_;
  std::optional<std::vector<commit_outcome>> unknown_; ///< of the commit whose answer was lost
};

} // namespace

result<std::unique_ptr<engine>> open_postgresql(const config::store_options& options, const identity* wanted) {
  const auto place = place_of(options.url);
  if (!place) return place.error();
  auto opened = without_exceptions([&]() -> result<std::unique_ptr<engine>> {
    auto db = std::make_unique<postgresql_database>(options.url, postgresql_database::use::alone);
    if (auto prepared = prepare_tables(*db); !prepared) return prepared.error();
    if (wanted)
      if (auto claimed = sql::claim(*db, *wanted, *place); !claimed) return claimed.error();
    db->mark_commits();
    return std::unique_ptr<engine>{std::make_unique<postgresql_engine>(options.url, std::move(db))};
  });
  if (!opened) return fault{opened.error().code, *place + ": " + opened.error().detail};
  return opened;
}

} // namespace causeway::store
