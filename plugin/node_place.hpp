#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/inspector/web_server.hpp"
#include "plugin/node_chat.hpp"
#include "plugin/node_forwarder.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_standby.hpp"
#include "plugin/store/seat.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace causeway {

/// What a node tells whoever started it, where several share a store.
struct node_events {
  /// Another node serves and this one stands by: several times a second, with a sentence. @returns false: the start is
  /// given up
  std::function<bool(const std::string& about)> standing_by = {};
  /// Another node has taken this one's place, which is not given back. By a thread of the node, before anybody hears of
  /// it. The node says nothing any more; whoever started it ends it.
  std::function<void()> replaced = {};
  /// An operator wants this node drained: it is to be stopped and started again, with the same events, and then stands
  /// by. By any thread, at once. Null: whoever started it does not do so.
  std::function<void()> hand_over = {};
  /// How much of a turn this node takes; null: every one. Outlives the node, which is another one after `hand_over`.
  std::shared_ptr<std::atomic<store::drained>> is_drained = {};
};

/// `node.name`, or what the machine is called.
std::string name_of_node(const config::options& options);

/// A node's place among those that share its store: it stands by while another one serves, and meanwhile answers the
/// health checks and, on the operator's socket and page, what is about the nodes, and passes requests of other servers
/// and connections of chat servers on.
///
/// Nodes of one machine may have one socket: it is that of the node that serves. So nobody opens it who stands by while
/// another one has its turn and does not listen yet, nor while the place has only just become free.
class node_place {
public:
  /// @param check  whether this node could serve if its turn came: asked once, before it stands by
  /// @param without_gateway  other processes have the HTTPS ports
  node_place(const config::options& options, node_log& log, node_events told, std::function<status()> check,
             bool without_gateway = false);

  /// For open_store. @pre this outlives the engine
  store::seat seat();
  /// @param has_turn  this node is to serve; false: its start has failed
  void stop_waiting(bool has_turn) {
    if (forwarder_) forwarder_->close(has_turn);
    if (chat_) chat_->close();
    desk_.reset();
    waiting_.reset();
    answers_.reset();
  }
  /// The node listens at all its endpoints: the others are told so.
  void listens() { *listens_ = true; }
  /// Of the node that serves: it gives its place up. @param has_successor  false: nobody will serve
  status drain(bool has_successor, const std::string& reason);
  /// From the moment on that it does: a sentence; before, nothing.
  std::string why_leaving();
  /// Null: the store is a file, and nobody else's.
  const std::shared_ptr<store::lease>& held() const { return held_; }

private:
  status wait(const store::store_in_use& by);
  status open_page();
  void tend_desk(const store::store_in_use& by);
  void open_desk();
  bool passes_on() const;
  std::vector<inspector::health_check> readiness(bool of_all_doors);
  std::string about();
  std::string why_left();

  const config::options& options_;
  node_log& log_;
  node_events told_;
  const std::function<status()> check_;
  std::shared_ptr<store::lease> held_;
  bool stands_by_ = false, is_checked_ = false;
  std::unique_ptr<node_forwarder> forwarder_; ///< null: no requests are passed on; outlives `waiting_`, which asks it
  std::unique_ptr<chat_forwarder> chat_;      ///< null: no chat servers are; the same
  const std::shared_ptr<std::atomic<bool>> forwards_ = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<standby_answers> answers_;       ///< to `waiting_`, which it outlives
  std::unique_ptr<inspector::web_server> waiting_; ///< null: not standing by, or admin.web_listen is empty
  std::unique_ptr<standby_desk> desk_;             ///< null: not standing by, or who serves may want the same socket
  std::string seen_;                               ///< whom this node waits for, as one word
  std::int64_t seen_since_ms_ = 0;                 ///< boot time
  bool is_desk_tried_ = false;                     ///< since then
  const std::shared_ptr<std::atomic<bool>> listens_ = std::make_shared<std::atomic<bool>>(false);
  std::mutex mutex_; ///< guards what follows
  std::string about_, why_drained_;
};

} // namespace causeway
