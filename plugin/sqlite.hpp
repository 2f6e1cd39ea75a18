#pragma once
#include "messages/fault.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// SQLite in RAII. A failed call is an exception (`error`); the engine's public functions catch it and
/// hand out a fault, so it never leaves the folder that uses it.
namespace causeway::sqlite {

/// A failed SQLite call; `code` is the extended result code.
struct error : std::runtime_error {
  error(int result_code, const std::string& what) : std::runtime_error(what), code(result_code) {}
  int code;
};

/// store_damaged when the file is no database or a damaged one; store_failed when the machine is at fault (disk,
/// permission, lock): the same batch may succeed later. internal when the statement or its values are: the batch is
/// guilty.
fault to_fault(const error& x);

/// NULL as a value to bind.
struct null_t {};
inline constexpr null_t null{};

/// Bytes that are not text.
struct blob {
  std::string_view bytes;
};

/// One connection, used by one thread at a time.
class connection {
public:
  /// @param flags  SQLITE_OPEN_*; NOMUTEX is added
  /// @throws error
  connection(const std::string& path, int flags);
  connection(connection&&) = delete;
  ~connection();

  /// Runs statements without parameters. @throws error
  void execute(const std::string& sql);
  /// Statements that are run for every commit, prepared once. @throws error
  void begin(bool writes);
  void commit();
  /// The first column of the first row, for pragmas. @throws error
  std::int64_t integer(const std::string& sql);
  /// @throws error with the connection's message when `code` is no success
  void check(int code) const;

  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() const { return handle_; }
  std::int64_t last_insert_rowid() const { return sqlite3_last_insert_rowid(handle_); }
  /// Rows the last statement changed.
  int changes() const { return sqlite3_changes(handle_); }

private:
  void run(sqlite3_stmt*& kept, const char* sql);

  sqlite3* handle_ = nullptr;
  sqlite3_stmt *begin_read_ = nullptr, *begin_write_ = nullptr, *commit_ = nullptr;
};

/// Rows of a query, one at a time; ends the statement when it goes. Texts are valid until the next `next()`.
class cursor {
public:
  explicit cursor(sqlite3_stmt* stmt, const connection& db) : stmt_(stmt), db_(db) {}
  cursor(cursor&& other) noexcept : stmt_(std::exchange(other.stmt_, nullptr)), db_(other.db_) {}
  ~cursor() {
    if (stmt_) sqlite3_reset(stmt_);
  }

  /// @throws error
  bool next() {
    int code = sqlite3_step(stmt_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) db_.check(code);
    return false;
  }
  std::int64_t integer(int column) const { return sqlite3_column_int64(stmt_, column); }
  bool is_null(int column) const { return sqlite3_column_type(stmt_, column) == SQLITE_NULL; }
  /// Text or blob.
  std::string_view text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(stmt_, column));
    return bytes ? std::string_view{bytes, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))}
                 : std::string_view{};
  }
  std::string string(int column) const { return std::string{text(column)}; }

private:
  sqlite3_stmt* stmt_;
  const connection& db_;
};

/// A prepared statement, kept for the life of the connection. Values are bound without a copy: they have to live until
/// `run` returns or the cursor is gone.
class statement {
public:
  /// @throws error
  statement(const connection& db, std::string_view sql);
  statement(statement&&) = delete;
  ~statement() { sqlite3_finalize(stmt_); }

  /// Runs it to its end. @throws error
  template <class... Values>
  void run(const Values&... values) {
    auto rows = query(values...);
    while (rows.next()) {}
  }

  /// Binds the values to ?1, ?2, ... and gives the rows. @throws error
  template <class... Values>
  cursor query(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return cursor{stmt_, db_};
  }

  /// Binds one value to ?index, for rows whose columns are listed elsewhere; then `run()` or `query()` without values.
  /// @throws error
  template <class Value>
  void bind(int index, const Value& x) {
    if constexpr (std::is_same_v<Value, null_t>) db_.check(sqlite3_bind_null(stmt_, index));
    else if constexpr (std::is_integral_v<Value>)
      db_.check(sqlite3_bind_int64(stmt_, index, static_cast<std::int64_t>(x)));
    else if constexpr (std::is_same_v<Value, blob>) bind_blob(index, x.bytes);
    else bind_text(index, x);
  }

private:
  void bind_text(int index, std::string_view x) {
    // A null pointer would bind NULL; an empty text is not NULL.
    db_.check(sqlite3_bind_text64(stmt_, index, x.data() ? x.data() : "", x.size(), SQLITE_STATIC, SQLITE_UTF8));
  }
  void bind_blob(int index, std::string_view x) {
    db_.check(sqlite3_bind_blob64(stmt_, index, x.data() ? x.data() : "", x.size(), SQLITE_STATIC));
  }

  const connection& db_;
  sqlite3_stmt* stmt_ = nullptr;
};

/// BEGIN now, ROLLBACK when it goes, unless committed.
class transaction {
public:
  enum class kind : std::uint8_t { read, write };
  /// @throws error
  transaction(connection& db, kind what) : db_(db) { db_.begin(what == kind::write); }
  transaction(transaction&&) = delete;
  ~transaction();
  /// @throws error; the transaction is then rolled back
  void commit() { db_.commit(); }

private:
  connection& db_;
};

/// Copies all that is committed into the file `path`, which may be empty, while others write. @throws error
void copy_database(connection& source, const std::string& path);

} // namespace causeway::sqlite
