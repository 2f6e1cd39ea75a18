#pragma once
#include "config/options.hpp"
#include "plugin/edge/chat_relay.hpp"
#include "plugin/gateway/curve_keys.hpp"
#include "plugin/node_addresses.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_serving_watch.hpp"
#include "plugin/store/seat.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace causeway {

/// The chat endpoints of a node that stands by: chat servers that connect there speak to the node that serves
/// (`edge::chat_relay`). When they are open: `serving_watch`.
class chat_forwarder {
public:
  using patience = serving_watch::patience;
  /// Where this node tells others how chat servers reach it; without that one that stands by takes none.
  static bool is_wanted(const config::options& options) { return !told_chat_addresses(options.edge).empty(); }

  /// @param options  outlive this
  chat_forwarder(const config::options& options, node_log& log, patience how_long);
  chat_forwarder(const config::options& options, node_log& log) : chat_forwarder(options, log, patience{}) {}
  ~chat_forwarder(); ///< closes
  chat_forwarder(const chat_forwarder&) = delete;

  /// Who has the store at this moment, several times a second. By one thread.
  void see(const store::store_in_use& by);
  /// Chat servers are taken, and somebody serves. Any thread.
  bool is_up() const;
  /// Tells chat servers to connect again, and closes the endpoints. By the thread that sees.
  void close();
  /// As bound; none: closed.
  std::vector<std::string> addresses() const;

private:
  void follow(const store::store_in_use& by);
  void go_to(const std::string& endpoint, std::optional<gateway::curve_keys> keys);
  void open(const std::string& node, const std::string& endpoint, std::optional<gateway::curve_keys> keys);
  void complain(const std::string& node, const std::string& why);
  bool is_open() const;

  const config::options& options_;
  node_log& log_;
  serving_watch watch_;
  mutable std::mutex mutex_; ///< guards what follows
  std::unique_ptr<edge::chat_relay> relay_;
  std::string target_; ///< of `relay_`; empty: nobody serves
};

} // namespace causeway
