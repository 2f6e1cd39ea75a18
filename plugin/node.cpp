// The only file that knows all parts.
#include "plugin/node.hpp"

#include "actors/directory/directory_machine.hpp"
#include "actors/invitation/invitation_machine.hpp"
#include "actors/receipts/receipts_machine.hpp"
#include "actors/remote_server/fan_out.hpp"
#include "actors/remote_server/remote_server_machine.hpp"
#include "actors/scheduling.hpp"
#include "actors/room/room_machine.hpp"
#include "actors/session/session_machine.hpp"
#include "actors/shell.hpp"
#include "actors/verifier/verifier_machine.hpp"
#include "messages/invitation_key.hpp"
#include "config/fields.hpp"
#include "config/switched.hpp"
#include "config/validate.hpp"
#include "config/warnings.hpp"
#include "plugin/admin/admin_service.hpp"
#include "plugin/admin/alarms.hpp"
#include "plugin/edge/edge.hpp"
#include "plugin/gateway/certificate_check.hpp"
#include "plugin/gateway/gateway.hpp"
#include "plugin/key_file.hpp"
#include "plugin/node_canary.hpp"
#include "plugin/node_clock.hpp"
#include "plugin/node_files.hpp"
#include "plugin/node_gateways.hpp"
#include "plugin/node_inspector.hpp"
#include "plugin/node_log.hpp"
#include "plugin/node_operator.hpp"
#include "plugin/node_place.hpp"
#include "plugin/node_rows.hpp"
#include "plugin/node_traffic.hpp"
#include "plugin/node_world.hpp"
#include "plugin/patient_threads.hpp"
#include "plugin/private_files.hpp"
#include "plugin/process_limits.hpp"
#include "plugin/store/identity.hpp"
#include "plugin/store/key_claim.hpp"
#include "plugin/store/store_thread.hpp"

#include <sodium.h>
#include <zmq.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

namespace causeway {
namespace {

using namespace std::chrono_literals;

/// Acknowledged and expired rows are removed this often.
constexpr auto purge_interval = 10min;
/// How long a node that has its turn waits for endpoints that others of its store are about to close.
constexpr std::int64_t socket_patience_ms = 8'000;
constexpr auto socket_look_interval = 50ms;
/// CAF lets a busy actor yield after so many messages.
constexpr std::size_t messages_per_turn = 100;
/// How long a stop waits for the session to tell its peers; one that failed is rebuilt first.
constexpr auto goodbye_patience = 2s;

/// Opens again while an address is in use that another node of the store is about to give up. Nobody tells when it is.
template <class Opened, class Open>
void open_when_free(Opened& opened, const Open& open) {
  const auto until = steady_clock_ms() + socket_patience_ms;
  while (!opened && opened.error().code == fault_code::address_in_use && steady_clock_ms() < until) {
    std::this_thread::sleep_for(socket_look_interval);
    opened = open();
  }
}

class system_config : public caf::actor_system_config {
public:
  explicit system_config(std::size_t threads) {
    add_message_types<caf::id_block::causeway>();
    load<few_wakes_scheduler>();
    set("scheduler.max-threads", threads);
    set("scheduler.max-throughput", messages_per_turn);
    // Before any actor runs: the first use of a type of CAF's otherwise costs the first message.
  }
};

std::string random_bytes(std::size_t n) {
  std::string bytes(n, '\0');
  randombytes_buf(bytes.data(), n);
  return bytes;
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char c : bytes) {
    text += digits[c >> 4];
    text += digits[c & 15];
  }
  return text;
}

} // namespace

std::string_view version() { return "0.1.0"; }

