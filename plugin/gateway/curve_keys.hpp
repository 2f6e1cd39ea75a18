#pragma once
#include <string>

namespace causeway::gateway {

/// CURVE keys of the link to the node, Z85 (40 characters each).
struct curve_keys {
  std::string node_public;
  std::string own_public;
  std::string own_secret;
};

} // namespace causeway::gateway
