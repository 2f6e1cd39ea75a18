#include "tools/causeway/backup_command.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/private_files.hpp"
#include "plugin/sqlite.hpp"
#include "tools/causeway/terminal.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace causeway::tools {

namespace {

namespace fs = std::filesystem;

/// How long another program's lock of a file is waited for.
constexpr int lock_patience_ms = 10'000;

fault copy_failed(const fs::path& what, const std::error_code& why) {
  return {fault_code::store_failed, what.string() + ": " + why.message()};
}

/// As it is at one moment, whoever writes meanwhile.
status copy_database_file(const fs::path& from, const fs::path& to) {
  std::error_code why;
  if (!fs::is_regular_file(from, why)) return {fault_code::not_found, from.string() + " is not there"};
  if (auto made = open_private_file(to.string(), O_RDWR | O_CREAT); !made) return made.error();
  try {
    sqlite::connection source{from.string(), SQLITE_OPEN_READWRITE};
    sqlite3_busy_timeout(source.handle(), lock_patience_ms);
    source.execute("PRAGMA trusted_schema = OFF");
    sqlite::copy_database(source, to.string());
  } catch (const sqlite::error& failed) {
    return {fault_code::store_failed, from.string() + ": " + failed.what()};
  }
  return ok();
}

struct copied_files {
  std::uint64_t files = 0, bytes = 0;
};

/// Blobs never change once they have their name. One that is thrown away meanwhile was another server's.
result<copied_files> copy_blobs(const fs::path& from, const fs::path& to) {
  copied_files out;
  std::error_code why;
  auto at = fs::recursive_directory_iterator{from, why};
  if (why == std::errc::no_such_file_or_directory) return out;
  for (; !why && at != fs::recursive_directory_iterator{}; at.increment(why)) {
    const auto target = to / at->path().lexically_relative(from);
    if (at->is_directory(why)) {
      if (auto made = make_private_folder(target.string()); !made) return made.error();
    } else if (at->is_regular_file(why)) {
      fs::copy_file(at->path(), target, why);
      if (why == std::errc::no_such_file_or_directory) why.clear();
      else if (!why) out.bytes += fs::file_size(target, why), ++out.files;
    }
    if (why) return copy_failed(at->path(), why);
  }
  if (why) return copy_failed(from, why);
  return out;
}

result<copied_files> copy_all(const config::options& x, const fs::path& to) {
  // First the key: without the right to read it nothing else is worth a start.
  auto key = read_secret_file(x.node.signing_key_path());
  if (!key) return key.error();
  auto written = write_secret_file((to / "signing.key").string(), *key);
  sodium_memzero(key->data(), key->size());
  if (!written) return written.error();
  // The store before the files: what it names is there by then, and in the copy.
  if (auto fine = copy_database_file(x.store.path, to / "store.db"); !fine) return fine.error();
  const fs::path media{x.media_path()};
  if (auto made = make_private_folder((to / "media" / "blobs").string()); !made) return made.error();
  if (auto fine = copy_database_file(media / "media.db", to / "media" / "media.db"); !fine) return fine.error();
  auto blobs = copy_blobs(media / "blobs", to / "media" / "blobs");
  if (!blobs) return blobs;
  const descriptor folder{::open(to.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder || ::syncfs(folder.number()) != 0)
    return fault{fault_code::store_failed, to.string() + ": " + std::strerror(errno)};
  return blobs;
}

int refuse_backup(const std::string& why) {
  std::fprintf(stderr, "causeway: no backup was made: %s\n", printable(why).c_str());
  return exit_problem;
}

} // namespace

int back_up(const config::sources& from, const std::string& folder, bool as_json) {
  const auto found = config::examine(from);
  for (const auto& x : found.problems) std::fprintf(stderr, "%s\n", printable(to_string(x)).c_str());
  if (!found.problems.empty()) return exit_problem;
  if (found.values.store.engine == config::store_engine::postgresql)
    return refuse_backup("the store is in PostgreSQL, which has its own: pg_dump --format=custom; the signing key (" +
                         found.values.node.signing_key_path() + ") and " + found.values.media_path() + " belong to it");
  if (!found.values.store.is_file()) return refuse_backup("the store is in memory");
  std::error_code why;
  const fs::path target{folder}, part{folder + ".part"};
  for (const auto& x : {target, part})
    if (fs::symlink_status(x, why).type() != fs::file_type::not_found)
      return refuse_backup(x.string() + " is there already");
  if (auto made = make_private_folder(part.string()); !made) return refuse_backup(made.error().detail);
  auto blobs = copy_all(found.values, part);
  if (blobs) {
    fs::rename(part, target, why);
    if (why) blobs = copy_failed(target, why);
  }
  if (!blobs) {
    fs::remove_all(part, why);
    return refuse_backup(blobs.error().detail);
  }
  const auto store_bytes = fs::file_size(target / "store.db", why);
  if (as_json) {
    namespace json = matrix::json;
    std::printf("%s\n",
                json::canonical(json::object{{"folder", json::value{folder}},
                                             {"store_bytes", json::value{static_cast<std::int64_t>(store_bytes)}},
                                             {"files", json::value{static_cast<std::int64_t>(blobs->files)}},
                                             {"file_bytes", json::value{static_cast<std::int64_t>(blobs->bytes)}}})
                  .c_str());
  } else {
    std::printf("Backup in %s: the signing key, the store (%llu bytes) and %llu files (%llu bytes).\n", folder.c_str(),
                static_cast<unsigned long long>(store_bytes), static_cast<unsigned long long>(blobs->files),
                static_cast<unsigned long long>(blobs->bytes));
  }
  return exit_ok;
}

} // namespace causeway::tools
