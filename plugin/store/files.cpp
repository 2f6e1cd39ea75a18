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
