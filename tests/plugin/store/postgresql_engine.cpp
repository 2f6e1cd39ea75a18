#include "engines.hpp"
#include "plugin/meta.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/key_claim.hpp"
#include "plugin/store/open_database.hpp"
#include "plugin/store/postgresql_place.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/store_thread.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <string>
#include <utility>
#include <variant>

/// What is PostgreSQL's own; what all engines promise is in engine.cpp and its neighbours.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(postgresql_engines)

namespace {

config::store_options options_of(const std::string& url) {
  config::store_options options;
  options.engine = config::store_engine::postgresql;
  options.url = url;
  return options;
}

struct postgresql_fixture {
  postgresql_server& server = postgresql_server::running();
  std::string url = server.make_store();

  std::unique_ptr<engine> open() const {
    auto opened = open_postgresql(options_of(url));
    BOOST_REQUIRE_MESSAGE(bool(opened), (opened ? "" : to_string(opened.error())));
    return *std::move(opened);
  }
  std::string count(const std::string& table) const {
    const auto schema = url.substr(url.rfind("%3D") + 3);
    return server.ask("SELECT count(*) FROM " + schema + "." + table);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(the_name_of_a_store_has_no_password) {
  BOOST_TEST(*place_of("postgresql://ann:secret@db.example:5433/chat?sslmode=require") ==
             "postgresql://ann@db.example:5433/chat");
  BOOST_TEST(*place_of("postgresql:///chat?host=/run/postgresql") == "postgresql:///run/postgresql/chat");
  const auto wrong = place_of("host=db.example password=secret");
  BOOST_REQUIRE(!wrong);
  BOOST_TEST((wrong.error().code == fault_code::invalid_param));
  BOOST_TEST(wrong.error().detail.find("secret") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_command_that_needs_the_store_alone_is_refused_while_a_node_serves, postgresql_fixture) {
  auto first = open();
  constexpr std::int64_t impatient = 100;
  const auto is_refused = [](const sql::error& x) {
    return x.kind == sql::failure::machine && std::string{x.what()}.find("another causewayd") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION((postgresql_database{url, postgresql_database::use::alone, impatient}), sql::error, is_refused);
  first.reset();
  {
    const postgresql_database alone{url, postgresql_database::use::alone};
    seat hasty;
    hasty.patience_ms = 0;
    const auto refused = open_postgresql(options_of(url), nullptr, hasty);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().detail.find("needs it alone") != std::string::npos, refused.error().detail);
  }
  BOOST_TEST(open() != nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_is_cut_is_made_anew_and_nothing_is_lost_or_doubled, postgresql_fixture) {
  auto store = open();
  must_commit(*store, append_outbox{0, "first", "1"});
  server.cut(url);
  std::vector<store_batch> batches{batch_of(append_outbox{0, "second", "2"})};
  auto outcomes = store->commit(batches);
  while (!outcomes && outcomes.error().code == fault_code::store_failed) outcomes = store->commit(batches);
  BOOST_REQUIRE_MESSAGE(bool(outcomes), (outcomes ? "" : to_string(outcomes.error())));
  const auto read = must_ask<outbox_read>(*store, read_outbox{0, 0, 10, 1'000'000});
  BOOST_TEST(read.rows.size() == 2u);
  BOOST_TEST(read.head == 2);
  BOOST_TEST(count("outbox") == "2");
}

BOOST_FIXTURE_TEST_CASE(questions_to_a_database_that_was_away_are_answered_when_it_is_back, postgresql_fixture) {
  store_thread store{open(), options_of(url)};
  const auto asked = [&](query question) {
    std::promise<answer> told;
    store.ask(std::move(question), [&](answer x) { told.set_value(std::move(x)); });
    return told.get_future().get();
  };
  server.cut(url);
  BOOST_TEST(std::holds_alternative<room_loaded>(asked(load_room{"!r:here.example"}))); // by the writing thread
  BOOST_TEST(std::holds_alternative<outbox_read>(asked(read_outbox{0, 0, 10, 1'000}))); // by the reading one
  BOOST_TEST(!store.counters().is_out);
}

BOOST_FIXTURE_TEST_CASE(a_statement_that_fails_leaves_a_connection_that_can_be_used, postgresql_fixture) {
  { open(); }
  postgresql_database db{url, postgresql_database::use::shared};
  const auto session = db.integer("SELECT pg_backend_pid()");
  BOOST_CHECK_THROW(db.integer("SELECT nothing FROM nowhere"), sql::error);
  sql::statement put{db, "INSERT INTO meta(name, value) VALUES(?1, ?2)"};
  const auto insert_twice = [&] {
    sql::transaction all{db, sql::transaction::kind::write};
    put.run("twice", "1");
    put.run("twice", "2");
    all.commit();
  };
  BOOST_CHECK_THROW(insert_twice(), sql::error);
  sql::transaction again{db, sql::transaction::kind::write};
  put.run("twice", "3");
  again.commit();
  BOOST_TEST(db.integer("SELECT count(*) FROM meta WHERE name = 'twice'") == 1);
  BOOST_TEST(db.integer("SELECT pg_backend_pid()") == session);
}

BOOST_FIXTURE_TEST_CASE(a_newer_schema_and_tables_of_others_are_refused, postgresql_fixture) {
  { open(); }
  {
    postgresql_database db{url, postgresql_database::use::shared};
    sql::transaction all{db, sql::transaction::kind::write};
    for (const auto row : {sql::version_row, sql::serves_from_row})
      sql::statement{db, sql::put_meta}.run(row, std::to_string(sql::schema_version + 1));
    all.commit();
  }
  auto opened = open_postgresql(options_of(url));
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().detail.find("install the newer Causeway") != std::string::npos, opened.error().detail);

  const auto strange = server.make_store();
  server.ask("CREATE TABLE " + strange.substr(strange.rfind("%3D") + 3) + ".meta(name bytea primary key, value bytea)");
  opened = open_postgresql(options_of(strange));
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().detail.find("another program") != std::string::npos, opened.error().detail);
}

BOOST_FIXTURE_TEST_CASE(a_store_remembers_what_it_was_made_for_and_who_signs, postgresql_fixture) {
  const identity made_for{"here.example", 4};
  {
    auto opened = open_postgresql(options_of(url), &made_for);
    BOOST_REQUIRE_MESSAGE(bool(opened), (opened ? "" : to_string(opened.error())));
    must_commit(**opened, append_outbox{0, "x", "1"});
    BOOST_TEST(bool(write_key_use(options_of(url), {"ed25519:a", "KEY"})));
    BOOST_TEST(read_key_use(options_of(url))->signed_with->key_id == "ed25519:a");
  }
  const identity other{"there.example", 4};
  const auto opened = open_postgresql(options_of(url), &other);
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == fault_code::invalid_param));
}

BOOST_FIXTURE_TEST_CASE(bytes_of_strangers_are_kept_as_they_are, postgresql_fixture) {
  auto store = open();
  const std::string odd{"a\0b\xff'\\?1$1", 10};
  must_commit(*store, append_outbox{0, odd, odd});
  const auto read = must_ask<outbox_read>(*store, read_outbox{0, 0, 10, 1'000'000});
  BOOST_REQUIRE(read.rows.size() == 1u);
  BOOST_TEST(read.rows.front().name == odd);
  BOOST_TEST(read.rows.front().body == odd);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
