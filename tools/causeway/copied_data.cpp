#include "tools/causeway/copied_data.hpp"

#include "plugin/private_files.hpp"
#include "plugin/sqlite.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace causeway::tools {

namespace fs = std::filesystem;

namespace {

/// How long another program's lock of a file is waited for.
constexpr int lock_patience_ms = 10'000;

} // namespace

fault copy_failed(const fs::path& what, const std::error_code& why) {
  return {fault_code::store_failed, what.string() + ": " + why.message()};
}

std::string beside_database(const config::options& x) {
  if (x.media.backend == config::media_backend::postgresql)
    return "files are in it as well; the signing key (" + x.node.signing_key_path() + ") belongs to it";
  return "the signing key (" + x.node.signing_key_path() + ") and " + x.media_path() + " belong to it";
}

status copy_database_file(const fs::path& from, const fs::path& to) {
  std::error_code why;
  if (!fs::is_regular_file(from, why)) return {fault_code::not_found, from.string() + " is not there"};
  if (auto made = open_private_file(to.string(), O_RDWR | O_CREAT); !made) return made.error();
  try {
    sqlite::connection source{from.string(), SQLITE_OPEN_READWRITE};
    sqlite3_busy_timeout(source.handle(), lock_patience_ms);
    source.execute("PRAGMA trusted_schema = OFF");
    sqlite::copy_database(source, to.string());
    // A write-ahead log is the source's way of writing. With it in its header a file is not opened without a second
    // one beside it, which a read-only medium does not take.
    sqlite::connection{to.string(), SQLITE_OPEN_READWRITE}.execute("PRAGMA journal_mode = DELETE");
  } catch (const sqlite::error& failed) {
    return {fault_code::store_failed, from.string() + ": " + failed.what()};
  }
  return ok();
}

status check_database_file(const fs::path& file) {
  try {
    sqlite::connection db{file.string(), SQLITE_OPEN_READWRITE};
    db.execute("PRAGMA trusted_schema = OFF");
    sqlite::statement look{db, "PRAGMA quick_check(1)"};
    auto rows = look.query();
    const auto found = rows.next() ? rows.string(0) : std::string{"no answer"};
    if (found != "ok") return {fault_code::store_failed, file.string() + " is damaged: " + found};
  } catch (const sqlite::error& failed) {
    return {fault_code::store_failed, file.string() + ": " + failed.what()};
  }
  return ok();
}

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

status sync_folder(const fs::path& folder) {
  const descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened || ::syncfs(opened.number()) != 0)
    return {fault_code::store_failed, folder.string() + ": " + std::strerror(errno)};
  return ok();
}

} // namespace causeway::tools
