#include "messages/peer_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

namespace causeway {
namespace {

constexpr std::array<unsigned char, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::string> as_v4(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) != 1) return std::nullopt;
  std::array<char, INET_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET, &v4, text.data(), text.size());
}

std::optional<std::string> as_v6_network(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin()))
    return inet_ntop(AF_INET, bytes.data() + mapped_prefix.size(), text.data(), text.size());
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return std::string{inet_ntop(AF_INET6, bytes.data(), text.data(), text.size())} + "/64";
}

} // namespace

std::string peer_of(std::string_view address) {
  std::string host{address};
  if (!host.empty() && host.front() == '[') {
    const auto end = host.find(']');
    if (end == std::string::npos) return {};
    host = host.substr(1, end - 1);
  } else if (const auto colon = host.find(':');
             colon != std::string::npos && host.find(':', colon + 1) == std::string::npos) {
    host.resize(colon);
  }
  host.resize(std::min(host.find('%'), host.size())); // the zone of a link-local address
  if (auto v4 = as_v4(host)) return *v4;
  return as_v6_network(host).value_or(std::string{});
}

} // namespace causeway
