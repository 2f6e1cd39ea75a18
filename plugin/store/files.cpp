#include "plugin/store/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace causeway::store {
namespace {

constexpr mode_t owner_only = S_IRUSR | S_IWUSR;

fault failed(const std::string& path, const char* what) {
  return {fault_code::store_failed, path + ": " + what + ": " + std::strerror(errno)};
}

} // namespace

result<descriptor> lock_store(const std::string& path) {
  std::string name = path + "-lock";
  descriptor file{open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, owner_only)};
  if (file.number() < 0) return failed(name, "cannot be opened");
  static_cast<void>(::fchmod(file.number(), owner_only)); // fails where it is not ours: root looks at a broker's store
  char pid[24] = {};
  if (flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed(name, "cannot be locked");
    auto size = pread(file.number(), pid, sizeof pid - 1, 0);
    std::string owner = size > 0 ? std::string{pid, std::strcspn(pid, "\n")} : "unknown";
    return {fault_code::store_failed, path + " is in use by process " + owner + "; one store serves one process"};
  }
  int length = std::snprintf(pid, sizeof pid, "%ld\n", static_cast<long>(getpid()));
  if (ftruncate(file.number(), 0) != 0 || pwrite(file.number(), pid, static_cast<std::size_t>(length), 0) != length)
    return failed(name, "cannot be written");
  return file;
}

status make_private_store(const std::string& path) {
  if (auto made = open_private_file(path, O_RDWR | O_CREAT); !made) return made.error();
  // New ones get the rights of the database from SQLite; these may be left of a time when it had others.
  for (const auto* beside : {"-wal", "-shm", "-journal"})
    if (auto name = path + beside; ::access(name.c_str(), F_OK) == 0)
      if (auto closed = open_private_file(name, O_RDWR); !closed) return closed.error();
  return ok();
}

store_watch::store_watch(std::string path) : path_(std::move(path)), file_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {}

std::optional<store_watch::identity> store_watch::look(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return identity{about.st_dev, about.st_ino};
}

void store_watch::begin() {
  database_ = look(path_);
}

status store_watch::check() {
  if (spoiled_.code != fault_code::none) return spoiled_;
  const auto is_gone = [this](const std::string& path, const std::optional<identity>& opened) -> status {
    const auto now = look(path);
    if (!opened || now == opened) return ok();
    return fault{fault_code::store_failed, path + (now ? " was replaced by another file" : " was removed or moved away") +
                                             " while the broker runs: what is written now would be lost. Put it back where it was, or restore a backup and start again"};
  };
  if (auto fine = is_gone(path_, database_); !fine) return fine;
  if (!log_) log_ = look(path_ + "-wal"); // SQLite makes it with the first commit
  if (auto fine = is_gone(path_ + "-wal", log_); !fine) return fine;
  static constexpr std::string_view magic{"SQLite format 3", 16};
  char begin[magic.size()] = {};
  const auto n = pread(file_.number(), begin, sizeof begin, 0);
  if (n == static_cast<ssize_t>(magic.size()) && std::string_view{begin, magic.size()} == magic) return ok();
  spoiled_ = {fault_code::store_failed, path_ + (n == 0 ? " was emptied" : " was overwritten") + " while the broker runs. Stop it, restore a backup, and start again"};
  return spoiled_;
}

status publish_file(const std::string& from, const std::string& to) {
  {
    descriptor file{open(from.c_str(), O_RDWR | O_CLOEXEC)};
    if (file.number() < 0 || fsync(file.number()) != 0) return failed(from, "cannot be synced");
  }
  if (std::rename(from.c_str(), to.c_str()) != 0) return failed(to, "cannot be put in place");
  auto folder = std::filesystem::path{to}.parent_path();
  descriptor directory{open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.number() < 0 || fsync(directory.number()) != 0) return failed(to, "its directory cannot be synced");
  return ok();
}

} // namespace causeway::store
