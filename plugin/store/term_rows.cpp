#include "plugin/store/term_rows.hpp"

#include "plugin/postgresql_database.hpp"
#include "plugin/store/lease.hpp"
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

/// When the node of a row of `term` renewed its lease last, within the term; null: it has no row any more.
std::string last_word() {
  const std::string now = database_now_ms, at = "node.lease_until - " + std::to_string(lease_ms);
  return "(SELECT CASE WHEN " + at + " < term.from_ts THEN term.from_ts WHEN " + at + " > " + now + " THEN " + now +
         " ELSE " + at + " END FROM node WHERE node.incarnation = term.incarnation)";
}

} // namespace

schema_steps term_steps() { return steps_of_terms; }

void begin_term(connection& db, std::int64_t incarnation, const std::string& name, const std::string& version) {
  // It is there already where the answer to the take was lost.
  statement{db, "INSERT INTO term(incarnation, name, version, from_ts, until_ts, why) VALUES(?1, ?2, ?3, " +
                  std::string{database_now_ms} + ", 0, ?4) ON CONFLICT(incarnation) DO NOTHING"}
    .run(incarnation, name, version, std::string{});
  // Where nothing is known of its end there is no time between both, either.
  statement{db, "UPDATE term SET until_ts = COALESCE(" + last_word() +
                  ", (SELECT x.from_ts FROM term x WHERE x.incarnation = ?1)), why = ?2"
                  " WHERE until_ts = 0 AND incarnation <> ?1"}
    .run(incarnation, gone_unseen);
  statement{db, "DELETE FROM term WHERE incarnation NOT IN"
                " (SELECT incarnation FROM term ORDER BY from_ts DESC, incarnation LIMIT ?1)"}
    .run(terms_kept_max);
}

void end_term(connection& db, std::int64_t incarnation, const std::string& why) {
  statement{db, "UPDATE term SET until_ts = " + std::string{database_now_ms} +
                  ", why = ?1 WHERE until_ts = 0 AND incarnation = ?2"}
    .run(why, incarnation);
}

void end_term_unseen(connection& db, std::int64_t incarnation, const std::string& why) {
  statement{db, "UPDATE term SET until_ts = COALESCE(" + last_word() + ", " + database_now_ms +
                  "), why = ?1 WHERE until_ts = 0 AND incarnation = ?2"}
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
    // Whoever waits for the answer, an end of the node among them, does not wait for a database that is stuck.
    if (options.engine == config::store_engine::postgresql) db->execute(session_limits);
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
