#include "plugin/sqlite.hpp"

namespace causeway::sqlite {

fault to_fault(const error& x) {
  switch (x.code & 0xff) {
  case SQLITE_ERROR:
  case SQLITE_TOOBIG:
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_MISUSE:
  case SQLITE_RANGE: return {fault_code::internal, x.what()};
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB: return {fault_code::store_damaged, x.what()};
  default: return {fault_code::store_failed, x.what()};
  }
}

connection::connection(const std::string& path, int flags) {
  int code = sqlite3_open_v2(path.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    std::string what = path + ": " + (handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
    sqlite3_close(handle_);
    throw error{code, what};
  }
  sqlite3_extended_result_codes(handle_, 1);
}

connection::~connection() {
  for (auto* each : {begin_read_, begin_write_, commit_}) sqlite3_finalize(each);
  sqlite3_close_v2(handle_);
}

void connection::check(int code) const {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  throw error{code, std::string{sqlite3_errmsg(handle_)} + " (SQLite " + std::to_string(code) + ")"};
}

void connection::execute(const std::string& sql) {
  check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr));
}

void connection::run(sqlite3_stmt*& kept, const char* sql) {
  if (!kept) check(sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept, nullptr));
  const auto code = sqlite3_step(kept);
  const auto again = sqlite3_reset(kept); // says the same fault once more
  check(code == SQLITE_DONE || code == SQLITE_ROW ? again : code);
}

void connection::begin(bool writes) { writes ? run(begin_write_, "BEGIN IMMEDIATE") : run(begin_read_, "BEGIN"); }

void connection::commit() { run(commit_, "COMMIT"); }

std::int64_t connection::integer(const std::string& sql) {
  statement once{*this, sql};
  auto rows = once.query();
  return rows.next() ? rows.integer(0) : 0;
}

statement::statement(const connection& db, std::string_view sql) : db_(db) {
  db_.check(sqlite3_prepare_v3(db_.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                               &stmt_, nullptr));
}

transaction::~transaction() {
  // SQLite ends the transaction by itself after some errors (disk full, I/O); a second ROLLBACK would only fail.
  if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void copy_database(connection& source, const std::string& path) {
  constexpr int pages_per_step = 1'024;
  connection target{path, SQLITE_OPEN_READWRITE};
  // One snapshot for the whole copy; without it each commit by others would start the copy anew.
  transaction snapshot{source, transaction::kind::read};
  source.integer("SELECT count(*) FROM sqlite_schema");
  auto* copy = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
  if (!copy) target.check(sqlite3_extended_errcode(target.handle()));
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(copy, pages_per_step);
  int finished = sqlite3_backup_finish(copy);
  target.check(code == SQLITE_DONE ? finished : code);
}

} // namespace causeway::sqlite
