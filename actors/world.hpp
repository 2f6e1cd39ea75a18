#pragma once
#include "actors/effects.hpp"

#include <functional>

namespace causeway {

/// Everything outside the actors, as far as the shell needs it: the store, the two edges, the clock, the log. The node
/// implements it with real hands (plugin/node.cpp), the simulation with a faulty network and a clock that is a number.
/// Thread-safe. Callbacks may come from any thread, also before the call returns.
class world {
public:
  virtual ~world() = default;
  virtual time_ms now() const = 0;
  /// `failed` is shared by the batches of one life of an actor: after the first that fails none of the others is written.
  virtual void commit(store::store_batch batch, std::shared_ptr<std::atomic<bool>> failed,
                      std::function<void(result<store::commit_outcome>)> done) = 0;
  virtual void ask(store::query question, std::function<void(std::shared_ptr<const store::answer>)> done) = 0;
  /// To a gateway: a request that is answered by `http_answered` to remote_server `x.server_name`.
  virtual void send(gateway::http_request x) = 0;
  /// To a gateway: our answer to another server.
  virtual void send(federation_reply x) = 0;
  /// All frames of one decision: the edge is woken once.
  virtual void send(std::vector<send_frame> x) = 0;
  /// To the operator: the answer to a `status_wanted`.
  virtual void send(status_told x) = 0;
  /// To the media store: one of the messages of `protocol<actor_kind::media>`.
  virtual void media(message x) = 0;
  virtual void log(const note& x, const address& who) = 0;
};

} // namespace causeway
