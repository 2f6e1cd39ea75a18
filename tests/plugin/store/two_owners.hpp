#pragma once
#include "plugin/shard_ownership.hpp"
#include "plugin/store/fenced_store.hpp"
#include "samples.hpp"
#include "shared_store.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Nodes that each own some of the shards of one database, without what decides who owns what.
namespace causeway::store {

/// Streams of a store that many nodes share: what is equal modulo this number has one owner.
inline constexpr std::uint32_t units = 16;
inline std::uint32_t unit_of(const std::string& room_id) { return shard_of(room_id) % units; }
inline shard_set shards_of_unit(std::uint32_t unit) {
  shard_set x;
  for (auto shard = unit; shard < shard_count; shard += units) x.add(static_cast<shard_number>(shard));
  return x;
}

/// One of them as it works on the tables.
struct owner_of_shards {
  owner_of_shards(std::string database, std::int64_t number)
      : incarnation(number), url(std::move(database)), db(url, postgresql_database::use::shared) {
    db.own(incarnation, sql::read_shards(db, incarnation));
    store.emplace(db);
  }

  /// What `other` has of `wanted` is its own from now on. @returns false: that was not all of it, and nothing is
  bool take(const shard_set& wanted, std::int64_t other) {
    postgresql_database taker{url, postgresql_database::use::shared};
    sql::transaction all{taker, sql::transaction::kind::write};
    const auto taken = sql::take_shards(taker, wanted, other, incarnation);
    if (taken.shards() != wanted) return false;
    all.commit();
    db.own_more(taken);
    return true;
  }
  bool owns(const std::string& room_id) const { return db.owned().shards().has(shard_of(room_id)); }

  const std::int64_t incarnation;
  const std::string url;
  postgresql_database db;
  std::optional<fenced_store> store;
};

/// Two of them; units of even numbers are the first one's.
struct two_owners : shared_store {
  static constexpr std::int64_t first_incarnation = 101, second_incarnation = 102;

  two_owners() {
    make_tables();
    ask("UPDATE T.shard SET owner = CASE WHEN id % 2 = 0 THEN 101 ELSE 102 END, epoch = epoch + 1");
    first.emplace(url, first_incarnation);
    second.emplace(url, second_incarnation);
  }
  std::optional<owner_of_shards> first, second;
};

/// Commits one batch of a shard; the test fails when it is refused.
template <class... Writes>
commit_outcome must_commit_of(owner_of_shards& to, shard_number shard, Writes... writes) {
  store_batch batch;
  (batch.writes.emplace_back(std::move(writes)), ...);
  batch = of_shard(shard, std::move(batch));
  auto outcomes = to.store->commit({&batch, 1});
  if (!outcomes) throw std::runtime_error{to_string(outcomes.error())};
  return outcomes->front();
}

template <class Answer>
Answer must_ask_of(owner_of_shards& of, const query& question) {
  auto answered = of.store->ask(question);
  if (const auto* failed = std::get_if<fault>(&answered)) throw std::runtime_error{to_string(*failed)};
  return std::get<Answer>(std::move(answered));
}

/// As long as it lives commits are made and nobody is told: the server waits for another one that there is none of.
class unanswered_commits {
public:
  explicit unanswered_commits(postgresql_server& server) : server_(server) {
    say("'nobody'");
    while (!waits()) {}
  }
  unanswered_commits(unanswered_commits&&) = delete;
  ~unanswered_commits() { say("''"); }

private:
  /// Whether a commit waits by now: it is another process of the server that takes the setting over.
  bool waits() {
    auto commit = std::async(std::launch::async, [this] {
      try {
        server_.ask("SELECT pg_logical_emit_message(true, 'a', 'commit')");
      } catch (const std::runtime_error&) { // it was ended
      }
    });
    while (commit.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      const auto pid = server_.ask("SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      if (pid == "0") continue;
      server_.ask("SELECT pg_terminate_backend(" + pid + ", 5000)");
      return true;
    }
    return false;
  }
  void say(const std::string& names) {
    server_.ask("ALTER SYSTEM SET synchronous_standby_names = " + names);
    server_.ask("SELECT pg_reload_conf()");
    while (server_.ask("SHOW synchronous_standby_names") != names.substr(1, names.size() - 2))
      std::this_thread::yield();
  }
  postgresql_server& server_;
};

/// Commits, and loses the connection after the commit was made and before the answer.
inline result<std::vector<commit_outcome>> commit_unanswered(two_owners& nodes, owner_of_shards& by,
                                                             const std::vector<store_batch>& batches) {
  const auto pid = std::to_string(by.db.integer("SELECT pg_backend_pid()"));
  const unanswered_commits none{nodes.server};
  auto done = std::async(std::launch::async, [&] { return by.store->commit(batches); });
  while (nodes.ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid = " + pid) == "0")
    std::this_thread::yield(); // what waits for that is the server
  nodes.ask("SELECT pg_terminate_backend(" + pid + ", 5000)");
  return done.get();
}

} // namespace causeway::store
