#pragma once
#include "messages/edge/frame.hpp"
#include "messages/message.hpp"
#include "messages/probe.hpp"
#include "messages/store.hpp"
#include "plugin/admin/parked.hpp"
#include "plugin/admin/rows.hpp"
#include "plugin/admin/why_rows.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway::admin {

/// Who this broker is, for WELCOME and `keys`.
struct identity {
  std::string server_name;
  std::string version; ///< of the software
  std::string key_id, public_key_base64;
  std::string node_name = {}; ///< which node of those that share the store: its hops are told with that name
  supervision_limits supervision = {};
  /// Of those that share the store each has one of its own; 0: this one has it alone.
  std::int64_t incarnation = 0;
};

/// What the service needs of the node. Each function may be called from any thread and must not block; each callback is
/// to be called once, from any thread, also with a fault.
class services {
public:
  virtual ~services() = default;

  virtual void ask_store(store::query question, std::function<void(store::answer)> done) = 0;
  /// How one actor is, as a JSON object; an empty text when it is not in memory. Must not load it.
  virtual void ask_status(address who, std::function<void(std::string json)> done) = 0;
  virtual void list_actors(std::function<void(std::vector<actor_row>)> done) = 0;
  /// One of them; an empty list when it is not in memory.
  virtual void find_actor(address who, std::function<void(std::vector<actor_row>)> done) = 0;
  virtual void rank_actors(actors_request wanted, std::function<void(result<actors_ranked>)> done) = 0;
  /// Writes a batch; the callback gets ok when it is on disk.
  virtual void commit(store::store_batch batch, std::function<void(status)> done) = 0;
  virtual void tell(address to, message x) = 0;
  virtual void send(edge::connection to, edge::frame x) = 0;
  virtual std::int64_t now_ms() = 0; ///< milliseconds since 1970

  virtual std::vector<alarm_row> list_alarms() = 0;
  /// Why nothing is sent to a server and nothing taken from it; empty: it is not excluded.
  virtual std::string why_excluded(std::string_view server) = 0;
  /// Hops of an event that are kept, oldest first; `since_previous_ms` and `node` are not filled in.
  virtual std::vector<hop_row> find_hops(std::string_view event_id) = 0;
  /// Events of a transaction with that id, ours or another server's, as far as their hops are kept.
  virtual std::vector<std::string> events_of_transaction(std::string_view id) = 0;
  /// Gateways that are connected; the session tells of chat servers.
  virtual std::vector<peer_row> list_gateways() = 0;
  /// Our TLS certificates, as others get them.
  virtual std::vector<certificate_row> list_certificates() = 0;
  struct trace_request {
    address who;
    std::size_t count = 0;
    std::int64_t seconds = 0;
    std::size_t every = 1;
  };
  using traced = std::function<void(result<std::vector<traced_row>>)>;
  /// Looks at one message of `every` of an actor, until it was `count` of them or `seconds` have passed, then tells
  /// what it has seen.
  virtual void trace_actor(trace_request wanted, traced done) = 0;
  /// Looks at a server from outside (messages/probe.hpp); at most a handful at once, further ones wait.
  virtual void probe(std::string server, std::function<void(causeway::probe::report)> done) = 0;
  /// A signed request to another server, through its actor.
  virtual void ask_peer(std::string server, peer_request question, std::function<void(peer_answer)> done) = 0;
  /// Events for a room, as if `events.origin` had sent them.
  virtual void hand_in(std::string room_id, pdus_received events, std::function<void(pdus_handled)> done) = 0;

  /// Whether this node serves. One that stands by answers what is about the nodes, and nothing else.
  virtual bool serves() = 0;
  /// Why a verb is not answered by this node; fault `none`: it is.
  virtual fault why_refused(std::string_view command) = 0;
  /// Who served a shared store, the latest first, at most `limit`.
  virtual void list_terms(std::size_t limit, std::function<void(result<std::vector<term_row>>)> done) = 0;
  /// Gives up this node's place, or its turn, and returns at once. @param has_successor  another one stands by
  virtual status drain(bool has_successor, const std::string& reason) = 0;
  /// It takes its turn again.
  virtual status undrain(const std::string& reason) = 0;
  /// Runs what the schema of the store still takes away; the callback gets a fault in words where that must wait.
  virtual void finish_upgrade(std::function<void(status)> done) = 0;
};

/// What not every node can do is answered here: nothing is known of it, or it is refused in words.
class few_services : public services {
public:
  void find_actor(address, std::function<void(std::vector<actor_row>)> done) override { done({}); }
  void rank_actors(actors_request, std::function<void(result<actors_ranked>)> done) override { done(actors_ranked{}); }
  std::vector<alarm_row> list_alarms() override { return {}; }
  std::string why_excluded(std::string_view) override { return {}; }
  std::vector<hop_row> find_hops(std::string_view) override { return {}; }
  std::vector<std::string> events_of_transaction(std::string_view) override { return {}; }
  std::vector<peer_row> list_gateways() override { return {}; }
  std::vector<certificate_row> list_certificates() override { return {}; }
  void trace_actor(trace_request, traced done) override {
    done(fault{fault_code::unrecognized, "actors are not traced here"});
  }
  void probe(std::string server, std::function<void(causeway::probe::report)> done) override {
    causeway::probe::report nothing;
    nothing.server_name = std::move(server);
    done(std::move(nothing));
  }
  void ask_peer(std::string server, peer_request, std::function<void(peer_answer)> done) override {
    peer_answer none;
    none.server_name = std::move(server);
    none.why = {fault_code::unrecognized, "other servers are not asked here"};
    done(std::move(none));
  }
  void hand_in(std::string, pdus_received, std::function<void(pdus_handled)> done) override { done({}); }
  bool serves() override { return true; }
  fault why_refused(std::string_view) override { return {}; }
  void list_terms(std::size_t, std::function<void(result<std::vector<term_row>>)> done) override {
    done(std::vector<term_row>{});
  }
  status drain(bool, const std::string&) override {
    return fault{fault_code::conflict,
                 "this broker has its store to itself: no other node can take its place; stop it"};
  }
  status undrain(const std::string&) override {
    return fault{fault_code::conflict, "this node serves; there is nothing to undo"};
  }
  void finish_upgrade(std::function<void(status)> done) override {
    done(fault{fault_code::unrecognized, "there is no store here that could be upgraded"});
  }
};

} // namespace causeway::admin
