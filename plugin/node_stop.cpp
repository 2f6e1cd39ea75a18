// The order of the end: nobody is left who uses what ends.
#include "plugin/node_parts.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace causeway {
namespace {

/// How long a stop waits for the session to tell its peers; one that failed is rebuilt first.
constexpr auto goodbye_patience = std::chrono::seconds{2};

} // namespace

void node::parts::say_goodbye() {
  if (!the_edge || !system) return;
  outside->router->deliver({actor_kind::session, ""}, node_stopping{});
  // What was delivered before is done when this is answered.
  auto said = std::make_shared<std::promise<void>>();
  auto done = said->get_future();
  outside->ask_status({actor_kind::session, ""}, [said](const std::string&) { said->set_value(); });
  if (done.wait_for(goodbye_patience) != std::future_status::ready)
    log->write(note{log_level::warning, "N716 stopped without BYE to the chat server", {}}, {actor_kind::session, ""});
}

void node::parts::stop() {
  if (std::exchange(stopped, true)) return;
  if (maintenance) maintenance->stop();
  if (inspector) inspector->stop(); // what it shows ends after it
  if (services) services->stop_cluster();
  if (the_gateway) the_gateway->stop(); // the actors still answer what is open
  // Behind it: what nodes that stand by pass on is taken as long as anything is.
  if (outside && outside->gateways && the_edge) outside->gateways->say_goodbye();
  if (services) services->stop_probes();
  if (files) files->stop(); // whoever waits for it is gone with the gateway, or asks the next node again
  say_goodbye();
  if (system) {
    // What the actors have decided is on its way to the store; nothing was acknowledged that is not there.
    for (const auto& s : outside->router->supervisors)
      if (s) caf::anon_send(s, end_all{});
    system->await_all_actors_done();
  }
  if (store) store->stop();
  if (place && place->held()) place->held()->tell_renewals({}); // what it goes on with ends here
  if (the_edge) the_edge->stop();                               // whoever answers meanwhile answers through `the_edge`
  the_edge.reset();
  the_gateway.reset();
  admin.reset();
  services.reset();
  if (outside) outside->router->supervisors = {};
  system.reset();
  if (store) store->leave(); // last: by now the ports are free
}

} // namespace causeway
