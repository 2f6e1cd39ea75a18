#include "messages/matrix/identifiers.hpp"

#include "messages/limits.hpp"
#include "messages/matrix/ascii.hpp"
#include "messages/matrix/json.hpp"
#include "messages/text.hpp"

#include <algorithm>
#include <charconv>

namespace causeway::matrix {
namespace {

// Locale must not matter, so not <cctype>.
bool is_digit(char x) { return x >= '0' && x <= '9'; }
bool is_lower(char x) { return x >= 'a' && x <= 'z'; }
bool is_alphanumeric(char x) { return is_digit(x) || is_lower(x) || is_upper(x); }
bool is_hex_digit(char x) { return is_digit(x) || (x >= 'a' && x <= 'f') || (x >= 'A' && x <= 'F'); }

template <class Predicate>
bool all(std::string_view text, Predicate holds) {
  return std::all_of(text.begin(), text.end(), holds);
}

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    const auto dot = text.find('.');
    const auto digits = text.substr(0, dot);
    unsigned number = 256;
    if (digits.empty() || digits.size() > 3 || !all(digits, is_digit)) return false;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (number > 255) return false;
    if (part == 3) return dot == std::string_view::npos;
    if (dot == std::string_view::npos) return false;
    text.remove_prefix(dot + 1);
  }
  return false;
}

/// Number of 16-bit groups in `text`, groups separated by single colons, the last one possibly an IPv4 address; -1 when
/// it is not of that form.
int ipv6_groups(std::string_view text, bool may_end_in_ipv4) {
  if (text.empty()) return 0;
  int groups = 0;
  while (true) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_in_ipv4 && is_ipv4(group)) return groups + 2;
    if (group.empty() || group.size() > 4 || !all(group, is_hex_digit)) return -1;
    ++groups;
    if (colon == std::string_view::npos) return groups;
    text.remove_prefix(colon + 1);
  }
}

bool is_ipv6(std::string_view text) {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) return ipv6_groups(text, true) == 8;
  const auto before = ipv6_groups(text.substr(0, gap), false);
  const auto after = ipv6_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

constexpr std::size_t server_name_bytes_max = 230;

bool is_localpart_character(char x) {
  return is_lower(x) || is_digit(x) || std::string_view{"._=-/+"}.find(x) != std::string_view::npos;
}

} // namespace

