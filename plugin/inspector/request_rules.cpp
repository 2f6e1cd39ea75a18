#include "plugin/inspector/request_rules.hpp"

#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace causeway::inspector {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// @param plus_is_space  as in a query
std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

} // namespace

std::optional<target_parts> read_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  target_parts out;
  const auto mark = target.find('?');
  auto path = decoded(target.substr(0, mark), false);
  if (!path) return std::nullopt;
  out.path = std::move(*path);
  if (mark == std::string_view::npos) return out;
  auto rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    if (one.empty()) continue;
    if (out.query.size() == query_pairs_max) return std::nullopt;
    const auto equals = one.find('=');
    auto name = decoded(one.substr(0, equals), true);
    auto text = decoded(equals == std::string_view::npos ? std::string_view{} : one.substr(equals + 1), true);
    if (!name || !text) return std::nullopt;
    out.query.emplace_back(std::move(*name), std::move(*text));
  }
  return out;
}

bool is_own_host(std::string_view host, const std::vector<std::string>& names) {
  if (host.empty()) return false;
  if (host.front() == '[') {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return false;
    const std::string address{host.substr(1, end - 1)};
    in6_addr ignored{};
    return inet_pton(AF_INET6, address.c_str(), &ignored) == 1;
  }
  const auto name = lower(host.substr(0, host.find(':')));
  in_addr ignored{};
  if (inet_pton(AF_INET, name.c_str(), &ignored) == 1 || name == "localhost") return true;
  return std::any_of(names.begin(), names.end(), [&](const auto& x) { return lower(x) == name; });
}

std::string_view cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto one = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), one.size() + 1));
    const auto equals = one.find('=');
    if (equals != std::string_view::npos && trimmed(one.substr(0, equals)) == name)
      return trimmed(one.substr(equals + 1));
  }
  return {};
}

std::string_view bearer_token(std::string_view header) {
  constexpr std::string_view scheme = "bearer ";
  if (header.size() <= scheme.size() || lower(header.substr(0, scheme.size())) != scheme) return {};
  return trimmed(header.substr(scheme.size()));
}

access_token::access_token(std::string_view token)
    : exists_(!token.empty()), secret_(crypto_generichash_KEYBYTES, '\0') {
  randombytes_buf(secret_.data(), secret_.size());
  digest_ = digest(token);
  const auto kept = digest(digest_);
  cookie_value_.resize(kept.size() * 2 + 1);
  sodium_bin2hex(cookie_value_.data(), cookie_value_.size(), reinterpret_cast<const unsigned char*>(kept.data()),
                 kept.size());
  cookie_value_.pop_back();
}

/// Of the same length whatever the text: what is compared tells nothing of what is right.
std::string access_token::digest(std::string_view text) const {
  std::string out(crypto_generichash_BYTES, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(),
                     reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     reinterpret_cast<const unsigned char*>(secret_.data()), secret_.size());
  return out;
}

bool access_token::is_token(std::string_view shown) const {
  const auto its = digest(shown);
  return exists_ && !shown.empty() && sodium_memcmp(its.data(), digest_.data(), digest_.size()) == 0;
}

bool access_token::is_cookie(std::string_view shown) const {
  const auto its = digest(shown), ours = digest(cookie_value_);
  return exists_ && !shown.empty() && sodium_memcmp(its.data(), ours.data(), ours.size()) == 0;
}

bool access_token::may_try(long long now_s) {
  if (now_s != second_) {
    second_ = now_s;
    wrong_ = 0;
  }
  return wrong_ < wrong_per_second_max;
}

} // namespace causeway::inspector
