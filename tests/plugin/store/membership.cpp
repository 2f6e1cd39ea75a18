#include "plugin/store/membership.hpp"

#include "plugin/meta.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/node_rows.hpp"
#include "plugin/store/term_rows.hpp"
#include "samples.hpp"
#include "shared_store.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

/// Several nodes over one database: who serves, who follows, and that nobody else writes.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(memberships)

BOOST_AUTO_TEST_CASE(a_lease_is_held_for_less_than_others_grant_it) {
  std::string why;
  lease x{[&](const std::string& told) { why = told; }};
  BOOST_TEST(!x.is_held());
  x.renewed(boot_time_ms());
  BOOST_TEST(x.is_held());
  x.renewed(boot_time_ms() - silence_after_ms);
  BOOST_TEST(!x.is_held());
  BOOST_TEST(silence_after_ms < lease_ms);
  x.renewed(boot_time_ms());
  x.lose("first");
  x.lose("second"); // told once
  BOOST_TEST(why == "first");
  BOOST_TEST(x.is_lost());
  BOOST_TEST(!x.is_held());
}

BOOST_FIXTURE_TEST_CASE(each_node_has_all_shards_with_an_epoch_of_its_own, shared_store) {
  make_tables();
  BOOST_TEST(ask("SELECT count(*) FROM T.shard WHERE epoch = 1") == "256");
  const auto second = must_take(seat_of("second"));
  BOOST_TEST((second->owned() == shard_epochs{shard_set::all(), 2}));
  BOOST_TEST(ask("SELECT count(*) FROM T.shard WHERE epoch = 2 AND owner = " + std::to_string(second->incarnation())) ==
             "256");
  BOOST_TEST(state_of("first") == "left");
  BOOST_TEST(state_of("second") == "active");
}

BOOST_FIXTURE_TEST_CASE(who_stands_by_is_told_of_the_node_that_serves_and_follows_when_it_leaves, shared_store) {
  auto first = must_open(seat_of("first"));
  const auto refused = open(seat_of("second"));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::store_failed));
  BOOST_TEST(refused.error().detail.find("another causewayd uses this database: node \"first\"") != std::string::npos,
             refused.error().detail);

  auto patient = seat_of("third", -1);
  std::string waited_for, standing_by;
  patient.on_wait = [&](const store_in_use& by) {
    waited_for = by.name + " at " + by.endpoints;
    standing_by = state_of("third");
    first.reset();
    return ok();
  };
  const auto third = must_open(std::move(patient));
  BOOST_TEST(waited_for == "first at tcp://first.example:5000");
  BOOST_TEST(standing_by == "standby");
  const auto nodes = must_ask<nodes_listed>(*third, list_nodes{}).nodes;
  BOOST_REQUIRE(!nodes.empty());
  BOOST_TEST(nodes.front().name == "third");
  BOOST_TEST(nodes.front().state == "active");
  BOOST_TEST(nodes.front().shards == shard_count);
  BOOST_TEST(nodes.front().epoch == 2);
  const auto shards = must_ask<nodes_listed>(*third, list_nodes{}).shards;
  BOOST_REQUIRE(shards.size() == shard_count);
  for (std::size_t i = 0; i < shard_count; ++i)
    BOOST_TEST((shards[i].shard == i && shards[i].owner == nodes.front().incarnation && shards[i].epoch == 2));
  const auto listed = must_ask<shards_listed>(*third, list_shards{}).shards;
  BOOST_REQUIRE(listed.size() == shard_count);
  BOOST_TEST(listed.back().owner_name == "third");
  BOOST_TEST(nodes.front().lease_left_ms > 0);
  BOOST_TEST(nodes.front().lease_left_ms <= lease_ms);
}

BOOST_FIXTURE_TEST_CASE(a_drained_node_leaves_a_free_place_to_others_until_it_is_undrained, shared_store) {
  make_tables();
  auto wanted = seat_of("second", -1);
  wanted.is_drained = std::make_shared<std::atomic<drained>>(drained::until_undrained);
  wanted.needed_after_ms = 0;
  std::string state;
  int waits = 0;
  wanted.on_wait = [&, switched = wanted.is_drained](const store_in_use& by) {
    BOOST_TEST(by.is_free);
    state = state_of("second");
    if (++waits == 3) *switched = drained::no;
    return ok();
  };
  const auto second = must_take(std::move(wanted));
  BOOST_TEST(waits == 3);
  BOOST_TEST(state == "drained");
  BOOST_TEST(state_of("second") == "active");
}

