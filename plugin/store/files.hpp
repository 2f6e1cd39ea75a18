#pragma once
#include "messages/fault.hpp"
#include "plugin/private_files.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// The files of a store: who may read them and who has them open.
namespace causeway::store {

/// Holds `<path>-lock` for this process; the kernel lets go when the process ends, however it ends.
/// @returns store_failed naming the process that has it
result<descriptor> lock_store(const std::string& path);

/// Creates `path` with mode 0600, or takes others' access to an existing file away; the same with the files SQLite keeps beside it.
/// @returns store_failed when it is no regular file or belongs to another user
status make_private_store(const std::string& path);

/// Sees that the files of an open store are taken away from it: removed, replaced, emptied or overwritten at their beginning. Holds the database
/// open: a second descriptor of a file must not be closed while SQLite has locks on it.
class store_watch {
public:
  /// Before SQLite opens the file, and gone after it has closed it. @pre the file exists
  explicit store_watch(std::string path);
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

  std::string path_;
  descriptor file_;
  std::optional<identity> database_, log_; ///< once they are there
  fault spoiled_; ///< what is overwritten stays spoiled, whatever is written over it next
};

/// Makes `from` appear as `to` in one step that survives a power cut.
status publish_file(const std::string& from, const std::string& to);

} // namespace causeway::store
