// Who calls whom: the actors and the world around them.
#include "actors/directory/directory_machine.hpp"
#include "actors/invitation/invitation_machine.hpp"
#include "actors/receipts/receipts_machine.hpp"
#include "actors/remote_server/fan_out.hpp"
#include "actors/remote_server/remote_server_machine.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/session/session_machine.hpp"
#include "actors/verifier/verifier_machine.hpp"
#include "messages/invitation_key.hpp"
#include "plugin/node_parts.hpp"
#include "plugin/version.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace causeway {

void node::parts::connect_world() {
  seen = std::make_unique<traffic>(options.node.server_name, options.admin.metrics_servers);
  outside = std::make_unique<node_world>(*store, *log, *seen);
  outside->on_switched = [this](federation_switches now) { live_settings->switch_federation(std::move(now)); };
  outside->router = std::make_shared<message_router>();
  outside->router->outside = outside.get();
  outside->router->begin_traces(wall_clock_ms());
  outside->router->logs_debug = options.log.level == "debug";
  if (const auto mib = options.node.hops_kept_mib; mib > 0)
    outside->router->hops.listen(std::size_t{mib} * 1024 * 1024);
}

void node::parts::connect_gateways(const std::vector<std::string>& known_servers) {
  auto deliver = [router = outside->router](const address& to, message m) { router->deliver(to, std::move(m)); };
  outside->gateways = std::make_unique<gateway_links>(
    context_now(), deliver,
    [this](const edge::connection& to, edge::frame f) { outside->voice.send(to, std::move(f)); },
    [this] { return outside->now(); }, known_servers);
  outside->gateways->handle_requests([this](const std::string& origin, const gateway::federation_request& x) {
    return outside->begin_request(origin, x);
  });
  outside->gateways->handle_dates([this](const std::string& server_name, const gateway::http_answer& a) {
    outside->clock.heard(server_name, a.address, a.date_ms, a.elapsed_ms, steady_clock_ms());
  });
}

status node::parts::open_files() {
  files = std::make_unique<node_files>(*outside, *log, standing);
  return files->open(options, place && place->held() ? place->held()->incarnation() : 0);
}

void node::parts::serve_operator() {
  services = std::make_unique<node_operator>(node_operator::parts{options, *store, *outside, *place, standing, the_edge,
                                                                  [this] { return certificates(); },
                                                                  [this] { return context_now(); }});
  admin = std::make_unique<admin::admin_service>(
    admin::identity{options.node.server_name,
                    std::string{version()},
                    who->key.key_id(),
                    who->key.public_key_base64(),
                    name_of_node(options),
                    {options.supervisor.restart_window_s, options.supervisor.parked_input_max},
                    place->held() ? place->held()->incarnation() : 0},
    *services);
}

void node::parts::watch_store() {
  store->watch([this, is_out = false](const fault& why) mutable {
    const bool fails = why.code != fault_code::none;
    standing.set("store", fails ? why.detail : std::string{}, outside->now());
    if (fails && !is_out)
      log->write(note{log_level::error, "D401 store does not write", {{"why", to_string(why)}}},
                 {actor_kind::store, ""});
    if (!fails) log->write(note{log_level::info, "D402 store writes again", {}}, {actor_kind::store, ""});
    is_out = fails;
    outside->router->deliver({actor_kind::session, ""}, store_state_changed{why});
  });
}

void node::parts::spawn_supervisors(const std::string& seed, const store::known_loaded& known) {
  auto spawn = [&](actor_kind kind, machine_factory make, std::shared_ptr<known_keys> keys = nullptr,
                   std::shared_ptr<const door> guard = nullptr, std::optional<supervisor_settings::bulk> paced = {}) {
    outside->router->supervisors[static_cast<std::size_t>(kind)] =
      system->spawn(supervisor, std::shared_ptr<const message_router>(outside->router),
                    supervisor_settings{kind, options.supervisor, std::move(make), std::move(keys), std::move(guard),
                                        std::move(paced)});
  };
  const auto rooms = std::make_shared<known_keys>(), invitations = std::make_shared<known_keys>(&invitation::shard_of);
  for (const auto& room : known.rooms) rooms->on_disk(room);
  for (const auto& [room, user] : known.invitations) invitations->on_disk(invitation::key_of(room, user));
  spawn(
    actor_kind::room,
    [this](const std::string& key) {
      return std::make_unique<machine_of_node<room::room_machine>>(context_now(), key);
    },
    rooms, std::make_shared<room_door>(who, rooms, invitations));
  bulk_pace::bounds pace;
  pace.per_second = options.federation.fan_out_per_second;
  spawn(
    actor_kind::remote_server,
    [this](const std::string& key) {
      return std::make_unique<machine_of_node<remote_server::remote_server_machine>>(context_now(), key);
    },
    nullptr, nullptr, supervisor_settings::bulk{remote_server::is_for_a_crowd, remote_server::answer_in, pace});
  spawn(
    actor_kind::invitation,
    [this](const std::string& key) {
      return std::make_unique<machine_of_node<invitation::invitation_machine>>(context_now(), key);
    },
    invitations, std::make_shared<invitation_door>(invitations));
  spawn(actor_kind::directory, [this, seed](const std::string&) {
    return std::make_unique<machine_of_node<directory::directory_machine>>(context_now(), seed);
  });
  spawn(actor_kind::verifier, [this](const std::string& key) -> std::unique_ptr<any_machine> {
    if (key.empty())
      return std::make_unique<machine_of_node<verifier::verifier_machine>>(context_now(), worker_threads());
    return std::make_unique<boxed_machine<verifier::worker_machine>>();
  });
  spawn(actor_kind::receipts, [this](const std::string&) {
    return std::make_unique<machine_of_node<receipts::receipts_machine>>(context_now());
  });
  session::settings s;
  s.broker = "causeway/" + std::string{version()};
  s.server_name = options.node.server_name;
  s.streams = options.edge.streams;
  s.command_credit = options.edge.command_credit;
  s.event_credit_max = options.edge.event_credit_max;
  s.heartbeat_ms = options.edge.heartbeat_ms;
  s.peer_timeout_ms = options.edge.peer_timeout_ms;
  spawn(actor_kind::session, [s](const std::string& key) {
    auto own = s;
    own.session = key;
    return std::make_unique<boxed_machine<session::session_machine>>(own);
  });
}

} // namespace causeway
