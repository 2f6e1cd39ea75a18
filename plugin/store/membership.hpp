#pragma once
#include "messages/fault.hpp"
#include "plugin/postgresql_database.hpp"
#include "plugin/store/seat.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace causeway::store {

/// A node's place among those of one database: its row, its lease, and the shards. One node takes all of them, each
/// with an epoch of its own; the others stand by.
///
/// A node that serves is gone when it has said so (`left`), when its lease has run out by the database's clock, or when
/// no session of its holds the lock of its incarnation any more, which is how a killed process is noticed at once. Who
/// finds it gone declares it dead, ends its sessions (one that sleeps in a transaction would hold up the take), and
/// takes the shards with the next epoch: what it commits afterwards is refused (postgresql_database::own).
class membership {
public:
  /// What has to be done with the tables, by the engine.
  struct tables {
    /// While another one serves, and again when its shards are taken: whether this node could take its place.
    std::function<status(sql::connection&)> check;
    /// Makes or migrates them; nobody else uses the store meanwhile.
    std::function<status(sql::connection&)> prepare;
  };

  /// Waits for this node's turn, takes all shards, and renews the lease until it leaves.
  /// @returns store_failed: not reachable, in use for longer than `patience_ms`; what `tables` or `on_wait` say
  static result<std::unique_ptr<membership>> take(const std::string& url, seat wanted, const tables& work);
  ~membership(); ///< leaves
  membership(const membership&) = delete;

  /// The others may take what this node has, at once. Harmless when repeated. @pre nobody commits any more
  void leave() noexcept;

  /// One process from its start to its end; never used twice.
  std::int64_t incarnation() const { return incarnation_; }
  /// The shards it took.
  const shard_epochs& owned() const { return owned_; }
  const std::shared_ptr<lease>& held() const { return seat_.held; }

private:
  struct owner;

  membership(const std::string& url, seat wanted);
  status wait_for_turn(const tables& work);
  bool has_tables();
  owner look();
  bool is_gone(const owner& x);
  bool may_serve(drained how);
  result<bool> take_turn(drained how, const tables& work);
  drained how_drained() const;
  bool listens() const { return !seat_.listens || *seat_.listens; }
  bool declare_dead(const owner& x);
  bool end_sessions(std::int64_t incarnation);
  void enter(const char* state);
  result<bool> take_shards(const tables& work);
  result<bool> take_over(std::int64_t from, const tables& work);
  status prepare(const tables& work);
  bool renew(const char* state);
  void keep_renewing();

  const std::int64_t incarnation_;
  seat seat_;
  postgresql_database db_;
  shard_epochs owned_;
  std::optional<std::int64_t> alone_since_ms_; ///< since when the owner's lock was seen free, boot time
  std::optional<std::int64_t> free_since_ms_;  ///< since when a drained node sees the place free, boot time
  std::string why_gone_;                       ///< the last one that this node found gone; empty: none
  std::int64_t renewed_ms_ = 0;                ///< while it stands by
  bool has_entered_ = false, has_left_ = false;

  std::mutex mutex_; ///< guards what follows
  std::condition_variable wakeup_;
  bool stopping_ = false;
  std::thread keeper_;
};

} // namespace causeway::store
