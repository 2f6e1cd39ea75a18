#include "plugin/store/new_servers.hpp"

#include "two_owners.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <string>
#include <thread>
#include <vector>

/// Nodes that meet the same servers at the same time.
namespace causeway::store {

BOOST_AUTO_TEST_SUITE(new_servers, *boost::unit_test::timeout(120))

namespace {

store_batch batch_naming(const std::vector<std::string>& servers) {
  store_batch batch;
  for (const auto& x : servers) batch.writes.emplace_back(put_destination{x});
  return batch;
}

struct store_with_tables : shared_store {
  store_with_tables() { make_tables(); }
};

struct two_connections : store_with_tables {
  postgresql_database first{url, postgresql_database::use::shared}, second{url, postgresql_database::use::shared};
  sql::names one{first, {}}, two{second, {}};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(servers_are_numbered_once_whoever_names_them, two_connections) {
  store_batch batch;
  batch.writes.emplace_back(put_server_keys{"keys.example", {}, 1, {}});
  batch.writes.emplace_back(put_received_transaction{"origin.example", "1", "{}", 5});
  batch.writes.emplace_back(put_receipt_debt{"debt.example", 1});
  batch.writes.emplace_back(put_receipt_debt{"none.example", -1});
  batch.writes.emplace_back(queue_pdu{"queue.example", "$1"});
  batch.writes.emplace_back(put_refused_pdu{"refused.example", "$1", "!r:x", "m.x", "no", 1});
  batch.writes.emplace_back(put_destination{"queue.example"});
  {
    sql::transaction all{first, sql::transaction::kind::write};
    sql::number_new_servers(one, {&batch, 1});
    all.commit();
  }
  BOOST_TEST(count("servers") == "5");
  BOOST_TEST(one.remembers_server("debt.example"));
  BOOST_TEST(!one.remembers_server("none.example"));
  sql::transaction look{second, sql::transaction::kind::read};
  BOOST_TEST(two.find_server("queue.example") == one.find_server("queue.example"));
  look.commit();
}

BOOST_FIXTURE_TEST_CASE(who_is_slower_waits_and_reads_the_number_of_who_was_quicker, two_connections) {
  sql::transaction quicker{first, sql::transaction::kind::write};
  const auto number = one.server("x.example");
  auto slower = std::async(std::launch::async, [&] {
    sql::transaction all{second, sql::transaction::kind::write};
    const auto theirs = two.server("x.example");
    all.commit();
    return theirs;
  });
  while (ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%servers%'") == "0")
    std::this_thread::yield();
  quicker.commit();
  BOOST_TEST(slower.get() == number);
  BOOST_TEST(count("servers") == "1");
}

BOOST_FIXTURE_TEST_CASE(who_was_slower_makes_the_row_when_the_quicker_one_is_rolled_back, two_connections) {
  std::future<std::int64_t> slower;
  {
    const sql::transaction quicker{first, sql::transaction::kind::write};
    one.room("!x:example", "11");
    slower = std::async(std::launch::async, [&] {
      sql::transaction all{second, sql::transaction::kind::write};
      const auto theirs = two.room("!x:example", "11");
      all.commit();
      return theirs;
    });
    while (ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%rooms%'") == "0")
      std::this_thread::yield();
  }
  BOOST_TEST(slower.get() > 0);
  BOOST_TEST(count("rooms") == "1");
}

/// In the order of the batches each would hold what the other one waits for.
BOOST_FIXTURE_TEST_CASE(nodes_that_name_servers_in_opposite_orders_do_not_wait_in_a_circle, two_owners) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("s" + std::to_string(i) + ".example");
  const auto commit_all = [](owner_of_shards& by, std::vector<std::string> servers, shard_number shard) {
    // Without a pause, so that a circle shows as an error and not as a second's delay.
    std::string failed;
    for (std::size_t i = 0; i < servers.size() && failed.empty(); i += 20) {
      const std::vector<std::string> some(servers.begin() + static_cast<std::ptrdiff_t>(i),
                                          servers.begin() + static_cast<std::ptrdiff_t>(i) + 20);
      const auto batch = of_shard(shard, batch_naming(some));
      if (const auto done = by.store->commit({&batch, 1}); !done) failed = to_string(done.error());
    }
    return failed;
  };
  for (int round = 0; round < 5; ++round) {
    for (auto& x : names) x.insert(0, "r");
    auto beside = std::async(std::launch::async, commit_all, std::ref(*second), names, shard_number{1});
    auto backwards = names;
    for (auto from = backwards.begin(); from != backwards.end(); from += 20) std::reverse(from, from + 20);
    BOOST_TEST(commit_all(*first, backwards, 0) == "");
    BOOST_TEST(beside.get() == "");
  }
  BOOST_TEST(count("servers") == "1000");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace causeway::store
