#pragma once
#include "actors/shell.hpp"
#include "config/options.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/inspector/web_server.hpp"
#include "plugin/node_traffic.hpp"
#include "plugin/store/lease.hpp"
#include "plugin/store/store_thread.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace causeway {

/// What of the node is shown from outside. All of it outlives the inspector.
struct inspected_node {
  std::string server_name, version;
  admin::admin_service* admin = nullptr;
  store::store_thread* store = nullptr;
  const edge::edge* edge = nullptr;
  const traffic* seen = nullptr;
  std::shared_ptr<const message_router> router;
  std::shared_ptr<const store::lease> held; ///< null: nobody else has this store
  std::function<void(const address&, std::function<void(std::string)>)> ask_status;
  std::function<std::vector<admin::alarm_row>()> alarms;
  std::function<std::vector<admin::certificate_row>()> certificates = [] {
    return std::vector<admin::certificate_row>{};
  };
  /// Why the node is about to give its place up; empty: it is not.
  std::function<std::string()> why_leaving = [] { return std::string{}; };
  std::function<std::int64_t()> now_ms;
};

/// The token of `admin.web_token_file`, without the line's end; empty: there is none.
/// @returns not_found, forbidden, store_failed; invalid_param: it is too short
result<std::string> read_web_token(const std::string& path);

/// The web inspector of a node: takes the operator's commands from HTTP to the admin service, and gathers what metrics,
/// health checks and live lists show. The HTTP itself is plugin/inspector.
class node_inspector {
public:
  /// Listens at `admin.web_listen`. @pre it is not empty
  /// @returns not_found, forbidden, store_failed (the token file), invalid_param, address_in_use
  static result<std::unique_ptr<node_inspector>> open(const config::options& options, inspected_node node);
  ~node_inspector();

  /// Once a second, by the maintenance: that this stops is what `/livez` is about.
  void maintenance_ran();
  /// Before the parts it shows.
  void stop();
  /// `ip:port` as bound.
  const std::string& address() const { return address_; }

  struct gatherer; ///< what outlives a question that is never answered

private:
  node_inspector() = default;
  std::shared_ptr<gatherer> gatherer_;
  std::unique_ptr<inspector::web_server> server_;
  std::string address_;
};

} // namespace causeway
