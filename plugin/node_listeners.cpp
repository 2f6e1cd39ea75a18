// What others connect to: the chat edge, the gateway's HTTPS ports, the web inspector.
#include "config/warnings.hpp"
#include "plugin/node_certificate.hpp"
#include "plugin/node_parts.hpp"
#include "plugin/version.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace causeway {
namespace {

/// How long a node that has its turn waits for endpoints that others of its store are about to close.
constexpr std::int64_t socket_patience_ms = 8'000;
constexpr auto socket_look_interval = std::chrono::milliseconds{50};

/// Opens again while an address is in use that another node of the store is about to give up. Nobody tells when it is.
template <class Opened, class Open>
void open_when_free(Opened& opened, const Open& open) {
  const auto until = steady_clock_ms() + socket_patience_ms;
  while (!opened && opened.error().code == fault_code::address_in_use && steady_clock_ms() < until) {
    std::this_thread::sleep_for(socket_look_interval);
    opened = open();
  }
}

/// What the edge reads goes to whom it is for. Frames may arrive before the edge can be answered through: they wait.
class edge_frames final : public edge::frame_sink {
public:
  edge_frames(node_world& outside, admin::admin_service& admin) : outside_(outside), admin_(admin) {}
  void begin() {
    is_open_ = true;
    is_open_.notify_all();
  }

  void on_frame(const edge::connection& from, edge::frame&& x) override {
    is_open_.wait(false);
    switch (from.peer_role) {
    case edge::role::chat: outside_.chat_frame(from, std::move(x)); break;
    case edge::role::gateway: outside_.gateways->on_frame(from, std::move(x)); break;
    case edge::role::inspector:
    case edge::role::admin: admin_.on_frame(from, x); break;
    case edge::role::node: break; // the edge has no such endpoint: nodes speak to each other by node_crossing
    }
  }
  void on_lost(const edge::connection& gone) override {
    is_open_.wait(false);
    if (gone.peer_role == edge::role::chat) outside_.router->deliver({actor_kind::session, ""}, connection_lost{gone});
    else if (gone.peer_role == edge::role::gateway) outside_.gateways->on_lost(gone);
  }

private:
  node_world& outside_;
  admin::admin_service& admin_;
  std::atomic<bool> is_open_ = false;
};

} // namespace

status node::parts::open_edge() {
  auto made = std::make_unique<edge_frames>(*outside, *admin);
  auto& frames = *made;
  heard = std::move(made);
  auto bound = edge::edge::open(zmq, options.edge, *heard);
  // Another node of this machine that stands by has the operator's socket until it sees that its place there is taken.
  if (place->held()) open_when_free(bound, [&] { return edge::edge::open(zmq, options.edge, *heard); });
  if (!bound) return bound.error();
  the_edge = std::move(*bound);
  outside->voice.open(*the_edge, place->held());
  if (place->held()) place->held()->tell_renewals([this] { outside->voice.go_on(); });
  frames.begin();
  outside->router->deliver({actor_kind::session, ""}, passivate{});
  outside->router->deliver({actor_kind::directory, ""}, passivate{});
  outside->router->deliver({actor_kind::receipts, ""}, passivate{}); // what other servers have not been told
  return ok();
}

status node::parts::open_gateway() {
  log_certificate_problems(options, *log, outside->now());
  gateway::gateway_tuning tuning;
  tuning.stop_timeout = std::chrono::seconds{options.node.stop_timeout_s};
  const auto started = [&] {
    the_gateway =
      std::make_unique<gateway::gateway>(options.gateway, zmq, edge::inproc_gateway_endpoint, std::nullopt, tuning);
    return the_gateway->start();
  };
  auto fine = started();
  // Another node of this machine that stands by has the ports until it sees that this one wants them.
  if (place->held() && !options.edge.gateway_endpoints.empty()) open_when_free(fine, started);
  return fine;
}

status node::parts::open_inspector() {
  inspected_node shown;
  shown.server_name = options.node.server_name;
  shown.version = version();
  shown.admin = admin.get();
  shown.store = store.get();
  shown.edge = the_edge.get();
  shown.seen = seen.get();
  shown.router = outside->router;
  shown.held = place->held();
  shown.ask_status = [this](const address& actor, auto done) { outside->ask_status(actor, std::move(done)); };
  shown.alarms = [this] { return standing.all(); };
  shown.certificates = [this] { return certificates(); };
  shown.why_leaving = [this] { return place->why_leaving(); };
  shown.now_ms = [] { return wall_clock_ms(); };
  auto opened = node_inspector::open(options, std::move(shown));
  if (!opened) return opened.error();
  inspector = std::move(*opened);
  log->write(note{log_level::info, "N751 web inspector listens", {{"address", inspector->address()}}},
             {actor_kind::inspector, ""});
  return ok();
}

void node::parts::log_open_to_others() {
  for (const auto& x : config::warnings(options))
    log->write(
      note{log_level::warning, "N711 file or endpoint open to other users", {{"option", x.key}, {"why", x.what}}},
      {actor_kind::inspector, ""});
}

std::vector<admin::certificate_row> node::parts::certificates() const {
  if (!has_gateway) return {};
  return certificate_rows(options, outside->now());
}

} // namespace causeway
