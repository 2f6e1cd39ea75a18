#include "plugin/node_addresses.hpp"

#include <algorithm>

namespace causeway {
namespace {

constexpr std::string_view gateway_word = "gateway=";
constexpr std::string_view network_scheme = "tcp://", file_scheme = "ipc://";

bool is_for_others(std::string_view endpoint) {
  if (endpoint.starts_with(file_scheme)) return true;
  if (!endpoint.starts_with(network_scheme)) return false;
  endpoint.remove_prefix(network_scheme.size());
  const auto colon = endpoint.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto host = endpoint.substr(0, colon), port = endpoint.substr(colon + 1);
  const auto is_any = [](std::string_view x) { return x == "*" || x == "0.0.0.0" || x == "[::]" || x == "::"; };
  return !is_any(host) && port != "*" && port != "0";
}

} // namespace

std::string address_words(const config::edge_options& options) {
  auto all = options.gateway_endpoints;
  std::erase_if(all, [](const std::string& x) { return !is_for_others(x) || x.find(' ') != std::string::npos; });
  std::stable_partition(all.begin(), all.end(), [](const std::string& x) { return x.starts_with(network_scheme); });
  std::string words;
  for (const auto& x : all) words.append(words.empty() ? "" : " ").append(gateway_word).append(x);
  return words;
}

std::vector<std::string> unreachable_addresses(const config::edge_options& options) {
  auto all = options.gateway_endpoints;
  std::erase_if(all, is_for_others);
  return all;
}

std::string gateway_address_in(std::string_view endpoints) {
  while (!endpoints.empty()) {
    const auto space = endpoints.find(' ');
    const auto word = endpoints.substr(0, space);
    if (word.starts_with(gateway_word)) return std::string{word.substr(gateway_word.size())};
    endpoints = space == std::string_view::npos ? std::string_view{} : endpoints.substr(space + 1);
  }
  return {};
}

} // namespace causeway
