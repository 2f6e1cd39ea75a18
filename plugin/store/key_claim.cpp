#include "plugin/store/key_claim.hpp"

#include "plugin/store/sqlite.hpp"

#include <algorithm>
#include <string_view>

namespace causeway::store {
namespace {

constexpr const char* memory_path = ":memory:";
constexpr const char* key_id_row = "signing_key_id";
constexpr const char* key_row = "signing_key";
constexpr int busy_timeout_ms = 5'000;

std::string without_algorithm(const std::string& key_id) {
  return key_id.substr(std::min(key_id.find(':') + 1, key_id.size()));
}

template <class Work>
auto guarded(const std::string& path, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const sqlite::error& failed) {
    auto why = sqlite::to_fault(failed);
    return fault{why.code == fault_code::store_damaged ? why.code : fault_code::store_failed, path + ": " + why.detail};
  }
}

} // namespace

result<key_use> read_key_use(const std::string& path) {
  if (path == memory_path) return key_use{};
  return guarded(path, [&]() -> result<key_use> {
    sqlite::connection db{path, SQLITE_OPEN_READWRITE};
    sqlite3_busy_timeout(db.handle(), busy_timeout_ms);
    db.execute("PRAGMA trusted_schema = OFF");
    key_use use;
    use.is_used = db.integer("SELECT EXISTS(SELECT 1 FROM rooms) OR EXISTS(SELECT 1 FROM users)") != 0;
    sqlite::statement find{db, "SELECT value FROM meta WHERE name = ?1"};
    std::string id;
    {
      auto row = find.query(key_id_row);
      if (!row.next()) return use;
      id = row.string(0);
    }
    if (auto row = find.query(key_row); row.next()) use.signed_with = public_key{id, row.string(0)};
    return use;
  });
}

status write_key_use(const std::string& path, const public_key& now) {
  if (path == memory_path) return ok();
  return guarded(path, [&]() -> status {
    sqlite::connection db{path, SQLITE_OPEN_READWRITE};
    sqlite3_busy_timeout(db.handle(), busy_timeout_ms);
    db.execute("PRAGMA trusted_schema = OFF");
    sqlite::transaction all{db, sqlite::transaction::kind::write};
    sqlite::statement{db, "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2), (?3, ?4)"}.run(
      key_id_row, now.key_id, key_row, now.base64);
    all.commit();
    return ok();
  });
}

status may_sign_with(const key_use& use, const public_key& now, const std::vector<public_key>& former,
                     const std::string& key_file, std::int64_t now_ms) {
  if (!use.signed_with || !use.is_used || *use.signed_with == now) return ok();
  const auto& was = *use.signed_with;
  if (std::find(former.begin(), former.end(), was) != former.end()) return ok();
  const auto begin = key_file + " holds the signing key " + now.key_id + ", but what is in the store was signed with " +
                     was.key_id + ": other servers could not check it any more. Put the former key file back. ";
  if (was.key_id == now.key_id)
    return fault{fault_code::forbidden,
                 begin + "(The new key has the id of the former one, so nobody could tell them apart.)"};
  return fault{
    fault_code::forbidden,
    begin + "Where the former key is lost, or the new one is meant, let others know of it: add the line `old_ed25519 " +
      without_algorithm(was.key_id) + " " + was.base64 + " " + std::to_string(now_ms) +
      "` to that file (`causeway keys rotate` does so by itself)."};
}

} // namespace causeway::store
