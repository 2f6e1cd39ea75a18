#include "messages/request_phase.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace causeway {
namespace {

constexpr std::array<std::string_view, 8> names = {"", "well-known", "DNS", "TCP", "TLS", "HTTP", "signature", "body"};

/// By the beginning of the text. The first that fits counts, so the exceptions stand before the rule.
constexpr std::array<std::pair<std::string_view, request_phase>, 15> beginnings = {{
  {"peer_timeout: server discovery", request_phase::well_known},
  {"peer_unreachable: SRV record", request_phase::dns},
  {"peer_unresolvable", request_phase::dns},
  {"peer_unreachable", request_phase::tcp},
  {"peer_blocked_address", request_phase::tcp},
  {"peer_tls", request_phase::tls},
  {"peer_timeout", request_phase::http},
  {"peer_refused", request_phase::http},
  {"peer_bad_answer", request_phase::body},
  {"too_large", request_phase::body},
  {"unauthorized", request_phase::signature},
  {"bad_signature", request_phase::signature},
  {"HTTP 401", request_phase::signature},
  {"HTTP ", request_phase::http},
  {"limit_exceeded", request_phase::http},
}};

} // namespace

std::string_view name(request_phase x) {
  const auto i = static_cast<std::size_t>(x);
  return i < names.size() ? names[i] : names[0];
}

request_phase find_request_phase(std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? request_phase::unknown : static_cast<request_phase>(at - names.begin());
}

request_phase phase_of(std::string_view failure) {
  const auto at =
    std::find_if(beginnings.begin(), beginnings.end(), [&](const auto& x) { return failure.starts_with(x.first); });
  return at == beginnings.end() ? request_phase::unknown : at->second;
}

} // namespace causeway
