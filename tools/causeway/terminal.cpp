#include "tools/causeway/terminal.hpp"

#include "plugin/admin/explain.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace causeway::tools {

namespace json = matrix::json;

namespace {

struct code_point {
  char32_t value = 0;
  std::size_t bytes = 1;
};

/// The first one of `text`; a byte that begins none counts as one.
code_point first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes == 1 || bytes > text.size()) return {lead, 1};
  char32_t value = lead & (0xffU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return {value, bytes};
}

/// Columns that a terminal takes for it: accents none; Chinese, Japanese, Korean and pictures two.
std::size_t columns_of(char32_t x) {
  struct range {
    char32_t first, last;
  };
  constexpr std::array<range, 5> none = {
    {{0x300, 0x36f}, {0x200b, 0x200f}, {0x2060, 0x2064}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}}};
  constexpr std::array<range, 9> two = {{{0x1100, 0x115f},
                                         {0x2e80, 0xa4cf},
                                         {0xac00, 0xd7a3},
                                         {0xf900, 0xfaff},
                                         {0xfe30, 0xfe6f},
                                         {0xff00, 0xff60},
                                         {0xffe0, 0xffe6},
                                         {0x1f300, 0x1faff},
                                         {0x20000, 0x3fffd}}};
  const auto holds = [x](const range& each) { return x >= each.first && x <= each.last; };
  if (std::any_of(none.begin(), none.end(), holds)) return 0;
  return std::any_of(two.begin(), two.end(), holds) ? 2 : 1;
}

bool is_numeric(std::string_view column, const json::array& rows) {
  return !is_time(column) &&
         std::any_of(rows.begin(), rows.end(), [&](const json::value& x) { return x.find_integer(column) != nullptr; });
}

} // namespace

bool is_time(std::string_view column) { return column == "ts" || column.ends_with("_ts"); }

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto x = first_code_point(text.substr(i));
    columns += columns_of(x.value);
    i += x.bytes;
  }
  return columns;
}

std::string clipped(std::string_view text, std::size_t columns) {
  std::size_t taken = 0, end = 0;
  while (end < text.size()) {
    const auto x = first_code_point(text.substr(end));
    taken += columns_of(x.value);
    if (taken > columns) break;
    end += x.bytes;
  }
  return std::string{text.substr(0, end)};
}

std::string padded(const std::string& text, std::size_t to, bool right) {
  auto now = display_width(text);
  std::string space(to > now ? to - now : 0, ' ');
  return right ? space + text : text + space;
}

std::string heading(std::string_view column) {
  std::string out{column.ends_with("_ts") ? column.substr(0, column.size() - 3) : column};
  for (auto& c : out) c = c == '_' ? ' ' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  return out;
}

std::string text_of(const json::object& x, std::string_view key) {
  const auto* found = x.find(key);
  const auto* text = found ? found->as_string() : nullptr;
  return text ? *text : std::string{};
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7f) {
      out += ' ';
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) { // C1 controls, which some terminals obey
      out += ' ';
      ++i;
    } else if (byte == 0xe2 && next == 0x80 && i + 2 < text.size() && static_cast<unsigned char>(text[i + 2]) >= 0xaa &&
               static_cast<unsigned char>(text[i + 2]) <= 0xae) { // U+202A..U+202E turn the direction of what follows
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

namespace {

/// What a member is called for people; a key that is an id stays as it is.
std::string label_of(std::string_view name) {
  const bool is_id = name.find_first_of(":@$!") != std::string_view::npos;
  std::string label{!is_id && name.ends_with("_ts") ? name.substr(0, name.size() - 3) : name};
  if (!is_id) std::replace(label.begin(), label.end(), '_', ' ');
  return printable(label);
}

/// A list or an object in a line of words: "a, b", "phase closing_gap, attempts 5". Empty: there is nothing in it.
std::string nested(const json::value& x, std::int64_t now_ms) {
  std::string out;
  if (const auto* list = x.as_array())
    for (const auto& each : *list) out += (out.empty() ? "" : each.as_object() ? "; " : ", ") + cell({}, &each, now_ms);
  if (const auto* members = x.as_object())
    for (const auto& [key, each] : *members) {
      const auto text = cell(key, &each, now_ms);
      if (text == "-") continue;
      const bool is_list_of_objects = each.as_array() && each.as_array()->front().as_object();
      out += (out.empty() ? "" : ", ") + (key == "ts" ? "" : label_of(key) + " ");
      out += is_list_of_objects ? "(" + text + ")" : text;
    }
  return out;
}

} // namespace

std::string cell(std::string_view column, const json::value* x, std::int64_t now_ms) {
  if (!x || x->is_null()) return "-";
  if (const auto* flag = x->as_bool()) return *flag ? "yes" : "no";
  if (const auto* number = x->as_integer()) {
    if (!is_time(column)) return std::to_string(*number);
    if (*number == 0) return "-";
    // What is due is under way, or is in a moment.
    if (*number <= now_ms && column.starts_with("retry")) return "now";
    return *number > now_ms ? "in " + admin::human_duration(*number - now_ms)
                            : admin::human_duration(now_ms - *number) + " ago";
  }
  if (const auto* text = x->as_string()) return text->empty() ? "-" : printable(*text);
  const auto text = nested(*x, now_ms);
  return text.empty() ? "-" : text;
}

std::string table(const json::array& rows, const std::vector<std::string_view>& shown, std::int64_t now_ms) {
  struct column {
    bool right = false;
    std::size_t width = 0;
  };
  std::vector<column> columns;
  std::vector<std::vector<std::string>> lines(1);
  for (auto name : shown) {
    columns.push_back({is_numeric(name, rows), 0});
    lines[0].push_back(heading(name));
  }
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (auto name : shown) line.push_back(cell(name, row.find(name), now_ms));
  }
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) columns[i].width = std::max(columns[i].width, display_width(line[i]));
  std::string out;
  for (auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text += (i > 0 ? "  " : "") + padded(line[i], columns[i].width, columns[i].right);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

std::string sheet(const json::object& row, const std::vector<std::string_view>& shown, std::int64_t now_ms) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::size_t widest = 0;
  for (auto name : shown) {
    const auto* value = row.find(name);
    auto text = cell(name, value, now_ms);
    if (text == "-") continue;
    auto label = label_of(name);
    widest = std::max(widest, display_width(label));
    const auto* list = value->as_array();
    if (list && list->front().as_object()) // each in a line of its own
      for (const auto& each : *list) lines.emplace_back(std::exchange(label, {}), cell({}, &each, now_ms));
    else lines.emplace_back(std::move(label), std::move(text));
  }
  std::string out;
  for (auto& [label, text] : lines) out += "  " + padded(label, widest, false) + "  " + text + "\n";
  return out;
}

std::string legend(const std::vector<admin::column>& columns) {
  std::size_t widest = 0;
  for (const auto& x : columns) widest = std::max(widest, x.name.size());
  std::string out;
  for (const auto& x : columns) out += padded(std::string{x.name}, widest, false) + "  " + std::string{x.doc} + "\n";
  return out;
}

std::vector<std::string_view> names_of(const std::vector<admin::column>& columns) {
  std::vector<std::string_view> out;
  for (const auto& x : columns) out.push_back(x.name);
  return out;
}

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace causeway::tools
