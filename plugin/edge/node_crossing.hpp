#pragma once
#include "config/edge_options.hpp"
#include "messages/address.hpp"
#include "messages/fault.hpp"
#include "messages/message.hpp"
#include "plugin/edge/crossing_table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace causeway::edge {

/// Another node, as its row tells.
struct other_node {
  std::int64_t incarnation = 0;
  std::string endpoint;   ///< of its `node_crossing`: tcp://
  std::string public_key; ///< CURVE, Z85; empty: without
};

/// Takes what comes from other nodes. Called on the thread of the `node_crossing`: it must not block for long, and may
/// call it.
class crossing_sink {
public:
  virtual ~crossing_sink() = default;
  /// For an actor of a shard that this node has, or for the node itself. May not throw.
  virtual void on_message(std::int64_t from_node, const address& from, const address& to, message&& x) = 0;
  /// These actors of this node may wait for something that will not come: they are to be ended and made anew, and
  /// `forget` called when they have ended; for those that are not there any more, at once.
  virtual void on_lost(std::int64_t node, const std::vector<address>& actors) = 0;
  /// The rows of `shard` are wanted (`set_owners`).
  virtual void on_owners_wanted() = 0;
};

/// What it did so far.
struct crossing_counters {
  std::uint64_t frames_in = 0, frames_out = 0;
  std::uint64_t bad_frames = 0;   ///< not of a node of this homeserver, or not to be read
  std::uint64_t bad_messages = 0; ///< that came whole and could not be read: dropped
  std::uint64_t connections = 0;  ///< made by this side
  std::uint64_t handshakes_refused = 0;
};

/// The way between the nodes of a homeserver: messages of actors, each once and in order, over ZeroMQ with CURVE (role
/// node). A node binds one ROUTER, of which it only reads, and has a DEALER to each other node, to which it only
/// writes; what is said and to whom `crossing_table` decides. One thread owns all of it.
class node_crossing {
public:
  struct bounds {
    crossing_table::bounds table = {};
    int pipe_messages = 256; ///< to each node; what a pipe does not take waits in its link
  };
  struct identity {
    std::int64_t incarnation = 0;
    std::string server_name; ///< nodes of others are not heard
  };

  /// Binds `endpoint` with the rules of `edge::open`, CURVE keys and peers being those of `options`.
  /// @param heard  outlives this
  /// @returns as `edge::open`
  static result<std::unique_ptr<node_crossing>> open(const config::edge_options& options, const std::string& endpoint,
                                                     identity self, crossing_sink& heard, const bounds& most);
  static result<std::unique_ptr<node_crossing>> open(const config::edge_options& options, const std::string& endpoint,
                                                     identity self, crossing_sink& heard) {
    return open(options, endpoint, std::move(self), heard, bounds{});
  }
  /// Stops the thread and closes all sockets. What is under way may be lost: this incarnation ends with it.
  ~node_crossing();
  node_crossing(const node_crossing&) = delete;

  // Any thread; carried out in the order of the calls.

  /// All that live, this one or not. One whose endpoint has changed is connected anew, and its link goes on.
  void set_nodes(std::vector<other_node> live);
  void set_owners(const shard_owners& read);
  void take(shard_number shard, std::uint64_t epoch);
  void release(shard_number shard);
  /// To the owner of the actor's shard, which may be this node. @pre the message crosses
  void send(const address& from, const address& to, const message& x);
  /// To what is of that node.
  void send_to(std::int64_t node, const address& from, const address& to, const message& x);
  void forget(const address& ended);

  /// As bound.
  const std::string& endpoint() const;
  crossing_counters count() const;

private:
  node_crossing();
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace causeway::edge
