#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_standby_answers.hpp"
#include "plugin/store/seat.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include <zmq.hpp>

namespace causeway {

/// The operator's socket of a node that stands by. It ends before the node serves: then the socket is the edge's.
class standby_desk final : private edge::frame_sink {
public:
  /// @param is_drained, about  as `standby_answers` has them
  /// @returns what edge::open says of the endpoint
  static result<std::unique_ptr<standby_desk>> open(const config::options& options, node_log& log,
                                                    std::shared_ptr<std::atomic<store::drained>> is_drained,
                                                    std::function<std::string()> about);
  ~standby_desk() override;
  standby_desk(const standby_desk&) = delete;

private:
  standby_desk(const config::options& options, node_log& log, std::shared_ptr<std::atomic<store::drained>> is_drained,
               std::function<std::string()> about);

  void on_frame(const edge::connection& from, edge::frame&& x) override;
  void on_lost(const edge::connection&) override {}

  zmq::context_t zmq_; ///< its end is that of the sockets: only then another one may bind them
  standby_answers answers_;
  std::unique_ptr<edge::edge> edge_;
  std::atomic<bool> is_open_ = false;
};

} // namespace causeway
