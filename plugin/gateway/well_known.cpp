#include "plugin/gateway/well_known.hpp"

#include "messages/matrix/identifiers.hpp"
#include "messages/matrix/json.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <strings.h>

namespace causeway::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds lifetime_default = 24h;
constexpr std::chrono::seconds lifetime_min = 5min;
constexpr std::chrono::seconds lifetime_max = 48h;
/// An answer that led to nobody is fetched again no more often than this.
constexpr std::chrono::seconds doubt_pause = 10s;
constexpr std::chrono::seconds failure_first = 2min;
constexpr std::chrono::seconds failure_max = 1h;
/// How long "this server has a valid file" is remembered after that file's lifetime.
constexpr std::chrono::seconds validity_memory = 2h;

std::string_view trimmed(std::string_view x) {
  while (!x.empty() && (x.front() == ' ' || x.front() == '\t')) x.remove_prefix(1);
  while (!x.empty() && (x.back() == ' ' || x.back() == '\t')) x.remove_suffix(1);
  return x;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// Seconds that Cache-Control allows, or nothing when it does not say.
std::optional<std::int64_t> max_age(std::string_view cache_control) {
  std::optional<std::int64_t> out;
  while (!cache_control.empty()) {
    const auto comma = cache_control.find(',');
    const auto directive = trimmed(cache_control.substr(0, comma));
    cache_control = comma == std::string_view::npos ? std::string_view{} : cache_control.substr(comma + 1);
    if (equals_ignoring_case(directive, "no-store") || equals_ignoring_case(directive, "no-cache")) return 0;
    const auto equals = directive.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(trimmed(directive.substr(0, equals)), "max-age"))
      continue;
    auto digits = trimmed(directive.substr(equals + 1));
    if (digits.size() > 2 && digits.front() == '"' && digits.back() == '"')
      digits = digits.substr(1, digits.size() - 2);
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error == std::errc::result_out_of_range) out = lifetime_max.count();
    else if (error == std::errc{} && end == digits.data() + digits.size() && seconds >= 0) out = seconds;
  }
  return out;
}

} // namespace

result<std::string> parse_well_known(std::string_view body) {
  auto document = matrix::json::parse(body);
  if (!document) return document.error();
  const auto* delegated = document->find_string("m.server");
  if (delegated == nullptr) return {fault_code::bad_json, "m.server"};
  if (!matrix::is_server_name(*delegated)) return {fault_code::bad_json, "m.server is no server name"};
  return *delegated;
}

std::chrono::seconds well_known_lifetime(std::string_view cache_control, const std::string& expires,
                                         std::int64_t unix_now) {
  auto seconds = lifetime_default.count();
  if (const auto age = max_age(cache_control)) {
    seconds = *age;
  } else if (!expires.empty()) {
    const std::int64_t at = curl_getdate(expires.c_str(), nullptr);
    seconds = at < 0 ? 0 : at - unix_now; // an unreadable date means "already expired" (RFC 9111, 5.3)
  }
  return std::chrono::seconds{std::clamp<std::int64_t>(seconds, lifetime_min.count(), lifetime_max.count())};
}

std::optional<well_known_cache::hit> well_known_cache::find(const std::string& name, time_point now) {
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.used_until <= now || it->second.is_doubted) return std::nullopt;
  auto& e = it->second;
  hit out{e.delegated, false};
  if (e.delegated && e.refresh_at <= now) {
    out.refresh = true;
    e.refresh_at = now + failure_first; // one fetch at a time; ask again should that one never report
  }
  return out;
}

well_known_cache::entry& well_known_cache::slot(const std::string& name, time_point now) {
  if (const auto it = entries_.find(name); it != entries_.end()) return it->second;
  if (entries_.size() >= entries_max_) {
    std::erase_if(entries_, [now](const auto& x) { return x.second.used_until <= now; });
    // A sixteenth at once, so that a flood of names does not sweep the whole table for each of them.
    while (!entries_.empty() && entries_.size() > entries_max_ - entries_max_ / 16 - 1)
      entries_.erase(entries_.begin());
  }
  return entries_[name];
}

void well_known_cache::found(const std::string& name, std::string delegated, std::chrono::seconds lifetime,
                             time_point now) {
  const auto spread = static_cast<std::int64_t>((std::hash<std::string>{}(name) ^ random_) % 101); // thousandths
  lifetime = std::max<std::chrono::seconds>(std::min(lifetime, lifetime_min), lifetime - lifetime * spread / 1000);
  auto& e = slot(name, now);
  e.asked_at = now;
  e.is_doubted = false;
  e.delegated = std::move(delegated);
  e.used_until = now + lifetime;
  e.refresh_at = now + lifetime * 4 / 5;
  e.valid_remembered_until = e.used_until + validity_memory;
  e.failures = 0;
}

void well_known_cache::failed(const std::string& name, time_point now) {
  auto& e = slot(name, now);
  e.asked_at = now;
  e.is_doubted = false;
  if (e.delegated && e.used_until > now) {
    e.refresh_at = now + failure_first;
    return;
  }
  e.delegated.reset();
  e.failures = std::min(e.failures + 1, 16);
  const bool was_valid = e.valid_remembered_until > now;
  const auto doubled = failure_first * (1 << (e.failures - 1));
  e.used_until = now + (was_valid ? failure_first : std::min<std::chrono::seconds>(doubled, failure_max));
}

void well_known_cache::doubt(const std::string& name, time_point now) {
  const auto it = entries_.find(name);
  if (it == entries_.end() || it->second.used_until <= now) return;
  if (now - it->second.asked_at >= doubt_pause) it->second.is_doubted = true;
}

} // namespace causeway::gateway
