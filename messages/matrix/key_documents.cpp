#include "messages/matrix/key_documents.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

namespace causeway::matrix {
namespace {

constexpr const char* key_lists[] = {"verify_keys", "old_verify_keys"};

std::int64_t valid_until(const json::object& document) {
  const auto* until = document.find("valid_until_ts");
  return until && until->as_integer() ? *until->as_integer() : 0;
}

std::set<std::string> listed(const json::object& document) {
  std::set<std::string> ids;
  for (const auto* name : key_lists)
    if (const auto* list = document.find(name); list && list->as_object())
      for (const auto& entry : *list->as_object()) ids.insert(entry.key);
  return ids;
}

/// The same with the public keys: an id may have stood for another one before.
std::set<std::pair<std::string, std::string>> listed_keys(const json::object& document) {
  std::set<std::pair<std::string, std::string>> keys;
  for (const auto* name : key_lists)
    if (const auto* list = document.find(name); list && list->as_object())
      for (const auto& entry : *list->as_object())
        if (const auto* key = entry.mapped.find_string("key")) keys.emplace(entry.key, *key);
  return keys;
}

} // namespace

json::object kept_form(const json::object& document, std::string_view server_name) {
  auto kept = document;
  kept.erase("unsigned");
  json::object by_itself;
  const auto* signatures = document.find("signatures");
  const auto* own = signatures ? signatures->find_object(server_name) : nullptr;
  const auto* keys = document.find("verify_keys");
  if (own && keys)
    for (const auto& one : *own)
      if (keys->find(one.key) && one.mapped.as_string()) by_itself.set(one.key, one.mapped);
  kept.set("signatures", json::object{{std::string{server_name}, std::move(by_itself)}});
  return kept;
}

key_documents with_document(const key_documents& known, const json::object& document, std::string_view server_name) {
  std::vector<json::object> all;
  for (const auto& text : known)
    if (auto parsed = json::parse(text); parsed && parsed->as_object()) all.push_back(std::move(*parsed->as_object()));
  all.insert(all.begin(), kept_form(document, server_name)); // before an equally late one: it is the fresher
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return valid_until(a) > valid_until(b); });
  key_documents kept;
  std::set<std::pair<std::string, std::string>> proved;
  std::size_t bytes = 0;
  for (const auto& one : all) {
    auto keys = listed_keys(one);
    if (std::includes(proved.begin(), proved.end(), keys.begin(), keys.end())) continue;
    auto text = json::canonical(one);
    if (text.size() > key_document_bytes_max || kept.size() == key_documents_max ||
        bytes + text.size() > key_documents_bytes_max)
      continue;
    bytes += text.size();
    proved.merge(keys);
    kept.push_back(std::move(text));
  }
  return kept;
}

std::vector<json::object> documents_with(const key_documents& known, const std::vector<std::string>& key_ids) {
  std::vector<json::object> all;
  for (const auto& text : known)
    if (auto parsed = json::parse(text); parsed && parsed->as_object()) all.push_back(std::move(*parsed->as_object()));
  if (key_ids.empty() || all.empty()) return all;
  std::vector<json::object> found;
  for (const auto& one : all) {
    const auto ids = listed(one);
    if (std::any_of(key_ids.begin(), key_ids.end(), [&](const auto& id) { return ids.contains(id); }))
      found.push_back(one);
  }
  if (found.empty()) found.push_back(std::move(all.front()));
  return found;
}

std::string join_documents(const key_documents& x) {
  std::string text;
  for (const auto& one : x) text += (text.empty() ? "[" : ",") + one;
  return text.empty() ? text : text + "]";
}

key_documents split_documents(std::string_view text) {
  key_documents all;
  if (text.empty()) return all;
  const auto parsed = json::parse(text);
  if (!parsed) return all;
  std::size_t bytes = 0;
  const auto take = [&](const json::value& one) {
    const auto* name = one.find_string("server_name");
    if (!one.as_object() || !name) return;
    auto whole = json::canonical(kept_form(*one.as_object(), *name));
    if (whole.size() > key_document_bytes_max || bytes + whole.size() > key_documents_bytes_max ||
        all.size() == key_documents_max)
      return;
    bytes += whole.size();
    all.push_back(std::move(whole));
  };
  if (parsed->as_object()) take(*parsed); // one document alone: as earlier builds wrote it
  else if (const auto* list = parsed->as_array())
    for (const auto& one : *list) take(one);
  return all;
}

} // namespace causeway::matrix
