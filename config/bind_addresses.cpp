#include "config/bind_addresses.hpp"

#include "config/endpoints.hpp"

#include <arpa/inet.h>

#include <array>
#include <filesystem>
#include <optional>

namespace causeway::config {

namespace {

constexpr std::string_view every_ipv4 = "0.0.0.0";
constexpr std::string_view every_ipv6 = "::";

/// The same address always in the same letters.
std::string normal_ipv6(std::string_view text) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_pton(AF_INET6, std::string{text}.c_str(), &address) != 1) return std::string{text};
  return inet_ntop(AF_INET6, &address, out.data(), out.size());
}

/// "host:port" of a well-formed tcp endpoint or socket address.
void read_host_port(bind_address& out, std::string_view text) {
  const auto colon = text.rfind(':');
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  out.what = bind_address::kind::tcp;
  if (host.starts_with('[')) out.host = normal_ipv6(host.substr(1, host.size() - 2));
  else if (host == "*") out.host = every_ipv4;
  else if (host == "localhost" || host == "lo") out.host = "127.0.0.1";
  else out.host = host;
  // Leading zeros are the same port.
  const auto first = port.find_first_not_of('0');
  out.port = port == "*" || first == std::string_view::npos ? std::string_view{} : port.substr(first);
}

std::optional<bind_address> of_endpoint(std::string_view key, const std::string& text) {
  if (!check_endpoint(text)) return {};
  bind_address out;
  out.key = key;
  out.text = text;
  if (text.starts_with("tcp://")) {
    read_host_port(out, std::string_view{text}.substr(6));
  } else if (text.starts_with("ipc://")) {
    out.what = bind_address::kind::file;
    out.path = std::filesystem::path{text.substr(6)}.lexically_normal().string();
  } else {
    out.what = bind_address::kind::name;
    out.path = text;
  }
  return out;
}

std::optional<bind_address> of_socket_address(std::string_view key, const std::string& text) {
  if (!check_socket_address(text)) return {};
  bind_address out;
  out.key = key;
  out.text = text;
  read_host_port(out, text);
  return out;
}

bool is_ipv6(std::string_view host) { return host.find(':') != std::string_view::npos; }

} // namespace

std::vector<bind_address> bind_addresses(const options& x, purpose what_for) {
  std::vector<bind_address> out;
  const auto add = [&out](std::optional<bind_address> one) {
    if (one) out.push_back(std::move(*one));
  };
  if (what_for == purpose::node) {
    for (const auto& text : x.edge.chat_endpoints) add(of_endpoint("edge.chat_endpoints", text));
    for (const auto& text : x.edge.gateway_endpoints) add(of_endpoint("edge.gateway_endpoints", text));
    if (!x.edge.admin_endpoint.empty()) add(of_endpoint("edge.admin_endpoint", x.edge.admin_endpoint));
    add(of_socket_address("admin.web_listen", x.admin.web_address()));
  }
  for (const auto& text : x.gateway.listen) add(of_socket_address("gateway.listen", text));
  return out;
}

bool overlap(const bind_address& a, const bind_address& b) {
  if (a.what != b.what) return false;
  if (a.what != bind_address::kind::tcp) return a.path == b.path;
  if (a.port.empty() || a.port != b.port) return false;
  if (a.host == b.host) return true;
  // A listener on [::] leaves IPv4 alone (v6_only); what an interface's name stands for is an address of it, mostly
  // IPv4.
  if (is_ipv6(a.host) != is_ipv6(b.host)) return false;
  const auto every = is_ipv6(a.host) ? every_ipv6 : every_ipv4;
  return a.host == every || b.host == every;
}

} // namespace causeway::config
