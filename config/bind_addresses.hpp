#pragma once
#include "config/options.hpp"
#include "config/validate.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What this process binds, and whether two of these are the same place.
namespace causeway::config {

/// One address or socket file as the configuration names it.
struct bind_address {
  enum class kind : std::uint8_t { tcp, file, name };
  std::string key;  ///< option it stands in
  std::string text; ///< as written
  kind what = kind::tcp;
  std::string host; ///< of tcp: literal address, "0.0.0.0" or "::" for all of its family, else the name of an interface
  std::string port; ///< of tcp; empty: any free one
  std::string path; ///< of a file: normal form; of a name (inproc): itself
};

/// Everything that is bound by a node (a gateway of its own: `gateway.listen` alone), in the order of the options.
/// What is malformed is left out.
std::vector<bind_address> bind_addresses(const options& x, purpose what_for);

/// Whether both cannot be bound: the same port at the same address, or at one that covers it; the same file or name.
bool overlap(const bind_address& a, const bind_address& b);

} // namespace causeway::config
