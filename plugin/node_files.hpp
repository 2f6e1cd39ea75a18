#pragma once
#include "config/options.hpp"
#include "messages/fault.hpp"
#include "plugin/admin/alarms.hpp"
#include "plugin/media/environment.hpp"
#include "plugin/media/media_service.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_world.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace causeway {

/// The media service in the node: what it wants goes to actors, gateways and log, what streams bring goes to it.
class node_files final : private media::environment, private stream_sink {
public:
  /// All of it outlives this.
  node_files(node_world& outside, node_log& log, admin::alarms& standing)
      : outside_(outside), log_(log), standing_(standing) {}

  /// @param incarnation  of this node, where it shares a store with others; 0: it does not
  /// @returns faults of media_service::open
  status open(const config::options& options, std::int64_t incarnation);
  /// To be called about once a second.
  void tick() { service_->tick(); }
  /// Nothing is answered any more.
  void stop();

private:
  void on_piece(gateway::http_piece x) override { service_->on_piece(std::move(x)); }
  void on_body_request(const std::string& gateway, const gateway::body_request& x) override {
    service_->on_body_request(gateway, x);
  }

  void deliver(const address& to, message x) override;
  void answer(const std::string& gateway, gateway::federation_answer x) override;
  void grant_credit(gateway::stream_credit x) override;
  void fetch(gateway::http_request x, std::function<void(gateway::http_answer)> done) override;
  void log_error(const std::string& what, const fault& why) override;
  time_ms now() const override { return outside_.now(); }
  void alarm(const std::string& why) override;

  node_world& outside_;
  node_log& log_;
  admin::alarms& standing_;
  std::unique_ptr<media::media_service> service_;
};

} // namespace causeway
