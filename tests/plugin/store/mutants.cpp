#include "messages/crash_point.hpp"
#include "shared_store.hpp"
#include "two_owners.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <string>
#include <thread>

/// What the cases about several nodes look at is seen to break where the broker is broken on purpose. Each scenario is
/// played as it should be, and with the mutant.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(mutants)

#ifdef CAUSEWAY_CRASH_POINTS

namespace {

struct planted {
  explicit planted(crash::mutant x) { crash::detail::planted = x; }
  planted(planted&&) = delete;
  ~planted() { crash::detail::planted = crash::mutant::none; }
};

template <class Scenario>
auto with(crash::mutant x, Scenario scenario) {
  const planted now{x};
  return scenario();
}

/// Whether a node writes whose shards were taken.
bool former_owner_writes() {
  const shared_store nodes;
  nodes.make_tables();
  nodes.let_somebody_serve(in_an_hour);
  postgresql_database former{nodes.url, postgresql_database::use::shared};
  former.own(somebody, {shard_set::all(), 2});
  nodes.ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1");
  try {
    put(former, "after");
  } catch (const sql::error& refused) {
    BOOST_TEST(is_of_owner(refused), refused.what());
  }
  postgresql_database look{nodes.url, postgresql_database::use::shared};
  return found(look) == "after";
}

/// Whether the shards can be taken while a commit of their owner is under way.
bool are_taken_during_a_commit() {
  const shared_store nodes;
  nodes.make_tables();
  nodes.let_somebody_serve(in_an_hour);
  postgresql_database owner{nodes.url, postgresql_database::use::shared};
  owner.own(somebody, {shard_set::all(), 2});
  sql::transaction open{owner, sql::transaction::kind::write};
  BOOST_TEST(owner.integer("SELECT 1") == 1); // now the server has checked who owns them
  postgresql_database taker{nodes.url, postgresql_database::use::shared};
  taker.execute("SET lock_timeout = 200");
  try {
    taker.execute("UPDATE shard SET owner = 78, epoch = epoch + 1");
  } catch (const sql::error& waits) {
    BOOST_TEST((waits.kind == sql::failure::machine), waits.what());
    return false;
  }
  return true;
}

/// Whether a node gets the place of one that sleeps in a transaction.
bool sleeper_is_followed() {
  const shared_store nodes;
  nodes.make_tables();
  nodes.let_somebody_serve("0");
  postgresql_database sleeper{nodes.url, postgresql_database::use::shared};
  sleeper.belong_to(somebody, postgresql_database::session_of::worker);
  sleeper.own(somebody, {shard_set::all(), 2});
  const sql::transaction open{sleeper, sql::transaction::kind::write};
  BOOST_TEST(sleeper.integer("SELECT 1") == 1);
  return static_cast<bool>(nodes.take(shared_store::seat_of("second")));
}

/// What a connection that was made anew reads while a commit of the lost one is under way, which is made then.
std::string read_before_an_unknown_outcome() {
  const shared_store nodes;
  nodes.make_tables();
  nodes.let_somebody_serve(in_an_hour);
  postgresql_database lost{nodes.url, postgresql_database::use::shared};
  postgresql_database again{nodes.url, postgresql_database::use::shared};
  for (auto* each : {&lost, &again}) each->own(somebody, {shard_set::all(), 2});
  sql::transaction under_way{lost, sql::transaction::kind::write};
  sql::statement write{lost, sql::put_meta};
  write.run("x", "made");
  BOOST_TEST(lost.integer("SELECT 1") == 1);
  const auto pid = again.integer("SELECT pg_backend_pid()");
  nodes.ask("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
  auto read = std::async(std::launch::async, [&] {
    try {
      again.integer("SELECT 1");
    } catch (const sql::error&) { // now it has noticed
    }
    return found(again);
  });
  const auto waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%known%'";
  while (read.wait_for(std::chrono::seconds{0}) != std::future_status::ready && nodes.ask(waits) == "0")
    std::this_thread::yield();
  under_way.commit();
  return read.get();
}

/// Whether a node writes of a shard that was taken from it, in one commit with one that it has.
bool writes_of_the_second_shard() {
  const shared_store nodes;
  nodes.make_tables();
  nodes.let_somebody_serve(in_an_hour);
  postgresql_database owner{nodes.url, postgresql_database::use::shared};
  owner.own(somebody, {shard_set::all(), 2});
  nodes.ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1 WHERE id = 9");
  shard_set both{4};
  both.add(9);
  try {
    put(owner, "after", both);
  } catch (const sql::error& refused) {
    BOOST_TEST(is_of_owner(refused), refused.what());
  }
  postgresql_database look{nodes.url, postgresql_database::use::shared};
  return found(look) == "after";
}

/// Whether it writes of a shard that was away and is back with the epoch that another one of its has.
bool writes_with_the_epoch_of_another_shard() {
  const shared_store nodes;
  nodes.make_tables();
  nodes.let_somebody_serve(in_an_hour);
  nodes.ask("UPDATE T.shard SET epoch = 4 WHERE id = 4");
  shard_epochs known{shard_set::all(), 2};
  known.put(4, 4);
  postgresql_database owner{nodes.url, postgresql_database::use::shared};
  owner.own(somebody, known);
  shard_set both{4};
  both.add(9);
  nodes.ask("UPDATE T.shard SET epoch = epoch + 2 WHERE id = 9");
  try {
    put(owner, "after", both);
  } catch (const sql::error& refused) {
    BOOST_TEST(is_of_owner(refused), refused.what());
  }
  postgresql_database look{nodes.url, postgresql_database::use::shared};
  return found(look) == "after";
}

/// The order of two events of a room that moved to a node with older numbers between them.
std::string events_of_a_room_that_moved() {
  two_owners nodes;
  const auto put_event_of = [](owner_of_shards& by, shard_number shard, const std::string& room_id, std::int64_t n) {
    must_commit_of(by, shard, put_event{room_id, sample_message(n, room_id), verdict::accepted, 0, 0, n, ""});
  };
  put_event_of(*nodes.second, 1, "!o:x", 9);
  put_event_of(*nodes.first, 0, sample_room, 1);
  BOOST_TEST(nodes.second->take(shards_of_unit(0), two_owners::first_incarnation));
  put_event_of(*nodes.second, 0, sample_room, 2);
  return nodes.ask("SELECT string_agg(position::text, ' ' ORDER BY seq) FROM T.events WHERE position < 9");
}

/// How often a notification is there whose commit was not answered, while another node commits.
std::string rows_after_an_unanswered_commit() {
  two_owners nodes;
  const std::vector<store_batch> batches{of_shard(0, {{append_outbox{0, "n", "1"}}})};
  must_commit_of(*nodes.second, 1, append_outbox{1, "n", "theirs"});
  BOOST_TEST(!commit_unanswered(nodes, *nodes.first, batches));
  must_commit_of(*nodes.second, 1, append_outbox{1, "n", "theirs"});
  BOOST_TEST(bool(nodes.first->store->commit(batches)));
  return nodes.ask("SELECT count(*) FROM T.outbox WHERE body = '1'");
}

} // namespace

BOOST_AUTO_TEST_CASE(numbers_that_go_on_after_a_take_put_the_events_of_a_room_out_of_order) {
  BOOST_TEST(events_of_a_room_that_moved() == "1 2");
  BOOST_TEST(with(crash::mutant::numbers_not_anew, events_of_a_room_that_moved) == "2 1");
}

BOOST_AUTO_TEST_CASE(a_mark_of_all_nodes_has_a_commit_written_twice) {
  BOOST_TEST(rows_after_an_unanswered_commit() == "1");
  BOOST_TEST(with(crash::mutant::mark_of_all_nodes, rows_after_an_unanswered_commit) == "2");
}

BOOST_AUTO_TEST_CASE(a_fence_of_the_first_shard_lets_a_former_owner_of_the_second_write) {
  BOOST_TEST(!writes_of_the_second_shard());
  BOOST_TEST(with(crash::mutant::fence_of_one_shard, writes_of_the_second_shard));
}

BOOST_AUTO_TEST_CASE(an_epoch_of_another_shard_lets_a_former_owner_write) {
  BOOST_TEST(!writes_with_the_epoch_of_another_shard());
  BOOST_TEST(with(crash::mutant::fence_of_another_epoch, writes_with_the_epoch_of_another_shard));
}

BOOST_AUTO_TEST_CASE(a_commit_without_a_fence_lets_a_former_owner_write) {
  BOOST_TEST(!former_owner_writes());
  BOOST_TEST(with(crash::mutant::fence_dropped, former_owner_writes));
}

BOOST_AUTO_TEST_CASE(a_fence_that_is_too_weak_does_not_hold_off_who_takes_the_shards) {
  BOOST_TEST(!are_taken_during_a_commit());
  BOOST_TEST(with(crash::mutant::fence_too_weak, are_taken_during_a_commit));
}

BOOST_AUTO_TEST_CASE(sessions_that_go_on_keep_the_place_of_a_node_that_sleeps) {
  BOOST_TEST(sleeper_is_followed());
  BOOST_TEST(!with(crash::mutant::sessions_not_ended, sleeper_is_followed));
}

BOOST_AUTO_TEST_CASE(an_epoch_that_stays_reads_before_the_outcome_is_known) {
  BOOST_TEST(read_before_an_unknown_outcome() == "made");
  BOOST_TEST(with(crash::mutant::epoch_not_anew, read_before_an_unknown_outcome) == "");
}

#else

BOOST_AUTO_TEST_CASE(this_build_has_no_mutants) {
  BOOST_TEST_MESSAGE("SKIPPED: the mutants are compiled into the preset dev only");
}

#endif

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
