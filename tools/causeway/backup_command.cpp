#include "tools/causeway/backup_command.hpp"

#include "messages/matrix/json.hpp"
#include "plugin/private_files.hpp"
#include "tools/causeway/copied_data.hpp"
#include "tools/causeway/terminal.hpp"

#include <sodium.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace causeway::tools {

namespace {

namespace fs = std::filesystem;

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
  if (auto fine = sync_folder(to); !fine) return fine.error();
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
    return refuse_backup("the store is in PostgreSQL, which has its own: pg_dump --format=custom; " +
                         beside_database(found.values));
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
