#include "plugin/private_files.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace causeway {
namespace {

namespace fs = std::filesystem;

constexpr mode_t file_mode = S_IRUSR | S_IWUSR;
constexpr mode_t folder_mode = S_IRWXU;
constexpr mode_t others = S_IRWXG | S_IRWXO;
constexpr mode_t all_rights = 07777;
constexpr std::size_t private_file_bytes_max = 4096;

fault failed(const std::string& path, std::string_view what) {
  return {fault_code::store_failed, path + " " + std::string{what} + ": " + std::strerror(errno)};
}

status write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    auto n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path, "cannot be written");
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0 ? ok() : status{failed(path, "cannot be brought to disk")};
}

status sync_folder_of(const std::string& path) {
  auto parent = fs::path{path}.parent_path();
  descriptor folder{::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder || ::fsync(folder.number()) != 0) return failed(path, "cannot be brought to disk");
  return ok();
}

enum class existing : std::uint8_t { kept, replaced };

status write_secret(const std::string& path, std::string_view text, existing what) {
  // Written beside and put in place whole, so that the name never stands for half a secret.
  auto draft = path + ".new-" + std::to_string(::getpid());
  descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, file_mode)};
  if (!file) return failed(draft, "cannot be made");
  auto written = ::fchmod(file.number(), file_mode) == 0 ? write_all(file.number(), text, draft)
                                                         : status{failed(draft, "cannot be made")};
  bool placed = written && (what == existing::kept ? ::link(draft.c_str(), path.c_str())
                                                   : ::rename(draft.c_str(), path.c_str())) == 0;
  auto why = errno;
  ::unlink(draft.c_str()); // after a rename there is none
  if (!written) return written;
  if (!placed) {
    errno = why;
    return why == EEXIST ? fault{fault_code::already_exists, path + " exists already."}
                         : failed(path, "cannot be made");
  }
  return sync_folder_of(path);
}

} // namespace

descriptor::descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}
descriptor::~descriptor() {
  if (number_ >= 0) ::close(number_);
}

unswapped::unswapped(const void* from, std::size_t bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto before = reinterpret_cast<std::uintptr_t>(from) % page;
  begin_ = static_cast<char*>(const_cast<void*>(from)) - before;
  bytes_ = (before + bytes + page - 1) / page * page;
  ::madvise(begin_, bytes_, MADV_DONTDUMP);
  static_cast<void>(::mlock(begin_, bytes_)); // forbidden to some; the signing key is on disk anyway
}

unswapped::~unswapped() {
  if (bytes_ == 0) return;
  static_cast<void>(::munlock(begin_, bytes_));
  ::madvise(begin_, bytes_, MADV_DODUMP);
}

wiped::~wiped() { ::explicit_bzero(text.data(), text.size()); }

result<descriptor> open_private_file(const std::string& path, int flags) {
  // The umask can only take rights from the mode, never add any: there is no moment in which others have some.
  descriptor file{::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, file_mode)};
  if (!file) return failed(path, "cannot be opened");
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return failed(path, "cannot be examined");
  if (!S_ISREG(about.st_mode)) return fault{fault_code::store_failed, path + " is not a regular file"};
  if (about.st_uid != ::geteuid())
    return fault{fault_code::store_failed,
                 path + " belongs to user " + std::to_string(about.st_uid) + ", we are " + std::to_string(::geteuid())};
  if ((about.st_mode & all_rights) != file_mode && ::fchmod(file.number(), file_mode) != 0)
    return failed(path, "mode cannot be set to 0600");
  return file;
}

result<bool> make_private_folder(const std::string& path) {
  fs::path at;
  bool made = false;
  for (const auto& part : fs::path{path}) {
    at /= part;
    if (part.empty()) continue;
    made = ::mkdir(at.c_str(), folder_mode) == 0;
    // A umask without rights of the owner: they would be kept out of it themselves.
    if (made && ::chmod(at.c_str(), folder_mode) != 0) return failed(at, "mode cannot be set to 0700");
    // What is there needs no right to make it.
    if (const int why = errno; !made && why != EEXIST) {
      struct stat there {};
      if (::stat(at.c_str(), &there) == 0) continue;
      errno = why;
      return failed(at, "cannot be made");
    }
  }
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return failed(path, "cannot be examined");
  if (!S_ISDIR(about.st_mode)) return fault{fault_code::store_failed, path + " is not a folder"};
  return made;
}

void close_to_others(const std::string& folder) {
  struct stat about {};
  if (::lstat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || (about.st_mode & others) == 0) return;
  std::error_code error;
  for (fs::recursive_directory_iterator at{folder, fs::directory_options::skip_permission_denied, error}, end;
       !error && at != end; at.increment(error)) {
    struct stat inner {};
    if (::lstat(at->path().c_str(), &inner) != 0 || S_ISLNK(inner.st_mode) || (inner.st_mode & others) == 0) continue;
    ::chmod(at->path().c_str(), inner.st_mode & all_rights & ~others);
  }
  if (!error) ::chmod(folder.c_str(), about.st_mode & all_rights & ~others);
}

result<std::string> read_secret_file(const std::string& path) {
  descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!file)
    return errno == ENOENT ? fault{fault_code::not_found, path + " does not exist."} : failed(path, "cannot be opened");
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return failed(path, "cannot be looked at");
  if (!S_ISREG(about.st_mode)) return fault{fault_code::forbidden, path + " is no regular file."};
  if ((about.st_mode & others) != 0)
    return fault{fault_code::forbidden,
                 path + " is a secret that others have rights to: chmod 600 it. If it was readable by others "
                        "for a while, make a new one."};
  if (about.st_uid != ::geteuid() && about.st_uid != 0)
    return fault{fault_code::forbidden, path + " belongs to another user: chown it to the one that runs the broker."};
  wiped text{std::string(private_file_bytes_max + 1, '\0')};
  std::size_t size = 0;
  while (size < text.text.size()) {
    auto n = ::read(file.number(), text.text.data() + size, text.text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(path, "cannot be read");
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > private_file_bytes_max) return fault{fault_code::too_large, path + " is larger than 4 KiB."};
  return text.text.substr(0, size);
}

status write_secret_file(const std::string& path, std::string_view text) {
  return write_secret(path, text, existing::kept);
}
status replace_secret_file(const std::string& path, std::string_view text) {
  return write_secret(path, text, existing::replaced);
}

} // namespace causeway
