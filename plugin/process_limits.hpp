#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What the process may use, against what it is configured to use. Looked at before anything is opened: a thread that
/// cannot be made or memory that is not there ends the process in the middle of the night, and the system's message
/// says neither which limit it was nor where it is set.
namespace causeway {

/// As found; nothing: no limit, or not known.
struct process_limits {
  using amount = std::optional<std::uint64_t>;
  amount descriptors;   ///< RLIMIT_NOFILE, raised to the hard one
  amount threads_user;  ///< RLIMIT_NPROC, of all processes of the user; not for root
  amount threads_left;  ///< pids.max less pids.current of the control group and those above it
  amount address_space; ///< bytes, RLIMIT_AS
  amount data;          ///< bytes, RLIMIT_DATA
  amount memory;        ///< bytes, memory.max of the control group and those above it, or what the machine has
  amount locked;        ///< bytes, RLIMIT_MEMLOCK
  amount file_size;     ///< bytes, RLIMIT_FSIZE
  amount cpu_s;         ///< RLIMIT_CPU
  amount stack;         ///< bytes of each thread's, RLIMIT_STACK
  struct disk {
    std::string path; ///< folder, or the nearest one above it that exists
    std::string key;  ///< of the configuration
    std::uint64_t free_bytes = 0;
    std::uint64_t free_files = 0; ///< inodes; the file system may count none
    bool counts_files = false;
  };
  std::vector<disk> disks;
};

/// What the configuration asks for, at most and all at once.
struct process_needs {
  std::uint64_t threads = 0;
  std::uint64_t memory_bytes = 0; ///< the budgets, and what the process has without any
  std::uint64_t store_bytes = 0;  ///< size of the largest file that is there
  static process_needs of(const config::options& x, bool without_gateway);
};

/// One limit that is too low.
struct limit_finding {
  bool refuses = false; ///< the broker does not start with it; else it may fail later
  std::string what;     ///< one sentence: which limit, how much, how much is needed, where to raise it
  bool operator==(const limit_finding&) const = default;
};

/// Less than this free on a disk: no start, and a warning.
inline constexpr std::uint64_t disk_bytes_min = 16 * 1024 * 1024, disk_bytes_low = 512 * 1024 * 1024;
/// Of the memory of the budgets the process gets by with this share, in percent: they are not all used up at once. Less
/// refuses, less than all of it warns.
inline constexpr std::uint64_t memory_percent_min = 20;

/// Pure.
std::vector<limit_finding> check_limits(const process_limits& has, const process_needs& needs);

/// Raises soft limits of descriptors and threads to the hard ones, and looks.
process_limits find_process_limits(const config::options& x);

} // namespace causeway
