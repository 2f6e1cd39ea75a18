#include "messages/matrix/base64.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/signing.hpp"

#include <algorithm>
#include <utility>

namespace causeway::matrix {
namespace {

/// "Retrieving server keys": no answer is trusted for longer.
constexpr auto trust_ms_max = std::int64_t{7} * 24 * 60 * 60 * 1000;

constexpr std::size_t public_key_bytes = 32;

/// The public key of an entry of verify_keys or old_verify_keys; null when it is malformed.
const std::string* key_of(const json::value& entry) {
  const auto* text = entry.find_string("key");
  if (!text || text->size() > 2 * public_key_bytes) return nullptr;
  const auto bytes = base64_decode(*text);
  return bytes && bytes->size() == public_key_bytes ? text : nullptr;
}

bool has_signature(const json::object& x, std::string_view server_name, std::string_view key_id) {
  const auto* signatures = x.find("signatures");
  const auto* of_server = signatures ? signatures->find(server_name) : nullptr;
  return of_server && of_server->find(key_id);
}

void merge_keys_of_one_id(verify_key& mine, const verify_key& told) {
  if (mine.is_old && !told.is_old) return;
  // The retirement counts even where the key was believed good for longer: that was only a promise.
  const bool retires = told.is_old && !mine.is_old;
  if (!retires && told.valid_until_ts <= mine.valid_until_ts) return;
  mine.valid_until_ts = told.valid_until_ts;
  mine.is_old = told.is_old;
}

/// Adds `one` to the keys that `to` stood for before.
void add_replaced(verify_key& to, replaced_key one) {
  std::erase_if(to.replaced, [&](const auto& x) { return x.public_key_base64 == one.public_key_base64; });
  to.replaced.push_back(std::move(one));
  if (to.replaced.size() > replaced_keys_max) to.replaced.erase(to.replaced.begin());
}

} // namespace

result<verify_keys> check_server_keys(const json::object& answer, std::string_view server_name, std::int64_t now_ms) {
  const json::value* name = answer.find("server_name");
  if (!name || !name->as_string() || *name->as_string() != server_name)
    return {fault_code::bad_json, "server_name: not the server that was asked for"};
  const json::value* until = answer.find("valid_until_ts");
  if (!until || !until->as_integer()) return {fault_code::bad_json, "valid_until_ts: not an integer"};
  const json::value* current = answer.find("verify_keys");
  if (!current || !current->as_object()) return {fault_code::bad_json, "verify_keys: not an object"};
  const json::value* old = answer.find("old_verify_keys");
  const json::object* old_keys = old ? old->as_object() : nullptr;
  if (current->as_object()->size() + (old_keys ? old_keys->size() : 0) > limits::server_keys_max)
    return {fault_code::too_large, "verify_keys: over " + std::to_string(limits::server_keys_max) + " keys"};

  verify_keys keys;
  for (const auto& [key_id, entry] : *current->as_object()) {
    if (!is_verify_key_id(key_id)) continue; // another algorithm
    const auto* key = key_of(entry);
    if (!key) return {fault_code::bad_json, "verify_keys: a key is not 32 bytes in base64"};
    if (!has_signature(answer, server_name, key_id)) continue;
    if (!verify_json(answer, server_name, key_id, *key))
      return {fault_code::bad_signature, "signature by " + key_id + " is wrong"};
    keys.emplace(key_id, verify_key{*key, std::min(*until->as_integer(), now_ms + trust_ms_max), false});
  }
  if (keys.empty()) return {fault_code::bad_signature, "no current key signed the answer"};
  if (old_keys)
    for (const auto& [key_id, entry] : *old_keys) {
      const auto* key = key_of(entry);
      const auto* expired = entry.find_integer("expired_ts");
      if (is_verify_key_id(key_id) && key && expired) keys.emplace(key_id, verify_key{*key, *expired, true});
    }
  return keys;
}

std::vector<std::string> merge_keys(verify_keys& known, const verify_keys& more, std::int64_t now_ms,
                                    key_source told_by) {
  std::vector<std::string> changed;
  for (const auto& [key_id, told] : more) {
    const auto [at, added] = known.emplace(key_id, told);
    auto& mine = at->second;
    if (added) continue;
    if (mine.public_key_base64 == told.public_key_base64) {
      merge_keys_of_one_id(mine, told);
      continue;
    }
    const bool is_later = told_by == key_source::itself || (!mine.is_old && told.valid_until_ts > mine.valid_until_ts);
    if (told.is_old || !is_later) {
      add_replaced(mine, {told.public_key_base64, told.valid_until_ts});
      continue;
    }
    replaced_key former{mine.public_key_base64,
                        mine.is_old ? mine.valid_until_ts : std::min(mine.valid_until_ts, now_ms)};
    auto replaced = std::exchange(mine.replaced, {});
    mine = told;
    mine.replaced = std::move(replaced);
    std::erase_if(mine.replaced, [&](const auto& x) { return x.public_key_base64 == mine.public_key_base64; });
    add_replaced(mine, std::move(former));
    changed.push_back(key_id);
  }
  return changed;
}

json::object server_keys_document(std::string_view server_name, const signing_key& key,
                                  const std::vector<old_signing_key>& old_keys, std::int64_t valid_until_ts) {
  json::object retired;
  for (const auto& x : old_keys)
    retired.set(x.key_id, json::object{{"expired_ts", x.expired_ts}, {"key", x.public_key_base64}});
  json::object document{
    {"old_verify_keys", std::move(retired)},
    {"server_name", server_name},
    {"valid_until_ts", valid_until_ts},
    {"verify_keys", json::object{{key.key_id(), json::object{{"key", key.public_key_base64()}}}}},
  };
  sign_json(document, server_name, key);
  return document;
}

} // namespace causeway::matrix
