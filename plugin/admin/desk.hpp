#pragma once
#include "messages/edge/frame.hpp"
#include "plugin/admin/admin_protocol.hpp"
#include "plugin/admin/scatter_gather.hpp"
#include "plugin/admin/services.hpp"
#include "plugin/admin/views.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway::admin {

/// Success and a JSON object, or the JSON of a fault.
using reply_function = std::function<void(bool succeeded, std::string body)>;

/// One command that waits for its answer.
struct job {
  edge::role who = edge::role::inspector;
  std::string peer; ///< its name in the configuration; empty: the local socket
  arguments with;
  reply_function reply;
};

/// What is asked for one command, before it is asked.
struct questions {
  std::vector<std::pair<std::string, store::query>> store;
  std::vector<address> status; ///< at most one
  bool actors = false;
  std::string probed = {}; ///< server to be looked at from outside; empty: none
  /// A request to another server, signed, through its actor.
  struct peer {
    std::string part, server;
    peer_request request;
  };
  std::vector<peer> peers = {};
  /// Events of another server for a room, as if it had sent them.
  struct delivery {
    std::string part, room_id;
    pdus_received events;
  };
  std::vector<delivery> deliveries = {};
  std::optional<actors_request> ranked = {};
  std::optional<address> actor = {}; ///< instead of all `actors`
  std::int64_t timeout_ms = 3'000;
  std::size_t size() const {
    return store.size() + status.size() + (actors ? 1 : 0) + (probed.empty() ? 0 : 1) + peers.size() +
           deliveries.size() + (ranked ? 1 : 0) + (actor ? 1 : 0);
  }
};

/// What the verbs work with: it asks the node, waits within bounds, and answers. Thread-safe. May be destroyed while
/// answers are outstanding: they are dropped.
class desk : public std::enable_shared_from_this<desk> {
public:
  /// Composes the answer of what was gathered. Called on any thread.
  using compose = std::function<void(desk&, const job&, const query_results&)>;
  using compose_function = void (*)(desk&, const job&, const query_results&);

  /// @param with  outlives this, and those who wait for an answer of it
  desk(identity who, services& with) : who_(std::move(who)), with_(with) {}

  const identity& who() const { return who_; }
  services& node() const { return with_; }
  std::int64_t now_ms() const { return with_.now_ms(); }

  /// Asks all questions at once; `then` runs when the answers are there or the deadline has passed. Refuses the job
  /// with `overloaded` when too many are under way.
  void gather(const job& work, questions ask, compose then);

  /// Writes down that the command was given; `run` begins when that is on disk, and the outcome is written before it is
  /// answered.
  void keep_audit(std::string_view verb, const job& work, std::function<void(desk&, const job&)> run);

  void answer(const job& work, const views::view& x) const;
  void refuse(const job& work, const fault& why) const;

  /// Ends commands that have waited for more than `answer_timeout_ms`, with what is known by then.
  void expire();

  static constexpr std::int64_t answer_timeout_ms = 3'000;
  /// A command whose row took longer to write is not carried out.
  static constexpr std::int64_t audit_patience_ms = 10'000;
  /// Commands under way before further ones are answered with `overloaded`.
  static constexpr std::size_t open_commands_max = 64;

private:
  bool admit(const std::shared_ptr<scatter_gather>& x);

  const identity who_;
  services& with_;
  std::mutex mutex_;
  std::int64_t last_audit_ = 0;                       ///< guarded by mutex_
  std::vector<std::shared_ptr<scatter_gather>> open_; ///< guarded by mutex_
};

} // namespace causeway::admin
