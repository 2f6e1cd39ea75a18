#pragma once
#include "messages/edge/frame.hpp"
#include "messages/fault.hpp"
#include "messages/room.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// What the session actor hears: the chat side of the node. There is one per node; of each peer it holds cursors,
/// credit and open commands.
namespace causeway {

/// edge -> session: a frame of one connection of this peer.
struct frame_received {
  edge::connection from;
  edge::frame body;
};
/// edge -> session: the connection is gone, or a frame to it could not be handed over.
struct connection_lost {
  edge::connection from;
};
/// node -> session: this process ends. Every peer is told so (BYE), and who comes now is sent away.
struct node_stopping {};
/// session -> edge.
struct send_frame {
  edge::connection to;
  edge::frame body;
};

/// session -> directory: a command, decoded, its idempotency key unused so far.
struct command_received {
  command_reference reference;
  std::shared_ptr<const chat::command> body;

  static void fields(auto& f, auto& x) {
    f.required("reference", x.reference);
    f.required("body", x.body);
  }
};

/// room, invitation, directory, media -> session: the RESULT, after the commit.
struct command_done {
  command_reference reference;
  bool succeeded = true;
  std::string body; ///< msgpack: answer, or {code, message, detail, retryable}

  static void fields(auto& f, auto& x) {
    f.required("reference", x.reference);
    f.optional("succeeded", x.succeeded);
    f.optional("body", x.body);
  }
};

/// store -> session: streams grew.
struct outbox_advanced {
  std::map<std::uint32_t, std::int64_t> heads; ///< stream -> highest cursor
  /// What was appended, by stream; null or incomplete: it can be read. Moved out by the session, the one reader.
  std::shared_ptr<std::map<std::uint32_t, std::vector<store::outbox_row>>> rows = nullptr;
};

/// store -> session: it does not write (`why` says so: a full disk, a file that is gone), or writes again (none).
/// Nothing that waits for it is lost.
struct store_state_changed {
  fault why;
};

/// node -> session: the clock is wrong (`why` says so, and what to do), so nothing new is signed; or right again
/// (none). Told every second while it is wrong.
struct clock_state_changed {
  fault why;
};

/// session -> directory: the chat server has connected, or its last connection is gone.
struct chat_server_seen {
  bool is_there = false;

  static void fields(auto& f, auto& x) { f.required("is_there", x.is_there); }
};

/// supervisor -> session: the actor that was to carry these commands out has failed before it said how they ended.
struct commands_lost {
  std::vector<command_reference> references;
  fault why;

  static void fields(auto& f, auto& x) {
    f.required("references", x.references);
    f.required("why", x.why);
  }
};

/// Anyone -> session: an ephemeral notification; newest of a key wins when there is no credit.
struct ephemeral_notification {
  std::string name;
  std::string key;
  std::string body; ///< msgpack

  static void fields(auto& f, auto& x) {
    f.required("name", x.name);
    f.optional("key", x.key);
    f.optional("body", x.body);
  }
};

} // namespace causeway
