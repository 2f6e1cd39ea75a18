#pragma once
#include "plugin/database.hpp"
#include "plugin/sqlite.hpp"

#include <memory>
#include <string>

namespace causeway::store {

/// A SQLite file as the table groups see it.
class sqlite_database : public sql::connection {
public:
  /// @param flags  SQLITE_OPEN_*. @throws sql::error
  sqlite_database(const std::string& path, int flags);

  std::unique_ptr<sql::prepared> prepare(std::string_view sql) override;
  void execute(const std::string& sql) override;
  void begin(bool writes) override;
  void commit() override;
  void roll_back() noexcept override;
  std::int64_t changes() override { return db_.changes(); }

  /// For what is SQLite's own: pragmas, checkpoint, backup.
  sqlite::connection& file() { return db_; }

private:
  sqlite::connection db_;
};

} // namespace causeway::store