struct node::parts {
  config::options options;
  std::shared_ptr<identity> who;
  unswapped secret; ///< the signing key, which lies in `who`
  std::unique_ptr<node_log> log;
  std::unique_ptr<node_place> place; ///< outlives the store
  std::unique_ptr<store::store_thread> store;
  std::shared_ptr<signing_gate> gate = std::make_shared<signing_gate>();
  std::unique_ptr<traffic> seen;
  std::unique_ptr<node_world> outside;
  admin::alarms standing;
  std::unique_ptr<node_files> files;
  zmq::context_t zmq = patient_context();
  std::unique_ptr<system_config> config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<node_operator> services; ///< of the operator
  std::unique_ptr<admin::admin_service> admin;
  bool has_gateway = false; ///< of its own, in this process
  std::unique_ptr<edge::edge> the_edge;
  std::unique_ptr<gateway::gateway> the_gateway;
  std::unique_ptr<node_inspector> inspector; ///< null: admin.web_listen is empty
  std::thread maintenance;
  std::mutex publishing; ///< one change of the settings after the other; before `mutex`
  std::mutex mutex;      ///< guards what follows, and those of `options` that may change
  std::condition_variable wakeup;
  std::shared_ptr<const settings> newest; ///< of actors that are made from now on
  federation_switches switches;           ///< what the chat server has set prevails over `options`
  bool stopping = false;
  bool stopped = false;

  status open(const config::options& wanted, bool without_gateway, node_events told);
  result<std::unique_ptr<store::engine>> open_engine(bool without_gateway, node_events told);
  void spawn_supervisors(const std::string& seed, const store::known_loaded& known);
  status open_files();
  status open_edge();
  status open_gateway();
  status open_inspector();
  void serve_operator();
  void watch_store();
  status check_process(bool without_gateway);
  status check_new_store() const;
  status take_over_switches(const store::put_switches& from);
  status check_key_of_standby() const;
  result<matrix::signing_key> open_key() const;
  void complain_of_certificate();
  std::vector<admin::certificate_row> certificates() const;
  void run_maintenance();
  void watch_clock();
  void reload(const config::options& wanted);
  void reload_settings(const config::options& wanted);
  /// @pre `mutex` is held
  void renew_settings();
  /// Those of a later change are never followed by those of an earlier one.
  void publish_settings();
  void switch_federation(federation_switches now);
  void log_overruled();
  /// What an actor that is made now knows of the node.
  context context_now();
  void say_goodbye();
  void stop();
};

