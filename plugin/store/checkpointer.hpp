#pragma once
#include "config/store_options.hpp"
#include "plugin/store/sqlite.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace causeway::store::sqlite {

/// Copies the write-ahead log back into the database beside the writing, on a thread and connection of its own: done by
/// a commit, it would make one in some hundred take tens of milliseconds.
///
/// The log starts anew only when all of it is copied, and under load there is always a rest that came meanwhile. So
/// this thread copies and syncs until the rest is short, and the writing thread copies that one itself.
class checkpointer {
public:
  /// @param writing  the writing connection; its log hook is taken. Has to outlive this object.
  /// @throws error
  checkpointer(connection& writing, const config::store_options& options);
  checkpointer(checkpointer&&) = delete;
  ~checkpointer();

  /// After each commit, on the writing thread. Never throws: a failed copy is tried again, the log keeps everything.
  void after_commit();

private:
  void run();
  void copy_until_short();

  connection& writing_;
  connection db_;
  int pages_wanted_;  ///< log size that starts a copy
  int log_pages_ = 0; ///< after the last commit; writing thread only
  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool asked_ = false, copied_ = false, stopping_ = false;
  std::thread thread_;
};

} // namespace causeway::store::sqlite
