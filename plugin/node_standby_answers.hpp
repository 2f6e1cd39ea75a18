#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/admin/services.hpp"
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

namespace causeway {

/// What a node that stands by answers an operator: who serves, who did, and whether this node is to. Whatever else is
/// asked is refused, with the name of the node that can answer. Thread-safe.
class standby_answers final : private admin::few_services {
public:
  /// @param is_drained  what `drain` and `undrain` change here
  /// @param about  a sentence of who serves; asked by any thread
  /// @param send  what is answered to a connection; empty: nobody asks over one
  standby_answers(const config::options& options, node_log& log,
                  std::shared_ptr<std::atomic<store::drained>> is_drained, std::function<std::string()> about,
                  std::function<void(const edge::connection&, edge::frame)> send = {});
  ~standby_answers() override;
  standby_answers(const standby_answers&) = delete;

  admin::admin_service& admin() { return *admin_; }
  std::string about() const { return about_(); }
  bool is_drained() const { return is_drained_->load() != store::drained::no; }
  /// Waits for what is being answered; nothing is from then on.
  void stop() { cluster_.stop(); }

private:
  bool serves() override { return false; }
  fault why_refused(std::string_view verb) override;
  void ask_store(store::query question, std::function<void(store::answer)> done) override;
  void list_terms(std::size_t limit, std::function<void(result<std::vector<admin::term_row>>)> done) override;
  void commit(store::store_batch batch, std::function<void(status)> done) override;
  void ask_status(address, std::function<void(std::string)> done) override { done({}); }
  void list_actors(std::function<void(std::vector<admin::actor_row>)> done) override { done({}); }
  void tell(address, message) override {}
  void send(edge::connection to, edge::frame x) override {
    if (send_) send_(to, std::move(x));
  }
  std::int64_t now_ms() override;
  status drain(bool has_successor, const std::string& reason) override;
  status undrain(const std::string& reason) override;

  void log_audit(const store::store_batch& batch);
  /// @returns conflict: the node is about to serve, and what is asked of it would be lost
  status set_drained(store::drained how, const std::string& reason);

  node_log& log_;
  const std::shared_ptr<std::atomic<store::drained>> is_drained_;
  const std::function<std::string()> about_;
  const std::function<void(const edge::connection&, edge::frame)> send_;
  cluster_reader cluster_;
  std::unique_ptr<admin::admin_service> admin_;
};

} // namespace causeway
