#include "messages/chat/yaml.hpp"

#include <algorithm>

namespace causeway::yaml {
namespace {

/// Columns of a folded text.
constexpr std::size_t width = 110;

bool is_plain_key(std::string_view key) {
  return !key.empty() && !(key.front() >= '0' && key.front() <= '9') && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == '$';
  });
}

} // namespace

std::string node::quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

node& node::operator[](std::string_view key) {
  const auto found = std::ranges::find(entries_, key, [](const auto& each) { return std::string_view{each.first}; });
  if (found != entries_.end()) return found->second;
  return entries_.emplace_back(std::string{key}, node{}).second;
}

void node::print(std::string& out, std::size_t indent, bool in_list) const {
  if (is_ == kind::scalar) {
    if (text_.size() + indent <= width || text_.front() != '"') {
      out += ' ' + text_ + '\n';
      return;
    }
    // A quoted text goes on in the next line where a blank was.
    std::string_view rest = text_;
    out += '\n';
    while (!rest.empty()) {
      auto cut = rest.size();
      if (rest.size() + indent > width) {
        cut = rest.rfind(' ', width - indent);
        if (cut == std::string_view::npos || cut == 0) cut = std::min(rest.find(' ', 1), rest.size());
      }
      out += std::string(indent, ' ') + std::string{rest.substr(0, cut)} + '\n';
      rest.remove_prefix(std::min(rest.size(), cut + 1));
    }
    return;
  }
  if (entries_.empty()) {
    out += is_ == kind::list ? " []\n" : " {}\n";
    return;
  }
  const bool is_flow = is_ == kind::list &&
                       std::ranges::all_of(entries_, [](const auto& each) { return each.second.is_ == kind::scalar; });
  if (is_flow) {
    std::string line;
    for (const auto& [key, value] : entries_) line += (line.empty() ? "" : ", ") + value.text_;
    if (line.size() + indent < width) {
      out += " [" + line + "]\n";
      return;
    }
  }
  // The first key of a map in a list stands behind the dash.
  bool behind_dash = in_list;
  if (!in_list) out += '\n';
  for (const auto& [key, value] : entries_) {
    out += behind_dash ? " " : std::string(indent, ' ');
    behind_dash = false;
    if (is_ == kind::list) {
      out += '-';
      value.print(out, indent + 2, true);
    } else {
      out += (is_plain_key(key) ? key : quoted(key)) + ':';
      value.print(out, indent + 2, false);
    }
  }
}

std::string node::print() const {
  std::string out;
  print(out, 0, false);
  return out.substr(1); // the line break before the first key
}

} // namespace causeway::yaml
