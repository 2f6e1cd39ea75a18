#pragma once
#include "actors/context.hpp"

#include <string>
#include <utility>

namespace causeway::remote_server {

/// Whose actor this is, and the node it runs in: what all components of the machine know.
struct homeserver {
  const context& node;
  const std::string name; ///< server name

  homeserver(const context& of, std::string server_name) : node(of), name(std::move(server_name)) {}

  const config::federation_options& options() const { return node.settings().federation; }
  /// Whether we federate with it. @returns federation_disabled, server_denied
  status admitted() const { return node.federates_with(name); }
  bool is_admitted() const { return bool{admitted()}; }
};

} // namespace causeway::remote_server
