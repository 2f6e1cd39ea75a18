#include "plugin/store/key_claim.hpp"

#include "plugin/meta.hpp"
#include "plugin/store/open_database.hpp"

#include <algorithm>
#include <string_view>

namespace causeway::store {
namespace {

constexpr const char* key_id_row = "signing_key_id";
constexpr const char* key_row = "signing_key";

std::string without_algorithm(const std::string& key_id) {
  return key_id.substr(std::min(key_id.find(':') + 1, key_id.size()));
}

/// Runs `work` with a connection to the store that `options` names.
template <class Work>
auto with_database(const config::store_options& options,
                   Work work) -> decltype(work(std::declval<sql::connection&>())) {
  try {
    const auto db = open_database(options);
    return work(*db);
  } catch (const sql::error& failed) {
    auto why = sql::to_fault(failed);
    return fault{why.code == fault_code::store_damaged ? why.code : fault_code::store_failed,
                 name_of_store(options) + ": " + why.detail};
  }
}

} // namespace

result<key_use> read_key_use(const config::store_options& options) {
  if (is_in_memory(options)) return key_use{};
  return with_database(options, [&](sql::connection& db) -> result<key_use> {
    key_use use;
    use.is_used = db.integer("SELECT EXISTS(SELECT 1 FROM rooms) OR EXISTS(SELECT 1 FROM users)") != 0;
    sql::statement find{db, sql::find_meta};
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

status write_key_use(const config::store_options& options, const public_key& now) {
  if (is_in_memory(options)) return ok();
  return with_database(options, [&](sql::connection& db) -> status {
    sql::transaction all{db, sql::transaction::kind::write};
    sql::statement put{db, sql::put_meta};
    put.run(key_id_row, now.key_id);
    put.run(key_row, now.base64);
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
