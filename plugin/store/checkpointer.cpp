#include "plugin/store/checkpointer.hpp"

#include <pthread.h>
#include <algorithm>

namespace causeway::store::sqlite {
namespace {

/// Times the wanted size at which the writing thread copies the whole log itself: the disk does not keep up otherwise.
constexpr int overdue_factor = 8;

/// The option counts 4 KiB, whatever the pages of this file.
int pages_of(connection& db, std::int64_t option) {
  return static_cast<int>(std::max<std::int64_t>(1, option * 4'096 / db.integer("PRAGMA page_size")));
}

/// A rest of the log that is larger is copied beside the writing once more, before the writing thread takes what is
/// left.
constexpr int short_rest_pages = 64;
/// Copies beside the writing, for one of the writing thread. Under full load the rest does not become shorter.
constexpr int copies_max = 4;

/// @returns how many pages of the log are in the database, since the log began; -1 where that cannot be told
int copy_log(connection& db) {
  int pages = -1;
  // Busy means that another one copies or a reader needs the log: it will be asked for again.
  sqlite3_wal_checkpoint_v2(db.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, &pages);
  return pages;
}

/// SQLite does not sync the database after a copy during which something was committed: the last copy of the log, that
/// of the writing thread, would wait for the disk to take the pages of all of them. A failure is left to that one.
void sync_database(connection& db) {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file)) != SQLITE_OK ||
      !file)
    return;
  if (file->pMethods) file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

int note_size(void* size, sqlite3*, const char*, int pages) {
  *static_cast<int*>(size) = pages;
  return SQLITE_OK;
}

} // namespace

checkpointer::checkpointer(connection& writing, const config::store_options& options)
    : writing_(writing), db_(options.path, SQLITE_OPEN_READWRITE),
      pages_wanted_(pages_of(writing, options.checkpoint_pages)) {
  sqlite3_busy_timeout(db_.handle(), static_cast<int>(options.busy_timeout_ms));
  db_.execute("PRAGMA synchronous = FULL");
  sqlite3_wal_hook(writing_.handle(), note_size, &log_pages_); // this ends SQLite's own automatic copying, too
  thread_ = std::thread{[this] { run(); }};
  pthread_setname_np(thread_.native_handle(), "store-log");
}

checkpointer::~checkpointer() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wakeup_.notify_one();
  thread_.join();
  sqlite3_wal_hook(writing_.handle(), nullptr, nullptr);
}

void checkpointer::after_commit() {
  if (log_pages_ < pages_wanted_) return;
  bool finish = log_pages_ >= overdue_factor * pages_wanted_;
  {
    std::lock_guard lock{mutex_};
    if (copied_) {
      copied_ = false;
      finish = true;
    } else if (!asked_) {
      asked_ = true;
      wakeup_.notify_one();
    }
  }
  if (finish) copy_log(writing_);
}

void checkpointer::copy_until_short() {
  int before = 0;
  for (int copies = 0; copies < copies_max; ++copies) {
    const int copied = copy_log(db_);
    sync_database(db_);
    // What came during this copy is about as much as what came during the one before, or less.
    if (copied - before <= short_rest_pages) return;
    before = copied;
  }
}

void checkpointer::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wakeup_.wait(lock, [this] { return asked_ || stopping_; });
    if (stopping_) return;
    lock.unlock();
    copy_until_short();
    lock.lock();
    asked_ = false;
    copied_ = true;
  }
}

} // namespace causeway::store::sqlite
