#include "actors/room/mentions.hpp"

#include "messages/matrix/endpoints.hpp"
#include "messages/matrix/identifiers.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace causeway::room {
namespace {

using matrix::json::object;

constexpr const char* everybody = "@room";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

std::size_t find(std::string_view text, std::string_view wanted, std::size_t from) {
  for (auto at = from; at + wanted.size() <= text.size(); ++at)
    if (starts_with(text.substr(at), wanted)) return at;
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view x) {
  while (!x.empty() && is_blank(x.front())) x.remove_prefix(1);
  while (!x.empty() && is_blank(x.back())) x.remove_suffix(1);
  return x;
}

class collected {
public:
  void add(std::string user) {
    if (out_.size() < mentions_told_max && seen_.insert(user).second) out_.push_back(std::move(user));
  }
  void add_user(std::string_view user) {
    if (matrix::is_user_id(user)) add(std::string{user});
  }
  std::vector<std::string> take() { return std::move(out_); }

private:
  std::vector<std::string> out_;
  std::set<std::string> seen_;
};

/// The one character reference at the beginning of `text` ("&#64;"); nothing when it is none that an identifier or a
/// URI has.
std::optional<std::pair<char, std::size_t>> character_reference(std::string_view text) {
  const auto end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 3) return {};
  const auto name = text.substr(1, end - 1);
  if (name == "amp") return {{'&', end + 1}};
  if (name == "commat") return {{'@', end + 1}};
  if (name == "colon") return {{':', end + 1}};
  if (name == "num") return {{'#', end + 1}};
  if (name.front() != '#') return {};
  const bool hex = name.size() > 2 && lower(name[1]) == 'x';
  const auto digits = name.substr(hex ? 2 : 1);
  unsigned code = 0;
  const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (error != std::errc{} || last != digits.data() + digits.size() || code < 0x20 || code > 0x7e) return {};
  return {{static_cast<char>(code), end + 1}};
}

std::string without_references(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = text[at] == '&' ? character_reference(text.substr(at)) : std::nullopt;
    out += found ? found->first : text[at];
    at += found ? found->second : 1;
  }
  return out;
}

/// What a link leads to: a Matrix identifier, or nothing.
std::string identifier_of(const std::string& uri) {
  std::string_view rest = uri;
  std::string sigil;
  if (starts_with(rest, "matrix:u/")) {
    rest.remove_prefix(9);
    sigil = "@";
  } else if (starts_with(rest, "matrix:roomid/")) {
    rest.remove_prefix(14);
    sigil = "!";
  } else {
    for (std::string_view scheme : {"https://", "http://"})
      if (starts_with(rest, scheme)) rest.remove_prefix(scheme.size());
    if (!starts_with(rest, "matrix.to/#/")) return {};
    rest.remove_prefix(12);
  }
  // What follows is an event of the room, or servers to go by.
  const auto decoded = matrix::percent_decode(rest.substr(0, rest.find_first_of("/?")));
  return decoded ? sigil + *decoded : std::string{};
}

/// The value of `href` in the text of a tag after its name; empty when it has none.
std::string_view href_of(std::string_view tag) {
  for (std::size_t at = 0; (at = find(tag, "href", at)) != std::string_view::npos; at += 4) {
    if (at == 0 || !is_blank(tag[at - 1])) continue;
    auto rest = trimmed(tag.substr(at + 4));
    if (rest.empty() || rest.front() != '=') continue;
    rest = trimmed(rest.substr(1));
    if (rest.empty()) return {};
    if (rest.front() == '"' || rest.front() == '\'') return rest.substr(1, rest.find(rest.front(), 1) - 1);
    return rest.substr(0, std::min(rest.find_first_of(" \t\r\n\f"), rest.size()));
  }
  return {};
}

/// Where the tag that begins at `from` ends; a '>' within quotes does not end it.
std::size_t end_of_tag(std::string_view html, std::size_t from) {
  char quote = 0;
  for (auto at = from; at < html.size(); ++at) {
    const auto c = html[at];
    if (quote != 0) quote = c == quote ? char{0} : quote;
    else if (c == '"' || c == '\'') quote = c;
    else if (c == '>') return at;
  }
  return html.size();
}

bool calls_everybody(std::string_view text) {
  text = trimmed(text);
  return text == "@all" || text == "@here" || text == everybody;
}

void add_links(collected& out, std::string_view html, std::string_view room_id) {
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string_view::npos;) {
    const auto tag_end = end_of_tag(html, at);
    const auto tag = html.substr(at, tag_end - at);
    at = std::min(tag_end + 1, html.size());
    if (starts_with(tag, "<mx-reply")) {
      at = std::min(find(html, "</mx-reply", at), html.size());
    } else if (starts_with(tag, "<a") && tag.size() > 2 && is_blank(tag[2])) {
      const auto id = identifier_of(without_references(href_of(tag.substr(2))));
      const auto text = html.substr(at, std::min(find(html, "</a", at), html.size()) - at);
      if (id.starts_with('@')) out.add_user(id);
      else if (id == room_id && calls_everybody(without_references(text))) out.add(everybody);
    }
  }
}

/// "@room" as a word of its own; before a colon only where no server name follows.
bool has_room_word(std::string_view text) {
  const auto ends_word = [](char c) {
    return !((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '@' || c == ':' ||
             static_cast<unsigned char>(c) >= 0x80);
  };
  const std::string_view word = everybody;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string_view::npos; at += word.size()) {
    auto end = at + word.size();
    if (end < text.size() && text[end] == ':' && (end + 1 == text.size() || is_blank(text[end + 1]))) ++end;
    if ((at == 0 || ends_word(text[at - 1])) && (end == text.size() || ends_word(text[end]))) return true;
  }
  return false;
}

} // namespace

std::vector<std::string> mentions_of(const object& content, std::string_view room_id) {
  collected out;
  const auto* told = content.find("m.mentions");
  if (told && told->as_object()) {
    if (const auto* users = told->find_array("user_ids"))
      for (const auto& u : *users)
        if (u.as_string()) out.add_user(*u.as_string());
    if (const auto* all = told->find_bool("room"); all && *all) out.add(everybody);
    return out.take();
  }
  const auto string_of = [&content](std::string_view key) {
    const auto* found = content.find(key);
    return found ? found->as_string() : nullptr;
  };
  const auto* format = string_of("format");
  if (const auto* html = string_of("formatted_body"); html && format && *format == "org.matrix.custom.html")
    add_links(out, *html, room_id);
  if (const auto* body = string_of("body"); body && has_room_word(*body)) out.add(everybody);
  return out.take();
}

} // namespace causeway::room
