#include "messages/matrix/level_changes.hpp"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

namespace causeway::matrix {

namespace {

using changes = std::optional<std::vector<level_change>>;

/// One level of one side: absent, a level, or unreadable.
struct found_level {
  bool readable = true;
  std::optional<power_level> level;
};

found_level read(const json::value& x, const room_version_rules& rules) {
  auto level = read_level(x, rules);
  const bool readable = level.has_value();
  return {readable, std::move(level)};
}

// Both objects, as nearly always: a merge of two sorted lists.
changes between_objects(const json::object& before, const room_version_rules& rules_before, const json::object& after,
                        const room_version_rules& rules) {
  std::vector<level_change> made;
  auto old_entry = before.begin();
  auto new_entry = after.begin();
  while (old_entry != before.end() || new_entry != after.end()) {
    const bool has_old = old_entry != before.end() && (new_entry == after.end() || old_entry->key <= new_entry->key);
    const bool has_new = new_entry != after.end() && (old_entry == before.end() || new_entry->key <= old_entry->key);
    const auto old_level = has_old ? read(old_entry->mapped, rules_before) : found_level{};
    const auto new_level = has_new ? read(new_entry->mapped, rules) : found_level{};
    if (!old_level.readable || !new_level.readable) return std::nullopt;
    if (old_level.level != new_level.level)
      made.push_back({has_old ? old_entry->key : new_entry->key, old_level.level, new_level.level});
    old_entry += has_old;
    new_entry += has_new;
  }
  return made;
}

// ---- as Python has it

/// The same for what Python takes for equal: to it booleans are numbers, and 1 is 1.0.
std::string identity(const json::value& x) {
  const auto number = [](double n) { return "number " + std::to_string(n); };
  if (const auto* yes = x.as_bool()) return number(*yes ? 1 : 0);
  if (const auto* integer = x.as_integer()) return number(static_cast<double>(*integer));
  if (const auto* text = x.as_number_text()) return number(std::strtod(text->text.c_str(), nullptr));
  const auto* text = x.as_string();
  return text ? "text " + *text : "null";
}

/// One of the two members.
class odd_member {
public:
  odd_member(const json::value& x, const room_version_rules& rules) : x_{x}, rules_{rules} {
    if (const auto* items = x.as_array())
      for (const auto& item : *items) items_.insert(identity(item));
  }

  /// `list(x)`, added to `keys`. False: x cannot be listed, or an item cannot be a key.
  bool list(std::vector<json::value>& keys) const {
    if (const auto* members = x_.as_object()) {
      for (const auto& [key, mapped] : *members) keys.emplace_back(key);
      return true;
    }
    if (const auto* items = x_.as_array()) {
      keys.insert(keys.end(), items->begin(), items->end());
      return std::none_of(items->begin(), items->end(),
                          [](const json::value& item) { return item.as_array() || item.as_object(); });
    }
    const auto* text = x_.as_string();
    if (!text) return false;
    for (std::size_t begin = 0; begin < text->size();) {
      auto end = begin + 1;
      while (end < text->size() && (static_cast<unsigned char>((*text)[end]) & 0xc0) == 0x80) ++end;
      keys.emplace_back(text->substr(begin, end - begin));
      begin = end;
    }
    return true;
  }

  /// `int(x[key]) if key in x`.
  found_level at(const json::value& key) const {
    if (x_.as_object()) {
      const auto* level = key.as_string() ? x_.find(*key.as_string()) : nullptr;
      return level ? read(*level, rules_) : found_level{};
    }
    if (const auto* items = x_.as_array()) {
      if (!items_.contains(identity(key))) return {};
      const auto index = index_of(key);
      const auto size = static_cast<std::int64_t>(items->size());
      if (!index || *index >= size || *index < -size) return unreadable;
      return read((*items)[static_cast<std::size_t>(*index < 0 ? *index + size : *index)], rules_);
    }
    // Part of a text: there is no level in it. Only a text can be looked for in one.
    const auto* text = x_.as_string();
    return text && key.as_string() && text->find(*key.as_string()) == std::string::npos ? found_level{} : unreadable;
  }

private:
  inline static const found_level unreadable{false, std::nullopt};

  static std::optional<std::int64_t> index_of(const json::value& key) {
    if (const auto* yes = key.as_bool()) return *yes ? 1 : 0;
    if (const auto* integer = key.as_integer()) return *integer;
    return std::nullopt;
  }

  const json::value& x_;
  const room_version_rules& rules_;
  std::unordered_set<std::string> items_; // of a list
};

changes between_odd(const odd_member& before, const odd_member& after) {
  std::vector<json::value> keys;
  if (!before.list(keys) || !after.list(keys)) return std::nullopt;
  std::unordered_set<std::string> seen;
  std::vector<level_change> made;
  for (const auto& key : keys) {
    if (!seen.insert(identity(key)).second) continue; // of two that are equal the first is the key
    const auto old_level = before.at(key), new_level = after.at(key);
    if (!old_level.readable || !new_level.readable) return std::nullopt;
    if (old_level.level != new_level.level) made.push_back({json::canonical(key), old_level.level, new_level.level});
  }
  return made;
}

} // namespace

changes level_changes(const json::value* before, const room_version_rules& rules_before, const json::value* after,
                      const room_version_rules& rules) {
  static const json::value nothing{json::object{}};
  const auto& old_member = before ? *before : nothing;
  const auto& new_member = after ? *after : nothing;
  if (old_member.as_object() && new_member.as_object())
    return between_objects(*old_member.as_object(), rules_before, *new_member.as_object(), rules);
  return between_odd({old_member, rules_before}, {new_member, rules});
}

} // namespace causeway::matrix
