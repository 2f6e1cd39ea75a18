#include "plugin/meta.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/fenced_store.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/membership.hpp"
#include "plugin/store/postgresql_place.hpp"
#include "plugin/store/query_executor.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/shared_ids.hpp"

#include <memory>
#include <string>
#include <utility>

namespace causeway::store {
namespace {

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

/// @returns store_failed: this build must not serve the tables, or they are of another program
result<sql::schema_window> look_at_tables(sql::connection& db) {
  if (db.integer("SELECT count(*) FROM pg_class WHERE oid = to_regclass('meta')") == 0) return sql::schema_window{};
  std::int64_t version = 0;
  {
    sql::statement find{db, sql::find_meta};
    if (auto rows = find.query(sql::version_row); rows.next()) version = rows.integer(0);
  }
  if (version == 0)
    return fault{fault_code::store_failed, "the database has a table `meta` of another program; choose another one"};
  const auto tables = sql::window_of(db, version);
  if (auto fine = sql::may_serve(tables); !fine) return fine.error();
  return tables;
}

/// Makes the tables in an empty database, or migrates those of an older version, in one transaction.
status prepare_tables(sql::connection& db) {
  const auto tables = look_at_tables(db);
  if (!tables) return tables.error();
  if (tables->version < sql::schema_version) {
    sql::transaction all{db, sql::transaction::kind::write};
    sql::migrate(db, *tables);
    all.commit();
  }
  sql::take_over_ids(db, sql::read_hasher(db));
  return ok();
}

/// As long as it lives a statement takes as long as it takes; a lock that others hold is still not waited for.
class unhurried {
public:
  /// @throws sql::error
  explicit unhurried(postgresql_database& db) : db_(db) { db_.execute("SET statement_timeout = 0"); }
  unhurried(unhurried&&) = delete;
  ~unhurried() {
    try {
      db_.execute(session_limits);
    } catch (const sql::error&) { // the connection is lost; the next one has the limits
    }
  }

private:
  postgresql_database& db_;
};

fault silenced() {
  return {fault_code::store_failed, "this node could not renew its place in the database for " +
                                      std::to_string(silence_after_ms / 1'000) +
                                      " s; it says and writes nothing until it can"};
}

/// Asks, as long as the lease is held; what is asked without it waits, as while the database is away.
class held_questions {
public:
  explicit held_questions(std::shared_ptr<const lease> held) : held_(std::move(held)) {}
  answer ask(auto& questions, const query& question) {
    was_silenced_ = !held_->is_held();
    return was_silenced_ ? answer{silenced()} : questions.ask(question);
  }
  bool was_silenced() const { return was_silenced_; }

private:
  const std::shared_ptr<const lease> held_;
  bool was_silenced_ = false;
};

/// A connection that only asks.
class postgresql_reader : public reader {
public:
  postgresql_reader(const std::string& url, const membership& of)
      : db_(url, postgresql_database::use::shared), names_(db_, {}), questions_(db_, names_), held_(of.held()) {
    db_.belong_to(of.incarnation(), postgresql_database::session_of::worker);
  }
  answer ask(const query& question) override { return held_.ask(questions_, question); }
  bool is_away() const override { return held_.was_silenced() || !db_.is_connected(); }

private:
  postgresql_database db_;
  sql::names names_;
  sql::query_executor questions_;
  held_questions held_;
};

class postgresql_engine : public engine {
public:
  postgresql_engine(std::string url, std::unique_ptr<membership> place, std::unique_ptr<postgresql_database> db)
      : url_(std::move(url)), place_(std::move(place)), db_(std::move(db)), held_(place_->held()), tables_(*db_) {}

  result<std::vector<commit_outcome>> commit(std::span<const store_batch> batches) override {
    const auto& held = *place_->held();
    if (held.is_lost())
      return fault{fault_code::stale_owner, "another node has taken this store; what was to be written is not"};
    if (!held.is_held()) return silenced();
    auto outcomes = tables_.commit(batches);
    // Told before anybody hears of this batch, so that nothing is said after it.
    notice_successor();
    return outcomes;
  }

  answer ask(const query& question) override {
    auto answered = held_.ask(tables_, question);
    notice_successor();
    return answered;
  }
  bool is_away() const override { return held_.was_silenced() || !db_->is_connected(); }

  bool owns(const shard_set& shards) const override { return db_->owned().shards().has_all(shards); }

  status healthy() override {
    if (!place_->held()->is_held()) return silenced();
    if (db_->is_connected()) return ok();
    auto fine = without_exceptions([&]() -> status {
      sql::transaction once{*db_, sql::transaction::kind::read};
      once.commit();
      return ok();
    });
    notice_successor();
    return fine;
  }

  result<std::unique_ptr<reader>> open_reader() override {
    return without_exceptions([&]() -> result<std::unique_ptr<reader>> {
      return std::unique_ptr<reader>{std::make_unique<postgresql_reader>(url_, *place_)};
    });
  }

  result<std::size_t> purge(std::int64_t now_ms, const purge_limits& limits) override {
    auto removed = without_exceptions([&]() -> result<std::size_t> { return tables_.purge(now_ms, limits); });
    notice_successor();
    return removed;
  }

  status finish_upgrade() override {
    if (!place_->held()->is_held()) return silenced();
    if (tables_.is_outcome_open())
      return fault{fault_code::store_failed, "the last commit is not settled yet; say it again"};
    auto done = without_exceptions([&]() -> status {
      const unhurried all{*db_};
      return sql::finish(*db_);
    });
    notice_successor();
    return done;
  }

  status backup(const std::string&) override {
    return fault{fault_code::invalid_param,
                 "a PostgreSQL store is backed up with PostgreSQL's own means, such as pg_dump --format=custom"};
  }

  void leave() override { place_->leave(); }

private:
  void notice_successor() {
    if (db_->is_stale()) place_->held()->lose("another node has taken this store; what was to be written is not");
  }

  const std::string url_;
  std::unique_ptr<membership> place_; ///< left last: by then nothing is written any more
  std::unique_ptr<postgresql_database> db_;
  held_questions held_;
  fenced_store tables_;
};

} // namespace

result<std::unique_ptr<engine>> open_postgresql(const config::store_options& options, const identity* wanted,
                                                seat place) {
  const auto name = place_of(options.url);
  if (!name) return name.error();
  membership::tables work;
  work.check = [&](sql::connection& db) -> status {
    const auto tables = look_at_tables(db);
    if (!tables) return tables.error();
    return wanted ? sql::may_claim(db, *wanted, *name) : ok();
  };
  work.prepare = &prepare_tables;
  auto opened = without_exceptions([&]() -> result<std::unique_ptr<engine>> {
    auto taken = membership::take(options.url, std::move(place), work);
    if (!taken) return taken.error();
    auto db = std::make_unique<postgresql_database>(options.url, postgresql_database::use::shared);
    db->belong_to((*taken)->incarnation(), postgresql_database::session_of::worker);
    db->own((*taken)->incarnation(), (*taken)->owned());
    if (wanted)
      if (auto claimed = sql::claim(*db, *wanted, *name); !claimed) return claimed.error();
    return std::unique_ptr<engine>{std::make_unique<postgresql_engine>(options.url, std::move(*taken), std::move(db))};
  });
  if (!opened) return fault{opened.error().code, *name + ": " + opened.error().detail};
  return opened;
}

} // namespace causeway::store
