#pragma once
#include "messages/fault.hpp"
#include "plugin/private_files.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace causeway {

/// Whether the write-ahead log that was left beside a database is one, before it is opened: SQLite takes garbage for an
/// empty log, and what was committed last would be gone without a word. Zeros are what a power cut leaves of a log that
/// nothing was acknowledged from.
/// @returns store_damaged in words
status check_database_log(const std::string& path);

/// Sees that the files of an open database are taken away from it: removed, replaced, emptied or overwritten at their
/// beginning. Holds the database open: a second descriptor of a file must not be closed while SQLite has locks on it.
/// Of the index of the log (-shm), which others may make anew from the log, only where it is counts: two processes with
/// two of them would write over each other.
class database_watch {
public:
  /// Before SQLite opens the file, and gone after it has closed it. @pre the file exists
  explicit database_watch(std::string path);
  /// After SQLite has made its own files.
  void begin();
  /// @returns store_failed in words
  status check();

private:
  struct identity {
    std::uint64_t device = 0, inode = 0;
    bool operator==(const identity&) const = default;
  };
  static std::optional<identity> look(const std::string& path);
  /// @param what  of which file, for the sentence
  status spoiled(const std::string& what, bool is_empty);

  std::string path_;
  descriptor file_;
  std::optional<identity> database_, log_, index_; ///< once they are there
  bool log_was_used_ = false;
  fault spoiled_; ///< what is overwritten stays spoiled, whatever is written over it next
};

} // namespace causeway
