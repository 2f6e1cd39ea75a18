#pragma once
#include "config/loader.hpp"

#include <string>
#include <vector>

/// The commands that need no broker. Each prints to standard output and returns the exit code.
namespace causeway::tools {

/// Every problem of a configuration, the files it names included.
int check_config(const config::sources& from, bool gateway, bool json);

/// Every key with its value; with `origin` also where it comes from. @param only_set  leaves the defaults out
int show_config(const config::sources& from, bool origin, bool only_set, bool json);

int print_example_config();

/// causeway.toml(5), as troff.
int print_options_page();

/// How a gateway of its own reaches its node. What is empty comes from the configuration's [edge].
struct gateway_link {
  /// Endpoints, of each node that shares the store one; default: the first of edge.gateway_endpoints.
  std::vector<std::string> nodes;
  std::vector<std::string> node_keys; ///< their CURVE public keys, or one for all; none: no CURVE
  std::string secret_key_file;        ///< our CURVE secret key; default: edge.curve_secret_key_file
};
/// Runs a gateway of its own until SIGTERM.
int run_gateway(const config::sources& from, const gateway_link& link);

/// Makes a CURVE key in `file` (which must not exist) and prints its public half.
int make_curve_key(const std::string& file, bool json);

/// Gives the broker a new signing key; the former one goes on being published, as an old one. Refused while the broker
/// runs.
int rotate_key(const config::sources& from, bool json);

/// Replaces this process by the demo. Returns only when that fails.
int run_demo(const std::vector<std::string>& arguments);

int print_version(bool json);

} // namespace causeway::tools
