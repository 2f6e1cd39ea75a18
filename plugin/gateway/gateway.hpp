#pragma once
#include "config/gateway_options.hpp"
#include "messages/fault.hpp"
#include "plugin/gateway/attempt_gate.hpp"
#include "plugin/gateway/curve_keys.hpp"
#include "plugin/gateway/held_requests.hpp"
#include "plugin/gateway/link_bounds.hpp"
#include "plugin/gateway/link_session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace zmq {
class context_t;
}

namespace causeway::gateway {

/// What no operator has to set; tests do.
struct gateway_tuning {
  std::string name = "gateway"; ///< what HELLO says
  link_timing link;
  link_bounds bounds;
  attempt_gate::bounds attempts;
  std::chrono::milliseconds stop_timeout{10'000};     ///< open requests may finish this long after `stop`
  std::chrono::milliseconds certificate_check{5'000}; ///< the files of the certificate are looked at so often
  std::chrono::milliseconds write_window{10'000};     ///< over which the pace of reading answers is measured
  std::uint16_t well_known_port = 443;                ///< where other servers' well-known files are
  bool outbound = true;                               ///< false: the node is asked for no requests to other servers
  std::string server_name;                            ///< the node has to be of it; empty: of any
  held_requests::bounds held{};                       ///< while no node is there; none: they are answered with 503
};

/// Where another node may follow the one at hand: its end is noticed within two seconds, and requests wait for the next
/// one.
gateway_tuning tuning_for_successors();

/// HTTPS on one side, edge frames to the node on the other; no state, no key. Inbound requests become
/// `federation_request`, `http_request`s of the node become HTTPS requests with server discovery.
///
/// Threads: one (`options.threads` = 1) does everything, so a request costs no thread hop inside the gateway; with
/// more, one has the link and the client, and `options.threads` have the connections. No thread of the caller's is
/// used.
class gateway {
public:
  /// @param context        must outlive the gateway
  /// @param node_endpoint  the node's ROUTER: inproc://, ipc:// or tcp://; empty: `retarget` says it later
  /// @param keys           CURVE keys for the link; none: no CURVE
  gateway(config::gateway_options options, zmq::context_t& context, std::string node_endpoint,
          std::optional<curve_keys> keys = std::nullopt, gateway_tuning tuning = {});
  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;
  /// Stops, if nobody did.
  ~gateway();

  /// Reads certificates, binds the listeners, connects to the node, starts the threads. Call once.
  /// @returns faults invalid_param (what the option is, and why it is wrong) or internal (an address is taken)
  status start();
  /// Stops to accept, lets open requests both ways finish for up to `stop_timeout`, answers new ones of the node with
  /// fault stopping, then ends what is left and says BYE. Blocks; repeats are harmless. Afterwards the object can only
  /// be destroyed.
  void stop();

  /// Another node takes the requests from now on; empty: none does. What the one before has not answered is answered
  /// with 503, and its answers are not heard any more. Any thread. @pre `start` succeeded
  void retarget(std::string node_endpoint, std::optional<curve_keys> keys = std::nullopt);

  /// Bound ports, one per `options.listen`. @pre `start` succeeded
  std::vector<std::uint16_t> ports() const;
  /// Whether the node is there and takes requests.
  bool connected() const;
  /// Reads the certificate again, for connections from now on; on a fault the old one stays. Any thread. It is also
  /// read again by itself when its files change.
  status reload_certificate();

  /// What an operator asks for.
  struct counts {
    std::size_t connections = 0;       ///< inbound, open
    std::size_t waiting_for_node = 0;  ///< inbound requests the node has not answered
    std::size_t outgoing_requests = 0; ///< requests of the node that are under way
    /// Of these the ones that wait for their turn, since their servers were not heard of lately.
    std::size_t outgoing_waiting = 0;
    std::uint64_t crowded_out = 0;     ///< connections refused or ended, ever, because there was no place for all
    std::uint64_t slow_readers = 0;    ///< connections cut off, ever, because an answer was read too slowly
    std::uint64_t answers_refused = 0; ///< questions answered with 429, ever, because earlier answers were not read
    std::size_t unsent = 0;            ///< frames that wait, in order, because the node reads nothing
    std::uint64_t link_overflows = 0;  ///< how often, ever, more waited than may, and the node counted as gone
    std::size_t held_for_node = 0;     ///< inbound requests that wait for a node to be there
  };
  counts count() const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace causeway::gateway
