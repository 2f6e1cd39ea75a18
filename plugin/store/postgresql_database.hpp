#pragma once
#include "plugin/store/database.hpp"

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

/// One connection to PostgreSQL as the table groups see it. It is in pipeline mode: a statement whose rows nobody reads
/// is sent and not waited for, so a batch costs few round trips. A connection that was lost is made anew at the next
/// `begin`.
class postgresql_database : public sql::connection {
public:
  enum class use : std::uint8_t {
    alone, ///< writes, and holds the lock that no other node may have
    reads,
  };

  /// @param url  see libpq, "Connection URIs"
  /// @param lock_patience_ms  how long `alone` waits for another process to go. A killed predecessor's session ends at
  /// once, that of a machine that is gone after some eleven seconds (the server asks it whether it is there)
  /// @throws sql::error: not reachable, refused, or in use by another process
  postgresql_database(std::string url, use what, std::int64_t lock_patience_ms = 15'000);
  postgresql_database(postgresql_database&&) = delete;
  ~postgresql_database() override;

  std::unique_ptr<sql::prepared> prepare(std::string_view sql) override;
  void execute(const std::string& sql) override;
  void begin(bool writes) override;
  void commit() override;
  void roll_back() noexcept override;
  std::int64_t changes() override;

  /// From now on commits leave their mark, and a connection that is made anew is refused when another process has
  /// written meanwhile. @pre the tables are there. @throws sql::error
  void mark_commits();
  /// False once something has failed on it, until the next `begin`.
  bool is_connected() const;
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
  void leave_mark();
  void lock();
  void check_mark();
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
  bool marks_commits_ = false, in_transaction_ = false, writes_ = false, outcome_unknown_ = false;
  bool names_lost_ = false; ///< the server knows statements that are not in `names_`
  std::string last_mark_;   ///< of the last commit that was sent
  std::string made_mark_;   ///< of the last one that is known to be made, by us or before us
  std::unique_ptr<sql::statement> put_mark_, find_mark_;
  std::int64_t changes_ = 0;
  int last_name_ = 0;
};

} // namespace causeway::store
