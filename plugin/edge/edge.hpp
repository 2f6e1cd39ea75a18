#pragma once
#include "config/edge_options.hpp"
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "plugin/edge/outbox.hpp"

#include <zmq.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace causeway::edge {

/// Where the gateway inside this process connects (DEALER, same zmq::context_t).
inline constexpr const char* inproc_gateway_endpoint = "inproc://causeway.gateway";

/// Takes what the edge has read. Called on the poller thread, perhaps before `edge::open` has returned: it must not
/// block for long, and may call `edge::send`.
class frame_sink {
public:
  virtual ~frame_sink() = default;
  /// A frame with a known verb; its header and body are not decoded. May not throw.
  virtual void on_frame(const connection& from, frame&& x) = 0;
  /// A frame to this connection could not be handed over: the connection is gone, or too slow by its queue's length.
  /// What was queued for it is dropped. May be told again for frames that were on their way. A peer that was only slow
  /// is heard of again.
  virtual void on_lost(const connection& gone) = 0;
};

/// An endpoint as it was bound.
struct bound_endpoint {
  role kind = role::chat;
  std::string address; ///< with the real port where `*` was asked for
  bool curve = false;
};

/// What the edge did so far.
struct counters {
  std::uint64_t frames_in = 0, frames_out = 0;
  std::uint64_t bad_frames = 0; ///< answered with ERROR bad_frame, too_large or unknown_verb
  std::uint64_t connections_lost = 0;
  std::uint64_t handshakes_refused = 0; ///< CURVE keys that are not on the list
  std::uint64_t frames_queued = 0;      ///< waiting now for peers that do not take them
};

/// The ZeroMQ side of the node: one poller thread owns every socket (a ROUTER per endpoint and the ZAP handler that
/// checks CURVE keys). Chat and admin endpoints carry messages of at most limits::chat_frame_bytes_max; a larger one is
/// answered with ERROR too_large, unless one frame of it is over limits::chat_transport_bytes_max, which ends the
/// connection. Gateway endpoints carry limits::gateway_frame_bytes_max.
///
/// ROUTER drops silently by default; here ROUTER_MANDATORY and DONTWAIT make a full or absent peer visible. A full peer
/// gets a bounded queue, and is given up when that is full.
///
/// libzmq bounds a message's parts, not their number: an admitted peer could send endless parts and make it buffer
/// them. So nobody is admitted but by file permission, loopback or an allowed CURVE key.
class edge {
public:
  /// Binds everything and starts the thread. Directories of ipc:// endpoints are made (0700), their sockets have mode
  /// 0600, a socket file that no one listens on is replaced.
  /// @param context  Must outlive this object. One edge per context: it serves the context's ZAP requests.
  /// @param heard  outlives this object, too, or its `stop`
  /// @returns invalid_param (endpoint, key file), forbidden (an endpoint others can reach and no CURVE),
  /// address_in_use, internal (the system refuses). The detail names the endpoint.
  static result<std::unique_ptr<edge>> open(zmq::context_t& context, const config::edge_options& options,
                                            frame_sink& heard);
  /// Stops the thread, closes all sockets. What was sent before is handed over, and leaves within half a second as the
  /// context is closed; what a full peer does not take is dropped: the store is the truth.
  ~edge();
  /// Stops the thread: when this returns nobody is told anything, and will not be; what is sent from then on is
  /// dropped. To be called before the pointer changes that owns this, where `heard` sends through it. Repeats are
  /// harmless.
  void stop();
  edge(const edge&) = delete;
  edge& operator=(const edge&) = delete;

  /// Hands a frame to the poller. Any thread. Never blocks on the network; order per connection is the order of the
  /// calls of one thread. A frame that cannot be delivered ends in `on_lost`.
  void send(const connection& to, frame body);
  /// Many at once, in this order: the poller is woken once.
  void send(std::vector<outgoing> frames);

  /// Admits these CURVE keys and no others from the next handshake on; connections that are there stay. Any thread.
  /// @returns invalid_param where there is no CURVE; what is wrong with the list itself is in the log, and the old one
  /// stays
  status admit(std::vector<config::edge_peer> peers);

  /// In the order bound: chat, gateway, in-process gateway, admin. `connection::endpoint` is the index.
  const std::vector<bound_endpoint>& endpoints() const;
  counters count() const;

private:
  edge();
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace causeway::edge
