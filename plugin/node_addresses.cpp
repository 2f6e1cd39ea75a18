#include "plugin/node_addresses.hpp"

#include <algorithm>

namespace causeway {
namespace {

constexpr std::string_view gateway_word = "gateway=", chat_word = "chat=";
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

bool is_one_word(std::string_view x) { return x.find(' ') == std::string_view::npos; }

/// The first word of that kind, without what it begins with.
std::string first_of(std::string_view kind, std::string_view words) {
  while (!words.empty()) {
    const auto space = words.find(' ');
    const auto word = words.substr(0, space);
    if (word.starts_with(kind)) return std::string{word.substr(kind.size())};
    words = space == std::string_view::npos ? std::string_view{} : words.substr(space + 1);
  }
  return {};
}

} // namespace

std::string address_words(const config::edge_options& options) {
  auto all = options.gateway_endpoints;
  if (!all.empty() && !options.gateway_address.empty()) all = {options.gateway_address};
  std::erase_if(all, [](const std::string& x) { return !is_for_others(x) || !is_one_word(x); });
  std::stable_partition(all.begin(), all.end(), [](const std::string& x) { return x.starts_with(network_scheme); });
  std::string words;
  for (const auto& x : all) words.append(words.empty() ? "" : " ").append(gateway_word).append(x);
  for (const auto& x : told_chat_addresses(options)) words.append(words.empty() ? "" : " ").append(chat_word).append(x);
  return words;
}

std::vector<std::string> told_chat_addresses(const config::edge_options& options) {
  if (options.gateway_endpoints.empty()) return {};
  auto all = options.chat_endpoints;
  if (!options.chat_address.empty()) all = {options.chat_address};
  // A socket file is for chat servers of this machine, and on another one the same name is another file.
  std::erase_if(
    all, [](const std::string& x) { return !x.starts_with(network_scheme) || !is_for_others(x) || !is_one_word(x); });
  return all;
}

std::vector<std::string> unreachable_chat_addresses(const config::edge_options& options) {
  if (options.gateway_endpoints.empty() || !options.chat_address.empty()) return {};
  auto all = options.chat_endpoints;
  std::erase_if(all, [](const std::string& x) { return !x.starts_with(network_scheme) || is_for_others(x); });
  return all;
}

std::vector<std::string> unreachable_addresses(const config::edge_options& options) {
  if (!options.gateway_address.empty()) return {};
  auto all = options.gateway_endpoints;
  std::erase_if(all, is_for_others);
  return all;
}

std::string gateway_address_in(std::string_view endpoints) { return first_of(gateway_word, endpoints); }

std::string chat_address_in(std::string_view endpoints) { return first_of(chat_word, endpoints); }

} // namespace causeway
