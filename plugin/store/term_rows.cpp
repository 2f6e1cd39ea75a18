#include "plugin/store/term_rows.hpp"

#include "plugin/store/node_rows.hpp"
#include "plugin/store/open_database.hpp"

#include <utility>
#include <variant>

namespace causeway::store {
namespace sql {
namespace {

constexpr schema_step steps_of_terms[] = {{14, R"(
CREATE TABLE term(
  incarnation INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  from_ts INTEGER NOT NULL,
  until_ts INTEGER NOT NULL,
  why TEXT NOT NULL);
)"}};

constexpr const char* gone_unseen = "it was gone when the next node took its place";

} // namespace

schema_steps term_steps() { return steps_of_terms; }

void begin_term(connection& db, std::int64_t incarnation, const std::string& name, const std::string& version) {
  const std::string now = database_now_ms;
  statement{db, "UPDATE term SET until_ts = " + now + ", why = ?1 WHERE until_ts = 0 AND incarnation <> ?2"}.run(
    gone_unseen, incarnation);
  // It is there already where the answer to the take was lost.
  statement{db, "INSERT INTO term(incarnation, name, version, from_ts, until_ts, why) VALUES(?1, ?2, ?3, " + now +
                  ", 0, ?4) ON CONFLICT(incarnation) DO NOTHING"}
    .run(incarnation, name, version, std::string{});
  statement{db, "DELETE FROM term WHERE incarnation NOT IN"
                " (SELECT incarnation FROM term ORDER BY from_ts DESC, incarnation LIMIT ?1)"}
    .run(terms_kept_max);
}

void end_term(connection& db, std::int64_t incarnation, const std::string& why) {
  statement{db, "UPDATE term SET until_ts = " + std::string{database_now_ms} +
                  ", why = ?1 WHERE until_ts = 0 AND incarnation = ?2"}
    .run(why, incarnation);
}

} // namespace sql

namespace {

/// Runs `work` in a snapshot of the database that `options` names.
template <class Work>
auto with_snapshot(const config::store_options& options,
                   Work work) -> result<decltype(work(std::declval<sql::connection&>()))> {
  try {
    const auto db = open_database(options);
    sql::transaction once{*db, sql::transaction::kind::read};
    auto done = work(*db);
    once.commit();
    return done;
  } catch (const sql::error& failed) {
    return fault{fault_code::store_failed, name_of_store(options) + ": " + sql::to_fault(failed).detail};
  }
}

} // namespace

result<std::vector<term>> read_terms(const config::store_options& options, std::size_t limit) {
  return with_snapshot(options, [&](sql::connection& db) {
    std::vector<term> found;
    sql::statement all{db, "SELECT incarnation, name, version, from_ts, until_ts, why FROM term"
                           " ORDER BY from_ts DESC, incarnation LIMIT ?1"};
    for (auto rows = all.query(static_cast<std::int64_t>(limit)); rows.next();)
      found.push_back(
        {rows.integer(0), rows.string(1), rows.string(2), rows.integer(3), rows.integer(4), rows.string(5)});
    return found;
  });
}

result<nodes_listed> read_nodes(const config::store_options& options, std::size_t limit) {
  return with_snapshot(options, [&](sql::connection& db) {
    sql::node_reads reads{db};
    return std::get<nodes_listed>(reads.on(list_nodes{limit}));
  });
}

} // namespace causeway::store
