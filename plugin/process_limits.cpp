#include "plugin/process_limits.hpp"

#include "plugin/descriptors.hpp"
#include "plugin/edge/chat_relay.hpp"
#include "plugin/node_addresses.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <thread>

namespace causeway {
namespace {

namespace fs = std::filesystem;

/// Beside actors and HTTPS: main, housekeeping, chat edge, libzmq's (reaper, I/O, one context more for the gateway's
/// link), the store's (writer, reader, checkpoints), those of files, CAF's own (timers, printer), the log's. Measured:
/// 16 with one worker and one server thread.
constexpr std::uint64_t own_threads = 24;
/// Resident after the start, without rooms, and some more: measured 34 MiB.
constexpr std::uint64_t own_bytes = 64 * 1024 * 1024;
/// Code and libraries, mapped; counts as address space only.
constexpr std::uint64_t mapped_bytes = 512 * 1024 * 1024;
/// A thumbnail is made of four bytes a pixel, twice.
constexpr std::uint64_t bytes_per_pixel = 8;
constexpr std::uint64_t mib = 1024 * 1024;
/// The least page that is locked: the signing key's.
constexpr std::uint64_t locked_bytes = 64 * 1024;
constexpr std::uint64_t stack_bytes_default = 8 * mib;
/// A file system with fewer free names is full.
constexpr std::uint64_t free_files_min = 100;

process_limits::amount soft_limit(int which, bool raise) {
  rlimit now{};
  if (getrlimit(static_cast<__rlimit_resource>(which), &now) != 0) return {};
  if (raise && now.rlim_cur != now.rlim_max) {
    auto wanted = now;
    wanted.rlim_cur = now.rlim_max;
    if (setrlimit(static_cast<__rlimit_resource>(which), &wanted) == 0) now = wanted;
  }
  if (now.rlim_cur == RLIM_INFINITY) return {};
  return static_cast<std::uint64_t>(now.rlim_cur);
}

/// A number in a file; nothing for `max`, or where there is no such file.
process_limits::amount number_in(const fs::path& file) {
  std::ifstream in{file};
  std::string text;
  if (!(in >> text)) return {};
  std::uint64_t x = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (problem != std::errc{} || end != text.data() + text.size()) return {};
  return x;
}

void lower(process_limits::amount& x, process_limits::amount other) {
  if (other && (!x || *other < *x)) x = other;
}

/// Limits of the control group and of those above it: the tightest counts.
void look_at_groups(process_limits& out) {
  std::ifstream groups{"/proc/self/cgroup"};
  const fs::path root{"/sys/fs/cgroup"};
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto kind = line.substr(first + 1, second - first - 1);
    const auto base = kind.empty() ? root : root / kind; // version 2, version 1
    for (fs::path group = base / fs::path{line.substr(second + 1)}.relative_path();; group = group.parent_path()) {
      lower(out.memory, number_in(group / "memory.max"));
      lower(out.memory, number_in(group / "memory.limit_in_bytes"));
      if (const auto most = number_in(group / "pids.max"))
        lower(out.threads_left, *most - std::min(*most, number_in(group / "pids.current").value_or(0)));
      if (group == base || group == group.parent_path()) break;
    }
  }
}

process_limits::disk look_at_disk(const std::string& key, fs::path path) {
  std::error_code ignored;
  path = fs::absolute(path.empty() ? fs::path{"."} : path, ignored);
  while (!fs::exists(path, ignored) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  process_limits::disk out{path.string(), key};
  struct statvfs about {};
  if (::statvfs(path.c_str(), &about) != 0) {
    out.free_bytes = disk_bytes_low; // what cannot be looked at is told by whoever opens it
    return out;
  }
  out.free_bytes = std::uint64_t{about.f_bavail} * about.f_frsize;
  out.free_files = about.f_favail;
  out.counts_files = about.f_files > 0;
  return out;
}

std::string in_mib(std::uint64_t bytes) { return std::to_string(bytes / mib) + " MiB"; }

} // namespace

process_needs process_needs::of(const config::options& x, bool without_gateway) {
  process_needs out;
  const auto cores = std::max(1u, std::thread::hardware_concurrency());
  out.threads = own_threads + (x.node.worker_threads ? x.node.worker_threads : cores);
  out.memory_bytes = own_bytes + (std::uint64_t{x.store.cache_kib} + x.store.reader_cache_kib) * 1024 +
                     x.store.queue_bytes_max + x.media.thumbnail_pixels_max * bytes_per_pixel;
  if (!without_gateway && !x.gateway.listen.empty()) {
    out.threads += x.gateway.threads + 1;
    out.memory_bytes += (std::uint64_t{x.gateway.inbound_bodies_mib} + x.gateway.answers_mib) * mib;
  }
  // While it stands by. What else it needs then is less than what it needs when it serves; this comes on top for the
  // moment in which the one follows the other.
  if (x.store.engine == config::store_engine::postgresql && !told_chat_addresses(x.edge).empty())
    out.memory_bytes += edge::chat_relay::waiting_bytes_most;
  std::error_code missing;
  if (const auto bytes = fs::file_size(x.store.path, missing); !missing && x.store.is_file()) out.store_bytes = bytes;
  return out;
}

std::vector<limit_finding> check_limits(const process_limits& has, const process_needs& needs) {
  std::vector<limit_finding> out;
  const auto refuse = [&](std::string what) { out.push_back({true, std::move(what)}); };
  const auto warn = [&](std::string what) { out.push_back({false, std::move(what)}); };
  const auto least_descriptors = reserved_descriptors + 16;
  if (has.descriptors && *has.descriptors < least_descriptors)
    refuse("The process may open " + std::to_string(*has.descriptors) + " descriptors, at least " +
           std::to_string(least_descriptors) + " are needed: raise the limit (ulimit -n, LimitNOFILE=).");
  if (has.threads_user && *has.threads_user < needs.threads)
    refuse("The user of the broker may have " + std::to_string(*has.threads_user) +
           " processes and threads, the broker alone needs " + std::to_string(needs.threads) +
           ": raise the limit (ulimit -u, LimitNPROC=), or set node.worker_threads and gateway.threads lower.");
  if (has.threads_left && *has.threads_left < needs.threads)
    refuse(
      "The control group of the broker has room for " + std::to_string(*has.threads_left) + " more threads, " +
      std::to_string(needs.threads) +
      " are needed: raise pids.max (TasksMax=, --pids-limit), or set node.worker_threads and gateway.threads lower.");
  const auto memory = [&](process_limits::amount most, std::uint64_t beside, const std::string& which,
                          const std::string& where) {
    if (!most || *most >= needs.memory_bytes + beside) return;
    const auto least = needs.memory_bytes * memory_percent_min / 100 + beside;
    const auto what = which + " " + in_mib(*most) + ", the budgets of the configuration add up to " +
                      in_mib(needs.memory_bytes + beside);
    const auto way_out = ": " + where +
                         ", or set store.queue_bytes_max, store.cache_kib, gateway.inbound_bodies_mib, "
                         "gateway.answers_mib and media.thumbnail_pixels_max lower.";
    if (*most < least) refuse(what + ", of which " + in_mib(least) + " are needed" + way_out);
    else warn(what + ". Under load the system may end the broker" + way_out);
  };
  memory(has.memory, 0, "The broker may use of memory", "raise it (MemoryMax=, --memory)");
  memory(has.data, 0, "The process may have as data", "raise it (ulimit -d, LimitDATA=)");
  memory(has.address_space, mapped_bytes + needs.threads * has.stack.value_or(stack_bytes_default),
         "The process may map of address space",
         "raise it (ulimit -v, LimitAS=) or, better, take it away: a thread's stack counts whole");
  if (has.locked && *has.locked < locked_bytes)
    warn("The process may lock " + std::to_string(*has.locked) + " bytes in memory, " + std::to_string(locked_bytes) +
         " keep the signing key from being swapped out: raise the limit (ulimit -l, LimitMEMLOCK=).");
  if (has.file_size) {
    const auto what =
      "A file of the process may have " + in_mib(*has.file_size) + ", the store has " + in_mib(needs.store_bytes);
    const std::string way_out = ": take the limit away (ulimit -f, LimitFSIZE=).";
    if (*has.file_size < needs.store_bytes + disk_bytes_min) refuse(what + ", and must grow" + way_out);
    else warn(what + ". When it gets there nothing is taken any more" + way_out);
  }
  if (has.cpu_s)
    warn("The system ends the broker when it has used " + std::to_string(*has.cpu_s) +
         " s of processor time: take the limit away (ulimit -t, LimitCPU=).");
  for (const auto& x : has.disks) {
    const auto what = "On the disk of " + x.path + " (" + x.key + ") " + in_mib(x.free_bytes) + " are free";
    if (x.free_bytes < disk_bytes_min)
      refuse(what + ", at least " + in_mib(disk_bytes_min) +
             " are needed to write anything: make room, or set another folder.");
    else if (x.free_bytes < disk_bytes_low) warn(what + ": when it is full nothing is taken any more.");
    if (x.counts_files && x.free_files < free_files_min)
      refuse("The file system of " + x.path + " (" + x.key + ") has room for " + std::to_string(x.free_files) +
             " more files (`df -i`): remove some, or set another folder.");
  }
  return out;
}

process_limits find_process_limits(const config::options& x) {
  process_limits out;
  out.descriptors = raise_descriptor_limit();
  const auto threads = soft_limit(RLIMIT_NPROC, true);
  if (::geteuid() != 0) out.threads_user = threads; // root is exempt
  out.address_space = soft_limit(RLIMIT_AS, false);
  out.data = soft_limit(RLIMIT_DATA, false);
  if (::geteuid() != 0) out.locked = soft_limit(RLIMIT_MEMLOCK, true);
  out.file_size = soft_limit(RLIMIT_FSIZE, false);
  out.cpu_s = soft_limit(RLIMIT_CPU, false);
  out.stack = soft_limit(RLIMIT_STACK, false);
  const auto pages = ::sysconf(_SC_PHYS_PAGES), page_bytes = ::sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && page_bytes > 0)
    out.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  look_at_groups(out);
  if (x.store.is_file()) out.disks.push_back(look_at_disk("store.path", fs::path{x.store.path}.parent_path()));
  if (x.media.backend == config::media_backend::folder)
    out.disks.push_back(look_at_disk("media.directory", x.media_path()));
  if (out.disks.size() == 2 && out.disks[0].path == out.disks[1].path) out.disks.pop_back();
  return out;
}

} // namespace causeway
