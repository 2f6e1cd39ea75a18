#include "plugin/sqlite_database.hpp"

#include <optional>

namespace causeway::store {
namespace {

sql::error translated(const sqlite::error& x) {
  const auto code = sqlite::to_fault(x).code;
  const auto kind = code == fault_code::internal        ? sql::failure::statement
                    : code == fault_code::store_damaged ? sql::failure::damage
                                                        : sql::failure::machine;
  return {kind, x.what()};
}

/// Runs `work`; what SQLite throws comes out in the words of all engines.
template <class Work>
decltype(auto) carried_out(Work work) {
  try {
    return work();
  } catch (const sqlite::error& failed) {
    throw translated(failed);
  }
}

class sqlite_statement : public sql::prepared {
public:
  sqlite_statement(const sqlite::connection& db, std::string_view sql) : statement_(db, sql) {}

  void bind_null(int index) override { bind(index, sqlite::null); }
  void bind_integer(int index, std::int64_t x) override { bind(index, x); }
  void bind_text(int index, std::string_view x) override { bind(index, x); }
  void bind_bytes(int index, std::string_view x) override { bind(index, sqlite::blob{x}); }
  void run() override {
    carried_out([&] { statement_.run(); });
  }
  bool next() override {
    return carried_out([&] {
      if (!rows_) rows_.emplace(statement_.query());
      return rows_->next();
    });
  }
  void reset() noexcept override { rows_.reset(); }
  std::int64_t integer(int column) const override { return rows_->integer(column); }
  std::string_view text(int column) const override { return rows_->text(column); }

private:
  template <class Value>
  void bind(int index, const Value& x) {
    carried_out([&] { statement_.bind(index, x); });
  }

  sqlite::statement statement_;
  std::optional<sqlite::cursor> rows_; ///< none: it has not been run, or has been reset
};

} // namespace

sqlite_database::sqlite_database(const std::string& path, int flags) try : db_(path, flags) {
} catch (const sqlite::error& failed) {
  throw translated(failed);
}

std::unique_ptr<sql::prepared> sqlite_database::prepare(std::string_view sql) {
  return carried_out([&] { return std::make_unique<sqlite_statement>(db_, sql); });
}

void sqlite_database::execute(const std::string& sql) {
  carried_out([&] { db_.execute(sql); });
}

void sqlite_database::begin(bool writes) {
  carried_out([&] { db_.begin(writes); });
}

void sqlite_database::commit() {
  carried_out([&] { db_.commit(); });
}

void sqlite_database::roll_back() noexcept {
  // SQLite ends the transaction by itself after some errors (disk full, I/O); a second ROLLBACK would only fail.
  if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

} // namespace causeway::store
