#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/node_cluster.hpp"
#include "plugin/node_log.hpp"
#include "plugin/store/seat.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zmq.hpp>

namespace causeway {

/// The operator's socket of a node that stands by: who serves, who did, and whether this node is to. Whatever else is
/// asked is refused, with the name of the node that can answer. It ends before the node serves: then the socket is the
/// edge's.
class standby_desk final : private admin::few_services, private edge::frame_sink {
public:
  /// @param is_drained  what `drain` and `undrain` change here
  /// @param about  a sentence of who serves; asked by any thread
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

  bool serves() override { return false; }
  fault why_refused(std::string_view verb) override;
  void ask_store(store::query question, std::function<void(store::answer)> done) override;
  void list_terms(std::size_t limit, std::function<void(result<std::vector<admin::term_row>>)> done) override;
  void commit(store::store_batch batch, std::function<void(status)> done) override;
  void ask_status(address, std::function<void(std::string)> done) override { done({}); }
  void list_actors(std::function<void(std::vector<admin::actor_row>)> done) override { done({}); }
  void tell(address, message) override {}
  void send(edge::connection to, edge::frame x) override { edge_->send(to, std::move(x)); }
  std::int64_t now_ms() override;
  status drain(bool has_successor, const std::string& reason) override;
  status undrain(const std::string& reason) override;

  void log_audit(const store::store_batch& batch);
  /// @returns conflict: the node is about to serve, and what is asked of it would be lost
  status set_drained(store::drained how, const std::string& reason);

  const config::options& options_;
  node_log& log_;
  const std::shared_ptr<std::atomic<store::drained>> is_drained_;
  const std::function<std::string()> about_;
  zmq::context_t zmq_; ///< its end is that of the sockets: only then another one may bind them
  cluster_reader cluster_;
  std::unique_ptr<admin::admin_service> admin_;
  std::unique_ptr<edge::edge> edge_;
  std::atomic<bool> is_open_ = false;
};

} // namespace causeway
