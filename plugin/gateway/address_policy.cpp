#include "plugin/gateway/address_policy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace causeway::gateway {
namespace {

/// IANA special-purpose registries (RFC 6890 and successors), multicast and what IPv6 has deprecated.
constexpr std::string_view special_networks[] = {
  "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
  "192.0.0.0/24",   "192.0.2.0/24",  "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
  "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/96",          "64:ff9b:1::/48", "100::/64",
  "2001::/23",      "2001:db8::/32", "fc00::/7",       "fe80::/10",      "fec0::/10",      "ff00::/8",
};

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<std::uint8_t, 12> nat64_prefix{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

using bytes = std::array<std::uint8_t, 16>;

bytes mapped(const std::uint8_t* v4) {
  bytes out{};
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), out.begin());
  std::copy_n(v4, 4, out.begin() + 12);
  return out;
}

template <std::size_t N>
bool starts_with(const bytes& x, const std::array<std::uint8_t, N>& prefix) {
  return std::equal(prefix.begin(), prefix.end(), x.begin());
}

/// Numeric text to bytes; IPv4 mapped. `v4` tells which it was.
bool read_address(const std::string& text, bytes& out, bool& v4) {
  in_addr a4{};
  if (inet_pton(AF_INET, text.c_str(), &a4) == 1) {
    out = mapped(reinterpret_cast<const std::uint8_t*>(&a4));
    v4 = true;
    return true;
  }
  v4 = false;
  return inet_pton(AF_INET6, text.c_str(), out.data()) == 1;
}

} // namespace

bool address_policy::network::holds(const bytes& x) const {
  const unsigned whole = bits / 8, rest = bits % 8;
  if (!std::equal(base.begin(), base.begin() + whole, x.begin())) return false;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  return (base[whole] & mask) == (x[whole] & mask);
}

result<address_policy::network> address_policy::parse(std::string_view text) {
  const fault wrong{fault_code::invalid_param,
                    "allowed_networks: '" + std::string{text} + "' is no network like 10.0.0.0/8 or fd00::/8"};
  const auto slash = text.find('/');
  network out;
  bool v4 = false;
  if (!read_address(std::string{text.substr(0, slash)}, out.base, v4)) return wrong;
  const unsigned width = v4 ? 32 : 128;
  unsigned bits = width;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > width) return wrong;
  }
  out.bits = bits + (v4 ? 96 : 0);
  return out;
}

result<address_policy> address_policy::make(const std::vector<std::string>& allowed_networks) {
  address_policy out;
  for (const auto& text : allowed_networks) {
    auto one = parse(text);
    if (!one) return one.error();
    out.allowed_.push_back(*one);
  }
  for (const auto text : special_networks) out.special_.push_back(*parse(text));
  return out;
}

bool address_policy::allows(const bytes& x) const {
  const auto in = [&x](const network& n) { return n.holds(x); };
  if (std::any_of(allowed_.begin(), allowed_.end(), in)) return true;
  if (std::any_of(special_.begin(), special_.end(), in)) return false;
  // A public prefix may carry a private IPv4 address to a translator or tunnel of the operator's network.
  if (starts_with(x, nat64_prefix)) return allows(mapped(x.data() + 12));
  if (x[0] == 0x20 && x[1] == 0x02) return allows(mapped(x.data() + 2));
  return true;
}

bool address_policy::allows(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    return allows(mapped(reinterpret_cast<const std::uint8_t*>(&in.sin_addr)));
  }
  if (address.sa_family == AF_INET6) {
    bytes x;
    std::memcpy(x.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, x.size());
    return allows(x);
  }
  return false;
}

bool address_policy::allows(std::string_view numeric_address) const {
  bytes x{};
  bool v4 = false;
  return read_address(std::string{numeric_address}, x, v4) && allows(x);
}

} // namespace causeway::gateway