BOOST_FIXTURE_TEST_CASE(tables_are_looked_at_again_when_the_shards_are_taken, shared_store) {
  make_tables();
  const auto epoch = ask("SELECT max(epoch) FROM T.shard");
  int looks = 0;
  const auto nothing = [](sql::connection&) { return ok(); };
  // The node that served has finished an upgrade after this one has prepared itself.
  const auto check = [&](sql::connection&) -> status {
    return ++looks == 1 ? ok() : status{fault{fault_code::store_failed, "too old"}};
  };
  const auto refused = membership::take(url, seat_of("second"), {check, nothing});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().detail == "too old");
  BOOST_TEST(looks == 2);
  BOOST_TEST(ask("SELECT max(epoch) FROM T.shard") == epoch);
}

BOOST_FIXTURE_TEST_CASE(a_drained_node_serves_again_where_nobody_else_does, shared_store) {
  make_tables();
  auto wanted = seat_of("second", -1);
  const auto how = wanted.is_drained = std::make_shared<std::atomic<drained>>(drained::until_needed);
  wanted.needed_after_ms = 300;
  int waits = 0;
  wanted.on_wait = [&](const store_in_use&) {
    ++waits;
    return ok();
  };
  const auto second = must_take(std::move(wanted));
  BOOST_TEST(waits > 0);
  BOOST_TEST((*how == drained::serves)); // whoever drains it again asks the node that serves
}

BOOST_FIXTURE_TEST_CASE(a_node_that_takes_its_turn_is_not_drained_as_one_that_stands_by, shared_store) {
  make_tables();
  const auto nothing = [](sql::connection&) { return ok(); };
  auto wanted = seat_of("second");
  const auto how = wanted.is_drained = std::make_shared<std::atomic<drained>>(drained::no);
  auto asked = drained::no; // as an operator finds it while the tables are made ready
  const auto fails = [&](sql::connection&) -> status {
    asked = *how;
    return fault{fault_code::store_failed, "the disk is full"};
  };
  BOOST_TEST(!membership::take(url, wanted, {nothing, fails}));
  BOOST_TEST((asked == drained::serves));
  BOOST_TEST((*how == drained::no)); // its turn is over, and it may be drained again
  const auto second = must_take(std::move(wanted));
  BOOST_TEST((*how == drained::serves));
}

