#include "plugin/database_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <string_view>
#include <utility>

namespace causeway {
namespace {

enum class log_begin : std::uint8_t { absent, empty, zeros, log, garbage };

/// By its first four bytes. Source: sqlite.org/fileformat2.html, "The Write-Ahead Log".
log_begin look_into_log(const std::string& path) {
  const descriptor log{::open((path + "-wal").c_str(), O_RDONLY | O_CLOEXEC)};
  if (!log) return log_begin::absent;
  std::array<unsigned char, 4> begin{};
  const auto got = ::pread(log.number(), begin.data(), begin.size(), 0);
  if (got <= 0) return got == 0 ? log_begin::empty : log_begin::absent;
  if (begin == std::array<unsigned char, 4>{}) return log_begin::zeros;
  return begin[0] == 0x37 && begin[1] == 0x7f && begin[2] == 0x06 && (begin[3] & 0xfe) == 0x82 ? log_begin::log
                                                                                               : log_begin::garbage;
}

} // namespace

status check_database_log(const std::string& path) {
  if (look_into_log(path) != log_begin::garbage) return ok();
  return fault{fault_code::store_damaged, path + "-wal is no write-ahead log any more: what was written last stood in "
                                                 "it. Restore it, or a backup of all files of the store; "
                                                 "to go on without what was written last, remove it"};
}

database_watch::database_watch(std::string path)
    : path_(std::move(path)), file_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {}

std::optional<database_watch::identity> database_watch::look(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return identity{about.st_dev, about.st_ino};
}

void database_watch::begin() { database_ = look(path_); }

status database_watch::check() {
  if (spoiled_.code != fault_code::none) return spoiled_;
  const auto is_gone = [this](const std::string& path, const std::optional<identity>& opened) -> status {
    const auto now = look(path);
    if (!opened || now == opened) return ok();
    return fault{fault_code::store_failed, path +
                                             (now ? " was replaced by another file" : " was removed or moved away") +
                                             " while the broker runs: what is written now would be lost. Put it back "
                                             "where it was, or restore a backup and start again"};
  };
  if (auto fine = is_gone(path_, database_); !fine) return fine;
  if (!log_) log_ = look(path_ + "-wal"); // SQLite makes it with the first commit
  if (auto fine = is_gone(path_ + "-wal", log_); !fine) return fine;
  if (!index_) index_ = look(path_ + "-shm");
  if (auto fine = is_gone(path_ + "-shm", index_); !fine) return fine;
  // SQLite has no locks on the log itself: a descriptor of it may be closed.
  switch (look_into_log(path_)) {
  case log_begin::log: log_was_used_ = true; break;
  case log_begin::absent: break;
  case log_begin::empty:
  case log_begin::zeros:
  case log_begin::garbage:
    if (log_was_used_) return spoiled(path_ + "-wal", look_into_log(path_) == log_begin::empty);
  }
  static constexpr char magic_text[] = "SQLite format 3"; // its NUL belongs to it
  static constexpr std::string_view magic{magic_text, sizeof magic_text};
  char begin[magic.size()] = {};
  const auto n = pread(file_.number(), begin, sizeof begin, 0);
  if (n == static_cast<ssize_t>(magic.size()) && std::string_view{begin, magic.size()} == magic) return ok();
  return spoiled(path_, n == 0);
}

status database_watch::spoiled(const std::string& what, bool is_empty) {
  spoiled_ = {fault_code::store_failed, what + (is_empty ? " was emptied" : " was overwritten") +
                                          " while the broker runs. Stop it, restore a backup, and start again"};
  return spoiled_;
}

} // namespace causeway
