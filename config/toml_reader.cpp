#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include "config/toml_reader.hpp"

#include <toml++/toml.h>

#include <algorithm>

namespace causeway::config {

/// Keeps the whole document alive as long as one of its entries is.
struct toml_entry::node_holder {
  std::shared_ptr<const toml::table> document;
  const toml::node* node = nullptr;
};

namespace {

std::string_view kind_of(const toml::node& x) {
  switch (x.type()) {
  case toml::node_type::table: return "a table";
  case toml::node_type::array: return "a list";
  case toml::node_type::string: return "a text";
  case toml::node_type::integer: return "a whole number";
  case toml::node_type::floating_point: return "a number with a fraction";
  case toml::node_type::boolean: return "true or false";
  default: return "a date or time";
  }
}

fault wrong_kind(const field& of, std::string_view found) {
  return {fault_code::invalid_param, "must be " + std::string{describe(of.kind)} + ", not " + std::string{found} + "."};
}

result<value> convert_list(const field& of, const toml::array& list) {
  std::vector<std::string> out;
  for (const auto& item : list) {
    const auto* text = item.as_string();
    if (!text) return wrong_kind(of, "a list with " + std::string{kind_of(item)} + " in it");
    out.push_back(text->get());
  }
  return value{std::move(out)};
}

result<value> convert_records(const field& of, const toml::array& list) {
  std::vector<record> out;
  for (const auto& item : list) {
    const auto* table = item.as_table();
    if (!table) return wrong_kind(of, "a list with " + std::string{kind_of(item)} + " in it");
    auto& into = out.emplace_back();
    for (const auto& [key, node] : *table) {
      if (std::find(of.record_keys.begin(), of.record_keys.end(), key.str()) == of.record_keys.end())
        return fault{fault_code::invalid_param, "knows no \"" + std::string{key.str()} + "\" in its tables."};
      const auto* text = node.as_string();
      if (!text)
        return fault{fault_code::invalid_param,
                     "\"" + std::string{key.str()} + "\" must be a text, not " + std::string{kind_of(node)} + "."};
      into[std::string{key.str()}] = text->get();
    }
  }
  return value{std::move(out)};
}

result<value> convert(const field& of, const toml::node& x) {
  switch (of.kind) {
  case value_kind::flag:
    if (const auto* flag = x.as_boolean()) return value{flag->get()};
    break;
  case value_kind::number:
    if (const auto* number = x.as_integer()) {
      if (number->get() < 0)
        return fault{fault_code::invalid_param, std::to_string(number->get()) + " is out of range: it must lie in " +
                                                  std::to_string(of.least) + ".." + std::to_string(of.most) + "."};
      return value{static_cast<std::uint64_t>(number->get())};
    }
    break;
  case value_kind::text:
    if (const auto* text = x.as_string()) return value{text->get()};
    break;
  case value_kind::list:
    if (const auto* list = x.as_array()) return convert_list(of, *list);
    break;
  case value_kind::records:
    if (const auto* list = x.as_array()) return convert_records(of, *list);
    break;
  }
  return wrong_kind(of, kind_of(x));
}

std::string trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string{text.substr(first, text.find_last_not_of(" \t") - first + 1)};
}

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto comma = text.find(',');
    if (auto word = trimmed(text.substr(0, comma)); !word.empty()) out.push_back(std::move(word));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return out;
}

} // namespace

result<value> toml_entry::as(const field& of) const { return convert(of, *node->node); }

result<toml_document> read_toml(std::string_view text) {
  auto parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return fault{fault_code::invalid_param, "line " + std::to_string(error.source().begin.line) + ", column " +
                                              std::to_string(error.source().begin.column) +
                                              ": is not TOML: " + std::string{error.description()}};
  }
  auto table = std::make_shared<const toml::table>(std::move(parsed).table());
  toml_document out;
  auto add = [&](std::string_view section_name, std::string_view name, const toml::node& node) {
    auto& x = out.entries.emplace_back();
    x.section = section_name;
    x.name = name;
    x.line = node.source().begin.line;
    x.node = std::make_shared<const toml_entry::node_holder>(toml_entry::node_holder{table, &node});
  };
  for (const auto& [section_key, node] : *table) {
    if (const auto* entries = node.as_table()) {
      for (const auto& [key, mapped] : *entries) add(section_key.str(), key.str(), mapped);
      if (entries->empty()) add(section_key.str(), {}, node);
    } else {
      add({}, section_key.str(), node);
    }
  }
  std::stable_sort(out.entries.begin(), out.entries.end(),
                   [](const toml_entry& a, const toml_entry& b) { return a.line < b.line; });
  return out;
}

result<value> parse_word(const field& of, std::string_view text) {
  if (of.kind == value_kind::text) return value{std::string{text}};
  auto word = trimmed(text);
  if (of.kind == value_kind::list && !word.starts_with('[')) return value{split_at_commas(word)};
  auto parsed = toml::parse("x = " + word + "\n");
  if (!parsed) return wrong_kind(of, "\"" + word + "\"");
  const auto& table = parsed.table();
  const auto* node = table.get("x");
  if (!node || table.size() != 1) return wrong_kind(of, "\"" + word + "\"");
  return convert(of, *node);
}

std::string wrap(std::string_view text, std::string_view prefix, std::size_t width) {
  std::string out, line{prefix};
  while (!text.empty()) {
    auto space = text.find(' ');
    auto word = text.substr(0, space);
    if (line.size() > prefix.size() && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line = prefix;
    }
    if (line.size() > prefix.size()) line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  }
  return out += line + "\n";
}

} // namespace causeway::config