status node::parts::open(const config::options& wanted, bool without_gateway, node_events told) {
  if (const auto wrong = config::validate(wanted); !wrong.empty()) { // a host process may have made the options itself
    std::string detail;
    for (const auto& x : wrong) detail += (detail.empty() ? "" : "\n") + config::to_string(x);
    return {fault_code::invalid_param, detail};
  }
  if (sodium_init() < 0) return {fault_code::internal, "libsodium cannot be initialised"};
  options = wanted;
  if (auto made = make_private_folder(options.node.data_dir); !made)
    return {fault_code::store_failed, "node.data_dir: " + made.error().detail};
  if (auto made = prepare_log_file(options.log); !made) return made;
  log = std::make_unique<node_log>(options.log);

  if (auto fine = check_process(without_gateway); !fine) return fine;
  if (auto fine = check_new_store(); !fine) return fine;
  auto engine = open_engine(without_gateway, std::move(told));
  if (!engine) return engine.error();
  auto key = open_key();
  if (!key) return key.error();
  auto old_keys = read_old_keys(options.node.signing_key_path());
  if (!old_keys) return old_keys.error();
  auto answered = (*engine)->ask(store::load_known{});
  const auto* known = std::get_if<store::known_loaded>(&answered);
  if (!known)
    return fault{fault_code::store_failed,
                 "what is known at start cannot be read: " + to_string(std::get<fault>(answered))};
  store = std::make_unique<store::store_thread>(std::move(*engine), options.store);

  who = std::make_shared<identity>(options.node.server_name, *key, options.edge.streams, hex(random_bytes(6)),
                                   std::move(*old_keys), gate);
  secret = unswapped{who.get(), sizeof *who};
  if (auto kept = take_over_switches(known->switches); !kept) return kept;
  seen = std::make_unique<traffic>(options.node.server_name, options.admin.metrics_servers);
  outside = std::make_unique<node_world>(*store, *log, *seen);
  outside->on_switched = [this](federation_switches now) { switch_federation(std::move(now)); };
  outside->board = std::make_shared<switchboard>();
  outside->board->outside = outside.get();
  outside->board->begin_traces(wall_clock_ms());
  outside->board->logs_debug = options.log.level == "debug";
  if (const auto mib = options.node.hops_kept_mib; mib > 0) outside->board->hops.listen(std::size_t{mib} * 1024 * 1024);
  const auto threads =
    options.node.worker_threads ? options.node.worker_threads : std::max(1u, std::thread::hardware_concurrency());
  config = std::make_unique<system_config>(threads);
  system = std::make_unique<caf::actor_system>(*config);

  auto deliver = [board = outside->board](const address& to, message m) { board->deliver(to, std::move(m)); };
  outside->gateways = std::make_unique<gateway_links>(
    context_now(), deliver,
    [this](const edge::connection& to, edge::frame f) { outside->voice.send(to, std::move(f)); },
    [this] { return outside->now(); }, known->servers);
  outside->gateways->handle_requests([this](const std::string& origin, const gateway::federation_request& x) {
    return outside->begin_request(origin, x);
  });
  outside->gateways->handle_dates([this](const std::string& server_name, const gateway::http_answer& a) {
    outside->clock.heard(server_name, a.address, a.date_ms, a.elapsed_ms, steady_clock_ms());
  });
  if (auto fine = open_files(); !fine) return fine;
  has_gateway = !without_gateway && !options.gateway.listen.empty();
  serve_operator();

  spawn_supervisors(random_bytes(32), *known);
  watch_store();
  if (auto fine = open_edge(); !fine) return fine;
  if (has_gateway)
    if (auto fine = open_gateway(); !fine) return fine;
  if (!options.admin.web_listen.empty())
    if (auto fine = open_inspector(); !fine) return fine;
  // Last: what could be closed to others is closed by now.
  for (const auto& x : config::warnings(options))
    log->write(
      note{log_level::warning, "N711 file or endpoint open to other users", {{"option", x.key}, {"why", x.what}}},
      {actor_kind::inspector, ""});
  maintenance = std::thread([this] { run_maintenance(); });
  place->listens();
  return ok();
}

/// The store, when it is the turn of this node.
result<std::unique_ptr<store::engine>> node::parts::open_engine(bool without_gateway, node_events told) {
  place = std::make_unique<node_place>(
    options, *log, std::move(told), [this] { return check_key_of_standby(); }, without_gateway);
  const store::identity made_for{options.node.server_name, options.edge.streams};
  auto engine = store::open_store(options.store, &made_for, place->seat());
  place->stop_waiting(bool(engine));
  return engine;
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
                    {options.supervisor.restart_window_s, options.supervisor.parked_input_max}},
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
    outside->board->deliver({actor_kind::session, ""}, store_state_changed{why});
  });
}

status node::parts::open_edge() {
  // Frames may arrive before `open` returns the edge: they wait at this latch.
  auto opened = std::make_shared<std::atomic<bool>>(false);
  edge::handlers handlers;
  handlers.on_frame = [this, opened](const edge::connection& from, edge::frame&& f) {
    opened->wait(false);
    switch (from.peer_role) {
    case edge::role::chat: outside->chat_frame(from, std::move(f)); break;
    case edge::role::gateway: outside->gateways->on_frame(from, std::move(f)); break;
    case edge::role::inspector:
    case edge::role::admin: admin->on_frame(from, f); break;
    }
  };
  handlers.on_lost = [this, opened](const edge::connection& gone) {
    opened->wait(false);
    if (gone.peer_role == edge::role::chat) outside->board->deliver({actor_kind::session, ""}, connection_lost{gone});
    else if (gone.peer_role == edge::role::gateway) outside->gateways->on_lost(gone);
  };
  auto bound = edge::edge::open(zmq, options.edge, handlers);
  // Another node of this machine that stands by has the operator's socket until it sees that its place there is taken.
  if (place->held()) open_when_free(bound, [&] { return edge::edge::open(zmq, options.edge, handlers); });
  if (!bound) return bound.error();
  the_edge = std::move(*bound);
  outside->voice.open(*the_edge, place->held());
  if (place->held()) place->held()->tell_renewals([this] { outside->voice.go_on(); });
  opened->store(true);
  opened->notify_all();
  outside->board->deliver({actor_kind::session, ""}, passivate{});
  outside->board->deliver({actor_kind::directory, ""}, passivate{});
  outside->board->deliver({actor_kind::receipts, ""}, passivate{}); // what other servers have not been told
  return ok();
}

