#pragma once
#include "actors/context.hpp"
#include "actors/doors.hpp"
#include "actors/effects.hpp"
#include "plugin/store/engine.hpp"
#include "tests/simulation/world.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace causeway::simulation {

/// A machine without its kind.
class hosted_machine {
public:
  virtual ~hosted_machine() = default;
  virtual effects on(const message& m, time_ms now) = 0;
  virtual std::string describe(time_ms now) const = 0;
};

/// One broker: the machines of actors/ in the place of CAF actors, driven by the same rules as actors/shell.cpp and
/// actors/supervisor (persist then tell, timers by name, restart after a failure), on the real SQLite engine. A crash
/// loses all but what the engine has committed.
class broker {
public:
  broker(world& w, std::size_t index, std::string server_name, std::string room_version,
         std::uint32_t invitation_lifetime_h);
  ~broker();

  void start();
  void crash();
  bool is_up() const { return up_; }
  const std::string& server_name() const { return server_name_; }
  const context& node() const { return *context_; }

  /// From the chat side: a command whose id is unused.
  void command(command_received m);
  /// From the network. `answer` is called at most once; not at all when the broker crashes first.
  void receive(gateway::federation_request x, std::function<void(int status, std::string body)> answer);
  /// What is committed.
  store::answer read(const store::query& q);
  template <class T>
  T read_as(const store::query& q) {
    return std::get<T>(read(q));
  }
  void commit_beside(store::store_batch batch); ///< a batch of the chat side (acknowledgements)

  /// Kinds and keys of the actors that exist, with what they say of themselves.
  std::vector<std::pair<address, std::string>> actors() const;
  std::uint64_t failures() const { return failures_; }
  std::size_t open_requests() const { return inbound_.size(); } ///< of other servers, not yet answered
  /// Ends one actor as a broken invariant would: it is rebuilt from the store.
  void fail_actor(const address& who);

private:
  struct cell;
  struct child;
  using cell_ptr = std::shared_ptr<cell>;

  void deliver(const std::string& from, const address& to, message m);
  void route(const address& to, message m);
  known_keys* known_of(actor_kind kind) const;
  const door* door_of(actor_kind kind) const;
  void open_doors();
  void make(const address& who, child& c);
  void handle(const cell_ptr& c, const message& m);
  void perform(const cell_ptr& c, effects list);
  void perform_one(const cell_ptr& c, persist& p);
  void perform_one(const cell_ptr& c, tell& t);
  void perform_one(const cell_ptr& c, ask_store& a);
  void perform_one(const cell_ptr& c, wake_me_at& w);
  void perform_one(const cell_ptr& c, finish& f);
  void perform_one(const cell_ptr& c, note& n);
  void perform_one(const cell_ptr&, causeway::hops&) {} // nobody listens
  void committed(const cell_ptr& c, std::uint64_t sequence, const fault& why);
  void consider_end(const cell_ptr& c);
  void failed(const address& who, const std::string& why, bool expected);
  std::unique_ptr<hosted_machine> machine_of(const address& who);

  // -- the store's thread
  struct waiting_batch {
    store::store_batch batch;
    std::shared_ptr<bool>
      failed; ///< an earlier batch of the same actor failed: nothing that rests on it may be written
    std::function<void(result<store::commit_outcome>)> done;
  };
  struct waiting_query {
    store::query question;
    std::function<void(store::answer)> done;
  };
  void submit(store::store_batch batch, std::shared_ptr<bool> failed,
              std::function<void(result<store::commit_outcome>)> done);
  void ask(store::query q, std::function<void(store::answer)> done);
  void wake_store();
  void store_turn();

  // -- the gateway edge
  void request(const gateway::http_request& x);
  std::string keys_document();

  /// After `delay` on this incarnation of the broker only.
  void later(time_us delay, std::function<void()> what);
  time_us hop();

  world& world_;
  const std::size_t index_;
  const std::string server_name_, room_version_;
  const std::uint32_t invitation_lifetime_h_;
  matrix::signing_key key_;
  std::unique_ptr<store::engine> disk_;
  std::unique_ptr<context> context_;
  std::string directory_seed_;
  bool up_ = false;
  std::uint64_t epoch_ = 0, failures_ = 0;
  std::map<std::pair<int, std::string>, child> children_;
  std::shared_ptr<known_keys> known_rooms_, known_invitations_;
  std::unique_ptr<door> room_door_, invitation_door_;
  std::map<std::pair<std::string, int>, time_us> channels_; ///< FIFO of (sender, kind)
  std::deque<std::variant<waiting_batch, waiting_query>> store_queue_;
  bool store_awake_ = false;
  std::map<std::uint64_t, std::function<void(int, std::string)>> inbound_;
  std::uint64_t last_inbound_ = 0;
};

} // namespace causeway::simulation
