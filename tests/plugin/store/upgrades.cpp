#include "engines.hpp"
#include "plugin/meta.hpp"
#include "plugin/store/node_rows.hpp"
#include "plugin/store/open_database.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/store_thread.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <future>
#include <memory>
#include <string>

/// Two builds that take turns at one store: this one, and the next, which is made here of its steps.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(store_upgrades)

namespace {

constexpr std::int64_t next_version = sql::schema_version + 1;

/// What an older build leaves out has a default; what it has left out is filled in when no such build is left.
constexpr sql::schema_step next_steps[] = {
  {next_version, "ALTER TABLE outbox ADD COLUMN shade INTEGER NOT NULL DEFAULT 7;"},
  {next_version, "UPDATE outbox SET shade = 8;", nullptr, sql::change::takes_away},
};
constexpr std::array<sql::schema_steps, 1> next_groups = {sql::schema_steps{next_steps}};
constexpr sql::schema next_build = {next_version, next_groups};

struct two_builds : fresh_store {
  using fresh_store::fresh_store;

  std::unique_ptr<sql::connection> connect() const { return open_database(place->options()); }
  /// The turn of the next build. @pre no engine is open
  void upgrade() const {
    const auto db = connect();
    sql::transaction all{*db, sql::transaction::kind::write};
    sql::migrate(*db, sql::window_of(*db), next_build);
    if (place->options().engine == config::store_engine::sqlite)
      db->execute("PRAGMA user_version = " + std::to_string(next_version));
    all.commit();
  }
  status finish_as_next_build() const {
    const auto db = connect();
    return sql::finish(*db, next_build);
  }
  std::int64_t count(const std::string& what) const { return connect()->integer("SELECT count(*) FROM " + what); }
  /// A node that is there for a long time yet.
  void put_node(const std::string& name, const std::string& runs, const std::string& state) const {
    const auto db = connect();
    sql::transaction all{*db, sql::transaction::kind::write};
    sql::statement{*db, "DELETE FROM node"}.run();
    sql::statement{*db, "INSERT INTO node(incarnation, name, endpoints, version, state, lease_until)"
                        " VALUES(77, ?1, ?2, ?3, ?4, ?5)"}
      .run(name, std::string{}, runs, state, std::int64_t{9'000'000'000'000});
    all.commit();
  }
};

bool says(const status& x, fault_code code, const std::string& words) {
  if (x) return false;
  BOOST_TEST_MESSAGE(x.error().detail);
  return x.error().code == code && x.error().detail.find(words) != std::string::npos;
}

} // namespace

CAUSEWAY_ENGINE_CASE(a_build_serves_tables_to_which_the_next_one_only_added, two_builds) {
  must_commit(*store, append_outbox{0, "x", "1"});
  store.reset();
  upgrade();
  store = place->open();
  must_commit(*store, append_outbox{0, "x", "2"});
  BOOST_TEST(must_ask<outbox_read>(*store, read_outbox{0, 0, 10, 1'000'000}).rows.size() == 2u);
  const auto told = must_ask<nodes_listed>(*store, list_nodes{});
  BOOST_TEST(told.schema == next_version);
  BOOST_TEST(told.serves_from == sql::schema_version);
  store.reset();
  BOOST_TEST(count("outbox WHERE shade = 7") == 2);
  upgrade(); // the next build's turn again: there is nothing to do
  BOOST_TEST(count("outbox WHERE shade = 7") == 2);
}

CAUSEWAY_ENGINE_CASE(a_build_is_refused_when_the_upgrade_past_it_is_finished, two_builds) {
  must_commit(*store, append_outbox{0, "x", "1"});
  store.reset();
  upgrade();
  BOOST_TEST(bool(finish_as_next_build()));
  BOOST_TEST(count("outbox WHERE shade = 8") == 1);
  BOOST_TEST(bool(finish_as_next_build())); // repeated
  const auto refused = open_store(place->options());
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::store_failed));
  for (const auto& words : {"served by builds that know " + std::to_string(next_version) + " or newer",
                            "this build knows up to " + std::to_string(sql::schema_version),
                            std::string{"install the newer Causeway again or restore a backup"}})
    BOOST_TEST(refused.error().detail.find(words) != std::string::npos, refused.error().detail);
}

