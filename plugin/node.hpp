#pragma once
#include "actors/hops.hpp"
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/canary.hpp"
#include "plugin/node_place.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace causeway {

/// A whole broker in this process: store, actors, chat edge, gateway, operator's socket. `causewayd` is a thin main
/// over it, and a chat server may embed it (C API: plugin/causeway.h).
class node {
public:
  /// Starts everything; returns when the chat edge and the HTTPS listeners take connections.
  /// @param without_gateway  no HTTPS here: gateways of other processes connect to `edge.gateway_endpoints`
  /// A node whose store another one serves stands by until its turn comes (`node.standby`).
  /// @returns faults invalid_param, forbidden, store_failed, store_damaged, address_in_use, internal; the detail says
  /// what to do; stopping: `told.standing_by` gave it up
  static result<std::unique_ptr<node>> start(const config::options& options, bool without_gateway = false,
                                             node_events told = {});
  ~node(); ///< stops
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Takes no new requests, lets open ones finish (at most `node.stop_timeout_s`), commits what waits, tells the chat
  /// server (BYE), ends. Repeats are harmless.
  void stop();

  /// Takes over what can change while we run: the certificate is read again, the log opened anew at its level, and what
  /// of the options is reloadable (config/fields.hpp) counts from now on. Whatever else differs is named in the log and
  /// counts from the next start on; what fails is named too, and stays as it was.
  /// @pre `options` has no problems
  void reload(const config::options& options);

  /// Where chat servers connect: the endpoints as bound.
  std::vector<std::string> chat_endpoints() const;
  /// Bound HTTPS ports, one per `gateway.listen`.
  std::vector<std::uint16_t> gateway_ports() const;
  const std::string& server_name() const;
  /// The hops of events, for whoever wants to listen: nothing is kept before. Any thread.
  hop_ring& hops();
  /// What a watchdog asks: through CAF's scheduler, and through the store's writing thread. Not after `stop`.
  std::vector<canary::path> canary_paths();

private:
  node();
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace causeway