status node::parts::open_gateway() {
  complain_of_certificate();
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
  shown.board = outside->board;
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

status node::parts::check_process(bool without_gateway) {
  std::string refused, warned;
  for (const auto& x : check_limits(find_process_limits(options), process_needs::of(options, without_gateway))) {
    auto& all = x.refuses ? refused : warned;
    all += (all.empty() ? "" : "\n") + x.what;
    if (!x.refuses)
      log->write(note{log_level::warning, "N725 process limit low", {{"why", x.what}}}, {actor_kind::inspector, ""});
  }
  standing.set("limits", warned, wall_clock_ms());
  if (!refused.empty()) return {fault_code::invalid_param, refused};
  return ok();
}

/// A store that is not there while its key is has been lost rather than never made.
status node::parts::check_new_store() const {
  const auto& path = options.store.path;
  std::error_code ignored;
  const bool is_new = options.store.is_file() &&
                      (!std::filesystem::exists(path, ignored) || std::filesystem::file_size(path, ignored) == 0);
  if (!is_new || options.store.new_beside_key || !std::filesystem::exists(options.node.signing_key_path(), ignored))
    return ok();
  return {fault_code::forbidden,
          path + " does not exist or is empty, but the signing key " + options.node.signing_key_path() +
            " is there: the store is lost, or elsewhere (store.path). Put it back, or a backup of it. "
            "A new one knows no room "
            "and no user: where that is meant, start once with --set store.new_beside_key=true."};
}

/// What the chat server has set before the start.
status node::parts::take_over_switches(const store::put_switches& from) {
  if (!from.switches.empty()) {
    auto kept = federation_switches_of(from.switches);
    if (!kept)
      return fault{fault_code::store_failed,
                   "what federation.configure has set cannot be read: " + kept.error().detail};
    switches = std::move(*kept);
  }
  renew_settings();
  log_overruled();
  return ok();
}

/// All nodes of a store sign with one key. Found out now, and not when this node is needed.
status node::parts::check_key_of_standby() const {
  const auto path = options.node.signing_key_path();
  const auto use = store::read_key_use(options.store);
  if (!use) return use.error();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    return fault{fault_code::forbidden, "the signing key " + path +
                                          " is not there: a node that stands by signs with the key of the node that "
                                          "serves; copy that file, with its rights (0600)"};
  const auto key = read_key_file(path);
  if (!key) return key.error();
  if (!use->signed_with || *use->signed_with == store::public_key{key->key_id(), key->public_key_base64()}) return ok();
  return fault{fault_code::forbidden, path + " holds the signing key " + key->key_id() +
                                        ", but the node that serves signs with " + use->signed_with->key_id +
                                        ": copy its key file"};
}

/// The signing key; made where the store has never been signed for. A store that was goes on with its key, or with one
/// that names it as an old one.
result<matrix::signing_key> node::parts::open_key() const {
  const auto path = options.node.signing_key_path();
  auto use = store::read_key_use(options.store);
  if (!use) return use.error();
  std::error_code ignored;
  if (options.store.engine == config::store_engine::postgresql && !use->signed_with && !use->is_used &&
      !options.store.new_beside_key && std::filesystem::exists(path, ignored))
    return fault{fault_code::forbidden,
                 "the database of store.url is empty, but the signing key " + path +
                   " is there: the store is lost, or elsewhere. A new one knows no room and no user: where that is "
                   "meant, start once with --set store.new_beside_key=true."};
  auto key = load_key_file(path, !use->signed_with && !use->is_used);
  if (!key) return key;
  auto old_keys = read_old_keys(path);
  if (!old_keys) return old_keys.error();
  std::vector<store::public_key> former;
  for (const auto& x : *old_keys) former.push_back({x.key_id, x.public_key_base64});
  const store::public_key now{key->key_id(), key->public_key_base64()};
  const auto now_ms =
    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (auto fine = store::may_sign_with(*use, now, former, path, now_ms); !fine) return fine.error();
  if (use->signed_with != now) {
    if (place && place->held() && !place->held()->is_held())
      return fault{fault_code::stale_owner, "another node has taken this store while this one started"};
    if (auto written = store::write_key_use(options.store, now); !written) return written.error();
  }
  return key;
}

void node::parts::complain_of_certificate() {
  // No reason not to start: an operator who is late with the renewal still has the chat server's side, and what is said
  // waits for the others.
  if (options.gateway.plain_http) return;
  const auto host = gateway::certified_host(options.node.server_name, options.gateway.well_known_server);
  for (const auto& x : gateway::certificate_problems(options.gateway.certificate_file, options.gateway.private_key_file,
                                                     host, outside->now() / 1'000))
    log->write(note{log_level::error, "N712 certificate will be refused by other servers", {{"why", x.what}}},
               {actor_kind::gateway, ""});
}

std::vector<admin::certificate_row> node::parts::certificates() const {
  const auto& o = options.gateway;
  if (!has_gateway || o.plain_http) return {};
  admin::certificate_row row;
  row.file = o.certificate_file;
  row.not_after_ts = gateway::certificate_expiry_ts(o.certificate_file);
  const auto host = gateway::certified_host(options.node.server_name, o.well_known_server);
  for (const auto& x :
       gateway::certificate_problems(o.certificate_file, o.private_key_file, host, outside->now() / 1'000))
    row.problem += (row.problem.empty() ? "" : " ") + x.what;
  return {std::move(row)};
}

status node::parts::open_files() {
  files = std::make_unique<node_files>(*outside, *log, standing);
  return files->open(options);
}

void node::parts::spawn_supervisors(const std::string& seed, const store::known_loaded& known) {
  const auto threads =
    options.node.worker_threads ? options.node.worker_threads : std::max(1u, std::thread::hardware_concurrency());
  auto spawn = [&](actor_kind kind, machine_factory make, std::shared_ptr<known_keys> keys = nullptr,
                   std::shared_ptr<const door> guard = nullptr, std::optional<supervisor_settings::bulk> paced = {}) {
    outside->board->supervisors[static_cast<std::size_t>(kind)] =
      system->spawn(supervisor, std::shared_ptr<const switchboard>(outside->board),
                    supervisor_settings{kind, options.supervisor, std::move(make), std::move(keys), std::move(guard),
                                        std::move(paced)});
  };
  const auto rooms = std::make_shared<known_keys>(), invitations = std::make_shared<known_keys>();
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
    nullptr, nullptr, supervisor_settings::bulk{remote_server::is_for_a_crowd, pace});
  spawn(
    actor_kind::invitation,
    [this](const std::string& key) {
      return std::make_unique<machine_of_node<invitation::invitation_machine>>(context_now(), key);
    },
    invitations, std::make_shared<invitation_door>(invitations));
  spawn(actor_kind::directory, [this, seed](const std::string&) {
    return std::make_unique<machine_of_node<directory::directory_machine>>(context_now(), seed);
  });
  spawn(actor_kind::verifier, [this, threads](const std::string& key) -> std::unique_ptr<any_machine> {
    if (key.empty()) return std::make_unique<machine_of_node<verifier::verifier_machine>>(context_now(), threads);
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

void node::parts::run_maintenance() {
  auto next_purge = std::chrono::steady_clock::now() + 1min;
  std::unique_lock guard(mutex);
  while (!stopping) {
    wakeup.wait_for(guard, 1s);
    if (stopping) return;
    guard.unlock();
    watch_clock();
    admin->expire();
    outside->board->tap.expire(outside->now());
    if (inspector) inspector->maintenance_ran();
    files->tick();
    outside->gateways->expire();
    if (std::chrono::steady_clock::now() >= next_purge) {
      next_purge = std::chrono::steady_clock::now() + purge_interval;
      store::purge_limits limits;
      guard.lock();
      limits.received_transaction_ms = std::int64_t{options.store.received_transaction_retention_h} * 3'600'000;
      limits.command_result_ms = std::int64_t{options.edge.command_retention_days} * 86'400'000;
      limits.outbox_ms = std::int64_t{options.edge.outbox_retention_days} * 86'400'000;
      limits.dead_letter_ms = std::int64_t{options.edge.dead_letter_retention_days} * 86'400'000;
      guard.unlock();
      store->purge(outside->now(), limits, [this](const result<std::size_t>& removed) {
        if (!removed)
          log->write(note{log_level::error, "D403 retention run failed", {{"why", to_string(removed.error())}}},
                     {actor_kind::store, ""});
      });
    }
    guard.lock();
  }
}

void node::parts::watch_clock() {
  const address us{actor_kind::inspector, ""};
  const auto now = outside->clock.look(wall_clock_ms(), steady_clock_ms());
  const bool is_wrong = now.why.code != fault_code::none;
  if (now.is_news) {
    if (is_wrong)
      log->write(note{log_level::error, "N721 clock wrong: signing stopped", {{"why", now.why.detail}}}, us);
    else if (!now.doubt.empty()) log->write(note{log_level::warning, "N722 clock doubtful", {{"why", now.doubt}}}, us);
    else log->write(note{log_level::info, "N723 clock correct again", {}}, us);
    standing.set("clock", is_wrong ? now.why.detail : now.doubt, outside->now());
  }
  if (now.set_by != 0) {
    log->write(
      note{log_level::warning, "N724 clock was set; all actors recreated", {{"by_ms", std::to_string(now.set_by)}}},
      us);
    for (const auto& s : outside->board->supervisors)
      if (s)
        caf::anon_send(s, remake_all{{fault_code::clock_wrong,
                                      "the clock was set while it was carried out; repeat it with the same id"}});
  }
  if (is_wrong) gate->close(now.why);
  else gate->open();
  // Every second: a session that was made meanwhile knows nothing.
  if (is_wrong || now.is_news) outside->board->deliver({actor_kind::session, ""}, clock_state_changed{now.why});
}

void node::parts::reload(const config::options& wanted) {
  const address us{actor_kind::inspector, ""};
  auto said = [&](const char* what, const status& outcome) {
    if (outcome) log->write(note{log_level::info, "N713 setting reloaded", {{"setting", what}}}, us);
    else
      log->write(
        note{log_level::error, "N714 setting not reloaded", {{"setting", what}, {"why", to_string(outcome.error())}}},
        us);
  };
  said("log", log->reload(wanted.log.level));
  options.log.level = wanted.log.level;
  outside->board->logs_debug = wanted.log.level == "debug";
  if (the_gateway && !options.gateway.plain_http) {
    said("certificate", the_gateway->reload_certificate());
    complain_of_certificate();
  }
  const auto* peers = config::find_field("edge.peers");
  if (peers->read(wanted) != peers->read(options)) {
    const auto admitted = the_edge->admit(wanted.edge.peers);
    said("edge.peers", admitted);
    if (admitted) options.edge.peers = wanted.edge.peers;
  }
  reload_settings(wanted);
  for (const auto& field : config::fields())
    if (field.read(wanted) != field.read(options))
      log->write(
        note{log_level::warning, "N715 changed option takes effect at the next start", {{"option", field.key()}}}, us);
}

void node::parts::reload_settings(const config::options& wanted) {
  const address us{actor_kind::inspector, ""};
  auto next = options;
  std::vector<std::string> changed;
  for (const auto& field : config::fields()) {
    // Those have been taken over already, or could not be.
    if (!field.is_reloadable || field.key() == "edge.peers" || field.key() == "log.level") continue;
    if (field.read(wanted) == field.read(options)) continue;
    field.write(next, field.read(wanted));
    changed.push_back(field.key());
  }
  if (changed.empty()) return;
  // Each file makes sense by itself; what of the new one may be taken over now, with the rest of the old one, need not.
  if (const auto wrong = config::validate(next); !wrong.empty()) {
    log->write(note{log_level::error, "N718 changed options not reloaded", {{"why", config::to_string(wrong.front())}}},
               us);
    return;
  }
  {
    const std::lock_guard guard(mutex);
    for (const auto& key : changed) config::find_field(key)->write(options, config::find_field(key)->read(next));
    renew_settings();
  }
  publish_settings();
  log_overruled();
  for (const auto& key : changed)
    log->write(note{log_level::info, "N717 changed option reloaded", {{"option", key}}}, us);
}

void node::parts::renew_settings() {
  newest = std::make_shared<const settings>(
    settings{config::switched(options.federation, switches), options.room, options.invitation});
}

void node::parts::switch_federation(federation_switches now) {
  {
    const std::lock_guard guard(mutex);
    switches = std::move(now);
    renew_settings();
  }
  publish_settings();
}

void node::parts::log_overruled() {
  std::vector<std::string> keys;
  {
    const std::lock_guard guard(mutex);
    keys = config::overruled(options.federation, switches);
  }
  for (const auto& key : keys)
    log->write(note{log_level::info, "N741 option overruled by federation.configure", {{"option", key}}},
               {actor_kind::inspector, ""});
}

void node::parts::publish_settings() {
  const std::lock_guard one_at_a_time(publishing);
  // Who is made in between has them already, and gets them once more.
  const auto now = context_now().snapshot();
  outside->gateways->take_over(now);
  for (const auto& s : outside->board->supervisors)
    if (s) caf::anon_send(s, settings_changed{now});
}

context node::parts::context_now() {
  const std::lock_guard guard(mutex);
  return context{who, newest};
}

void node::parts::say_goodbye() {
  if (!the_edge || !system) return;
  outside->board->deliver({actor_kind::session, ""}, node_stopping{});
  // What was delivered before is done when this is answered.
  auto said = std::make_shared<std::promise<void>>();
  auto done = said->get_future();
  outside->ask_status({actor_kind::session, ""}, [said](const std::string&) { said->set_value(); });
  if (done.wait_for(goodbye_patience) != std::future_status::ready)
    log->write(note{log_level::warning, "N716 stopped without BYE to the chat server", {}}, {actor_kind::session, ""});
}

void node::parts::stop() {
  if (std::exchange(stopped, true)) return;
  {
    std::lock_guard guard(mutex);
    stopping = true;
  }
  wakeup.notify_all();
  if (maintenance.joinable()) maintenance.join();
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
    for (const auto& s : outside->board->supervisors)
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
  if (outside) outside->board->supervisors = {};
  system.reset();
  if (store) store->leave(); // last: by now the ports are free
}

node::node() : parts_(std::make_unique<parts>()) {}
node::~node() { stop(); }
void node::stop() { parts_->stop(); }
void node::reload(const config::options& options) { parts_->reload(options); }

result<std::unique_ptr<node>> node::start(const config::options& options, bool without_gateway, node_events told) {
  std::unique_ptr<node> n(new node);
  if (auto fine = n->parts_->open(options, without_gateway, std::move(told)); !fine) {
    auto why = fine.error();
    n.reset();
    return why;
  }
  return n;
}

std::vector<std::string> node::chat_endpoints() const {
  std::vector<std::string> list;
  for (const auto& e : parts_->the_edge->endpoints())
    if (e.kind == edge::role::chat) list.push_back(e.address);
  return list;
}

std::vector<std::uint16_t> node::gateway_ports() const {
  return parts_->the_gateway ? parts_->the_gateway->ports() : std::vector<std::uint16_t>{};
}

hop_ring& node::hops() { return parts_->outside->board->hops; }

std::vector<canary::path> node::canary_paths() {
  return {through_scheduler(*parts_->system), through_store(*parts_->store)};
}

const std::string& node::server_name() const { return parts_->options.node.server_name; }

} // namespace causeway
