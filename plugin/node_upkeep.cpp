// What happens every second, and when the operator or the chat server changes a setting.
#include "config/fields.hpp"
#include "plugin/node_certificate.hpp"
#include "plugin/node_parts.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace causeway {
namespace {

/// Acknowledged and expired rows are removed this often.
constexpr auto purge_interval = std::chrono::minutes{10};

} // namespace

void node::parts::maintain(std::chrono::steady_clock::time_point& next_purge) {
  watch_clock();
  admin->expire();
  outside->router->tap.expire(outside->now());
  if (inspector) inspector->maintenance_ran();
  files->tick();
  outside->gateways->expire();
  if (std::chrono::steady_clock::now() < next_purge) return;
  next_purge = std::chrono::steady_clock::now() + purge_interval;
  purge_store();
}

void node::parts::purge_store() {
  store->purge(outside->now(), live_settings->retention(), [this](const result<std::size_t>& removed) {
    if (!removed)
      log->write(note{log_level::error, "D403 retention run failed", {{"why", to_string(removed.error())}}},
                 {actor_kind::store, ""});
  });
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
    for (const auto& s : outside->router->supervisors)
      if (s)
        caf::anon_send(s, remake_all{{fault_code::clock_wrong,
                                      "the clock was set while it was carried out; repeat it with the same id"}});
  }
  if (is_wrong) gate->close(now.why);
  else gate->open();
  // Every second: a session that was made meanwhile knows nothing.
  if (is_wrong || now.is_news) outside->router->deliver({actor_kind::session, ""}, clock_state_changed{now.why});
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
  outside->router->logs_debug = wanted.log.level == "debug";
  if (the_gateway && !options.gateway.plain_http) {
    said("certificate", the_gateway->reload_certificate());
    log_certificate_problems(options, *log, outside->now());
  }
  const auto* peers = config::find_field("edge.peers");
  if (peers->read(wanted) != peers->read(options)) {
    const auto admitted = the_edge->admit(wanted.edge.peers);
    said("edge.peers", admitted);
    if (admitted) options.edge.peers = wanted.edge.peers;
  }
  live_settings->reload(wanted);
  for (const auto& field : config::fields())
    if (field.read(wanted) != field.read(options))
      log->write(
        note{log_level::warning, "N715 changed option takes effect at the next start", {{"option", field.key()}}}, us);
}

void node::parts::publish(const std::shared_ptr<const settings>& now) {
  outside->gateways->take_over(now);
  for (const auto& s : outside->router->supervisors)
    if (s) caf::anon_send(s, settings_changed{now});
}

} // namespace causeway
