#include "plugin/store/membership.hpp"

#include "messages/crash_point.hpp"
#include "plugin/store/node_rows.hpp"
#include "plugin/store/schema.hpp"
#include "plugin/store/term_rows.hpp"

#include <pthread.h>
#include <sodium.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace causeway::store {
namespace {

/// Between two renewals, and before one that failed is tried again.
constexpr std::chrono::milliseconds renew_interval{1'000}, renew_again{100};
/// Between two looks at the node that serves.
constexpr std::chrono::milliseconds turn_look_interval{200};
/// For so long the lock of a node has to be free before it counts as dead: one whose connection was cut, or whose
/// database was started anew, comes back within less.
constexpr std::int64_t alone_ms_max = 500;
/// How long the sessions of a dead node may take to end.
constexpr std::int64_t end_sessions_ms = 1'000;
/// Rows of nodes that are gone are shown for a day.
constexpr std::int64_t row_kept_ms = 86'400'000;

constexpr const char* state_standby = "standby";
constexpr const char* state_drained = "drained";
constexpr const char* state_active = "active";
constexpr const char* state_left = "left";
constexpr const char* state_dead = "dead";

/// Sessions that hold one of the locks of an incarnation (?1): those of that node.
constexpr const char* sessions_of = "pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
                                    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                                    " AND (classid::bigint << 32 | objid::bigint)";

std::int64_t new_incarnation() {
  // Twice it is a key of an advisory lock, and it is written in twelve hexadecimal digits.
  std::uint64_t bits = 0;
  while (bits == 0) {
    randombytes_buf(&bits, sizeof bits);
    bits >>= 16;
  }
  return static_cast<std::int64_t>(bits);
}

std::string database_now() { return sql::database_now_ms; }

template <class Work>
status as_status(Work work) {
  try {
    return work();
  } catch (const sql::error& failed) {
    return sql::to_fault(failed);
  }
}

/// The lock of the store, for as long as this lives, where nobody has it.
class store_locked {
public:
  /// @throws sql::error
  explicit store_locked(postgresql_database& db)
      : db_(db), is_ours_(db.integer(std::string{"SELECT pg_try_advisory_lock("} + store_lock + ")") != 0) {}
  store_locked(store_locked&&) = delete;
  ~store_locked() {
    try {
      if (is_ours_) db_.execute(std::string{"SELECT pg_advisory_unlock("} + store_lock + ")");
    } catch (const sql::error&) { // the connection is lost, and the lock with it
    }
  }
  bool is_ours() const { return is_ours_; }

private:
  postgresql_database& db_;
  const bool is_ours_;
};

fault in_use(const store_in_use& by) {
  if (by.name.empty())
    return {fault_code::store_failed,
            "another causewayd uses this database (an older one, or a command that needs it alone); stop it, or choose "
            "another one"};
  return {fault_code::store_failed,
          "another causewayd uses this database: node \"" + by.name + "\"" +
            (by.endpoints.empty() ? std::string{} : " at " + by.endpoints) +
            "; stop it, choose another one, or let this node stand by for it (node.standby = true)"};
}

} // namespace

/// Whoever has the shards.
struct membership::owner {
  std::int64_t incarnation = 0; ///< 0: nobody has had them yet
  std::string name, endpoints, state;
  std::int64_t lease_until = 0, lease_left_ms = 0;
  bool is_connected = false; ///< a session of its holds the lock of its incarnation
};

membership::membership(const std::string& url, seat wanted)
    : incarnation_(new_incarnation()), seat_(std::move(wanted)), db_(url, postgresql_database::use::shared) {
  if (!seat_.held) seat_.held = std::make_shared<lease>();
  seat_.held->belongs_to(incarnation_);
  db_.belong_to(incarnation_, postgresql_database::session_of::member);
}

membership::~membership() { leave(); }

result<std::unique_ptr<membership>> membership::take(const std::string& url, seat wanted, const tables& work) {
  std::unique_ptr<membership> made;
  const auto taken = as_status([&]() -> status {
    made.reset(new membership(url, std::move(wanted)));
    return made->wait_for_turn(work);
  });
  if (!taken) return taken.error();
  made->keeper_ = std::thread{[m = made.get()] { m->keep_renewing(); }};
  pthread_setname_np(made->keeper_.native_handle(), "store-lease");
  return made;
}

status membership::wait_for_turn(const tables& work) {
  const auto began_ms = boot_time_ms();
  bool is_checked = false;
  store_in_use by;
  const auto is_free = [&]() -> result<bool> {
    by = {};
    if (!has_tables()) return true;
    if (!std::exchange(is_checked, true))
      if (auto fine = work.check(db_); !fine) return fine.error();
    if (!has_entered_ || boot_time_ms() - renewed_ms_ >= renew_interval.count())
      enter(how_drained() == drained::no ? state_standby : state_drained);
    const auto x = look();
    by = {x.name, x.endpoints, x.lease_left_ms, false};
    if (!is_gone(x)) {
      free_since_ms_.reset();
      return false;
    }
    if (x.incarnation != 0 && !end_sessions(x.incarnation)) return false;
    by.is_free = true;
    return true;
  };
  for (;;) {
    try {
      const auto free = is_free();
      if (!free) return free.error();
      if (const auto how = how_drained(); *free && may_serve(how)) {
        by = {}; // whoever has the lock of the store says no name
        const auto is_taken = take_turn(how, work);
        if (!is_taken) return is_taken.error();
        if (*is_taken) return ok();
      }
    } catch (const sql::error& failed) {
      // A database that is away for a while is waited for by who stands by, and not by who was just started.
      if (failed.kind != sql::failure::machine || !has_entered_) throw;
      alone_since_ms_.reset();
      free_since_ms_.reset(); // nobody could take the place meanwhile
    }
    if (seat_.patience_ms >= 0 && boot_time_ms() - began_ms >= seat_.patience_ms) return in_use(by);
    if (seat_.on_wait)
      if (auto goes_on = seat_.on_wait(by); !goes_on) return goes_on;
    // There is nothing to wait on: who has died tells nobody, and `on_wait` looks for signals at each turn.
    std::this_thread::sleep_for(turn_look_interval);
  }
}

bool membership::has_tables() {
  sql::transaction once{db_, sql::transaction::kind::read};
  const bool are_there = db_.integer("SELECT count(*) FROM pg_class WHERE oid = to_regclass('shard')") != 0;
  once.commit();
  return are_there;
}

membership::owner membership::look() {
  sql::transaction once{db_, sql::transaction::kind::read};
  owner x;
  sql::statement find{db_, "SELECT s.owner, n.name, n.endpoints, n.state, n.lease_until, n.lease_until - " +
                             database_now() + ", EXISTS(SELECT 1 FROM " + sessions_of +
                             " = s.owner * 2) FROM shard s LEFT JOIN node n ON n.incarnation = s.owner WHERE s.id = 0"};
  if (auto rows = find.query(); rows.next()) {
    x.incarnation = rows.integer(0);
    x.name = rows.string(1);
    x.endpoints = rows.string(2);
    x.state = rows.string(3);
    x.lease_until = rows.integer(4);
    x.lease_left_ms = rows.integer(5);
    x.is_connected = rows.integer(6) != 0;
  }
  once.commit();
  return x;
}

/// Whether its place is free; who is gone without a word is declared dead.
bool membership::is_gone(const owner& x) {
  // Nobody, `left`, declared dead by somebody who got no further, or ourselves: the answer to our take was lost.
  if (x.state != state_active || x.incarnation == incarnation_) return true;
  const auto now = boot_time_ms();
  if (x.is_connected) alone_since_ms_.reset();
  else if (!alone_since_ms_) alone_since_ms_ = now;
  const bool is_alone = alone_since_ms_ && now - *alone_since_ms_ >= alone_ms_max;
  if (x.lease_left_ms >= 0 && !is_alone) return false;
  why_gone_ = is_alone ? "its process ended without a word" : "it did not renew its lease";
  return declare_dead(x);
}

drained membership::how_drained() const { return seat_.is_drained ? seat_.is_drained->load() : drained::no; }

/// What an operator is told stays true: from the decision on nobody drains this node as one that stands by.
/// @returns false: somebody else was quicker, or an operator
result<bool> membership::take_turn(drained how, const tables& work) {
  if (!seat_.is_drained) return take_shards(work);
  if (!seat_.is_drained->compare_exchange_strong(how, drained::serves)) return false;
  struct back {
    std::atomic<drained>& state;
    const drained to;
    bool is_taken = false;
    ~back() {
      if (!is_taken) state = to;
    }
  } unless_taken{*seat_.is_drained, how};
  auto taken = take_shards(work);
  unless_taken.is_taken = taken && *taken;
  return taken;
}

/// Whether this node takes the place that it sees free. A drained one leaves it to others, unless there are none.
bool membership::may_serve(drained how) {
  if (how == drained::no) return true;
  const auto now = boot_time_ms();
  if (!free_since_ms_) free_since_ms_ = now;
  return how == drained::until_needed && now - *free_since_ms_ >= seat_.needed_after_ms;
}

/// A renewal that came meanwhile prevails: it has changed the time.
bool membership::declare_dead(const owner& x) {
  alone_since_ms_.reset();
  sql::transaction once{db_, sql::transaction::kind::write};
  sql::statement{db_, "UPDATE node SET state = ?1 WHERE incarnation = ?2 AND state = ?3 AND lease_until = ?4"}.run(
    state_dead, x.incarnation, x.state, x.lease_until);
  const bool is_ours_to_say = db_.changes() == 1;
  once.commit();
  return is_ours_to_say;
}

/// A sleeper in a transaction holds the shards, and its membership the lock of the store; it would wake up and go on.
/// Half an upload has no shard that would hold it off (media_session), so all of them have to be over.
/// @returns false: one was still there
bool membership::end_sessions(std::int64_t incarnation) {
  if (crash::is_mutant(crash::mutant::sessions_not_ended)) return true;
  sql::statement end{db_, std::string{"SELECT count(*) FILTER (WHERE NOT pg_terminate_backend(pid, ?1)) FROM "} +
                            sessions_of + " IN (?2, ?3) AND pid <> pg_backend_pid()"};
  auto rows = end.query(end_sessions_ms, incarnation * 2, incarnation * 2 + 1);
  return rows.next() && rows.integer(0) == 0;
}

/// Writes the row of this node, or renews it.
void membership::enter(const char* state) {
  const auto at = boot_time_ms();
  if (!has_entered_ || !renew(state)) {
    sql::transaction once{db_, sql::transaction::kind::write};
    sql::statement{db_, "DELETE FROM node WHERE (lease_until < " + database_now() +
                          " - ?1 OR (state IN (?2, ?3) AND lease_until < " + database_now() +
                          ")) AND incarnation NOT IN (SELECT owner FROM shard)"}
      .run(row_kept_ms, state_standby, state_drained);
    // Where the answer to a take was lost it is active, and stays so.
    sql::statement{db_, "INSERT INTO node(incarnation, name, endpoints, version, state, lease_until)"
                        " VALUES(?1, ?2, ?3, ?4, ?5, " +
                          database_now() +
                          " + ?6) ON CONFLICT(incarnation) DO UPDATE SET lease_until = excluded.lease_until,"
                          " state = CASE WHEN node.state = ?7 THEN node.state ELSE excluded.state END"}
      .run(incarnation_, seat_.name, seat_.endpoints, sql::text_of({seat_.version, sql::schema_version}), state,
           lease_ms, state_active);
    once.commit();
  }
  has_entered_ = true;
  renewed_ms_ = at;
}

/// The lock of the store keeps others away meanwhile: who takes at the same time, older ones, and commands.
/// @returns false: one of them was quicker
result<bool> membership::take_shards(const tables& work) {
  const store_locked locked{db_};
  if (!locked.is_ours()) return false;
  if (auto done = prepare(work); !done) return done.error();
  if (!has_entered_) enter(state_standby);
  const auto now = look();
  if (now.state == state_active && now.incarnation != incarnation_) return false;
  auto taken = take_over(now.incarnation, work);
  if (taken && *taken) db_.serve();
  return taken;
}

status membership::prepare(const tables& work) {
  // A migration takes as long as it takes.
  db_.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0");
  if (auto done = work.prepare(db_); !done) return done;
  db_.execute(session_limits);
  return ok();
}

/// @returns false: somebody else was quicker
result<bool> membership::take_over(std::int64_t from, const tables& work) {
  const auto at = boot_time_ms();
  const auto wanted = shard_set::all();
  shard_epochs taken;
  {
    sql::transaction all{db_, sql::transaction::kind::write};
    taken = sql::take_shards(db_, wanted, from, incarnation_);
    if (taken.shards() != wanted) return false;
    // The former owner may have finished an upgrade since: the update has waited for that.
    if (auto fine = work.check(db_); !fine) return fine.error();
    sql::statement{db_, "UPDATE node SET state = ?1, endpoints = ?2, lease_until = " + database_now() +
                          " + ?3 WHERE incarnation = ?4"}
      .run(state_active, listens() ? seat_.endpoints : std::string{}, lease_ms, incarnation_);
    sql::statement{db_,
                   "DELETE FROM commit_mark WHERE incarnation NOT IN (SELECT incarnation FROM node WHERE state = ?1)"}
      .run(state_active);
    if (!why_gone_.empty()) sql::end_term_unseen(db_, from, why_gone_);
    sql::begin_term(db_, incarnation_, seat_.name, seat_.version);
    all.commit();
  }
  owned_ = taken;
  seat_.held->renewed(at);
  return true;
}

/// @returns false: this node has no such row any more. @throws sql::error
bool membership::renew(const char* state) {
  sql::transaction once{db_, sql::transaction::kind::write};
  const bool is_active = state == std::string_view{state_active};
  auto told = is_active && !listens() ? std::string{} : seat_.endpoints;
  if (!is_active && seat_.forwards && *seat_.forwards) told += " forwards";
  sql::statement{db_, "UPDATE node SET lease_until = " + database_now() +
                        " + ?1, endpoints = ?2 WHERE incarnation = ?3 AND state = ?4"}
    .run(lease_ms, told, incarnation_, state);
  const bool is_there = db_.changes() == 1;
  once.commit();
  return is_there;
}

/// A connection that the server has ended is made anew at once: others count the time without it.
void membership::keep_renewing() {
  auto due_ms = boot_time_ms() + renew_interval.count();
  bool has_told = false; // where it listens
  std::unique_lock guard(mutex_);
  while (!wakeup_.wait_for(guard, renew_again, [this] { return stopping_; })) {
    guard.unlock();
    const auto at = boot_time_ms();
    try {
      if (const bool is_news = listens() && !has_told; is_news || at >= due_ms || db_.was_ended()) {
        if (!renew(state_active))
          return seat_.held->lose("another node has declared this one dead, and takes its place");
        seat_.held->renewed(at);
        has_told = has_told || is_news;
        due_ms = at + renew_interval.count();
      }
    } catch (const sql::error&) { // the store says what is wrong with the database; the lease runs out meanwhile
      due_ms = at;
    }
    guard.lock();
  }
}

void membership::leave() noexcept {
  if (std::exchange(has_left_, true)) return;
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wakeup_.notify_all();
  if (keeper_.joinable()) keeper_.join();
  if (!has_entered_ || seat_.held->is_lost()) return;
  try {
    sql::transaction once{db_, sql::transaction::kind::write};
    sql::statement{db_, "UPDATE node SET state = ?1, lease_until = " + database_now() +
                          " WHERE incarnation = ?2 AND state <> ?3"}
      .run(state_left, incarnation_, state_dead);
    if (!owned_.shards().is_empty())
      sql::end_term(db_, incarnation_, seat_.why_left ? seat_.why_left() : "it was stopped");
    once.commit();
  } catch (const sql::error&) { // then its lease runs out
  }
}

} // namespace causeway::store
