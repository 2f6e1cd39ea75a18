#pragma once
#include "messages/fault.hpp"
#include "messages/shard.hpp"

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// What the table groups need of a database: connections, prepared statements, rows. Each engine implements
/// `connection` and `prepared`. The groups write their statements once, in the part of SQL that the engines share:
/// parameters are ?1, ?2, ...; INTEGER is 64 bits wide, TEXT and BLOB are bytes, compared as such; ON CONFLICT instead
/// of OR REPLACE. What an engine spells otherwise it translates.
///
/// A failed call is an exception (`error`); an engine's public functions catch it and hand out a fault.
namespace causeway::store::sql {

enum class failure : std::uint8_t {
  machine,   ///< disk, permission, lock, connection: the same may succeed later
  damage,    ///< what is stored is not what was written
  owner,     ///< another node owns it by now: the store, or a shard of what was to be written
  statement, ///< the statement or its values: whoever asked for it is guilty
};
struct error : std::runtime_error {
  error(failure sort, const std::string& what) : std::runtime_error(what), kind(sort) {}
  failure kind;
};
/// store_failed, store_damaged, stale_owner, internal: in the order of `failure`.
fault to_fault(const error& x);

/// NULL as a value to bind.
struct null_t {};
inline constexpr null_t null{};

/// Bytes that are not text.
struct blob {
  std::string_view bytes;
};

/// A statement of one engine. Values are bound to ?1, ?2, ... without a copy: they have to live until `run` returns or
/// `reset`. Every function but `reset` throws error.
class prepared {
public:
  virtual ~prepared() = default;
  virtual void bind_null(int index) = 0;
  virtual void bind_integer(int index, std::int64_t x) = 0;
  virtual void bind_text(int index, std::string_view x) = 0;
  virtual void bind_bytes(int index, std::string_view x) = 0;
  /// To its end, rows are dropped. An engine may carry it out later, in the order of the statements of its connection:
  /// at the latest with the next one that gives rows, or the commit, which then throws its error.
  virtual void run() = 0;
  /// The next row; the first call runs the statement.
  virtual bool next() = 0;
  virtual void reset() noexcept = 0;
  /// Columns of the row, from 0. NULL is 0 and an empty text; an integer may be kept as text.
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
};

/// Used by one thread at a time.
class connection {
public:
  virtual ~connection() = default;
  /// @throws error
  virtual std::unique_ptr<prepared> prepare(std::string_view sql) = 0;
  /// Statements without parameters, with `;` between them. @throws error
  virtual void execute(const std::string& sql) = 0;
  /// @param writes  false: one snapshot for all that is read. @throws error
  virtual void begin(bool writes) = 0;
  /// @throws error; the transaction is then still to be rolled back
  virtual void commit() = 0;
  /// Nothing, when there is no transaction.
  virtual void roll_back() noexcept = 0;
  /// Rows the last statement changed. @throws error
  virtual std::int64_t changes() = 0;
  /// A transaction that writes, and what it writes is of these shards: it fails (failure::owner) unless this connection
  /// has all of them. One that `begin` begins is about the whole store, and needs every shard. A store of one process
  /// has all of them for ever. @throws error
  virtual void begin_of(const shard_set& shards) {
    (void)shards;
    begin(true);
  }
  /// Since which change of owners this connection may write what is of a shard; 0: it may not. A store of one process
  /// has 1 for ever.
  virtual std::uint64_t epoch(shard_number shard) const {
    (void)shard;
    return 1;
  }
  /// Whether connections of other nodes write into the same tables, each what is of its own shards. What such a
  /// connection remembers of rows is true for the shards it has, and since it has them.
  virtual bool is_shared() const { return false; }
  /// How often this connection has come to own shards, also those it had before it was made anew: what was remembered
  /// of them before may be wrong. 0: it owns all there is from its beginning.
  virtual std::uint64_t takes() const { return 0; }

  /// The first column of the first row; 0: there is none. @throws error
  std::int64_t integer(std::string_view sql);
};

/// Rows of a query, one at a time; ends the statement when it goes. Texts are valid until the next `next()`.
class cursor {
public:
  explicit cursor(prepared& of) : of_(&of) {}
  cursor(cursor&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  ~cursor() {
    if (of_) of_->reset();
  }

  /// @throws error
  bool next() { return of_->next(); }
  std::int64_t integer(int column) const { return of_->integer(column); }
  /// Text or blob.
  std::string_view text(int column) const { return of_->text(column); }
  std::string string(int column) const { return std::string{text(column)}; }

private:
  prepared* of_;
};

/// A prepared statement, kept for the life of the connection.
class statement {
public:
  /// @throws error
  statement(connection& db, std::string_view sql) : is_(db.prepare(sql)) {}
  statement(statement&&) = delete;

  /// Runs it to its end. @throws error
  template <class... Values>
  void run(const Values&... values) {
    bind_all(values...);
    is_->run();
  }
  /// Binds the values to ?1, ?2, ... and gives the rows. @throws error
  template <class... Values>
  cursor query(const Values&... values) {
    bind_all(values...);
    return cursor{*is_};
  }
  /// Binds one value to ?index, for rows whose columns are listed elsewhere; then `run()` or `query()` without values.
  /// @throws error
  template <class Value>
  void bind(int index, const Value& x) {
    if constexpr (std::is_same_v<Value, null_t>) is_->bind_null(index);
    else if constexpr (std::is_integral_v<Value>) is_->bind_integer(index, static_cast<std::int64_t>(x));
    else if constexpr (std::is_same_v<Value, blob>) is_->bind_bytes(index, x.bytes);
    else is_->bind_text(index, x);
  }

private:
  template <class... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }

  std::unique_ptr<prepared> is_;
};

/// Begins now and is rolled back when it goes, unless committed.
class transaction {
public:
  enum class kind : std::uint8_t { read, write };
  /// @throws error
  transaction(connection& db, kind what) : db_(db) { db_.begin(what == kind::write); }
  /// One that writes; see connection::begin_of. @throws error
  transaction(connection& db, const shard_set& of) : db_(db) { db_.begin_of(of); }
  transaction(transaction&&) = delete;
  ~transaction() {
    if (!is_done_) db_.roll_back();
  }
  /// @throws error; the transaction is then rolled back
  void commit() {
    db_.commit();
    is_done_ = true;
  }

private:
  connection& db_;
  bool is_done_ = false;
};

} // namespace causeway::store::sql
