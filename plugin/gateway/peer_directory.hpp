#pragma once
#include "plugin/gateway/discovery.hpp"
#include "plugin/gateway/expiring_cache.hpp"
#include "plugin/gateway/http_pool.hpp"
#include "plugin/gateway/resolver.hpp"
#include "plugin/gateway/well_known.hpp"

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace causeway::gateway {

/// Parts of an absolute https URL.
struct url_parts {
  std::string host; ///< IPv6 without brackets
  std::uint16_t port = 0;
  std::string target;
  /// Straight there, without discovery.
  route way() const;
};
/// Nothing for anything but an absolute https URL, also not for one with a user in it.
std::optional<url_parts> split_url(const std::string& text);

/// Finds the way to a homeserver: runs the `discovery` machine with real lookups, remembers their answers as long as
/// these allow, and lets requests that ask for the same thing wait for one lookup. One Asio thread only.
class peer_directory {
public:
  struct options {
    std::uint16_t well_known_port = 443; ///< tests have no port 443
    std::uint64_t random = 0;            ///< draws SRV orders; another one per process spreads the load
  };
  using route_found = std::function<void(result<route>)>;
  using addresses_found = std::function<void(result<std::vector<std::string>>)>;

  /// @pre `names` and `client` outlive this object
  peer_directory(resolver& names, http_pool& client, options settings);

  /// Faults: invalid_identifier, peer_unreachable (an SRV record says "not offered"), peer_unresolvable (a lookup of
  /// SRV records failed and there may be some). Calls back at once when every answer is remembered. Whatever else fails
  /// on the way falls through to the next rule, so this always ends.
  void find(const std::string& server_name, route_found done);
  /// Numeric addresses of `to`; none for an IP literal. Fault peer_unresolvable.
  void find_addresses(const hop& to, addresses_found done);
  /// No connection came about (refused, or another server's certificate): forgets the SRV records and addresses that
  /// led there, and doubts the well-known file, so that the next try looks again. A server that moved is found with the
  /// next attempt, not when its old answers expire.
  void forget(const std::string& server_name, const route& way);
  /// Whether the well-known file of that name is being fetched.
  bool asks_well_known(const std::string& server_name) const { return fetches_.contains(server_name); }

private:
  struct search {
    discovery machine;
    std::vector<route_found> waiting;
  };
  struct fetch; // one well-known file under way
  using delegation_found = std::function<void(std::optional<std::string>)>;

  void advance(const std::string& server_name, discovery_step step);
  void conclude(const std::string& server_name, const result<route>& end);
  void on_service_answer(const std::string& server_name, const std::string& service, result<resolver::services> answer);
  void fetch_well_known(const std::string& name, delegation_found done);
  void continue_fetch(std::shared_ptr<fetch> x);
  void on_fetched(std::shared_ptr<fetch> x, const https_outcome& outcome);
  void end_fetch(const fetch& x, std::optional<std::string> delegated);

  resolver& names_;
  http_pool& client_;
  options options_;
  well_known_cache well_known_;
  expiring_cache<std::vector<srv_record>> services_;
  expiring_cache<std::vector<std::string>> addresses_;
  std::unordered_map<std::string, search> searches_;
  std::unordered_map<std::string, std::vector<delegation_found>> fetches_;
  std::unordered_map<std::string, std::vector<addresses_found>> lookups_;
};

} // namespace causeway::gateway
