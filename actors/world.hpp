#pragma once
#include "actors/effects.hpp"

#include <functional>

namespace causeway {

/// Everything outside the actors, as far as the shell needs it: the store, the two edges, the clock, the log. The node
/// implements it with real hands (plugin/node_world.hpp), the simulation with a faulty network and a clock that is a
/// number. Thread-safe. Callbacks may come from any thread, also before the call returns.
class world {
public:
  virtual ~world() = default;
  virtual time_ms now() const = 0;
  /// `failed` is shared by the batches of one incarnation: after the first that fails none of the others is
  /// written. What others are told of the commit is told under `trace`.
  virtual void commit(store::store_batch batch, trace_id trace, std::shared_ptr<std::atomic<bool>> failed,
                      std::function<void(result<store::commit_outcome>)> done) = 0;
  virtual void ask(store::query question, std::function<void(std::shared_ptr<const store::answer>)> done) = 0;
  /// To a gateway: a request that is answered by `http_answered` to remote_server `x.server_name`, under the same
  /// trace.
  virtual void send(gateway::http_request x, trace_id trace) = 0;
  /// To a gateway: our answer to another server.
  virtual void send(federation_reply x, trace_id trace) = 0;
  /// All frames of one decision: the edge is woken once.
  virtual void send(std::vector<send_frame> x) = 0;
  /// To the operator: one of the messages of `protocol<actor_kind::inspector>`.
  virtual void inspect(message x) = 0;
  /// To the media store: one of the messages of `protocol<actor_kind::media>`.
  virtual void media(message x) = 0;
  /// To the node: before it returns, each actor has the new settings in its mailbox, or gets them when it is made.
  virtual void switch_federation(federation_switches now) = 0;
  virtual void log(const note& x, const address& who) = 0;
  /// Sees each message on its way to an actor, for counts. Must be quick: it is called for all of them.
  virtual void passes(const address& to, const message& body) {
    (void)to;
    (void)body;
  }
};

} // namespace causeway
