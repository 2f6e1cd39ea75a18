#pragma once
#include "plugin/database.hpp"
#include "plugin/shard_ownership.hpp"

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace causeway::store {

class postgresql_statement;

/// "CWAY" as a number, then the schema: the arguments of the lock of a store. Whoever changes the tables, takes the
/// shards or needs the store alone has it; a node that serves shares it with those that only look.
inline constexpr const char* store_lock = "1129791833, hashtext(current_schema())";

/// What holds up the take of a node's shards is bounded: a statement, a wait for a lock, a transaction that sleeps
/// after an answer. (In a pipeline PostgreSQL counts no sleep before its end; there the take ends the session.)
inline constexpr const char* session_limits =
  "SET idle_in_transaction_session_timeout = 3000; SET statement_timeout = 4000; SET lock_timeout = 2000";

/// One connection to PostgreSQL as the table groups see it. It is in pipeline mode: a statement whose rows nobody reads
/// is sent and not waited for, so a batch costs few round trips. A connection that was lost is made anew at the next
/// `begin`.
class postgresql_database : public sql::connection {
public:
  enum class use : std::uint8_t {
    alone,  ///< holds the lock of the store: no node serves meanwhile
    shared, ///< reads; writes as its owner where `own` was called
  };
  /// Of which kind the session is that a node has. A node lives as long as that of its membership.
  enum class session_of : std::uint8_t { member, worker };

  /// @param url  see libpq, "Connection URIs"
  /// @param lock_patience_ms  how long `alone` waits for others to go. A killed process' session ends at once, that of
  /// a machine that is gone after some eleven seconds (the server asks it whether it is there)
  /// @throws sql::error: not reachable, refused, or in use by another process
  postgresql_database(std::string url, use what, std::int64_t lock_patience_ms = 15'000);
  postgresql_database(postgresql_database&&) = delete;
  ~postgresql_database() override;

  std::unique_ptr<sql::prepared> prepare(std::string_view sql) override;
  void execute(const std::string& sql) override;
  void begin(bool writes) override;
  void begin_of(const shard_set& shards) override;
  void commit() override;
  void roll_back() noexcept override;
  std::int64_t changes() override;

  /// The session belongs to a node, also when the connection is made anew: by the lock it shares, others see that the
  /// node is there, and find its sessions to end them. @throws sql::error
  void belong_to(std::int64_t incarnation, session_of kind);
  /// The node that has this connection serves: it shares the lock of the store from now on. @throws sql::error
  void serve();
  /// Writes as the owner of these shards from now on: each transaction that writes is refused (failure::owner) unless
  /// those it is of are still those of `incarnation`, each with its epoch, and leaves a mark. A connection that is made
  /// anew takes them again, with the next epochs, before anything is read: what was sent on the old one has been
  /// carried out by then, or can never be. One that was another node's meanwhile is lost, even where this incarnation
  /// has it again: what is remembered of it is wrong. @pre it has taken them. @throws sql::error
  void own(std::int64_t incarnation, const shard_epochs& shards);
  /// Owns these, too, from now on. @pre its incarnation has taken them, and it owns some already
  void own_more(const shard_epochs& shards);
  std::uint64_t epoch(shard_number shard) const override { return owner_ == 0 ? 1 : epochs_.at(shard); }
  bool is_shared() const override { return true; }
  std::uint64_t takes() const override { return takes_; }
  /// What it still has of them. After a transaction that was refused it has looked, if it could.
  const shard_epochs& owned() const { return epochs_; }
  /// Other nodes have all of them; nothing is written any more.
  bool is_stale() const { return is_stale_; }
  /// False once something has failed on it, until the next `begin`.
  bool is_connected() const;
  /// Whether the server has ended the connection since it was used last; does not wait. @pre nothing is under way
  bool was_ended();
  /// The last commit was sent, and the connection lost before its answer: nobody knows whether it was made.
  bool is_outcome_unknown() const { return outcome_unknown_; }
  /// Whether that commit was made after all: each one that writes leaves a random mark in the store. Connects anew.
  /// @throws sql::error
  bool was_last_commit_made();

private:
  friend class postgresql_statement;
  /// What was sent and has not been answered, in order.
  struct expected {
    postgresql_statement* asks = nullptr; ///< whose rows they are; null: nobody wants them
    bool counts = false;                  ///< `changes()` is about it
  };

  void connect();
  void set_up_session();
  std::int64_t mark_owner() const;
  void leave_mark();
  void lock();
  void take_again();
  void look_again();
  void refuse_lost(const shard_set& shards) const;
  void begin(bool writes, const shard_set& shards);
  void check_alive() const;
  /// The name under which the server knows the statement; it is sent there first, if it does not.
  const std::string& name_of(const std::string& sql, const std::string& types, int count, const Oid* oids);
  void sent(expected x, int was_sent);
  /// Reads answers until none is expected, or `wanted` has its own. @throws sql::error
  void collect(const postgresql_statement* wanted);
  PGresult* next_result();
  void synchronize();
  [[noreturn]] void fail(const PGresult* why);
  [[noreturn]] void fail_connection();

  const std::string url_;
  const use use_;
  const std::int64_t lock_patience_ms_;
  PGconn* connection_ = nullptr;
  std::map<std::string, std::string, std::less<>> names_; ///< by types and text
  std::deque<expected> expected_;
  std::int64_t owner_ = 0;   ///< the incarnation it writes for; 0: it is not fenced
  shard_epochs epochs_;      ///< of that owner
  std::string session_lock_; ///< key of the lock that says whose session it is; empty: nobody's
  bool is_member_ = false, serves_ = false, is_stale_ = false;
  bool must_look_ = false; ///< which of its shards another node has by now
  bool in_transaction_ = false, writes_ = false, outcome_unknown_ = false;
  bool names_lost_ = false; ///< the server knows statements that are not in `names_`
  bool is_synced_ = false;  ///< the end of the pipeline was sent and has not come back
  std::string last_mark_;   ///< of the last commit that was sent
  std::unique_ptr<sql::statement> check_shards_, put_mark_, find_mark_;
  std::int64_t changes_ = 0;
  std::uint64_t takes_ = 0;
  int last_name_ = 0;
};

} // namespace causeway::store
