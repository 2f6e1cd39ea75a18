#include "plugin/admin/key_waits.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/policy_server.hpp"
#include "plugin/admin/explain.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace causeway::admin {
namespace {

namespace json = matrix::json;

/// As many as the verifier asks for.
constexpr std::size_t key_ids_max = 16;

std::int64_t time_in(const json::value& x, std::string_view key) {
  const auto* number = x.find_integer(key);
  return number ? *number : 0;
}

event_signer signer_of(const json::value& pdu, std::string_view server) {
  event_signer x{std::string{server}, {}};
  const auto* all = pdu.find_object("signatures");
  const auto* entry = all ? all->find(server) : nullptr;
  const auto* own = entry ? entry->as_object() : nullptr;
  if (own)
    for (const auto& each : *own) // that of a policy server is no key of a homeserver
      if (x.key_ids.size() < key_ids_max && each.key != matrix::policy_server_key_id) x.key_ids.push_back(each.key);
  return x;
}

std::string asked_ago(const known_keys& known, std::int64_t now_ms) {
  return known.asked_ts > 0 ? "asked " + human_duration(now_ms - known.asked_ts) + " ago" : std::string{};
}

} // namespace

std::string few_of(const std::vector<std::string>& names, std::size_t few) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), few); ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > few ? text + " and " + std::to_string(names.size() - few) + " more" : text;
}

std::vector<event_signer> signers_of(const json::value& pdu) {
  std::vector<event_signer> all;
  const auto add = [&](std::string_view user_id) {
    const auto server = matrix::server_name_of(user_id);
    if (!server.empty() && std::none_of(all.begin(), all.end(), [&](const auto& x) { return x.server == server; }))
      all.push_back(signer_of(pdu, server));
  };
  if (const auto* sender = pdu.find_string("sender")) add(*sender);
  const auto* content = pdu.find_object("content");
  const auto* by = content ? content->find("join_authorised_via_users_server") : nullptr;
  if (by && by->as_string()) add(*by->as_string());
  return all;
}

known_keys known_keys_of(const store::put_server_keys& row, const json::value& status) {
  known_keys known;
  for (const auto& [id, key] : row.keys)
    if (!key.is_old) known.ids.push_back(id);
  known.asked_ts = std::max(time_in(status, "keys_asked_ts"), row.fetched_ts);
  known.asked_again_ts = time_in(status, "keys_asked_again_ts");
  if (const auto* fault = status.find_string("keys_fault")) known.fault = *fault;
  return known;
}

std::vector<std::string> missing_key_ids(const event_signer& signer, const known_keys& known) {
  std::vector<std::string> missing;
  for (const auto& id : signer.key_ids)
    if (std::find(known.ids.begin(), known.ids.end(), id) == known.ids.end()) missing.push_back(id);
  return missing;
}

std::vector<unusable_key> unusable_keys(std::span<const store::put_inbox> staged, const std::string& server,
                                        const matrix::verify_keys& published) {
  std::map<std::string, unusable_key> found;
  std::set<std::string_view> seen;
  for (const auto& x : staged) {
    const auto pdu = seen.insert(x.event_id).second ? json::parse(x.pdu) : result<json::value>{fault{}};
    if (!pdu) continue;
    const auto at = time_in(*pdu, "origin_server_ts");
    for (const auto& signer : signers_of(*pdu)) {
      if (signer.server != server) continue;
      const auto does = [&](const std::string& id) {
        const auto key = published.find(id);
        return key != published.end() && (!key->second.is_old || key->second.valid_until_ts >= at);
      };
      if (std::any_of(signer.key_ids.begin(), signer.key_ids.end(), does)) continue;
      for (const auto& id : signer.key_ids) {
        auto& wanted = found[id];
        wanted.key_id = id;
        ++wanted.events;
        if (const auto key = published.find(id); key != published.end()) wanted.retired_ts = key->second.valid_until_ts;
      }
    }
  }
  std::vector<unusable_key> all;
  for (auto& [id, wanted] : found) all.push_back(std::move(wanted));
  return all;
}

std::string key_in_words(const event_signer& signer, const known_keys& known, std::int64_t now_ms) {
  const auto missing = missing_key_ids(signer, known);
  auto text = signer.key_ids.empty() ? "it bears no signature of " + signer.server
                                     : "signed with " + few_of(missing.empty() ? signer.key_ids : missing);
  auto fault = known.fault; // goes into the middle of a sentence
  while (fault.ends_with('.')) fault.pop_back();
  if (!fault.empty())
    return text + ", and the keys of " + signer.server + " could not be had: " + fault +
           (known.ids.empty() ? "" : " (known of it: " + few_of(known.ids) + ")");
  const auto asked = asked_ago(known, now_ms);
  const auto when = asked.empty() ? std::string{} : " (" + asked + ")";
  if (known.ids.empty()) return text + ", and no key of " + signer.server + " is known" + when;
  if (missing.empty()) return text + ", which is known by now, or not good for the date of the event" + when;
  return text + ", and " + signer.server + " publishes only " + few_of(known.ids) + when;
}

} // namespace causeway::admin
