// The order of the start: what each part needs is there before it.
#include "actors/scheduling.hpp"
#include "config/validate.hpp"
#include "plugin/node_parts.hpp"
#include "plugin/node_signing_key.hpp"
#include "plugin/process_limits.hpp"
#include "plugin/store/engine.hpp"
#include "plugin/store/identity.hpp"

#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

namespace causeway {
namespace {

/// Upkeep runs so often.
constexpr auto maintenance_interval = std::chrono::seconds{1};
constexpr auto first_purge_after = std::chrono::minutes{1};
/// CAF lets a busy actor yield after so many messages.
constexpr std::size_t messages_per_turn = 100;

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

status node::parts::open(const config::options& wanted, bool without_gateway, node_events told) {
  if (auto fine = prepare(wanted); !fine) return fine;
  if (auto fine = check_process(without_gateway); !fine) return fine;
  if (auto fine = check_new_store(options); !fine) return fine;
  const auto known = open_store(without_gateway, std::move(told));
  if (!known) return known.error();
  live_settings = std::make_unique<node_settings>(options, *log,
                                                  [this](const std::shared_ptr<const settings>& now) { publish(now); });
  if (auto kept = live_settings->restore(known->switches.switches); !kept) return kept;

  connect_world();
  make_actor_system();
  connect_gateways(known->servers);
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
  log_open_to_others(); // last: what could be closed to others is closed by now
  maintenance = std::make_unique<node_ticker>(
    maintenance_interval,
    [this, next_purge = std::chrono::steady_clock::now() + first_purge_after]() mutable { maintain(next_purge); });
  place->listens();
  return ok();
}

/// Options, folder and log.
status node::parts::prepare(const config::options& wanted) {
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

/// The store, when it is the turn of this node, and who signs for it.
/// @returns what it holds that is to be known from the start on
result<store::known_loaded> node::parts::open_store(bool without_gateway, node_events told) {
  place = std::make_unique<node_place>(
    options, *log, std::move(told), [this] { return check_key_of_standby(options); }, without_gateway);
  const store::identity made_for{options.node.server_name, options.edge.streams};
  auto engine = store::open_store(options.store, &made_for, place->seat());
  place->stop_waiting(bool(engine));
  if (!engine) return engine.error();
  auto key = open_signing_key(options, place->held().get());
  if (!key) return key.error();
  auto old_keys = read_old_keys(options.node.signing_key_path());
  if (!old_keys) return old_keys.error();
  auto answered = (*engine)->ask(store::load_known{});
  auto* known = std::get_if<store::known_loaded>(&answered);
  if (!known)
    return fault{fault_code::store_failed,
                 "what is known at start cannot be read: " + to_string(std::get<fault>(answered))};
  store = std::make_unique<store::store_thread>(std::move(*engine), options.store);
  who = std::make_shared<identity>(options.node.server_name, *key, options.edge.streams, hex(random_bytes(6)),
                                   std::move(*old_keys), gate, std::make_shared<answering_servers>());
  secret = unswapped{who.get(), sizeof *who};
  return std::move(*known);
}

std::size_t node::parts::worker_threads() const {
  return options.node.worker_threads ? options.node.worker_threads : std::max(1u, std::thread::hardware_concurrency());
}

void node::parts::make_actor_system() {
  config = std::make_unique<system_config>(worker_threads());
  system = std::make_unique<caf::actor_system>(*config);
}

} // namespace causeway
