#include "plugin/node_signing_key.hpp"

#include "plugin/key_file.hpp"
#include "plugin/store/key_claim.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace causeway {

status check_new_store(const config::options& options) {
  const auto& path = options.store.path;
  std::error_code ignored;
  const bool is_new = options.store.is_file() &&
                      (!std::filesystem::exists(path, ignored) || std::filesystem::file_size(path, ignored) == 0);
  if (!is_new || options.store.new_beside_key || !std::filesystem::exists(options.node.signing_key_path(), ignored))
    return ok();
  return {fault_code::forbidden,
          path + " does not exist or is empty, but the signing key " + options.node.signing_key_path() +
            " is there: the store is lost, or elsewhere (store.path). Put it back, or a backup of it. "
            "A new one knows no room "
            "and no user: where that is meant, start once with --set store.new_beside_key=true."};
}

status check_key_of_standby(const config::options& options) {
  const auto path = options.node.signing_key_path();
  const auto use = store::read_key_use(options.store);
  if (!use) return use.error();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fault{fault_code::forbidden, "the signing key " + path +
                                          " is not there: a node that stands by signs with the key of the node that "
                                          "serves; copy that file, with its rights (0600)"};
  const auto key = read_key_file(path);
  if (!key) return key.error();
  if (!use->signed_with || *use->signed_with == store::public_key{key->key_id(), key->public_key_base64()}) return ok();
  return fault{fault_code::forbidden, path + " holds the signing key " + key->key_id() +
                                        ", but the node that serves signs with " + use->signed_with->key_id +
                                        ": copy its key file"};
}

result<matrix::signing_key> open_signing_key(const config::options& options, const store::lease* held) {
  const auto path = options.node.signing_key_path();
  auto use = store::read_key_use(options.store);
  if (!use) return use.error();
  std::error_code ignored;
  if (options.store.engine == config::store_engine::postgresql && !use->signed_with && !use->is_used &&
      !options.store.new_beside_key && std::filesystem::exists(path, ignored))
    return fault{fault_code::forbidden,
                 "the database of store.url is empty, but the signing key " + path +
                   " is there: the store is lost, or elsewhere. A new one knows no room and no user: where that is "
                   "meant, start once with --set store.new_beside_key=true."};
  auto key = load_key_file(path, !use->signed_with && !use->is_used);
  if (!key) return key;
  auto old_keys = read_old_keys(path);
  if (!old_keys) return old_keys.error();
  std::vector<store::public_key> former;
  for (const auto& x : *old_keys) former.push_back({x.key_id, x.public_key_base64});
  const store::public_key now{key->key_id(), key->public_key_base64()};
  const auto now_ms =
    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (auto fine = store::may_sign_with(*use, now, former, path, now_ms); !fine) return fine.error();
  if (use->signed_with != now) {
    if (held && !held->is_held())
      return fault{fault_code::stale_owner, "another node has taken this store while this one started"};
    if (auto written = store::write_key_use(options.store, now); !written) return written.error();
  }
  return key;
}

} // namespace causeway