namespace {

std::optional<server_name_parts> split_long_server_name(std::string_view text) {
  if (text.empty()) return {};
  server_name_parts parts;
  const auto host_end = text.front() == '[' ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  if (host_end == 0) return {}; // '[' without ']', or nothing before ':'
  parts.host = text.substr(0, host_end);
  if (parts.host.front() == '[') {
    if (!is_ipv6(parts.host.substr(1, parts.host.size() - 2))) return {};
    parts.is_ip_literal = true;
  } else {
    if (!all(parts.host, [](char x) { return is_alphanumeric(x) || x == '-' || x == '.'; })) return {};
    parts.is_ip_literal = is_ipv4(parts.host);
  }
  auto rest = text.substr(host_end);
  if (rest.empty()) return parts;
  rest.remove_prefix(1);
  if (text[host_end] != ':' || rest.empty() || rest.size() > 5 || !all(rest, is_digit)) return {};
  unsigned port = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (port > 65'535) return {};
  parts.port = static_cast<std::uint16_t>(port);
  return parts;
}

} // namespace

std::optional<server_name_parts> split_server_name(std::string_view text) {
  return text.size() <= server_name_bytes_max ? split_long_server_name(text) : std::nullopt;
}

bool is_server_name(std::string_view text) { return split_server_name(text).has_value(); }

std::string_view server_name_of(std::string_view identifier) {
  const auto colon = identifier.find(':');
  return colon == std::string_view::npos ? std::string_view{} : identifier.substr(colon + 1);
}

bool tells_a_server(std::string_view id) {
  return id.find('\0') == std::string_view::npos && split_long_server_name(server_name_of(id)).has_value();
}

std::string_view localpart_of(std::string_view identifier) {
  if (identifier.empty()) return {};
  return identifier.substr(1, identifier.find(':') - 1);
}

bool has_identifier_shape(std::string_view text, char sigil, bool server_required) {
  if (text.size() < 2 || text.front() != sigil || text.find('\0') != std::string_view::npos) return false;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return !server_required;
  return is_server_name(text.substr(colon + 1));
}

std::optional<std::string> user_id_problem(std::string_view text, user_id_grammar grammar) {
  if (text.size() > limits::identifier_bytes_max)
    return "a user id has at most 255 bytes, this one has " + std::to_string(text.size());
  if (!json::is_utf8(text)) return "a user id is UTF-8";
  if (!text.starts_with('@')) return "a user id starts with '@'";
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return "a user id ends in ':' and the name of its server";
  const auto localpart = text.substr(1, colon - 1);
  if (localpart.find('\0') != std::string_view::npos) return "the name between '@' and ':' has a NUL character";
  if (localpart.empty() && grammar != user_id_grammar::historical) return "there is no name between '@' and ':'";
  if (grammar == user_id_grammar::strict && !all(localpart, is_localpart_character))
    return "the name between '@' and ':' may only have a-z, 0-9 and . _ = - / +";
  if (const auto unseen = text::first_unseen(localpart); unseen && grammar == user_id_grammar::printable)
    return "the name between '@' and ':' has a blank, a control character or an invisible one (" +
           text::code_point_name(*unseen) + ")";
  if (!is_server_name(text.substr(colon + 1)))
    return "the server name after ':' is not a host name or address with an optional port";
  return {};
}

bool is_user_id(std::string_view text, user_id_grammar grammar) {
  if (grammar != user_id_grammar::historical) return !user_id_problem(text, grammar);
  return text.size() <= limits::identifier_bytes_max && has_identifier_shape(text, '@', true) && json::is_utf8(text);
}

bool is_profile_field(std::string_view text) {
  if (text.empty() || text.size() > limits::identifier_bytes_max) return false;
  if (text.front() < 'a' || text.front() > 'z') return false;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
  return text.find_first_not_of(allowed) == text.npos && text != "displayname" && text != "avatar_url";
}

bool is_room_id(std::string_view text) {
  return text.size() <= limits::identifier_bytes_max && has_identifier_shape(text, '!', false) && json::is_utf8(text);
}

bool is_event_id(std::string_view text) {
  return text.size() <= limits::identifier_bytes_max && has_identifier_shape(text, '$', false) && json::is_utf8(text);
}

bool is_room_alias(std::string_view text) {
  return text.size() <= limits::identifier_bytes_max && has_identifier_shape(text, '#', true) && json::is_utf8(text);
}

bool is_signing_key_id(std::string_view text) {
  constexpr std::string_view prefix = "ed25519:";
  if (!text.starts_with(prefix) || text.size() == prefix.size() || text.size() > limits::identifier_bytes_max)
    return false;
  return all(text.substr(prefix.size()), [](char x) { return is_alphanumeric(x) || x == '_'; });
}

bool is_verify_key_id(std::string_view text) {
  return text.starts_with("ed25519:") && text.size() <= limits::identifier_bytes_max;
}

bool is_room_version_grammar(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         all(text, [](char x) { return is_lower(x) || is_digit(x) || x == '.' || x == '-'; });
}

namespace {

void append_mapped(std::string& out, char x) {
  constexpr char digits[] = "0123456789abcdef";
  // '=' introduces an escape, so it cannot stand for itself.
  if (is_localpart_character(x) && x != '=') {
    out += x;
    return;
  }
  out += '=';
  out += digits[static_cast<unsigned char>(x) >> 4];
  out += digits[x & 0xf];
}

} // namespace

std::string localpart_from_name(std::string_view name) {
  std::string out;
  for (char x : name) append_mapped(out, lowered(x));
  return out;
}

std::string localpart_from_name_preserving_case(std::string_view name) {
  std::string out;
  for (char x : name) {
    if (is_upper(x) || x == '_') out += '_';
    append_mapped(out, lowered(x));
  }
  return out;
}

} // namespace causeway::matrix
