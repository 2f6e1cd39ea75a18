#include "tools/causeway/list_view.hpp"

#include "tools/causeway/moments.hpp"
#include "tools/causeway/suggestions.hpp"
#include "tools/causeway/terminal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace causeway::tools {

namespace {

namespace json = matrix::json;

fault not_understood(std::string why) { return {fault_code::invalid_param, std::move(why)}; }

std::string_view short_name(std::string_view column) {
  return column.ends_with("_ts") ? column.substr(0, column.size() - 3) : column;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool compares(condition::kind x) { return x >= condition::kind::less; }

/// The longer signs first: `<=` begins with `<`.
constexpr std::array<std::pair<std::string_view, condition::kind>, 8> signs = {{
  {"==", condition::kind::equal},
  {"!=", condition::kind::unequal},
  {"<=", condition::kind::at_most},
  {">=", condition::kind::at_least},
  {"=", condition::kind::equal},
  {"~", condition::kind::holds},
  {"<", condition::kind::less},
  {">", condition::kind::more},
}};

bool is_of_a_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

result<condition> understand_filter(const std::string& text, const std::vector<std::string_view>& columns) {
  const auto name_end = std::find_if_not(text.begin(), text.end(), is_of_a_name);
  const std::string_view name{text.data(), static_cast<std::size_t>(name_end - text.begin())};
  const auto rest = std::string_view{text}.substr(name.size());
  const auto sign = std::find_if(signs.begin(), signs.end(), [&](const auto& x) { return rest.starts_with(x.first); });
  if (name.empty() || sign == signs.end()) return condition{condition::kind::text, {}, text, 0};
  const auto column = find_column(name, columns);
  if (!column) return column.error();
  condition out{sign->second, std::string{*column}, std::string{rest.substr(sign->first.size())}, 0};
  if (!compares(out.is)) return out;
  const auto number = is_time(*column) ? parse_duration(out.value) : parse_integer(out.value);
  if (!number)
    return not_understood("--filter " + text + ": " +
                          (is_time(*column) ? "a time is compared with a duration, for example 5min: how far away it is"
                                            : "what is compared with " + std::string{sign->first} + " is a number"));
  out.number = *number;
  return out;
}

/// As text, for equality; a number and a flag as one writes them.
std::string text_of_value(const json::value& x) {
  if (const auto* text = x.as_string()) return *text;
  if (const auto* flag = x.as_bool()) return *flag ? "yes" : "no";
  return x.is_null() ? std::string{} : json::canonical(x);
}

bool is_equal(const json::value& x, std::string_view value) {
  if (const auto* flag = x.as_bool()) return value == (*flag ? "yes" : "no") || value == (*flag ? "true" : "false");
  return text_of_value(x) == value;
}

bool holds_text(const json::value& row, std::string_view text) {
  const auto* fields = row.as_object();
  return fields != nullptr && std::any_of(fields->begin(), fields->end(), [&](const json::member& x) {
           const auto* found = x.mapped.as_string();
           return found != nullptr && found->find(text) != std::string::npos;
         });
}

bool is_met(const condition& x, const json::value& row, std::int64_t now_ms) {
  if (x.is == condition::kind::text) return holds_text(row, x.value);
  static const json::value nothing;
  const auto* found = row.find(x.column);
  const auto& value = found ? *found : nothing;
  if (x.is == condition::kind::equal) return is_equal(value, x.value);
  if (x.is == condition::kind::unequal) return !is_equal(value, x.value);
  if (x.is == condition::kind::holds) return text_of_value(value).find(x.value) != std::string::npos;
  const auto* number = value.as_integer();
  if (number == nullptr || (is_time(x.column) && *number == 0)) return false;
  const auto compared = is_time(x.column) ? (*number < now_ms ? now_ms - *number : *number - now_ms) : *number;
  switch (x.is) {
  case condition::kind::less: return compared < x.number;
  case condition::kind::at_most: return compared <= x.number;
  case condition::kind::more: return compared > x.number;
  default: return compared >= x.number;
  }
}

/// When something happened to it last. A time to come (the next attempt, a deadline) says nothing about that.
std::int64_t newest_time(const json::value& row, std::int64_t now_ms) {
  std::int64_t newest = 0;
  if (const auto* fields = row.as_object())
    for (const auto& x : *fields)
      if (const auto* at = x.mapped.as_integer(); at && is_time(x.key) && *at <= now_ms) newest = std::max(newest, *at);
  return newest;
}

/// What has no value stands last, whichever way one sorts.
bool has_value(const json::value* x, std::string_view column) {
  if (!x || x->is_null()) return false;
  if (const auto* number = x->as_integer()) return !is_time(column) || *number != 0;
  const auto* text = x->as_string();
  return text == nullptr || !text->empty();
}

bool is_before(const json::value& a, const json::value& b) {
  const auto* left = a.as_integer();
  const auto* right = b.as_integer();
  if (left && right) return *left < *right;
  return text_of_value(a) < text_of_value(b);
}

} // namespace

result<std::string_view> find_column(std::string_view text, const std::vector<std::string_view>& columns) {
  std::string name{text};
  for (auto& c : name) c = c == '-' || c == ' ' ? '_' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  for (const auto column : columns)
    if (column == name || short_name(column) == name) return column;
  std::string all;
  for (const auto column : columns) all += (all.empty() ? "" : ", ") + std::string{column};
  const auto meant = did_you_mean(name, columns);
  return not_understood("there is no column `" + std::string{text} + "`" +
                        (meant.empty() ? "; the columns are " + all : meant));
}

result<std::vector<std::string_view>> find_columns(std::string_view text,
                                                   const std::vector<std::string_view>& columns) {
  std::vector<std::string_view> out;
  while (true) {
    const auto comma = text.find(',');
    auto found = find_column(text.substr(0, comma), columns);
    if (!found) return found.error();
    out.push_back(*found);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

result<arrangement> arrangement::understand(const selection& x, const std::vector<std::string_view>& columns,
                                            std::int64_t now_ms) {
  arrangement out;
  out.now_ms_ = now_ms;
  out.top_ = x.top;
  for (const auto& text : x.filters) {
    auto understood = understand_filter(text, columns);
    if (!understood) return understood.error();
    out.conditions_.push_back(std::move(*understood));
  }
  if (!x.sort.empty()) {
    const auto colon = x.sort.find(':');
    const auto way = colon == std::string::npos ? std::string{} : x.sort.substr(colon + 1);
    if (!way.empty() && way != "desc" && way != "asc")
      return not_understood("--sort " + x.sort + ": behind the colon stands asc or desc");
    const auto column = find_column(std::string_view{x.sort}.substr(0, colon), columns);
    if (!column) return column.error();
    out.sort_ = *column;
    out.descending_ = way == "desc";
  }
  if (!x.since.empty()) {
    out.since_ = parse_moment(x.since, now_ms);
    if (!out.since_)
      return not_understood("--since " + x.since +
                            ": write a duration (15min, 2h, 1d) or a time (2026-11-29T19:00Z, 19:00)");
  }
  return out;
}

bool arrangement::wants(const json::value& row) const {
  if (since_ && newest_time(row, now_ms_) <= *since_) return false;
  return std::all_of(conditions_.begin(), conditions_.end(),
                     [&](const condition& x) { return is_met(x, row, now_ms_); });
}

std::size_t arrangement::apply(json::array& rows) const {
  std::erase_if(rows, [this](const json::value& row) { return !wants(row); });
  if (!sort_.empty())
    std::stable_sort(rows.begin(), rows.end(), [this](const json::value& a, const json::value& b) {
      const auto* left = a.find(sort_);
      const auto* right = b.find(sort_);
      const bool has_left = has_value(left, sort_), has_right = has_value(right, sort_);
      if (!has_left || !has_right) return has_left && !has_right;
      return descending_ ? is_before(*right, *left) : is_before(*left, *right);
    });
  const auto matched = rows.size();
  if (top_ > 0 && rows.size() > top_) rows.resize(top_);
  return matched;
}

} // namespace causeway::tools
