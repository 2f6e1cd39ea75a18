#pragma once
#include "actors/shell.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/admin/alarms.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/gateway/gateway.hpp"
#include "plugin/key_file.hpp"
#include "plugin/node.hpp"
#include "plugin/node_files.hpp"
#include "plugin/node_inspector.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_operator.hpp"
#include "plugin/node_place.hpp"
#include "plugin/node_settings.hpp"
#include "plugin/node_ticker.hpp"
#include "plugin/node_traffic.hpp"
#include "plugin/node_world.hpp"
#include "plugin/patient_threads.hpp"
#include "plugin/private_files.hpp"
#include "plugin/store/store_thread.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <zmq.hpp>

namespace causeway {

/// What a node is made of, in the order in which it is made. Each file is one thought: node_start.cpp the order of the
/// start, node_stop.cpp that of the end, node_wiring.cpp the actors and who calls whom, node_listeners.cpp what others
/// connect to, node_upkeep.cpp what happens every second and on SIGHUP.
struct node::parts {
  config::options options;
  std::shared_ptr<identity> who;
  unswapped secret; ///< the signing key, which lies in `who`
  std::unique_ptr<node_log> log;
  std::unique_ptr<node_settings> live_settings; ///< those of `options` that change while the node runs
  std::unique_ptr<node_place> place;            ///< outlives the store
  std::unique_ptr<store::store_thread> store;
  std::shared_ptr<signing_gate> gate = std::make_shared<signing_gate>();
  std::unique_ptr<traffic> seen;
  std::unique_ptr<node_world> outside;
  admin::alarms standing;
  std::unique_ptr<node_files> files;
  zmq::context_t zmq = patient_context();
  std::unique_ptr<caf::actor_system_config> config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<node_operator> services; ///< of the operator
  std::unique_ptr<admin::admin_service> admin;
  bool has_gateway = false;                ///< of its own, in this process
  std::unique_ptr<edge::frame_sink> heard; ///< by the edge
  std::unique_ptr<edge::edge> the_edge;
  std::unique_ptr<gateway::gateway> the_gateway;
  std::unique_ptr<node_inspector> inspector; ///< null: admin.web_listen is empty
  std::unique_ptr<node_ticker> maintenance;
  bool stopped = false;

  // -- node_start.cpp
  status open(const config::options& wanted, bool without_gateway, node_events told);
  status prepare(const config::options& wanted);
  status check_process(bool without_gateway);
  result<store::known_loaded> open_store(bool without_gateway, node_events told);
  void make_actor_system();
  std::size_t worker_threads() const;

  // -- node_wiring.cpp
  void connect_world();
  void connect_gateways(const std::vector<std::string>& known_servers);
  status open_files();
  void serve_operator();
  void spawn_supervisors(const std::string& seed, const store::known_loaded& known);
  void watch_store();
  /// What an actor that is made now knows of the node.
  context context_now() const { return context{who, live_settings->now()}; }

  // -- node_listeners.cpp
  status open_edge();
  status open_gateway();
  status open_inspector();
  void log_open_to_others();
  std::vector<admin::certificate_row> certificates() const;

  // -- node_upkeep.cpp
  /// Once a second. @param next_purge  when acknowledged and expired rows are removed next
  void maintain(std::chrono::steady_clock::time_point& next_purge);
  void purge_store();
  void watch_clock();
  void reload(const config::options& wanted);
  /// To all actors, and whoever else has a copy.
  void publish(const std::shared_ptr<const settings>& now);

  // -- node_stop.cpp
  void say_goodbye();
  void stop();
};

} // namespace causeway
