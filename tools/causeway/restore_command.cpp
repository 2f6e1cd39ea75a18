#include "tools/causeway/restore_command.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/private_files.hpp"
#include "plugin/store/files.hpp"
#include "tools/causeway/copied_data.hpp"
#include "tools/causeway/terminal.hpp"

#include <sodium.h>

#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

namespace causeway::tools {

namespace {

namespace fs = std::filesystem;

int refuse_restore(const std::string& why) {
  std::fprintf(stderr, "causeway: nothing was restored: %s\n", printable(why).c_str());
  return exit_problem;
}

bool is_there(const fs::path& x) {
  std::error_code ignored;
  return fs::symlink_status(x, ignored).type() != fs::file_type::not_found;
}

fault in_the_way(const fs::path& x) {
  return {fault_code::already_exists,
          x.string() + " is there already, and nothing is written over: move it away, and keep it until the restored "
                       "broker works"};
}

/// Of a folder that `back_up` has made.
status check_backup(const fs::path& folder) {
  for (const auto& name : {fs::path{"signing.key"}, fs::path{"store.db"}, fs::path{"media"} / "media.db"}) {
    std::error_code why;
    if (fs::is_regular_file(folder / name, why)) continue;
    if (why == std::errc::permission_denied) return copy_failed(folder, why);
    return {fault_code::not_found, folder.string() + " is no backup: it has no " + name.string()};
  }
  return ok();
}

/// What this run has made is taken away again, unless all of it is.
class undo {
public:
  undo() = default;
  undo(const undo&) = delete;
  undo& operator=(const undo&) = delete;
  ~undo() {
    std::error_code ignored;
    for (const auto& x : made_) fs::remove_all(x, ignored);
  }
  void add(fs::path x) { made_.push_back(std::move(x)); }
  void keep_all() { made_.clear(); }

private:
  std::vector<fs::path> made_;
};

status restore_key(const fs::path& from, const std::string& to, undo& made) {
  auto key = read_secret_file(from.string());
  if (!key) return key.error();
  const wiped text{std::move(*key)};
  if (!is_there(to)) {
    if (auto written = write_secret_file(to, text.text); !written) return written;
    made.add(to);
    return ok();
  }
  auto present = read_secret_file(to);
  if (!present) return present.error();
  const wiped other{std::move(*present)};
  return text.text == other.text ? ok() : status{in_the_way(to)};
}

/// A backup that lay for a year may have rotted: that is told now, and not by the broker.
status restore_database(const fs::path& from, const fs::path& to) {
  if (auto fine = copy_database_file(from, to); !fine) return fine;
  if (auto fine = check_database_file(to); !fine)
    return fault{fine.error().code, "the database in " + from.string() + " cannot be used: " + fine.error().detail};
  return ok();
}

result<copied_files> restore_files(const fs::path& from, const fs::path& to, undo& made) {
  std::error_code ignored;
  if (is_there(to) && !fs::is_empty(to, ignored)) return in_the_way(to);
  if (!is_there(to)) made.add(to);
  made.add(to / "blobs");
  made.add(to / "media.db");
  if (auto folder = make_private_folder((to / "blobs").string()); !folder) return folder.error();
  if (auto fine = restore_database(from / "media.db", to / "media.db"); !fine) return fine.error();
  return copy_blobs(from / "blobs", to / "blobs");
}

result<copied_files> restore_all(const config::options& x, const fs::path& from) {
  const auto store = fs::absolute(x.store.path);
  if (auto folder = make_private_folder(store.parent_path().string()); !folder) return folder.error();
  const auto lock = store::lock_store(store.string()); // no broker begins meanwhile
  if (!lock) return lock.error();
  for (const auto* beside : {"", "-wal", "-shm", "-journal"})
    if (const fs::path file{store.string() + beside}; is_there(file)) return in_the_way(file);
  undo made;
  if (auto fine = restore_key(from / "signing.key", x.node.signing_key_path(), made); !fine) return fine.error();
  auto files = restore_files(from / "media", x.media_path(), made);
  if (!files) return files;
  const fs::path part{store.string() + ".part"};
  made.add(part);
  if (auto fine = restore_database(from / "store.db", part); !fine) return fine.error();
  // All of it is on disk before the store has its name: key and files may be on file systems of their own.
  const fs::path key = fs::absolute(x.node.signing_key_path());
  for (const auto& folder : {fs::path{x.media_path()}, key.parent_path(), store.parent_path()})
    if (auto fine = sync_folder(folder); !fine) return fine.error();
  std::error_code why;
  fs::rename(part, store, why);
  if (why) return copy_failed(store, why);
  made.keep_all();
  if (auto fine = sync_folder(store.parent_path()); !fine) return fine.error();
  return files;
}

} // namespace

int restore(const config::sources& from, const std::string& folder, bool as_json) {
  const auto found = config::examine(from);
  for (const auto& x : found.problems) std::fprintf(stderr, "%s\n", printable(to_string(x)).c_str());
  if (!found.problems.empty()) return exit_problem;
  const auto& to = found.values;
  if (to.store.engine == config::store_engine::postgresql)
    return refuse_restore("the store is in PostgreSQL, which has its own: pg_restore; " + beside_database(to));
  if (!to.store.is_file()) return refuse_restore("the store is in memory");
  if (auto fine = check_backup(folder); !fine) return refuse_restore(fine.error().detail);
  const auto files = restore_all(to, folder);
  if (!files) return refuse_restore(files.error().detail);
  std::error_code why;
  const auto store_bytes = fs::file_size(to.store.path, why);
  if (as_json) {
    namespace json = matrix::json;
    std::printf("%s\n",
                json::canonical(json::object{{"folder", json::value{folder}},
                                             {"store_bytes", json::value{static_cast<std::int64_t>(store_bytes)}},
                                             {"files", json::value{static_cast<std::int64_t>(files->files)}},
                                             {"file_bytes", json::value{static_cast<std::int64_t>(files->bytes)}}})
                  .c_str());
  } else {
    std::printf("Restored from %s: the signing key, the store (%llu bytes) and %llu files (%llu bytes).\n",
                folder.c_str(), static_cast<unsigned long long>(store_bytes),
                static_cast<unsigned long long>(files->files), static_cast<unsigned long long>(files->bytes));
  }
  return exit_ok;
}

} // namespace causeway::tools