BOOST_FIXTURE_TEST_CASE(a_node_that_does_not_listen_yet_shows_the_others_no_endpoints, shared_store) {
  make_tables();
  auto wanted = seat_of("second");
  const auto listens = std::make_shared<std::atomic<bool>>(false);
  wanted.listens = listens;
  const auto second = must_take(std::move(wanted));
  auto waiting = seat_of("third", -1);
  std::vector<bool> seen;
  waiting.on_wait = [&](const store_in_use& by) -> status {
    BOOST_TEST(by.name == "second");
    if (seen.empty() || seen.back() != by.is_starting()) seen.push_back(by.is_starting());
    *listens = true;
    return by.is_starting() ? ok() : status{fault{fault_code::stopping, "seen"}};
  };
  BOOST_TEST(!take(std::move(waiting)));
  const std::vector<bool> wanted_seen = {true, false};
  BOOST_TEST(seen == wanted_seen, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_node_that_passes_requests_on_says_so_while_it_stands_by, shared_store) {
  auto first = must_open(seat_of("first"));
  auto wanted = seat_of("second", -1);
  const auto forwards = std::make_shared<std::atomic<bool>>(false);
  wanted.forwards = forwards;
  const auto told = [this] { return ask("SELECT convert_from(endpoints, 'UTF8') FROM T.node WHERE name = 'second'"); };
  std::vector<std::string> seen;
  wanted.on_wait = [&](const store_in_use&) {
    if (seen.empty() || seen.back() != told()) seen.push_back(told());
    if (seen.size() == 2) first.reset();
    *forwards = true; // its row says so at the next renewal
    return ok();
  };
  const auto second = must_take(std::move(wanted));
  BOOST_TEST(seen == (std::vector<std::string>{"tcp://second.example:5000", "tcp://second.example:5000 forwards"}),
             boost::test_tools::per_element());
  BOOST_TEST(told() == "tcp://second.example:5000"); // it serves
}

BOOST_FIXTURE_TEST_CASE(a_drained_node_does_not_keep_the_others_from_the_place, shared_store) {
  auto first = must_open(seat_of("first"));
  auto wanted = seat_of("second", -1);
  wanted.is_drained = std::make_shared<std::atomic<drained>>(drained::until_needed);
  std::atomic<bool> ends = false, sees_first = false, sees_third = false;
  wanted.on_wait = [&](const store_in_use& by) -> status {
    (by.name == "first" ? sees_first : sees_third) = by.name == "first" || by.name == "third";
    return ends ? status{fault{fault_code::stopping, "asked to"}} : ok();
  };
  auto waiting = std::async(std::launch::async, [&] { return bool(take(std::move(wanted))); });
  while (!sees_first) std::this_thread::yield();
  first.reset();
  const auto third = must_open(seat_of("third", -1));
  while (!sees_third) std::this_thread::yield();
  ends = true;
  BOOST_TEST(!waiting.get());
}

BOOST_FIXTURE_TEST_CASE(the_history_tells_who_served_and_why_that_ended, shared_store) {
  make_tables();
  auto wanted = seat_of("second");
  wanted.why_left = [] { return std::string{"it was drained: new kernel"}; };
  must_open(std::move(wanted)).reset();
  let_somebody_serve(in_an_hour);
  const auto third = must_take(seat_of("third", -1));
  const auto found = read_terms(options(), 100);
  BOOST_REQUIRE(bool(found));
  std::vector<std::string> told;
  for (const auto& x : *found) {
    told.push_back(x.name + ": " + x.why);
    BOOST_TEST(x.from_ts > 0);
    BOOST_TEST((x.until_ts == 0) == (x.name == "third"));
  }
  // Of somebody nothing but a row of the shards is there.
  const std::vector<std::string> wanted_terms = {"third: ", "second: it was drained: new kernel",
                                                 "first: it was stopped"};
  BOOST_TEST(told == wanted_terms, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(the_history_tells_of_a_process_that_ended_without_a_word, shared_store) {
  make_tables();
  let_somebody_serve(in_an_hour);
  ask("INSERT INTO T.term VALUES(77, 'somebody', '1', 1, 0, '')");
  const auto second = must_take(seat_of("second", -1));
  const auto found = read_terms(options(), 2);
  BOOST_REQUIRE(bool(found));
  BOOST_TEST_REQUIRE(found->size() == 2u);
  BOOST_TEST(found->front().name == "second");
  const auto nodes = read_nodes(options(), 10);
  BOOST_REQUIRE(bool(nodes));
  BOOST_TEST(std::ranges::count(nodes->nodes, "second", &stored_node::name) == 1);
  BOOST_TEST(ask("SELECT convert_from(why, 'UTF8') FROM T.term WHERE incarnation = 77") ==
             "its process ended without a word");
}

BOOST_FIXTURE_TEST_CASE(the_history_ends_a_killed_node_at_its_last_sign_of_life, shared_store) {
  make_tables();
  let_somebody_serve("100000 + " + std::to_string(lease_ms));
  ask("INSERT INTO T.term VALUES(77, 'somebody', '1', 1, 0, ''), (78, 'unknown', '1', 2, 0, '')");
  const auto second = must_take(seat_of("second", -1));
  BOOST_TEST(ask("SELECT until_ts FROM T.term WHERE incarnation = 77") == "100000");
  // Of who has no row any more nothing is known: no gap is told.
  BOOST_TEST(ask("SELECT until_ts FROM T.term WHERE incarnation = 78") ==
             ask("SELECT from_ts FROM T.term WHERE incarnation = " + std::to_string(second->incarnation())));
}

BOOST_FIXTURE_TEST_CASE(the_history_is_bounded, shared_store) {
  make_tables();
  ask("INSERT INTO T.term SELECT i, 'old', '1', i, i + 1, '' FROM generate_series(1, 2000) AS i");
  const auto second = must_take(seat_of("second"));
  BOOST_TEST(count("term") == std::to_string(sql::terms_kept_max));
  BOOST_TEST(ask("SELECT count(*) FROM T.term WHERE incarnation = 1") == "0");
}

BOOST_FIXTURE_TEST_CASE(a_node_that_is_to_end_stops_waiting, shared_store) {
  const auto first = must_open(seat_of("first"));
  auto wanted = seat_of("second", -1);
  wanted.on_wait = [](const store_in_use&) -> status { return fault{fault_code::stopping, "asked to"}; };
  const auto given_up = open(std::move(wanted));
  BOOST_REQUIRE(!given_up);
  BOOST_TEST((given_up.error().code == fault_code::stopping));
  BOOST_TEST(state_of("second") == "left");
}

BOOST_FIXTURE_TEST_CASE(a_node_of_another_server_is_refused_before_it_stands_by, shared_store) {
  const identity here{"here.example", 4}, there{"there.example", 4};
  auto first = open_postgresql(options(), &here, seat_of("first"));
  BOOST_REQUIRE(bool(first));
  must_commit(**first, append_outbox{0, "x", "1"});
  const auto refused = open_postgresql(options(), &there, seat_of("second", -1));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::invalid_param));
}

BOOST_FIXTURE_TEST_CASE(a_node_without_a_session_is_declared_dead_before_its_lease_ends, shared_store) {
  make_tables();
  let_somebody_serve(in_an_hour);
  BOOST_TEST(!take(seat_of("hasty"))); // it may have lost its connection for a moment
  const auto second = must_take(seat_of("second", -1));
  BOOST_TEST(state_of("somebody") == "dead");
  BOOST_TEST(ask("SELECT count(*) FROM T.shard WHERE owner = 77") == "0");
}

BOOST_FIXTURE_TEST_CASE(a_node_whose_session_is_there_is_waited_for_until_its_lease_ends, shared_store) {
  make_tables();
  let_somebody_serve(in_an_hour);
  postgresql_database alive{url, postgresql_database::use::shared};
  alive.belong_to(somebody, postgresql_database::session_of::member);
  alive.serve();
  BOOST_TEST(!take(seat_of("second", 2'000)));
  ask("UPDATE T.node SET lease_until = 0 WHERE incarnation = 77");
  BOOST_TEST(bool(take(seat_of("third"))));
}

BOOST_FIXTURE_TEST_CASE(a_node_whose_connections_were_cut_is_back_before_it_counts_as_dead, shared_store) {
  auto first = must_open(seat_of("first"));
  server.cut(url);
  BOOST_TEST(!open(seat_of("second", 1'500)));
  std::vector<store_batch> batches{batch_of(append_outbox{0, "n", "1"})};
  auto outcomes = first->commit(batches);
  while (!outcomes && outcomes.error().code == fault_code::store_failed) outcomes = first->commit(batches);
  BOOST_TEST(bool(outcomes), (outcomes ? "" : to_string(outcomes.error())));
  BOOST_TEST(count("outbox") == "1");
}

BOOST_FIXTURE_TEST_CASE(a_node_that_slept_in_a_transaction_does_not_hold_up_the_next_one_and_writes_no_more,
                        shared_store) {
  make_tables();
  let_somebody_serve("0");
  postgresql_database sleeper{url, postgresql_database::use::shared};
  sleeper.belong_to(somebody, postgresql_database::session_of::worker);
  sleeper.own(somebody, {shard_set::all(), 2});
  put(sleeper, "before");
  {
    sql::transaction open{sleeper, sql::transaction::kind::write};
    sql::statement late{sleeper, sql::put_meta};
    late.run("x", "too late");
    BOOST_TEST(sleeper.integer("SELECT 1") == 1); // now all of it is with the server, which holds the shards for us
    const auto second = must_take(seat_of("second"));
    BOOST_TEST((second->owned() == shard_epochs{shard_set::all(), 3}));
    BOOST_CHECK_THROW(open.commit(), sql::error);
  }
  for (int i = 0; i < 2; ++i) BOOST_CHECK_EXCEPTION(put(sleeper, "too late"), sql::error, is_of_owner);
  BOOST_TEST(sleeper.is_stale());
  postgresql_database look{url, postgresql_database::use::shared};
  BOOST_TEST(found(look) == "before");
}

BOOST_FIXTURE_TEST_CASE(a_commit_of_a_former_owner_is_refused_by_the_fence_alone, shared_store) {
  make_tables();
  let_somebody_serve(in_an_hour);
  postgresql_database former{url, postgresql_database::use::shared};
  former.own(somebody, {shard_set::all(), 2});
  put(former, "before");
  ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1");
  BOOST_CHECK_EXCEPTION(put(former, "after"), sql::error, is_of_owner);
  BOOST_TEST(former.is_connected());
  ask("UPDATE T.shard SET owner = 77, epoch = epoch + 1"); // its epoch is over, whoever has them
  BOOST_CHECK_EXCEPTION(put(former, "after"), sql::error, is_of_owner);
  BOOST_TEST(found(former) == "before");
}

BOOST_FIXTURE_TEST_CASE(an_engine_that_has_lost_a_shard_goes_on_with_the_others, shared_store) {
  auto wanted = seat_of("first");
  const auto held = wanted.held = std::make_shared<lease>();
  auto store = must_open(std::move(wanted));
  const auto commit = [&](std::vector<shard_number> shards) {
    store_batch batch{{append_outbox{0, "n", "b"}}};
    for (const auto x : shards) batch.shards.add(x);
    const auto done = store->commit({&batch, 1});
    return done ? "" : to_string(done.error());
  };
  BOOST_TEST(commit({3, 200}) == "");
  ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1 WHERE id IN (3, 4)");
  BOOST_TEST(store->owns(shard_set::all())); // as far as it knows
  BOOST_TEST(commit({200, 3}).starts_with("stale_owner: "));
  BOOST_TEST(!store->owns(shard_set{3}));
  BOOST_TEST(!store->owns(shard_set{4}));
  BOOST_TEST(commit({4}) == "stale_owner: another node has taken shard 4; what was to be written of it is not");
  BOOST_TEST(commit({200, 5}) == "");
  // What is about the whole store needs all of it.
  const auto purged = store->purge(1, {});
  BOOST_REQUIRE(!purged);
  BOOST_TEST(purged.error().detail == "another node has taken shard 3-4; what was to be written of it is not");
  // It is this node's again, by whatever: what is in memory of it is not what is stored.
  ask("UPDATE T.shard SET owner = (SELECT owner FROM T.shard WHERE id = 0), epoch = epoch + 1 WHERE id = 3");
  BOOST_TEST(commit({3}).starts_with("stale_owner: "));
  server.cut(url); // and a connection that is made anew does not bring it back
  auto again = commit({200});
  while (again.starts_with("store_failed")) again = commit({200});
  BOOST_TEST(again == "");
  BOOST_TEST(commit({3}).starts_with("stale_owner: "));
  BOOST_TEST(!held->is_lost());
  BOOST_TEST(count("outbox") == "3");
  ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1");
  BOOST_TEST(commit({200}).starts_with("stale_owner: "));
  BOOST_TEST(held->is_lost()); // that was the last one
}

BOOST_FIXTURE_TEST_CASE(who_takes_waits_for_a_commit_that_is_under_way, shared_store) {
  make_tables();
  let_somebody_serve(in_an_hour);
  postgresql_database owner{url, postgresql_database::use::shared};
  owner.own(somebody, {shard_set::all(), 2});
  sql::transaction open{owner, sql::transaction::kind::write};
  BOOST_TEST(owner.integer("SELECT 1") == 1);
  postgresql_database taker{url, postgresql_database::use::shared};
  taker.execute("SET lock_timeout = 200");
  const auto is_locked = [](const sql::error& x) { return x.kind == sql::failure::machine; };
  BOOST_CHECK_EXCEPTION(taker.execute("UPDATE shard SET owner = 78"), sql::error, is_locked);
  open.commit();
  BOOST_CHECK_NO_THROW(taker.execute("UPDATE shard SET owner = 78"));
}

BOOST_FIXTURE_TEST_CASE(who_was_declared_dead_is_told_when_it_renews, shared_store) {
  make_tables();
  std::promise<std::string> told;
  auto wanted = seat_of("second");
  wanted.held = std::make_shared<lease>([&](const std::string& why) { told.set_value(why); });
  const auto held = wanted.held;
  const auto second = must_take(std::move(wanted));
  BOOST_TEST(held->is_held());
  ask("UPDATE T.node SET state = 'dead' WHERE name = 'second'");
  BOOST_TEST(told.get_future().get().find("declared this one dead") != std::string::npos);
  BOOST_TEST(!held->is_held());
}

BOOST_FIXTURE_TEST_CASE(an_engine_whose_store_was_taken_writes_nothing_and_says_so_first, shared_store) {
  bool was_told = false;
  auto wanted = seat_of("first");
  wanted.held = std::make_shared<lease>([&](const std::string&) { was_told = true; });
  auto store = must_open(std::move(wanted));
  must_commit(*store, append_outbox{0, "first", "1"});
  ask("UPDATE T.shard SET owner = 78, epoch = epoch + 1");
  const std::vector<store_batch> batches{batch_of(append_outbox{0, "second", "2"})};
  for (int i = 0; i < 2; ++i) {
    const auto refused = store->commit(batches);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == fault_code::stale_owner), to_string(refused.error()));
    BOOST_TEST(was_told);
  }
  BOOST_TEST(count("outbox") == "1");
}

BOOST_FIXTURE_TEST_CASE(an_engine_that_cannot_renew_says_and_writes_nothing_until_it_can, shared_store) {
  auto wanted = seat_of("first");
  const auto held = wanted.held = std::make_shared<lease>();
  auto store = must_open(std::move(wanted));
  auto asked = store->open_reader();
  BOOST_REQUIRE(bool(asked));
  const std::vector<store_batch> batches{batch_of(append_outbox{0, "n", "1"})};
  std::optional<fault> refused;
  {
    postgresql_database other{url, postgresql_database::use::shared};
    sql::transaction blocks{other, sql::transaction::kind::write};
    BOOST_TEST(other.integer("SELECT count(*) FROM (SELECT 1 FROM node FOR UPDATE) AS held") == 1);
    while (!refused) {
      held->renewed(boot_time_ms() - silence_after_ms);
      if (auto x = store->commit(batches); !x) refused = x.error();
    }
    BOOST_TEST((refused->code == fault_code::store_failed));
    BOOST_TEST(refused->detail.find("could not renew") != std::string::npos, refused->detail);
    for (auto* each : {static_cast<reader*>(store.get()), asked->get()}) {
      BOOST_TEST(std::holds_alternative<fault>(each->ask(find_user{"@a:x"})));
      BOOST_TEST(each->is_away()); // so whoever asks waits, and takes no fault for the answer
    }
    BOOST_TEST(!store->healthy());
  }
  std::promise<void> renewed;
  held->tell_renewals([&, is_told = false]() mutable {
    if (!std::exchange(is_told, true)) renewed.set_value();
  });
  renewed.get_future().get();
  BOOST_TEST(bool(store->commit(batches)));
  BOOST_TEST(bool(store->healthy()));
  BOOST_TEST(std::holds_alternative<user_found>((*asked)->ask(find_user{"@a:x"})));
  BOOST_TEST(!(*asked)->is_away());
  held->tell_renewals({});
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_was_cut_takes_its_shards_again_before_it_reads, shared_store) {
  make_tables();
  const auto place = must_take(seat_of("second"));
  postgresql_database db{url, postgresql_database::use::shared};
  db.belong_to(place->incarnation(), postgresql_database::session_of::worker);
  db.own(place->incarnation(), place->owned());
  put(db, "1");
  BOOST_TEST(db.was_last_commit_made());
  server.cut(url); // now the next one cannot be made
  BOOST_CHECK_THROW(put(db, "2"), sql::error);
  BOOST_TEST(!db.was_last_commit_made());
  BOOST_TEST(db.epoch(255) == place->owned().at(255) + 1);
  BOOST_TEST(ask("SELECT count(*) FROM T.shard WHERE epoch = " + std::to_string(db.epoch(0))) == "256");
  BOOST_TEST(found(db) == "1");
  put(db, "3");
  BOOST_TEST(found(db) == "3");
}

/// Of an earlier connection something may still be under way: nobody reads before it is done, or can never be.
BOOST_FIXTURE_TEST_CASE(a_commit_that_is_still_under_way_is_waited_for_before_its_mark_is_read, shared_store) {
  make_tables();
  let_somebody_serve(in_an_hour);
  postgresql_database lost{url, postgresql_database::use::shared}, again{url, postgresql_database::use::shared};
  for (auto* each : {&lost, &again}) each->own(somebody, {shard_set::all(), 2});
  sql::transaction under_way{lost, sql::transaction::kind::write};
  sql::statement write{lost, sql::put_meta};
  write.run("x", "made");
  BOOST_TEST(lost.integer("SELECT 1") == 1);
  // The second connection of the same owner is cut alone, and connects anew while the first one still holds the shards.
  const auto pid = again.integer("SELECT pg_backend_pid()");
  ask("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 5000)");
  auto read = std::async(std::launch::async, [&] {
    try {
      again.integer("SELECT 1");
    } catch (const sql::error&) { // now it has noticed
    }
    return found(again);
  });
  while (ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%known%'") == "0" &&
         read.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
    std::this_thread::yield();
  under_way.commit();
  BOOST_TEST(read.get() == "made");
  BOOST_CHECK_EXCEPTION(put(lost, "later"), sql::error, is_of_owner); // the epoch is the other one's
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
