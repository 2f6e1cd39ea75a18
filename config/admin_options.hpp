#pragma once
#include <algorithm>
#include <string>
#include <vector>

namespace causeway::config {

/// `[admin]`: what operators and their monitoring see over HTTP.
struct admin_options {
  /// `ip:port`, or a port alone on loopback. Empty: nowhere.
  std::string web_listen;
  /// File with the token that operators and Prometheus show; mode 0600. Whatever changes something needs one, and
  /// everything does where other machines reach `web_listen`.
  std::string web_token_file;
  /// Host names under which a proxy hands requests on; literal addresses and localhost always do.
  std::vector<std::string> web_hosts;
  /// Servers with a metric of their own: when the last PDU came from them and went to them. At most 64.
  std::vector<std::string> metrics_servers;

  /// As `ip:port`.
  std::string web_address() const {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const bool is_port = !web_listen.empty() && std::all_of(web_listen.begin(), web_listen.end(), is_digit);
    return is_port ? "127.0.0.1:" + web_listen : web_listen;
  }
};

/// Each is a label of two metrics.
inline constexpr std::size_t metrics_servers_max = 64;
/// Shorter ones can be guessed.
inline constexpr std::size_t web_token_bytes_min = 16;

} // namespace causeway::config
