#pragma once
#include "messages/fault.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

/// Secrets, and files and folders that nobody but the user of the broker may reach: folders 0700, files 0600, whatever
/// the umask says. The umask itself is never touched: it belongs to the whole process, which may be a host that embeds
/// a node and makes files of its own meanwhile.
namespace causeway {

/// An open file descriptor.
class descriptor {
public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }
  /// Gives it away: whoever has the number closes it.
  int release() { return std::exchange(number_, -1); }

private:
  int number_;
};

/// Opens a regular file of ours. With O_CREAT it is made where it is not there; from one that is there the rights of
/// others are taken.
/// @param flags  of open(2); O_CLOEXEC is added
/// @returns store_failed: cannot be opened, is no regular file, belongs to another user
result<descriptor> open_private_file(const std::string& path, int flags);

/// Makes a folder, and those above it that are missing, each for its owner alone. What is there stays as it is.
/// @returns whether `path` itself was made; store_failed
result<bool> make_private_folder(const std::string& path);

/// Takes the rights of others to a folder and to all that is in it. The folder comes last: once it is closed, nothing
/// in it is looked at again, so a repeat costs one system call. Symbolic links are not followed. What cannot be changed
/// stays as it is (`config::warnings` tells of it).
void close_to_others(const std::string& folder);

/// Reads a secret of at most 4 KiB. Refused when group or others have any right to it, or when it belongs to somebody
/// else.
/// @returns faults not_found, forbidden (permissions, owner), too_large, store_failed (cannot be read)
result<std::string> read_secret_file(const std::string& path);

/// Makes a file of mode 0600 that did not exist, whole and on disk when this returns.
/// @returns faults already_exists, store_failed
status write_secret_file(const std::string& path, std::string_view text);
/// The same in place of a file that may exist: the name stands for the old secret or the new one at any time.
/// @returns store_failed
status replace_secret_file(const std::string& path, std::string_view text);

/// Keeps the pages of an object out of core dumps, and out of swap where the system lets us (RLIMIT_MEMLOCK), until it
/// goes.
class unswapped {
public:
  unswapped() = default;
  unswapped(const void* from, std::size_t bytes);
  unswapped(unswapped&& other) noexcept { swap(other); }
  unswapped& operator=(unswapped&& other) noexcept {
    swap(other);
    return *this;
  }
  ~unswapped();

private:
  void swap(unswapped& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(bytes_, other.bytes_);
  }
  void* begin_ = nullptr; ///< of a page
  std::size_t bytes_ = 0;
};

/// A copy of a secret that is overwritten when it goes.
struct wiped {
  std::string text;
  wiped() = default;
  explicit wiped(std::string x) : text(std::move(x)) {}
  wiped(wiped&&) = default;
  wiped& operator=(wiped&&) = default;
  ~wiped();
};

} // namespace causeway
