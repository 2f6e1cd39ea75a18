#pragma once
#include "config/options.hpp"
#include "plugin/admin/alarms.hpp"
#include "plugin/admin/services.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/node_cluster.hpp"
#include "plugin/node_place.hpp"
#include "plugin/node_probes.hpp"
#include "plugin/node_world.hpp"
#include "plugin/store/store_thread.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace causeway {

/// What the operator's commands need of a node that serves: its store, its actors, its gateways, and the nodes beside
/// it. Safe for threads.
class node_operator final : public admin::few_services {
public:
  /// All of it outlives this.
  struct parts {
    const config::options& options;
    store::store_thread& store;
    node_world& outside;
    node_place& place;
    admin::alarms& standing;
    const std::unique_ptr<edge::edge>& the_edge; ///< there before the first command is
    std::function<std::vector<admin::certificate_row>()> certificates;
    std::function<context()> context_now;
  };
  explicit node_operator(parts p);

  /// Nothing is read of other nodes any more; then, no server is looked at.
  void stop_cluster() { cluster_.stop(); }
  void stop_probes() { probes_.stop(); }

  void ask_store(store::query question, std::function<void(store::answer)> done) override;
  void ask_status(address who, std::function<void(std::string)> done) override;
  void list_actors(std::function<void(std::vector<admin::actor_row>)> done) override;
  void find_actor(address who, std::function<void(std::vector<admin::actor_row>)> done) override;
  void rank_actors(admin::actors_request wanted, std::function<void(result<admin::actors_ranked>)> done) override;
  void commit(store::store_batch batch, std::function<void(status)> done) override;
  void tell(address to, message x) override;
  void send(edge::connection to, edge::frame x) override;
  std::int64_t now_ms() override { return p_.outside.now(); }
  std::vector<admin::alarm_row> list_alarms() override { return p_.standing.all(); }
  std::string why_excluded(std::string_view server) override;
  std::vector<admin::hop_row> find_hops(std::string_view event_id) override;
  std::vector<std::string> events_of_transaction(std::string_view id) override;
  std::vector<admin::peer_row> list_gateways() override;
  std::vector<admin::certificate_row> list_certificates() override { return p_.certificates(); }
  void trace_actor(trace_request wanted, traced done) override;
  void probe(std::string server, std::function<void(causeway::probe::report)> done) override;
  void ask_peer(std::string server, peer_request question, std::function<void(peer_answer)> done) override;
  void hand_in(std::string room_id, pdus_received events, std::function<void(pdus_handled)> done) override;
  void list_terms(std::size_t limit, std::function<void(result<std::vector<admin::term_row>>)> done) override;
  void finish_upgrade(std::function<void(status)> done) override { p_.store.finish_upgrade(std::move(done)); }
  status drain(bool has_successor, const std::string& reason) override;

private:
  const parts p_;
  cluster_reader cluster_;
  node_probes probes_;
};

} // namespace causeway