CAUSEWAY_ENGINE_CASE(the_older_build_does_not_finish_what_it_does_not_know, two_builds) {
  BOOST_TEST(bool(store->finish_upgrade())); // its own
  store.reset();
  upgrade();
  store = place->open();
  BOOST_TEST(says(store->finish_upgrade(), fault_code::conflict, "finish the upgrade there"));
  BOOST_TEST(must_ask<nodes_listed>(*store, list_nodes{}).serves_from == sql::schema_version);
}

CAUSEWAY_ENGINE_CASE(an_upgrade_is_not_finished_while_a_node_lives_that_does_not_know_it, two_builds) {
  must_commit(*store, append_outbox{0, "x", "1"});
  store.reset();
  upgrade();
  for (const auto* state : {"standby", "drained", "active"}) {
    put_node("two", sql::text_of({"1.9", sql::schema_version}), state);
    BOOST_TEST(says(finish_as_next_build(), fault_code::conflict, "two (Causeway 1.9); upgrade or stop what is older"),
               state);
  }
  put_node("two", "1.8", "standby"); // a build that does not say what it knows
  BOOST_TEST(says(finish_as_next_build(), fault_code::conflict, "two (Causeway 1.8)"));
  BOOST_TEST(count("outbox WHERE shade = 7") == 1);
  put_node("two", "1.8", "left");
  BOOST_TEST(bool(finish_as_next_build()));
  put_node("two", sql::text_of({"2.0", next_version}), "standby");
  BOOST_TEST(bool(finish_as_next_build()));
  BOOST_TEST(count("outbox WHERE shade = 8") == 1);
}

CAUSEWAY_ENGINE_CASE(an_upgrade_is_finished_between_the_commits, two_builds) {
  store_thread running{std::move(store), place->options()};
  const auto finished = [&] {
    auto told = std::make_shared<std::promise<status>>();
    running.finish_upgrade([told](status x) { told->set_value(std::move(x)); });
    return told->get_future().get();
  };
  BOOST_TEST(bool(finished()));
  running.stop();
  BOOST_TEST((finished().error().code == fault_code::stopping));
}

CAUSEWAY_ENGINE_CASE(a_new_store_has_nothing_to_finish_and_a_very_old_one_is_upgraded_whole, two_builds) {
  const auto told = must_ask<nodes_listed>(*store, list_nodes{});
  BOOST_TEST(told.schema == sql::schema_version);
  BOOST_TEST(told.serves_from == sql::schema_version);
  must_commit(*store, append_outbox{0, "x", "1"});
  store.reset();
  const auto db = connect();
  {
    // The builds that wrote such tables serve nothing newer: there is nobody to wait for.
    sql::transaction all{*db, sql::transaction::kind::write};
    sql::migrate(*db, {sql::first_shared_version - 1, sql::first_shared_version - 1}, next_build);
    all.commit();
  }
  BOOST_TEST(count("outbox WHERE shade = 8") == 1);
  BOOST_TEST(sql::window_of(*db).version == next_version);
  BOOST_TEST(sql::window_of(*db).serves_from == next_version);
}

BOOST_AUTO_TEST_CASE(a_build_serves_what_it_knows_and_what_is_kept_fit_for_it) {
  BOOST_TEST(bool(sql::may_serve({3, 3}, 15)));
  BOOST_TEST(bool(sql::may_serve({15, 15}, 15)));
  BOOST_TEST(bool(sql::may_serve({17, 15}, 15)));
  BOOST_TEST(!sql::may_serve({16, 16}, 15));
  // Up to that version every step is run at once, which `takes_away` would not say.
  for (const auto& steps : sql::own_schema().groups)
    for (const auto& step : steps)
      BOOST_TEST((step.version > sql::first_shared_version || step.does == sql::change::adds), step.sql);
}

BOOST_AUTO_TEST_CASE(the_row_of_a_node_tells_what_it_knows) {
  const auto known = sql::software_of(sql::text_of({"0.1.0", 14}));
  BOOST_TEST(known.version == "0.1.0");
  BOOST_TEST(known.schema == 14);
  for (const auto* text : {"0.1.0", "", "1 schema ", "1 schema 14x", "schema 3"}) {
    BOOST_TEST(sql::software_of(text).version == text);
    BOOST_TEST(sql::software_of(text).schema == 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
