#include "plugin/shard_ownership.hpp"

#include "shared_store.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

/// Whose shards are whose, and what the fence of a commit says of it.
namespace causeway::store {
BOOST_AUTO_TEST_SUITE(shard_ownership, *boost::unit_test::timeout(120))

namespace {

constexpr std::int64_t someone_else = 78;

shard_set shards(std::initializer_list<int> numbers) {
  shard_set x;
  for (const auto n : numbers) x.add(static_cast<shard_number>(n));
  return x;
}

/// A store whose shards `somebody` has, with epoch 2.
struct owned_store : shared_store {
  owned_store() {
    make_tables();
    let_somebody_serve(in_an_hour);
  }
  postgresql_database db{url, postgresql_database::use::shared};

  bool passes(const shard_set& of, const shard_epochs& known, std::int64_t owner = somebody) {
    const sql::transaction all{db, sql::transaction::kind::write};
    const sql::fence_values x{of, known};
    try {
      sql::statement check{db, sql::check_shards()};
      auto rows = check.query(owner, x.shards, x.epochs, x.count);
      return rows.next();
    } catch (const sql::error&) {
      return false;
    }
  }
  shard_epochs take(const shard_set& wanted, std::int64_t from, std::int64_t to) {
    sql::transaction all{db, sql::transaction::kind::write};
    auto taken = sql::take_shards(db, wanted, from, to);
    all.commit();
    return taken;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(each_shard_has_an_epoch_of_its_own) {
  shard_epochs x{shards({1, 2}), 7};
  x.put(2, 9);
  x.put(255, 1);
  BOOST_TEST(x.at(0) == 0u);
  BOOST_TEST(x.at(1) == 7u);
  BOOST_TEST(x.at(2) == 9u);
  BOOST_TEST(to_string(x.shards()) == "1-2, 255");
  x.put(1, 0);
  BOOST_TEST(to_string(x.shards()) == "2, 255");
}

BOOST_AUTO_TEST_CASE(fence_names_exactly_the_shards_that_are_written_of_in_their_order) {
  shard_epochs known{shard_set::all(), 3};
  known.put(200, 5);
  const sql::fence_values x{shards({200, 0, 17}), known};
  BOOST_TEST(x.shards == "{0,17,200}");
  BOOST_TEST(x.epochs == "{3,3,5}");
  BOOST_TEST(x.count == 3);
}

BOOST_FIXTURE_TEST_CASE(fence_passes_where_every_shard_has_its_owner_and_its_epoch, owned_store) {
  shard_epochs known{shard_set::all(), 2};
  BOOST_TEST(passes(shards({0}), known));
  BOOST_TEST(passes(shards({0, 100, 255}), known));
  BOOST_TEST(passes(shard_set::all(), known));
  BOOST_TEST(!passes(shards({0}), known, someone_else));
  known.put(100, 3);
  BOOST_TEST(passes(shards({0, 255}), known)); // others do not matter
  BOOST_TEST(!passes(shards({0, 100, 255}), known));
  known.put(100, 1);
  BOOST_TEST(!passes(shards({100}), known));
}

BOOST_FIXTURE_TEST_CASE(shards_are_taken_one_by_one_or_as_a_set_each_with_its_next_epoch, owned_store) {
  shard_epochs first;
  first.put(5, 3);
  BOOST_TEST((take(shards({5}), somebody, someone_else) == first));
  shard_epochs more{shards({6, 7}), 3};
  BOOST_TEST((take(shards({5, 6, 7}), somebody, someone_else) == more)); // of that one what it has
  shard_epochs back{shards({5, 7}), 4};
  BOOST_TEST((take(shards({5, 7}), someone_else, somebody) == back));
  BOOST_TEST((sql::read_shards(db, someone_else) == shard_epochs{shards({6}), 3}));
  const auto left = sql::read_shards(db, somebody);
  BOOST_TEST(left.shards().size() == 255u);
  BOOST_TEST(left.at(5) == 4u);
  BOOST_TEST(left.at(4) == 2u);
  BOOST_TEST((take(shards({9}), 1, 2) == shard_epochs{})); // nobody's
}

BOOST_FIXTURE_TEST_CASE(what_was_anothers_meanwhile_is_not_taken_again, owned_store) {
  const auto take_again = [&](const shard_epochs& known) {
    db.execute(sql::take_again(somebody, known));
    return sql::read_shards(db, somebody);
  };
  const shard_epochs known{shards({1, 2, 3}), 2};
  BOOST_TEST((take_again(known).at(1) == 3u));
  // The answer was lost: it is said again, and does no more.
  BOOST_TEST((take_again(known).at(1) == 3u));
  BOOST_TEST(sql::read_shards(db, somebody).at(4) == 2u); // one that it does not know
  take(shards({2}), somebody, someone_else);
  take(shards({2}), someone_else, somebody); // it went away and came back
  BOOST_TEST(take_again(known).at(2) == 5u); // as that left it
  BOOST_TEST(sql::read_shards(db, somebody).at(3) == 3u);
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_is_made_anew_has_lost_what_was_anothers_meanwhile, owned_store) {
  postgresql_database owner{url, postgresql_database::use::shared};
  owner.own(somebody, {shard_set::all(), 2});
  put(owner, "before");
  const auto takes = owner.takes();
  const auto pid = owner.integer("SELECT pg_backend_pid()");
  take(shards({7, 8}), somebody, someone_else);
  take(shards({8}), someone_else, somebody);
  ask("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
  BOOST_CHECK_THROW(put(owner, "lost", shards({9})), sql::error);
  put(owner, "again", shards({9}));
  BOOST_TEST(owner.takes() == takes + 1); // what is remembered of its shards is looked at again
  BOOST_TEST(owner.epoch(9) == 3u);
  BOOST_TEST(owner.epoch(7) == 0u);
  BOOST_TEST(owner.epoch(8) == 0u);
  BOOST_CHECK_EXCEPTION(put(owner, "after", shards({8})), sql::error, is_of_owner);
  owner.own_more(take(shards({7}), someone_else, somebody));
  put(owner, "taken", shards({7, 9}));
  BOOST_TEST(found(owner) == "taken");
}

BOOST_FIXTURE_TEST_CASE(who_takes_a_shard_waits_for_commits_of_that_shard_alone, owned_store) {
  postgresql_database owner{url, postgresql_database::use::shared};
  owner.own(somebody, {shard_set::all(), 2});
  sql::transaction open{owner, shards({3, 4})};
  BOOST_TEST(owner.integer("SELECT 1") == 1); // now the server has looked
  db.execute("SET lock_timeout = 200");
  BOOST_TEST((take(shards({5}), somebody, someone_else) == shard_epochs{shards({5}), 3}));
  const auto is_locked = [](const sql::error& x) { return x.kind == sql::failure::machine; };
  BOOST_CHECK_EXCEPTION(take(shards({4}), somebody, someone_else), sql::error, is_locked);
  open.commit();
  BOOST_TEST((take(shards({4}), somebody, someone_else) == shard_epochs{shards({4}), 3}));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace causeway::store
