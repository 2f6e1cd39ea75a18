#include "config/endpoints.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

namespace causeway::config {

namespace {

struct host_port {
  std::string host; ///< without brackets
  std::string_view port;
  bool bracketed = false;
};

std::optional<host_port> split(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  host_port out;
  auto host = text.substr(0, colon);
  out.port = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
    out.bracketed = true;
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt; // an IPv6 address needs its brackets, or the port is a guess
  }
  out.host = host;
  return out;
}

bool is_number(std::string_view text, unsigned most) {
  unsigned n = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc{} && end == text.data() + text.size() && n <= most;
}

bool is_ipv4(const std::string& text) {
  in_addr out{};
  return inet_pton(AF_INET, text.c_str(), &out) == 1;
}

bool is_ipv6(const std::string& text) {
  in6_addr out{};
  return inet_pton(AF_INET6, text.c_str(), &out) == 1;
}

bool has_odd_byte(std::string_view text) {
  for (char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return true;
  return false;
}

fault wrong(std::string_view text, std::string_view why) {
  return {fault_code::invalid_param, "\"" + std::string{text} + "\" " + std::string{why}};
}

} // namespace

status check_endpoint(std::string_view endpoint) {
  if (has_odd_byte(endpoint)) return wrong(endpoint, "holds a space or control character.");
  if (endpoint.starts_with("ipc://")) {
    auto path = endpoint.substr(6);
    // sockaddr_un::sun_path holds 108 bytes with its NUL.
    if (path.empty() || path.size() > 107) return wrong(endpoint, "must name a path of 1..107 bytes after ipc://.");
    return ok();
  }
  if (endpoint.starts_with("inproc://")) {
    if (endpoint.size() == 9) return wrong(endpoint, "must have a name after inproc://.");
    return ok();
  }
  if (endpoint.starts_with("tcp://")) {
    auto parts = split(endpoint.substr(6));
    if (!parts) return wrong(endpoint, "must be tcp://host:port (an IPv6 address in brackets).");
    if (parts->port != "*" && !is_number(parts->port, 65'535)) return wrong(endpoint, "has no port in 0..65535.");
    if (parts->bracketed && !is_ipv6(parts->host)) return wrong(endpoint, "has no IPv6 address in its brackets.");
    return ok();
  }
  return wrong(endpoint, "must begin with ipc://, tcp:// or inproc://.");
}

bool is_remote_endpoint(std::string_view endpoint) {
  if (!endpoint.starts_with("tcp://")) return false;
  auto parts = split(endpoint.substr(6));
  if (!parts) return true;
  if (parts->bracketed) return parts->host != "::1";
  // Only literal addresses: what `localhost` means is for the resolver to say, and a name like 127.example.org is no
  // loopback.
  return !(is_ipv4(parts->host) && parts->host.starts_with("127.")) && parts->host != "localhost" &&
         parts->host != "lo";
}

status check_socket_address(std::string_view text) {
  auto parts = split(text);
  if (!parts || !is_number(parts->port, 65'535))
    return wrong(text, "must be ip:port with a port in 0..65535 (an IPv6 address in brackets).");
  if (parts->bracketed ? !is_ipv6(parts->host) : !is_ipv4(parts->host))
    return wrong(text, "must name an IP address, not a host name.");
  return ok();
}

status check_network(std::string_view text) {
  auto slash = text.find('/');
  std::string host{text.substr(0, slash)};
  bool v6 = is_ipv6(host);
  if (!v6 && !is_ipv4(host)) return wrong(text, "must be a network such as 10.0.0.0/8 or fd00::/8.");
  if (slash != std::string_view::npos && !is_number(text.substr(slash + 1), v6 ? 128 : 32))
    return wrong(text, v6 ? "has no prefix length in 0..128." : "has no prefix length in 0..32.");
  return ok();
}

bool is_curve_key(std::string_view text) {
  static constexpr std::string_view alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  return text.size() == 40 && text.find_first_not_of(alphabet) == std::string_view::npos;
}

} // namespace causeway::config
