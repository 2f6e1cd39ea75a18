#pragma once
#include "messages/edge/frame.hpp"
#include "messages/message.hpp"
#include "messages/probe.hpp"
#include "messages/store.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/admin/why_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace causeway::admin {

/// Who this broker is, for WELCOME and `keys`.
struct identity {
  std::string server_name;
  std::string version; ///< of the software
  std::string key_id, public_key_base64;
  std::string node_name = {}; ///< which node of those that share the store: its hops are told with that name
};

/// What the service needs of the node. Each function may be called from any thread and must not block; each callback is
/// to be called once, from any thread, also with a fault.
struct services {
  std::function<void(store::query, std::function<void(store::answer)>)> ask_store;
  /// How one actor is, as a JSON object; an empty text when it is not in memory. Must not load it.
  std::function<void(address, std::function<void(std::string json)>)> ask_status;
  std::function<void(std::function<void(std::vector<actor_row>)>)> list_actors;
  /// Writes a batch; the callback gets ok when it is on disk.
  std::function<void(store::store_batch, std::function<void(status)>)> commit;
  std::function<std::vector<alarm_row>()> list_alarms = [] { return std::vector<alarm_row>{}; };
  std::function<std::string(std::string_view server)> why_excluded = [](std::string_view) { return std::string{}; };
  /// Hops of an event that are kept, oldest first; `since_previous_ms` and `node` are not filled in.
  std::function<std::vector<hop_row>(std::string_view event_id)> find_hops = [](std::string_view) {
    return std::vector<hop_row>{};
  };
  /// Events of a transaction with that id, ours or another server's, as far as their hops are kept.
  std::function<std::vector<std::string>(std::string_view transaction)> events_of_transaction = [](std::string_view) {
    return std::vector<std::string>{};
  };
  /// Gateways that are connected; the session tells of chat servers.
  std::function<std::vector<peer_row>()> list_gateways = [] { return std::vector<peer_row>{}; };
  /// Looks at one message of `every` of an actor, until it was `count` of them or `seconds` have passed, then tells
  /// what it has seen.
  struct trace_wanted {
    address who;
    std::size_t count = 0;
    std::int64_t seconds = 0;
    std::size_t every = 1;
  };
  using traced = std::function<void(result<std::vector<traced_row>>)>;
  std::function<void(trace_wanted, traced)> trace_actor = [](const trace_wanted&, const traced& done) {
    done(fault{fault_code::unrecognized, "actors are not traced here"});
  };
  /// Looks at a server from outside (messages/probe.hpp); at most a handful at once, further ones wait.
  std::function<void(std::string server, std::function<void(probe::report)>)> probe;
  /// A signed request to another server, through its actor.
  std::function<void(std::string server, peer_request, std::function<void(peer_answer)>)> ask_peer;
  /// Events for a room, as if `events.origin` had sent them.
  std::function<void(std::string room_id, pdus_received events, std::function<void(pdus_handled)>)> hand_in;
  /// Our TLS certificates, as others get them.
  std::function<std::vector<certificate_row>()> list_certificates = [] { return std::vector<certificate_row>{}; };
  /// Whether this node serves. One that stands by answers what is about the nodes, and nothing else.
  bool serves = true;
  /// Why a verb is not answered by this node; fault `none`: it is.
  std::function<fault(std::string_view verb)> why_refused = [](std::string_view) { return fault{}; };
  /// Who served a shared store, the latest first, at most `limit`.
  std::function<void(std::size_t limit, std::function<void(result<std::vector<term_row>>)>)> list_terms =
    [](std::size_t, const std::function<void(result<std::vector<term_row>>)>& done) { done(std::vector<term_row>{}); };
  /// Gives up this node's place, or its turn, and returns at once. @param has_successor  another one stands by
  std::function<status(bool has_successor, const std::string& reason)> drain = [](bool, const std::string&) -> status {
    return fault{fault_code::conflict,
                 "this broker has its store to itself: no other node can take its place; stop it"};
  };
  /// It takes its turn again.
  std::function<status(const std::string& reason)> undrain = [](const std::string&) -> status {
    return fault{fault_code::conflict, "this node serves; there is nothing to undo"};
  };
  std::function<void(address, message)> tell;
  std::function<void(edge::connection, edge::frame)> send;
  std::function<std::int64_t()> now_ms; ///< milliseconds since 1970
};

} // namespace causeway::admin
